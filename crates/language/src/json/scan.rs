//! Where does a value of a JSON text end, and is it one? Reads forward over the bytes, remembers nothing but its place.
//!
//! Exactly what RFC 8259 calls JSON is accepted, with two limits: values lie at most [`DEPTH_MAX`] deep, and an escaped
//! half of a surrogate pair is refused, since it stands for no character. A value that nobody asked for is passed over
//! without recursion: a hostile text costs time in its length, never stack.

use super::value::{Kind, Value, code_unit};

/// Objects and arrays inside each other. Real events stay below ten; each open one is a bit of a `u128`.
pub const DEPTH_MAX: usize = 128;

/// The text is no JSON, or lies too deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// A place in a JSON text.
pub struct Scanner<'m> {
    text: &'m str,
    position: usize,
}

impl<'m> Scanner<'m> {
    /// Before the first byte of `text`.
    pub fn new(text: &'m str) -> Self {
        Self { text, position: 0 }
    }

    /// The next byte that is no blank; it is not passed.
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.position) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.position += 1;
        }
        None
    }

    /// The place of the next byte that [`Self::peek`] would tell.
    pub fn position(&mut self) -> usize {
        self.peek();
        self.position
    }

    /// The text from `start` to here.
    pub fn since(&self, start: usize) -> &'m str {
        &self.text[start..self.position]
    }

    /// Only blanks are left.
    pub fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Passes an opening brace and every member behind it. `member` is called behind each colon and must pass the value;
    /// keys are given as strings.
    pub fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Value<'m>) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.pass(b'{')?;
        if self.passed(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            member(self, key)?;
            if !self.passed(b',') {
                return self.pass(b'}');
            }
        }
    }

    /// Passes an opening bracket and every element behind it. `element` is called with each index and must pass the value.
    pub fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self, usize) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        self.pass(b'[')?;
        if self.passed(b']') {
            return Ok(());
        }
        for index in 0.. {
            element(self, index)?;
            if !self.passed(b',') {
                break;
            }
        }
        self.pass(b']')
    }

    /// Passes one value of any kind. `depth` is how many objects and arrays are open around it.
    pub fn value(&mut self, depth: usize) -> Result<Value<'m>, Broken> {
        match self.peek() {
            Some(b'{') => self.container(depth, Kind::Object),
            Some(b'[') => self.container(depth, Kind::Array),
            _ => self.scalar(),
        }
    }

    fn container(&mut self, outer: usize, kind: Kind) -> Result<Value<'m>, Broken> {
        let start = self.position;
        // One bit for each open container, the innermost lowest: set for an object.
        let (mut is_object, mut depth) = (0_u128, outer);
        loop {
            match self.peek() {
                Some(byte @ (b'{' | b'[')) => {
                    if depth >= DEPTH_MAX {
                        return Err(Broken);
                    }
                    self.position += 1;
                    (is_object, depth) = ((is_object << 1) | u128::from(byte == b'{'), depth + 1);
                    if !self.passed(closing(is_object)) {
                        self.key_if(is_object)?;
                        continue;
                    }
                    (is_object, depth) = (is_object >> 1, depth - 1);
                }
                _ => {
                    self.scalar()?;
                }
            }
            // Behind a value: another one follows, or containers end.
            while depth > outer && !self.passed(b',') {
                self.pass(closing(is_object))?;
                (is_object, depth) = (is_object >> 1, depth - 1);
            }
            if depth == outer {
                return Ok(Value { kind, written: self.since(start) });
            }
            self.key_if(is_object)?;
        }
    }

    fn key_if(&mut self, is_object: u128) -> Result<(), Broken> {
        if is_object & 1 == 1 { self.key().map(drop) } else { Ok(()) }
    }

    fn key(&mut self) -> Result<Value<'m>, Broken> {
        let key = if self.peek() == Some(b'"') { self.string()? } else { return Err(Broken) };
        self.pass(b':').map(|()| key)
    }

    fn scalar(&mut self) -> Result<Value<'m>, Broken> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Kind::True),
            Some(b'f') => self.word("false", Kind::False),
            Some(b'n') => self.word("null", Kind::Null),
            _ => Err(Broken),
        }
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Value<'m>, Broken> {
        let start = self.position;
        if !self.text[start..].starts_with(word) {
            return Err(Broken);
        }
        self.position += word.len();
        Ok(Value { kind, written: self.since(start) })
    }

    fn number(&mut self) -> Result<Value<'m>, Broken> {
        let start = self.position;
        self.position += usize::from(self.byte() == Some(b'-'));
        let has_leading_zero = self.byte() == Some(b'0');
        let digit_count = self.digits()?;
        if has_leading_zero && digit_count > 1 {
            return Err(Broken);
        }
        if self.byte() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.position += 1;
            self.position += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(Value { kind: Kind::Number, written: self.since(start) })
    }

    /// Passes at least one digit; tells how many.
    fn digits(&mut self) -> Result<usize, Broken> {
        let rest = &self.text.as_bytes()[self.position..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.position += count;
        if count == 0 { Err(Broken) } else { Ok(count) }
    }

    fn string(&mut self) -> Result<Value<'m>, Broken> {
        let bytes = self.text.as_bytes();
        let start = self.position + 1;
        let mut kind = Kind::Text;
        self.position = start;
        loop {
            self.position += plain_length(&bytes[self.position..]);
            match self.byte() {
                Some(b'"') => {
                    let written = self.since(start);
                    self.position += 1;
                    return Ok(Value { kind, written });
                }
                Some(b'\\') => {
                    kind = Kind::EscapedText;
                    self.position += escape_length(&bytes[self.position..]).ok_or(Broken)?;
                }
                _ => return Err(Broken),
            }
        }
    }

    fn pass(&mut self, byte: u8) -> Result<(), Broken> {
        if self.passed(byte) { Ok(()) } else { Err(Broken) }
    }

    fn passed(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.position += usize::from(is_next);
        is_next
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }
}

