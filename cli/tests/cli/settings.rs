//! Settings and addresses as files and copying leave them.

use std::fs;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

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
fn settings_of_other_providers_open_no_other_ledger() {
    let place = Place::new(600.0);
    let make = ["make", "--image-url", "https://cdn.example/a.png", "--name", "Roast"];
    let more = ["--provider", "beatapi", "--time-limit", "0s", "--out"];
    let elsewhere = [
        &[][..],
        &[("JOGG_API_KEY", "k"), ("JOGG_BASE_URL", "http://127.0.0.1:9")],
        &[("CREATIFY_API_ID", "i"), ("CREATIFY_API_KEY", "k")],
        &[("CREATIFY_BASE_URL", "https://gate.example/creatify")],
    ];
    let mut listed = std::collections::BTreeSet::new();
    for (index, variables) in elsewhere.into_iter().enumerate() {
        let end = ["", "\r", " ", "\u{feff}"][index];
        let name = format!("Roast{end}");
        let mut command = place.real("BEATAPI", &[&make[..4], &[&name], &more].concat());
        command.arg(place.home.path().join("out")).envs(variables.iter().copied());
        let (code, _, stderr) = finished(command.output().unwrap());
        assert_eq!(code, Some(4), "{variables:?}: {stderr}");
        let mut jobs = place.real("BEATAPI", &["jobs", "--json"]);
        let (_, stdout, _) = finished(jobs.envs(variables.iter().copied()).output().unwrap());
        assert_eq!(stdout.lines().count(), 1, "{variables:?}: {stdout}");
        listed.insert(stdout);
    }
    assert_eq!(listed.len(), 1, "{listed:?}");
    // A job at another address is neither sent there nor in the way.
    let mut resume = place.real("BEATAPI", &["resume", "--time-limit", "0s"]);
    resume.env("BEATAPI_BASE_URL", "https://api.beatapi.io");
    let (code, _, stderr) = finished(resume.output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("is left alone: "), "{stderr}");
    assert!(stderr.contains("BEATAPI_BASE_URL=http://127.0.0.1:"), "{stderr}");
    let files = names(&place.home.path().join("data/adreel"));
    assert!(files.iter().all(|name| name.starts_with("live.db")), "{files:?}");
    // Where an earlier version kept them is told.
    fs::write(place.home.path().join("data/adreel/gate.example-8443.db"), "").unwrap();
    let mut jobs = place.real("BEATAPI", &["jobs", "--held"]);
    jobs.env("BEATAPI_BASE_URL", "https://gate.example:8443/v1");
    let (_, _, stderr) = finished(jobs.output().unwrap());
    assert!(stderr.contains("gate.example-8443.db opens"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_an_error_that_names_it() {
    use std::os::unix::ffi::OsStrExt as _;
    let value = std::ffi::OsStr::from_bytes(b"http://127.0.0.1:9\xa0");
    for name in [
        "BEATAPI_BASE_URL",
        "BEATAPI_API_KEY",
        "CREATIFY_API_ID",
        "CREATIFY_WEBHOOK_URL",
        "JOGG_BASE_URL",
        "ADREEL_SETTLE_MS",
        "ADREEL_ALLOW_PLAIN_HTTP",
        "ADREEL_ALLOW_PRIVATE_LINKS",
    ] {
        let mut command = adreel(&["providers"]);
        command.env("BEATAPI_API_KEY", "k").env(name, value);
        let (code, stdout, stderr) = finished(command.output().unwrap());
        assert_eq!((code, &*stdout), (Some(2), ""), "{name}: {stderr}");
        assert!(stderr.contains(name) && stderr.lines().count() == 1, "{name}: {stderr}");
    }
}

#[test]
fn a_setting_that_is_blank_is_none() {
    let place = Place::new(600.0);
    for value in ["", "\r", " "] {
        let mut command = place.command(&["jobs"]);
        for name in ["ADREEL_ALLOW_PLAIN_HTTP", "ADREEL_ALLOW_PRIVATE_LINKS", "ADREEL_SETTLE_MS"] {
            command.env(name, value);
        }
        let (code, _, stderr) = finished(command.output().unwrap());
        assert_eq!(code, Some(0), "{value:?}: {stderr}");
        assert!(stderr.contains("there is no ledger at "), "{value:?}: {stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_home_that_depends_on_the_folder_has_no_ledger() {
    for home in [".", "home/of/mine"] {
        let mut command = adreel(&["jobs"]);
        command.env_remove("XDG_DATA_HOME").env("HOME", home);
        let (code, _, stderr) = finished(command.output().unwrap());
        assert_eq!(code, Some(2), "{home}: {stderr}");
        assert!(stderr.contains("--ledger") && stderr.contains("HOME"), "{stderr}");
    }
}

#[test]
fn a_proxy_that_is_none_is_told() {
    let mut command = adreel(&["jobs"]);
    command.env("HTTPS_PROXY", "htp://hunter2@proxy.example");
    let (code, _, stderr) = finished(command.output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("HTTPS_PROXY is passed over") && !stderr.contains("hunter2"),
        "{stderr}"
    );
}

#[cfg(unix)]
#[test]
fn no_variable_is_shown_by_help() {
    for name in ["ADREEL_SETTLE_MS", "ADREEL_ALLOW_PLAIN_HTTP", "ADREEL_ALLOW_PRIVATE_LINKS"] {
        let mut command = adreel(&["jobs", "--help"]);
        let (code, stdout, _) =
            finished(command.env(name, "\u{1b}]0;owned\u{7}").output().unwrap());
        assert_eq!(code, Some(0));
        assert!(stdout.contains(name) && !stdout.contains("owned"), "{stdout}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_without_an_end_is_not_read() {
    for (flag, path) in [
        ("--font", "/dev/zero"),
        ("--scenario", "/dev/zero"),
        ("--scenario", "/proc/kmsg"),
        ("--font", "/proc/self/pagemap"),
    ] {
        let (code, _, stderr) = run(&["sandbox", flag, path]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.starts_with(&format!("error: {flag}: ")), "{stderr}");
    }
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
    assert_eq!(fs::read(&foreign).unwrap(), b"");
    let other = folder.path().join("other.db");
    let options = SqliteConnectOptions::new().filename(&other).create_if_missing(true);
    let made = async {
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("CREATE TABLE notes (text TEXT)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(made);
    let before = fs::read(&other).unwrap();
    for args in jobs.iter().chain(&others) {
        let url = format!("sqlite:{}", other.display());
        let (_, _, stderr) = place.run(&[args, &["--ledger", &url][..]].concat());
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert!(fs::read(&other).unwrap() == before, "{args:?} has changed it: {stderr}");
    }
    assert_eq!(names(folder.path()), ["empty.db", "other.db"]);
}
