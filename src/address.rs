//! Addresses that a caller brings. They are sent in the form in which they were read, so that no
//! other reader, such as a provider's, can take them for another address.

use url::Url;

use crate::error::{Error, Result};
use crate::plain::{is_hidden, trimmed};

/// An address of the web, without what copying or a file's line ends have left around it. None that
/// is refused is quoted: it may hold a password.
///
/// Readers of addresses mend a lot in silence: they drop line breaks, turn backslashes, and add
/// slashes that are missing. What is so mended need not be what was meant.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming the field.
pub(crate) fn web(field: impl Into<String>, text: &str) -> Result<Url> {
    read(trimmed(text)).map_err(|message| Error::invalid(field, message))
}

fn read(text: &str) -> std::result::Result<Url, &'static str> {
    if text.contains(is_hidden) {
        return Err("it holds a line break or another character that is not seen: take it out");
    }
    let (place, _) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
    let host = place.split_once("://").map(|(_, rest)| rest);
    if host.is_none_or(|host| host.starts_with('/')) || place.contains('\\') {
        return Err(FORM);
    }
    let url = Url::parse(text).map_err(|_| FORM)?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(FORM);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "it holds a name or a password, which would be passed on and kept: take it out",
        );
    }
    Ok(url)
}

const FORM: &str = "not an http or https address: write https://host/path";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_an_address_is_left_out() {
        for text in [
            "https://cdn.example/a.png\r",
            "\u{feff}https://cdn.example/a.png\r\n",
            "\t https://cdn.example/a.png\u{200b} ",
        ] {
            assert_eq!(web("f", text).unwrap().as_str(), "https://cdn.example/a.png", "{text:?}");
        }
        for (text, sent) in [
            ("HTTPS://CDN.example:443", "https://cdn.example/"),
            (
                "https://cdn.example/a b/日.png?q=a b#x",
                "https://cdn.example/a%20b/%E6%97%A5.png?q=a%20b#x",
            ),
            ("https://cdn.example/?next=//a\\b", "https://cdn.example/?next=//a\\b"),
        ] {
            assert_eq!(web("f", text).unwrap().as_str(), sent);
        }
    }

    #[test]
    fn what_another_reader_could_take_for_another_address_is_refused_by_field() {
        for text in [
            "",
            " ",
            "a.png",
            "//cdn.example/a",
            "https:cdn.example/a",
            "https:/cdn.example/a",
            "https:///cdn.example/a",
            "https:\\\\cdn.example\\a",
            "https://cdn.example\\a.png",
            "https://cdn.exam\nple/a",
            "https://cdn.example/a\tb",
            "https://cdn.example/a\u{202e}b",
            "https://cdn.example/\u{7}a",
            "https://",
            "https://cdn.example:99999/",
            "ftp://cdn.example/a",
            "javascript:alert(1)",
            "data:image/png;base64,AA==",
            "file:///etc/passwd",
            "https://me:hunter2@cdn.example/a",
            "https://hunter2@cdn.example/a",
            "https://me:hunter2@cdn.example:x/a",
        ] {
            let error = web("product.page_url", text).unwrap_err();
            assert_eq!(error.field(), Some("product.page_url"), "{text:?}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
