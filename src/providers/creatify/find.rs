//! Looking for a paid call whose answer was lost.

use super::Client;
use super::link::{LINK, LINK_VIDEO, PARAMS};
use super::plan::VIDEO;
use super::steps::record_id;
use super::types::{self, ProductToVideoStatus};
use crate::error::Result;
use crate::job::Job;
use crate::model::DateTime;
use crate::providers::steps::{CLOCK_SKEW, Look, Sent};

/// What each operation leaves to be found.
pub(super) async fn find(client: &Client, job: &Job, step: usize) -> Result<Look> {
    match job.steps[step].operation.as_str() {
        VIDEO => by_status(client, job, step).await,
        LINK => by_page(client, job).await,
        PARAMS => Ok(Look::Unprovable("Creatify keeps nothing of it by which a link is found")),
        LINK_VIDEO => by_name(client, &job.tag(step)).await,
        _ => by_webhook_url(client, job, step).await,
    }
}

/// A record's own status tells that its `gen_video` was taken.
async fn by_status(client: &Client, job: &Job, step: usize) -> Result<Look> {
    let record = client.get_product_to_video(record_id(job, step)).await?;
    let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    Ok(match record.status {
        ProductToVideoStatus::VideoGenerating | ProductToVideoStatus::VideoGenerated => {
            Look::Found(Sent::Running(record.id))
        }
        // Its picture was there before, so it is the video that failed.
        ProductToVideoStatus::Failed if is_set(&record.generated_photo_url) => {
            Look::Found(Sent::Running(record.id))
        }
        ProductToVideoStatus::ImageGenerated => Look::Absent,
        _ => Look::NotYet,
    })
}

/// Our tag stands in the webhook address, which records echo.
async fn by_webhook_url(client: &Client, job: &Job, step: usize) -> Result<Look> {
    let tag = job.tag(step);
    if !client.transport.has_webhook_url() {
        return Ok(Look::Unprovable(
            "Creatify's records echo nothing of ours but a webhook address, and the account has \
             none (set CREATIFY_WEBHOOK_URL)",
        ));
    }
    let records = client.list_product_to_videos(None).await?;
    let mut ours = records.iter().filter(|record| shows(&record.webhook_url, &tag));
    if let Some(first) = ours.next() {
        let sent = Sent::Running(first.id.clone());
        return Ok(match ours.next() {
            None => Look::Found(sent),
            Some(_) => Look::Doubtful(sent, "Creatify lists more than one record of it".to_owned()),
        });
    }
    let sent_at = job.steps[step].first_sent;
    let is_older = |record: &types::ProductToVideo| match (
        record.created_at.as_ref().and_then(DateTime::timestamp),
        sent_at,
    ) {
        (Some(made), Some(sent)) => made + CLOCK_SKEW < sent,
        _ => false,
    };
    let is_silent = |record: &&types::ProductToVideo| {
        record.webhook_url.as_ref().is_none_or(String::is_empty) && !is_older(record)
    };
    Ok(match records.iter().find(is_silent) {
        None => Look::Absent,
        Some(_) => Look::Unprovable(
            "Creatify lists a record without a webhook address that may be this one",
        ),
    })
}

/// Our tag stands at the end of a link video's name.
async fn by_name(client: &Client, tag: &str) -> Result<Look> {
    let videos = client.list_link_to_videos(None).await?;
    let mut ours = videos.iter().filter(|video| shows(&video.name, tag));
    if let Some(first) = ours.next() {
        let sent = Sent::Running(first.id.clone());
        return Ok(match ours.next() {
            None => Look::Found(sent),
            Some(_) => Look::Doubtful(sent, "Creatify lists more than one video of it".to_owned()),
        });
    }
    let is_silent = |video: &types::LinkToVideo| video.name.as_ref().is_none_or(String::is_empty);
    Ok(match videos.iter().any(is_silent) {
        false => Look::Absent,
        true => Look::Unprovable("Creatify lists a link video without a name that may be this one"),
    })
}

fn shows(text: &Option<String>, tag: &str) -> bool {
    text.as_ref().is_some_and(|text| text.ends_with(tag))
}

/// A link shows the page that it was made of. One that an earlier job made of the same page does as
/// well as ours.
async fn by_page(client: &Client, job: &Job) -> Result<Look> {
    let page = Page::of(job.request.product.page_url.as_deref().unwrap_or_default());
    let links = client.list_links(None).await?;
    let pages = links.iter().map(|link| Page::of(link.url.as_deref().unwrap_or_default()));
    let pages: Vec<_> = pages.collect();
    if let Some(index) = pages.iter().position(|known| *known == page) {
        return Ok(Look::Found(Sent::Done(links[index].id.clone())));
    }
    Ok(match pages.iter().any(|known| known.is_like(&page)) {
        false => Look::Absent,
        true => Look::Unprovable("Creatify lists a link of a similar address that may be this one"),
    })
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

    /// Whether a redirect may have led from one to the other.
    fn is_like(&self, other: &Self) -> bool {
        self.path == other.path && (!self.path.is_empty() || self.host == other.host)
    }
}
