//! Looking through a list for a step whose answer was lost.

use std::time::Duration;

use serde_json::Value;

use crate::job::{Reach, StepRef, Survey, tagged};
use crate::model::Timestamp;

use super::records;

/// How far a provider's clock may be from ours.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// Why a look ends before its list does.
pub(super) const TOOK_TOO_LONG: &str = "reading it took too long";

const STRANGER: &str = "a record that was made since then may be this one";

/// A search of a list for a step, and whether what was read could show that the step is missing.
///
/// A look is whole where the list shows that it is in order, the newest first, where it goes back
/// past something older than the call, and where nothing on the way could be the step. One record
/// shows no order, and neither do several of one time.
#[derive(Default)]
pub(super) struct ListSearch {
    since: Option<Timestamp>,
    records: u32,
    last: Option<Timestamp>,
    is_past: bool,
    /// Whether a record came that is older than one before it.
    has_order: bool,
    /// Whether a record came that is newer than one before it.
    is_unordered: bool,
    gap: Option<&'static str>,
    /// How many records could not be read.
    unreadable: u32,
    /// Why some of the list was not read at all.
    cut: Option<&'static str>,
    /// Whether one of them may be the step's, without its tag.
    has_stranger: bool,
}

/// What is read of a list's records.
pub(super) struct Fields {
    /// Where our tag stands.
    pub(super) tag_field: &'static str,
    /// When a record was made, where it says so.
    pub(super) made: fn(&Value) -> Option<Timestamp>,
}

impl ListSearch {
    pub(super) fn new(step: StepRef<'_>) -> Self {
        Self::since(step.first_sent())
    }

    fn since(since: Option<Timestamp>) -> Self {
        Self { since, ..Self::default() }
    }

    /// Reads a record by itself, and gives back the id of one that carries the step's tag. One that
    /// cannot be read hides no other, and may be the step's.
    pub(super) fn read(&mut self, record: &Value, tag: &str, fields: &Fields) -> Option<String> {
        let text = records::text(record, fields.tag_field);
        let is_ours = carries(&text, tag);
        match records::id(record) {
            Some(id) if is_ours => return Some(id),
            Some(_) if records::is_text(record, fields.tag_field) => {
                self.see((fields.made)(record), carries_another(&text, tag));
            }
            _ => self.note_unreadable(),
        }
        None
    }

    /// Notes a record that cannot be read.
    pub(super) fn note_unreadable(&mut self) {
        self.records = self.records.saturating_add(1);
        self.unreadable = self.unreadable.saturating_add(1);
    }

    /// Notes why the rest of the list is not read.
    pub(super) fn cut(&mut self, why: &'static str) {
        self.cut = Some(why);
    }

    /// Notes a record that is not the step's, with when it was made and whether it surely is
    /// somebody else's.
    pub(super) fn see(&mut self, made: Option<Timestamp>, is_anothers: bool) {
        self.records = self.records.saturating_add(1);
        let Some(made) = made else {
            self.has_stranger |= !is_anothers;
            return self.note("a record does not say when it was made");
        };
        match self.last {
            Some(last) if made > last => {
                self.is_unordered = true;
                self.note("the records are not in order, the newest first");
            }
            Some(last) if made < last => self.has_order = true,
            _ => {}
        }
        self.last = Some(self.last.map_or(made, |last| last.min(made)));
        match self.since {
            Some(since) if made + CLOCK_SKEW < since => self.is_past = true,
            Some(_) if is_anothers => {}
            Some(_) => {
                self.has_stranger = true;
                self.note(STRANGER);
            }
            None => self.note("it is not known when it was sent"),
        }
    }

    /// Whether a record was seen that is older than the call, in a list that has shown its order
    /// and kept it so far: what comes after it is older still.
    pub(super) fn is_past(&self) -> bool {
        self.is_past && self.has_order && !self.is_unordered
    }

    /// Notes what keeps the look from being whole. The first reason is told.
    pub(super) fn note(&mut self, gap: &'static str) {
        self.gap.get_or_insert(gap);
    }

