//! POST /api/v1/logs/pattern: what does a pattern find in these lines, at AWS and in the lenient reading?

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use walletscope_guard::guard;
use walletscope_language::filter_pattern::{
    Event, MetricFilter, MetricTransformation, Mode, Pattern, PatternKind,
};

use super::{place, read, whole};
use crate::api::Caller;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::query::{Query, bad_value};
use crate::aws::note_words;

/// Lines of one call.
const SAMPLES_MAX: usize = 50;

/// A pattern to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api) struct PatternToTry {
    /// A filter pattern of CloudWatch Logs.
    pattern: String,
    /// What a metric filter would make of it.
    transformation: Option<TransformationToTry>,
    /// Up to 50 messages.
    #[serde(default)]
    samples: Vec<String>,
}

/// A metric transformation to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api) struct TransformationToTry {
    /// A number, `$.selector` or `$name`.
    metric_value: String,
    /// The value of a minute with events of which none matched.
    default_value: Option<f64>,
    /// A unit of CloudWatch.
    unit: Option<String>,
    /// Names, and where in an event their values stand.
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
}

/// What a pattern is, and what it finds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct PatternTried {
    is_valid: bool,
    /// `everything`, `terms`, `json` or `fields`; null where it is no pattern.
    kind: Option<&'static str>,
    /// Why it is no pattern.
    error: Option<PatternFault>,
    /// Why the transformation does not fit it, in lenient mode.
    transformation_error: Option<TransformationFault>,
    /// One for each sample; none where it is no pattern.
    samples: Vec<SampleTried>,
}

/// Why a text is no pattern.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PatternFault {
    message: String,
    /// The character where it stops making sense, from 0.
    at: usize,
}

/// Why a transformation does not fit.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TransformationFault {
    message: String,
}

/// What both readings say of one sample.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SampleTried {
    lenient: PatternVerdict,
    strict: PatternVerdict,
}

/// What one reading says of one sample.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct PatternVerdict {
    matches: bool,
    /// What the message says under the pattern's names.
    values: Vec<NamedValue>,
    /// All that decided, in a sentence.
    sentence: String,
    /// Each term or condition, and whether it holds; notes have no verdict.
    why: Vec<WhyLine>,
    /// What a metric filter would count, where a transformation was given.
    point: Option<PointMade>,
    /// Why it would count nothing.
    no_point: Option<String>,
}

/// A value by its name.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NamedValue {
    name: String,
    value: String,
}

/// One reason.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct WhyLine {
    text: String,
    /// Null for a note.
    holds: Option<bool>,
}

/// What a metric filter would count.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PointMade {
    value: f64,
    unit: String,
    dimensions: BTreeMap<String, String>,
}

