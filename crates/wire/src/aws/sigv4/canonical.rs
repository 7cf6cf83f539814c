//! Which text did the client sign? The canonical request: one spelling for all equal requests.
//!
//! Paths are the trap. The path arrives encoded once; every service but S3 signs it normalised and
//! encoded once more, S3 signs it as it is.

use std::borrow::Cow;
use std::fmt::Write;

use super::Presented;
use crate::aws::http::HttpRequest;
use crate::aws::rest::percent_decode;

pub(super) fn canonical_request(request: &HttpRequest<'_>, presented: &Presented, payload: &str) -> String {
    let path = if presented.scope.service == "s3" { path_s3(request.path) } else { path(request.path) };
    let query = canonical_query(request.query, presented.expires_seconds.is_some());
    let mut canonical = format!("{}\n{path}\n{query}\n", request.method);
    for name in &presented.signed_headers {
        canonical.push_str(name);
        canonical.push(':');
        push_values(&mut canonical, request, name);
        canonical.push('\n');
    }
    canonical.push('\n');
    canonical.push_str(&presented.signed_headers.join(";"));
    canonical.push('\n');
    canonical.push_str(payload);
    canonical
}

/// All values of a header in the order they came: trimmed, inner runs of blanks as one.
fn push_values(canonical: &mut String, request: &HttpRequest<'_>, name: &str) {
    // On HTTP/2 a client may sign `:authority`; servers hand it over as `host`.
    let name = if name == ":authority" { "host" } else { name };
    let values = request.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    for (place, (_, value)) in values.enumerate() {
        if place > 0 {
            canonical.push(',');
        }
        for (place, word) in value.split_ascii_whitespace().enumerate() {
            if place > 0 {
                canonical.push(' ');
            }
            canonical.push_str(word);
        }
    }
}

/// Dot segments resolved, empty segments dropped, then encoded as it stands: `%20` becomes `%2520`.
fn path(raw: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let mut canonical = String::with_capacity(raw.len() + 1);
    for segment in &segments {
        canonical.push('/');
        push_encoded(&mut canonical, segment.as_bytes());
    }
    let directory = raw.ends_with('/') || raw.ends_with("/.") || raw.ends_with("/..");
    if canonical.is_empty() || directory {
        canonical.push('/');
    }
    canonical
}

/// Decoded and encoded again, so that only the spelling changes; no segment is touched.
pub(super) fn path_s3(raw: &str) -> String {
    let mut canonical = String::with_capacity(raw.len());
    for (place, segment) in raw.split('/').enumerate() {
        if place > 0 {
            canonical.push('/');
        }
        push_encoded(&mut canonical, &percent_decode(segment));
    }
    if canonical.is_empty() { "/".to_owned() } else { canonical }
}

/// Pairs encoded one way and sorted by name, then value; a presigned query leaves its signature out.
fn canonical_query(raw: &str, presigned: bool) -> String {
    let pairs =
        raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let kept = pairs.filter(|(name, _)| !presigned || *name != "X-Amz-Signature");
    let mut encoded: Vec<(String, String)> =
        kept.map(|(name, value)| (respelled(name), respelled(value))).collect();
    encoded.sort_unstable();
    let mut canonical = String::with_capacity(raw.len());
    for (place, (name, value)) in encoded.iter().enumerate() {
        let separator = if place > 0 { "&" } else { "" };
        // Writing to a string does not fail.
        let _ = write!(canonical, "{separator}{name}={value}");
    }
    canonical
}

fn respelled(raw: &str) -> String {
    let decoded: Cow<'_, [u8]> = percent_decode(raw);
    let mut encoded = String::with_capacity(raw.len());
    push_encoded(&mut encoded, &decoded);
    encoded
}

/// Encodes all but the unreserved characters of RFC 3986, in upper-case hexadecimal.
fn push_encoded(encoded: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(*byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_twice_except_for_s3() {
        for (raw, canonical, s3) in [
            ("", "/", "/"),
            ("/", "/", "/"),
            ("/a%20b", "/a%2520b", "/a%20b"),
            ("/a/../b/./c//d/", "/b/c/d/", "/a/../b/./c//d/"),
            ("/../..", "/", "/../.."),
            ("/%e1%88%b4", "/%25e1%2588%25b4", "/%E1%88%B4"),
            ("/a~b!", "/a~b%21", "/a~b%21"),
        ] {
            assert_eq!(path(raw), canonical, "{raw}");
            assert_eq!(path_s3(raw), s3, "{raw} for s3");
        }
    }

    #[test]
    fn queries_are_respelled_and_sorted() {
        for (raw, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1", "a=1&a=2"),
            ("a", "a="),
            ("a=b=c", "a=b%3Dc"),
            ("a=%2f%7e&&", "a=%2F~"),
            ("a-=1&a=2", "a=2&a-=1"),
        ] {
            assert_eq!(canonical_query(raw, false), canonical, "{raw}");
        }
        assert_eq!(canonical_query("X-Amz-Signature=1&a=2", true), "a=2");
        assert_eq!(canonical_query("X-Amz-Signature=1", false), "X-Amz-Signature=1");
    }
}
