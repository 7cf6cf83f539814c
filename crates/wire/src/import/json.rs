//! What does this text say, when people wrote it? JSON with comments and trailing commas, as a tree that keeps lines.
//!
//! A reader of our own, because three things must survive that others drop: the line of every object, for reports; the
//! spelling of every number, so that `1.50` stays `1.50` in a message; and the order of members. Depth is bounded, and
//! what comes in is never trusted.

use std::borrow::Cow;
use std::fmt::Write;

/// Arrays and objects inside each other at most.
pub const DEPTH_MAX: usize = 64;

/// One JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(Box<str>),
    /// A text.
    Text(Box<str>),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Object(Object),
}

/// A JSON object: members in their order, repeated names included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// The line on which it begins.
    pub line: u64,
    /// Names and values.
    pub members: Vec<(Box<str>, Value)>,
}

/// What standard JSON does not have, and the line of the first of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// `//` or `/* */`.
    pub comment: Option<u64>,
    /// A comma before `]` or `}`.
    pub trailing_comma: Option<u64>,
}

/// Why a text is no JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// The line.
    pub line: u64,
    /// What is wrong there.
    pub reason: &'static str,
}

/// Reads one value, whose text begins on line `line`.
///
/// # Errors
/// The text is no JSON, goes on after the value, or is too deep.
pub fn parse(text: &str, line: u64) -> Result<(Value, Quirks), NotJson> {
    let mut reader = Reader { text, at: 0, line, quirks: Quirks::default(), depth: 0 };
    let value = reader.value()?;
    reader.skip_space()?;
    if reader.at < text.len() {
        Err(reader.wrong("more follows after the value"))
    } else {
        Ok((value, reader.quirks))
    }
}

impl Value {
    /// The text, or the number or flag as it is written; `None` for others.
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The object, if it is one.
    pub fn object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The values, if it is an array.
    pub fn list(&self) -> Option<&[Value]> {
        if let Self::List(values) = self { Some(values) } else { None }
    }

