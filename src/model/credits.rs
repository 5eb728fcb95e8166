use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An amount of one provider's credits, as an exact decimal.
///
/// Providers bill in fractions (Jogg 0.5, BeatAPI 4.50), which a float would round. Credits of one
/// provider are not credits of another, so an amount means something only beside its
/// [`ProviderId`](crate::ProviderId). In JSON it is a number.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Credits(#[serde(with = "rust_decimal::serde::float")] Decimal);

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// A whole number of credits.
    pub const fn whole(credits: u32) -> Self {
        Self(Decimal::from_parts(credits, 0, 0, false, 0))
    }

    /// Hundredths of a credit: `Credits::cents(450)` is 4.50.
    pub const fn cents(hundredths: u32) -> Self {
        Self(Decimal::from_parts(hundredths, 0, 0, false, 2))
    }

    /// In millionths, rounded up, for ledgers that add amounts up as integers.
    pub fn millionths(self) -> i64 {
        let millionths = (self.0 * Decimal::from(1_000_000)).ceil();
        i64::try_from(millionths).unwrap_or(i64::MAX)
    }

    /// In millionths, rounded down, for limits of what is rounded up.
    pub(crate) fn whole_millionths(self) -> i64 {
        let millionths = (self.0 * Decimal::from(1_000_000)).floor();
        i64::try_from(millionths).unwrap_or(i64::MAX)
    }

    /// This many millionths of a credit.
    pub fn from_millionths(millionths: i64) -> Self {
        Self(Decimal::new(millionths, 6))
    }

    /// What is left when `other` is taken away: zero where that is more.
    pub(crate) fn less(self, other: Self) -> Self {
        if self > other { self - other } else { Self::ZERO }
    }

    /// This amount, `count` times.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0 * Decimal::from(count))
    }
}

impl fmt::Display for Credits {
    /// Without trailing zeros: `4.5`, `12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.normalize(), f)
    }
}

/// The text was not a decimal number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCredits(String);

impl fmt::Display for InvalidCredits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an amount of credits: write a decimal number such as 4.5", self.0)
    }
}

impl std::error::Error for InvalidCredits {}

impl FromStr for Credits {
    type Err = InvalidCredits;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| InvalidCredits(text.to_owned()))
    }
}

impl Add for Credits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Credits {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Credits {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Credits {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Credits {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_numbers_stay_exact() {
        for (json, shown) in [("225", "225"), ("4.5", "4.5"), ("0.1", "0.1"), ("10.50", "10.5")] {
            let credits: Credits = serde_json::from_str(json).unwrap();
            assert_eq!(credits.to_string(), shown);
        }
        let third: Credits = [Credits::cents(10); 3].into_iter().sum();
        assert_eq!(third, "0.3".parse().unwrap());
        assert_eq!(serde_json::to_string(&Credits::cents(450)).unwrap(), "4.5");
    }
}
