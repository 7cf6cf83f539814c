//! Filter patterns of CloudWatch Logs: does this log event match, and which values has it under which names?
//!
//! A pattern is parsed once and then held against any number of events without allocating. Its first character decides
//! its kind: `{` is a JSON pattern, `[` a space-delimited one, everything else terms
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>). What is refused is refused
//! in both modes alike; [`Mode::Lenient`] adds meaning where AWS would silently find nothing.
//!
//! ```
//! use walletscope_language::filter_pattern::{Event, Mode, Pattern};
//!
//! let pattern = Pattern::parse(r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]"#)?;
//! let event = Event::new(r#"{"requestId":"a1b2","event":"TOKEN_PROVISION_SUCCESS","processingTime":1.245}"#);
//! assert!(!pattern.matches(&event, Mode::Strict));
//! let found = pattern.find(&event, Mode::Lenient).expect("names bind to keys");
//! assert_eq!(found.value("$processingTime").as_deref(), Some("1.245"));
//! # Ok::<(), walletscope_language::filter_pattern::PatternError>(())
//! ```

mod comparison;
mod cursor;
mod error;
mod explain;
mod expression;
mod fields_pattern;
mod json_pattern;
mod metric;
mod names;
mod necessary;
mod number;
mod regular_expression;
mod selector;
mod terms;
mod tokens;
mod wildcard;

use std::borrow::Cow;

use walletscope_model::Timestamp;

use cursor::Cursor;
use fields_pattern::FieldsPattern;
use json_pattern::{JsonPattern, JsonValues};
use names::NamedValues;
use terms::Terms;
use tokens::Tokens;

pub use comparison::Operator;
pub use error::{PatternError, Problem};
pub use explain::{Explanation, Finding, Note, ReadAs};
pub use metric::{
    Dimension, MetricFilter, MetricTransformation, NoPoint, Point, TransformationError, UNIT_DEFAULT,
};

/// A pattern has at most so many characters, as AWS counts them
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html>).
pub const PATTERN_LENGTH_MAX: usize = 1_024;
/// Regular expressions in one JSON or space-delimited pattern.
pub const REGULAR_EXPRESSIONS_MAX: usize = 2;
/// Selectors with a wildcard in one JSON pattern; each may hold one.
pub const WILDCARDS_MAX: usize = 3;
/// Parentheses inside each other. AWS names no limit.
pub const PARENTHESES_DEPTH_MAX: usize = 32;

/// A filter pattern, ready to be held against events.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Terms(Terms),
    Json(Box<JsonPattern>),
    Fields(Box<FieldsPattern>),
}

/// Which of its three grammars a pattern is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternKind {
    /// Nothing is asked for: every event matches.
    Everything,
    /// Words and phrases, or one regular expression.
    Terms,
    /// `{ … }`.
    Json,
    /// `[ … ]`.
    Fields,
}

/// Whether a pattern means only what it means at AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// AWS to the letter.
    Strict,
    /// A `[…]` pattern reads a JSON object by the names of its fields, if the object has at least one of them. Everything
    /// else is as in strict mode.
    Lenient,
}

/// A log event as a pattern sees it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'m> {
    /// The text that is matched.
    pub message: &'m str,
    /// When it happened. A name `timestamp` means it in lenient mode where the message has no such key, in milliseconds.
    pub timestamp: Option<Timestamp>,
    /// When it came in, likewise `ingestionTime`.
    pub ingested_at: Option<Timestamp>,
}

/// An event that matches, and what it says under the pattern's names.
#[derive(Clone, Debug)]
pub struct Match<'p, 'm> {
    pattern: &'p Pattern,
    reading: Reading<'m>,
}

