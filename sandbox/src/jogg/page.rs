//! One page of a list.

use crate::check::Fields;

/// Which page was asked for. Pages count from 1 and hold 10 unless the query says otherwise.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) number: i64,
    pub(super) size: i64,
}

impl Page {
    /// Of a list whose limits are documented.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let number = fields.optional("page").digits(1..=i64::MAX).unwrap_or(1);
        let size = fields.optional("page_size").digits(1..=100).unwrap_or(10);
        Self { number, size }
    }

    /// Of a list whose longest page is not documented; here it is that of the others.
    pub(super) fn read_leniently(fields: &mut Fields<'_>) -> Self {
        let number = fields.optional("page").digits(1..=i64::MAX).unwrap_or(1);
        let size = fields.optional("page_size").digits(1..=i64::MAX).unwrap_or(10).min(100);
        Self { number, size }
    }

    /// The page of a list that gives no more than so many at a time.
    pub(super) fn at_most(self, most: Option<usize>) -> Self {
        let most = most.and_then(|most| i64::try_from(most).ok()).unwrap_or(i64::MAX);
        Self { size: self.size.min(most), ..self }
    }

    /// The items of this page.
    pub(super) fn of<T>(self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let before = usize::try_from((self.number - 1).saturating_mul(self.size));
        items.skip(before.unwrap_or(usize::MAX)).take(usize::try_from(self.size).unwrap_or(0))
    }

    /// How many pages so many items fill.
    pub(super) fn count(self, items: usize) -> i64 {
        i64::try_from(items.div_ceil(usize::try_from(self.size).unwrap_or(1))).unwrap_or(i64::MAX)
    }
}
