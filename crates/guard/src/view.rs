//! What does an escaped text say? A view of the text with escapes decoded and foreign digits, spaces and dashes
//! written in ASCII, and for each byte of the view the place in the text it came from.
//!
//! Decoded are JSON and similar escapes (`\u0034`, `\x34`, `\t`, `\/`, under any number of backslashes), percent
//! escapes (`%34`, `%2534`) and Unicode. Other escapes stay as they are: the text itself has been searched before.

/// The decoded view of a text.
pub(crate) struct View {
    /// ASCII; a character without a meaning for the guard is one `OTHER`.
    pub bytes: Vec<u8>,
    /// Where in the text byte `i` of the view starts; one more entry than `bytes`, the text's length.
    pub source: Vec<usize>,
}

/// An escape is looked for under this many backslashes; more than nesting ever makes, few enough to stay linear.
const SLASHES_MAX: usize = 16;

/// Stands in a view for a character that is neither digit, space nor dash.
const OTHER: u8 = 0xff;

/// Zero digits of the decimal number systems (Unicode general category Nd,
/// <https://www.unicode.org/Public/UCD/latest/ucd/extracted/DerivedGeneralCategory.txt>); nine follow each.
#[rustfmt::skip]
const ZERO_DIGITS: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50,
    0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0,
    0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// Whether something may start here that only the view shows. Called for backslash, percent and non-ASCII bytes.
pub(crate) fn starts_encoded(bytes: &[u8], position: usize) -> bool {
    let next = bytes.get(position + 1).copied().unwrap_or(0);
    match bytes[position] {
        b'\\' => {
            let after_digit = position > 0 && bytes[position - 1].is_ascii_digit();
            matches!(next, b'u' | b'U' | b'x') || (after_digit && matches!(next, b't' | b'/' | b'\\'))
        }
        b'%' => next.is_ascii_hexdigit(),
        0xc2 => matches!(next, 0xa0 | 0xad),
        0xe2 => matches!(next, 0x80 | 0x81 | 0x88),
        0xe3 => next == 0x80,
        0xef => matches!(next, 0xb9 | 0xbb | 0xbc),
        0xd9 | 0xdb | 0xdf | 0xe0 | 0xe1 | 0xea | 0xf0 => true,
        _ => false,
    }
}

impl View {
    pub fn decode(text: &str) -> View {
        let mut view =
            View { bytes: Vec::with_capacity(text.len()), source: Vec::with_capacity(text.len() + 1) };
        let mut position = 0;
        while let Some((character, length)) = next_character(text, position) {
            if let Some(byte) = in_ascii(character) {
                view.bytes.push(byte);
                view.source.push(position);
            }
            position += length;
        }
        view.source.push(text.len());
        view
    }
}

/// The character at a position, decoded if it is escaped, and its length in the text.
fn next_character(text: &str, position: usize) -> Option<(char, usize)> {
    let rest = &text[position..];
    let character = rest.chars().next()?;
    let decoded = match character {
        '\\' => backslash_escape(rest.as_bytes()),
        '%' => percent_escape(rest.as_bytes()),
        _ => None,
    };
    Some(decoded.unwrap_or((character, character.len_utf8())))
}

fn backslash_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let slashes = bytes.iter().take(SLASHES_MAX).take_while(|byte| **byte == b'\\').count();
    let at = slashes + 1;
    match bytes.get(slashes)? {
        b't' => Some(('\t', at)),
        b'/' => Some(('/', at)),
        b'x' => Some((char::from_u32(hex(bytes, at, 2)?)?, at + 2)),
        b'U' => Some((char::from_u32(hex(bytes, at, 8)?)?, at + 8)),
        b'u' => match hex(bytes, at, 4)? {
            high @ 0xd800..=0xdbff => surrogates(bytes, at + 4, slashes, high),
            code => Some((char::from_u32(code)?, at + 4)),
        },
        _ => None,
    }
}

/// The second half of a pair such as `\ud835\udfd2`, under as many backslashes as the first.
fn surrogates(bytes: &[u8], at: usize, slashes: usize, high: u32) -> Option<(char, usize)> {
    let escape = bytes.get(at..at + slashes + 1)?;
    if escape[slashes] != b'u' || escape[..slashes].iter().any(|byte| *byte != b'\\') {
        return None;
    }
    let low = hex(bytes, at + slashes + 1, 4).filter(|low| (0xdc00..0xe000).contains(low))?;
    Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, at + slashes + 5))
}

fn percent_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let (first, mut at) = percent_byte(bytes, 0)?;
    let length = match first {
        0..0x80 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    let mut character = [first, 0, 0, 0];
    for byte in &mut character[1..length] {
        (*byte, at) = percent_byte(bytes, at)?;
    }
    Some((str::from_utf8(&character[..length]).ok()?.chars().next()?, at))
}

/// One byte from `%34` or, escaped more than once, `%2534`; and where it ends.
fn percent_byte(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    let mut at = at + 1;
    while bytes.get(at..at + 2) == Some(b"25") && hex(bytes, at + 2, 2).is_some() {
        at += 2;
    }
    Some((u8::try_from(hex(bytes, at, 2)?).ok()?, at + 2))
}

fn hex(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let digit = |value: u32, byte: &u8| Some(value.checked_mul(16)? + char::from(*byte).to_digit(16)?);
    bytes.get(at..at + length)?.iter().try_fold(0, digit)
}

/// The ASCII character of the same meaning; `None` for characters without width, which the view leaves out.
fn in_ascii(character: char) -> Option<u8> {
    let code = u32::from(character);
    match code {
        0..0x80 => u8::try_from(code).ok(),
        0xad | 0x200b..=0x200f | 0x2060..=0x2064 | 0xfeff => None,
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => Some(b' '),
        0x2010..=0x2015 | 0x2212 | 0xfe58 | 0xfe63 | 0xff0d => Some(b'-'),
        _ => Some(decimal_digit(code).unwrap_or(OTHER)),
    }
}

fn decimal_digit(code: u32) -> Option<u8> {
    let after = ZERO_DIGITS.partition_point(|zero| *zero <= code);
    let value = code - ZERO_DIGITS[after.checked_sub(1)?];
    u8::try_from(value).ok().filter(|value| *value < 10).map(|value| b'0' + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&View::decode(text).bytes), expected, "{text}");
    }

    #[test]
    fn escapes_are_decoded_and_other_text_is_kept() {
        check(r"\u0034\\u0031\x31\t\/", "411\t/");
        check(r"\ud835\udfd2 \ud835x", r"4 \ud835x");
        check("%34%2531%252531%C2%A0%E2%80%91%zz%", "411 -%zz%");
        check("４١۴\u{1d7d2}\u{200b}\u{2011}1\u{a0}", "4144-1 ");
        check(r"\u00g4 \n %B4", r"\u00g4 \n %B4");
    }

    #[test]
    fn the_zero_digits_are_ordered() {
        assert!(ZERO_DIGITS.is_sorted());
    }
}
