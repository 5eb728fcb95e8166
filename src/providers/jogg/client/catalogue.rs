//! Lists to choose from.

use super::super::types;
use super::Client;
use crate::bindings::jogg::{Client as Api, operations, send};
use crate::error::Result;

impl Client {
    /// Reads a page of public presenters; pages count from 1. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/avatars/public`.
    pub async fn list_public_avatars(
        &self,
        query: &types::ListPublicAvatarsQuery,
    ) -> Result<Vec<types::Avatar>> {
        let method = async |api: Api| api.list_public_avatars_with(query).await;
        let answer = send(&self.transport, &operations::LIST_PUBLIC_AVATARS, method).await?;
        Ok(self
            .data(answer.value.data, &answer.left_out, "list_public_avatars")?
            .avatars
            .unwrap_or_default())
    }

    /// Reads a page of the account's own presenters; pages count from 1. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/avatars/custom`.
    pub async fn list_custom_avatars(
        &self,
        query: &types::ListCustomAvatarsQuery,
    ) -> Result<Vec<types::CustomAvatar>> {
        let method = async |api: Api| api.list_custom_avatars_with(query).await;
        let answer = send(&self.transport, &operations::LIST_CUSTOM_AVATARS, method).await?;
        Ok(self
            .data(answer.value.data, &answer.left_out, "list_custom_avatars")?
            .avatars
            .unwrap_or_default())
    }

    /// Reads a page of voices; pages count from 1. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/voices`.
    pub async fn list_voices(&self, query: &types::ListVoicesQuery) -> Result<types::VoicePage> {
        let method = async |api: Api| api.list_voices_with(query).await;
        let answer = send(&self.transport, &operations::LIST_VOICES, method).await?;
        self.data(answer.value.data, &answer.left_out, "list_voices")
    }

    /// Reads the account's own voices, all at once. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/voices/custom`.
    pub async fn list_custom_voices(
        &self,
        query: &types::ListCustomVoicesQuery,
    ) -> Result<Vec<types::CustomVoice>> {
        let method = async |api: Api| api.list_custom_voices_with(query).await;
        let answer = send(&self.transport, &operations::LIST_CUSTOM_VOICES, method).await?;
        Ok(self
            .data(answer.value.data, &answer.left_out, "list_custom_voices")?
            .voices
            .unwrap_or_default())
    }

    /// Reads a page of music; pages count from 1. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/musics`.
    pub async fn list_musics(&self, query: &types::ListMusicsQuery) -> Result<types::MusicPage> {
        let method = async |api: Api| api.list_musics_with(query).await;
        let answer = send(&self.transport, &operations::LIST_MUSICS, method).await?;
        self.data(answer.value.data, &answer.left_out, "list_musics")
    }

    /// Reads the visual styles, all at once. Free. Requests take their names.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /v2/visual_styles`.
    pub async fn list_visual_styles(
        &self,
        query: &types::ListVisualStylesQuery,
    ) -> Result<Vec<types::VisualStyle>> {
        let method = async |api: Api| api.list_visual_styles_with(query).await;
        let answer = send(&self.transport, &operations::LIST_VISUAL_STYLES, method).await?;
        Ok(self
            .data(answer.value.data, &answer.left_out, "list_visual_styles")?
            .visual_styles
            .unwrap_or_default())
    }
}
