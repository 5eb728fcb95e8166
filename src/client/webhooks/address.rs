use std::net::IpAddr;

use url::{Host, Url};

use crate::address;
use crate::error::{Error, Result};
use crate::job::Account;

/// Checks that a provider can reach an address: HTTPS at a public host, or anything on this machine
/// where the provider is a sandbox that runs here.
pub(super) fn check(text: &str, account: &Account) -> Result<Url> {
    let refused =
        |message: &str| Err(Error::invalid("url", message).with_provider(account.provider));
    let url = address::web("url", text).map_err(|error| error.with_provider(account.provider))?;
    let sandbox = Url::parse(&account.realm).is_ok_and(|realm| is_local(&realm));
    if sandbox && is_local(&url) {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return refused("providers deliver to https addresses only");
    }
    if url.fragment().is_some() {
        return refused("an address for deliveries has no #");
    }
    if is_local(&url) || is_private(&url) {
        return refused("no provider can reach this host from outside: use a public one");
    }
    Ok(url)
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => true,
    }
}

fn is_private(url: &Url) -> bool {
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::from(ip),
        Some(Host::Ipv6(ip)) => ip.to_canonical(),
        Some(Host::Domain(name)) => return !name.trim_end_matches('.').contains('.'),
        None => return true,
    };
    match ip {
        IpAddr::V4(ip) => {
            let is_carriers = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_broadcast()
                || is_carriers
        }
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
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
            "https://intranet/hook",
            "https://me:word@shop.example/hook",
            "https://shop.example/hook#top",
        ] {
            for account in [&real, &sandbox] {
                assert_eq!(check(url, account).unwrap_err().field(), Some("url"), "{url}");
            }
        }
    }
}
