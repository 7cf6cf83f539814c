//! How many events a second does one core hold against a filter pattern?
//!
//! Over messages as a token service writes them, in this process, by the CPU time of this thread: patterns times events
//! per second is what a server with that many filters can spend.

use std::hint::black_box;
use std::time::Duration;

use walletscope_language::filter_pattern::{Event, MetricFilter, MetricTransformation, Mode, Pattern};
use walletscope_model::Timestamp;
use walletscope_traffic::BriefLike;

use super::LoadError;
use super::figures::{Figure, grouped};
use super::usage::thread_cpu;

const RUN: Duration = Duration::from_millis(500);
const EVENTS: usize = 1_000;

/// How it is named, the pattern, and how it is read.
const PATTERNS: [(&str, &str, Mode); 10] = [
    ("pattern: a word", "ERROR", Mode::Strict),
    ("pattern: any of three words", "?TOKEN_PROVISION_FAILURE ?TOKEN_DECLINED ?ERROR", Mode::Strict),
    ("pattern: a regular expression", r"%corr_[0-9a-f]+ff%", Mode::Strict),
    ("pattern: a member is equal", r#"{ $.event = "TOKEN_PROVISION_SUCCESS" }"#, Mode::Strict),
    (
        "pattern: two members",
        r#"{ $.event = "TOKEN_PROVISION_SUCCESS" && $.processingTime > 1.5 }"#,
        Mode::Strict,
    ),
    (
        "pattern: three members with wildcards",
        r#"{ ($.event = *SUCCESS || $.event = *FAILURE) && $.issuer NOT EXISTS }"#,
        Mode::Strict,
    ),
    ("pattern: any member, regular expression", r"{ $.* = %DNITHE[0-9a-f]+% }", Mode::Strict),
    (
        "pattern: fields, strict",
        r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", ...]"#,
        Mode::Strict,
    ),
    (
        "pattern: fields, by name",
        r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", ...]"#,
        Mode::Lenient,
    ),
    (
        "pattern: more fields, by name",
        r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]"#,
        Mode::Lenient,
    ),
];

/// Measures each pattern, and points made by the last.
///
/// # Errors
/// A pattern is none.
pub fn measure() -> Result<Vec<Figure>, LoadError> {
    let messages: Vec<String> =
        BriefLike::new(1).batch(EVENTS, Timestamp(0)).into_iter().map(|(_, message)| message).collect();
    let none = |error: String| LoadError::server("read a pattern", error);
    let mut figures = Vec::new();
    for (name, text, mode) in PATTERNS {
        let pattern = Pattern::parse(text).map_err(|error| none(error.aws_message()))?;
        figures.push(figure(name, text, &messages, |event| pattern.matches(event, mode)));
    }
    let (_, text, mode) = PATTERNS[PATTERNS.len() - 1];
    let pattern = Pattern::parse(text).map_err(|error| none(error.aws_message()))?;
    let transformation =
        MetricTransformation { metric_value: "$processingTime".into(), ..MetricTransformation::default() };
    let filter =
        MetricFilter::new(pattern, &transformation, mode).map_err(|error| none(error.aws_message()))?;
    figures.push(figure("pattern: the last one, with points", text, &messages, |event| {
        filter.decide(event).is_ok()
    }));
    Ok(figures)
}

fn figure(
    name: &'static str,
    text: &str,
    messages: &[String],
    mut matches: impl FnMut(&Event<'_>) -> bool,
) -> Figure {
    let begun = thread_cpu();
    let (mut rounds, mut matched) = (0_u32, 0_usize);
    while thread_cpu() - begun < RUN {
        matched = messages.iter().filter(|message| matches(black_box(&Event::new(message)))).count();
        rounds += 1;
    }
    let per_second = f64::from(rounds) * messages.len() as f64 / (thread_cpu() - begun).as_secs_f64();
    Figure::new(
        name,
        format!(
            "{} events a core second, {:.2} µs each; {matched} of {EVENTS} match `{}`",
            grouped(per_second),
            1e6 / per_second,
            text.replace('|', "\\|")
        ),
        "brief-like messages, in process, CPU time of one thread",
    )
}
