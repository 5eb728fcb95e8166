//! Amounts of credits, as exact decimals: a float would round 0.1.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// An amount of one provider's credits. In JSON it is a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Credits(Decimal);

/// The most that an account can start with, in whole credits: far from where a decimal ends, so that
/// no sum of prices comes there.
const MOST: u32 = 1_000_000_000;

/// How many decimal places are kept. With as many, two amounts add up exactly.
const PLACES: u32 = 12;

impl Credits {
    pub(crate) const ZERO: Self = Self(Decimal::ZERO);

    pub(crate) const fn whole(credits: u32) -> Self {
        Self(Decimal::from_parts(credits, 0, 0, false, 0))
    }

    /// Hundredths of a credit: `Credits::cents(450)` is 4.50.
    pub(crate) const fn cents(hundredths: u32) -> Self {
        Self(Decimal::from_parts(hundredths, 0, 0, false, 2))
    }

    /// What an account may start with; `None` for less than nothing and for more than anybody has.
    pub(crate) fn of_account(amount: Decimal) -> Option<Self> {
        let fits = (Decimal::ZERO..=Decimal::from(MOST)).contains(&amount);
        fits.then(|| Self(amount.round_dp(PLACES)))
    }

    pub(crate) fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(Decimal::from(count)))
    }
}

/// For the records that are public, without trailing zeros.
impl From<Credits> for Decimal {
    fn from(credits: Credits) -> Self {
        credits.0.normalize()
    }
}

impl From<Decimal> for Credits {
    fn from(amount: Decimal) -> Self {
        Self(amount)
    }
}

impl fmt::Display for Credits {
    /// Without trailing zeros: `4.5`, `12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.normalize(), f)
    }
}

impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rust_decimal::serde::float::serialize(&self.0, serializer)
    }
}

impl Add for Credits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Credits {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
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
    use super::*;

    #[test]
    fn amounts_are_exact_and_numbers_in_json() {
        let sum: Credits = [Credits::cents(10); 3].into_iter().sum();
        assert_eq!(sum, Credits::cents(30));
        assert_eq!(serde_json::to_string(&Credits::cents(450)).unwrap(), "4.5");
        assert_eq!(serde_json::to_string(&Credits::whole(225)).unwrap(), "225.0");
        assert_eq!([Credits::cents(450), Credits::whole(12)].map(|c| c.to_string()), ["4.5", "12"]);
    }

    #[test]
    fn no_account_starts_with_less_than_nothing_or_more_than_anybody_has() {
        for (amount, is_taken) in [
            ("0", true),
            ("4.5", true),
            ("1000000000", true),
            ("1000000000.01", false),
            ("-1", false),
        ] {
            let taken = Credits::of_account(amount.parse().unwrap());
            assert_eq!(taken.is_some(), is_taken, "{amount}");
        }
    }
}