    /// What of the list was not seen, so that the step may stand there.
    fn unseen(&self) -> Option<String> {
        match self.unreadable {
            0 => self.cut.map(str::to_owned),
            1 => Some("1 record could not be read".to_owned()),
            count => Some(format!("{count} records could not be read")),
        }
    }

    pub(super) fn survey(mut self) -> Survey {
        if !self.is_past {
            self.note("nothing that is older than the call was listed");
        }
        if !self.has_order {
            self.note("what is listed shows no order");
        }
        let why = self.unseen().or_else(|| self.gap.map(str::to_owned));
        let reach = why.map_or(Reach::Whole, Reach::Partial);
        Survey { records: self.records, back_to: self.last, reach }
    }

    /// What was read of a list that can never be whole, for this reason.
    pub(super) fn presence_only(self, why: &str) -> Survey {
        let stranger = self.has_stranger.then(|| STRANGER.to_owned());
        let partial = self.unseen().or(stranger).map(Reach::Partial);
        let reach = partial.unwrap_or_else(|| Reach::PresenceOnly(why.to_owned()));
        Survey { records: self.records, back_to: self.last, reach }
    }
}

/// Nothing was read, since no look can tell.
pub(super) fn no_look(why: &str) -> Survey {
    Survey { records: 0, back_to: None, reach: Reach::Never(why.to_owned()) }
}

/// Whether a text carries a tag, wherever and in whatever case.
pub(super) fn carries(text: &str, tag: &str) -> bool {
    let (text, tag) = (text.to_ascii_lowercase(), tag.to_ascii_lowercase());
    // Step 1 is not step 12.
    let ends = |at: usize| !text[at + tag.len()..].starts_with(|c: char| c.is_ascii_digit());
    text.match_indices(&tag).any(|(at, _)| ends(at))
}

