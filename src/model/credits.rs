//! Amounts of a provider's credits.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of one provider's credits, as an exact decimal.
///
/// Providers bill in fractions (Jogg 0.5, BeatAPI 4.50), which a float would round. Credits of one
/// provider are not credits of another, so an amount means something only beside its
/// [`ProviderId`](crate::ProviderId). In JSON it is a number.
///
/// No amount is further from zero than [`Credits::MOST`], a thousand million: what is more, in an
/// answer or in a sum, counts as that. So nothing that is done with amounts can overflow, and no
/// number of a provider's makes the rest of its answer unreadable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Credits(Decimal);

/// The bound of every amount, in whole credits.
const MOST: u32 = 1_000_000_000;

/// How many decimal places are kept. With as many, two amounts add up exactly.
const PLACES: u32 = 12;

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The largest amount, 1,000,000,000 credits; the smallest is as far below zero.
    pub const MOST: Self = Self::whole(MOST);

    /// A whole number of credits, at most [`Credits::MOST`].
    pub const fn whole(credits: u32) -> Self {
        let credits = if credits > MOST { MOST } else { credits };
        Self(Decimal::from_parts(credits, 0, 0, false, 0))
    }

    /// Hundredths of a credit: `Credits::cents(450)` is 4.50.
    pub const fn cents(hundredths: u32) -> Self {
        Self(Decimal::from_parts(hundredths, 0, 0, false, 2))
    }

    /// In millionths, rounded up, for ledgers that add amounts up as integers. At most 10^15, and
    /// as far below zero.
    pub fn millionths(self) -> i64 {
        let millionths = self.0.saturating_mul(Decimal::from(1_000_000)).ceil();
        i64::try_from(millionths).expect("the bound of an amount fits in millionths")
    }

    /// In millionths, rounded down, for limits of what is rounded up.
    #[cfg(any(test, feature = "postgres", feature = "sqlite"))]
    pub(crate) fn whole_millionths(self) -> i64 {
        let millionths = self.0.saturating_mul(Decimal::from(1_000_000)).floor();
        i64::try_from(millionths).expect("the bound of an amount fits in millionths")
    }

    /// This many millionths of a credit, within the bounds of an amount.
    pub fn from_millionths(millionths: i64) -> Self {
        Self::bounded(Decimal::new(millionths, 6))
    }

    /// What is left when `other` is taken away: zero where that is more.
    pub(crate) fn less(self, other: Self) -> Self {
        if self > other { self - other } else { Self::ZERO }
    }

    /// This amount, `count` times.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self::bounded(self.0.saturating_mul(Decimal::from(count)))
    }

    /// The amount that is nearest to a number.
    fn bounded(number: Decimal) -> Self {
        let most = Decimal::from(MOST);
        Self(number.clamp(-most, most).round_dp(PLACES))
    }

    /// The amount that is nearest to a number. What is no number is none.
    fn of_float(number: f64) -> Self {
        let number = number.clamp(-f64::from(MOST), f64::from(MOST));
        // The shortest text of a float is what was written; its nearest decimal is not. Where a
        // tiny one has more places than a decimal takes, it is as good as nothing.
        Self::bounded(number.to_string().parse().unwrap_or_default())
    }
}

impl fmt::Display for Credits {
    /// Without trailing zeros: `4.5`, `12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.normalize(), f)
    }
}

/// The text was not a decimal number, or one beyond [`Credits::MOST`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCredits(String);

impl fmt::Display for InvalidCredits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an amount of credits: write a decimal number such as 4.5, at most {MOST}",
            self.0
        )
    }
}

impl std::error::Error for InvalidCredits {}

impl FromStr for Credits {
    type Err = InvalidCredits;

    /// What somebody writes is taken as it is or refused, never bounded.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: Option<Decimal> = text.parse().ok();
        let fits = |number: &Decimal| number.abs() <= Decimal::from(MOST);
        number.filter(fits).map(Self::bounded).ok_or_else(|| InvalidCredits(text.to_owned()))
    }
}

impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rust_decimal::serde::float::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Credits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNumber)
    }
}

/// Reads a number of any size, also one that is written as text.
struct AnyNumber;

