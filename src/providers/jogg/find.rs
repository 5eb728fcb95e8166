//! Looking for a paid call whose answer was lost: our tag stands in a title. JoggAI's list may be
//! cut, late, and show titles of its own, so it shows what is there and never what is not.

use std::collections::HashSet;

use serde_json::Value;

use super::calls::Call;
use super::{Client, types};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Offer, Seen, StepRef};
use crate::model::Timestamp;
use crate::providers::call_result::Sent;
use crate::providers::list_search::{Fields, ListSearch, TOOK_TOO_LONG};
use crate::providers::outcome::{found, found_with, nothing};
use crate::providers::{records, unknown_step};
use crate::transport::LookPages;

/// How many pages of 100 are looked through.
const MOST_PAGES: u32 = 30;

pub(super) const PAGE_SIZE: u32 = 100;

/// What is read of a video, whatever its other fields hold.
const FIELDS: Fields = Fields { tag_field: "title", made };

fn made(video: &Value) -> Option<Timestamp> {
    Timestamp::of_json(&video["created_at"])
}

pub(super) async fn find(client: &Client, step: StepRef<'_>, pages: &LookPages) -> Result<Seen> {
    let seek = async |list, tag: &str| look_through(client, pages, list, step, tag).await;
    match Call::of(step)? {
        Call::UploadAsset | Call::CreateProduct => Err(unknown_step(step)),
        Call::CreatePreviews => seek(List::Previews, &step.tag()).await.map(previews),
        Call::CreateVideoFromProduct => {
            let sought = seek(List::Videos, &step.tag()).await?;
            Ok(match sought.ours.is_empty() {
                false => video(sought.ours),
                true => nothing(sought.search.survey()),
            })
        }
        // A preview's video has no name of its own.
        Call::RenderSinglePreview => {
            let named = step.previous().unwrap_or(step);
            let sought = seek(List::Videos, &named.tag()).await?;
            let unnamed = "whether JoggAI names a preview's video like the preview is not known";
            Ok(match sought.ours.is_empty() {
                false => video(sought.ours),
                true => nothing(sought.search.presence_only(unnamed)),
            })
        }
    }
}

/// What a list shows of a call.
struct Sought {
    ours: Vec<Ours>,
    search: ListSearch,
}

/// A record of the call, by its id.
struct Ours {
    id: String,
    title: String,
}

fn video(ours: Vec<Ours>) -> Seen {
    let mut ids = ours.into_iter().map(|video| video.id);
    let first = ids.next().unwrap_or_default();
    let others: Vec<_> = ids.collect();
    let doubt = "JoggAI lists more than one video of it".to_owned();
    let doubt = (!others.is_empty()).then_some(doubt);
    found_with(Sent::Running(first), others, doubt)
}

/// Previews that are listed were made. That none is listed proves nothing, since whether a preview's
/// title is its name is not known.
fn previews(sought: Sought) -> Seen {
    let offer = |ours: Ours| Offer { id: ours.id, label: ours.title };
    let offers: Vec<Offer> = sought.ours.into_iter().map(offer).collect();
    match offers.first() {
        Some(first) => found(Sent::Offered(first.id.clone(), offers)),
        None => {
            let unnamed = "whether JoggAI lists previews by their name is not known";
            nothing(sought.search.presence_only(unnamed))
        }
    }
}

/// What is looked through. The newest come first, by default too.
#[derive(Clone, Copy)]
enum List {
    Videos,
    Previews,
}

impl List {
    async fn read(self, client: &Client, page: u32) -> Result<Vec<Value>> {
        match self {
            Self::Videos => client.read_product_videos(&newest_first(page)).await,
            Self::Previews => {
                let query = types::ListProductPreviewsQuery::new().page(page).page_size(PAGE_SIZE);
                client.read_product_previews(&query).await
            }
        }
    }
}

/// What a page of videos is asked for with.
pub(super) fn newest_first(page: u32) -> types::ListProductVideosQuery {
    types::ListProductVideosQuery::new()
        .page(page)
        .page_size(PAGE_SIZE)
        .sort_by(types::ProductVideoSortKey::CreatedAt)
        .sort_order(types::SortOrder::Desc)
}

/// The title of a preview, or what it is called without one.
fn title(preview: &Value) -> String {
    preview["title"].as_str().unwrap_or("preview").to_owned()
}

/// The previews of a step: the one with its id, or one of those that it offers. There is no read of
/// a single one.
pub(super) async fn find_preview(
    client: &Client,
    step: StepRef<'_>,
    pages: &LookPages,
) -> Result<Sent> {
    let is_its_own =
        |id: &String| id == step.id() || step.offers.iter().any(|offer| offer.id == *id);
    let mut known = HashSet::new();
    for page in 1..=MOST_PAGES {
        let Some(listed) = pages.read(List::Previews.read(client, page)).await? else {
            return Err(Error::new(ErrorKind::Timeout, TOOK_TOO_LONG));
        };
        let before = known.len();
        for preview in listed {
            if let Some(id) = records::id(&preview).filter(is_its_own) {
                let offer = Offer { id, label: title(&preview) };
                return Ok(Sent::Offered(step.id().to_owned(), vec![offer]));
            }
            known.insert(records::identity(&preview));
        }
        if known.len() == before {
            break;
        }
    }
    let message = format!("JoggAI lists no preview {}", step.id());
    Err(Error::new(ErrorKind::NotFound, message))
}

/// Reads pages, the newest first, until they are older than the call. A page is as long as the
/// provider likes: only one that brings nothing new is the last.
async fn look_through(
    client: &Client,
    pages: &LookPages,
    list: List,
    step: StepRef<'_>,
    tag: &str,
) -> Result<Sought> {
    // What the job has from earlier steps is no answer to this one.
    let mut known: HashSet<String> = step.before().flat_map(|step| step.ids()).collect();
    let mut sought = Sought { ours: Vec::new(), search: ListSearch::new(step) };
    for page in 1..=MOST_PAGES {
        let Some(listed) = pages.read(list.read(client, page)).await? else {
            sought.search.cut(TOOK_TOO_LONG);
            return Ok(sought);
        };
        let before = known.len();
        for record in listed {
            if !known.insert(records::identity(&record)) {
                continue;
            }
            if let Some(id) = sought.search.read(&record, tag, &FIELDS) {
                sought.ours.push(Ours { id, title: title(&record) });
            }
        }
        // Some lists answer with everything on every page.
        if known.len() == before || sought.search.is_past() || !sought.ours.is_empty() {
            return Ok(sought);
        }
    }
    sought.search.cut("there are more than are looked through");
    Ok(sought)
}
