//! Keys that never show: not in `Debug`, errors, logs or files.

use std::fmt;

/// A provider's API key or key id.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Wraps a key; white space around it, as pasting leaves it, is dropped.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(key.as_ref().trim().to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

impl From<&str> for ApiKey {
    fn from(key: &str) -> Self {
        Self::new(key)
    }
}

impl From<String> for ApiKey {
    fn from(key: String) -> Self {
        Self::new(key)
    }
}

/// Provider text as it may be shown: on one line, without the given secrets, at most 300
/// characters long.
pub(crate) fn redact(text: &str, secrets: &[ApiKey]) -> String {
    const MAX_CHARS: usize = 300;
    let mut text = text.to_owned();
    for secret in secrets.iter().map(ApiKey::expose).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[redacted]");
    }
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let mut line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", ApiKey::new("sk_live_1")), "ApiKey([redacted])");
    }

    #[test]
    fn provider_text_loses_keys_and_line_breaks() {
        let key = ApiKey::new(" sk_live_1\n");
        let shown = redact("bad key\n  sk_live_1\u{7}", &[key]);
        assert_eq!(shown, "bad key [redacted]");
        assert_eq!(redact(&"x".repeat(400), &[]).chars().count(), 301);
    }
}
