//! Looking for a paid call whose answer was lost: our tag stands at the end of a title.

use std::collections::HashSet;

use super::Client;
use super::plan::{PREVIEWS, RENDER};
use super::steps::own_name;
use super::types::{self, ProductVideoSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Offer};
use crate::model::Timestamp;
use crate::providers::steps::{CLOCK_SKEW, Look, Sent};

/// How many pages of 100 are looked through.
const MOST_PAGES: u32 = 30;

const PAGE_SIZE: u32 = 100;

pub(super) async fn find(client: &Client, job: &Job, step: usize) -> Result<Look> {
    match job.steps[step].operation.as_str() {
        PREVIEWS => find_previews(client, job, step).await,
        // A preview's video has no name of its own.
        RENDER => find_video(client, job, &job.tag(step - 1), step, false).await,
        _ => find_video(client, job, &job.tag(step), step, true).await,
    }
}

/// What a list shows of a call.
#[derive(Default)]
struct Seen {
    ours: Vec<ProductVideoSummary>,
    /// Whether a title looks as if our tag had been cut off.
    has_cut_title: bool,
    /// Whether all was read that is not older than the call.
    is_whole: bool,
}

async fn find_video(
    client: &Client,
    job: &Job,
    tag: &str,
    step: usize,
    is_named: bool,
) -> Result<Look> {
    let seen = look_through(client, List::Videos, job, step, tag).await?;
    let mut ours = seen.ours.into_iter();
    Ok(match (ours.next(), ours.next()) {
        (Some(only), None) => Look::Found(Sent::Running(only.id)),
        (Some(first), Some(_)) => {
            let doubt = "JoggAI lists more than one video of it".to_owned();
            Look::Doubtful(Sent::Running(first.id), doubt)
        }
        (None, _) if !is_named => {
            Look::Unprovable("whether JoggAI names a preview's video like the preview is not known")
        }
        (None, _) if seen.has_cut_title => {
            Look::Unprovable("JoggAI lists a title without its end that may be this one's")
        }
        (None, _) if !seen.is_whole => {
            Look::Unprovable("JoggAI lists more videos since then than are looked through")
        }
        (None, _) => Look::Absent,
    })
}

/// Previews that are listed were made. That none is listed proves nothing, since whether a preview's
/// title is its name is not known.
async fn find_previews(client: &Client, job: &Job, step: usize) -> Result<Look> {
    let seen = look_through(client, List::Previews, job, step, &job.tag(step)).await?;
    let offers: Vec<Offer> = seen.ours.into_iter().map(offer).collect();
    Ok(match offers.first() {
        Some(first) => Look::Found(Sent::Offered(first.id.clone(), offers)),
        None => Look::Unprovable("whether JoggAI lists previews by their name is not known"),
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

/// The preview with an id. There is no read of a single one.
pub(super) async fn find_preview(client: &Client, id: String) -> Result<Sent> {
    for page in 1..=MOST_PAGES {
        let listed = List::Previews.read(client, page).await?;
        let is_last = listed.len() < PAGE_SIZE as usize;
        if let Some(found) = listed.into_iter().find(|preview| preview.id == id) {
            return Ok(Sent::Offered(id, vec![offer(found)]));
        }
        if is_last {
            break;
        }
    }
    Err(Error::new(ErrorKind::NotFound, format!("JoggAI lists no preview {id}")))
}

/// Reads pages, the newest first, until they are older than the call.
async fn look_through(
    client: &Client,
    list: List,
    job: &Job,
    step: usize,
    tag: &str,
) -> Result<Seen> {
    let sent = job.steps[step].first_sent.unwrap_or_default();
    let own = own_name(job);
    let mut known = HashSet::new();
    let mut seen = Seen::default();
    for page in 1..=MOST_PAGES {
        let listed = list.read(client, page).await?;
        let is_short = listed.len() < PAGE_SIZE as usize;
        let ends_before = listed.last().is_some_and(|video| is_older(video, sent));
        let before = known.len();
        for video in listed {
            if !known.insert(video.id.clone()) {
                continue;
            }
            let title = video.title.as_deref().unwrap_or_default().trim_end();
            if title.ends_with(tag) {
                seen.ours.push(video);
            } else if !is_older(&video, sent) && is_cut(title, &own, tag) {
                seen.has_cut_title = true;
            }
        }
        // Some lists answer with everything on every page.
        if is_short || ends_before || known.len() == before {
            seen.is_whole = true;
            break;
        }
    }
    Ok(seen)
}

fn is_older(video: &ProductVideoSummary, sent: Timestamp) -> bool {
    video.created_at.is_some_and(|made| made.timestamp() + CLOCK_SKEW < sent)
}

/// Whether a title may be ours with its end cut off: it ends within our tag, or has no tag of ours
/// and is our name or the beginning of it.
fn is_cut(title: &str, own: &str, tag: &str) -> bool {
    let last = title.rsplit(' ').next().unwrap_or_default();
    match last.starts_with("ar-") {
        true => tag.starts_with(last),
        false => title.starts_with(own.trim()) || own.starts_with(title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_whose_end_is_missing_may_be_ours() {
        let (own, tag) = ("Morning Roast", "ar-01KXQ4T5R8C2V6B1N0M3Z7Y9WA-2");
        for cut in
            ["", "Morning", "Morning Roast", "Morning Roast ar-01KXQ4T5R8C2", "Morning Roast …"]
        {
            assert!(is_cut(cut, own, tag), "{cut}");
        }
        let another = "Morning Roast ar-01KXQ4T5R8C2V6B1N0M3Z7Y9WB-2";
        for other in [another, "Evening Roast", "Holiday clip"] {
            assert!(!is_cut(other, own, tag), "{other}");
        }
    }
}
