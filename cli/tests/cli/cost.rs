//! What was spent, and what may be.

use serde_json::Value;

use crate::jobs::Place;

/// What a table says, with the ids that differ from run to run replaced.
fn stable(table: &str) -> String {
    let lines = table.lines().map(|line| match line.split_once("  ") {
        Some((id, rest)) if id.len() == 26 && id.starts_with("01") => {
            format!("{:26}  {rest}", "<job>")
        }
        _ => match line.split_once(" at http://127.0.0.1:") {
            Some((rest, _)) => format!("{rest} at <address>"),
            None => line.to_owned(),
        },
    });
    // Jobs that begin together have no order.
    let mut lines: Vec<_> = lines.collect();
    lines[1..4].sort();
    lines.join("\n")
}

#[test]
fn what_was_spent_is_a_table_and_lines_of_data() {
    let place = Place::new(600.0);
    let labels = ["--label", "tenant=acme", "--label", "order=1042 b"];
    let (code, _, stderr) = place.make(&labels);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, table, stderr) = place.run(&["jobs", "--cost"]);
    assert_eq!((code, &*stderr), (Some(0), ""));
    insta::assert_snapshot!("jobs_cost", stable(&table));

    let entries = place.json(&["jobs", "--cost"]);
    let told = |entry: &Value| {
        assert_eq!(entry["labels"], serde_json::json!({ "tenant": "acme", "order": "1042 b" }));
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        format!("{} {} {}", text("provider"), text("kind"), text("amount"))
    };
    let mut told: Vec<_> = entries.iter().map(told).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "beatapi reserved 4.5",
            "beatapi settled 4.5",
            "creatify reserved 12",
            "creatify settled 12",
            "jogg reserved 1",
            "jogg settled 1",
        ]
    );
    // The sandbox's clock is ahead of the machine's by some hours at the most.
    let month = |entry: &Value| {
        let at = chrono::DateTime::from_timestamp_millis(entry["at"].as_i64().unwrap()).unwrap();
        at.date_naive().to_string()[..7].to_owned()
    };
    let months: Vec<_> = entries.iter().map(month).collect();
    let in_it = place.json(&["jobs", "--cost", "--month", &months[0]]);
    assert_eq!(in_it.len(), months.iter().filter(|month| **month == months[0]).count());
    let (code, stdout, stderr) = place.run(&["jobs", "--cost", "--month", "2019-02"]);
    assert_eq!((code, &*stdout, stderr.trim()), (Some(0), "", "nothing was spent"));
    // What is shown of a job says the same.
    let creatify = entries.iter().find(|entry| entry["provider"] == "creatify").unwrap();
    let (_, shown, _) = place.run(&["job", creatify["job"].as_str().unwrap()]);
    assert!(shown.contains("credits   12 reserved, 12 settled"), "{shown}");
}

#[test]
fn a_cap_is_checked_before_anything_is_paid() {
    let place = Place::new(600.0);
    let (code, stdout, stderr) = place.make(&["--cap", "4.49"]);
    assert_eq!((code, &*stdout), (Some(3), ""), "{stderr}");
    let told = "error: beatapi: over the request's cap of 4.49: this may cost 4.5; raise it or ask \
                for less\n";
    assert_eq!((&*stderr, place.paid()), (told, 0));
    let plan = ["plan", "--name", "Roast", "--provider", "jogg", "--cap"];
    assert_eq!(place.run(&[&plan[..], &["1"]].concat()).0, Some(0));
    let (code, _, stderr) = place.run(&[&plan[..], &["0.99"]].concat());
    assert_eq!(code, Some(3), "{stderr}");
}

#[test]
fn what_is_no_cap_no_label_and_no_month_is_said() {
    let place = Place::new(600.0);
    for (args, told) in [
        (&["jobs", "--cost", "--month", "2026-1"][..], "such as 2026-11"),
        (&["jobs", "--cost", "--month", "2026-13"], "such as 2026-11"),
        (&["jobs", "--month", "2026-11"], "--cost"),
        (&["jobs", "--cost", "--open"], "--open"),
        (&["make", "--name", "R", "--cap=-1"], "not below 0"),
        (&["make", "--name", "R", "--cap", "much"], "such as 4.5"),
        (&["make", "--name", "R", "--label", "tenant"], "such as tenant=acme"),
        (&["make", "--name", "R", "--label", "=acme"], "such as tenant=acme"),
        (&["make", "--name", "R", "--label", "file=x"], "use another name"),
    ] {
        let (code, stdout, stderr) = place.run(args);
        assert_eq!((code, &*stdout), (Some(2), ""), "{args:?}: {stderr}");
        assert!(stderr.lines().count() == 1 && stderr.contains(told), "{args:?}: {stderr}");
    }
}
