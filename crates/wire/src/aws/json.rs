//! How does awsJson become a shape? Through serde, with errors that never repeat the client's bytes.
//!
//! Two readers: `serde_json`, and `sonic-rs` for operations whose bodies are large. Both report a missing
//! member only as text, so that text is read here, once, and everything else in it is dropped: it may
//! quote a value.

use serde::Deserialize;

use super::decode::DecodeError;

/// Reads any shape. An empty body is an empty object: some clients send none for shapes without members.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    let body = object(body)?;
    serde_json::from_slice(body).map_err(|error| {
        let place = (error.line(), error.column());
        translate(error.is_data(), &error.to_string(), place)
    })
}

/// Reads large shapes fast; same language as [`read`].
pub(crate) fn read_hot<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    let body = object(body)?;
    sonic_rs::from_slice(body).map_err(|error| {
        let place = (error.line(), error.column());
        translate(error.is_unmatched_type(), &error.to_string(), place)
    })
}

/// Every shape is an object; serde alone would take an array of its members as well.
fn object(body: &[u8]) -> Result<&[u8], DecodeError> {
    match body.trim_ascii_start().first() {
        None => Ok(b"{}"),
        Some(b'{') => Ok(body),
        Some(_) => Err(DecodeError::Malformed("the body is not a JSON object".to_owned())),
    }
}

fn translate(of_shape: bool, text: &str, (line, column): (usize, usize)) -> DecodeError {
    if let Some(member) = missing_member(text).filter(|_| of_shape) {
        return DecodeError::Missing(member.to_owned());
    }
    let what = if of_shape { "a member has the wrong type" } else { "the body is not valid JSON" };
    DecodeError::Malformed(format!("{what} (line {line}, column {column})"))
}

/// serde's derive says "missing field `x`"; the name is ours, not the client's.
fn missing_member(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `")?.split('`').next()
}
