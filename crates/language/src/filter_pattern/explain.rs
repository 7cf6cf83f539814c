//! Why does this event match, or why not? What each part of a pattern found, as data and in a sentence.
//!
//! An explanation asks the same functions as matching does, so the two cannot disagree. It allocates and is made when a
//! person asks.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::fields_pattern::FieldsPattern;
use super::json_pattern::{JsonPattern, JsonValues, Test};
use super::names::{NamedValue, NamedValues};
use super::terms::{Role, Terms};
use super::tokens::Tokens;
use super::{Event, Kind, Mode, Pattern, Reading};
use crate::json::{Kind as JsonKind, Value};

/// A value in a sentence has at most so many characters.
const SHOWN_LENGTH_MAX: usize = 60;
/// A value in a finding has at most so many characters.
const FOUND_LENGTH_MAX: usize = 1_024;

/// What a pattern found in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the event matches.
    pub matches: bool,
    /// What the message was taken for.
    pub read_as: ReadAs,
    /// One for each term or condition that was asked, in the pattern's order.
    pub findings: Vec<Finding>,
    /// What a reader may not expect.
    pub notes: Vec<Note>,
    /// All that decided, in plain words.
    pub sentence: String,
}

/// What a message was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// Text in which terms are looked for.
    Text,
    /// JSON.
    Json,
    /// The pattern asks for a JSON object or array, and the message is none.
    NotJson,
    /// Fields between blanks, by position.
    FieldsByPosition {
        /// How many the message has. Where the pattern fixes a number, more than one too many are not counted.
        found: usize,
        /// How many the pattern asks for.
        needed: usize,
        /// The pattern has `...`, so there may be more.
        or_more: bool,
    },
    /// A JSON object whose keys are the names of fields.
    FieldsByName,
}

/// What one term or condition found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its text in the pattern.
    pub part: String,
    /// Its place in the pattern, in bytes.
    pub span: Range<usize>,
    /// Whether it is as the pattern wants it.
    pub holds: bool,
    /// Whether the answer follows from it. Of alternatives that fail all decide, of those that hold the ones that do.
    pub decides: bool,
    /// The text of the value that it was asked about, cut behind 1,024 characters.
    pub found: Option<String>,
    /// The same in words.
    pub words: String,
}

/// What a reader of an explanation may not expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Terms behind `?` stand beside others and have no effect.
    OptionalTermsIgnored,
    /// Fields were read by name, which AWS does not do.
    ReadByName {
        /// Whether the event matches at AWS.
        matches_by_position: bool,
    },
    /// It does not match by position and would in lenient mode, by name.
    MatchesByName,
}

pub(super) fn explain(pattern: &Pattern, event: &Event<'_>, mode: Mode) -> Explanation {
    let reading = pattern.read(event, mode);
    let matches = pattern.holds(&reading);
    let (read_as, findings, reason) = match (&pattern.kind, &reading) {
        (Kind::Terms(terms), Reading::Text(message)) => {
            (ReadAs::Text, of_terms(pattern, terms, message), None)
        }
        (Kind::Json(json), Reading::Json(values)) => (ReadAs::Json, of_json(pattern, json, values), None),
        (Kind::Fields(fields), Reading::ByPosition(tokens)) => of_positions(pattern, fields, tokens),
        (Kind::Fields(fields), Reading::ByName(values)) => {
            (ReadAs::FieldsByName, of_names(pattern, fields, values), None)
        }
        _ => {
            let reason = "the message is no JSON object or array, and the pattern asks for one";
            (ReadAs::NotJson, Vec::new(), Some(reason.to_owned()))
        }
    };
    let sentence = sentence(matches, &findings, reason);
    Explanation { matches, read_as, findings, notes: notes(pattern, event, &reading, matches), sentence }
}

fn sentence(matches: bool, findings: &[Finding], reason: Option<String>) -> String {
    let words = findings.iter().filter(|finding| finding.decides).map(|finding| finding.words.as_str());
    let reasons: Vec<_> = reason.as_deref().into_iter().chain(words).collect();
    match (matches, reasons.is_empty()) {
        (true, true) => "It matches: the pattern asks for nothing else.".to_owned(),
        (true, false) => format!("It matches: {}.", reasons.join("; ")),
        (false, _) => format!("It does not match: {}.", reasons.join("; ")),
    }
}

