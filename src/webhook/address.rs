//! The address that deliveries about one step of a job go to. Creatify signs nothing, so a token in
//! the address proves that a delivery is Creatify's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::account::Keys;
use crate::address;
use crate::error::{Error, Result};

/// The longest address that Creatify takes.
const ADDRESS_MAX_CHARS: usize = 200;

/// The longest base of an address that leaves room for what is added.
pub(crate) const BASE_MAX_CHARS: usize = 140;

/// The name of what is added to the query.
const PARAMETER: &str = "adreel";

/// What the account's key signs nothing else with.
const PURPOSE: &[u8] = b"adreel: address for deliveries, 1\n";

/// How much of the code stands in the address: enough that nobody guesses it, and whole base64.
const TOKEN_BYTES: usize = 12;

/// The base of an account's addresses, as it is sent.
pub(crate) fn address_base(text: &str) -> Result<String> {
    let url = address::web("webhook_url", text)?;
    if url.fragment().is_none() && url.as_str().chars().count() <= BASE_MAX_CHARS {
        return Ok(url.into());
    }
    let message = format!(
        "not an http or https address of at most {BASE_MAX_CHARS} characters without a #: what \
         adreel adds to it has to fit into Creatify's {ADDRESS_MAX_CHARS}"
    );
    Err(Error::invalid("webhook_url", message))
}

/// The address with a step's token and tag. Nothing of it is stored: it is made from the account's
/// key whenever it is checked. The tag stands at the end, where look-ups read it in the records
/// that echo it.
pub(crate) fn step_address(base: &str, tag: &str, keys: &Keys) -> String {
    let separator = if base.contains('?') { '&' } else { '?' };
    let token = code(keys, tag).map(|code| code.finalize().into_bytes());
    let token = token.map(|code| URL_SAFE_NO_PAD.encode(&code[..TOKEN_BYTES])).unwrap_or_default();
    format!("{base}{separator}{PARAMETER}={token}.{tag}")
}

/// What the address of a delivery says, before anything proves it.
pub(crate) struct Claim {
    tag: String,
    token: Vec<u8>,
}

impl Claim {
    /// Reads the query of an address; `None` where it has not the form of ours. It needs no key,
    /// so that forged deliveries cost next to nothing.
    pub(crate) fn of(query: &str) -> Option<Self> {
        let mut ours = url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
            .filter(|(name, _)| name == PARAMETER);
        let (only, None) = (ours.next()?.1, ours.next()) else { return None };
        let (token, tag) = only.split_once('.')?;
        let token =
            URL_SAFE_NO_PAD.decode(token).ok().filter(|token| token.len() == TOKEN_BYTES)?;
        Some(Self { tag: tag.to_owned(), token })
    }

    /// The tag of the step that the delivery says to be about.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether the address was made with these keys. Takes the same time wherever the token first
    /// differs.
    pub(crate) fn is_proved_by(&self, keys: &Keys) -> bool {
        code(keys, &self.tag).is_some_and(|code| code.verify_truncated_left(&self.token).is_ok())
    }
}

/// `None` for an empty key, with which anyone could make addresses.
fn code(keys: &Keys, tag: &str) -> Option<Hmac<Sha256>> {
    let key = Some(keys.key.expose()).filter(|key| !key.is_empty())?;
    let mut code = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    code.update(PURPOSE);
    code.update(tag.as_bytes());
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "ar-01J8ZQ4Y6T0000000000000000-21";

    fn keys() -> Keys {
        Keys::id_and_key("id", "sk_creatify_1")
    }

    fn proved_tag(query: &str, keys: &Keys) -> Option<String> {
        let claim = Claim::of(query).filter(|claim| claim.is_proved_by(keys))?;
        Some(claim.tag().to_owned())
    }

    #[test]
    fn the_longest_address_is_no_longer_than_creatify_takes() {
        let base = format!("https://hook.example/{}?a=b", "x".repeat(BASE_MAX_CHARS - 25));
        assert_eq!(base.len(), BASE_MAX_CHARS);
        assert_eq!(super::address_base(&base).unwrap(), base);
        let address = step_address(&base, TAG, &keys());
        assert!(address.len() <= ADDRESS_MAX_CHARS, "{} characters", address.len());
        let error = super::address_base(&format!("{base}x")).unwrap_err();
        assert_eq!(error.field(), Some("webhook_url"));
        for text in ["hook.example", "ftp://hook.example", "https://hook.example/#a"] {
            assert!(super::address_base(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_proves_its_own_step_only_and_shows_no_key() {
        let address = step_address("https://hook.example/h?shop=7", TAG, &keys());
        assert!(address.starts_with("https://hook.example/h?shop=7&adreel="));
        assert!(address.ends_with(TAG) && !address.contains("sk_creatify"));
        let query = address.split_once('?').unwrap().1;
        assert_eq!(proved_tag(query, &keys()).as_deref(), Some(TAG));
        assert_eq!(proved_tag(&format!("?{query}"), &keys()).as_deref(), Some(TAG));
        let other = query.replace("-21", "-20");
        let empty = "shop=7&adreel=.ar-01J8ZQ4Y6T0000000000000000-21";
        let twice = format!("{query}&{query}");
        let untagged = query.split_once('.').unwrap().0;
        let old = format!("adreel={TAG}");
        for forged in ["", "shop=7", &other, empty, &twice, untagged, &old] {
            assert_eq!(proved_tag(forged, &keys()), None, "{forged}");
        }
        assert_eq!(proved_tag(query, &Keys::key("sk_creatify_2")), None, "another key");
    }

    #[test]
    fn an_empty_key_proves_nothing() {
        let address = step_address("https://hook.example/h", TAG, &Keys::key(" "));
        assert_eq!(proved_tag(address.split_once('?').unwrap().1, &Keys::key(" ")), None);
    }
}
