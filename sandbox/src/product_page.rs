//! What a shop's page says of its product, as a scraper would find it: the head's own words first.

use url::Url;

use super::check::web_url;
use super::fetch::{self, Fetcher};

/// As many pictures as are taken from one page.
const MOST_IMAGES: usize = 20;
/// Where the reading of a page ends: whatever a shop says of its product is far before.
const MOST_BYTES: usize = 2_000_000;
/// Of a title or a description.
const MOST_CHARS: usize = 5_000;

/// A product as its page shows it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ProductPage {
    pub(super) title: String,
    pub(super) description: String,
    /// Addresses, the main one first.
    pub(super) images: Vec<String>,
    /// With its currency's code: `12.90 EUR`.
    pub(super) price: Option<String>,
}

impl ProductPage {
    /// Reads a page. Where pages are not fetched from, the address has to do.
    ///
    /// # Errors
    /// A sentence. It never holds any of what was answered.
    pub(super) async fn read(fetcher: &Fetcher, url: &Url) -> Result<Self, String> {
        if !fetcher.reaches(url) {
            return Ok(Self { title: name_of(url), ..Self::default() });
        }
        let html = fetcher.get(url, &fetch::PAGE).await?;
        let url = url.clone();
        let read = move || {
            let read = &html[..html.len().min(MOST_BYTES)];
            Self::of_html(&String::from_utf8_lossy(read), &url)
        };
        // A page that was made for it takes a second.
        let page = tokio::task::spawn_blocking(read).await;
        page.map_err(|_| "the page could not be read".to_owned())
    }

    fn of_html(html: &str, url: &Url) -> Self {
        let (mut page, mut title, mut description) = (Self::default(), None, None);
        let (mut pictures, mut amount, mut currency) = (Vec::new(), None, None);
        for tag in Tags(html) {
            let key = tag.value("property").or(tag.value("name")).unwrap_or_default();
            match (tag.name.as_str(), key) {
                ("meta", "og:title") => page.title = tag.content(),
                ("meta", "og:description") => page.description = tag.content(),
                ("meta", "og:image") => page.images.push(tag.content()),
                ("meta", "product:price:amount" | "og:price:amount") => {
                    amount = Some(tag.content())
                }
                ("meta", "product:price:currency" | "og:price:currency") => {
                    currency = Some(tag.content());
                }
                ("meta", "description") => description = Some(tag.content()),
                ("img", _) => pictures.extend(tag.value("src").map(plain)),
                // The first one is the page's own, later ones belong to drawings in it.
                ("title", _) if title.is_none() => {
                    let text = tag.after.split_once("</").map(|(text, _)| plain(text));
                    title = Some(text.unwrap_or_default());
                }
                _ => {}
            }
        }
        if page.title.is_empty() {
            page.title = title.filter(|title| !title.is_empty()).unwrap_or_else(|| name_of(url));
        }
        if page.description.is_empty() {
            page.description = description.unwrap_or_default();
        }
        page.price = amount.zip(currency).map(|(amount, currency)| format!("{amount} {currency}"));
        // A page is full of icons: they count only where it does not name its pictures.
        let named = if page.images.is_empty() { pictures } else { page.images };
        page.images = Vec::new();
        for picture in named.iter().filter_map(|picture| address_of(picture, url)) {
            if !page.images.contains(&picture) && page.images.len() < MOST_IMAGES {
                page.images.push(picture);
            }
        }
        page
    }
}

/// The whole address of a picture that can be drawn.
fn address_of(picture: &str, page: &Url) -> Option<String> {
    let address = page.join(picture).ok().filter(|url| web_url(url.as_str()).is_some())?;
    let path = address.path().to_ascii_lowercase();
    (!path.ends_with(".svg") && !path.ends_with(".ico")).then(|| address.into())
}

/// `https://shop.example/products/morning-roast.html` is about a "Morning Roast".
fn name_of(page: &Url) -> String {
    let mut segments = page.path_segments().into_iter().flatten();
    let last = segments.rfind(|segment| !segment.is_empty());
    let slug = last.or(page.host_str()).unwrap_or_default();
    let slug = slug.split_once('.').map_or(slug, |(stem, _)| stem);
    let words = slug.split(['-', '_', '+']).filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Text without its entities, on one line.
fn plain(text: &str) -> String {
    let entities =
        [("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">")];
    let mut text = text.replace("&nbsp;", " ");
    for (entity, character) in entities {
        text = text.replace(entity, character);
    }
    // Last, so that what it gives is not read again.
    let text = text.replace("&amp;", "&");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(MOST_CHARS).collect()
}

/// One opening tag.
struct Tag<'a> {
    name: String,
    attributes: Vec<(String, &'a str)>,
    after: &'a str,
}

impl<'a> Tag<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    fn content(&self) -> String {
        plain(self.value("content").unwrap_or_default())
    }
}

/// The opening tags of a page, apart from what stands in comments, scripts and styles.
struct Tags<'a>(&'a str);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let (_, after) = self.0.split_once('<')?;
            self.0 = after;
            if let Some(comment) = after.strip_prefix("!--") {
                self.0 = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
            if end == 0 {
                continue;
            }
            let name = after[..end].to_ascii_lowercase();
            let (attributes, after) = read_attributes(&after[end..]);
            self.0 = match name.as_str() {
                "script" | "style" => past(after, &format!("</{name}")),
                _ => after,
            };
            return Some(Tag { name, attributes, after });
        }
    }
}

