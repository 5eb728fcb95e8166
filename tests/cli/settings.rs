//! Settings and addresses as files and copying leave them.

use std::fs;

use crate::jobs::Place;
use crate::{PHOTO, adreel, finished, names, run};

#[test]
fn a_line_end_in_a_setting_makes_no_second_ledger() {
    let place = Place::new(600.0);
    let ledgers = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", ledgers.path().join("jobs.db").display());
    for ledger in
        [url.clone(), format!("{url}\r"), format!("\u{feff}{url}\r\n"), format!(" {url}\t")]
    {
        let args = ["make", PHOTO, "--name", "Roast", "--provider", "jogg", "--out"];
        let mut command = place.command(&args);
        command.arg(out.path()).env("ADREEL_LEDGER", &ledger).env("ADREEL_SETTLE_MS", "2000\r");
        let (code, _, stderr) = finished(command.output().unwrap());
        assert_eq!(code, Some(0), "{ledger:?}: {stderr}");
    }
    assert_eq!(place.paid(), 1);
    let files = names(ledgers.path());
    assert!(
        files.iter().all(|name| name.starts_with("jobs.db") && !name.contains('\r')),
        "{files:?}"
    );
}

#[test]
fn a_line_end_in_a_base_url_makes_no_other_account() {
    let realm = |url: &str| {
        let args = ["plan", "--name", "R", "--provider", "beatapi", "--json", "--image-url"];
        let mut command = adreel(&[&args[..], &["https://cdn.example/a.png"]].concat());
        command.env("BEATAPI_API_KEY", "sk_1\r\n").env("BEATAPI_BASE_URL", url);
        let (code, stdout, stderr) = finished(command.output().unwrap());
        assert_eq!(code, Some(0), "{url:?}: {stderr}");
        serde_json::from_str::<serde_json::Value>(&stdout).unwrap()["account"]["realm"].take()
    };
    for url in ["http://127.0.0.1:9", "http://127.0.0.1:9\r", "\u{feff}http://127.0.0.1:9/ \r\n"] {
        assert_eq!(realm(url), "http://127.0.0.1:9", "{url:?}");
    }
}

#[test]
fn an_address_is_trimmed_or_refused_by_its_field() {
    let plan = |args: &[&str]| {
        let plan = ["plan", "--sandbox", "--name", "R", "--json", "--provider"];
        run(&[&plan[..], args].concat())
    };
    let (code, stdout, stderr) =
        plan(&["beatapi", "--image-url", "\u{feff}https://CDN.example/a b.png\r\n"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains(r#""https://cdn.example/a%20b.png""#), "{stdout}");
    let image = ["beatapi", "--image-url", "https://cdn.example/a.png"];
    let music = ["beatapi", "--track-url", "https://cdn.example/a.mp3", "--image-url"];
    for (args, field) in [
        (vec!["beatapi", "--image-url", "https:cdn.example/a.png"], "product.images[0]"),
        ([&image[..], &["--image-url", "https://cdn.ex\name/b"]].concat(), "product.images[1]"),
        (vec!["jogg", "--page-url", "https:\\\\shop.example\\tea"], "product.page_url"),
        (vec!["creatify", "--page-url", "shop.example/tea\r"], "product.page_url"),
        ([&image[..], &["--track-url", "https:/cdn.example/a"]].concat(), "track"),
        (
            [
                &music[..],
                &["https://cdn.example/a.png", "--set", "beatapi.music={\"srt_url\":\"x\"}"],
            ]
            .concat(),
            "beatapi.music.srt_url",
        ),
        (
            vec![
                "creatify",
                "--image-url",
                "https://c.example/a",
                "--set",
                "creatify.product_showcase_url=https://c.example/\u{202e}b",
            ],
            "creatify.product_showcase_url",
        ),
        (vec!["beatapi", "--image-url", "https://me:hunter2@cdn.example/a"], "product.images[0]"),
    ] {
        let (code, stdout, stderr) = plan(&args);
        assert_eq!((code, &*stdout), (Some(2), ""), "{args:?}: {stderr}");
        assert!(stderr.contains(&format!("{field}: ")), "{args:?}: {stderr}");
        assert!(!stderr.contains("hunter2") && stderr.lines().count() == 1, "{stderr}");
    }
}

#[test]
fn no_password_in_an_address_is_told() {
    let image = ["--image-url", "https://cdn.example/a.png", "--name", "R"];
    for (variable, value, args) in [
        ("BEATAPI_BASE_URL", "https://me:hunter2@gate.example", vec!["providers"]),
        ("BEATAPI_BASE_URL", "https://me:hunter2@gate.example:x/", vec!["jobs"]),
        ("CREATIFY_WEBHOOK_URL", "https://me:hunter2@hook.example/h", vec!["providers"]),
        ("ADREEL_LEDGER", "postgres://me:hunter2@127.0.0.1:1/db", vec!["jobs"]),
        ("ADREEL_LEDGER", "mysql://me:hunter2@127.0.0.1/db", vec!["jobs", "--json"]),
        ("ADREEL_LEDGER", "postgres://me:hunter2@[/db", vec!["ledger", "schema"]),
        ("X", "", vec!["providers", "--sandbox-url", "http://me:hunter2@127.0.0.1:9"]),
        ("X", "", [&["plan", "--sandbox", "--page-url", "//me:hunter2@a/"], &image[..]].concat()),
    ] {
        let mut command = adreel(&args);
        let keys = ["BEATAPI_API_KEY", "CREATIFY_API_ID", "CREATIFY_API_KEY"];
        command.envs(keys.map(|name| (name, "k")));
        let (code, stdout, stderr) = finished(command.env(variable, value).output().unwrap());
        let schema = args[0] == "ledger";
        assert!(schema || code != Some(0), "{variable} {args:?}");
        assert!(!format!("{stdout}{stderr}").contains("hunter2"), "{stdout}{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn whoever_only_reads_makes_no_ledger() {
    let place = Place::new(600.0);
    let folder = tempfile::tempdir().unwrap();
    let id = "01J8ZQ4Y6T0000000000000000";
    let url = format!("sqlite:{}", folder.path().join("new/jobs.db").display());
    let jobs: [&[&str]; 9] = [
        &["jobs"],
        &["jobs", "--json"],
        &["jobs", "--cost"],
        &["job", id],
        &["wait", id],
        &["resume"],
        &["resume", "--after-restore"],
        &["resolve", id, "--abandon"],
        &["resolve", "--all", "--resubmit"],
    ];
    let others: [&[&str]; 4] =
        [&["providers"], &["catalogue", "voices"], &["doctor"], &["plan", "--name", "R", PHOTO]];
    for (args, is_told) in
        jobs.iter().map(|args| (args, true)).chain(others.iter().map(|args| (args, false)))
    {
        let (_, _, stderr) = place.run(&[args, &["--ledger", &url][..]].concat());
        assert_eq!(stderr.contains("there is no ledger at"), is_told, "{args:?}: {stderr}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{args:?}");
        let (_, _, stderr) = place.run(args);
        assert_eq!(stderr.contains("there is no ledger at"), is_told, "{args:?}: {stderr}");
        assert!(!place.home.path().join("data").exists(), "{args:?}");
    }
    // Somebody else's file stays without our tables.
    let foreign = folder.path().join("empty.db");
    fs::write(&foreign, "").unwrap();
    let (code, _, stderr) =
        place.run(&["jobs", "--ledger", &format!("sqlite:{}", foreign.display())]);
    assert!(code == Some(0) && stderr.contains("there is no ledger at"), "{stderr}");
}
