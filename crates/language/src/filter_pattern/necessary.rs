//! Which text must a message hold, or it cannot match? Found without reading the message as JSON or fields, and so the
//! quick answer to most events, which match no filter.
//!
//! A condition that asks for a text asks that the message has it somewhere as it is, or has a backslash: then it may be
//! there in other letters. Answers are never changed by this, only found sooner.

use memchr::memchr;
use memchr::memmem::Finder;

use super::expression::Expression;

/// Shorter texts are in most messages anyway.
const LENGTH_MIN: usize = 3;

/// A text without which nothing matches.
#[derive(Clone, Debug)]
pub(crate) struct Necessary(Box<Finder<'static>>);

impl Necessary {
    /// The longest text that all conditions together need; `text` tells what one of them needs.
    pub fn of_all<'t>(
        expressions: impl Iterator<Item = &'t Expression>,
        text: &dyn Fn(u16) -> Option<&'t str>,
    ) -> Option<Self> {
        let longest =
            expressions.filter_map(|expression| needed(expression, text)).max_by_key(|text| text.len());
        let longest = longest.filter(|text| text.len() >= LENGTH_MIN)?;
        Some(Self(Box::new(Finder::new(longest).into_owned())))
    }

    /// The text.
    pub fn text(&self) -> &str {
        // It was made of a text.
        std::str::from_utf8(self.0.needle()).unwrap_or_default()
    }

    /// Whether the message lacks it.
    pub fn is_missing(&self, message: &str) -> bool {
        let bytes = message.as_bytes();
        self.0.find(bytes).is_none() && memchr(b'\\', bytes).is_none()
    }
}

/// Of alternatives none is needed.
fn needed<'t>(expression: &Expression, text: &dyn Fn(u16) -> Option<&'t str>) -> Option<&'t str> {
    match expression {
        Expression::Condition(condition) => text(*condition),
        Expression::All(parts) => {
            parts.iter().filter_map(|part| needed(part, text)).max_by_key(|text| text.len())
        }
        Expression::Any(_) => None,
    }
}
