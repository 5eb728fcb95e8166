//! Which addresses are this machine's, which are the internet's, and which are neither.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Whether a plain http address names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

/// Whether a host is one that a service on the internet could never reach.
pub(crate) fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => !is_public(ip.into()),
        Some(Host::Ipv6(ip)) => !is_public(ip.into()),
        Some(Host::Domain(name)) => {
            name.trim_end_matches('.').rsplit('.').next() == Some("localhost")
        }
        None => true,
    }
}

/// Whether an address is one of a machine on the internet, by IANA's registries of special addresses.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let is_special = match ip.octets() {
        // Nobody's, networks of one's own, loopback, and multicast with all that is reserved above it.
        [0 | 10 | 127 | 224.., ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
        // Carriers' own, and link-local, where clouds tell their machines what they are.
        [100, 64..=127, ..] | [169, 254, ..] => true,
        // Protocols, relays to IPv6, and benchmarks.
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] => true,
        // Documentation.
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        _ => false,
    };
    !is_special
}

/// Public ones are all given from 2000::/3. Loopback, local, multicast, mapped IPv4 and NAT64 lie
/// outside of it.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let is_special = match ip.segments() {
        // Protocols and tunnels, which lead to other addresses.
        [0x2001, 0..=0x1ff, ..] | [0x2002, ..] => true,
        // Documentation.
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => true,
        _ => false,
    };
    ip.segments()[0] >> 13 == 1 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let is_local = |text: &str| is_loopback(&Url::parse(text).unwrap());
        for local in
            ["http://127.0.0.1:9/a.png", "http://127.1/", "http://[::1]/", "http://localhost/"]
        {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "http://10.0.0.1/",
            "http://169.254.169.254/latest",
            "http://localhost.example.com/",
            "http://localhost./",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://127.0.0.1@example.com/",
            "https://127.0.0.1/",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }

    #[test]
    fn private_hosts_are_told_from_public_ones() {
        let is_private = |text: &str| is_private(&Url::parse(text).unwrap());
        for private in [
            "https://192.168.1.2/",
            "https://[fd00::1]/",
            "https://localhost/",
            "https://localhost./",
            "https://a.localhost/",
            "https://100.64.0.1/",
            // The same address as 127.0.0.1, as a number.
            "https://2130706433/",
        ] {
            assert!(is_private(private), "{private}");
        }
        assert!(!is_private("https://media.beatapi.io/a.png"));
        assert!(!is_private("https://8.8.8.8/a.png"));
    }

    #[test]
    fn each_block_that_is_not_public_ends_where_it_should() {
        let is_public = |text: &str| is_public(text.parse().unwrap());
        for private in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private), "{private}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
        ] {
            assert!(is_public(public), "{public}");
        }
    }
}
