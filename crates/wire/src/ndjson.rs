//! Which log events does a body of JSON lines hold? One object a line, kept as it was written.
//!
//! A body is taken whole or refused whole, and a refusal names the line and never repeats what it says. Text that is no
//! JSON is refused: whoever sends it meant another door. The time is read as the import of files reads it.

use std::fmt;

use walletscope_model::{LogEvent, Timestamp};

use crate::aws::HttpResponse;
use crate::import::instant::instant;
use crate::import::json::{self, Object, Value, is_same_name};
use crate::import::{NoMessage, log_message};
use crate::logs::put_log_events::EVENT_BYTES_MAX;

/// Most events of a body.
pub const EVENTS_MAX: usize = 100_000;
/// Longest line, in bytes: a message of the largest event, half of it escaped.
pub const LINE_BYTES_MAX: usize = 2 * EVENT_BYTES_MAX;

/// Names of an event's time, the best first.
const TIMES: [&str; 3] = ["timestamp", "time", "@timestamp"];
const MESSAGES: [&str; 2] = ["message", "@message"];
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Why a body is refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It holds bytes that are no UTF-8.
    NotUtf8,
    /// It is no JSON, and why.
    NotJson(&'static str),
    /// It is JSON, but no object.
    NotAnObject,
    /// It has a time that cannot be read, or one before 1970.
    Time,
    /// Its message is empty.
    Empty,
    /// Its message is longer than one of PutLogEvents, or the line than [`LINE_BYTES_MAX`].
    TooLong,
    /// More than [`EVENTS_MAX`] events came before it.
    TooMany,
}

/// The events of a body, inflated; blank lines are none. An event without a time gets `received_at`.
///
/// # Errors
/// The first line that is no event.
pub fn events(body: &[u8], received_at: Timestamp) -> Result<Vec<LogEvent>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let line_ends = body[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Refusal { line: line_ends as u64 + 1, reason: Reason::NotUtf8 }
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut events = Vec::new();
    for (line, text) in (1..).zip(text.split('\n')) {
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let taken = match events.len() < EVENTS_MAX {
            true => event(text, received_at),
            false => Err(Reason::TooMany),
        };
        events.push(taken.map_err(|reason| Refusal { line, reason })?);
    }
    Ok(events)
}

/// The event of one line. With a time and a message and nothing else it is that message, else the line itself.
pub(crate) fn event(line: &str, received_at: Timestamp) -> Result<LogEvent, Reason> {
    // Two bytes of a line can make a value of 64, so what is too long is not even parsed.
    if line.len() > LINE_BYTES_MAX {
        return Err(Reason::TooLong);
    }
    let (value, quirks) = json::parse(line, 1).map_err(|error| Reason::NotJson(error.reason))?;
    if quirks.comment.is_some() || quirks.trailing_comma.is_some() {
        return Err(Reason::NotJson("comments and trailing commas are no part of JSON"));
    }
    let Value::Object(object) = value else { return Err(Reason::NotAnObject) };
    let timestamp = match TIMES.iter().find_map(|name| object.get(name)) {
        Some(time) => instant(time).map(|(at, _)| at).ok_or(Reason::Time)?,
        None => received_at,
    };
    if timestamp < Timestamp::default() {
        return Err(Reason::Time);
    }
    let message = match message_of(&object) {
        Some(Value::Text(text)) => text.clone(),
        Some(other) => other.compact().into(),
        None => line.into(),
    };
    log_message(&message).map_err(|reason| match reason {
        NoMessage::Empty => Reason::Empty,
        NoMessage::TooLong(_) => Reason::TooLong,
    })?;
    Ok(LogEvent { timestamp, message, guarded: false })
}

/// The message, where nothing but a time stands beside it.
fn message_of(object: &Object) -> Option<&Value> {
    let is_known = |name: &str| TIMES.iter().chain(&MESSAGES).any(|known| is_same_name(known, name));
    let message = MESSAGES.iter().find_map(|name| object.get(name))?;
    object.members.iter().all(|(name, _)| is_known(name)).then_some(message)
}

/// The answer to a body that was stored: how many events it held.
pub fn accepted(events: usize) -> HttpResponse {
    reply(200, format!("{{\"accepted\":{events}}}"))
}

impl Refusal {
    /// The answer to a body that is refused, in the form of the JSON API's errors.
    pub fn reply(&self) -> HttpResponse {
        let (status, code) = match self.reason {
            Reason::TooMany => (413, "too_large"),
            _ => (400, "bad_line"),
        };
        let mut message = String::new();
        json::write_text(&self.to_string(), &mut message);
        let line = self.line;
        reply(status, format!("{{\"error\":{{\"code\":\"{code}\",\"message\":{message},\"line\":{line}}}}}"))
    }
}

