//! What does `%…%` match? The dialect of AWS, said in that of the `regex` crate, whose search takes time in the length
//! of the text and never more.
//!
//! Allowed is what AWS lists (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html>):
//! letters, digits, blanks, `: _ # = @ / ; , -` and the operators ``^ $ ? [ ] { } | \ * + .``; no parentheses. `\d`, `\w`
//! and `\s` mean ASCII, `.` any character. The two dialects differ inside of brackets, so sets of characters are read
//! here and written out as ranges. The search goes over bytes; a character beyond ASCII is one leading byte and those
//! that continue it, which costs a tenth of the states that Unicode's ranges would.

use regex::bytes::{Regex, RegexBuilder};

use super::cursor::Cursor;
use super::error::{PatternError, Problem};

/// What one compiled expression may take in bytes. It bounds the states that a search steps through for each byte of a
/// text, and so what the worst expression costs: a second or two of CPU time for the longest message.
const COMPILED_BYTES_MAX: usize = 64 << 10;
/// The cache of a search, which makes it fast; beyond it the search goes on slower.
const CACHE_BYTES_MAX: usize = 1 << 20;
/// Any character beyond ASCII, of a text that is UTF-8.
const BEYOND_ASCII: &str = r"[\xc2-\xf4][\x80-\xbf]+";

/// One `%…%`.
#[derive(Clone, Debug)]
pub(crate) struct RegularExpression(Regex);

/// A set of characters.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Characters {
    /// One bit for each ASCII character.
    ascii: u128,
    /// Whether every other character is in it, or none.
    beyond_ascii: bool,
}

/// A backslash and what belongs to it.
enum Escaped {
    Character(u8),
    Characters(Characters),
}

impl RegularExpression {
    /// Passes an expression with both of its percent signs.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PatternError> {
        let start = cursor.position();
        cursor.passed("%");
        let translated = translate(cursor)?;
        if !cursor.passed("%") {
            return Err(cursor.expected("`%` at the end of the regular expression"));
        }
        let compiled = RegexBuilder::new(&translated)
            .unicode(false)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(CACHE_BYTES_MAX)
            .build();
        compiled.map(Self).map_err(|error| {
            let reason = match error {
                regex::Error::CompiledTooBig(_) => "repeats too much".into(),
                _ => "is none: an operator lacks what it applies to, or a bracket its partner".into(),
            };
            PatternError::new(start, Problem::RegularExpression { reason })
        })
    }

    /// Whether it is found anywhere in `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

fn translate(cursor: &mut Cursor<'_>) -> Result<String, PatternError> {
    let mut translated = String::new();
    while let Some(character) = cursor.peek().filter(|character| *character != '%') {
        match character {
            '\\' => match escaped(cursor)? {
                Escaped::Character(code) => Characters::one(code).write(&mut translated),
                Escaped::Characters(characters) => characters.write(&mut translated),
            },
            '[' => bracketed(cursor)?.write(&mut translated),
            '{' => repetition(cursor, &mut translated)?,
            '.' => {
                cursor.skip_character();
                Characters::ALL.write(&mut translated);
            }
            '^' | '$' | '?' | '|' | '*' | '+' => {
                cursor.skip_character();
                translated.push(character);
            }
            _ => Characters::one(literal(cursor)?).write(&mut translated),
        }
    }
    Ok(translated)
}

/// One character that stands for itself.
fn literal(cursor: &mut Cursor<'_>) -> Result<u8, PatternError> {
    let is_literal = |code: &u8| code.is_ascii_alphanumeric() || b" :_#=@/;,-]}".contains(code);
    let code = cursor.peek().and_then(|character| u8::try_from(character).ok()).filter(is_literal);
    let code = code.ok_or_else(|| cursor.invalid_characters())?;
    cursor.skip_character();
    Ok(code)
}