fn notes(pattern: &Pattern, event: &Event<'_>, reading: &Reading<'_>, matches: bool) -> Vec<Note> {
    let note = match (&pattern.kind, reading) {
        (Kind::Terms(terms), _) => {
            let has_optional = terms.terms.iter().any(|term| term.role == Role::Optional);
            (has_optional && !terms.is_any()).then_some(Note::OptionalTermsIgnored)
        }
        (Kind::Fields(_), Reading::ByName(_)) => {
            let matches_by_position = pattern.matches(event, Mode::Strict);
            Some(Note::ReadByName { matches_by_position })
        }
        (Kind::Fields(_), Reading::ByPosition(_)) if !matches => {
            pattern.matches(event, Mode::Lenient).then_some(Note::MatchesByName)
        }
        _ => None,
    };
    note.into_iter().collect()
}

fn of_terms(pattern: &Pattern, terms: &Terms, message: &str) -> Vec<Finding> {
    let matches = terms.matches(message);
    let of_term = |term: &super::terms::Term| {
        let is_in = term.is_in(message);
        let holds = is_in != (term.role == Role::Excluded);
        let part = pattern.text[term.span.clone()].to_owned();
        let shown = part.trim_start_matches(['?', '-']).trim_start();
        let words = match (term.role, is_in) {
            (Role::Excluded, true) => format!("`{shown}` is in the message and must not be"),
            (_, true) => format!("`{shown}` is in the message"),
            (_, false) => format!("`{shown}` is not in the message"),
        };
        let counts = terms.is_any() || term.role != Role::Optional;
        let decides = counts && holds == matches;
        Finding { part, span: term.span.clone(), holds, decides, found: None, words }
    };
    terms.terms.iter().map(of_term).collect()
}

fn of_json(pattern: &Pattern, json: &JsonPattern, values: &JsonValues<'_>) -> Vec<Finding> {
    let deciding = json.expression.decisive(&|number| json.holds(number, values));
    let of_condition = |(number, condition): (u16, &super::json_pattern::Condition)| {
        let holds = json.holds(number, values);
        let value = values.asked(number, condition);
        let selector = &pattern.text[condition.selector_span.clone()];
        let what = match value {
            None => format!("there is no `{selector}`"),
            Some(value) => format!("`{selector}` is {}", described(value)),
        };
        let hint = match &condition.test {
            Test::Comparison(_) if selector.contains('*') && !holds && value.is_some() => {
                format!("{what}, and no other value under the wildcard holds it")
            }
            Test::Comparison(comparison) => {
                what + lacking(comparison.operator, value.and_then(Value::text).as_deref())
            }
            Test::Is(_) | Test::NotExists => what,
        };
        let part = pattern.text[condition.span.clone()].to_owned();
        let words = format!("`{part}` {}: {hint}", if holds { "holds" } else { "does not hold" });
        let found = value.map(|value| value.text().unwrap_or(Cow::Borrowed(value.written)));
        let found = found.map(|text| shortened(&text, FOUND_LENGTH_MAX));
        Finding {
            part,
            span: condition.span.clone(),
            holds,
            decides: deciding.contains(&number),
            found,
            words,
        }
    };
    (0..).zip(&json.conditions).map(of_condition).collect()
}

fn of_positions(
    pattern: &Pattern,
    fields: &FieldsPattern,
    tokens: &Tokens<'_>,
) -> (ReadAs, Vec<Finding>, Option<String>) {
    let (found, needed, or_more) = (tokens.len(), fields.fields.len(), fields.has_ellipsis());
    let read_as = ReadAs::FieldsByPosition { found, needed, or_more };
    if !fields.fits_count(found) {
        let has = match found {
            1 => "1 field".to_owned(),
            _ if found > needed => format!("more than {needed} fields"),
            _ => format!("{found} fields"),
        };
        let least = if or_more { "at least " } else { "" };
        let reason = format!("the message has {has} and the pattern asks for {least}{needed}");
        return (read_as, Vec::new(), Some(reason));
    }
    let findings = of_fields(pattern, fields, |index| {
        let position = fields.position(index, found);
        let text = tokens[position].to_owned();
        (format!("field {} is {}", position + 1, shown(&text)), Some(text))
    });
    (read_as, findings, None)
}

