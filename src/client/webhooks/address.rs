//! Checks that a provider can reach the address of an endpoint.

use url::Url;

use crate::account::{is_loopback, is_private};
use crate::address;
use crate::error::{Error, Result};
use crate::job::Account;

/// Checks that a provider can reach an address: HTTPS at a public host, or anything on this machine
/// where the provider is a sandbox that runs here.
pub(super) fn check(text: &str, account: &Account) -> Result<Url> {
    let refused =
        |message: &str| Err(Error::invalid("url", message).with_provider(account.provider));
    let url = address::web("url", text).map_err(|error| error.with_provider(account.provider))?;
    let sandbox = Url::parse(&account.realm).is_ok_and(|realm| is_loopback(&realm));
    if sandbox && is_loopback(&url) {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return refused("providers deliver to https addresses only");
    }
    if url.fragment().is_some() {
        return refused("an address for deliveries has no #");
    }
    if is_private(&url) || !has_dot(&url) {
        return refused("no provider can reach this host from outside: use a public one");
    }
    Ok(url)
}

/// A name without a dot is one of a network of its own.
fn has_dot(url: &Url) -> bool {
    url.domain().is_none_or(|name| name.trim_end_matches('.').contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProviderId;

    fn account(realm: &str) -> Account {
        let (provider, name) = (ProviderId::Jogg, "default".to_owned());
        Account { provider, name, realm: realm.to_owned() }
    }

    #[test]
    fn an_address_is_one_that_the_provider_can_reach() {
        let real = account("https://api.jogg.ai");
        let sandbox = account("http://127.0.0.1:8080");
        for url in ["https://shop.example/hook?a=b", "https://93.184.216.34/hook"] {
            assert!(check(url, &real).is_ok() && check(url, &sandbox).is_ok(), "{url}");
        }
        for url in ["http://127.0.0.1:9/hook", "http://localhost/hook", "https://[::1]/hook"] {
            assert!(check(url, &real).is_err(), "{url}");
            assert!(check(url, &sandbox).is_ok(), "{url}");
        }
        for url in [
            "hook",
            "http://shop.example/hook",
            "ftp://127.0.0.1/",
            "https://10.0.0.1/hook",
            "https://169.254.169.254/hook",
            "https://[fd00::1]/hook",
            "https://[::ffff:10.0.0.1]/hook",
            "https://198.18.0.1/hook",
            "https://intranet/hook",
            "https://intranet./hook",
            "https://me:word@shop.example/hook",
            "https://shop.example/hook#top",
        ] {
            for account in [&real, &sandbox] {
                assert_eq!(check(url, account).unwrap_err().field(), Some("url"), "{url}");
            }
        }
    }
}
