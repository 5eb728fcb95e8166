//! Faults of what a record says: its fields, and how their values are written.

use serde_json::{Value, json};

use super::{Fault, FaultKind};
use crate::clock::Moment;

/// The name of the field that holds a record's title.
pub(crate) fn title_of(record: &Value) -> Option<&'static str> {
    ["title", "name"].into_iter().find(|name| record.get(name).is_some_and(Value::is_string))
}

/// Whether a record has the link of a film.
pub(crate) fn has_link(record: &Value) -> bool {
    first_link(&mut record.clone()).is_some()
}

/// What a read shows instead of a record.
pub(crate) fn distort(record: &mut Value, fault: &Fault) {
    match fault.kind() {
        FaultKind::UnreadableRecord => *record = "sandbox_unreadable".into(),
        FaultKind::EmptyLink => {
            if let Some(link) = first_link(record) {
                *link = "".into();
            }
        }
        _ => distort_fields(record, fault),
    }
}

fn distort_fields(record: &mut Value, fault: &Fault) {
    let title = title_of(record);
    let Some(fields) = record.as_object_mut() else { return };
    match fault.kind() {
        FaultKind::UnknownStatus => {
            // BeatAPI says it twice.
            for name in STATUSES {
                if let Some(status) = fields.get_mut(name) {
                    *status = fault.value_or("sandbox_unknown").into();
                }
            }
        }
        FaultKind::MissingField => {
            fields.remove(fault.field_or("status"));
        }
        FaultKind::NullField => {
            fields.insert(fault.field_or("webhook_url").to_owned(), Value::Null);
        }
        FaultKind::ChangedTitle => {
            let Some(title) = title.and_then(|name| fields.get_mut(name)) else { return };
            let cut: String =
                title.as_str().unwrap_or_default().chars().take(fault.count_or(20)).collect();
            *title = fault.value_or(&cut).into();
        }
        FaultKind::ExtraField => {
            let extra = json!({"new": [1, null, "x"]});
            fields.insert(fault.field_or("sandbox_extra").to_owned(), extra);
        }
        _ => {}
    }
}

/// The fields that say where a job stands.
const STATUSES: [&str; 2] = ["status", "stage"];

/// The first link of a film that stands in a record.
fn first_link(record: &mut Value) -> Option<&mut Value> {
    let is_film = |text: &str| text.split('?').next().is_some_and(|path| path.ends_with(".mp4"));
    match record {
        Value::String(text) if text.starts_with("http") && is_film(text) => Some(record),
        Value::Array(items) => items.iter_mut().find_map(first_link),
        Value::Object(fields) => fields.values_mut().find_map(first_link),
        _ => None,
    }
}

/// Writes the values of an answer in another way, which says the same. What a provider wraps its
/// records in stays as it is.
pub(super) fn rewrite(answer: &mut Value, kind: FaultKind) {
    let record = match answer {
        Value::Object(fields) if fields.contains_key("data") => &mut fields["data"],
        whole => whole,
    };
    each_field("", record, &mut |name, value| match (kind, &*value) {
        (FaultKind::NumbersAsText, Value::Number(number)) => *value = number.to_string().into(),
        (FaultKind::TimesAsText, _) if is_time(name) => as_text(value),
        (FaultKind::TimesWithFraction, _) if is_time(name) => with_fraction(value),
        (FaultKind::UpperCaseStatus, Value::String(status)) if STATUSES.contains(&name) => {
            *value = status.to_uppercase().into();
        }
        _ => {}
    });
}

fn each_field(name: &str, value: &mut Value, change: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_field(name, item, change)),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(name, field)| each_field(name, field, change));
        }
        plain => change(name, plain),
    }
}

fn is_time(name: &str) -> bool {
    name.ends_with("_at")
}

/// Seconds since 1970 as a date, and a date as people write it.
fn as_text(time: &mut Value) {
    if let Some(secs) = time.as_i64() {
        let millis = u64::try_from(secs.saturating_mul(1_000)).unwrap_or(0);
        *time = Moment::of_unix_millis(millis).rfc3339().into();
    } else if let Some(text) = time.as_str() {
        *time = text.replacen('T', " ", 1).replace('Z', "+00:00").into();
    }
}

/// Seconds with a fraction, and a date whose fraction is as fine as can be.
fn with_fraction(time: &mut Value) {
    if let Some(secs) = time.as_i64() {
        *time = (secs as f64 + 0.25).into();
    } else if let Some(text) = time.as_str() {
        *time = text.replace('Z', "123Z").into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_in_another_way() {
        let time = 1_764_255_600;
        let rewritten = |kind| {
            let task = json!({
                "status": "queued", "stage": "queued", "created_at": time, "completed_at": null,
                "usage": {"credits_reserved": 4.5}, "steps": [{"status": "done", "at": 1}],
            });
            let mut answer = json!({"code": 0, "data": task});
            rewrite(&mut answer, kind);
            assert_eq!(answer["code"], 0);
            answer["data"].take()
        };
        let text = rewritten(FaultKind::NumbersAsText);
        assert_eq!(text["created_at"], time.to_string());
        assert_eq!(
            (&text["usage"]["credits_reserved"], &text["steps"][0]["at"]),
            (&"4.5".into(), &"1".into())
        );
        let date = rewritten(FaultKind::TimesAsText);
        assert_eq!(date["created_at"], "2025-11-27T15:00:00.000000Z");
        assert_eq!((&date["completed_at"], &date["steps"][0]["at"]), (&Value::Null, &1.into()));
        assert_eq!(rewritten(FaultKind::TimesWithFraction)["created_at"], 1_764_255_600.25);
        let loud = rewritten(FaultKind::UpperCaseStatus);
        assert_eq!((&loud["status"], &loud["stage"]), (&"QUEUED".into(), &"QUEUED".into()));
        assert_eq!(loud["steps"][0]["status"], "DONE");

        let mut record = json!({"created_at": "2025-11-27T15:00:00.000000Z"});
        rewrite(&mut record, FaultKind::TimesWithFraction);
        assert_eq!(record["created_at"], "2025-11-27T15:00:00.000000123Z");
        rewrite(&mut record, FaultKind::TimesAsText);
        assert_eq!(record["created_at"], "2025-11-27 15:00:00.000000123+00:00");
    }

    #[test]
    fn the_first_link_of_a_film_is_emptied() {
        let fault: Fault = "empty-link".parse().unwrap();
        let link = "http://127.0.0.1:1/media/a.mp4?link=1";
        let mut task = json!({"cover": "http://a.example/a.jpg", "output": {"media": [{"url": link}], "r2_url": link}});
        assert!(has_link(&task));
        distort(&mut task, &fault);
        assert_eq!(
            (&task["output"]["media"][0]["url"], &task["output"]["r2_url"]),
            (&"".into(), &link.into())
        );
        distort(&mut task, &fault);
        assert!(!has_link(&task));
    }
}