/// Tries a pattern, and a transformation if there is one, on lines. Stores nothing.
#[utoipa::path(
    post, path = "/api/v1/logs/pattern", tag = "logs", operation_id = "try_pattern",
    request_body = PatternToTry,
    responses((status = 200, body = PatternTried), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn try_pattern(
    caller: Option<Extension<Caller>>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PatternTried>, ApiError> {
    Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let asked: PatternToTry =
        read(body, "the body must be JSON such as {\"pattern\": \"ERROR\", \"samples\": [\"a line\"]}")?;
    if asked.samples.len() > SAMPLES_MAX {
        return Err(bad_value("samples", &asked.samples.len().to_string(), "at most 50 lines"));
    }
    let text = whole("pattern", &asked.pattern)?;
    if let Some(given) = &asked.transformation {
        let dimensions = given.dimensions.iter().flat_map(|(name, from)| [name, from]);
        for text in dimensions.chain(&given.unit).chain([&given.metric_value]) {
            whole("transformation", text)?;
        }
    }
    Ok(Json(tried(&text, asked.transformation.as_ref(), &asked.samples)))
}

fn tried(text: &str, transformation: Option<&TransformationToTry>, samples: &[String]) -> PatternTried {
    let pattern = match Pattern::parse(text) {
        Ok(pattern) => pattern,
        Err(error) => {
            let message = guard(&error.problem.to_string()).text.into_owned();
            return PatternTried {
                is_valid: false,
                kind: None,
                error: Some(PatternFault { message, at: place(text, &error) }),
                transformation_error: None,
                samples: Vec::new(),
            };
        }
    };
    let transformation = transformation.map(|given| MetricTransformation {
        metric_value: given.metric_value.clone(),
        default_value: given.default_value,
        unit: given.unit.clone(),
        dimensions: given.dimensions.clone().into_iter().collect(),
    });
    let filter = |mode| transformation.as_ref().map(|given| MetricFilter::new(pattern.clone(), given, mode));
    let (lenient, strict) = (filter(Mode::Lenient), filter(Mode::Strict));
    let fault = lenient.as_ref().and_then(|made| made.as_ref().err()).map(ToString::to_string);
    let verdict = |message: &str, mode, filter: &Option<Result<MetricFilter, _>>| {
        let filter = filter.as_ref().map(|made| made.as_ref().map_err(ToString::to_string));
        verdict(&pattern, message, mode, filter)
    };
    let samples = samples.iter().map(|sample| {
        // A line is judged as it would be stored.
        let message = guard(sample).text;
        SampleTried {
            lenient: verdict(&message, Mode::Lenient, &lenient),
            strict: verdict(&message, Mode::Strict, &strict),
        }
    });
    PatternTried {
        is_valid: true,
        kind: Some(kind_name(pattern.kind())),
        error: None,
        transformation_error: fault
            .map(|message| TransformationFault { message: guard(&message).text.into_owned() }),
        samples: samples.collect(),
    }
}

fn verdict(
    pattern: &Pattern,
    message: &str,
    mode: Mode,
    filter: Option<Result<&MetricFilter, String>>,
) -> PatternVerdict {
    let event = Event::new(message);
    let explanation = pattern.explain(&event, mode);
    let found = pattern.find(&event, mode);
    let values = found.iter().flat_map(|found| found.values());
    let (point, no_point) = match filter.map(|filter| filter.map(|filter| filter.decide(&event))) {
        None => (None, None),
        Some(Err(fault)) => (None, Some(fault)),
        Some(Ok(Err(none))) => (None, Some(none.to_string())),
        Some(Ok(Ok(point))) => {
            let dimensions = point.dimensions.iter();
            let dimensions = dimensions.map(|each| (each.name.to_owned(), each.value.clone().into_owned()));
            let made = PointMade {
                value: point.value,
                unit: point.unit.to_owned(),
                dimensions: dimensions.collect(),
            };
            (Some(made), None)
        }
    };
    let findings = explanation.findings.into_iter();
    let findings = findings.map(|finding| WhyLine { text: finding.words, holds: Some(finding.holds) });
    let notes = explanation.notes.into_iter();
    let notes = notes.map(|note| WhyLine { text: note_words(note).to_owned(), holds: None });
    PatternVerdict {
        matches: explanation.matches,
        values: values
            .map(|(name, value)| NamedValue { name: name.into_owned(), value: value.into_owned() })
            .collect(),
        sentence: explanation.sentence,
        why: findings.chain(notes).collect(),
        point,
        no_point,
    }
}

fn kind_name(kind: PatternKind) -> &'static str {
    match kind {
        PatternKind::Everything => "everything",
        PatternKind::Terms => "terms",
        PatternKind::Json => "json",
        PatternKind::Fields => "fields",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readings_of_the_briefs_latency_filter() {
        let pattern = r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]"#;
        let sample =
            r#"{"requestId":"r","event":"TOKEN_PROVISION_SUCCESS","processingTime":1.245}"#.to_owned();
        let transformation = TransformationToTry {
            metric_value: "$processingTime".to_owned(),
            default_value: None,
            unit: None,
            dimensions: BTreeMap::new(),
        };
        let tried = tried(pattern, Some(&transformation), &[sample]);
        assert_eq!((tried.kind, tried.samples.len()), (Some("fields"), 1));
        let [sample] = &tried.samples[..] else { unreachable!() };
        assert_eq!(sample.lenient.point.as_ref().map(|point| point.value), Some(1.245));
        assert!(sample.lenient.matches && sample.lenient.no_point.is_none());
        assert!(!sample.strict.matches && sample.strict.point.is_none());
        assert_eq!(sample.strict.no_point.as_deref(), Some("the event does not match"));
        assert!(sample.strict.why.iter().any(|line| line.holds.is_none() && line.text.contains("lenient")));
    }

    #[test]
    fn a_fault_has_its_place_in_characters() {
        let tried = tried("{ $.ä = }", None, &["x".to_owned()]);
        let fault = tried.error.expect("no pattern");
        assert!(!tried.is_valid && tried.samples.is_empty());
        assert!(fault.at <= "{ $.ä = }".chars().count(), "{fault:?}");
    }
}