fn of_names(pattern: &Pattern, fields: &FieldsPattern, values: &NamedValues<'_>) -> Vec<Finding> {
    of_fields(pattern, fields, |index| {
        let name = fields.fields[index].name.as_ref();
        let value = name.and_then(|name| values.value(name.number));
        let name = name.map_or("", |name| &name.text);
        let what = match value {
            None => format!("no key means `{name}`"),
            Some(NamedValue::Member(value)) => format!("`{name}` is {}", described(value)),
            Some(other) => format!("`{name}` is {}", shown(&other.text().unwrap_or_default())),
        };
        (what, value.and_then(NamedValue::text).map(Into::into))
    })
}

/// The findings of all conditions; `value` tells of a field by its index what it is, in words and as text.
fn of_fields(
    pattern: &Pattern,
    fields: &FieldsPattern,
    value: impl Fn(usize) -> (String, Option<String>),
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut all_hold = true;
    for (index, field) in fields.fields.iter().enumerate() {
        let Some(expression) = &field.expression else { continue };
        let (what, text) = value(index);
        let condition_holds = |number| fields.condition_holds(number, text.as_deref());
        let deciding = expression.decisive(&condition_holds);
        all_hold &= expression.holds(&mut |number| condition_holds(number));
        for number in expression.conditions() {
            let condition = &fields.conditions[usize::from(number)];
            let holds = condition_holds(number);
            let hint = lacking(condition.comparison.operator, text.as_deref());
            let part = pattern.text[condition.span.clone()].to_owned();
            let words = format!("`{part}` {}: {what}{hint}", if holds { "holds" } else { "does not hold" });
            let (span, decides, found) =
                (condition.span.clone(), deciding.contains(&number), text.as_deref());
            let found = found.map(|text| shortened(text, FOUND_LENGTH_MAX));
            findings.push(Finding { part, span, holds, decides, found, words });
        }
    }
    if !all_hold {
        // A field that holds does not tell why another one fails.
        findings.iter_mut().for_each(|finding| finding.decides &= !finding.holds);
    }
    findings
}

/// Why a relation does not hold where the value alone does not tell.
fn lacking(operator: super::Operator, text: Option<&str>) -> &'static str {
    let is_order = !matches!(operator, super::Operator::Equal | super::Operator::NotEqual);
    match text {
        Some(text) if is_order && super::number::Number::parse(text).is_none() => ", which is no number",
        _ => "",
    }
}

fn described(value: &Value<'_>) -> String {
    match value.kind {
        JsonKind::Object => "an object, which stands in no relation".to_owned(),
        JsonKind::Array => "an array, which stands in no relation".to_owned(),
        JsonKind::Null | JsonKind::True | JsonKind::False | JsonKind::Number => {
            shortened(value.written, SHOWN_LENGTH_MAX)
        }
        JsonKind::Text | JsonKind::EscapedText => shown(&value.text().unwrap_or_default()),
    }
}

/// A text in quotes, not too long.
pub(super) fn shown(text: &str) -> String {
    format!("\"{}\"", shortened(text, SHOWN_LENGTH_MAX))
}

fn shortened(text: &str, length_max: usize) -> String {
    match text.char_indices().nth(length_max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OptionalTermsIgnored => "terms behind `?` have no effect beside other terms",
            Self::ReadByName { matches_by_position: false } => {
                "the message is a JSON object, so the fields are read by name; AWS reads them by position, and there it does not match"
            }
            Self::ReadByName { matches_by_position: true } => {
                "the message is a JSON object, so the fields are read by name; AWS reads them by position, and there it matches"
            }
            Self::MatchesByName => {
                "fields are read by position, as at AWS; in lenient mode their names would be read as keys, and it would match"
            }
        })
    }
}
