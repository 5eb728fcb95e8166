//! Lists, page by page.

use super::super::types;
use super::Client;
use crate::transport::{Page, Pages};

/// Lists are read in pages of this size; whatever the service makes of it is taken. Where nothing
/// says which page is the last, only one that brings nothing new is believed to be behind it.
const PAGE_SIZE: i64 = 100;

/// Whole lists. The page numbers of their queries are ours.
impl Client {
    /// Every product video, the newest first unless the query says otherwise.
    pub fn all_product_videos(
        &self,
        query: types::ListProductVideosQuery,
    ) -> Pages<types::ProductVideoSummary> {
        let id = |item: &types::ProductVideoSummary| item.id.clone();
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let list =
                    client.list_product_videos(&query.page(page).page_size(PAGE_SIZE)).await?;
                Ok(Page { items: list.videos.unwrap_or_default(), last: false })
            })
        })
    }

    /// Every preview, the newest first unless the query says otherwise.
    pub fn all_product_previews(
        &self,
        query: types::ListProductPreviewsQuery,
    ) -> Pages<types::ProductVideoSummary> {
        let id = |item: &types::ProductVideoSummary| item.id.clone();
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let list =
                    client.list_product_previews(&query.page(page).page_size(PAGE_SIZE)).await?;
                Ok(Page { items: list.previews.unwrap_or_default(), last: false })
            })
        })
    }

    /// Every public presenter that the query leaves.
    pub fn all_public_avatars(&self, query: types::ListPublicAvatarsQuery) -> Pages<types::Avatar> {
        let id = |item: &types::Avatar| item.id.to_string();
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let list =
                    client.list_public_avatars(&query.page(page).page_size(PAGE_SIZE)).await?;
                Ok(Page { items: list, last: false })
            })
        })
    }

    /// Every presenter of the account's own that the query leaves.
    pub fn all_custom_avatars(
        &self,
        query: types::ListCustomAvatarsQuery,
    ) -> Pages<types::CustomAvatar> {
        let id = |item: &types::CustomAvatar| item.id.to_string();
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let list =
                    client.list_custom_avatars(&query.page(page).page_size(PAGE_SIZE)).await?;
                Ok(Page { items: list, last: false })
            })
        })
    }

    /// Every voice that the query leaves.
    pub fn all_voices(&self, query: types::ListVoicesQuery) -> Pages<types::Voice> {
        let id = |item: &types::Voice| item.voice_id.clone();
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let list = client.list_voices(&query.page(page).page_size(PAGE_SIZE)).await?;
                let last = list.has_more == Some(false);
                Ok(Page { items: list.voices.unwrap_or_default(), last })
            })
        })
    }

    /// All music.
    pub fn all_musics(&self, query: types::ListMusicsQuery) -> Pages<types::Music> {
        let id = |item: &types::Music| item.id.to_string();
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let list = client.list_musics(&query.page(page).page_size(PAGE_SIZE)).await?;
                let pages = list.pagination.and_then(|pagination| pagination.total_pages);
                let last = pages.is_some_and(|pages| i64::from(page) >= pages);
                Ok(Page { items: list.music.unwrap_or_default(), last })
            })
        })
    }
}