/// Whether a text carries the whole tag of another step of a job of ours.
pub(super) fn carries_another(text: &str, tag: &str) -> bool {
    let is_tag = |(at, _): (usize, &str)| {
        let end = text[at + 3..].find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        tagged(&text[at..end.map_or(text.len(), |end| at + 3 + end)]).is_some()
    };
    !carries(text, tag) && text.match_indices("ar-").any(is_tag)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TAG: &str = "ar-01KXQ4T5R8C2V6B1N0M3Z7Y9WA-1";

    #[test]
    fn a_tag_is_found_wherever_it_stands_and_is_not_taken_for_another_steps() {
        for text in [
            TAG.to_owned(),
            format!("Roast {TAG}"),
            format!("x?adreel=t.{TAG}&y"),
            TAG.to_lowercase(),
        ] {
            assert!(carries(&text, TAG) && !carries_another(&text, TAG), "{text}");
        }
        let twelfth = format!("Roast {TAG}2");
        assert!(!carries(&twelfth, TAG) && carries_another(&twelfth, TAG));
        let cut = &TAG[..20];
        for text in ["", "Roast", cut, "bar-code", "ar-"] {
            assert!(!carries(text, TAG) && !carries_another(text, TAG), "{text}");
        }
    }

    fn at(secs: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millis((1_790_000_000 + secs) * 1000))
    }

    fn seen(records: &[(Option<Timestamp>, bool)]) -> ListSearch {
        let mut search = ListSearch::since(at(0));
        records.iter().for_each(|(made, is_anothers)| search.see(*made, *is_anothers));
        search
    }

    fn reach_of(records: &[(Option<Timestamp>, bool)]) -> Reach {
        seen(records).survey().reach
    }

    #[test]
    fn a_list_without_times_shows_presence_only_and_not_past_a_stranger() {
        let timeless = |records: &[_]| seen(records).presence_only("timeless").reach;
        for told in [vec![], vec![(None, true)], vec![(at(9), true), (at(-900), false)]] {
            assert_eq!(timeless(&told), Reach::PresenceOnly("timeless".to_owned()), "{told:?}");
        }
        for partial in [vec![(None, false)], vec![(None, true), (at(9), false)]] {
            assert!(matches!(timeless(&partial), Reach::Partial(_)), "{partial:?}");
        }
    }

    const FIELDS: Fields = Fields {
        tag_field: "title",
        made: |record| Some(Timestamp::from_millis(record["at"].as_i64()? * 1000)),
    };

    /// What a look reads of these records before one that is older than the call.
    fn read(records: &[Value]) -> (Vec<String>, ListSearch) {
        let mut search = ListSearch::since(at(0));
        let old = json!({ "id": "old", "title": "Old", "at": 1_000 });
        let older = json!({ "id": "older", "title": "Old", "at": 900 });
        let all = records.iter().chain([&old, &older]);
        (all.filter_map(|record| search.read(record, TAG, &FIELDS)).collect(), search)
    }

    #[test]
    fn a_record_that_cannot_be_read_hides_no_other_and_proves_no_absence() {
        let ours = json!({ "id": "v1", "title": format!("Roast {TAG}"), "at": "yesterday" });
        let torn = [
            json!(null),
            json!(7),
            json!([]),
            json!({}),
            json!({ "title": "x", "at": 1_790_000_009 }),
            json!({ "id": "", "title": "x" }),
            json!({ "id": { "a": 1 }, "title": "x" }),
            json!({ "id": "o", "title": ["x"], "at": 1_000 }),
            // Ours, without an id.
            json!({ "id": null, "title": TAG }),
        ];
        for record in &torn {
            let (found, search) = read(&[record.clone(), ours.clone()]);
            assert_eq!(found, ["v1"], "{record}");
            let why = Reach::Partial("1 record could not be read".to_owned());
            assert_eq!(search.survey().reach, why, "{record}");
            let (found, search) = read(std::slice::from_ref(record));
            assert!(found.is_empty(), "{record}");
            assert_eq!(search.presence_only("timeless").reach, why, "{record}");
        }
        let (_, search) = read(&torn);
        assert_eq!(search.survey().reach, Reach::Partial("9 records could not be read".to_owned()));
        assert_eq!(read(&[]).1.survey().reach, Reach::Whole);
    }

    #[test]
    fn ours_is_known_by_its_tag_whatever_else_is_odd() {
        for ours in [
            json!({ "id": 5, "title": TAG }),
            json!({ "id": "5", "title": { "text": TAG }, "at": [] }),
            json!({ "id": "5", "title": TAG, "status": {}, "at": 1e300 }),
        ] {
            assert_eq!(read(std::slice::from_ref(&ours)).0, ["5"], "{ours}");
        }
    }

    #[test]
    fn a_list_that_has_lost_its_order_goes_on_behind_an_old_record() {
        assert!(seen(&[(at(9), true), (at(-900), true)]).is_past());
        for unordered in [
            vec![(at(-900), true)],
            vec![(at(-900), true), (at(-900), true)],
            vec![(at(-900), true), (at(9), true)],
            vec![(at(3), true), (at(9), true), (at(-900), true)],
        ] {
            assert!(!seen(&unordered).is_past(), "{unordered:?}");
        }
    }

    #[test]
    fn a_list_that_was_not_read_to_its_end_proves_no_absence() {
        let mut search = seen(&[(at(-900), true)]);
        search.cut(TOOK_TOO_LONG);
        assert_eq!(search.survey().reach, Reach::Partial(TOOK_TOO_LONG.to_owned()));
        let mut search = seen(&[(None, true)]);
        search.cut(TOOK_TOO_LONG);
        let reach = search.presence_only("timeless").reach;
        assert_eq!(reach, Reach::Partial(TOOK_TOO_LONG.to_owned()));
    }

    #[test]
    fn a_look_is_whole_only_in_order_past_an_older_record_and_without_a_stranger() {
        assert_eq!(reach_of(&[(at(9), true), (at(3), true), (at(-900), false)]), Reach::Whole);
        for partial in [
            vec![],
            vec![(at(9), true)],
            vec![(at(-900), true)],
            vec![(at(-900), false), (at(-900), false)],
            vec![(at(9), false), (at(-900), false)],
            vec![(at(-900), false), (at(9), true)],
            vec![(None, true), (at(-900), false)],
            vec![(at(9), true), (at(-900), false), (at(-800), false)],
            // Within what clocks may differ by.
            vec![(at(-100), false), (at(-900), false)],
        ] {
            assert!(matches!(reach_of(&partial), Reach::Partial(_)), "{partial:?}");
        }
    }
}
