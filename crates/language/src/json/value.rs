//! What does one value of a JSON text say? Borrowed from the text, as it was written there.

use std::borrow::Cow;

/// One value of a text that was read to its end. Only a [`Scanner`](super::Scanner) makes one, so its escapes are sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Value<'m> {
    /// What it is.
    pub kind: Kind,
    /// As written: a string without its quotes and with its escapes, everything else whole.
    pub written: &'m str,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A number, of any size.
    Number,
    /// A string that says what it is written as.
    Text,
    /// A string with at least one escape.
    EscapedText,
    /// Braces and what is between them.
    Object,
    /// Brackets and what is between them.
    Array,
}

impl<'m> Value<'m> {
    /// The text of a string, number or boolean. `None` for null, objects and arrays, which have no text to compare.
    pub fn text(&self) -> Option<Cow<'m, str>> {
        match self.kind {
            Kind::True | Kind::False | Kind::Number | Kind::Text => Some(Cow::Borrowed(self.written)),
            Kind::EscapedText => Some(Cow::Owned(unescape(self.written))),
            Kind::Null | Kind::Object | Kind::Array => None,
        }
    }
}

/// The string that `written` stands for. Its escapes were checked when it was scanned.
fn unescape(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let (character, length) = escaped(&rest[at..]);
        text.push(character);
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    text
}

/// The character that an escape at the start of `text` stands for, and the escape's length in bytes.
fn escaped(text: &str) -> (char, usize) {
    let bytes = text.as_bytes();
    match bytes[1] {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => match code_unit(bytes, 2) {
            high @ 0xd800..=0xdbff => {
                let low = code_unit(bytes, 8);
                let code = 0x1_0000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
            }
            code => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
        },
        other => (char::from(other), 2),
    }
}

/// Four hexadecimal digits.
pub(super) fn code_unit(bytes: &[u8], at: usize) -> u32 {
    let digit = |code: u32, byte: &u8| (code << 4) | char::from(*byte).to_digit(16).unwrap_or(0);
    bytes.get(at..at + 4).unwrap_or_default().iter().fold(0, digit)
}
