//! `--set jogg.avatar=81`: the options of one provider, on the command line.

use std::str::FromStr;

use adreel::{Error, ErrorKind, ProviderId, Result, VideoRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// One `--set`.
#[derive(Clone, Debug)]
pub(crate) struct OptionValue {
    provider: ProviderId,
    name: String,
    text: String,
}

impl FromStr for OptionValue {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let form = "write provider.option=value, such as jogg.avatar=81";
        let (path, value) = text.split_once('=').ok_or(form)?;
        let (provider, name) = path.split_once('.').ok_or(form)?;
        let provider = provider.parse().map_err(|_| form)?;
        Ok(Self { provider, name: name.to_owned(), text: value.to_owned() })
    }
}

impl OptionValue {
    fn path(&self) -> String {
        format!("{}.{}", self.provider, self.name)
    }

    /// What the text may mean: a voice's id may look like a number and be a text all the same.
    fn readings(&self) -> impl Iterator<Item = Value> {
        let json = serde_json::from_str(&self.text).ok();
        json.into_iter().chain([Value::String(self.text.clone())])
    }
}

/// What the command line says and cannot be.
fn invalid(field: impl Into<String>, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, message).with_field(field)
}

/// The request with these options.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](adreel::ErrorKind::InvalidRequest) naming an option that the
/// provider does not have, or that cannot have the value.
pub(super) fn set(mut request: VideoRequest, values: &[OptionValue]) -> Result<VideoRequest> {
    for value in values {
        match value.provider {
            ProviderId::BeatApi => request.beatapi = Some(changed(request.beatapi, value)?),
            ProviderId::Creatify => request.creatify = Some(changed(request.creatify, value)?),
            ProviderId::Jogg => request.jogg = Some(changed(request.jogg, value)?),
            _ => return Err(invalid(value.path(), "this version does not know its options")),
        }
    }
    Ok(request)
}

fn changed<O: Serialize + DeserializeOwned>(options: Option<O>, value: &OptionValue) -> Result<O> {
    let refused = |error: serde_json::Error| {
        let reason = error.to_string();
        let forms =
            [("a sequence", r#"["…"]"#), ("a map", r#"{"…": …}"#), ("struct", r#"{"…": …}"#)];
        let form = forms.iter().find(|(kind, _)| reason.contains(&format!("expected {kind}")));
        let form =
            form.map(|(_, form)| format!("; write it as JSON: --set '{}={form}'", value.path()));
        let message =
            format!("{:?} cannot be set: {reason}{}", value.text, form.unwrap_or_default());
        invalid(value.path(), message)
    };
    let options = serde_json::to_value(options).map_err(refused)?;
    let options: Map<String, Value> = options.as_object().cloned().unwrap_or_default();
    let mut failed = None;
    for reading in value.readings() {
        let mut options = options.clone();
        options.insert(value.name.clone(), reading);
        match serde_json::from_value(Value::Object(options)) {
            Ok(options) => return Ok(options),
            // What is said of the first reading tells more: a number where a number should be.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.map_or_else(|| invalid(value.path(), "has no value"), refused))
}

#[cfg(test)]
mod tests {
    use super::*;
    use adreel::Product;

    fn request(values: &[&str]) -> Result<VideoRequest> {
        let values: Vec<OptionValue> = values.iter().map(|text| text.parse().unwrap()).collect();
        set(VideoRequest::new(Product::new("Morning Roast")), &values)
    }

    #[test]
    fn values_are_read_as_what_the_option_takes() {
        let request = request(&[
            "jogg.avatar=81",
            "jogg.voice=12",
            "jogg.caption=false",
            "jogg.visual_style=Simple Product Switch",
            "creatify.motion_style=talking",
        ]);
        let request = request.unwrap();
        let jogg = request.jogg.unwrap();
        assert_eq!((jogg.avatar, jogg.voice.as_deref()), (Some(81), Some("12")));
        assert_eq!(jogg.caption, Some(false));
        assert_eq!(jogg.visual_style.as_deref(), Some("Simple Product Switch"));
        assert_eq!(request.creatify.unwrap().motion_style.unwrap().as_str(), "talking");
    }

    #[test]
    fn what_an_option_cannot_be_is_refused_by_name() {
        let error = request(&["jogg.avatar=anna"]).unwrap_err();
        assert_eq!(error.field(), Some("jogg.avatar"));
        let error = request(&["jogg.previews=Bold"]).unwrap_err();
        let form = r#"write it as JSON: --set 'jogg.previews=["…"]'"#;
        assert!(error.to_string().contains(form), "{error}");
        let error = request(&["jogg.avtar=81"]).unwrap_err();
        assert!(error.to_string().contains("unknown field"), "{error}");
        for text in ["jogg", "jogg.avatar", "avatar=1", "nobody.avatar=1"] {
            assert!(text.parse::<OptionValue>().is_err(), "{text}");
        }
    }
}
