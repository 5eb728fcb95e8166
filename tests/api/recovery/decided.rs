//! What is held is sent again, adopted or given up by somebody or by a named policy.

use super::*;

/// A link of parameters, of which no look can tell.
fn params(after: Vec<Reply>) -> Case {
    let cell = "no look: nothing of it is kept by which a link is found";
    case("create_link_with_params", cell, End::Held, after)
}

/// The case with this cell.
fn listed(provider: ProviderId, operation: &str, shown: &str) -> Case {
    let is_it = |case: &Case| case.operation == operation && case.cell.starts_with(shown);
    cases(provider).into_iter().find(is_it).unwrap()
}

fn at_most(credits: &str) -> Recovery {
    Recovery::ResubmitIfAtMost(credits.parse().unwrap())
}

/// Drives a job for hours.
async fn hours(lost: &mut Lost) {
    let until = lost.clock.now() + Duration::from_secs(5 * 3600);
    let clock = lost.clock.clone();
    lost.drive(|lost| lost.step().resource().is_some() || clock.now() > until).await;
}

#[tokio::test]
async fn a_policy_sends_again_once_within_its_limit_and_after_whole_looks_only() {
    let (creatify, jogg) = (ProviderId::Creatify, ProviderId::Jogg);
    let create = "create_video_from_product";
    let is_sent: [(ProviderId, &str, &str); 5] = [
        (creatify, "gen_image", "whole"),
        (creatify, "create_link", "presence only"),
        (creatify, "create_link_with_params", "no look"),
        (jogg, create, "whole"),
        (ProviderId::BeatApi, "create_ecommerce_video", "no look"),
    ];
    for (provider, operation, shown) in is_sent {
        let case = listed(provider, operation, shown);
        let mut lost = Lost::new(provider, case, at_most("1000"), keys()).await;
        let first_sent = lost.step().first_sent().unwrap();
        hours(&mut lost).await;
        assert_eq!(lost.posts().len(), 2, "{operation}: {:?}", lost.job.trouble());
        assert!(lost.job.may_be_double(), "{operation}");
        let doubt = lost.step().doubt().unwrap();
        let is_told =
            doubt.contains("policy") && doubt.contains(Shown::of(&format!("{shown}:")).told());
        assert!(is_told, "{operation}: {doubt}");
        assert!(lost.clock.now() >= first_sent + LONGEST, "{operation}: too early");
    }
    for (provider, operation, shown) in [
        (creatify, "gen_image", "not whole"),
        (creatify, "create_link_to_video", "not whole"),
        (jogg, create, "not whole"),
    ] {
        let case = listed(provider, operation, shown);
        let mut lost = Lost::new(provider, case, at_most("1000"), keys()).await;
        hours(&mut lost).await;
        assert_eq!(lost.posts().len(), 1, "{operation}");
        assert_eq!(lost.job.stage(), Stage::Uncertain, "{operation}");
    }
    // Above the limit nothing is.
    let mut lost = Lost::new(creatify, params(vec![]), at_most("0.99"), keys()).await;
    hours(&mut lost).await;
    assert_eq!((lost.posts().len(), lost.job.stage()), (1, Stage::Uncertain));
    // And what was lost twice is a person's.
    let mut lost = Lost::new(creatify, params(vec![Reply::HangUp]), at_most("1"), keys()).await;
    hours(&mut lost).await;
    assert_eq!((lost.posts().len(), lost.job.stage()), (2, Stage::Uncertain));
    assert!(lost.job.may_be_double());
    // So is what was refused then: it would be refused again, without a pause.
    let refused = (0..9).map(|_| json(402, r#"{"detail":"Insufficient credits."}"#)).collect();
    let mut lost = Lost::new(creatify, params(refused), at_most("1"), keys()).await;
    hours(&mut lost).await;
    assert_eq!((lost.posts().len(), lost.job.stage()), (2, Stage::Uncertain));
    assert!(!lost.job.may_be_double());
}

#[tokio::test]
async fn looks_that_fail_hold_a_job_and_let_nobody_send_again() {
    for (provider, operation) in
        [(ProviderId::Creatify, "gen_image"), (ProviderId::Jogg, "create_video_from_product")]
    {
        let case = listed(provider, operation, "whole").look(|| json(503, "{}"));
        let (end, lost) = run(provider, case, Recovery::Adopt).await;
        assert_eq!(end, End::Held, "{operation}");
        assert_eq!(lost.evidence().survey, None);
        lost.clock.pass(LONGEST);
        let error = lost.client.jobs().resolve(&lost.job, Resolution::Resubmit).await.unwrap_err();
        assert!(error.to_string().contains("failed"), "{operation}: {error}");
        assert_eq!(lost.posts().len(), 1, "{operation}");
    }
}

#[tokio::test]
async fn what_turns_up_before_it_is_sent_again_is_adopted_instead() {
    let create = "create_video_from_product";
    let mut late = listed(ProviderId::Jogg, create, "not whole");
    let ours = r#"{"code":0,"msg":"","data":{"videos":[{"id":"v9","title":"{tag}"}]}}"#;
    let nothing = || json(200, r#"{"code":0,"msg":"","data":{"videos":[]}}"#);
    // Two looks before the call has settled, and two after that, before it is held.
    late.after = vec![nothing(), nothing(), nothing(), nothing()];
    let case = late.look(|| Reply::WithTag(ours.to_owned()));
    let (end, lost) = run(ProviderId::Jogg, case, Recovery::Adopt).await;
    assert_eq!(end, End::Held);
    let job = lost.client.jobs().resolve(&lost.job, Resolution::Resubmit).await.unwrap();
    assert_eq!((job.stage(), job.may_be_double()), (Stage::Running, false));
    assert!(job.steps().iter().any(|step| step.resource() == Some("v9")));
    assert_eq!(lost.posts().len(), 1);
}

#[tokio::test]
async fn what_is_held_is_adopted_after_it_was_read_or_given_up() {
    let not_found = json(404, r#"{"detail":"No Link matches the given query."}"#);
    let found = json(200, r#"{"id":"l9"}"#);
    let case = params(vec![not_found, found]);
    let (_, lost) = run(ProviderId::Creatify, case, Recovery::Adopt).await;
    let (jobs, held) = (lost.client.jobs(), &lost.job);
    let listed = jobs.held().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].as_ref().unwrap().id(), held.id());
    let adopt = |text: &str| Resolution::Adopt(text.to_owned());
    let error = jobs.resolve(held, adopt("creatify:l8")).await.unwrap_err();
    assert_eq!((error.kind(), error.job_id()), (ErrorKind::NotFound, Some(held.id())));
    let job = jobs.resolve(held, adopt("creatify:l9")).await.unwrap();
    assert_eq!((job.stage(), job.steps()[0].resource()), (Stage::Running, Some("l9")));

    let (_, lost) = run(ProviderId::Creatify, params(vec![]), Recovery::Adopt).await;
    let job = lost.client.jobs().resolve(lost.job.id(), Resolution::Abandon).await.unwrap();
    assert_eq!((job.stage(), job.may_retry()), (Stage::Failed, false));
    assert!(lost.client.jobs().open().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_tells_of_another_id_is_not_adopted_however_it_is_written() {
    let mut late = listed(ProviderId::Jogg, "create_video_from_product", "not whole");
    let nothing = || json(200, r#"{"code":0,"msg":"","data":{"videos":[]}}"#);
    let odd = [
        r#"{"code":0,"data":{"video_id":"v9","status":"processing","note":NaN}}"#,
        "\u{feff}{\"code\":0,\"data\":{\"video_id\":\"v9\",\"status\":\"processing\"}}",
        r#"{"code":0,"data":{"video_id":"v9","video_id":null,"status":"processing"}}"#,
        r#"{"code":0,"data":[{"video_id":"v9","status":"processing"}]}"#,
        r#"{"code":0,"data":{"video_id":"v9","status":"processing"}}<!-- edge -->"#,
    ];
    late.after = vec![nothing(), nothing(), nothing(), nothing()];
    late.after.extend(odd.iter().map(|body| json(200, body)));
    let (end, lost) = run(ProviderId::Jogg, late, Recovery::Adopt).await;
    assert_eq!(end, End::Held);
    for body in odd {
        let adopt = Resolution::Adopt("v8".to_owned());
        let error = lost.client.jobs().resolve(&lost.job, adopt).await.unwrap_err();
        assert!(error.to_string().contains("another id"), "{body}: {error}");
    }
}

#[tokio::test]
async fn what_another_job_has_is_not_adopted() {
    let after = vec![json(200, r#"{"id":"l1"}"#)];
    let (_, lost) = run(ProviderId::Creatify, params(after), Recovery::Adopt).await;
    let other = lost.client.submit(&params(vec![]).request).key("another").await.unwrap();
    for id in ["l1", "creatify:l1"] {
        let adopt = Resolution::Adopt(id.to_owned());
        let error = lost.client.jobs().resolve(&lost.job, adopt).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains(&other.id().to_string()), "{error}");
    }
    let held = lost.client.job(lost.job.id()).await.unwrap();
    assert_eq!(held.stage(), Stage::Uncertain);
}

#[tokio::test]
async fn whoever_comes_back_looks_again_and_what_is_found_goes_on() {
    let late = listed(ProviderId::Creatify, "gen_image", "not whole");
    let empty = || json(200, "[]");
    let ours = r#"[{"id":"7e5e","status":"image_generated",
        "webhook_url":"https://hook.example/h?adreel={tag}"}]"#;
    let case = Case { after: vec![empty(), empty(), empty(), empty()], ..late };
    let case = case.look(|| Reply::WithTag(ours.to_owned()));
    let (end, mut lost) = run(ProviderId::Creatify, case, Recovery::Adopt).await;
    assert_eq!(end, End::Held);
    let mut events = lost.client.resume(lost.job.id()).events();
    events.next().await.unwrap().unwrap();
    lost.job = lost.client.job(lost.job.id()).await.unwrap();
    assert_eq!(lost.step().resource(), Some("7e5e"));
    assert_eq!(lost.posts().len(), 1);
    assert!(!lost.job.may_be_double());
}