fn escaped(cursor: &mut Cursor<'_>) -> Result<Escaped, PatternError> {
    let start = cursor.position();
    cursor.passed("\\");
    let Some(character) = cursor.peek() else { return Err(cursor.expected("an operator to take literally")) };
    cursor.skip_character();
    Ok(match character {
        'd' => Escaped::Characters(Characters::of(|code| code.is_ascii_digit())),
        'D' => Escaped::Characters(Characters::of(|code| code.is_ascii_digit()).others()),
        'w' => Escaped::Characters(Characters::of(is_word)),
        'W' => Escaped::Characters(Characters::of(is_word).others()),
        's' => Escaped::Characters(Characters::of(is_blank)),
        'S' => Escaped::Characters(Characters::of(is_blank).others()),
        't' => Escaped::Character(b'\t'),
        'n' => Escaped::Character(b'\n'),
        'r' => Escaped::Character(b'\r'),
        'x' => {
            let digits =
                cursor.rest().get(..2).filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let code = digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(u8::is_ascii);
            let code = code.ok_or_else(|| cursor.expected("two hexadecimal digits of an ASCII character"))?;
            (0..2).for_each(|_| cursor.skip_character());
            Escaped::Character(code)
        }
        _ => match u8::try_from(character) {
            Ok(code) if code.is_ascii_punctuation() && code != b'%' => Escaped::Character(code),
            _ => {
                let reason = format!("has `\\{character}`, which means nothing here").into();
                return Err(PatternError::new(start, Problem::RegularExpression { reason }));
            }
        },
    })
}

fn is_word(code: u8) -> bool {
    code.is_ascii_alphanumeric() || code == b'_'
}

fn is_blank(code: u8) -> bool {
    matches!(code, b' ' | b'\t' | b'\n' | b'\r')
}

/// `[…]`: characters and ranges, or behind `^` all others. A bracket or hyphen at the start stands for itself.
fn bracketed(cursor: &mut Cursor<'_>) -> Result<Characters, PatternError> {
    cursor.passed("[");
    let is_negated = cursor.passed("^");
    let mut characters = Characters::NONE;
    let mut is_first = true;
    loop {
        match cursor.peek() {
            None | Some('%') => return Err(cursor.expected("`]`")),
            Some(']') if !is_first => break,
            _ => characters = characters.and(element(cursor)?),
        }
        is_first = false;
    }
    cursor.passed("]");
    Ok(if is_negated { characters.others() } else { characters })
}

/// One character, a range of them, or a set such as `\d`, inside of brackets.
fn element(cursor: &mut Cursor<'_>) -> Result<Characters, PatternError> {
    let start = cursor.position();
    let first = match bracketed_character(cursor)? {
        Escaped::Characters(characters) => return Ok(characters),
        Escaped::Character(first) => first,
    };
    let has_end = cursor.rest().strip_prefix('-').is_some_and(|end| !end.starts_with([']', '%']));
    if !has_end {
        return Ok(Characters::one(first));
    }
    cursor.passed("-");
    match bracketed_character(cursor)? {
        Escaped::Character(last) if first <= last => {
            Ok(Characters::of(|code| (first..=last).contains(&code)))
        }
        _ => {
            let reason = "has a range that does not end at a later character".into();
            Err(PatternError::new(start, Problem::RegularExpression { reason }))
        }
    }
}

/// Inside of brackets operators stand for themselves.
fn bracketed_character(cursor: &mut Cursor<'_>) -> Result<Escaped, PatternError> {
    let is_operator = |character: &char| "^$?[{|*+.".contains(*character);
    match cursor.peek() {
        Some('\\') => escaped(cursor),
        Some(operator) if is_operator(&operator) => {
            cursor.skip_character();
            Ok(Escaped::Character(operator as u8))
        }
        _ => literal(cursor).map(Escaped::Character),
    }
}

/// `{m}`, `{m,n}`, `{m,}`, `{,n}`.
fn repetition(cursor: &mut Cursor<'_>, translated: &mut String) -> Result<(), PatternError> {
    let start = cursor.position();
    cursor.passed("{");
    let least = cursor.take_while(|character| character.is_ascii_digit());
    let has_comma = cursor.passed(",");
    cursor.skip_blanks();
    let most = cursor.take_while(|character| character.is_ascii_digit());
    if !cursor.passed("}") || (least.is_empty() && most.is_empty()) || least.len().max(most.len()) > 4 {
        let reason = "has braces that are no count such as `{2}`, `{2,3}`, `{2,}` or `{,3}`".into();
        return Err(PatternError::new(start, Problem::RegularExpression { reason }));
    }
    let least = if least.is_empty() { "0" } else { least };
    let comma = if has_comma { "," } else { "" };
    translated.push_str(&format!("{{{least}{comma}{most}}}"));
    Ok(())
}

