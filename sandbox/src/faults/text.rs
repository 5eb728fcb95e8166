//! Faults as JSON and as text: `name?parameter=value&…`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::times::TIMES;
use super::{Fault, FaultKind, InvalidFault};
use crate::excerpt::shown;

impl Fault {
    /// Reads the fields of a fault that is still to be checked.
    ///
    /// # Errors
    /// What is wrong, with the field and what it may be.
    fn of(fields: Map<String, Value>) -> Result<Self, String> {
        let read = serde_json::from_value(fields.clone().into());
        read.map_err(|error| wrong_field(&fields).unwrap_or_else(|| error.to_string()))
    }

    /// Reads the fields of a fault, and checks it.
    pub(crate) fn read(fields: Map<String, Value>) -> Result<Self, InvalidFault> {
        let fault = Self::of(fields).map_err(InvalidFault)?;
        fault.check().map(|()| fault)
    }
}

/// The first field that cannot be read, with what it may be.
fn wrong_field(fields: &Map<String, Value>) -> Option<String> {
    let is_wrong = |name: &str, value: &Value| {
        let alone = json!({"fault": FaultKind::Delay, name: value});
        serde_json::from_value::<Fault>(alone).is_err()
    };
    let mut fields = fields.iter().filter(|(name, _)| *name != "fault");
    let (name, value) = fields.find(|(name, value)| is_wrong(name, value))?;
    let allowed = match name.as_str() {
        "provider" => "beatapi, creatify or jogg",
        "operation" | "product" | "field" | "value" | "to" => "a text",
        "times" => TIMES,
        "skip" | "count" => "a whole number from 0 to 4294967295",
        "status" => "the number of an HTTP status",
        "bytes" => "a whole number from 0 to 1000000000",
        "seconds" => "a number from 0 to 1000000000",
        "probability" => "a number from 0 to 1",
        "accepted" | "date" | "refund" => "true or false",
        _ => return None,
    };
    Some(format!("{name} must be {allowed}, not {}", shown(&value.to_string(), 100)))
}

impl fmt::Display for Fault {
    /// As it is [read](Self::from_str): `name?parameter=value&…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(Value::Object(fields)) = serde_json::to_value(self) else { return Err(fmt::Error) };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let is_written =
            |name: &str, value: &Value| name != "fault" && (name != "times" || value != 1);
        for (name, value) in fields.iter().filter(|(name, value)| is_written(name, value)) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            query.append_pair(name, &text);
        }
        let query = query.finish();
        f.write_str(self.kind.as_str())?;
        if query.is_empty() { Ok(()) } else { write!(f, "?{query}") }
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    /// Reads `name?parameter=value&…`. A number as the name is an HTTP status: `429`, `500` to `599`.
    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        const TEXTS: [&str; 6] = ["provider", "operation", "product", "field", "value", "to"];
        let refused =
            |error: &str| InvalidFault(format!("{:?} is no fault: {error}", shown(text, 100)));
        let (name, query) = text.trim().split_once('?').unwrap_or((text.trim(), ""));
        let mut object = Map::new();
        object.insert("fault".to_owned(), name.into());
        if let Ok(status) = name.parse::<u16>() {
            let kind =
                if status == 429 { FaultKind::TooManyRequests } else { FaultKind::ServerError };
            object.insert("fault".to_owned(), kind.as_str().into());
            if status != 429 {
                object.insert("status".to_owned(), status.into());
            }
        }
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let read = serde_json::from_str::<Value>(&value).ok();
            let plain = read.filter(|_| !TEXTS.contains(&name.as_ref()));
            let value = plain.unwrap_or_else(|| value.into_owned().into());
            if object.insert(name.clone().into_owned(), value).is_some() {
                return Err(refused(&format!("{:?} is given twice", shown(&name, 100))));
            }
        }
        let fault = Self::of(object).map_err(|error| refused(&error))?;
        fault.check().map(|()| fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_the_same_from_text_and_from_json() {
        for (text, json) in [
            ("reset-after", r#"{"fault":"reset-after","times":1}"#),
            ("429?seconds=5&date=true", r#"{"fault":"too-many-requests","seconds":5,"date":true}"#),
            (
                "503?accepted=true&times=2",
                r#"{"fault":"server-error","status":503,"accepted":true,"times":2}"#,
            ),
            (
                "unknown-status?value=7&times=always",
                r#"{"fault":"unknown-status","value":"7","times":"always"}"#,
            ),
            ("video-404?provider=jogg", r#"{"fault":"video-404","provider":"jogg"}"#),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault, serde_json::from_str(json).unwrap(), "{text}");
            let written = serde_json::to_value(&fault).unwrap();
            assert_eq!(serde_json::from_value::<Fault>(written).unwrap(), fault);
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
        }
    }

    #[test]
    fn what_is_wrong_with_a_fault_is_said() {
        for (text, expected) in [
            ("nothing", "unknown variant `nothing`"),
            ("reset-after?bytes=2", "reset-after has no bytes: its parameters are none"),
            ("404", "status 404: must be from 500 to 599"),
            ("delay?seconds=-1", "seconds must be from 0"),
            ("delay?second=1", "unknown field `second`"),
            ("delay?probability=2", "probability must be from 0 to 1"),
            ("delay?operation=make_video", "no provider has it"),
            ("video-tail?bytes=1000001", "bytes must be from 1 to 1000000"),
            ("reset-middle?bytes=18446744073709551615", "bytes must be from 0 to 1000000000"),
            ("slow-body?bytes=0", "bytes must be from 1"),
            ("delay?times=often", "times must be a whole number from 1 to 4294967295, or"),
            ("delay?times=-1", "times must be a whole number from 1"),
            ("delay?times=0", "times must be a whole number from 1"),
            ("delay?seconds=x", "seconds must be a number from 0 to 1000000000, not \"x\""),
            ("delay?skip=1.5", "skip must be a whole number from 0"),
            ("html?accepted=yes", "accepted must be true or false, not \"yes\""),
            ("delay?provider=acme", "provider must be beatapi, creatify or jogg"),
            ("missing-field?field=", "field must not be empty"),
            ("delay?product=", "product must not be empty"),
            ("video-tail?value=", "value must not be empty"),
            ("video-tail?value=a&bytes=1", "bytes or value"),
            ("delay?seconds=1&seconds=2", "\"seconds\" is given twice"),
            ("503?status=500", "\"status\" is given twice"),
            ("delay?fault=html", "\"fault\" is given twice"),
            ("", "unknown variant"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains('\n'), "{text}: {error}");
        }
    }
}
