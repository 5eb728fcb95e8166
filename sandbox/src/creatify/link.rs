//! Links: products as their pages show them, or as they are described, each with two ids.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use url::Url;

use super::records::Owned;
use super::{Refusal, Service, account, path_id, read_body, take_submit, wanted_ids};
use crate::check::{Fields, web_url};
use crate::credits::Credits;
use crate::exchange::{Exchange, Submit};
use crate::ledger::{Account, Price, Terms};
use crate::product_page::ProductPage;
use crate::work::Work;
use crate::world::locked;

const AMOUNT: Credits = Credits::whole(1);
const PAGE_PRICE: Price = Price { operation: "create_link", amount: AMOUNT, terms: Terms::Kept };
const PARAMS_PRICE: Price =
    Price { operation: "create_link_with_params", amount: AMOUNT, terms: Terms::Kept };

const MOST_PAGE_URL_CHARS: usize = 1000;
/// Without a video, by the use case's page.
const FEWEST_IMAGES: usize = 3;

/// One link. Its outer id is what other operations take.
pub(super) struct Link {
    account: Account,
    id: String,
    inner_id: String,
    pub(super) product: Product,
}

/// What is known of a product.
#[derive(Clone, Default)]
pub(super) struct Product {
    url: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) image_urls: Vec<String>,
    video_urls: Vec<String>,
    reviews: Value,
    logo_url: Option<String>,
    ai_summary: String,
    ai_industry: String,
    ai_target_audiences: Value,
}

impl Owned for Link {
    const MODEL: &'static str = "Link";

