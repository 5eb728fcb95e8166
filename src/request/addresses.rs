//! The addresses and words in a request, whichever field they stand in.

use super::{Image, Track, VideoRequest};
use crate::plain::trimmed;

impl VideoRequest {
    /// The same request where nothing but what stands around its addresses is left out: a line's
    /// end makes no other request of it, and one that was stored before stays what it was.
    pub(super) fn with_trimmed_addresses(&self) -> Self {
        let mut request = self.clone();
        for (_, text) in request.addresses() {
            *text = trimmed(text).to_owned();
        }
        request
    }

    /// The request without what a line's end or blanks have left around its words.
    pub(crate) fn with_trimmed_words(mut self) -> Self {
        let product = &mut self.product;
        let further = [&mut product.description, &mut product.audience, &mut product.price];
        let further = further.into_iter().chain([&mut self.prompt]).flatten();
        for text in further.chain([&mut product.name]) {
            *text = trimmed(text).to_owned();
        }
        self
    }

    /// Each address with the field that it stands in. A blank one of those that may be left out
    /// counts as left out.
    pub(crate) fn addresses(&mut self) -> Vec<(String, &mut String)> {
        let mut all: Vec<(String, &mut String)> = Vec::new();
        for (index, image) in self.product.images.iter_mut().enumerate() {
            if let Image::Url(url) = image {
                all.push((format!("product.images[{index}]"), url));
            }
        }
        if let Some(Track::Url(url)) = &mut self.track {
            all.push(("track".to_owned(), url));
        }
        let mut further = Vec::new();
        further.extend([("product.page_url", self.product.page_url.as_mut())]);
        #[cfg(feature = "beatapi")]
        if let Some(music) = self.beatapi.as_mut().and_then(|options| options.music.as_mut()) {
            further.push(("beatapi.music.lip_ref_url", music.lip_ref_url.as_mut()));
            further.push(("beatapi.music.srt_url", music.srt_url.as_mut()));
            for (index, url) in music.lip_ref_urls.iter_mut().enumerate() {
                all.push((format!("beatapi.music.lip_ref_urls[{index}]"), url));
            }
        }
        #[cfg(feature = "creatify")]
        if let Some(options) = &mut self.creatify {
            let showcase = options.product_showcase_url.as_mut();
            further.push(("creatify.product_showcase_url", showcase));
            let link = options.link.as_mut();
            let music = link.and_then(|link| link.background_music_url.as_mut());
            further.push(("creatify.link.background_music_url", music));
        }
        let further = further.into_iter().filter_map(|(field, text)| Some((field, text?)));
        let given = further.filter(|(_, text)| !trimmed(text).is_empty());
        all.extend(given.map(|(field, text)| (field.to_owned(), text)));
        all
    }
}
