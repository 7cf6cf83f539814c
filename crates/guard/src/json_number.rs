//! Was a cut number a bare JSON number, which now needs quotes? Digits and stars are no number, and the document must
//! stay valid JSON.
//!
//! A number is a value if it stands behind a quoted key and a colon, or in an array of a document that begins with a
//! brace or bracket. Inside a string that holds JSON itself, quotes are written the way that string writes them.

use std::ops::Range;

use crate::cut::{Cut, Quote};
use crate::quote;

/// How far back the quoting of a nested array is looked for, in bytes.
const LOOK_BACK_MAX: usize = 4096;

/// Fraction and exponent of a number are looked at up to this many bytes.
const NUMBER_MAX: usize = 400;

/// Decides about quotes for cuts in rising order, reading the text once.
pub(crate) struct JsonNumbers<'a> {
    bytes: &'a [u8],
    is_document: bool,
    position: usize,
    in_string: bool,
}

impl<'a> JsonNumbers<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_document = matches!(first, Some(b'{' | b'['));
        JsonNumbers { bytes, is_document, position: 0, in_string: false }
    }

    /// Gives a cut its quotes if it was a number, and widens it to sign, fraction and exponent.
    pub fn quote(&mut self, cut: &mut Cut) {
        let number = self.number_around(&cut.span);
        cut.quote = self.quote_of(&number);
        if cut.quote != Quote::None {
            let sign = String::from_utf8_lossy(&self.bytes[number.start..cut.span.start]);
            let rest = String::from_utf8_lossy(&self.bytes[cut.span.end..number.end]);
            cut.text = format!("{sign}{}{rest}", cut.text);
            cut.span = number;
        }
    }

    fn number_around(&self, span: &Range<usize>) -> Range<usize> {
        let sign = usize::from(span.start > 0 && self.bytes[span.start - 1] == b'-');
        let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
        let rest = self.bytes[span.end..].iter().take(NUMBER_MAX).take_while(is_part).count();
        span.start - sign..span.end + rest
    }

    fn quote_of(&mut self, number: &Range<usize>) -> Quote {
        let before = trimmed_end(&self.bytes[..number.start]);
        let after = self.bytes[number.end..].iter().find(|byte| !byte.is_ascii_whitespace());
        match (before.last(), after) {
            (Some(b':'), None | Some(b',' | b'}' | b']' | b'\\' | b'"')) => {
                quote::at_end(trimmed_end(&before[..before.len() - 1])).map_or(Quote::None, Quote::Like)
            }
            (Some(b'[' | b','), Some(b',' | b']')) => self.quote_in_array(number.start),
            _ => Quote::None,
        }
    }

    fn quote_in_array(&mut self, position: usize) -> Quote {
        if !self.is_document {
            return Quote::None;
        }
        self.read_to(position);
        if !self.in_string {
            return Quote::Plain;
        }
        let floor = position.saturating_sub(LOOK_BACK_MAX);
        let last_quote = self.bytes[floor..position].iter().rposition(|byte| *byte == b'"');
        let quote = last_quote.and_then(|at| quote::at_end(&self.bytes[..=floor + at]));
        quote.filter(|quote| quote.len() > 1).map_or(Quote::None, Quote::Like)
    }

    fn read_to(&mut self, position: usize) {
        while self.position < position {
            match self.bytes[self.position] {
                b'\\' if self.in_string => self.position += 1,
                b'"' => self.in_string = !self.in_string,
                _ => {}
            }
            self.position += 1;
        }
    }
}

fn trimmed_end(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_end()
}
