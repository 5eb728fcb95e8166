//! JoggAI names languages by English words; requests name them by BCP 47 tags.

use crate::model::Language;

/// Primary tags of the languages with a word of their own, in the provider's order.
pub(super) const TAGS: &[&str] = &[
    "en", "fil", "fr", "de", "hi", "id", "it", "ja", "ko", "ms", "pt", "ru", "es", "th", "vi",
    "ar", "el", "tr", "sl", "hr", "ro", "zh", "bn", "ur", "hu", "pl", "yue", "da", "ml", "ta",
    "te", "cs", "he", "zu", "sv", "lt", "nl", "no", "nb", "fi", "bg", "lv", "uk", "mn", "fa", "or",
    "as", "kn", "tl", "am", "sr", "sk", "sw",
];

const WORDS: [(&str, &str); 53] = [
    ("en", "english"),
    ("fil", "filipino"),
    ("fr", "french"),
    ("de", "german"),
    ("hi", "hindi"),
    ("id", "indonesian"),
    ("it", "italian"),
    ("ja", "japanese"),
    ("ko", "korean"),
    ("ms", "malay"),
    ("pt", "portuguese"),
    ("ru", "russian"),
    ("es", "spanish"),
    ("th", "thai"),
    ("vi", "vietnamese"),
    ("ar", "arabic"),
    ("el", "greek"),
    ("tr", "turkish"),
    ("sl", "slovenian"),
    ("hr", "croatian"),
    ("ro", "romanian"),
    ("zh", "chinese (simplified)"),
    ("bn", "bengali"),
    ("ur", "urdu"),
    ("hu", "hungarian"),
    ("pl", "polish"),
    ("yue", "cantonese"),
    ("da", "danish"),
    ("ml", "malayalam"),
    ("ta", "tamil"),
    ("te", "telugu"),
    ("cs", "czech"),
    ("he", "hebrew"),
    ("zu", "zulu"),
    ("sv", "swedish"),
    ("lt", "lithuanian"),
    ("nl", "dutch"),
    ("no", "norwegian"),
    ("nb", "norwegian"),
    ("fi", "finnish"),
    ("bg", "bulgarian"),
    ("lv", "latvian"),
    ("uk", "ukrainian"),
    ("mn", "mongolian"),
    ("fa", "persian"),
    ("or", "odia"),
    ("as", "assamese"),
    ("kn", "kannada"),
    ("tl", "tagalog"),
    ("am", "amharic"),
    ("sr", "serbian"),
    ("sk", "slovak"),
    ("sw", "swahili"),
];

/// The provider's word for a language; English where none is asked for.
pub(super) fn word(language: Option<&Language>) -> &'static str {
    let Some(language) = language else { return "english" };
    match language.as_str() {
        "zh-Hant" | "zh-TW" | "zh-HK" => return "traditional-chinese",
        "nl-BE" => return "flemish",
        _ => {}
    }
    let entry = WORDS.iter().find(|(tag, _)| *tag == language.primary());
    entry.map_or("english", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_has_a_word_and_regions_choose_among_them() {
        assert!(TAGS.iter().zip(WORDS).all(|(tag, (listed, _))| *tag == listed));
        assert_eq!(TAGS.len(), WORDS.len());
        let said = |tag: &str| word(Some(&tag.parse().unwrap()));
        assert_eq!(
            ["pt-BR", "zh-CN", "zh-Hant", "nl-BE"].map(said),
            ["portuguese", "chinese (simplified)", "traditional-chinese", "flemish"]
        );
        assert_eq!(word(None), "english");
    }
}
