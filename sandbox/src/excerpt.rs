//! Excerpts: texts of callers, cut to what is kept or shown of them.

use std::borrow::Cow;

/// How much is kept of a body, of a path and of a text in a fault.
pub(super) const MOST_CHARS: usize = 2_000;

/// The first characters of a text.
pub(super) fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// The same, with a mark where it was cut.
pub(super) fn shown(text: &str, most: usize) -> Cow<'_, str> {
    match cut(text, most) {
        part if part.len() < text.len() => Cow::Owned(format!("{part}…")),
        whole => Cow::Borrowed(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!([cut("", 2), cut("äö", 2), cut("äöü", 2), cut("a", 0)], ["", "äö", "äö", ""]);
        assert_eq!([shown("äö", 2), shown("äöü", 2)], ["äö", "äö…"]);
    }
}
