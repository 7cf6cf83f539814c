//! Which log events does a document hold? Blocks of a stream, events with a time and a message, and bare events.
//!
//! The shapes of GetLogEvents, FilterLogEvents, subscriptions and Logs Insights are read, and the lines of an export to
//! S3. What AWS adds to an event by itself (ingestion time, event id, pointer) is not a part of it and is left out.

use walletscope_model::{Duration, Timestamp};

use super::Defaults;
use super::check::check;
use super::instant::{Form, from_text, instant};
use super::json::{Object, Value, is_same_name};
use super::note::{Normalisation, Sink};
use super::record::{LogLine, Record};
use crate::logs::put_log_events::AGE_MILLIS_MAX;

/// Names of an event's time, the best first.
const TIMES: [&str; 7] = ["timestamp", "@timestamp", "time", "eventTime", "dateTime", "date", "ts"];
const MESSAGES: [&str; 2] = ["message", "@message"];
const GROUPS: [&str; 3] = ["logGroup", "logGroupName", "logGroupIdentifier"];
const STREAMS: [&str; 3] = ["logStream", "logStreamName", "@logStream"];
/// What may stand beside time and message and belongs to AWS or to the envelope.
const ENVELOPE: [&str; 6] = ["ingestionTime", "@ingestionTime", "eventId", "id", "@ptr", "@log"];

/// Where events belong that do not say so.
#[derive(Clone, Debug)]
pub(super) struct Place {
    group: Option<Box<str>>,
    stream: Option<Box<str>>,
}

impl Place {
    /// What a document says, before what surrounds it.
    pub(super) fn of(object: &Object, around: Option<&Self>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| object.get(name)?.text()).map(Box::from);
        Self {
            group: first(&GROUPS).or_else(|| around?.group.clone()),
            stream: first(&STREAMS).or_else(|| around?.stream.clone()),
        }
    }
}

/// The events of a block: `{"logGroup", "logStream", "events": […]}`. Returns the time of the newest.
pub(super) fn block(
    events: &[Value],
    place: &Place,
    line: u64,
    defaults: &Defaults,
    sink: &mut Sink,
) -> Option<Timestamp> {
    let mut newest = None;
    for event in events {
        match event {
            Value::Object(event) => newest = newest.max(event_of(event, place, defaults, sink)),
            other => sink.bad(line, format!("a log event is no object: {}", other.compact())),
        }
    }
    newest
}

/// Whether an object is an event with an envelope of time and message, or a bare event with its own time.
pub(super) fn is_event(object: &Object) -> bool {
    time_of(object).is_some()
}

/// One event: with `message` and nothing of its own besides, that message; else the object itself. Returns its time.
pub(super) fn event_of(
    object: &Object,
    around: &Place,
    defaults: &Defaults,
    sink: &mut Sink,
) -> Option<Timestamp> {
    let line = object.line;
    let Some(time) = time_of(object) else {
        sink.bad(line, "a log event has no time");
        return None;
    };
    let Some((timestamp, form)) = instant(time) else {
        sink.bad(line, format!("the time of a log event is none that can be read: {}", time.compact()));
        return None;
    };
    let message = MESSAGES.iter().find_map(|name| object.get(name));
    let message = match message.filter(|_| is_envelope(object)) {
        Some(Value::Text(text)) => text.to_string(),
        Some(other) => {
            sink.note(line, Normalisation::MessageObject);
            other.compact()
        }
        None => {
            sink.note(line, Normalisation::EventAsMessage);
            object.compact()
        }
    };
    let is_message = message_is_all(object);
    match form {
        Form::Millis => {}
        Form::WithoutZone => sink.note(line, Normalisation::TimeWithoutZone),
        // A bare event is a message to AWS, and its time is nobody's business.
        Form::Seconds | Form::Fine | Form::Text if is_message => sink.note(line, Normalisation::TimeForm),
        Form::Seconds | Form::Fine | Form::Text => {}
    }
    let place = Place::of(object, Some(around));
    if place.group.is_none() || place.stream.is_none() {
        sink.note(line, Normalisation::GroupAssumed);
    }
    let event = LogLine {
        log_group: place.group.unwrap_or_else(|| defaults.group.clone()),
        log_stream: place.stream.unwrap_or_else(|| defaults.stream.clone()),
        timestamp,
        message: message.into(),
    };
    keep(event, line, defaults, sink);
    Some(timestamp)
}

/// Checks an event and hands it over.
pub(super) fn keep(event: LogLine, line: u64, defaults: &Defaults, sink: &mut Sink) {
    let timestamp = event.timestamp;
    match check(Record::Log(event)) {
        Ok(record) => {
            if defaults.now.since(timestamp) > Duration(AGE_MILLIS_MAX * 1_000) {
                sink.note(line, Normalisation::OldTime);
            }
            sink.record(line, record);
        }
        Err(reason) => sink.bad(line, reason),
    }
}

/// A line of text that begins with a time, as exports to S3, `aws logs tail` and Lambda's runtimes write it: the event
/// and, where the line names it, the stream.
pub(crate) fn text_line(text: &str) -> Option<(Timestamp, Option<&str>, &str)> {
    let end = text.find([' ', '\t'])?;
    let (time, rest) = (&text[..end], &text[end + 1..]);
    let (timestamp, Form::Text) = from_text(time)? else { return None };
    // A runtime's own line is the message, its time included.
    let is_timeout =
        || rest.split_once(' ').is_some_and(|(_, rest)| rest.starts_with("Task timed out after "));
    if text.as_bytes()[end] == b'\t' || is_timeout() {
        return Some((timestamp, None, text));
    }
    match rest.split_once(' ') {
        Some((stream, message)) if is_lambda_stream(stream) => Some((timestamp, Some(stream), message)),
        _ => Some((timestamp, None, rest)),
    }
}

/// `2024/01/15/[$LATEST]abc123`.
fn is_lambda_stream(word: &str) -> bool {
    let parts: Vec<&str> = word.splitn(4, '/').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 4 && parts[..3].iter().all(is_number) && parts[3].starts_with('[')
}

fn time_of(object: &Object) -> Option<&Value> {
    TIMES.iter().find_map(|name| object.get(name))
}

/// Whether nothing but envelope stands around the message.
fn is_envelope(object: &Object) -> bool {
    object.members.iter().all(|(name, _)| {
        let is = |known: &[&str]| known.iter().any(|known| is_same_name(known, name));
        is(&TIMES) || is(&MESSAGES) || is(&GROUPS) || is(&STREAMS) || is(&ENVELOPE)
    })
}

fn message_is_all(object: &Object) -> bool {
    is_envelope(object) && MESSAGES.iter().any(|name| object.get(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_text_begin_with_their_time() {
        let at = Timestamp::parse_rfc3339("2024-01-15T09:55:12Z").expect("a time");
        let timeout = "2024-01-15T09:55:12.000Z r1 Task timed out after 3.00 seconds";
        let runtime = "2024-01-15T09:55:12.000Z\tr1\tINFO\t{}";
        for (text, expected) in [
            ("2024-01-15T09:55:12.000Z {\"a\":1}", Some((at, None, "{\"a\":1}"))),
            (
                "2024-01-15T09:55:12+00:00 2024/01/15/[$LATEST]ab {}",
                Some((at, Some("2024/01/15/[$LATEST]ab"), "{}")),
            ),
            (timeout, Some((at, None, timeout))),
            (runtime, Some((at, None, runtime))),
            ("  at line 2", None),
            ("2024-01-15T09:55:12.000Z", None),
            ("1705312513245 x", None),
        ] {
            assert_eq!(text_line(text), expected, "{text}");
        }
    }
}
