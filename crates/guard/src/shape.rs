//! Is this place inside an id of a known shape? Asked only where a valid card number was found, so it may be thorough.
//!
//! Only shapes that are fixed by a specification or a public example are listed. In any other token of letters and
//! digits a card number is cut: between losing an unknown id and keeping a card number, the id is lost. Backslashes
//! end a token, and the letter of an escape such as `\n` is not part of it.

use std::ops::Range;

/// Lengths of hex ids that hold letters: span ids 16; 23 as printed in the wild and 24 for the last part of X-Ray
/// trace ids and for object ids; 32 trace ids, MD5 and bare UUIDs; SHA digests 40, 48, 56, 64, 96, 128.
const HEX_LENGTHS: [usize; 10] = [16, 23, 24, 32, 40, 48, 56, 64, 96, 128];

/// Whether the span (digits, perhaps with separators) belongs to an id that must not be damaged.
pub(crate) fn is_known_id(bytes: &[u8], span: &Range<usize>) -> bool {
    let first = token(bytes, span.start);
    let last = token(bytes, span.end - 1);
    is_id_token(&bytes[first.clone()])
        || is_id_token(&bytes[last])
        || is_in_uuid(bytes, span)
        || is_parent_of_trace(bytes, &first)
}

/// Whether digits after `digit.` are a fraction: `0.30000000000000004` starts like a Diners Club number.
/// An integer part long enough to be a card number itself is no excuse.
pub(crate) fn is_fraction(bytes: &[u8], start: usize) -> bool {
    if start < 2 || bytes[start - 1] != b'.' {
        return false;
    }
    let integer = bytes[..start - 1].iter().rev().take(13).take_while(|byte| byte.is_ascii_digit()).count();
    (1..13).contains(&integer)
}

/// Longer tokens have no known shape; the bound keeps hostile text linear.
const TOKEN_MAX: usize = 128;

/// The letters and digits around a position, up to one more than any known shape has on each side.
fn token(bytes: &[u8], position: usize) -> Range<usize> {
    let before = bytes[..position]
        .iter()
        .rev()
        .take(TOKEN_MAX + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let after =
        bytes[position..].iter().take(TOKEN_MAX + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let mut start = position - before;
    if before > 0 && start > 0 && bytes[start - 1] == b'\\' {
        start += 1;
    }
    start..position + after
}

fn is_id_token(token: &[u8]) -> bool {
    is_hex_id(token) || is_token_reference(token)
}

/// Hex of one case, of a known length and with at least one letter: without letters a card number is likelier.
fn is_hex_id(token: &[u8]) -> bool {
    let lower = token.iter().any(|byte| matches!(byte, b'a'..=b'f'));
    let upper = token.iter().any(|byte| matches!(byte, b'A'..=b'F'));
    lower != upper && HEX_LENGTHS.contains(&token.len()) && token.iter().all(u8::is_ascii_hexdigit)
}

/// Token references: `DNITHE` and 18 digits (24 characters); six capitals and 42 hex digits (48 characters); payment
/// account references of 29 capitals and digits that start with `V001` or `5001` and hold another letter later.
fn is_token_reference(token: &[u8]) -> bool {
    let (letters, rest) = token.split_at(token.len().min(6));
    match token.len() {
        24 => letters.eq_ignore_ascii_case(b"DNITHE") && rest.iter().all(u8::is_ascii_digit),
        48 => letters.iter().all(u8::is_ascii_uppercase) && rest.iter().all(u8::is_ascii_hexdigit),
        29 => {
            let is_capital_or_digit = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            token.iter().all(is_capital_or_digit)
                && (token.starts_with(b"V001")
                    || (token.starts_with(b"5001") && token[4..].iter().any(u8::is_ascii_uppercase)))
        }
        _ => false,
    }
}

const UUID_LENGTH: usize = 36;

fn is_in_uuid(bytes: &[u8], span: &Range<usize>) -> bool {
    (0..UUID_LENGTH).filter_map(|offset| span.start.checked_sub(offset)).any(|start| {
        let end = start + UUID_LENGTH;
        let is_bounded = |at: Option<&u8>| !at.is_some_and(u8::is_ascii_hexdigit);
        span.end <= end
            && bytes.get(start..end).is_some_and(is_uuid)
            && is_bounded(bytes.get(end))
            && is_bounded(start.checked_sub(1).map(|before| &bytes[before]))
    })
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(position, byte)| match position {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// `00-<32 hex>-<16 digits>-01`: the parent id of a W3C traceparent header may hold digits only.
fn is_parent_of_trace(bytes: &[u8], token: &Range<usize>) -> bool {
    let Some(start) = token.start.checked_sub(36) else { return false };
    let header = &bytes[start..token.start];
    token.len() == 16
        && header[2] == b'-'
        && header[35] == b'-'
        && header[3..35].iter().all(u8::is_ascii_hexdigit)
        && bytes.get(token.end) == Some(&b'-')
}
