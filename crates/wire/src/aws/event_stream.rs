//! How does an answer become a stream of events? Frames of `application/vnd.amazon.eventstream`.
//!
//! A frame is: total length, length of the headers and a CRC of these two; headers; payload; a CRC of all before it.
//! Numbers are big-endian. SDKs read nothing before a frame whose event type is `initial-response`, so every stream
//! begins with one. Which events a stream has is for the service's module to say.
//! Specification: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use std::fmt;

use flate2::Crc;

/// Media type of a whole answer.
pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";
/// Largest payload of a frame, in bytes: what the oldest clients still read.
pub const PAYLOAD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Media type of a payload.
const PAYLOAD_TYPE: &str = "application/json";
/// Type byte of a header whose value is text.
const TEXT_HEADER: u8 = 7;
/// Lengths and their CRC.
const PRELUDE_BYTES: usize = 12;
const CRC_BYTES: usize = 4;

/// The payload is larger than [`PAYLOAD_BYTES_MAX`]: fewer events fit into one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadTooLarge {
    /// Its length.
    pub bytes: usize,
}

impl fmt::Display for PayloadTooLarge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a frame of {} bytes was asked for, {PAYLOAD_BYTES_MAX} are allowed", self.bytes)
    }
}

impl std::error::Error for PayloadTooLarge {}

/// The frame that every stream begins with.
pub fn initial_response() -> Vec<u8> {
    frame(
        &[(":message-type", "event"), (":event-type", "initial-response"), (":content-type", PAYLOAD_TYPE)],
        b"{}",
    )
}

/// An event of that type with JSON as its payload.
///
/// # Errors
/// [`PayloadTooLarge`].
pub fn event(event_type: &'static str, payload: &[u8]) -> Result<Vec<u8>, PayloadTooLarge> {
    check_size(payload)?;
    let headers = [(":message-type", "event"), (":event-type", event_type), (":content-type", PAYLOAD_TYPE)];
    Ok(frame(&headers, payload))
}

/// An error of that type with JSON as its payload; it ends the stream.
///
/// # Errors
/// [`PayloadTooLarge`].
pub fn exception(exception_type: &'static str, payload: &[u8]) -> Result<Vec<u8>, PayloadTooLarge> {
    check_size(payload)?;
    let headers = [
        (":message-type", "exception"),
        (":exception-type", exception_type),
        (":content-type", PAYLOAD_TYPE),
    ];
    Ok(frame(&headers, payload))
}

fn check_size(payload: &[u8]) -> Result<(), PayloadTooLarge> {
    let bytes = payload.len();
    if bytes > PAYLOAD_BYTES_MAX { Err(PayloadTooLarge { bytes }) } else { Ok(()) }
}

/// Header names and values are ours and short, and the payload was measured: every length fits its field.
fn frame(headers: &[(&'static str, &'static str)], payload: &[u8]) -> Vec<u8> {
    let header_bytes: usize = headers.iter().map(|(name, value)| 1 + name.len() + 1 + 2 + value.len()).sum();
    let total_bytes = PRELUDE_BYTES + header_bytes + payload.len() + CRC_BYTES;
    let mut frame = Vec::with_capacity(total_bytes);
    frame.extend((total_bytes as u32).to_be_bytes());
    frame.extend((header_bytes as u32).to_be_bytes());
    frame.extend(crc(&frame).to_be_bytes());
    for (name, value) in headers {
        frame.push(name.len() as u8);
        frame.extend(name.as_bytes());
        frame.push(TEXT_HEADER);
        frame.extend((value.len() as u16).to_be_bytes());
        frame.extend(value.as_bytes());
    }
    frame.extend(payload);
    frame.extend(crc(&frame).to_be_bytes());
    debug_assert_eq!(frame.len(), total_bytes);
    frame
}

/// CRC-32 as in gzip.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(actual: &[u8], expected: &[u8]) {
        assert_eq!(actual.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    /// Written by hand in Python with its own CRC, and read back by botocore's parser.
    #[test]
    fn frames_are_those_that_clients_read() {
        check(
            &initial_response(),
            b"\x00\x00\x00h\x00\x00\x00VNh\x17$\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x10initial-response\
              \x0d:content-type\x07\x00\x10application/json{}\xfe\x94,\x1d",
        );
        check(
            &event("sessionUpdate", br#"{"sessionMetadata":{"sampled":true},"sessionResults":[]}"#).expect("small"),
            b"\x00\x00\x00\x9b\x00\x00\x00S1\x96\xc9&\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x0dsessionUpdate\
              \x0d:content-type\x07\x00\x10application/json{\"sessionMetadata\":{\"sampled\":true},\"sessionResults\":[]}\
              \xbb\xaao\xf5",
        );
        check(
            &exception("SessionTimeoutException", br#"{"message":"over"}"#).expect("small"),
            b"\x00\x00\x00\x87\x00\x00\x00e[<&<\x0d:message-type\x07\x00\x09exception\x0f:exception-type\x07\x00\x17\
              SessionTimeoutException\x0d:content-type\x07\x00\x10application/json{\"message\":\"over\"}O3\xe2&",
        );
    }

    #[test]
    fn a_payload_that_clients_would_refuse_is_not_written() {
        let largest = vec![b' '; PAYLOAD_BYTES_MAX];
        assert_eq!(event("e", &largest).expect("just fits").len(), PAYLOAD_BYTES_MAX + 12 + 71 + 4);
        let too_large = vec![b' '; PAYLOAD_BYTES_MAX + 1];
        let refused = PayloadTooLarge { bytes: PAYLOAD_BYTES_MAX + 1 };
        assert_eq!(event("e", &too_large), Err(refused));
        assert_eq!(exception("e", &too_large), Err(refused));
        assert_eq!(refused.to_string(), "a frame of 16777217 bytes was asked for, 16777216 are allowed");
    }
}
