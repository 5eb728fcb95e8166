//! The answers behind the rows, each named by the row's cell "code or body".

/// An answer, and what has to be read from it.
pub(super) struct Case {
    /// As in the table.
    pub(super) provider: &'static str,
    /// As in the table.
    pub(super) what: &'static str,
    pub(super) body: String,
    pub(super) code: Option<&'static str>,
    pub(super) field: Option<&'static str>,
    pub(super) request_id: Option<&'static str>,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
    /// BeatAPI's own word for whether it helps to try again.
    pub(super) retryable: Option<bool>,
    /// What the error's line holds of it.
    pub(super) says: &'static str,
}

impl Case {
    fn new(provider: &'static str, what: &'static str, body: impl Into<String>) -> Self {
        Self {
            provider,
            what,
            body: body.into(),
            code: None,
            field: None,
            request_id: None,
            retry_after: None,
            retryable: None,
            says: "",
        }
    }

    fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    fn says(mut self, says: &'static str) -> Self {
        self.says = says;
        self
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = edge();
    cases.extend(beatapi());
    cases.extend(creatify());
    cases.extend(jogg());
    cases
}

/// What stands before any provider, and what none of them should answer.
fn edge() -> Vec<Case> {
    let case = |what, body: &str| Case::new("any", what, body);
    let page = "\n<!DOCTYPE html><html><body>EDGE refused test-key</body></html>";
    vec![
        case("no body", ""),
        case("HTML of an edge", page).says("HTML or XML instead of an answer"),
        case("text of an edge", "EDGE: error code: 7 for test-key\n")
            .says("text instead of an answer"),
        case("JSON that says nothing", "{}").says("an answer without a word of the provider's"),
        case("JSON that does not fit the spec", r#"{"code":0,"msg":"","data":7}"#)
            .says("the answer does not fit its spec: "),
    ]
}

fn beatapi() -> Vec<Case> {
    let case = |what, body: &str| Case::new("BeatAPI", what, body);
    let mut cases = vec![
        case("text `error code: 1010`", "error code: 1010\n")
            .code("1010")
            .field("http.header")
            .says("an edge before the provider refused this client by its User-Agent"),
        case("`error` as a text", r#"{"error":"no\n\t such\u0007 thing"}"#).says("no such thing"),
        Case {
            request_id: Some("req_8"),
            retry_after: Some(12),
            ..case(
                "`error` without a code",
                r#"{"error":{"message":"no","request_id":"req_8","retry_after_seconds":"12",
                    "details":{"test-key":["nor"]}}}"#,
            )
            .says("no ([redacted]: nor)")
        },
        case(
            "`failed` with `error_code` and `error_message`",
            r#"{"data":{"id":"task_1","status":"failed","error_code":"processing_timeout",
                "error_message":"took\n too long","retryable":true}}"#,
        )
        .code("processing_timeout")
        .says("job failed (processing_timeout): took too long;"),
        case("`failed` without a reason", r#"{"data":{"id":"task_1","status":"failed"}}"#)
            .says("the provider gives no reason"),
    ];
    cases.extend(BEATAPI_CODES.map(|(what, code, retryable)| coded(what, code, retryable)));
    cases
}

/// The codes, and whether the newest contract says that it helps to try again.
const BEATAPI_CODES: [(&str, &str, Option<bool>); 23] = [
    ("`bad_request`", "bad_request", Some(false)),
    ("`content_policy_violation`", "content_policy_violation", Some(false)),
    ("`missing_api_key`", "missing_api_key", Some(false)),
    ("`invalid_api_key`", "invalid_api_key", Some(false)),
    // Gone before the word came.
    ("`unauthorized`", "unauthorized", None),
    ("`insufficient_credits`", "insufficient_credits", Some(false)),
    ("`forbidden`", "forbidden", Some(false)),
    ("`not_found`", "not_found", Some(false)),
    ("`idempotency_conflict`", "idempotency_conflict", Some(false)),
    ("`user_concurrency_exceeded`", "user_concurrency_exceeded", Some(true)),
    ("`rate_limit_exceeded`", "rate_limit_exceeded", Some(true)),
    ("`internal_error`", "internal_error", Some(true)),
    ("`processing_unavailable`", "processing_unavailable", Some(true)),
    ("`processing_timeout`", "processing_timeout", Some(true)),
    ("`processing_failed`", "processing_failed", Some(true)),
    ("`result_transfer_failed`", "result_transfer_failed", Some(true)),
    ("`realtime_capacity_unavailable`", "realtime_capacity_unavailable", Some(true)),
    ("`realtime_disabled`", "realtime_disabled", Some(false)),
    ("`realtime_session_expired`", "realtime_session_expired", Some(false)),
    ("`origin_not_allowed`", "origin_not_allowed", Some(false)),
    ("`transport_not_allowed`", "transport_not_allowed", Some(false)),
    ("`invalid_client_secret`", "invalid_client_secret", Some(false)),
    ("`invalid_signature`", "invalid_signature", Some(false)),
];

fn coded(what: &'static str, code: &'static str, retryable: Option<bool>) -> Case {
    let mut error = serde_json::json!({
        "code": code, "message": "It says\nno to test-key.", "request_id": "req_7",
    });
    if let Some(retryable) = retryable {
        error["retryable"] = retryable.into();
    }
    let retry_after = code.ends_with("_exceeded").then_some(30);
    if let Some(secs) = retry_after {
        error["retry_after_seconds"] = secs.into();
    }
    Case {
        request_id: Some("req_7"),
        retry_after,
        retryable,
        ..Case::new("BeatAPI", what, serde_json::json!({"error": error}).to_string())
            .code(code)
            .says("It says no to [redacted]")
    }
}

