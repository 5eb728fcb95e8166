//! Products: from fields or from a page, and what is changed of them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Refusal, Service, account, read_body, success, success_without_data};
use crate::check::{Fault, Fields, web_url};
use crate::fetch::Fetcher;
use crate::ledger::Account;
use crate::product_page::ProductPage;
use crate::world::locked;

#[derive(Clone)]
pub(super) struct Product {
    pub(super) account: Account,
    pub(super) name: String,
    pub(super) description: String,
    /// Addresses of its images; of its videos nothing is shown.
    pub(super) images: Vec<String>,
    /// As its page says it; the API has no field for it.
    pub(super) price: Option<String>,
}

impl Product {
    /// How much it holds.
    fn bytes(&self) -> usize {
        let images = self.images.iter().map(|image| image.len() + size_of::<String>());
        let price = self.price.as_deref().unwrap_or_default();
        self.name.len() + self.description.len() + price.len() + images.sum::<usize>()
    }

    /// What its id stands for, where two products may be the same.
    pub(super) fn content(&self) -> Value {
        json!({"name": self.name, "description": self.description, "images": self.images})
    }
}

pub(super) async fn create_product(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let (product, mut data) = read_product(&service.world.fetcher, account, &body).await?;
    // Real ids are the base64 of a decimal number.
    let number = service.world.ids.number("product").to_string();
    let id = STANDARD_NO_PAD.encode(number);
    data["product_id"] = id.as_str().into();
    let bytes = product.bytes();
    locked(&service.records).products.put(id, product, bytes);
    Ok(success(data))
}

/// What is left out stays. A list of media replaces the old one, which v1 says and v2 does not deny.
pub(super) async fn update_product(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let mut fields = Fields::of(&body);
    let id = fields.required("product_id").filled().unwrap_or_default();
    let name = fields.optional("name").filled();
    let description = fields.optional("description").string();
    fields.optional("target_audience").string();
    let media = fields.optional("media").list(0..=usize::MAX);
    let images = media.map(|media| read_images(&mut fields, media));
    fields.finish()?;

    let mut records = locked(&service.records);
    let product = records.products.get(id).filter(|product| product.account == account);
    let mut product = product.cloned().ok_or(Refusal::Record)?;
    if let Some(name) = name {
        name.clone_into(&mut product.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut product.description);
    }
    if let Some(images) = images {
        product.images = images;
    }
    let bytes = product.bytes();
    records.products.put(id.to_owned(), product, bytes);
    Ok(success_without_data())
}

async fn read_product(
    fetcher: &Fetcher,
    account: Account,
    body: &Map<String, Value>,
) -> Result<(Product, Value), Refusal> {
    let mut fields = Fields::of(body);
    let url = fields.optional("url").url(usize::MAX);
    let name = fields.optional("name").string().filter(|name| !name.trim().is_empty());
    let description = fields.optional("description").string();
    let audience = fields.optional("target_audience").string();
    let media = fields.optional("media").list(0..=usize::MAX).unwrap_or_default();
    let images = read_images(&mut fields, media);
    if name.is_none() && !body.contains_key("url") {
        fields.note("url or name", Fault::Missing);
    }
    fields.finish()?;

    // Which one counts where both are given is not documented: a page is read for a product
    // without a name alone, and what the body says of it counts before what the page says.
    let page = match url.and_then(web_url) {
        Some(url) if name.is_none() => ProductPage::read(fetcher, &url).await.map_err(|_| {
            // The guide has such a message and no code for it.
            Refusal::Parameter("failed to extract product information".to_owned())
        })?,
        _ => ProductPage::default(),
    };
    let price = page.price;
    let name = name.map_or(page.title, str::to_owned);
    let description = description.map_or(page.description, str::to_owned);
    let shown = |image: &String| json!({"type": 1, "url": image});
    let (images, media) = match media {
        [] => (page.images.clone(), page.images.iter().map(shown).collect()),
        media => (images, media.to_vec()),
    };
    let data = json!({
        "url": url.unwrap_or_default(),
        "name": name,
        "description": description,
        "target_audience": audience.unwrap_or_default(),
        "media": media,
    });
    Ok((Product { account, name, description, images, price }, data))
}

fn read_images(fields: &mut Fields<'_>, media: &[Value]) -> Vec<String> {
    let mut images = Vec::new();
    for (index, item) in media.iter().enumerate() {
        let Some(item) = item.as_object() else {
            fields.note(&format!("media[{index}]"), Fault::NotA("an object"));
            continue;
        };
        let mut inner = Fields::inside(format!("media[{index}]."), item);
        // That either is required stands nowhere; without a type it is taken for an image.
        let kind = inner.optional("type").integer(1..=2).unwrap_or(1);
        let url = inner.optional("url").url(usize::MAX);
        inner.optional("name").string();
        inner.optional("description").string();
        if kind == 1 {
            images.extend(url.map(str::to_owned));
        }
        fields.absorb(inner);
    }
    images
}