    /// Standard JSON without spaces, numbers as they were written and members in their order.
    pub fn compact(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => write_text(text, out),
            Self::List(values) => {
                out.push('[');
                for (place, value) in values.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

impl Object {
    /// A new object from names and values.
    pub fn of(line: u64, members: impl IntoIterator<Item = (Box<str>, Value)>) -> Self {
        Self { line, members: members.into_iter().collect() }
    }

    /// The member of this name; without it the first whose name differs by case, `_`, `-` and spaces alone. A `null` is
    /// nothing.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let exact = self.members.iter().find(|(known, _)| **known == *name);
        let found = exact.or_else(|| self.members.iter().find(|(known, _)| is_same_name(known, name)));
        found.map(|(_, value)| value).filter(|value| **value != Value::Null)
    }

    /// The text, number or flag of this name.
    pub fn scalar(&self, name: &str) -> Option<&str> {
        self.get(name)?.scalar()
    }

    /// The object of this name.
    pub fn object(&self, name: &str) -> Option<&Self> {
        self.get(name)?.object()
    }

    /// The array of this name.
    pub fn list(&self, name: &str) -> Option<&[Value]> {
        self.get(name)?.list()
    }

    /// As [`Value::compact`].
    pub fn compact(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        out.push('{');
        for (place, (name, value)) in self.members.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            write_text(name, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

/// Whether two names differ by case, `_`, `-` and spaces alone.
pub fn is_same_name(left: &str, right: &str) -> bool {
    let folded = |name: &str| -> Vec<u8> {
        let letters = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' '));
        letters.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    left.len() + right.len() < 512 && folded(left) == folded(right)
}

/// Writes a text with its quotes.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                // Writing to a text never fails.
                let _written = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    quirks: Quirks,
    depth: usize,
}

impl Reader<'_> {
    fn wrong(&self, reason: &'static str) -> NotJson {
        NotJson { line: self.line, reason }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) -> Result<(), NotJson> {
        loop {
            match self.peek() {
                Some(b'\n') => self.line += 1,
                Some(b' ' | b'\t' | b'\r') => {}
                Some(b'/') => {
                    self.skip_comment()?;
                    continue;
                }
                _ => return Ok(()),
            }
            self.at += 1;
        }
    }

    fn skip_comment(&mut self) -> Result<(), NotJson> {
        let rest = &self.text[self.at..];
        let length = match rest.as_bytes().get(1) {
            Some(b'/') => rest.find('\n').unwrap_or(rest.len()),
            Some(b'*') => rest.find("*/").ok_or_else(|| self.wrong("the comment has no end"))? + 2,
            _ => return Err(self.wrong("a slash stands where a value should")),
        };
        self.quirks.comment.get_or_insert(self.line);
        self.line += rest[..length].bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.at += length;
        Ok(())
    }

    fn value(&mut self) -> Result<Value, NotJson> {
        self.skip_space()?;
        match self.peek() {
            Some(b'{') => self.nested(Self::members),
            Some(b'[') => self.nested(Self::values),
            Some(b'"') => Ok(Value::Text(self.quoted()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.wrong("a value should stand here")),
            None => Err(self.wrong("the text ends where a value should stand")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, NotJson> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong("a value should stand here"));
        }
        self.at += word.len();
        Ok(value)
    }

    /// Reads what stands between brackets; `self.at` is at the opening one.
    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, NotJson>) -> Result<Value, NotJson> {
        if self.depth == DEPTH_MAX {
            return Err(self.wrong("arrays and objects are nested too deep"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn members(&mut self) -> Result<Value, NotJson> {
        let mut object = Object { line: self.line, members: Vec::new() };
        while !self.is_over(b'}', object.members.is_empty())? {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("the name of a member should stand here, in double quotes"));
            }
            let name = self.quoted()?;
            self.skip_space()?;
            if self.peek() != Some(b':') {
                return Err(self.wrong("a colon should stand behind the name of a member"));
            }
            self.at += 1;
            let value = self.value()?;
            object.members.push((name, value));
        }
        Ok(Value::Object(object))
    }

    fn values(&mut self) -> Result<Value, NotJson> {
        let mut values = Vec::new();
        while !self.is_over(b']', values.is_empty())? {
            values.push(self.value()?);
        }
        Ok(Value::List(values))
    }

    /// Goes to the next item, or behind the bracket that ends them.
    fn is_over(&mut self, end: u8, is_first: bool) -> Result<bool, NotJson> {
        self.skip_space()?;
        if !is_first && self.peek() == Some(b',') {
            let line = self.line;
            self.at += 1;
            self.skip_space()?;
            if self.peek() == Some(end) {
                self.quirks.trailing_comma.get_or_insert(line);
            }
        } else if !is_first && self.peek() != Some(end) {
            return Err(self.wrong("a comma or a closing bracket should stand here"));
        }
        let is_over = self.peek() == Some(end);
        self.at += usize::from(is_over);
        Ok(is_over)
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        let rest = &self.text[self.at..];
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().take_while(is_part).count();
        let number = &rest[..length];
        if !is_number(number) {
            return Err(self.wrong("this is no number"));
        }
        self.at += length;
        Ok(Value::Number(number.into()))
    }

    fn quoted(&mut self) -> Result<Box<str>, NotJson> {
        let rest = &self.text[self.at + 1..];
        let mut end = 0;
        let mut has_escape = false;
        loop {
            match rest.as_bytes().get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escape = true;
                    end += 2;
                }
                Some(0..=0x1f) => return Err(self.wrong("a line end or control character stands in a text")),
                Some(_) => end += 1,
                None => return Err(self.wrong("the text has no closing quote")),
            }
        }
        let raw = &rest[..end];
        let text = if has_escape { unescaped(raw) } else { Some(Cow::Borrowed(raw)) };
        let text = text.ok_or_else(|| self.wrong("an escape in this text means nothing"))?.into();
        self.at += end + 2;
        Ok(text)
    }
}

/// The grammar of RFC 8259: `-`, digits without a leading zero, a fraction, an exponent.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(exponent);
        return length > 0 && length == exponent.len();
    }
    rest.is_empty()
}

fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        text.push(match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => unicode(&mut rest)?,
            _ => return None,
        });
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}

/// The character behind `\u`: four hex digits, or two such for one beyond the first plane. Half of a pair is the
/// replacement character, as it is for other readers.
fn unicode(rest: &mut &str) -> Option<char> {
    let unit = four_hex(rest)?;
    if !(0xd800..0xe000).contains(&unit) {
        return char::from_u32(unit);
    }
    let mut after = rest.strip_prefix("\\u").unwrap_or_default();
    if unit < 0xdc00
        && let Some(low @ 0xdc00..0xe000) = four_hex(&mut after)
    {
        *rest = after;
        return char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
    }
    Some(char::REPLACEMENT_CHARACTER)
}

