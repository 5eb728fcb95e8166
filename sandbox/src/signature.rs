//! How BeatAPI and JoggAI sign what they deliver, read from their documentation a second time.
//!
//! Both write HMAC-SHA256 as 64 hexadecimal digits in small letters, with no prefix. The key is the
//! whole secret as text, with its `whsec_`. BeatAPI signs the timestamp's header, a full stop and the
//! body; JoggAI signs the body alone.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::ids::hex;

/// The value of `x-beatapi-signature`.
pub(crate) fn of_beatapi(secret: &str, timestamp: &str, body: &[u8]) -> String {
    hmac_sha256(secret, &[timestamp.as_bytes(), b".", body])
}

/// The value of `x-webhook-signature`.
pub(crate) fn of_jogg(secret: &str, body: &[u8]) -> String {
    hmac_sha256(secret, &[body])
}

/// The code of the parts put together.
fn hmac_sha256(key: &str, parts: &[&[u8]]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        assert_eq!(
            hmac_sha256("Jefe", &[b"what do ya ", b"want for nothing?"]),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hmac_sha256(&"\u{b}".repeat(20), &[b"Hi There"]),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn beatapi_signs_its_timestamp_and_jogg_the_body_alone() {
        let body = br#"{"id":"evt_1","event":"task.succeeded","created_at":1790000000,"data":{"id":"task_1"}}"#;
        assert_eq!(
            of_beatapi("whsec_emulator_demo", "1790000000", body),
            "148c987d7d313d54f79dff71d64d9c9bdcc72eead7a424f7e9b7cf163cd86538"
        );
        let body = br#"{"event_id":"evt_1","event":"generated_product_video_success"}"#;
        assert_eq!(
            of_jogg("whsec_1", body),
            "d6354bff52a64458fa23c8082b9948c0338058dcf28365dbc992853bd4db51b5"
        );
    }
}
