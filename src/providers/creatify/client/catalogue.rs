//! Lists to choose from.

use super::super::types;
use super::Client;
use crate::bindings::creatify::{Client as Api, operations, send};
use crate::error::Result;
use crate::transport::PathSegment;

impl Client {
    /// Reads the presenters, all at once. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/personas/`.
    pub async fn list_personas(
        &self,
        query: &types::ListPersonasQuery,
    ) -> Result<Vec<types::Persona>> {
        let method = async |api: Api| api.list_personas_with(query).await;
        Ok(send(&self.transport, &operations::LIST_PERSONAS, method).await?.value)
    }

    /// Reads a page of presenters; pages count from 1 and hold 10 unless `page_size` says
    /// otherwise. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/personas/paginated/`.
    pub async fn list_personas_paginated(
        &self,
        query: &types::ListPersonasPaginatedQuery,
    ) -> Result<types::PersonaPage> {
        let method = async |api: Api| api.list_personas_paginated_with(query).await;
        Ok(send(&self.transport, &operations::LIST_PERSONAS_PAGINATED, method).await?.value)
    }

    /// Reads a presenter. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/personas/{id}/`.
    pub async fn get_persona(&self, id: &str) -> Result<types::Persona> {
        let id = PathSegment::new("id", id)?;
        let method = async |api: Api| api.get_persona(&id).await;
        Ok(send(&self.transport, &operations::GET_PERSONA, method).await?.value)
    }

    /// Reads the voices, all at once. Free. A voice has no id: use that of one of its accents.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/voices/`.
    pub async fn list_voices(&self) -> Result<Vec<types::Voice>> {
        let method = async |api: Api| api.list_voices().await;
        Ok(send(&self.transport, &operations::LIST_VOICES, method).await?.value)
    }

    /// Reads a page of voices; pages count from 1 and hold 10 unless `page_size` says otherwise.
    /// Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/voices/paginated/`.
    pub async fn list_voices_paginated(
        &self,
        query: &types::ListVoicesPaginatedQuery,
    ) -> Result<types::VoicePage> {
        let method = async |api: Api| api.list_voices_paginated_with(query).await;
        Ok(send(&self.transport, &operations::LIST_VOICES_PAGINATED, method).await?.value)
    }

    /// Reads the kinds of music. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/music_categories/`.
    pub async fn list_music_categories(&self) -> Result<Vec<types::MusicCategory>> {
        let method = async |api: Api| api.list_music_categories().await;
        Ok(send(&self.transport, &operations::LIST_MUSIC_CATEGORIES, method).await?.value)
    }

    /// Reads music, as the service sends it: the shape of the answer is not known for sure, and
    /// [`all_musics`](Self::all_musics) reads tracks out of each that is possible. Free.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/musics/`.
    pub async fn list_musics(&self, query: &types::ListMusicsQuery) -> Result<types::MusicList> {
        let method = async |api: Api| api.list_musics_with(query).await;
        Ok(send(&self.transport, &operations::LIST_MUSICS, method).await?.value)
    }
}