/// What follows a word, in whatever case it is written.
fn past<'a>(text: &'a str, word: &str) -> &'a str {
    let mut windows = text.as_bytes().windows(word.len());
    let found = windows.position(|window| window.eq_ignore_ascii_case(word.as_bytes()));
    found.and_then(|at| text.get(at + word.len()..)).unwrap_or_default()
}

/// The attributes of a tag, and what follows the tag.
fn read_attributes(mut text: &str) -> (Vec<(String, &str)>, &str) {
    const ENDS: [char; 3] = ['=', '>', '/'];
    let mut attributes = Vec::new();
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/' || c == '=');
        if text.is_empty() || text.starts_with('>') {
            return (attributes, text.strip_prefix('>').unwrap_or_default());
        }
        let end = text.find(|c: char| c.is_whitespace() || ENDS.contains(&c));
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        let (value, rest) = match rest.trim_start().strip_prefix('=') {
            Some(value) => read_value(value.trim_start()),
            None => ("", rest),
        };
        attributes.push((name.to_ascii_lowercase(), value));
        text = rest;
    }
}

fn read_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let end = text.find(|c: char| c.is_whitespace() || c == '>');
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> ProductPage {
        ProductPage::of_html(html, &Url::parse("http://127.0.0.1:9/shop/roast").unwrap())
    }

    #[test]
    fn a_page_is_named_by_the_end_of_its_address() {
        for (page, name) in [
            ("https://shop.example/products/morning-roast.html?x=1", "Morning Roast"),
            ("https://shop.example/", "Shop"),
            ("https://shop.example/a_b/", "A B"),
        ] {
            assert_eq!(name_of(&Url::parse(page).unwrap()), name);
        }
    }

    #[test]
    fn the_heads_own_words_count_before_the_rest() {
        let found = page(
            "<!doctype html><!-- <title>No</title> --><TITLE>Shop | Roast</TITLE>\
             <meta property='og:title' content='Morning &amp; Evening\n Roast'>\
             <meta name=description content=Plain><meta property=\"og:image\" content=\"/a.png\"/>\
             <meta property=product:price:amount content=12.90>\
             <meta property=product:price:currency content=EUR>\
             <script>if (a < b) '<img src=x.png>'</SCRIPT><img src=/icon.png>",
        );
        assert_eq!(found.title, "Morning & Evening Roast");
        assert_eq!((&*found.description, found.price.as_deref()), ("Plain", Some("12.90 EUR")));
        assert_eq!(found.images, ["http://127.0.0.1:9/a.png"]);
    }

    #[test]
    fn a_plain_page_has_a_title_and_pictures() {
        let found = page(
            "<title>Roast</title><img alt src=\"a.png\"><img src=data:image/png;base64,AA>\
             <img src='https://cdn.example/b.jpg?x=1&amp;y=2'><img src=a.png><img src=logo.SVG>",
        );
        let images = ["http://127.0.0.1:9/shop/a.png", "https://cdn.example/b.jpg?x=1&y=2"];
        assert_eq!(found.price, None);
        assert_eq!(
            (found.title.as_str(), &found.images[..]),
            ("Roast", &images.map(String::from)[..])
        );
    }

    #[test]
    fn whatever_is_no_page_says_nothing_and_ends() {
        for text in
            ["", "<", "< <", "<a", "<a b", "<a b=", "<a b='", "<!--", "<script>", "</", "é<é>"]
        {
            let named = ProductPage { title: "Roast".to_owned(), ..ProductPage::default() };
            assert_eq!(page(text), named, "{text}");
        }
    }

    #[test]
    fn a_page_that_repeats_itself_without_end_is_read_once() {
        for part in ["<title>", "<a b='", "<script>", "<!--", "<a b", " b=c", "<img src=a>"] {
            assert!(page(&part.repeat(MOST_BYTES / part.len())).images.len() <= MOST_IMAGES);
        }
        let found = page(&format!("<title>{}</title>", "é ".repeat(MOST_CHARS)));
        assert_eq!(found.title.chars().count(), MOST_CHARS);
    }
}
