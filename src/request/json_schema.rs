//! The JSON Schema of a request.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::VideoRequest;

impl VideoRequest {
    /// The JSON Schema (draft 2020-12) of a request as JSON, with the options of the providers
    /// that are compiled in.
    ///
    /// It holds what is true of every provider: types, known values, and limits that all share. A
    /// request that fits it may still be refused by a plan, which knows the provider.
    ///
    /// It has one rule that reading does not: no unknown fields, so that a typo is found before it
    /// is paid for.
    ///
    /// ```
    /// let schema = adreel::VideoRequest::json_schema();
    /// assert_eq!(schema["required"], serde_json::json!(["product"]));
    /// ```
    pub fn json_schema() -> Value {
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Self>().into()
    }
}