impl Visitor<'_> for AnyNumber {
    type Value = Credits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of credits")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Credits, E> {
        Ok(Credits::bounded(Decimal::from(number)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Credits, E> {
        Ok(Credits::bounded(Decimal::from(number)))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Credits, E> {
        Ok(Credits::of_float(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Credits, E> {
        if let Ok(number) = text.parse() {
            return Ok(Credits::bounded(number));
        }
        let number = text.parse().ok().filter(|number: &f64| !number.is_nan());
        number.map(Credits::of_float).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl Add for Credits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::bounded(self.0.saturating_add(other.0))
    }
}

impl Sub for Credits {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::bounded(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Credits {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Credits {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Credits {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_numbers_stay_exact() {
        for (json, shown) in
            [("225", "225"), ("4.5", "4.5"), ("0.1", "0.1"), ("10.50", "10.5"), ("\"4.50\"", "4.5")]
        {
            let credits: Credits = serde_json::from_str(json).unwrap();
            assert_eq!(credits.to_string(), shown);
        }
        let third: Credits = [Credits::cents(10); 3].into_iter().sum();
        assert_eq!(third, "0.3".parse().unwrap());
        assert_eq!(serde_json::to_string(&Credits::cents(450)).unwrap(), "4.5");
    }

    #[test]
    fn a_number_beyond_the_bound_is_read_as_the_bound() {
        let least = Credits::ZERO - Credits::MOST;
        let cases = [
            ("1e25", Credits::MOST),
            ("1e300", Credits::MOST),
            ("-1e300", least),
            ("1000000001", Credits::MOST),
            ("18446744073709551615", Credits::MOST),
            ("-9223372036854775808", least),
            ("99999999999999999999999999999", Credits::MOST),
            ("\"1e99\"", Credits::MOST),
            ("\"79228162514264337593543950335\"", Credits::MOST),
            ("1e-28", Credits::ZERO),
            ("-1e-300", Credits::ZERO),
            ("-0.0", Credits::ZERO),
            ("-3", Credits::ZERO - Credits::whole(3)),
        ];
        for (json, expected) in cases {
            let credits: Credits = serde_json::from_str(json).unwrap();
            assert_eq!(credits, expected, "{json}");
        }
        for json in ["\"much\"", "\"NaN\"", "[]", "true"] {
            assert!(serde_json::from_str::<Credits>(json).is_err(), "{json}");
        }
        for text in ["1000000000.01", "-1000000001", "1e25", ""] {
            assert!(text.parse::<Credits>().is_err(), "{text}");
        }
    }

    /// Amounts near everything at which arithmetic ends.
    fn amount() -> impl Strategy<Value = Credits> {
        prop_oneof![
            any::<f64>().prop_map(Credits::of_float),
            any::<i64>().prop_map(Credits::from_millionths),
            any::<u32>().prop_map(Credits::whole),
            any::<u32>().prop_map(Credits::cents),
            (0..=28_u32, any::<i64>())
                .prop_map(|(scale, number)| Credits::bounded(Decimal::new(number, scale))),
            Just(Credits::MOST),
            Just(Credits::ZERO - Credits::MOST),
        ]
    }

    proptest! {
        #[test]
        fn no_amount_leads_beyond_the_bound(one in amount(), two in amount(), count in any::<u32>()) {
            let mut three = one;
            three += two;
            let mut four = one;
            four -= two;
            let sum: Credits = [one, two, three, four].into_iter().sum();
            let further = [one + two, one - two, three, four, sum, one.times(count), one.less(two)];
            for amount in [one, two].into_iter().chain(further) {
                prop_assert!(amount <= Credits::MOST && amount >= Credits::ZERO - Credits::MOST);
                let (up, down) = (amount.millionths(), amount.whole_millionths());
                prop_assert!(up - down <= 1 && Credits::from_millionths(up) >= amount);
                let json = serde_json::to_string(&amount).unwrap();
                let read: Credits = serde_json::from_str(&json).unwrap();
                prop_assert!((read - amount).0.abs() < Decimal::new(1, 6), "{json}");
                let _ = amount.to_string();
            }
            // Within the bound sums are exact.
            if (one + two).0.abs() < Decimal::from(MOST) {
                prop_assert_eq!(one + two - two, one);
            }
        }
    }
}
