//! Does magnetic-stripe data follow this card number? Track data may never be kept, so all of it is blanked.
//!
//! Layout: ISO/IEC 7813, <https://en.wikipedia.org/wiki/ISO/IEC_7813>. Track 1 continues with `^name^YYMM…?`, track 2
//! with `=` (or `D` where it is written as hex) and at least expiry digits, up to the end sentinel.

use std::ops::Range;

const TRACK_1_MAX: usize = 79;
const EXPIRY_DIGITS: usize = 4;
/// Expiry and service code.
const EXPIRY_AND_SERVICE_DIGITS: usize = 7;

/// The track data that follows a card number ending at `end`, its separator excluded; `None` if there is none.
pub(crate) fn following(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let start = end + 1;
    let rest = bytes.get(start..)?;
    let length = match bytes[end] {
        b'^' => rest.iter().take(TRACK_1_MAX).take_while(|byte| is_track_1(**byte)).count(),
        b'=' => discretionary(rest, EXPIRY_DIGITS),
        b'D' | b'd' => discretionary(rest, EXPIRY_AND_SERVICE_DIGITS),
        _ => 0,
    };
    (length > 0 && rest[..length].iter().any(|byte| *byte != b'*')).then(|| start..start + length)
}

/// Whether the run is the first part of hex-written track 2: `4111111111111111D2512101…`, digits to the end, `F` as
/// padding. A hex id with a single letter in this very place is not worth a leak.
pub(crate) fn has_track_2_letter(bytes: &[u8], run: &Range<usize>) -> bool {
    let starts_token = run.start == 0 || !bytes[run.start - 1].is_ascii_alphanumeric();
    let separator = bytes.get(run.end).is_some_and(|byte| matches!(byte, b'D' | b'd'));
    let end = following(bytes, run.end).map(|data| data.end);
    starts_token && separator && end.is_some_and(|end| !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric))
}

fn discretionary(rest: &[u8], digits_min: usize) -> usize {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let padding = rest[digits..].iter().take_while(|byte| matches!(byte, b'F' | b'f')).count();
    if digits >= digits_min { digits + padding } else { 0 }
}

fn is_track_1(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'?' | b'"' | b'\\')
}
