//! What the names of fields say of what stands there: links to what was made, reasons of failures.

/// Where in an answer something stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// Whether the field is one for links to what was made.
    pub(super) is_link: bool,
    /// Whether the field, or one around it, tells why something failed.
    pub(super) is_reason: bool,
}

/// What words begin with in the names of fields for links to what was made.
const OF_LINKS: [&str; 18] = [
    "url", "uri", "href", "src", "link", "video", "image", "photo", "picture", "preview", "thumb",
    "output", "poster", "cover", "audio", "music", "media", "file",
];

/// What such a name ends with that is for a word about the file.
const OF_WORDS: [&str; 10] =
    ["name", "title", "label", "status", "code", "text", "note", "id", "description", "prompt"];

/// Names of fields that hold a reason, and what words begin with in others.
const REASONS: [&str; 6] = ["reason", "message", "msg", "detail", "details", "status_message"];
const OF_REASONS: [&str; 3] = ["err", "fail", "reject"];

impl Place {
    /// The place of a field in here.
    pub(super) fn of(self, name: &str) -> Self {
        let name = snake(name);
        let words = || name.split(|c: char| !c.is_ascii_alphanumeric());
        let begins = |starts: &[&str]| {
            words().any(|word| starts.iter().any(|start| word.starts_with(start)))
        };
        let is_word = words().next_back().is_some_and(|last| OF_WORDS.contains(&last));
        let is_reason = REASONS.contains(&name.as_str()) || begins(&OF_REASONS);
        Self { is_link: begins(&OF_LINKS) && !is_word, is_reason: self.is_reason || is_reason }
    }
}

/// A name with its words apart, in small letters: `video_url` for `videoUrl`.
fn snake(name: &str) -> String {
    let (mut snake, mut is_small) = (String::with_capacity(name.len()), false);
    for c in name.chars() {
        if c.is_ascii_uppercase() && is_small {
            snake.push('_');
        }
        is_small = c.is_ascii_lowercase();
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
