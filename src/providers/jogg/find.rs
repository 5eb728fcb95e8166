//! Looking for a paid call whose answer was lost: our tag stands in a title. JoggAI's list may be
//! cut, late, and show titles of its own, so it shows what is there and never what is not.

use std::collections::HashSet;

use super::Client;
use super::steps::Call;
use super::types::{self, ProductVideoSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Offer, Seen, StepRef};
use crate::providers::steps::{Sent, found, found_with, nothing};
use crate::providers::survey::{Looked, carries, carries_another};
use crate::providers::unknown_step;

/// How many pages of 100 are looked through.
const MOST_PAGES: u32 = 30;

const PAGE_SIZE: u32 = 100;

pub(super) async fn find(client: &Client, step: StepRef<'_>) -> Result<Seen> {
    match Call::of(step)? {
        Call::UploadAsset | Call::CreateProduct => Err(unknown_step(step)),
        Call::CreatePreviews => find_previews(client, step).await,
        Call::CreateVideoFromProduct => {
            let sought = look_through(client, List::Videos, step, &step.tag()).await?;
            Ok(match sought.ours.is_empty() {
                false => video(sought.ours),
                true => nothing(sought.looked.survey()),
            })
        }
        // A preview's video has no name of its own.
        Call::RenderSinglePreview => {
            let named = step.previous().unwrap_or(step);
            let sought = look_through(client, List::Videos, step, &named.tag()).await?;
            let unnamed = "whether JoggAI names a preview's video like the preview is not known";
            Ok(match sought.ours.is_empty() {
                false => video(sought.ours),
                true => nothing(sought.looked.presence_only(unnamed)),
            })
        }
    }
}

/// What a list shows of a call.
struct Sought {
    ours: Vec<ProductVideoSummary>,
    looked: Looked,
}

fn video(ours: Vec<ProductVideoSummary>) -> Seen {
    let mut ids = ours.into_iter().map(|video| video.id);
    let first = ids.next().unwrap_or_default();
    let others: Vec<_> = ids.collect();
    let doubt = "JoggAI lists more than one video of it".to_owned();
    let doubt = (!others.is_empty()).then_some(doubt);
    found_with(Sent::Running(first), others, doubt)
}

/// Previews that are listed were made. That none is listed proves nothing, since whether a preview's
/// title is its name is not known.
async fn find_previews(client: &Client, step: StepRef<'_>) -> Result<Seen> {
    let sought = look_through(client, List::Previews, step, &step.tag()).await?;
    let offers: Vec<Offer> = sought.ours.into_iter().map(offer).collect();
    Ok(match offers.first() {
        Some(first) => found(Sent::Offered(first.id.clone(), offers)),
        None => {
            let unnamed = "whether JoggAI lists previews by their name is not known";
            nothing(sought.looked.presence_only(unnamed))
        }
    })
}

/// What is looked through. The newest come first, by default too.
#[derive(Clone, Copy)]
enum List {
    Videos,
    Previews,
}

impl List {
    async fn read(self, client: &Client, page: u32) -> Result<Vec<ProductVideoSummary>> {
        let listed = match self {
            Self::Videos => {
                let query = types::ListProductVideosQuery::new()
                    .page(page)
                    .page_size(PAGE_SIZE)
                    .sort_by(types::ProductVideoSortKey::CreatedAt)
                    .sort_order(types::SortOrder::Desc);
                client.list_product_videos(&query).await?.videos
            }
            Self::Previews => {
                let query = types::ListProductPreviewsQuery::new().page(page).page_size(PAGE_SIZE);
                client.list_product_previews(&query).await?.previews
            }
        };
        Ok(listed.unwrap_or_default())
    }
}

fn offer(preview: ProductVideoSummary) -> Offer {
    Offer { label: preview.title.unwrap_or_else(|| "preview".to_owned()), id: preview.id }
}

/// The previews of a step: the one with its id, or one of those that it offers. There is no read of
/// a single one.
pub(super) async fn find_preview(client: &Client, step: StepRef<'_>) -> Result<Sent> {
    let is_its_own = |preview: &ProductVideoSummary| {
        preview.id == step.id() || step.offers.iter().any(|offer| offer.id == preview.id)
    };
    let mut known = HashSet::new();
    for page in 1..=MOST_PAGES {
        let listed = List::Previews.read(client, page).await?;
        let before = known.len();
        known.extend(listed.iter().map(|preview| preview.id.clone()));
        if let Some(found) = listed.into_iter().find(is_its_own) {
            return Ok(Sent::Offered(step.id().to_owned(), vec![offer(found)]));
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
async fn look_through(client: &Client, list: List, step: StepRef<'_>, tag: &str) -> Result<Sought> {
    // What the job has from earlier steps is no answer to this one.
    let mut known: HashSet<String> = step.before().flat_map(|step| step.ids()).collect();
    let mut sought = Sought { ours: Vec::new(), looked: Looked::new(step) };
    for page in 1..=MOST_PAGES {
        let listed = list.read(client, page).await?;
        let before = known.len();
        for video in listed {
            if !known.insert(video.id.clone()) {
                continue;
            }
            let title = video.title.as_deref().unwrap_or_default();
            let made = video.created_at.map(|made| made.timestamp());
            match carries(title, tag) {
                true => sought.ours.push(video),
                false => sought.looked.see(made, carries_another(title, tag)),
            }
        }
        // Some lists answer with everything on every page.
        if known.len() == before || sought.looked.is_past() || !sought.ours.is_empty() {
            return Ok(sought);
        }
    }
    sought.looked.note("there are more than are looked through");
    Ok(sought)
}
