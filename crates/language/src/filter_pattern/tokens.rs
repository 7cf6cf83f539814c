//! Into which fields does a space-delimited message fall? Blanks part fields; what stands in double quotes or in
//! brackets is one field and loses them.
//!
//! A quote or bracket groups only at the start of a field, and only if its partner follows; what is attached behind the
//! partner belongs to the field, which then keeps both (`"INFO",` is that text, not `INFO`). A quote behind a backslash
//! closes nothing. The hard part is a line full of openings that never close: each partner is looked for once.

use memchr::memchr_iter;
use smallvec::SmallVec;

/// The fields of a message, in order.
pub(crate) type Tokens<'m> = SmallVec<[&'m str; 24]>;

/// The fields of a message; at most one more than `count_max`, for whoever needs to know only that there are more.
pub(crate) fn tokens(message: &str, count_max: usize) -> Tokens<'_> {
    let mut splitter = Splitter { text: message, position: 0, is_unclosed: [false; 2] };
    splitter.by_ref().take(count_max.saturating_add(1)).collect()
}

struct Splitter<'m> {
    text: &'m str,
    position: usize,
    /// No double quote, no bracket closes from here on.
    is_unclosed: [bool; 2],
}

impl<'m> Iterator for Splitter<'m> {
    type Item = &'m str;

    fn next(&mut self) -> Option<&'m str> {
        let bytes = self.text.as_bytes();
        let is_blank = |byte: &u8| byte.is_ascii_whitespace();
        self.position += bytes[self.position..].iter().take_while(|byte| is_blank(byte)).count();
        let start = self.position;
        let first = *bytes.get(start)?;
        let partner = self.partner(first);
        let from = partner.map_or(start, |at| at + 1);
        let attached = bytes[from..].iter().take_while(|byte| !is_blank(byte)).count();
        self.position = from + attached;
        match partner {
            Some(at) if attached == 0 => Some(&self.text[start + 1..at]),
            _ => Some(&self.text[start..self.position]),
        }
    }
}

impl Splitter<'_> {
    /// The place of the quote or bracket that closes the one at the present place.
    fn partner(&mut self, opening: u8) -> Option<usize> {
        let (kind, closing) = match opening {
            b'"' => (0, b'"'),
            b'[' => (1, b']'),
            _ => return None,
        };
        if self.is_unclosed[kind] {
            return None;
        }
        let bytes = self.text.as_bytes();
        let after = self.position + 1;
        let mut candidates = memchr_iter(closing, &bytes[after..]).map(|at| after + at);
        let partner = candidates.find(|at| closing != b'"' || bytes[at - 1] != b'\\');
        self.is_unclosed[kind] = partner.is_none();
        partner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &[&str]) {
        assert_eq!(tokens(message, usize::MAX).as_slice(), expected, "{message}");
    }

    #[test]
    fn blanks_part_fields_and_quotes_and_brackets_group_them() {
        check("", &[]);
        check(" \t\r\n", &[]);
        check("a  b\tc\n", &["a", "b", "c"]);
        check(r#"x [10/Oct/2000 -0700] "GET / 1" 2"#, &["x", "10/Oct/2000 -0700", "GET / 1", "2"]);
        check(r#""" [] "a""#, &["", "", "a"]);
        check(r#"a"b c"d"#, &["a\"b", "c\"d"]);
        check(r#""a b",c d"#, &[r#""a b",c"#, "d"]);
        check(r#""a \" b" c"#, &[r#"a \" b"#, "c"]);
        check("[a [b] c] d", &["a [b", "c]", "d"]);
        check("\"a b", &["\"a", "b"]);
        check("[a \"b c\" [d", &["[a", "b c", "[d"]);
        check("é [ü ö] ä", &["é", "ü ö", "ä"]);
    }

    #[test]
    fn no_more_is_split_than_is_asked_for() {
        assert_eq!(tokens("a b c d", 2).as_slice(), ["a", "b", "c"]);
    }
}
