//! `--month 2026-11`: a month of UTC.

use std::str::FromStr;

use adreel::Timestamp;
use adreel::client::SpendQuery;
use chrono::{Months, NaiveDate, NaiveTime};

/// A month of UTC, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Month(NaiveDate);

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (year, month) = text.split_once('-')?;
            let is_plain = year.len() == 4 && month.len() == 2;
            let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
            (is_plain && is_digits(year) && is_digits(month)).then_some(Self(day))
        };
        read().ok_or_else(|| "write the year and the month, such as 2026-11".to_owned())
    }
}

impl Month {
    /// What was spent in it.
    pub(crate) fn query(self) -> SpendQuery {
        let begin = |day: NaiveDate| {
            Timestamp::from_millis(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
        };
        let query = SpendQuery::all().since(begin(self.0));
        match self.0.checked_add_months(Months::new(1)) {
            Some(next) => query.until(begin(next)),
            None => query,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_from_its_first_moment_to_that_of_the_next() {
        let query = "2026-12".parse::<Month>().unwrap().query();
        let millis = |time: Option<Timestamp>| time.unwrap().as_millis();
        assert_eq!(millis(query.since), 1_796_083_200_000);
        assert_eq!(millis(query.until) - millis(query.since), 31 * 86_400_000);
        assert!(query.covers(Timestamp::from_millis(1_796_083_200_000)));
        assert!(!query.covers(Timestamp::from_millis(1_796_083_199_999)));
        assert!(!query.covers(query.until.unwrap()));
        for text in
            ["2026-13", "2026-0", "2026-1", "26-01", "2026", "november", "2026-11-01", "+026-01"]
        {
            assert!(text.parse::<Month>().unwrap_err().contains("2026-11"), "{text}");
        }
    }
}
