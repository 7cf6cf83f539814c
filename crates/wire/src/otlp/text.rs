//! What does a log record say as one text? The body alone where nothing stands beside it, else an object of both.
//!
//! The rule is for users and stands in `docs/protocols/otlp.md`. A body that is a JSON object already is what its author
//! logged, and is never changed.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;

use super::message::{AnyValue, KeyValue, Kind, LogRecord};
use crate::import::json::write_text;
use crate::logs::put_log_events::EVENT_BYTES_MAX;

/// The message of a record; empty if it says nothing.
pub(super) fn message(record: &LogRecord) -> String {
    let body = record.body.as_ref().and_then(|body| body.kind.as_ref());
    let mut text = String::new();
    match body {
        Some(Kind::Text(body)) if !has_beside(record) || is_json_object(body) => text.push_str(body),
        None if !has_beside(record) => {}
        Some(body) if !has_beside(record) => write_kind(body, &mut text),
        body => write_object(body, record, &mut text),
    }
    text
}

/// Whether a record says something beside a body that is a JSON object already: that is not kept.
pub(super) fn leaves_out(record: &LogRecord) -> bool {
    let Some(AnyValue { kind: Some(Kind::Text(body)) }) = &record.body else { return false };
    has_beside(record) && is_json_object(body)
}

/// A severity alone is no reason to make an object: every record has one.
fn has_beside(record: &LogRecord) -> bool {
    !record.attributes.is_empty()
        || !record.event_name.is_empty()
        || is_id(&record.trace_id)
        || is_id(&record.span_id)
}

/// An id of zeros is none.
fn is_id(id: &[u8]) -> bool {
    id.iter().any(|byte| *byte != 0)
}

fn is_json_object(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn write_object(body: Option<&Kind>, record: &LogRecord, out: &mut String) {
    let of_record = [
        ("event_name", (!record.event_name.is_empty()).then(|| record.event_name.clone())),
        ("severity", severity(record)),
        ("trace_id", is_id(&record.trace_id).then(|| hex(&record.trace_id))),
        ("span_id", is_id(&record.span_id).then(|| hex(&record.span_id))),
    ];
    let mut names = Names::default();
    for (name, _) in of_record.iter().filter(|(_, text)| text.is_some()) {
        names.free(name);
    }
    out.push('{');
    match body {
        None => {}
        Some(Kind::Pairs(pairs)) => write_members(&pairs.values, &mut names, out),
        Some(other) => {
            write_name(&names.free("message"), out);
            write_kind(other, out);
        }
    }
    write_members(&record.attributes, &mut names, out);
    for (name, text) in of_record {
        if let Some(text) = text {
            write_name(name, out);
            write_text(&text, out);
        }
    }
    out.push('}');
}

fn write_members(pairs: &[KeyValue], names: &mut Names, out: &mut String) {
    for pair in pairs {
        // It is no event any more, however it goes on.
        if out.len() > EVENT_BYTES_MAX {
            return;
        }
        write_name(&names.free(&pair.key), out);
        write_value(pair.value.as_ref(), out);
    }
}

fn write_name(name: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write_text(name, out);
    out.push(':');
}

/// Standard JSON without spaces. What JSON does not have becomes a text: numbers that are none, and bytes in base64.
fn write_value(value: Option<&AnyValue>, out: &mut String) {
    match value.and_then(|value| value.kind.as_ref()) {
        Some(kind) => write_kind(kind, out),
        None => out.push_str("null"),
    }
}

fn write_kind(kind: &Kind, out: &mut String) {
    // Writing to a text never fails.
    let _written = match kind {
        Kind::Text(text) => {
            write_text(text, out);
            Ok(())
        }
        Kind::Bool(flag) => write!(out, "{flag}"),
        Kind::Int(whole) => write!(out, "{whole}"),
        Kind::Double(number) if number.is_finite() => write!(out, "{number:?}"),
        Kind::Double(number) => write!(out, "\"{}\"", name_of(*number)),
        Kind::Bytes(bytes) => write!(out, "\"{}\"", STANDARD.encode(bytes)),
        Kind::Array(list) => {
            out.push('[');
            for (place, value) in list.values.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_value(Some(value), out);
            }
            out.write_char(']')
        }
        Kind::Pairs(pairs) => {
            out.push('{');
            write_members(&pairs.values, &mut Names::default(), out);
            out.write_char('}')
        }
    };
}

fn name_of(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

/// The text, else the name of the number's range.
fn severity(record: &LogRecord) -> Option<String> {
    if !record.severity_text.is_empty() {
        return Some(record.severity_text.clone());
    }
    let name = match record.severity_number {
        1..=4 => "TRACE",
        5..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17..=20 => "ERROR",
        21..=24 => "FATAL",
        _ => return None,
    };
    Some(name.to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _written = write!(text, "{byte:02x}");
        text
    })
}

/// Names of an object, each of which stands once.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    /// The last number that was put behind a name: a name that comes often is not counted from the start each time.
    numbers: HashMap<String, u32>,
}

impl Names {
    /// The name, or with `_2`, `_3`… behind it where it is taken.
    fn free(&mut self, name: &str) -> String {
        if self.taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        let number = self.numbers.entry(name.to_owned()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{name}_{number}");
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}
