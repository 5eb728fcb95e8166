//! Lists, page by page.

use serde_json::Value;

use super::super::types;
use super::Client;
use crate::transport::{Page, Pages};

/// Lists are read in pages of this size; no upper bound is stated.
const PAGE_SIZE: i64 = 100;

/// Whole lists. The page numbers of their queries are ours.
impl Client {
    /// Every presenter that the query leaves.
    pub fn all_personas(&self, query: types::ListPersonasPaginatedQuery) -> Pages<types::Persona> {
        let id = |persona: &types::Persona| persona.id.clone();
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let query = query.page(page).page_size(PAGE_SIZE);
                let list = client.list_personas_paginated(&query).await?;
                Ok(Page { items: list.results, last: list.next.is_none() })
            })
        })
    }

    /// Every voice. They have no ids, so they are told apart by their names and accents.
    pub fn all_voices(&self) -> Pages<types::Voice> {
        let id = |voice: &types::Voice| {
            let accents = voice.accents.iter().flatten().map(|accent| accent.id.as_str());
            accents.chain(voice.name.as_deref()).collect::<Vec<_>>().join(" ")
        };
        Pages::of(self, types::ListVoicesPaginatedQuery::new(), id, |client, query, page| {
            Box::pin(async move {
                let query = query.page(page).page_size(PAGE_SIZE);
                let list = client.list_voices_paginated(&query).await?;
                Ok(Page { items: list.results, last: list.next.is_none() })
            })
        })
    }

    /// All music that the query leaves, as JSON objects with an `id`, a `name` and a `url` where
    /// the service gives them.
    pub fn all_musics(&self, query: types::ListMusicsQuery) -> Pages<Value> {
        let id = |track: &Value| match &track["id"] {
            Value::Null => track.to_string(),
            id => id.to_string(),
        };
        Pages::of(self, query, id, |client, query, page| {
            Box::pin(async move {
                let list = client.list_musics(&query.page(page).page_size(PAGE_SIZE)).await?;
                let last = list.0.get("next").is_some_and(Value::is_null);
                Ok(Page { items: tracks(list.0), last })
            })
        })
    }
}

/// The tracks of an array of tracks, of a page, or of an array of pages.
fn tracks(list: Value) -> Vec<Value> {
    match list {
        Value::Array(items) => items.into_iter().flat_map(tracks).collect(),
        Value::Object(mut fields) => {
            let inner = ["results", "musics"].iter().find_map(|name| fields.remove(*name));
            match inner {
                Some(items @ Value::Array(_)) => tracks(items),
                _ => vec![Value::Object(fields)],
            }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tracks_are_found_in_each_shape_that_is_possible() {
        let track = json!({"id": "a", "name": "n"});
        let shapes = [
            json!([track]),
            json!({"count": 1, "next": null, "results": [track]}),
            json!([{"page": 1, "results": [track]}]),
            json!([{"page": 1, "musics": [track]}]),
        ];
        for shape in shapes {
            assert_eq!(tracks(shape.clone()), std::slice::from_ref(&track), "{shape}");
        }
        assert!(tracks(json!("none")).is_empty());
    }
}
