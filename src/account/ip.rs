//! Which addresses are this machine's, which are the internet's, and which are neither.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Blocks that nobody on the internet has, by IANA's registry of special addresses. What is in
/// none of them is public.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carriers' own.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local: where clouds tell their machines what they are.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Three for documentation, with the last two of the next five.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Benchmarks.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, and what is reserved above it, with the broadcast address.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The one block that public IPv6 addresses are given from. Loopback, local, multicast, mapped IPv4
/// and NAT64 lie outside of it.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is special within it: protocols and tunnels, which lead to other addresses, and two blocks
/// for documentation.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip == Ipv6Addr::LOCALHOST,
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
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => true,
    }
}

/// Whether an address is one of a machine on the internet.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let within = |(net, length): (Ipv4Addr, u32)| {
                (ip.to_bits() ^ net.to_bits()).leading_zeros() >= length
            };
            !NOT_PUBLIC_V4.into_iter().any(within)
        }
        IpAddr::V6(ip) => {
            let within = |(net, length): (Ipv6Addr, u32)| {
                (ip.to_bits() ^ net.to_bits()).leading_zeros() >= length
            };
            within(PUBLIC_V6) && !NOT_PUBLIC_V6.into_iter().any(within)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let is_local = |text: &str| is_loopback(&Url::parse(text).unwrap());
        for local in
            ["http://127.0.0.1:9/a.png", "http://127.1/", "https://[::1]/", "http://localhost/"]
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
