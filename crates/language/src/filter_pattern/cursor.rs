//! What comes next in the text of a pattern? A place in the text that moves forward and names itself in errors.

use super::error::{PatternError, Problem};

/// A place in a pattern's text. What lies behind `end` belongs to somebody else.
pub(crate) struct Cursor<'t> {
    text: &'t str,
    position: usize,
    end: usize,
}

impl<'t> Cursor<'t> {
    /// Over a part of `text`; positions count from the start of all of it.
    pub fn new(text: &'t str, part: std::ops::Range<usize>) -> Self {
        Self { text, position: part.start, end: part.end }
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn end(&self) -> usize {
        self.end
    }

    /// The text of the whole pattern.
    pub fn whole(&self) -> &'t str {
        self.text
    }

    pub fn rest(&self) -> &'t str {
        &self.text[self.position..self.end]
    }

    pub fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.position]
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn is_at_end(&self) -> bool {
        self.position == self.end
    }

    pub fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub fn take_while(&mut self, mut belongs: impl FnMut(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    /// Passes `wanted` if it comes next.
    pub fn passed(&mut self, wanted: &str) -> bool {
        let is_next = self.rest().starts_with(wanted);
        self.position += if is_next { wanted.len() } else { 0 };
        is_next
    }

    pub fn skip_character(&mut self) {
        self.position += self.peek().map_or(0, char::len_utf8);
    }

    /// Passes `wanted` if it comes next as a whole word.
    pub fn passed_word(&mut self, wanted: &str) -> bool {
        let length = self.rest().find(|character| !is_word(character)).unwrap_or(self.rest().len());
        self.rest()[..length] == *wanted && self.passed(wanted)
    }

    /// Passes a text in double quotes and gives what it stands for: `\"` is a quote and `\\` a backslash; a backslash
    /// before anything else is one.
    pub fn quoted(&mut self) -> Result<String, PatternError> {
        let start = self.position;
        let mut quoted = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.position = start + at + 1;
                    return Ok(quoted);
                }
                '\\' => {
                    let escaped = characters.next_if(|next| matches!(next.1, '"' | '\\'));
                    quoted.push(escaped.map_or('\\', |escaped| escaped.1));
                }
                _ => quoted.push(character),
            }
        }
        Err(PatternError::new(start, Problem::UnclosedQuote))
    }

    pub fn expected(&self, expected: &'static str) -> PatternError {
        PatternError::new(self.position, Problem::Expected { expected, found: self.peek() })
    }

    /// The characters from here on that may stand only inside quotes are the problem.
    pub fn invalid_characters(&self) -> PatternError {
        let rest = self.rest();
        let belongs = |character: char| !is_word(character) && !character.is_whitespace();
        let length = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        PatternError::new(self.position, Problem::InvalidCharacters { characters: rest[..length].into() })
    }
}

/// What a term may hold without quotes: letters, digits and the underscore.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