fn closing(is_object: u128) -> u8 {
    if is_object & 1 == 1 { b'}' } else { b']' }
}

/// How many bytes of a string stand for themselves: up to a quote, a backslash or a control character. Eight at a time:
/// a byte is none of the three if neither subtraction borrows into its highest bit.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut length = 0;
    for eight in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes(eight.try_into().expect("chunks of eight"));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let special =
            control | has_zero(word ^ (ONES * u64::from(b'"'))) | has_zero(word ^ (ONES * u64::from(b'\\')));
        if special != 0 {
            // The lowest mark is exact; borrows can only set false ones above it.
            return length + (special.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    let is_plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    length + bytes[length..].iter().take_while(is_plain).count()
}

/// The length of the escape at the start of `bytes`, `None` if it is none.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' if is_hexadecimal(bytes, 2) => match code_unit(bytes, 2) {
            0xd800..=0xdbff => {
                let has_other_half = bytes.get(6..8) == Some(b"\\u")
                    && is_hexadecimal(bytes, 8)
                    && (0xdc00..0xe000).contains(&code_unit(bytes, 8));
                has_other_half.then_some(12)
            }
            0xdc00..=0xdfff => None,
            _ => Some(6),
        },
        _ => None,
    }
}

fn is_hexadecimal(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..at + 4).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<Value<'_>> {
        let mut scanner = Scanner::new(text);
        let value = scanner.value(0).ok()?;
        scanner.is_at_end().then_some(value)
    }

    fn is_json(text: &str) -> bool {
        serde_json::from_str::<serde_json::Value>(text).is_ok()
    }

    #[test]
    fn texts_are_json_exactly_when_another_reader_says_so() {
        let texts = [
            "{}",
            "[]",
            " [ ] ",
            "[1,2]",
            "[1,]",
            "[,1]",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{\"a\" : [ {} , [ ] ] , \"b\":{\"c\":null}}",
            "{\"a\"}",
            "{a:1}",
            "{\"a\":1]",
            "[1}",
            "[1",
            "{\"a\":",
            "",
            " ",
            "null",
            "nul",
            "truefalse",
            "true false",
            "0",
            "-0",
            "-",
            "01",
            "1.",
            ".5",
            "1.5e+3",
            "1e",
            "+1",
            "1e400000",
            "\"a\\\"b\"",
            "\"a\\\\\"",
            "\"a\\\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u00e9\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ude00\"",
            "\"tab\there\"",
            "\"éé 12345678 \u{7f} \u{80}\"",
            "\"123456789\u{1}\"",
            "[\"a\",\"b\\n\",{\"c\":[[],[[1]]]},false]",
            "{\"a\":{}}}",
            "{\"a\" 1}",
            "\u{feff}{}",
        ];
        for text in texts {
            // A number beyond the range of doubles is JSON all the same.
            let expected = text == "1e400000" || is_json(text);
            assert_eq!(check(text).is_some(), expected, "{text:?}");
        }
    }

    #[test]
    fn values_say_what_they_are_written_as() {
        let cases = [
            (r#""plain""#, Some("plain")),
            (r#""a\"\\\/\b\f\n\r\tz""#, Some("a\"\\/\u{8}\u{c}\n\r\tz")),
            (r#""\u00e9\ud83d\ude00!""#, Some("é😀!")),
            ("-1.50e2", Some("-1.50e2")),
            ("true", Some("true")),
            ("null", None),
            ("[1]", None),
        ];
        for (text, expected) in cases {
            let value = check(text).expect(text);
            assert_eq!(value.text().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_and_costs_no_stack() {
        for (depth, expected) in [(DEPTH_MAX, true), (DEPTH_MAX + 1, false), (500_000, false)] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(check(&text).is_some(), expected, "{depth}");
            let text = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
            assert_eq!(check(&text).is_some(), expected, "{depth}");
        }
    }

    #[test]
    fn every_byte_is_plain_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut bytes = [b'x'; 20];
                bytes[place] = byte;
                let is_plain = byte >= 0x20 && byte != b'"' && byte != b'\\';
                assert_eq!(plain_length(&bytes), if is_plain { 20 } else { place }, "{byte} at {place}");
            }
        }
    }
}
