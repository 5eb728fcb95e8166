//! Looking for a paid call whose answer was lost. Creatify's lists say no total, no order and no
//! end, so they show what is there and never what is not.

use serde_json::Value;

use super::Client;
use super::calls::{Call, record_id};
use super::types::{self, ProductToVideoStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Reach, Seen, StepRef, Survey};
use crate::model::Timestamp;
use crate::providers::call_result::Sent;
use crate::providers::ids::names;
use crate::providers::list_search::{Fields, ListSearch, TOOK_TOO_LONG, no_look};
use crate::providers::outcome::{found, found_with, nothing};
use crate::providers::records::{self, Records};
use crate::providers::unknown_step;
use crate::transport::LookPages;

/// What is read of a record, whatever its other fields hold. Our tag stands in the webhook address,
/// which records echo.
const RECORD: Fields = Fields { tag_field: "webhook_url", made };

/// Of a link video, in whose name our tag stands.
const LINK_VIDEO: Fields = Fields { tag_field: "name", made: |_| None };

fn made(record: &Value) -> Option<Timestamp> {
    Timestamp::of_json(&record["created_at"])
}

/// What each call leaves to be found.
pub(super) async fn find(client: &Client, step: StepRef<'_>, pages: &LookPages) -> Result<Seen> {
    match Call::of(step)? {
        Call::HostAsset => Err(unknown_step(step)),
        Call::GenVideo => {
            let known = record_id(step);
            let record = read(pages, client.get_product_to_video(known)).await?;
            // Another record has not moved for ours.
            names(&record.id, known)?;
            Ok(moved(record))
        }
        Call::CreateLink => {
            let links = read(pages, client.read_links()).await?;
            Ok(by_page(step, &links))
        }
        Call::CreateLinkWithParams => {
            Ok(nothing(no_look("Creatify keeps nothing of it by which a link is found")))
        }
        Call::CreateLinkToVideo => {
            let videos = read(pages, client.read_link_to_videos(None)).await?;
            let timeless = "Creatify's videos of links do not say when they were made";
            Ok(sought(step, &videos, &LINK_VIDEO)
                .unwrap_or_else(|search| nothing(search.presence_only(timeless))))
        }
        Call::GenImage | Call::RegenImage | Call::RegenVideo => {
            if !client.transport.has_webhook_url() {
                return Ok(nothing(no_look(
                    "Creatify's records echo nothing of ours but a webhook address, and the account \
                     has none (set CREATIFY_WEBHOOK_URL)",
                )));
            }
            let records = read(pages, client.read_records(None)).await?;
            Ok(sought(step, &records, &RECORD).unwrap_or_else(|search| nothing(search.survey())))
        }
    }
}

/// Reads what a look needs, which is one answer.
async fn read<T>(pages: &LookPages, answer: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Error::new(ErrorKind::Timeout, TOOK_TOO_LONG);
    pages.read(answer).await?.ok_or_else(late)
}

/// A record's status shows that its `gen_video` was accepted. An unchanged one proves nothing, but
/// a second call would work on the same record.
fn moved(record: types::ProductToVideo) -> Seen {
    let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    match record.status {
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
    }
}

/// A look at a list, of which nothing is seen yet.
fn search_of(step: StepRef<'_>, list: &Records) -> ListSearch {
    let mut search = ListSearch::new(step);
    if list.may_be_cut {
        search.cut("the list came in a form that nobody promised, and may be a part of it");
    }
    search
}

/// What carries a step's tag in a list, or how much that list can tell without it.
fn sought(step: StepRef<'_>, list: &Records, fields: &Fields) -> Result<Seen, ListSearch> {
    let tag = step.tag();
    let mut search = search_of(step, list);
    let read = |record| search.read(record, &tag, fields);
    let ours: Vec<_> = list.records.iter().filter_map(read).collect();
    let mut ours = ours.into_iter();
    match ours.next() {
        Some(first) => {
            let others: Vec<_> = ours.collect();
            let doubt = "Creatify lists more than one of it".to_owned();
            let doubt = (!others.is_empty()).then_some(doubt);
            Ok(found_with(Sent::Running(first), others, doubt))
        }
        None => Err(search),
    }
}

/// A link shows the page that it was made of. One that an earlier job made of the same page does as
/// well as ours.
fn by_page(step: StepRef<'_>, links: &Records) -> Seen {
    let page = Page::of(step.job().request.product.page_url.as_deref().unwrap_or_default());
    let mut search = search_of(step, links);
    for link in &links.records {
        match records::id(link) {
            Some(id) if Page::of(&records::plain_text(link, "url")) == page => {
                return found(Sent::Done(id));
            }
            // A page that redirects may be listed by another address, but one of the caller's own
            // would stand in the way for ever.
            Some(_) if records::is_text(link, "url") => search.see(None, true),
            _ => search.note_unreadable(),
        }
    }
    nothing(search.presence_only("Creatify's links do not say when they were made"))
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