fn reply(status: u16, body: String) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.into_bytes(),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, reason } = self;
        write!(formatter, "line {line}: {reason}")
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => formatter.write_str("this is no UTF-8"),
            Self::NotJson(why) => write!(formatter, "this is no JSON: {why}"),
            Self::NotAnObject => formatter.write_str("this is no JSON object"),
            Self::Time => formatter.write_str("its time is none that can be read, or before 1970"),
            Self::Empty => formatter.write_str("its message is empty"),
            Self::TooLong => formatter.write_str("its message is over 1 MiB, or the line over 2 MiB"),
            Self::TooMany => write!(formatter, "more than {EVENTS_MAX} events"),
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(7_000_000);

    #[track_caller]
    fn check(line: &str, expected: Result<(i64, &str), Reason>) {
        let found = event(line, NOW).map(|event| (event.timestamp.0, event.message.into_string()));
        assert_eq!(found, expected.map(|(at, message)| (at, message.to_owned())), "{line}");
    }

    #[test]
    fn a_line_is_an_event() {
        let at = 1_705_312_513_245_000;
        check(r#"{"event":"X","n":1.50}"#, Ok((7_000_000, r#"{"event":"X","n":1.50}"#)));
        check(r#"{ "time" : 1705312513245 , "a":1 }"#, Ok((at, r#"{ "time" : 1705312513245 , "a":1 }"#)));
        check(
            r#"{"@timestamp":"2024-01-15T09:55:13.245Z","a":1}"#,
            Ok((at, r#"{"@timestamp":"2024-01-15T09:55:13.245Z","a":1}"#)),
        );
        check(r#"{"timestamp":1705312513.245,"message":"hello"}"#, Ok((at, "hello")));
        check(r#"{"timestamp":1705312513245,"message":{"a": 1.0}}"#, Ok((at, r#"{"a":1.0}"#)));
        check(r#"{"message":"hello"}"#, Ok((7_000_000, "hello")));
        check(
            r#"{"message":"hello","level":"INFO"}"#,
            Ok((7_000_000, r#"{"message":"hello","level":"INFO"}"#)),
        );
        check(
            r#"{"timestamp":null,"message":null}"#,
            Ok((7_000_000, r#"{"timestamp":null,"message":null}"#)),
        );
    }

    #[test]
    fn a_line_that_is_no_event_is_refused() {
        check("[1]", Err(Reason::NotAnObject));
        check("12", Err(Reason::NotAnObject));
        check("hello", Err(Reason::NotJson("a value should stand here")));
        check("{\"a\":1} {}", Err(Reason::NotJson("more follows after the value")));
        check("{\"a\":1,}", Err(Reason::NotJson("comments and trailing commas are no part of JSON")));
        check("{} // x", Err(Reason::NotJson("comments and trailing commas are no part of JSON")));
        check("{\"time\":\"soon\"}", Err(Reason::Time));
        check("{\"time\":[]}", Err(Reason::Time));
        check("{\"time\":-5}", Err(Reason::Time));
        check("{\"message\":\"\"}", Err(Reason::Empty));
        check(&format!("{{\"message\":\"{}\"}}", "x".repeat(1_048_551)), Err(Reason::TooLong));
        check(&format!("[{}1]", "1,".repeat(LINE_BYTES_MAX / 2)), Err(Reason::TooLong));
        let deep = format!("{{\"a\":{}", "[".repeat(10_000));
        check(&deep, Err(Reason::NotJson("arrays and objects are nested too deep")));
    }

    #[test]
    fn a_body_is_taken_whole_or_refused_at_its_first_bad_line() {
        let count = |body: &[u8]| events(body, NOW).map(|events| events.len());
        let refused = |line, reason| Err(Refusal { line, reason });
        assert_eq!(count(b""), Ok(0));
        assert_eq!(count(b"\xef\xbb\xbf{}\r\n\r\n{}\n"), Ok(2));
        assert_eq!(count(b"{}\n\nplain\n{"), refused(3, Reason::NotJson("a value should stand here")));
        assert_eq!(count(b"{}\n{\"a\":\"\xff\"}\n"), refused(2, Reason::NotUtf8));
        assert_eq!(count("{}\n".repeat(EVENTS_MAX).as_bytes()), Ok(EVENTS_MAX));
        let many = "{}\n".repeat(EVENTS_MAX + 1);
        assert_eq!(count(many.as_bytes()), refused(EVENTS_MAX as u64 + 1, Reason::TooMany));
    }

    #[test]
    fn answers_are_json() {
        assert_eq!(accepted(3).body, b"{\"accepted\":3}");
        let refusal = events(b"{}\nsecret", NOW).expect_err("no JSON");
        let reply = refusal.reply();
        assert_eq!(reply.status, 400);
        let expected = "{\"error\":{\"code\":\"bad_line\",\"message\":\"line 2: this is no JSON: \
                        a value should stand here\",\"line\":2}}";
        assert_eq!(String::from_utf8(reply.body).expect("text"), expected);
    }

    proptest! {
        #[test]
        fn arbitrary_bodies_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = events(&body, NOW);
        }

        #[test]
        fn what_is_no_envelope_is_kept_as_it_is(name in "[a-z]{1,8}x", text in "[^\\p{C}\"\\\\]{0,20}") {
            let line = format!("{{\"{name}\": \"{text}\"}}");
            prop_assert_eq!(&*event(&line, NOW).expect("an event").message, &*line);
        }
    }
}