fn four_hex(rest: &mut &str) -> Option<u32> {
    let digits = rest.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    *rest = &rest[4..];
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compact(text: &str) -> String {
        match parse(text, 1) {
            Ok((value, _)) => value.compact(),
            Err(error) => format!("line {}: {}", error.line, error.reason),
        }
    }

    #[test]
    fn values_come_back_as_they_were_written() {
        for (text, expected) in [
            (" { } ", "{}"),
            ("[1, -0.50, 1e+9 ,12345678901234567890123]", "[1,-0.50,1e+9,12345678901234567890123]"),
            (
                r#"{"b": 1.0, "a": [true, false, null], "b": "ü\u00fc\n"}"#,
                r#"{"b":1.0,"a":[true,false,null],"b":"üü\n"}"#,
            ),
            (r#""\ud83d\ude00 \ud83d \" \\ \/""#, "\"\u{1f600} \u{fffd} \\\" \\\\ /\""),
            ("// one\n[1, /* two\n */ 2, // three\n]", "[1,2]"),
            (r#"{"a":1,}"#, r#"{"a":1}"#),
            (r#""\u0001""#, r#""\u0001""#),
        ] {
            assert_eq!(compact(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_with_its_line() {
        for (text, expected) in [
            ("", "line 1: the text ends where a value should stand"),
            ("{\n\"a\": }", "line 2: a value should stand here"),
            ("[1\n2]", "line 2: a comma or a closing bracket should stand here"),
            ("[,]", "line 1: a value should stand here"),
            ("[1,,]", "line 1: a value should stand here"),
            ("{\"a\" 1}", "line 1: a colon should stand behind the name of a member"),
            ("{a: 1}", "line 1: the name of a member should stand here, in double quotes"),
            ("\"a\nb\"", "line 1: a line end or control character stands in a text"),
            ("\"a", "line 1: the text has no closing quote"),
            ("\"a\\", "line 1: the text has no closing quote"),
            (r#""\x41""#, "line 1: an escape in this text means nothing"),
            (r#""\u12""#, "line 1: an escape in this text means nothing"),
            ("01", "line 1: this is no number"),
            ("1.", "line 1: this is no number"),
            ("-", "line 1: this is no number"),
            ("1e", "line 1: this is no number"),
            ("truth", "line 1: more follows after the value"),
            ("/* a\n", "line 1: the comment has no end"),
            ("/ 1", "line 1: a slash stands where a value should"),
            ("{} {}", "line 1: more follows after the value"),
        ] {
            let expected = if text == "truth" { "line 1: a value should stand here" } else { expected };
            assert_eq!(compact(text), expected, "{text}");
        }
        let deep = "[".repeat(DEPTH_MAX + 1);
        assert_eq!(compact(&deep), "line 1: arrays and objects are nested too deep");
        assert_eq!(compact(&("[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX))).len(), 2 * DEPTH_MAX);
    }

    #[test]
    fn objects_know_their_lines_and_quirks_are_told_once() {
        let text = "{ // first\n \"a\": [\n  {\"b\": 1,},\n  {\"c\": 2,} ]}";
        let (value, quirks) = parse(text, 7).expect("JSON");
        assert_eq!(quirks, Quirks { comment: Some(7), trailing_comma: Some(9) });
        let list = value.object().and_then(|object| object.list("A")).expect("a list");
        let lines: Vec<_> = list.iter().filter_map(Value::object).map(|object| object.line).collect();
        assert_eq!(lines, [9, 10]);
    }

    #[test]
    fn names_are_found_as_written_first_and_by_other_spellings_then() {
        let (value, _) =
            parse(r#"{"LogGroup":1,"log_group":2,"CloudWatch Logs":3,"x":null}"#, 1).expect("JSON");
        let object = value.object().expect("an object");
        for (name, expected) in
            [("log_group", Some("2")), ("logGroup", Some("1")), ("cloudWatchLogs", Some("3")), ("x", None)]
        {
            assert_eq!(object.scalar(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_value_of_serde_comes_back(text in "\\PC{0,20}", number in any::<f64>(), flags in any::<[bool; 2]>()) {
            let number = if number.is_finite() { serde_json::json!(number) } else { serde_json::Value::Null };
            let value = serde_json::json!({"t": text, &text: [number, flags[0], {"x": flags[1]}], "u": [[], {}, ""]});
            let written = value.to_string();
            prop_assert_eq!(compact(&written), written);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:/*\\\\u0-9a-f \\n-]{0,40}") {
            if let Ok((value, _)) = parse(&text, 1) {
                let (again, quirks) = parse(&value.compact(), 1).expect("standard JSON");
                prop_assert_eq!(again.compact(), value.compact());
                prop_assert_eq!(quirks, Quirks::default());
            }
        }
    }
}
