//! Looking for a paid call whose answer was lost. Creatify's lists say no total, no order and no
//! end, so they show what is there and never what is not.

use super::Client;
use super::steps::{Call, record_id};
use super::types::{self, ProductToVideoStatus};
use crate::error::Result;
use crate::job::{Reach, Seen, StepRef, Survey};
use crate::model::DateTime;
use crate::providers::steps::{Sent, found, found_with, nothing};
use crate::providers::survey::{Looked, carries, carries_another, no_look};
use crate::providers::unknown_step;

/// What each call leaves to be found.
pub(super) async fn find(client: &Client, step: StepRef<'_>) -> Result<Seen> {
    match Call::of(step)? {
        Call::HostAsset => Err(unknown_step(step)),
        Call::GenVideo => by_status(client, step).await,
        Call::CreateLink => by_page(client, step).await,
        Call::CreateLinkWithParams => {
            Ok(nothing(no_look("Creatify keeps nothing of it by which a link is found")))
        }
        Call::CreateLinkToVideo => by_name(client, step).await,
        Call::GenImage | Call::RegenImage | Call::RegenVideo => by_webhook_url(client, step).await,
    }
}

/// A record's own status tells that its `gen_video` was taken. That it has not moved proves
/// nothing, but a second call would be one on the same record.
async fn by_status(client: &Client, step: StepRef<'_>) -> Result<Seen> {
    let record = client.get_product_to_video(record_id(step)).await?;
    let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    Ok(match record.status {
        ProductToVideoStatus::VideoGenerating | ProductToVideoStatus::VideoGenerated => {
            found(Sent::Running(record.id))
        }
        // Its picture was there before, so it is the video that failed.
        ProductToVideoStatus::Failed if is_set(&record.generated_photo_url) => {
            found(Sent::Running(record.id))
        }
        ProductToVideoStatus::ImageGenerated => {
            nothing(Survey { records: 1, back_to: None, reach: Reach::Whole })
        }
        _ => Seen::Busy,
    })
}

/// What carries a step's tag in a list, or how much that list can tell without it.
fn sought<T>(
    step: StepRef<'_>,
    records: Vec<T>,
    id: fn(&T) -> &str,
    mark: fn(&T) -> Option<&str>,
    made: fn(&T) -> Option<&DateTime>,
) -> Result<Seen, Looked> {
    let tag = step.tag();
    let mut looked = Looked::new(step);
    let mut ours = Vec::new();
    for record in &records {
        let mark = mark(record).unwrap_or_default();
        match carries(mark, &tag) {
            true => ours.push(id(record).to_owned()),
            false => {
                let made = made(record).and_then(DateTime::timestamp);
                looked.see(made, carries_another(mark, &tag));
            }
        }
    }
    let mut ours = ours.into_iter();
    match ours.next() {
        Some(first) => {
            let others: Vec<_> = ours.collect();
            let doubt = "Creatify lists more than one of it".to_owned();
            let doubt = (!others.is_empty()).then_some(doubt);
            Ok(found_with(Sent::Running(first), others, doubt))
        }
        None => Err(looked),
    }
}

/// Our tag stands in the webhook address, which records echo.
async fn by_webhook_url(client: &Client, step: StepRef<'_>) -> Result<Seen> {
    if !client.transport.has_webhook_url() {
        return Ok(nothing(no_look(
            "Creatify's records echo nothing of ours but a webhook address, and the account has \
             none (set CREATIFY_WEBHOOK_URL)",
        )));
    }
    let records = client.list_product_to_videos(None).await?;
    let sought = sought(
        step,
        records,
        |record| &record.id,
        |record| record.webhook_url.as_deref(),
        |record| record.created_at.as_ref(),
    );
    Ok(sought.unwrap_or_else(|looked| nothing(looked.survey())))
}

/// Our tag stands in a link video's name.
async fn by_name(client: &Client, step: StepRef<'_>) -> Result<Seen> {
    let videos = client.list_link_to_videos(None).await?;
    let sought = sought(step, videos, |video| &video.id, |video| video.name.as_deref(), |_| None);
    let timeless = "Creatify's videos of links do not say when they were made";
    Ok(sought.unwrap_or_else(|looked| nothing(looked.presence_only(timeless))))
}

/// A link shows the page that it was made of. One that an earlier job made of the same page does as
/// well as ours.
async fn by_page(client: &Client, step: StepRef<'_>) -> Result<Seen> {
    let page = Page::of(step.job().request.product.page_url.as_deref().unwrap_or_default());
    let links = client.list_links(None).await?;
    let is_ours = |link: &&types::Link| {
        Page::of(link.url.as_deref().unwrap_or_default()) == page && !link.id.is_empty()
    };
    if let Some(link) = links.iter().find(is_ours) {
        return Ok(found(Sent::Done(link.id.clone())));
    }
    let mut looked = Looked::new(step);
    // A page that redirects may be listed by another address, but one of the caller's own would
    // stand in the way for ever.
    links.iter().for_each(|_| looked.see(None, true));
    Ok(nothing(looked.presence_only("Creatify's links do not say when they were made")))
}

/// A page's address, without what does not tell pages apart.
#[derive(PartialEq, Eq)]
struct Page {
    host: String,
    path: String,
    query: String,
}

impl Page {
    fn of(text: &str) -> Self {
        let url = url::Url::parse(text).ok();
        let host = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
        let port = url.as_ref().and_then(url::Url::port).unwrap_or_default();
        let path = url.as_ref().map(url::Url::path).unwrap_or_default();
        Self {
            host: format!("{}:{port}", host.trim_start_matches("www.")),
            path: path.trim_end_matches('/').to_owned(),
            query: url.as_ref().and_then(url::Url::query).unwrap_or_default().to_owned(),
        }
    }
}