/// What a message turned out to be.
#[derive(Clone, Debug)]
enum Reading<'m> {
    Text(&'m str),
    /// The pattern asks for JSON and this is none.
    NotJson,
    Json(JsonValues<'m>),
    ByPosition(Tokens<'m>),
    ByName(NamedValues<'m>),
}

impl Pattern {
    /// Reads the text of a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let length = text.chars().count();
        if length > PATTERN_LENGTH_MAX {
            return Err(PatternError::new(text.len(), Problem::TooLong { length }));
        }
        let start = text.len() - text.trim_start().len();
        let end = start + text.trim().len();
        let kind = match text[start..end].chars().next() {
            Some('{') => Kind::Json(Box::new(JsonPattern::parse(&mut inside(text, start..end, '{')?)?)),
            Some('[') => Kind::Fields(Box::new(FieldsPattern::parse(&mut inside(text, start..end, '[')?)?)),
            // An empty phrase means everything, if it is all there is.
            Some('"')
                if text[start + 1..end].strip_suffix('"').is_some_and(|phrase| phrase.trim().is_empty()) =>
            {
                Kind::Terms(Terms::parse(&mut Cursor::new(text, end..end))?)
            }
            _ => Kind::Terms(Terms::parse(&mut Cursor::new(text, start..end))?),
        };
        Ok(Self { text: text.into(), kind })
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its grammar.
    pub fn kind(&self) -> PatternKind {
        match &self.kind {
            Kind::Terms(terms) if terms.terms.is_empty() => PatternKind::Everything,
            Kind::Terms(_) => PatternKind::Terms,
            Kind::Json(_) => PatternKind::Json,
            Kind::Fields(_) => PatternKind::Fields,
        }
    }

    /// How many regular expressions it holds; AWS allows five patterns with one to a log group.
    pub fn regular_expression_count(&self) -> usize {
        match &self.kind {
            Kind::Terms(terms) => terms.regular_expression_count(),
            Kind::Json(json) => json.regular_expression_count,
            Kind::Fields(fields) => fields.regular_expression_count,
        }
    }

    /// Texts without which no message matches; a `{…}` pattern may find them in other letters, as JSON's `\u`. None of a
    /// `[…]` pattern, which reads messages in several ways.
    pub fn needed_texts(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Terms(terms) => terms.required_texts().collect(),
            Kind::Json(json) => json.necessary.iter().map(necessary::Necessary::text).collect(),
            Kind::Fields(_) => Vec::new(),
        }
    }

    /// Whether an event matches.
    pub fn matches(&self, event: &Event<'_>, mode: Mode) -> bool {
        !self.is_hopeless(event) && self.holds(&self.read(event, mode))
    }

    /// What an event that matches says under the pattern's names.
    pub fn find<'m>(&self, event: &Event<'m>, mode: Mode) -> Option<Match<'_, 'm>> {
        self.read_match(event, mode).map(|reading| Match { pattern: self, reading })
    }

    /// Why an event matches or does not.
    pub fn explain(&self, event: &Event<'_>, mode: Mode) -> Explanation {
        explain::explain(self, event, mode)
    }

    /// What an event that matches turned out to be.
    fn read_match<'m>(&self, event: &Event<'m>, mode: Mode) -> Option<Reading<'m>> {
        if self.is_hopeless(event) {
            return None;
        }
        Some(self.read(event, mode)).filter(|reading| self.holds(reading))
    }

    /// Whether one look at the message tells that it does not match.
    fn is_hopeless(&self, event: &Event<'_>) -> bool {
        let necessary = match &self.kind {
            Kind::Terms(_) => &None,
            Kind::Json(json) => &json.necessary,
            Kind::Fields(fields) => &fields.necessary,
        };
        necessary.as_ref().is_some_and(|necessary| necessary.is_missing(event.message))
    }

    fn read<'m>(&self, event: &Event<'m>, mode: Mode) -> Reading<'m> {
        match &self.kind {
            Kind::Terms(_) => Reading::Text(event.message),
            Kind::Json(json) => json.read(event.message).map_or(Reading::NotJson, Reading::Json),
            Kind::Fields(fields) => {
                let by_name = if mode == Mode::Lenient { fields.names.bind(event) } else { None };
                by_name.map_or_else(|| Reading::ByPosition(fields.split(event.message)), Reading::ByName)
            }
        }
    }

    fn holds(&self, reading: &Reading<'_>) -> bool {
        match (&self.kind, reading) {
            (Kind::Terms(terms), Reading::Text(message)) => terms.matches(message),
            (Kind::Json(json), Reading::Json(values)) => json.matches(values),
            (Kind::Fields(fields), Reading::ByPosition(tokens)) => fields.matches_by_position(tokens),
            (Kind::Fields(fields), Reading::ByName(values)) => fields.matches_by_name(values),
            _ => false,
        }
    }
}

