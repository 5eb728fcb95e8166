//! A delivery as it came.

use std::fmt;

use crate::model::ProviderId;

/// The headers that any provider signs with.
const HEADERS: [&str; 3] = ["x-beatapi-timestamp", "x-beatapi-signature", "x-webhook-signature"];

/// A request that came to a webhook address, from any web framework.
///
/// ```
/// # use adreel::ProviderId;
/// # use adreel::Delivery;
/// let headers = [("x-webhook-signature", "5d41…")];
/// let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, v)| *v);
/// let delivery = Delivery::new(ProviderId::Jogg, header, b"{}").account("eu");
/// ```
#[derive(Clone)]
pub struct Delivery<'a> {
    pub(crate) provider: ProviderId,
    pub(crate) account: Option<&'a str>,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
    headers: Vec<(&'static str, &'a str)>,
}

impl<'a> Delivery<'a> {
    /// A delivery that says to be this provider's. `header` gives the value of a header by its
    /// lower-case name; `body` is the body as it came, byte for byte.
    pub fn new(
        provider: ProviderId,
        header: impl Fn(&str) -> Option<&'a str>,
        body: &'a [u8],
    ) -> Self {
        let headers = HEADERS.into_iter().filter_map(|name| Some((name, header(name)?)));
        Self { provider, account: None, query: "", body, headers: headers.collect() }
    }

    /// The same from all of its headers, such as a `&HeaderMap` of the crate `http`. Values that are
    /// no text are passed over: none that proves anything is.
    pub fn from_headers<N, V>(
        provider: ProviderId,
        headers: impl IntoIterator<Item = (&'a N, &'a V)>,
        body: &'a [u8],
    ) -> Self
    where
        N: AsRef<str> + ?Sized + 'a,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let known = |name: &str| HEADERS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        let headers = headers.into_iter().filter_map(|(name, value)| {
            Some((known(name.as_ref())?, std::str::from_utf8(value.as_ref()).ok()?))
        });
        Self { provider, account: None, query: "", body, headers: headers.collect() }
    }

    /// The name of the account that the address belongs to. Default: `default`.
    #[must_use]
    pub fn account(mut self, name: &'a str) -> Self {
        self.account = Some(name);
        self
    }

    /// The query of the address, without the question mark. Creatify's deliveries need it: their
    /// proof stands in there.
    #[must_use]
    pub fn query(mut self, query: &'a str) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Shows neither signature nor address.
impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("provider", &self.provider)
            .field("account", &self.account)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
