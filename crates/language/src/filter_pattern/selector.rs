//! Which value does `$.users[0].email` name? The names of a selector as steps from the root of an event.

use super::PatternError;
use super::cursor::Cursor;
use super::error::Problem;
use crate::json::Step;

/// Steps from the root of a JSON event, at most one of them a wildcard.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    pub steps: Vec<Step>,
}

impl Selector {
    /// Reads a text that is one selector and nothing else.
    pub fn parse_whole(text: &str) -> Option<Self> {
        let mut cursor = Cursor::new(text, 0..text.len());
        let selector = Self::parse(&mut cursor).ok()?;
        cursor.is_at_end().then_some(selector)
    }

    /// Passes a selector: `$`, then `.name`, `.*`, `[0]`, `[*]`, `['a.b']` or `.['a.b']`, at least one of them.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PatternError> {
        let start = cursor.position();
        if !cursor.passed("$") {
            return Err(cursor.expected("a selector such as `$.name`"));
        }
        let mut selector = Self { steps: Vec::new() };
        loop {
            let step = match cursor.peek() {
                Some('[') => bracketed(cursor)?,
                Some('.') if cursor.rest().starts_with(".[") => {
                    cursor.passed(".");
                    bracketed(cursor)?
                }
                Some('.') => member(cursor, start)?,
                _ if selector.steps.is_empty() => return Err(cursor.expected("`.` and a name")),
                _ => return Ok(selector),
            };
            if is_wildcard(&step) && selector.has_wildcard() {
                return Err(PatternError::new(start, Problem::TooManyWildcards));
            }
            selector.steps.push(step);
        }
    }

    pub fn has_wildcard(&self) -> bool {
        self.steps.iter().any(is_wildcard)
    }
}

fn is_wildcard(step: &Step) -> bool {
    matches!(step, Step::AnyMember | Step::AnyElement)
}

fn member(cursor: &mut Cursor<'_>, selector_start: usize) -> Result<Step, PatternError> {
    let dot = cursor.position();
    cursor.passed(".");
    if cursor.passed("*") {
        return Ok(Step::AnyMember);
    }
    let name = cursor.take_while(|character| character.is_alphanumeric() || "-_".contains(character));
    if name.is_empty() {
        // AWS counts the dollar sign of a first step among the characters that are wrong: `$."`.
        let from = if dot == selector_start + 1 { selector_start } else { dot };
        return Err(match cursor.peek() {
            Some(found) if !found.is_whitespace() && !"=!<>&|)}".contains(found) => {
                Cursor::new(cursor.whole(), from..cursor.end()).invalid_characters()
            }
            _ => cursor.expected("a name, `*` or `['name']`"),
        });
    }
    Ok(Step::Member(name.into()))
}

fn bracketed(cursor: &mut Cursor<'_>) -> Result<Step, PatternError> {
    cursor.passed("[");
    let step = if cursor.passed("*") {
        Step::AnyElement
    } else if cursor.passed("'") {
        let name = cursor.take_while(|character| character != '\'');
        if !cursor.passed("'") {
            return Err(cursor.expected("`'` at the end of the name"));
        }
        Step::Member(name.into())
    } else {
        let expected = cursor.expected("an index, `*` or a name in single quotes");
        let index = cursor.take_while(|character| character.is_ascii_digit());
        Step::Element(index.parse().map_err(|_| expected)?)
    };
    if cursor.passed("]") { Ok(step) } else { Err(cursor.expected("`]`")) }
}
