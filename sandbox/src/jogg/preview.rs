//! Previews of product videos: one for each visual style, and the video of the one that is liked.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::json;

use super::order::{self, Order};
use super::product::Product;
use super::video::{Making, Video, list_videos};
use super::{Refusal, Service, account, catalogue, read_body, success};
use crate::check::Fields;
use crate::credits::Credits;
use crate::exchange::{Exchange, Submit};
use crate::ledger::{Price, Terms};
use crate::provider::Provider;
use crate::work::Work;
use crate::world::locked;

/// Two to three minutes by the documentation.
const TAKES: Duration = Duration::from_secs(150);

/// For each started 2 minutes of each preview, and none here is longer.
const AMOUNT: Credits = Credits::cents(50);

const RENDER_PRICE: Price =
    Price { operation: "render_single_preview", amount: Credits::whole(1), terms: Terms::Kept };

/// What a preview shows, and what is rendered of it, whatever becomes of the product.
pub(super) struct Preview {
    shown: Video,
    look: String,
    product: Product,
    order: Order,
}

/// A style that is not known is refused by itself and costs nothing. All others are paid for with
/// one entry, under an id of the list that the answer does not tell.
pub(super) async fn create_previews(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let (order, looks) = order::read_previews(&body)?;
    let mut records = locked(&service.records);
    let product = records.product_for(&account, &order)?.clone();
    let count = looks.iter().filter(|look| catalogue::has_style(look)).count();
    if count > 0 {
        let amount = AMOUNT.times(u32::try_from(count).unwrap_or(u32::MAX));
        let price = Price { operation: "create_previews", amount, terms: Terms::Kept };
        let work = Work::accepted(service.world.now(), TAKES);
        let submit = Submit::new(exchange, account.clone(), &body);
        let submit = submit.about(&["product_id"], product.content());
        submit.accept(&service.world.ids.hex("jogg previews"), &price, &work)?;
    }
    let mut items = Vec::new();
    for look in looks {
        if !catalogue::has_style(&look) {
            items.push(json!({"visual_style": look, "err_msg": "The visual style was not found."}));
            continue;
        }
        let id = service.world.ids.hex("jogg preview");
        let making = Making {
            film: format!("jogg/preview/{id}/video.mp4"),
            cover: format!("jogg/preview/{id}/cover.jpg"),
            work: Work::accepted(service.world.now(), TAKES),
            amount: AMOUNT,
            id,
        };
        service.world.jobs.accepted(&account, &making.id, "create_previews", &making.work);
        let shown = Video::make(&service.world, account.clone(), &product, &order, making);
        items.push(json!({"visual_style": look, "preview_id": shown.id}));
        let (product, order) = (product.clone(), order.clone());
        records.previews.push(Preview { shown, look, product, order });
        service.world.count(Provider::Jogg, |tally| tally.jobs += 1);
    }
    Ok(success(json!({"previews": items})))
}

/// A preview need not be finished: the vendor's own script does not wait for it. A repeat makes a
/// second video.
pub(super) async fn render_single_preview(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let mut fields = Fields::of(&body);
    let id = fields.required("preview_id").filled().unwrap_or_default();
    fields.finish()?;
    let (answer, first_delivery) = {
        let mut records = locked(&service.records);
        let mut own = records.previews.iter().filter(|preview| preview.shown.account == account);
        let preview = own.find(|preview| preview.shown.id == id).ok_or(Refusal::Record)?;
        let Preview { product, order, look, .. } = preview;
        let of = json!({"product": product.content(), "look": look});
        let submit = Submit::new(exchange, account, &body).about(&["preview_id"], of);
        let video = Video::start(&submit, product, order, &RENDER_PRICE)?;
        service.keep(&mut records, &submit, video)
    };
    first_delivery.before_answer().await;
    Ok(answer)
}

/// The id of an item is the `preview_id`, which is likely and stands nowhere.
pub(super) async fn list_product_previews(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let data = list_videos(&service, &request, "previews", |records| {
        records.previews.iter().map(|preview| &preview.shown).collect()
    })?;
    Ok(success(data))
}