    fn account(&self) -> &Account {
        &self.account
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Link {
    /// Takes the price. The work is done already: a page is read while the caller waits.
    fn make(submit: &Submit, price: &Price, mut product: Product) -> Result<Self, Refusal> {
        let (world, account) = (submit.world(), submit.account.clone());
        let id = world.ids.uuid("link");
        let work = Work::accepted(world.now(), Duration::ZERO);
        submit.accept(&id, price, &work)?;
        // The service adds findings of its own about a product; the sandbox shows what it was sent.
        product.ai_summary.clone_from(&product.description);
        product.ai_target_audiences = json!([]);
        Ok(Self { account, id, inner_id: world.ids.uuid("inner link"), product })
    }

    /// What a video of this link needs.
    pub(super) fn check_media(&self) -> Result<(), Refusal> {
        self.product.check_media(1)
    }

    fn answer(&self) -> Value {
        json!({
            "id": self.id,
            "url": self.product.url,
            "link": self.inner(),
            "credits_used": AMOUNT,
        })
    }

    /// With its product, and with its inner id, which is its own.
    fn inner(&self) -> Value {
        let mut inner = self.content();
        inner["id"] = self.inner_id.as_str().into();
        inner
    }

    /// What its id stands for, where two links may be of the same.
    pub(super) fn content(&self) -> Value {
        let product = &self.product;
        json!({
            "url": product.url,
            "title": product.title,
            "description": product.description,
            "image_urls": product.image_urls,
            "video_urls": product.video_urls,
            "reviews": product.reviews,
            "logo_url": product.logo_url,
            "ai_summary": product.ai_summary,
            "ai_industry": product.ai_industry,
            "ai_target_audiences": product.ai_target_audiences,
        })
    }
}

impl Product {
    /// That a page which was not read shows a picture is assumed, and that one is not fetched
    /// either, so that a video can be made of the link.
    fn of_page(url: &Url, page: ProductPage, was_read: bool) -> Self {
        let assumed = url.join("product.jpg").ok().filter(|_| !was_read);
        let image_urls = match assumed {
            Some(assumed) => vec![assumed.into()],
            None => page.images,
        };
        let ProductPage { title, description, .. } = page;
        Self { url: url.to_string(), title, description, image_urls, ..Self::default() }
    }

    fn check_media(&self, fewest_images: usize) -> Result<(), Refusal> {
        match (self.image_urls.len(), self.video_urls.len()) {
            (0, 0) => Err(Refusal::State("Link must have at least one image or one video.")),
            (images, 0) if images < fewest_images => {
                Err(Refusal::State("Link must have at least 3 images when it has no video."))
            }
            _ => Ok(()),
        }
    }

    /// Takes over what a body says; what it leaves out stays. It may be used only once the fields
    /// are finished.
    fn change(&mut self, fields: &mut Fields<'_>, body: &Map<String, Value>) {
        set_text(&mut self.title, fields.optional("title").string());
        set_text(&mut self.description, fields.optional("description").string());
        if let Some(images) = fields.optional("image_urls").urls() {
            self.image_urls = images;
        }
        if let Some(videos) = fields.optional("video_urls").urls() {
            self.video_urls = videos;
        }
        if let Some(logo) = fields.optional("logo_url").url(usize::MAX) {
            self.logo_url = Some(logo.to_owned());
        }
        if let Some(reviews) = body.get("reviews") {
            self.reviews = reviews.clone();
        }
    }

    /// The fields that only a later change may set.
    fn change_rest(&mut self, fields: &mut Fields<'_>, body: &Map<String, Value>) {
        set_text(&mut self.url, fields.optional("url").string());
        set_text(&mut self.ai_summary, fields.optional("ai_summary").string());
        set_text(&mut self.ai_industry, fields.optional("ai_industry").string());
        if let Some(audiences) = body.get("ai_target_audiences") {
            self.ai_target_audiences = audiences.clone();
        }
    }
}

fn set_text(text: &mut String, given: Option<&str>) {
    if let Some(given) = given {
        given.clone_into(text);
    }
}

/// Fields that are not known are passed over, as they were for real.
pub(super) async fn create_link(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let mut fields = Fields::of(&body);
    let url = fields.required("url").url(MOST_PAGE_URL_CHARS).and_then(web_url);
    fields.finish()?;
    let url = url.ok_or_else(|| Refusal::field("url", "Enter a valid URL."))?;
    // A refused request costs nothing, so the page comes first.
    let page = ProductPage::read(&service.world.fetcher, &url).await;
    let page = page.map_err(|_| Refusal::Scrape(url.to_string()))?;
    let product = Product::of_page(&url, page, service.world.fetcher.reaches(&url));
    Ok(service.keep_link(Link::make(&submit, &PAGE_PRICE, product)?))
}

pub(super) async fn create_link_with_params(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let (submit, body) = take_submit(request).await?;
    let mut fields = Fields::of(&body);
    let mut product = Product::default();
    product.change(&mut fields, &body);
    fields.finish()?;
    product.check_media(FEWEST_IMAGES)?;
    Ok(service.keep_link(Link::make(&submit, &PARAMS_PRICE, product)?))
}

pub(super) async fn get_link(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let mut records = locked(&service.records);
    Ok(Json(records.links.find(&account, &path_id(id)?)?.answer()).into_response())
}

pub(super) async fn list_links(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let ids = wanted_ids(&request)?;
    let records = locked(&service.records);
    let of = |account| records.links.list(account, ids.as_deref());
    let faults = exchange.list_faults(of(&account).map(Owned::id));
    let listed =
        of(faults.account.as_ref().unwrap_or(&account)).take(faults.most.unwrap_or(usize::MAX));
    let listed: Vec<Value> = listed.map(Link::answer).collect();
    Ok(Json(listed).into_response())
}

/// Answers with the inner link alone, whose id is not the one to pass on. Whether the service
/// empties what is left out is not documented; here it stays.
pub(super) async fn update_link(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let mut records = locked(&service.records);
    let link = records.links.find(&account, &path_id(id)?)?;
    let mut fields = Fields::of(&body);
    let mut product = link.product.clone();
    product.change(&mut fields, &body);
    product.change_rest(&mut fields, &body);
    fields.finish()?;
    link.product = product;
    Ok(Json(link.inner()).into_response())
}

impl Service {
    /// Keeps a new link and shows it. A link is no job.
    fn keep_link(&self, link: Link) -> Response {
        let answer = link.answer();
        locked(&self.records).links.add(link);
        Json(answer).into_response()
    }
}
