//! Was this request meant for us? A page on the web may point its own name at 127.0.0.1 and then talk to our port as
//! if to its own server (DNS rebinding); the name in `Host` gives it away.
//!
//! Names of this machine count with our port, public names that the settings give with any, because a proxy has its
//! own. AWS's clients put `stream-` before the host for some operations, so both kinds count with that as well.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Uri, header};

/// What AWS's clients put before the host name, newest first.
const PREFIXES: [&str; 2] = ["stream-", "streaming-"];
const HTTP_PORT: u16 = 80;

/// The names that this server answers to.
#[derive(Clone, Debug)]
pub struct HostRule {
    listen: SocketAddr,
    public: Vec<Box<str>>,
}

/// Why a request is not for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotForUs {
    /// It names no host, several, or one that cannot be read.
    Unclear,
    /// It names a host that we are not.
    Misdirected,
}

impl HostRule {
    /// `listen` is the address that was bound, with its real port; `public` are lower-case names.
    pub fn new(listen: SocketAddr, public: &[Box<str>]) -> Self {
        Self { listen, public: public.to_vec() }
    }

    /// Checks the host in the request line (HTTP/2's `:authority` too) and in the header: each that is there.
    ///
    /// # Errors
    /// Why it is not for us.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), NotForUs> {
        let in_line = uri.authority().map(|authority| authority.as_str());
        let mut in_header = headers.get_all(header::HOST).iter();
        let first =
            in_header.next().map(|value| value.to_str().map_err(|_| NotForUs::Unclear)).transpose()?;
        if in_header.next().is_some() {
            return Err(NotForUs::Unclear);
        }
        let named: Vec<&str> = in_line.into_iter().chain(first).collect();
        if named.is_empty() {
            return Err(NotForUs::Unclear);
        }
        named.into_iter().try_for_each(|host| self.check_one(host))
    }

    fn check_one(&self, host: &str) -> Result<(), NotForUs> {
        let (name, port) = split(host).ok_or(NotForUs::Unclear)?;
        let plain = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
        let is_ours = self.public.iter().any(|public| **public == *plain)
            || (port.unwrap_or(HTTP_PORT) == self.listen.port() && self.is_own_name(plain));
        if is_ours { Ok(()) } else { Err(NotForUs::Misdirected) }
    }

    /// Addresses need no list where we listen to the network: rebinding takes a name.
    fn is_own_name(&self, name: &str) -> bool {
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || !self.listen.ip().is_loopback(),
            Err(_) => name == "localhost",
        }
    }
}

/// The lower-case name without a final dot, and the port if there is one.
fn split(host: &str) -> Option<(String, Option<u16>)> {
    let name_end =
        if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, rest) = host.split_at(name_end);
    let port = match rest.strip_prefix(':') {
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some(port.parse().ok()?),
        None if rest.is_empty() => None,
        _ => return None,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    (!name.is_empty()).then(|| (name.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(listen: &str, host: &str) -> Result<(), NotForUs> {
        let rule = HostRule::new(listen.parse().unwrap(), &["logs.example".into()]);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        rule.check(&Uri::from_static("/"), &headers)
    }

    #[test]
    fn hosts_that_are_ours() {
        let loopback = "127.0.0.1:7300";
        let cases = [
            (loopback, "127.0.0.1:7300"),
            (loopback, "127.0.0.2:7300"),
            (loopback, "localhost:7300"),
            (loopback, "LocalHost.:7300"),
            (loopback, "[::1]:7300"),
            (loopback, "stream-127.0.0.1:7300"),
            (loopback, "streaming-localhost:7300"),
            (loopback, "logs.example"),
            (loopback, "logs.example:443"),
            (loopback, "stream-LOGS.example"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:7300", "[::1]:7300"),
            ("0.0.0.0:7300", "10.1.2.3:7300"),
            ("0.0.0.0:7300", "[2001:db8::1]:7300"),
            ("0.0.0.0:7300", "localhost:7300"),
        ];
        for (listen, host) in cases {
            assert_eq!(check(listen, host), Ok(()), "{listen} {host}");
        }
    }

    #[test]
    fn hosts_that_are_not() {
        let (loopback, wrong, unclear) = ("127.0.0.1:7300", NotForUs::Misdirected, NotForUs::Unclear);
        let cases = [
            (loopback, "rebound.example:7300", wrong),
            (loopback, "127.0.0.1:7301", wrong),
            (loopback, "127.0.0.1", wrong),
            (loopback, "10.1.2.3:7300", wrong),
            (loopback, "127.0.0.1.example:7300", wrong),
            (loopback, "localhost.example:7300", wrong),
            (loopback, "evil-logs.example", wrong),
            (loopback, "logs.example.evil.example", wrong),
            (loopback, "stream-stream-localhost:7300", wrong),
            (loopback, "user@127.0.0.1:7300", wrong),
            ("0.0.0.0:7300", "rebound.example:7300", wrong),
            ("0.0.0.0:7300", "10.1.2.3:80", wrong),
            (loopback, "", unclear),
            (loopback, ":7300", unclear),
            (loopback, "127.0.0.1:", unclear),
            (loopback, "127.0.0.1:+7300", unclear),
            (loopback, "127.0.0.1:73000", unclear),
            (loopback, "[::1", unclear),
            (loopback, "[::1]x:7300", unclear),
        ];
        for (listen, host, why) in cases {
            assert_eq!(check(listen, host), Err(why), "{listen} {host}");
        }
    }

    #[test]
    fn request_line_and_header_must_both_be_ours_and_there_once() {
        let rule = HostRule::new("127.0.0.1:7300".parse().unwrap(), &[]);
        let cases: [(&str, &[&str], Result<(), NotForUs>); 6] = [
            ("/", &[], Err(NotForUs::Unclear)),
            ("/", &["127.0.0.1:7300", "127.0.0.1:7300"], Err(NotForUs::Unclear)),
            ("http://127.0.0.1:7300/", &[], Ok(())),
            ("http://127.0.0.1:7300/", &["localhost:7300"], Ok(())),
            ("http://evil.example/", &["127.0.0.1:7300"], Err(NotForUs::Misdirected)),
            ("http://127.0.0.1:7300/", &["evil.example"], Err(NotForUs::Misdirected)),
        ];
        for (uri, hosts, expected) in cases {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            assert_eq!(rule.check(&uri.parse().unwrap(), &headers), expected, "{uri} {hosts:?}");
        }
    }
}
