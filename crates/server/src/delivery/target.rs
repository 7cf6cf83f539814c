//! Where may log events be sent? To the public internet, and to networks that the settings name.
//!
//! Who may put a subscription filter chooses where this server connects to, so a name or an address that leads into the
//! server's own network would open what a firewall keeps shut (server-side request forgery,
//! <https://owasp.org/www-community/attacks/Server_Side_Request_Forgery>). What counts is the address that is connected
//! to, each time: a name may mean another one tomorrow.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use crate::auth::Network;

/// The networks that may be sent to beside the public internet.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    allowed: Vec<Network>,
}

/// Why a text is no destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTarget {
    /// An ARN: deliveries go to HTTP endpoints alone.
    Arn,
    /// No URL of an HTTP endpoint.
    NotAUrl,
    /// A user and password, or a fragment, which nobody would see.
    HasExtras,
    /// Something in it looks like a card number, so it could not be kept.
    CardNumber,
    /// An address that is neither public nor allowed.
    Private,
}

impl fmt::Display for BadTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Arn => {
                "this server delivers to HTTP endpoints; give the URL of one that takes what Data Firehose sends, such as https://example.com/firehose"
            }
            Self::NotAUrl => "it is no URL; write for example https://example.com/firehose",
            Self::HasExtras => {
                "a URL with a user, a password or a fragment is not taken; access keys belong into the file of --delivery-keys"
            }
            Self::CardNumber => "it has digits that look like a card number",
            Self::Private => {
                "its address is private or of this machine; the setting --delivery-network allows such networks"
            }
        })
    }
}

impl Targets {
    /// Beside the public internet, these.
    pub fn new(allowed: &[Network]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// The URL that a destination means. Its host may still mean an address that is not admitted.
    ///
    /// # Errors
    /// It is no URL of an HTTP endpoint, or surely not one that may be sent to.
    pub fn url(&self, destination: &str) -> Result<Url, BadTarget> {
        if destination.starts_with("arn:") {
            return Err(BadTarget::Arn);
        }
        if walletscope_guard::guard(destination).cuts > 0 {
            return Err(BadTarget::CardNumber);
        }
        // What a URL parser drops or encodes would stand in the definition and in the log.
        if !destination.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadTarget::NotAUrl);
        }
        let url = Url::parse(destination).map_err(|_| BadTarget::NotAUrl)?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return Err(BadTarget::NotAUrl),
        };
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(BadTarget::HasExtras);
        }
        match literal(&url) {
            Some(address) if !self.admits(address, is_plain) => Err(BadTarget::Private),
            _ => Ok(url),
        }
    }

    /// Whether this address may be connected to. Without TLS only networks that the settings name: elsewhere anybody
    /// could read along.
    pub fn admits(&self, address: IpAddr, is_plain: bool) -> bool {
        let is_allowed = self.allowed.iter().any(|network| network.contains(address));
        is_allowed || (!is_plain && is_public(address))
    }
}

/// The address that stands in a URL instead of a name.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address is reached over the public internet: it is in none of the special-purpose blocks
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // This network, private, loopback, link-local (clouds answer with credentials there), private again.
        (0 | 10 | 127, ..) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Carriers, protocol assignments, benchmarks.
        (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) => true,
        // Documentation, 6to4 relays.
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Only 2000::/3 is given out; all that is private, link-local, multicast or loopback lies outside.
    let [first, second, third, ..] = address.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_special = match (first, second) {
        // Protocol assignments with Teredo, documentation.
        (0x2001, 0..=0x01ff | 0x0db8) => true,
        (0x3fff, 0..=0x0fff) => true,
        // 6to4 carries an IPv4 address, which is what is reached.
        (0x2002, _) => {
            let [[a, b], [c, d]] = [second, third].map(u16::to_be_bytes);
            !is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        _ => false,
    };
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        let public = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2002:0808:0808::1"];
        let special = [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
        ];
        for (texts, expected) in [(&public[..], true), (&special[..], false)] {
            for text in texts {
                assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
            }
        }
    }

    #[test]
    fn what_is_allowed_is_allowed_and_no_more() {
        let targets = Targets::new(&["10.0.0.0/8".parse().unwrap()]);
        let admits = |address: &str, is_plain| targets.admits(address.parse().unwrap(), is_plain);
        assert!(admits("10.9.9.9", false) && admits("10.9.9.9", true));
        assert!(admits("8.8.8.8", false) && !admits("8.8.8.8", true));
        assert!(!admits("192.168.0.1", false) && !admits("127.0.0.1", true));
    }

    #[test]
    fn a_destination_is_the_url_of_an_endpoint() {
        let targets = Targets::new(&["127.0.0.1".parse().unwrap()]);
        for good in [
            "https://siem.example/firehose?x=1",
            "http://127.0.0.1:8088/",
            "https://8.8.8.8/",
            "http://siem/",
        ] {
            assert!(targets.url(good).is_ok(), "{good}");
        }
        let bad = [
            ("arn:aws:lambda:us-east-1:123456789012:function:f", BadTarget::Arn),
            ("", BadTarget::NotAUrl),
            ("siem.example/firehose", BadTarget::NotAUrl),
            ("ftp://siem.example/", BadTarget::NotAUrl),
            ("file:///etc/passwd", BadTarget::NotAUrl),
            ("https://siem.example/\nforged", BadTarget::NotAUrl),
            ("https://si\u{e9}m.example/", BadTarget::NotAUrl),
            ("https://", BadTarget::NotAUrl),
            ("https://user@siem.example/", BadTarget::HasExtras),
            ("https://:word@siem.example/", BadTarget::HasExtras),
            ("https://siem.example/#part", BadTarget::HasExtras),
            ("https://siem.example/4111111111111111", BadTarget::CardNumber),
            ("https://127.0.0.2/", BadTarget::Private),
            ("https://2130706434/", BadTarget::Private),
            ("https://0x7f.0.0.2/", BadTarget::Private),
            ("https://[::ffff:10.0.0.1]/", BadTarget::Private),
            ("https://169.254.169.254/latest/meta-data", BadTarget::Private),
            ("http://8.8.8.8/", BadTarget::Private),
        ];
        for (text, expected) in bad {
            assert_eq!(targets.url(text), Err(expected), "{text}");
        }
    }
}