impl<'m> Event<'m> {
    /// A message whose times are not known.
    pub fn new(message: &'m str) -> Self {
        Self { message, timestamp: None, ingested_at: None }
    }
}

impl<'m> Match<'_, 'm> {
    /// The value under one name, as `values` gives it. Space-delimited fields go by their number as well: `$1`.
    pub fn value(&self, name: &str) -> Option<Cow<'m, str>> {
        match (&self.pattern.kind, &self.reading) {
            (Kind::Json(json), Reading::Json(values)) => {
                let selector = selector::Selector::parse_whole(name)?;
                values.value(json.path(&selector)?)?.text()
            }
            (Kind::Fields(fields), reading) => {
                let name = name.strip_prefix('$')?;
                match fields.field_index(name) {
                    Some(index) => field_value(fields, reading, index),
                    None => token(reading, name.parse().ok()?),
                }
            }
            _ => None,
        }
    }

    /// Every value with its name, as TestMetricFilter tells them in `extractedValues`: `$name` for a named field, `$3` for
    /// the third one if it has no name, `$.selector` for a selector of a JSON pattern that names a text, number or
    /// boolean. Terms have none.
    pub fn values(&self) -> Vec<(Cow<'_, str>, Cow<'m, str>)> {
        match (&self.pattern.kind, &self.reading) {
            (Kind::Json(json), Reading::Json(values)) => {
                let named = json.selectors.iter().filter_map(|(span, path)| {
                    Some((Cow::Borrowed(&self.pattern.text[span.clone()]), values.value(*path)?.text()?))
                });
                named.collect()
            }
            (Kind::Fields(fields), Reading::ByPosition(tokens)) => {
                let named = tokens.iter().enumerate().map(|(position, token)| {
                    let name = fields.name_at(position, tokens.len());
                    let name = name.map_or_else(|| format!("${}", position + 1), |name| format!("${name}"));
                    (Cow::Owned(name), Cow::Borrowed(*token))
                });
                named.collect()
            }
            (Kind::Fields(fields), Reading::ByName(values)) => {
                let named = fields.named().filter_map(|name| {
                    Some((Cow::Owned(format!("${}", name.text)), values.value(name.number)?.text()?))
                });
                named.collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The text of a pattern's field in a message that matches.
fn field_value<'m>(fields: &FieldsPattern, reading: &Reading<'m>, index: usize) -> Option<Cow<'m, str>> {
    match reading {
        Reading::ByPosition(tokens) => {
            let position = fields.position(index, tokens.len());
            tokens.get(position).map(|token| Cow::Borrowed(*token))
        }
        Reading::ByName(values) => values.value(fields.fields.get(index)?.name.as_ref()?.number)?.text(),
        _ => None,
    }
}

/// The field of a message with this number, counted from 1.
fn token<'m>(reading: &Reading<'m>, number: usize) -> Option<Cow<'m, str>> {
    match reading {
        Reading::ByPosition(tokens) => tokens.get(number.checked_sub(1)?).map(|token| Cow::Borrowed(*token)),
        _ => None,
    }
}

/// What stands between the opening at the start of `part` and its partner, which must be at its end.
fn inside(text: &str, part: std::ops::Range<usize>, opening: char) -> Result<Cursor<'_>, PatternError> {
    if part.len() < 2 || !text[part.clone()].ends_with(error::closing(opening)) {
        return Err(PatternError::new(part.end, Problem::NotClosed { opening }));
    }
    Ok(Cursor::new(text, part.start + 1..part.end - 1))
}