fn creatify() -> Vec<Case> {
    let case = |what, body: &str| Case::new("Creatify", what, body);
    vec![
        case(
            "a list of sentences",
            r#"["Link must have at least one image or one video.","AI model not found"]"#,
        )
        .says("Link must have at least one image or one video.; AI model not found"),
        case("a list of objects", r#"[{"message":"no","code":"x"},{"link":["nor test-key"]}]"#)
            .field("link")
            .says("no; link: nor [redacted]"),
        case("a field with its sentences", r#"{"link":["Invalid link ID"]}"#)
            .field("link")
            .says("link: request refused (400): Invalid link ID;"),
        case("a field within a field", r#"{"link":{"url":["Enter a valid URL."]}}"#)
            .field("link.url")
            .says("Enter a valid URL."),
        case("several fields", r#"{"aspect_ratio":["no"],"scenes":[{},{"text":["nor","not"]}]}"#)
            .field("aspect_ratio")
            .says("aspect_ratio: no; scenes[1].text: nor; scenes[1].text: not"),
        case("`non_field_errors`", r#"{"non_field_errors":["Expected a dictionary."]}"#)
            .says("Expected a dictionary."),
        case("`detail`", r#"{"detail":"It says\n no to test-key."}"#)
            .says("It says no to [redacted]"),
        case("`detail` as a list", r#"{"detail":["no",{"url":["nor"]}]}"#)
            .field("url")
            .says("no; url: nor"),
        case("`error`", r#"{"error":"no"}"#).says(": no;"),
        case("`Failed to scrape url`", r#"["Failed to scrape url: "]"#)
            .says("Failed to scrape url:;"),
        case("a sentence on credits", r#"["Insufficient credits."]"#).says("Insufficient credits."),
        case(
            "`failed` with `failed_reason`",
            r#"{"id":"r","status":"failed","failed_reason":"No\nproduct\u0000 found"}"#,
        )
        .says("job failed: No product found;"),
        case(
            "`rejected` with `failed_reason`",
            r#"{"id":"r","status":"rejected","failed_reason":"Not this"}"#,
        )
        .says("job failed: Not this;"),
        case("`failed` without a reason", r#"{"id":"r","status":"failed","failed_reason":""}"#)
            .says("the provider gives no reason"),
    ]
}

fn jogg() -> Vec<Case> {
    let case = |what, body: &str| Case::new("JoggAI", what, body);
    let mut cases = vec![
        case("`0` without data", r#"{"code":0,"msg":"Success","data":null}"#),
        Case {
            retry_after: Some(30),
            ..case("`429`", r#"{"code":429,"msg":"Rate limit exceeded.","data":{"retryAfter":30}}"#)
                .code("429")
                .says("Rate limit exceeded.")
        },
        case("`1`", r#"{"code":1,"msg":"bad body"}"#).code("1").says("bad body"),
        case("`10104`", r#"{"code":10104,"msg":"Record not found","data":null}"#).code("10104"),
        Case {
            request_id: Some("0123456789abcdef0123456789abcdef"),
            ..case(
                "`10105`",
                r#"{"code":"10105","message":"Invalid API\nkey test-key",
                    "rid":"0123456789abcdef0123456789abcdef"}"#,
            )
            .code("10105")
            .says("Invalid API key [redacted]")
        },
        case("`18001`", r#"{"code":18001,"msg":"script.style required","rid":""}"#)
            .code("18001")
            .field("script.style"),
        case("`18020`", r#"{"code":18020.0,"msg":"Insufficient credit","data":null}"#)
            .code("18020")
            .says("Insufficient credit"),
        case("`18025`", r#"{"code":18025,"msg":"No API permission","data":null}"#).code("18025"),
        case("`40000`", r#"{"code":40000,"msg":"Parameter error: avatar_id is required"}"#)
            .code("40000")
            .field("avatar_id"),
        case("`50000`", r#"{"code":50000,"msg":"System error","data":null}"#).code("50000"),
        case("an unknown code", r#"{"code":10401,"msg":"who knows"}"#)
            .code("10401")
            .says("who knows"),
        case("no code", r#"{"message":"who knows","data":{}}"#).says("who knows"),
    ];
    let job = |what, status: &str, fields: &str| {
        let data = format!(r#"{{"id":"v","status":"{status}",{fields}"created_at":1}}"#);
        case(what, &format!(r#"{{"code":0,"msg":"Success","data":{data}}}"#))
    };
    cases.extend([
        job(
            "`failed` with `error` as an object",
            "failed",
            r#""error":{"code":50000,"message":"Insufficient media\nquality"},"#,
        )
        .code("50000")
        .says("job failed (50000): Insufficient media quality;"),
        job("`failed` with `error` as a text", "Failed", r#""error":"no","#)
            .says("job failed: no;"),
        job("`failed` with `err_msg`", "error", r#""error":null,"err_msg":"no","#)
            .says("job failed: no;"),
        job("`cancelled` with `error_message`", "cancelled", r#""error_message":"no","#)
            .says("job failed: no;"),
        job("`failed` without a reason", "failed", r#""error":{},"msg":"","#)
            .says("the provider gives no reason"),
    ]);
    cases
}
