//! Which words, texts and signs is a query made of?

use super::error::{InsightsError, InsightsProblem};

/// A piece of a query and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    pub position: usize,
    pub kind: Kind,
    /// As it is written, with its quotes.
    pub written: &'t str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, digits and underscores, perhaps a number.
    Word,
    /// In double quotes: a name.
    Name(Box<str>),
    /// In single quotes: a value.
    Value(Box<str>),
    /// One of `( ) , + - * / . = != < >`.
    Sign,
}

pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, InsightsError> {
    let mut pieces = Vec::new();
    let mut position = 0;
    loop {
        position += text[position..].len() - text[position..].trim_start().len();
        let rest = &text[position..];
        let Some(first) = rest.chars().next() else { return Ok(pieces) };
        let (kind, length) = match first {
            '"' | '\'' => {
                quoted(rest, first).ok_or(InsightsError::new(position, InsightsProblem::UnclosedQuote))?
            }
            '(' | ')' | ',' | '+' | '-' | '*' | '/' | '.' | '=' | '<' | '>' => (Kind::Sign, 1),
            '!' if rest.starts_with("!=") => (Kind::Sign, 2),
            _ if is_word(first) => (Kind::Word, word_length(rest)),
            character => {
                return Err(InsightsError::new(position, InsightsProblem::UnexpectedCharacter { character }));
            }
        };
        pieces.push(Piece { position, kind, written: &rest[..length] });
        position += length;
    }
}

/// A text in quotes and its length with them. A backslash takes the special meaning from quotes and itself; before
/// anything else it is one.
fn quoted(text: &str, quote: char) -> Option<(Kind, usize)> {
    let mut inside = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            let kind = if quote == '"' { Kind::Name } else { Kind::Value };
            return Some((kind(inside.into()), at + 1));
        }
        let escaped = characters.next_if(|next| character == '\\' && is_escaped(next.1));
        inside.push(escaped.map_or(character, |escaped| escaped.1));
    }
    None
}

/// The length of the word at the start; a number goes on behind its point.
fn word_length(text: &str) -> usize {
    let length_of = |text: &str| text.find(|character| !is_word(character)).unwrap_or(text.len());
    let length = length_of(text);
    let is_number = text[..length].bytes().all(|byte| byte.is_ascii_digit());
    match text[length..].strip_prefix('.') {
        Some(behind) if is_number => length + 1 + length_of(behind),
        _ => length,
    }
}

/// What a name may hold without quotes.
pub(super) fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// What a backslash takes the special meaning from.
pub(super) fn is_escaped(character: char) -> bool {
    matches!(character, '"' | '\'' | '\\')
}
