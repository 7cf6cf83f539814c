//! Is this metric filter one that AWS would take, and does it say what its author meant?
//!
//! Names, lengths and members that exclude each other are judged by PutMetricFilter's own checks, so a file and a call
//! are refused in the same words. What a pattern means is for the crate that compiles it; here only its outer form is
//! looked at, because that decides how a value must be written.

use walletscope_model::MetricFilterDefinition;
use walletscope_model::contract::Field;

use super::definition::{Kind, MetricFilter};
use super::error::{At, Wrong};
use super::lint::{LintCode, Sink};
use super::members::not_allowed;
use crate::aws::Double;
use crate::logs::metric_filters::{MetricTransformation, PutMetricFilterRequest};

impl MetricFilter {
    /// The call that puts it.
    pub fn request(&self) -> PutMetricFilterRequest {
        let filter = &self.filter;
        let text = |text: &str| text.to_owned();
        PutMetricFilterRequest {
            log_group_name: text(&self.log_group),
            filter_name: text(&filter.name),
            filter_pattern: text(&filter.pattern),
            metric_transformations: vec![MetricTransformation {
                metric_name: text(&filter.metric),
                metric_namespace: text(&filter.namespace),
                metric_value: text(&filter.value),
                default_value: filter.default_value.map(Double),
                dimensions: filter.dimensions.iter().map(|(name, value)| (text(name), text(value))).collect(),
                unit: filter.unit.as_deref().map(text),
            }],
            ..PutMetricFilterRequest::default()
        }
    }
}

/// Defines a metric filter that AWS would take.
pub(super) fn define(request: PutMetricFilterRequest, at: At, sink: &mut Sink) -> Result<(), Wrong> {
    let transformation =
        request.validate().map_err(|error| not_allowed(at, "the metric filter", error.message))?;
    let filter = MetricFilterDefinition {
        name: request.filter_name.as_str().into(),
        pattern: request.filter_pattern.as_str().into(),
        namespace: transformation.metric_namespace.as_str().into(),
        metric: transformation.metric_name.as_str().into(),
        value: transformation.metric_value.as_str().into(),
        default_value: transformation.default_value.map(|value| value.0),
        unit: transformation.unit.as_deref().map(Box::from),
        dimensions: transformation
            .dimensions
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect(),
    };
    lint(&filter, at, sink);
    let name = filter.name.clone();
    sink.define(
        at,
        name,
        Kind::MetricFilter(MetricFilter { log_group: request.log_group_name.into(), filter }),
    );
    Ok(())
}

/// The outer form of a pattern.
enum Form<'a> {
    /// `{ … }`: conditions on the members of a JSON message.
    Json,
    /// `[ … ]`: the names of a message's words.
    Delimited(Vec<&'a str>),
    /// Terms, a regular expression or nothing.
    Terms,
}

impl<'a> Form<'a> {
    fn of(pattern: &'a str) -> Self {
        let pattern = pattern.trim();
        match pattern.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(fields) => Self::Delimited(outside_quotes(fields).into_iter().map(field_name).collect()),
            None if pattern.starts_with('{') => Self::Json,
            None => Self::Terms,
        }
    }

    /// Whether the names are those of an event of the contract, which is written as JSON.
    fn names_an_event(&self) -> bool {
        let is_event = |name: &&str| Field::from_name(name) == Some(Field::Event);
        matches!(self, Self::Delimited(names) if names.iter().any(is_event))
    }
}

/// The parts between commas that stand in no quotes.
fn outside_quotes(fields: &str) -> Vec<&str> {
    let mut is_quoted = false;
    fields
        .split(|character| {
            is_quoted ^= character == '"';
            character == ',' && !is_quoted
        })
        .collect()
}

/// The name in front of a field's condition.
fn field_name(field: &str) -> &str {
    let field = field.trim();
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    &field[..field.find(|character| !is_part(character)).unwrap_or(field.len())]
}

fn lint(filter: &MetricFilterDefinition, at: At, sink: &mut Sink) {
    let form = Form::of(&filter.pattern);
    if form.names_an_event() {
        let sentence = format!(
            "the pattern of {} counts words, so on AWS it never matches a message that is JSON; here its names are \
             looked for among the members of such a message, in any order and beside others",
            filter.name
        );
        sink.lint(at, LintCode::DelimitedPatternOverJson, sentence);
    }
    if let Some(reason) = value_problem(&filter.value, &form) {
        let sentence = format!("the value {} of {} {reason}", filter.value, filter.name);
        sink.lint(at, LintCode::MetricValueForm, sentence);
    }
}

/// What is odd about where a filter's value is looked for.
fn value_problem(value: &str, form: &Form<'_>) -> Option<String> {
    let name = value.strip_prefix('$')?;
    let member = name.strip_prefix('.');
    let is_position = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    match (form, member) {
        (Form::Json, Some(_)) => None,
        (Form::Json, None) => Some(format!("names a word, but the pattern is of JSON: write $.{name}")),
        (Form::Terms, _) => Some("is never found: the pattern names no fields".to_owned()),
        (Form::Delimited(_), Some(member)) => {
            Some(format!("names a member, but the pattern names words: write ${member}"))
        }
        (Form::Delimited(names), None) if !is_position && !names.contains(&name) => {
            Some("is never found: the pattern has no field of that name".to_owned())
        }
        (Form::Delimited(_), None) if form.names_an_event() => {
            Some(format!("is right for a pattern in brackets; with a JSON pattern it is $.{name}"))
        }
        (Form::Delimited(_), None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_its_pattern_wants_it() {
        for (pattern, value, expected) in [
            ("{ $.a = 1 }", "$.b.c", None),
            ("{ $.a = 1 }", "1", None),
            ("[a, b]", "$b", None),
            ("[a, b=\"x, y\", c]", "$c", None),
            ("[a, b=1 && b!=2, ...]", "$2", None),
            ("{ $.a = 1 }", "$b", Some("write $.b")),
            ("[a, b]", "$.b", Some("write $b")),
            ("[a, b]", "$c", Some("no field of that name")),
            ("[a, b=\"x, c, y\"]", "$c", Some("no field of that name")),
            ("ERROR", "$.b", Some("names no fields")),
            ("", "$b", Some("names no fields")),
            ("[ip, event=\"X\", size]", "$size", Some("it is $.size")),
        ] {
            let problem = value_problem(value, &Form::of(pattern));
            match expected {
                None => assert_eq!(problem, None, "{pattern} {value}"),
                Some(part) => {
                    assert!(problem.as_ref().is_some_and(|text| text.contains(part)), "{problem:?}")
                }
            }
        }
    }

    #[test]
    fn patterns_over_lines_of_text_are_none_of_our_business() {
        for (pattern, expected) in [
            ("[timestamp, requestId, event=\"TOKEN_PROVISION_SUCCESS\", ...]", true),
            ("[..., event_name, x]", true),
            ("[timestamp, requestId, level, message]", false),
            ("[ip, user, size > 100]", false),
            ("{ $.event = \"X\" }", false),
            ("event", false),
            ("[]", false),
        ] {
            assert_eq!(Form::of(pattern).names_an_event(), expected, "{pattern}");
        }
    }
}