impl Characters {
    const NONE: Self = Self { ascii: 0, beyond_ascii: false };
    const ALL: Self = Self { ascii: u128::MAX, beyond_ascii: true };

    fn one(code: u8) -> Self {
        Self { ascii: 1 << code, beyond_ascii: false }
    }

    fn of(belongs: impl Fn(u8) -> bool) -> Self {
        (0..128).filter(|code| belongs(*code)).map(Self::one).fold(Self::NONE, Self::and)
    }

    fn and(self, other: Self) -> Self {
        Self { ascii: self.ascii | other.ascii, beyond_ascii: self.beyond_ascii | other.beyond_ascii }
    }

    fn others(self) -> Self {
        Self { ascii: !self.ascii, beyond_ascii: !self.beyond_ascii }
    }

    /// As ranges of bytes. A set of nothing is written as such and matches nothing.
    fn write(self, translated: &mut String) {
        let has = |code: u8| self.ascii & (1 << code) != 0;
        let mut ranges = String::new();
        let mut code = 0;
        while code < 128 {
            if !has(code) {
                code += 1;
                continue;
            }
            let first = code;
            while code < 128 && has(code) {
                code += 1;
            }
            ranges.push_str(&format!("\\x{first:02x}-\\x{:02x}", code - 1));
        }
        if ranges.is_empty() {
            // The syntax for it: what is both `a` and `b`.
            ranges.push_str("a&&b");
        }
        translated.push_str(&if self.beyond_ascii {
            format!("(?:[{ranges}]|{BEYOND_ASCII})")
        } else {
            format!("[{ranges}]")
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(expression: &str) -> Result<RegularExpression, PatternError> {
        let text = format!("%{expression}%");
        RegularExpression::parse(&mut Cursor::new(&text, 0..text.len()))
    }

    #[test]
    fn brackets_mean_the_same_as_at_aws() {
        let cases = [
            ("^[a[]$", &["a", "["][..], &["b", "[a"][..]),
            ("^[]a]$", &["]", "a"], &["b"]),
            ("^[+--]$", &["+", ",", "-"], &[".", "*"]),
            ("^[a-]$", &["a", "-"], &["b"]),
            ("^[-a]$", &["a", "-"], &["b"]),
            (r"^[^\x00-\x7f]$", &["é", "😀"], &["a", "éé"]),
            ("^.$", &["a", "é", "😀", "\u{7ff}"], &["", "éa", "éé", "ab"]),
            ("^..$", &["éé", "a😀"], &["😀", "é"]),
            (r"^[^\W]$", &["a"], &["é", "-"]),
            (r"^[\Wa]$", &["a", "é", "-"], &["b"]),
            (r"^\S.\D$", &["aéx", "éa\u{301}"], &["a 1", " aa"]),
            ("^[a-c-e]$", &["b", "-", "e"], &["d"]),
            (r"^[\d.-]+$", &["1.2-3"], &["a"]),
            (r"^[\x28\x29]$", &["(", ")"], &["x"]),
            ("^[^^]$", &["a"], &["^"]),
            ("^a{,2}$", &["", "a", "aa"], &["aaa"]),
            ("^a{2, 3}$", &["aa", "aaa"], &["a", "aaaa"]),
            ("a.b", &["a\nb", "aéb"], &["ab"]),
            (r"^\W$", &["é", "-"], &["a", "_"]),
            ("#x", &["#x"], &["x"]),
            ("a]", &["a]"], &["a"]),
        ];
        for (expression, matching, others) in cases {
            let compiled = parse(expression).expect(expression);
            for text in matching {
                assert!(compiled.matches(text), "{expression} {text}");
            }
            for text in others {
                assert!(!compiled.matches(text), "{expression} {text}");
            }
        }
    }

    #[test]
    fn what_aws_does_not_list_is_refused() {
        for (expression, position) in [
            ("something!", 10),
            ("(a)", 1),
            ("a b(", 4),
            ("é", 1),
            (r"a\q", 2),
            (r"\x2", 3),
            (r"\xff", 3),
            ("[a", 3),
            ("a{x}", 2),
            ("a{}", 2),
            ("a{99999}", 2),
            ("*a", 0),
            ("[z-a]", 2),
            (r"[a-\d]", 2),
            ("[ab]*a[ab]{9999}", 0),
        ] {
            assert_eq!(parse(expression).expect_err(expression).position, position, "{expression}");
        }
    }
}
