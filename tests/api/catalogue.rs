//! What can be chosen, listed.

use adreel::{CatalogueItem, CatalogueKind};
use adreel::{Client, ErrorKind, ProviderId, creatify, jogg};
use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::support::account;

fn client(server: &MockServer, provider: ProviderId) -> Client {
    Client::builder().account(provider, account(&server.base_url())).in_memory().build().unwrap()
}

async fn answer<'s>(server: &'s MockServer, path: &str, body: Value) -> httpmock::Mock<'s> {
    let mock = server.mock_async(|when, then| {
        when.method(GET).path(path);
        then.status(200).json_body(body);
    });
    mock.await
}

fn ids(items: &[CatalogueItem]) -> Vec<(&str, bool)> {
    items.iter().map(|item| (item.id.as_str(), item.own)).collect()
}

#[tokio::test]
async fn a_server_that_gives_the_whole_list_for_every_page_is_read_twice() {
    let server = MockServer::start_async().await;
    let voices = json!([{"voice_id": "a"}, {"voice_id": "b"}]);
    let body = json!({"code": 0, "msg": "ok", "data": {"voices": voices, "has_more": true}});
    let mock = answer(&server, "/v2/voices", body).await;
    let client = jogg::Client::new(account(&server.base_url())).unwrap();
    let voices = client.all_voices(jogg::types::ListVoicesQuery::new()).all().await.unwrap();
    assert_eq!(voices.len(), 2);
    assert_eq!(mock.calls_async().await, 2);
}

#[tokio::test]
async fn pages_are_read_as_they_are_asked_for_and_to_the_last() {
    let server = MockServer::start_async().await;
    let page = |number: u32, next: Option<&str>| json!({"count": 3, "next": next, "results": [{"id": format!("p{number}")}]});
    let mut mocks = Vec::new();
    for (number, next) in [(1, Some("2")), (2, Some("3")), (3, None)] {
        let mock = server.mock_async(|when, then| {
            when.method(GET)
                .path("/api/personas/paginated/")
                .query_param("page", number.to_string())
                .query_param("page_size", "100")
                .query_param("gender", "f");
            then.status(200).json_body(page(number, next));
        });
        mocks.push(mock.await);
    }
    let client = creatify::Client::new(account(&server.base_url())).unwrap();
    let query = creatify::types::ListPersonasPaginatedQuery::new().gender("f");
    let mut personas = client.all_personas(query);
    assert_eq!(personas.next().await.unwrap().unwrap().id, "p1");
    assert_eq!(mocks[1].calls_async().await, 0, "nothing is read before it is asked for");
    let rest = personas.all().await.unwrap();
    assert_eq!(rest.iter().map(|persona| &*persona.id).collect::<Vec<_>>(), ["p2", "p3"]);
}

#[tokio::test]
async fn own_presenters_stand_behind_the_public_ones() {
    let server = MockServer::start_async().await;
    let public =
        json!({"avatars": [{"id": 81, "name": "Ada", "aspect_ratio": 0, "gender": "female"}]});
    answer(&server, "/v2/avatars/public", json!({"code": 0, "msg": "ok", "data": public})).await;
    let own = json!({"avatars": [{"id": 9001, "avatar_status": 1}]});
    answer(&server, "/v2/avatars/custom", json!({"code": 0, "msg": "ok", "data": own})).await;
    let client = client(&server, ProviderId::Jogg);
    let avatars = client.catalogue().avatars().unwrap().all().await.unwrap();
    assert_eq!(ids(&avatars), [("81", false), ("9001", true)]);
    assert_eq!((&*avatars[0].name, avatars[0].option), ("Ada", "jogg.avatar"));
    assert_eq!(avatars[0].traits, ["female"]);
    // Without a name it is called by its id.
    assert_eq!(avatars[1].name, "9001");
}

#[tokio::test]
async fn a_voice_of_creatify_is_chosen_by_the_id_of_an_accent() {
    let server = MockServer::start_async().await;
    let accents = json!([{"id": "a1", "accent_name": "American"}, {"id": "a2"}]);
    let voices = json!([{"name": "Olivia", "gender": "", "accents": accents}, {"name": "Mute"}]);
    let body = json!({"count": 2, "next": null, "results": voices});
    answer(&server, "/api/voices/paginated/", body).await;
    let client = client(&server, ProviderId::Creatify);
    let voices = client.catalogue().on(ProviderId::Creatify).voices().unwrap();
    let voices = voices.all().await.unwrap();
    assert_eq!(ids(&voices), [("a1", false), ("a2", false)]);
    assert_eq!((&*voices[0].name, &voices[0].traits[..]), ("Olivia", &["American".to_owned()][..]));
}

#[tokio::test]
async fn what_a_provider_has_not_is_said_without_a_call() {
    let server = MockServer::start_async().await;
    let client = client(&server, ProviderId::BeatApi);
    for kind in CatalogueKind::ALL {
        let error = client.catalogue().list(kind).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some(kind.as_str())));
    }
    let error = client.catalogue().on(ProviderId::Jogg).styles().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsCredentials);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_says_so() {
    let server = MockServer::start_async().await;
    answer(&server, "/v2/visual_styles", json!({"code": 18025, "msg": "no", "data": null})).await;
    let client = client(&server, ProviderId::Jogg);
    let error = client.catalogue().styles().unwrap().all().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::PlanLacks, Some("list_visual_styles"))
    );
}
