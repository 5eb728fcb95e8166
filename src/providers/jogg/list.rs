//! The status of many videos from the list, which shows the newest first.

use std::collections::HashMap;

use super::Client;
use super::find::{PAGE_SIZE, newest_first};
use super::types::ProductVideoStatus as Word;
use crate::error::Result;
use crate::job::StepRef;
use crate::providers::call_result::Status;
use crate::providers::records;

/// Reads as few pages as show all of the jobs, and never more than single reads would take.
///
/// What has come to its end is left out, to be read by itself: the list shows neither what a video
/// cost nor why it failed. So is a record whose status cannot be read.
pub(super) async fn read(
    client: &Client,
    steps: &[StepRef<'_>],
) -> Result<Vec<Option<Result<Status>>>> {
    let id = |step: &StepRef<'_>| step.resource().map(str::to_owned);
    let mut shown: HashMap<String, Option<Status>> = HashMap::new();
    for page in 1..=u32::try_from(steps.len()).unwrap_or(u32::MAX) {
        let videos = client.read_product_videos(&newest_first(page)).await?;
        let is_last = videos.len() < PAGE_SIZE as usize;
        let before = shown.len();
        for video in videos {
            let status = video["status"].as_str().and_then(running);
            shown.insert(records::identity(&video), status);
        }
        let has_all = steps.iter().filter_map(id).all(|id| shown.contains_key(&id));
        // Some lists answer with everything on every page.
        if has_all || is_last || shown.len() == before {
            break;
        }
    }
    Ok(steps.iter().map(|step| shown.remove(&id(step)?).flatten().map(Ok)).collect())
}

/// What a word says of a video; `None` where it has come to its end.
fn running(word: &str) -> Option<Status> {
    match Word::from(word.to_lowercase()) {
        Word::Completed | Word::Success | Word::Succeeded => None,
        Word::Failed | Word::Error | Word::Cancelled | Word::Canceled => None,
        known => {
            let is_known = !matches!(known, Word::Unknown(_));
            Some(Status::Running { status: word.to_owned(), is_known, hint: None })
        }
    }
}
