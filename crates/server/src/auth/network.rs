//! From which address does a request come, and may that address be asked at all?
//!
//! Behind a proxy the peer of the connection is the proxy, and the client's address is what the proxy appended to
//! `X-Forwarded-For`. Only a proxy that the settings name is believed; from anybody else that header is a reason to
//! think that there is a proxy we know nothing of.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;

/// One address, or all that share the first bits: `10.0.0.5`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Leading bits that count, up to 32 or 128.
    prefix_bits: u8,
}

/// The text is no address and no `address/bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANetwork;

/// What is known of where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddress {
    /// Directly from there, or so a trusted proxy says.
    Known(IpAddr),
    /// From a peer that says it forwards for others, though nobody told us of a proxy.
    ForwardedBy(IpAddr),
}

impl Network {
    /// True if the address is this one or in this network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same_bits(own.to_bits().into(), other.to_bits().into(), self.skip(32))
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same_bits(own.to_bits(), other.to_bits(), self.skip(128)),
            _ => false,
        }
    }

    fn skip(&self, bits: u8) -> u32 {
        u32::from(bits - self.prefix_bits)
    }
}

fn same_bits(own: u128, other: u128, skip: u32) -> bool {
    (own ^ other).checked_shr(skip).unwrap_or(0) == 0
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.map_or(Ok(bits_max), |bits| bits.parse().map_err(|_| NotANetwork))?;
        if prefix_bits > bits_max { Err(NotANetwork) } else { Ok(Self { address, prefix_bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix_bits)
    }
}

/// Where a request comes from, seen through the trusted proxies. Proxies append, so the last address that is not one
/// of theirs is the client's; whatever stands before it the client may have written itself.
pub fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: &[Network]) -> ClientAddress {
    let peer = peer.ip().to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        let is_forwarded = ["x-forwarded-for", "forwarded"].iter().any(|name| headers.contains_key(*name));
        return if is_forwarded { ClientAddress::ForwardedBy(peer) } else { ClientAddress::Known(peer) };
    }
    let named: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for text in named.into_iter().rev() {
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        if !is_trusted(address) {
            return ClientAddress::Known(address.to_canonical());
        }
    }
    // The proxy asks for itself, or says nothing that can be read.
    ClientAddress::ForwardedBy(peer)
}

impl ClientAddress {
    /// The address that failures are counted for.
    pub fn ip(self) -> IpAddr {
        match self {
            Self::Known(address) | Self::ForwardedBy(address) => address,
        }
    }

    /// True only where the client itself is surely on this machine.
    pub fn is_this_machine(self) -> bool {
        matches!(self, Self::Known(address) if address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let cases = [
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "10.0.0.6", false),
            ("10.0.0.5", "::ffff:10.0.0.5", true),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8::1", true),
        ];
        for (network, address, expected) in cases {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network} {address}");
        }
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "proxy.example",
            "10.0.0.1:80",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let (known, forwarded) = (ClientAddress::Known, ClientAddress::ForwardedBy);
        type Case = (&'static str, &'static [&'static str], fn(IpAddr) -> ClientAddress, &'static str);
        let cases: [Case; 10] = [
            ("127.0.0.1", &[], known, "127.0.0.1"),
            ("::ffff:127.0.0.1", &[], known, "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.7"], forwarded, "127.0.0.1"),
            ("203.0.113.9", &["127.0.0.1"], forwarded, "203.0.113.9"),
            ("10.0.0.5", &["198.51.100.7"], known, "198.51.100.7"),
            ("10.0.0.5", &["127.0.0.1, 198.51.100.7"], known, "198.51.100.7"),
            ("10.0.0.5", &["127.0.0.1", "198.51.100.7, 10.0.0.6"], known, "198.51.100.7"),
            ("10.0.0.5", &[], forwarded, "10.0.0.5"),
            ("10.0.0.5", &["198.51.100.7, unknown"], forwarded, "10.0.0.5"),
            ("10.0.0.5", &["10.0.0.6"], forwarded, "10.0.0.5"),
        ];
        let trusted = ["10.0.0.0/24".parse().unwrap()];
        for (peer, values, variant, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
            let expected = variant(expected.parse().unwrap());
            assert_eq!(client_address(peer, &headers, &trusted), expected, "{peer} {values:?}");
        }
    }

    #[test]
    fn this_machine_is_only_who_comes_directly() {
        let loopback = "127.0.0.1".parse().unwrap();
        assert!(ClientAddress::Known(loopback).is_this_machine());
        assert!(!ClientAddress::ForwardedBy(loopback).is_this_machine());
        assert!(!ClientAddress::Known("10.0.0.5".parse().unwrap()).is_this_machine());
    }
}
