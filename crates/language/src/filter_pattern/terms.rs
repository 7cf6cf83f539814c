//! Does this text hold these words? Patterns without braces and brackets: every plain term must be in the message, no
//! term behind `-` may be, and of terms behind `?` one must be.
//!
//! A term is found anywhere, also inside of a longer word. Terms behind `?` have no effect beside others; AWS says so
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-unstructured-log-events.html>).

use std::ops::Range;

use memchr::memmem::Finder;

use super::cursor::{Cursor, is_word};
use super::error::PatternError;
use super::regular_expression::RegularExpression;

/// Terms, or one regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub terms: Vec<Term>,
    /// There are terms behind `?` and no others, so one of them must be in the message.
    is_any: bool,
}

/// One term with its place in the pattern, sign and quotes included.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub role: Role,
    pub span: Range<usize>,
    needle: Needle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Required,
    Excluded,
    Optional,
}

#[derive(Clone, Debug)]
enum Needle {
    Text(Box<Finder<'static>>),
    RegularExpression(Box<RegularExpression>),
}

impl Terms {
    /// Reads all that is left. No terms at all match everything.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PatternError> {
        if cursor.peek() == Some('%') {
            return Self::parse_regular_expression(cursor);
        }
        let mut terms = Vec::new();
        while !cursor.is_at_end() {
            terms.push(Term::parse(cursor)?);
            cursor.skip_blanks();
        }
        let is_any = terms.iter().all(|term: &Term| term.role == Role::Optional) && !terms.is_empty();
        Ok(Self { terms, is_any })
    }

    /// A regular expression stands alone.
    fn parse_regular_expression(cursor: &mut Cursor<'_>) -> Result<Self, PatternError> {
        let start = cursor.position();
        let expression = RegularExpression::parse(cursor)?;
        let span = start..cursor.position();
        cursor.skip_blanks();
        if !cursor.is_at_end() {
            return Err(cursor.expected("nothing behind a regular expression"));
        }
        let needle = Needle::RegularExpression(Box::new(expression));
        Ok(Self { terms: vec![Term { role: Role::Required, span, needle }], is_any: false })
    }

    pub fn matches(&self, message: &str) -> bool {
        if self.is_any {
            return self.terms.iter().any(|term| term.is_in(message));
        }
        self.terms.iter().all(|term| match term.role {
            Role::Required => term.is_in(message),
            Role::Excluded => !term.is_in(message),
            Role::Optional => true,
        })
    }

    /// The texts that every message has which matches.
    pub fn required_texts(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter(|term| term.role == Role::Required).filter_map(|term| match &term.needle {
            // It was made of a text.
            Needle::Text(finder) => std::str::from_utf8(finder.needle()).ok(),
            Needle::RegularExpression(_) => None,
        })
    }

    /// Whether terms behind `?` count.
    pub fn is_any(&self) -> bool {
        self.is_any
    }

    pub fn regular_expression_count(&self) -> usize {
        self.terms.iter().filter(|term| matches!(term.needle, Needle::RegularExpression(_))).count()
    }
}

impl Term {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PatternError> {
        let start = cursor.position();
        let role = if cursor.passed("?") {
            Role::Optional
        } else if cursor.passed("-") {
            // AWS's own first guide wrote blanks behind the minus.
            cursor.skip_blanks();
            Role::Excluded
        } else {
            Role::Required
        };
        let text_start = cursor.position();
        let text = match cursor.peek() {
            Some('"') => cursor.quoted()?,
            _ => cursor.take_while(is_word).to_owned(),
        };
        let ends = cursor.peek().is_none_or(char::is_whitespace);
        if text.is_empty() || !ends {
            let at = if text.is_empty() { text_start } else { cursor.position() };
            let rest = Cursor::new(cursor.whole(), at..cursor.end());
            let is_missing = rest.peek().is_none_or(char::is_whitespace);
            return Err(if is_missing { rest.expected("a term") } else { rest.invalid_characters() });
        }
        let needle = Needle::Text(Box::new(Finder::new(&text).into_owned()));
        Ok(Self { role, span: start..cursor.position(), needle })
    }

    pub fn is_in(&self, message: &str) -> bool {
        match &self.needle {
            Needle::Text(finder) => finder.find(message.as_bytes()).is_some(),
            Needle::RegularExpression(expression) => expression.matches(message),
        }
    }
}
