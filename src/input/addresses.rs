//! The addresses and files in a request as they are sent.

use crate::address;
use crate::error::Result;
use crate::request::{Image, Track, VideoRequest};

impl VideoRequest {
    /// The request with its addresses as they are sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming the field of one that
    /// is none.
    pub(crate) fn with_read_addresses(&self) -> Result<Self> {
        let mut request = self.clone();
        for (field, text) in request.addresses() {
            *text = address::web(field, text)?.into();
        }
        Ok(request)
    }

    /// The request with its files named from the root: its job may be resumed in another
    /// folder.
    pub(crate) fn with_absolute_paths(mut self) -> Self {
        let images = self.product.images.iter_mut().filter_map(|image| match image {
            Image::File(path) => Some(path),
            _ => None,
        });
        let track = self.track.iter_mut().filter_map(|track| match track {
            Track::File(path) => Some(path),
            _ => None,
        });
        for path in images.chain(track) {
            // Where the folder is gone it stays as it is, and is not found.
            *path = std::path::absolute(&*path).unwrap_or_else(|_| std::mem::take(path));
        }
        self
    }
}

#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod tests {
    use super::*;
    use crate::request::Product;

    /// A request as it comes from a JSON file, with this in every field that takes an address.
    fn request(text: &str) -> VideoRequest {
        serde_json::from_value(serde_json::json!({
            "product": {"name": "Roast", "page_url": text, "images": [{"url": text}]},
            "track": {"url": text},
            "beatapi": {"music": {"lip_ref_url": text, "srt_url": text, "lip_ref_urls": [text]}},
            "creatify": {"product_showcase_url": text, "link": {"background_music_url": text}},
        }))
        .expect("it has the form of a request")
    }

    #[test]
    fn every_field_that_takes_an_address_is_read() {
        let clean = request("https://shop.example/a");
        let read = request(" https://SHOP.example/a\r\n").with_read_addresses().unwrap();
        assert_eq!(read, clean);
        let listed = request("https://x.example").addresses().len();
        let json = serde_json::to_string(&clean).unwrap();
        assert_eq!(json.matches("https://shop.example/a").count(), listed);
        for index in 0..listed {
            let mut odd = clean.clone();
            let (field, text) = odd.addresses().remove(index);
            *text = "https:shop.example".to_owned();
            assert_eq!(odd.with_read_addresses().unwrap_err().field(), Some(&*field));
        }
    }

    #[test]
    fn a_line_end_makes_no_other_request() {
        let print = |request: &VideoRequest| request.fingerprint(&[], None);
        assert_eq!(print(&request("https://a.example/\r")), print(&request("https://a.example/")));
        assert_ne!(print(&request("https://a.example/")), print(&request("https://b.example/")));
        // Jobs that were stored before are known again: what is read is not what is compared.
        let odd = VideoRequest::new(Product::new("R").image_url("https://A.example/a b.png"));
        assert_ne!(print(&odd), print(&odd.with_read_addresses().unwrap()));
    }

    #[test]
    fn a_line_end_makes_no_other_words() {
        let of = |end: &str| {
            let mut request = request("https://a.example/");
            let product = &mut request.product;
            product.name += end;
            product.description = Some(format!("{end}Fresh"));
            product.audience = Some(format!("All{end}"));
            product.price = Some(format!("4.50 €{end}"));
            request.prompt(format!("Steam{end}"))
        };
        let print = |request: &VideoRequest| request.fingerprint(&[], None);
        for end in ["\r", " ", "\r\n", "\u{feff}", "\u{200b}\t"] {
            assert_eq!(print(&of(end)), print(&of("")), "{end:?}");
            assert_eq!(of(end).with_trimmed_words(), of(""), "{end:?}");
        }
        assert_ne!(print(&of(" Tea")), print(&of("")));
    }

    #[test]
    fn files_are_named_from_the_root() {
        let product = Product::new("R").image_file("a.png").image_url("https://a.example/a.png");
        let request = VideoRequest::new(product).track(Track::file("./b.mp3"));
        let read = request.clone().with_absolute_paths();
        let here = std::env::current_dir().unwrap();
        assert_eq!(read.product.images[0], Image::File(here.join("a.png")));
        assert_eq!(read.track, Some(Track::file(here.join("b.mp3"))));
        assert_eq!(read.product.images[1], request.product.images[1]);
    }

    #[test]
    fn a_page_that_is_left_blank_is_none() {
        let request = VideoRequest::new(Product::new("R").page_url(" "));
        assert_eq!(request.with_read_addresses().unwrap(), request);
    }
}
