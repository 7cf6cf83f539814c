//! Which bytes did the client mean? Undoes `Content-Encoding`, with a limit, and trusts nothing.
//!
//! Signatures cover the compressed bytes, so this runs after verification. A body that ends early, goes
//! on after its last gzip member or grows beyond the limit is an error, never a shorter or longer body.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use super::error::{AwsError, shapes};

/// Largest body the door reads from the network, in bytes.
pub const HTTP_BODY_MAX: usize = 12 * 1024 * 1024;

/// Largest body after inflation, in bytes.
pub const INFLATED_MAX: usize = 24 * 1024 * 1024;

/// First allocation for an inflated body: never trust a client's claim of size.
const INFLATED_CAPACITY_MAX: usize = 1024 * 1024;

/// The body without its content encoding: `gzip`, or none (`identity`, empty, absent).
///
/// # Errors
/// `UnsupportedMediaType` (415) for another encoding, `RequestEntityTooLarge` (413) beyond `limit`
/// bytes, `SerializationException` for a stream that is cut, damaged or followed by other bytes.
pub fn inflate<'a>(
    content_encoding: Option<&str>,
    body: &'a [u8],
    limit: usize,
) -> Result<Cow<'a, [u8]>, AwsError> {
    let encoding = content_encoding.unwrap_or("").trim();
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        return if body.len() > limit { Err(too_large(limit)) } else { Ok(Cow::Borrowed(body)) };
    }
    if !encoding.eq_ignore_ascii_case("gzip") {
        return Err(AwsError::new(
            &shapes::UNSUPPORTED_ENCODING,
            "Content-Encoding must be gzip or identity",
        ));
    }
    gunzip(body, limit).map(Cow::Owned)
}

fn gunzip(body: &[u8], limit: usize) -> Result<Vec<u8>, AwsError> {
    let mut inflated = Vec::with_capacity(body.len().saturating_mul(4).min(limit).min(INFLATED_CAPACITY_MAX));
    let mut reader = MultiGzDecoder::new(body).take(limit as u64 + 1);
    reader.read_to_end(&mut inflated).map_err(|error| {
        let message = match error.kind() {
            ErrorKind::UnexpectedEof => "the gzip body ends before its stream does",
            _ => "the gzip body is damaged or followed by other bytes",
        };
        AwsError::new(&shapes::SERIALIZATION, message)
    })?;
    if inflated.len() > limit { Err(too_large(limit)) } else { Ok(inflated) }
}

fn too_large(limit: usize) -> AwsError {
    AwsError::new(&shapes::TOO_LARGE, format!("the request body is larger than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn check(encoding: Option<&str>, body: &[u8], limit: usize, expected: Result<&[u8], u16>) {
        let actual = inflate(encoding, body, limit);
        match expected {
            Ok(bytes) => assert_eq!(actual.expect("inflates").as_ref(), bytes),
            Err(status) => assert_eq!(actual.expect_err("must fail").shape.status, status),
        }
    }

    #[test]
    fn bodies_inflate_exactly_or_not_at_all() {
        let good = gzip(b"hello");
        let two_members = [good.clone(), gzip(b" world")].concat();
        let trailing = [good.as_slice(), b"x"].concat();
        let mut damaged = good.clone();
        *damaged.last_mut().unwrap() ^= 1;
        check(None, b"plain", 5, Ok(b"plain"));
        check(Some(""), b"plain", 5, Ok(b"plain"));
        check(Some("identity"), b"plain", 4, Err(413));
        check(Some("gzip"), &good, 5, Ok(b"hello"));
        check(Some("GZIP"), &two_members, 11, Ok(b"hello world"));
        check(Some("gzip"), &good, 4, Err(413));
        check(Some("gzip"), &trailing, 100, Err(400));
        check(Some("gzip"), &damaged, 100, Err(400));
        check(Some("gzip"), b"", 100, Err(400));
        check(Some("gzip"), b"plain", 100, Err(400));
        check(Some("br"), &good, 100, Err(415));
        for cut in 0..good.len() {
            check(Some("gzip"), &good[..cut], 100, Err(400));
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; INFLATED_MAX + 1]);
        assert!(bomb.len() < 64 * 1024);
        check(Some("gzip"), &bomb, INFLATED_MAX, Err(413));
    }
}
