//! What is in this record? Told from its bytes: a subscription's envelope, a metric stream, or lines of text.
//!
//! The order of the questions: is it gzip; does its first JSON document look like an envelope or like a metric; is it text
//! throughout; else it must be OpenTelemetry's protobuf. That last is never text, since every such message holds bytes
//! that text does not.

use serde::Deserialize;
use serde::de::IgnoredAny;
use walletscope_model::{LogEvent, Timestamp};

use super::{Content, ITEMS_MAX, Refusal, logs, metrics, opentelemetry};
use crate::aws::{INFLATED_MAX, inflate};
use crate::import::{log_message, text_line};
use crate::ndjson;
use crate::otlp::shape::MESSAGES_MAX;

const GZIP_MAGIC: &[u8] = b"\x1f\x8b";
/// How AWS begins its documents. One that begins so and is cut is damage, not text.
const BEGINNINGS: [&str; 2] = ["{\"messageType\":", "{\"metric_stream_name\":"];

/// What the records of a delivery may still take.
#[derive(Debug)]
pub(super) struct Budget {
    /// Bytes of inflated records.
    inflated: usize,
    /// Log events and metric data.
    items: usize,
    /// Messages of protobuf.
    pub messages: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { inflated: INFLATED_MAX, items: ITEMS_MAX, messages: MESSAGES_MAX }
    }
}

impl Budget {
    /// Takes log events or metric data before they are kept.
    pub(super) fn take(&mut self, items: usize) -> Result<(), Damage> {
        self.items = self
            .items
            .checked_sub(items)
            .ok_or(Damage::TooLarge("the delivery has more than 250,000 log events and metrics"))?;
        Ok(())
    }
}

/// Why a record is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// The record's own fault.
    Bad(&'static str),
    /// The delivery grew over a limit.
    TooLarge(&'static str),
}

impl Damage {
    pub(super) fn of_record(self, number: usize) -> Refusal {
        match self {
            Self::Bad(reason) => Refusal::Record { number, reason },
            Self::TooLarge(reason) => Refusal::TooLarge(reason),
        }
    }
}

/// Reads a record's data and adds what it holds; lines without a time get `delivered_at`.
pub(super) fn read(
    bytes: &[u8],
    delivered_at: Timestamp,
    budget: &mut Budget,
    contents: &mut Vec<Content>,
) -> Result<(), Damage> {
    let encoding = bytes.starts_with(GZIP_MAGIC).then_some("gzip");
    let inflated = inflate(encoding, bytes, budget.inflated).map_err(|error| match error.shape.status {
        413 => Damage::TooLarge("the records inflate to more than 24 MiB"),
        _ => Damage::Bad("its gzip stream is cut, damaged or followed by other bytes"),
    })?;
    budget.inflated -= inflated.len();
    let Some(text) = std::str::from_utf8(&inflated).ok().filter(|text| is_text(text)) else {
        return opentelemetry::read(&inflated, budget, contents);
    };
    match kind(text)? {
        Kind::Envelope => logs::read(text, budget, contents),
        Kind::Metric => metrics::read(text, budget, contents),
        Kind::Lines => lines(text, delivered_at, budget, contents),
    }
}

/// Printable, with the white space and the escapes of terminals.
fn is_text(text: &str) -> bool {
    text.bytes().all(|byte| byte >= 0x20 || matches!(byte, b'\t'..=b'\r' | 0x1b))
}

enum Kind {
    Envelope,
    Metric,
    Lines,
}

/// Tells by the first JSON document, if there is one.
fn kind(text: &str) -> Result<Kind, Damage> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "messageType")]
        message_type: Option<IgnoredAny>,
        #[serde(rename = "logEvents")]
        log_events: Option<IgnoredAny>,
        metric_stream_name: Option<IgnoredAny>,
        metric_name: Option<IgnoredAny>,
    }
    let text = text.trim_ascii_start();
    if !text.starts_with('{') {
        return Ok(Kind::Lines);
    }
    match serde_json::Deserializer::from_str(text).into_iter().next() {
        Some(Ok(Probe { message_type: Some(_), log_events: Some(_), .. })) => Ok(Kind::Envelope),
        Some(Ok(Probe { metric_stream_name: Some(_), metric_name: Some(_), .. })) => Ok(Kind::Metric),
        Some(Err(_)) if BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) => {
            Err(Damage::Bad("it begins like a document of CloudWatch and is cut or damaged"))
        }
        _ => Ok(Kind::Lines),
    }
}

/// Every line that is not blank is an event: JSON as the door of JSON lines reads it, else the line with the time at its
/// beginning, if it has one.
fn lines(
    text: &str,
    delivered_at: Timestamp,
    budget: &mut Budget,
    contents: &mut Vec<Content>,
) -> Result<(), Damage> {
    let lines = text.split('\n').map(str::trim_ascii_end).filter(|line| !line.trim_ascii().is_empty());
    let mut events = Vec::new();
    for line in lines {
        budget.take(1)?;
        let event = match ndjson::event(line.trim_ascii_start(), delivered_at) {
            Ok(event) => event,
            Err(_) => {
                let timestamp = text_line(line).map_or(delivered_at, |(at, _, _)| at);
                LogEvent {
                    timestamp: timestamp.max(Timestamp::default()),
                    message: line.into(),
                    guarded: false,
                }
            }
        };
        log_message(&event.message).map_err(|_| Damage::Bad("one of its lines is over 1 MiB"))?;
        events.push(event);
    }
    if !events.is_empty() {
        contents.push(Content::Text { events });
    }
    Ok(())
}
