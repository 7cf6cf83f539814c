//! What does one log message say to the join: which ids, which event, which fields?
//!
//! Reads the event contract's JSON, a Lambda runtime's tab-separated line around it, and Lambda's own lines as
//! [`lambda_line`] tells them. Anything else is kept as a log event and says nothing. Ids are opaque and compared exactly; placeholders and values that the guard cut are none.

use std::borrow::Cow;

use sonic_rs::{JsonType, JsonValueTrait, LazyValue};
use walletscope_model::contract::{self, EventKind, Field};

use crate::lambda_line::{self, LambdaLine};
use crate::source::{TimePlace, begins_with_date};

/// Ids over this many bytes are no ids.
pub const ID_BYTES_MAX: usize = 128;
/// Longer field values stay in the message alone.
pub const VALUE_BYTES_MAX: usize = 1_024;
/// Words that sources write where an id is missing, compared without case; settings add further ones.
pub const PLACEHOLDERS: [&str; 7] = ["-", "null", "nil", "none", "unknown", "undefined", "n/a"];

/// What the types of Lambda's own JSON events begin with.
const PLATFORM: &str = "platform.";

/// What a message says.
#[derive(Debug, Default, PartialEq)]
pub struct Said<'a> {
    /// What happened.
    pub what: What,
    /// Ids by [`walletscope_model::IdKind`]'s number: correlation, request, trace, token reference.
    pub ids: [Option<Cow<'a, str>>; 4],
    /// The contract's other fields, in the order of [`Field`].
    pub fields: Vec<(Field, Cow<'a, str>)>,
    /// What stands where the event's name belongs, if the contract does not know it.
    pub unknown_event: Option<Cow<'a, str>>,
    /// The first time that it tells of itself, as it is written; what the runtime or Lambda writes is none.
    pub time: Option<(TimePlace, Cow<'a, str>)>,
}

/// What happened, as far as the join cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An event of the contract.
    Event(EventKind),
    /// The invocation crashed or timed out.
    Crash,
    /// An audited call failed.
    FailedCall,
    /// Nothing that the contract knows.
    #[default]
    Other,
}

/// Reads a guarded message; `placeholders` are no ids either.
pub fn interpret<'a>(message: &'a str, placeholders: &[Box<str>]) -> Said<'a> {
    let trimmed = message.trim_start();
    let mut said = if trimmed.starts_with('{') { from_json(trimmed) } else { from_text(trimmed) };
    for id in &mut said.ids {
        if id.as_deref().is_some_and(|value| !is_id(value, placeholders)) {
            *id = None;
        }
    }
    said
}

/// Whether `value` can name something. The guard's marks tell a cut value by itself: whether this message was cut or
/// came cut must not matter, because both are the same record.
pub fn is_id(value: &str, placeholders: &[Box<str>]) -> bool {
    const GUARD_MARK: &[u8] = b"***";
    let zeros = value.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    let cut = value.as_bytes().windows(GUARD_MARK.len()).any(|bytes| bytes == GUARD_MARK);
    let usual = value.len() <= 9 && PLACEHOLDERS.iter().any(|word| word.eq_ignore_ascii_case(value));
    let placeholder = usual || placeholders.iter().any(|word| word.eq_ignore_ascii_case(value));
    !value.trim().is_empty() && value.len() <= ID_BYTES_MAX && !zeros && !cut && !placeholder
}

fn from_json(text: &str) -> Said<'_> {
    const FIELDS_USUAL: usize = 12;
    let mut said = Said { fields: Vec::with_capacity(FIELDS_USUAL), ..Said::default() };
    let mut places = [PLACE_NONE; contract::FIELDS.len()];
    let (mut kind, mut record) = (None, None);
    for member in sonic_rs::to_object_iter(text) {
        // A message that stops being JSON half-way is text: it says nothing at all.
        let Ok((key, value)) = member else { return Said::default() };
        match &*key {
            "type" => kind = value.as_str().filter(|kind| kind.starts_with(PLATFORM)).map(str::to_owned),
            "record" => record = Some(value.as_raw_cow()),
            _ => {}
        }
        let Some(field) = Field::from_name(&key) else {
            if said.time.is_none()
                && let Some(place) = TimePlace::of_member(&key)
            {
                said.time = scalar(value).map(|written| (place, written));
            }
            continue;
        };
        let Some(value) = scalar(value) else { continue };
        let place = place_of(field, &key);
        if place < places[field as usize] && put(&mut said, field, value) {
            places[field as usize] = place;
        }
    }
    said.fields.sort_by_key(|(field, _)| *field);
    match (kind, record) {
        (Some(kind), Some(Cow::Borrowed(record))) => {
            lambda_line::of_platform(&kind, record).map(from_line).unwrap_or_default()
        }
        _ => said,
    }
}

/// The place of a field that was not seen yet.
const PLACE_NONE: u8 = u8::MAX;

/// The place of a spelling among those of its field: an exact one has that of the contract's names, all others share
/// the place behind them, where the first in the message stays. The lowest place wins, wherever it stands.
fn place_of(field: Field, spelling: &str) -> u8 {
    let names = field.row().names;
    let place = names.iter().position(|name| *name == spelling).unwrap_or(names.len());
    u8::try_from(place).unwrap_or(PLACE_NONE - 1)
}

/// Keeps a field's value in the place of an earlier one; `false` for a name of no event, which says nothing.
fn put<'a>(said: &mut Said<'a>, field: Field, value: Cow<'a, str>) -> bool {
    let id = match field {
        Field::CorrelationId => Some(0),
        Field::RequestId => Some(1),
        Field::TraceId => Some(2),
        Field::TokenReferenceId => Some(3),
        _ => None,
    };
    match (id, field) {
        (Some(id), _) => said.ids[id] = Some(value),
        (None, Field::Event) => {
            let Some(kind) = contract::event_kind(&value) else {
                said.unknown_event = Some(value);
                return false;
            };
            said.what = What::Event(kind);
            said.unknown_event = None;
        }
        (None, _) => match said.fields.iter_mut().find(|(known, _)| *known == field) {
            Some((_, known)) => *known = value,
            None => said.fields.push((field, value)),
        },
    }
    true
}

/// Strings as they mean, numbers and booleans as they are written; null, objects and arrays are nothing.
fn scalar(value: LazyValue<'_>) -> Option<Cow<'_, str>> {
    let text: Cow<'_, str> = match value.get_type() {
        JsonType::String => {
            let raw = value.as_raw_cow();
            let inner = match raw {
                Cow::Borrowed(raw) => Cow::Borrowed(raw.get(1..raw.len() - 1)?),
                Cow::Owned(_) => return None,
            };
            if inner.contains('\\') { Cow::Owned(value.as_str()?.to_owned()) } else { inner }
        }
        JsonType::Number | JsonType::Boolean => match value.as_raw_cow() {
            Cow::Borrowed(raw) => Cow::Borrowed(raw.trim()),
            Cow::Owned(raw) => Cow::Owned(raw.trim().to_owned()),
        },
        _ => return None,
    };
    (text.len() <= VALUE_BYTES_MAX && !text.is_empty()).then_some(text)
}

fn from_text(text: &str) -> Said<'_> {
    let said = lambda_line::of_text(text).map(from_line).or_else(|| from_runtime_line(text));
    said.unwrap_or_else(|| Said { time: from_line_start(text), ..Said::default() })
}

/// The time that a line of text begins with, and a little of what follows, which may be its zone.
fn from_line_start(text: &str) -> Option<(TimePlace, Cow<'_, str>)> {
    const BYTES_MAX: usize = 40;
    let line = text.strip_prefix('[').unwrap_or(text);
    let end = line.floor_char_boundary(BYTES_MAX);
    begins_with_date(line).then(|| (TimePlace::LineStart, Cow::Borrowed(&line[..end])))
}

/// A line of Lambda's own names its invocation, and may tell that it crashed.
fn from_line(line: LambdaLine<'_>) -> Said<'_> {
    let what = if line.is_crash() { What::Crash } else { What::Other };
    Said { what, ids: [None, line.request_id().cloned(), None, None], ..Said::default() }
}

/// What a function logged, behind what its runtime puts before it.
fn from_runtime_line(text: &str) -> Option<Said<'_>> {
    let line = lambda_line::runtime_line(text)?;
    let mut said = if line.text.starts_with('{') { from_json(line.text) } else { Said::default() };
    if line.text.starts_with(lambda_line::TIMED_OUT) {
        said.what = What::Crash;
    }
    said.ids[1].get_or_insert(Cow::Borrowed(line.request_id));
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &str) {
        let said = interpret(message, &[]);
        let ids: Vec<_> = said.ids.iter().map(|id| id.as_deref().unwrap_or(".")).collect();
        let fields: Vec<_> =
            said.fields.iter().map(|(field, value)| format!("{}={value}", field.name())).collect();
        assert_eq!(
            format!("{:?} {} {}", said.what, ids.join("/"), fields.join(",")).trim(),
            expected,
            "{message}"
        );
    }

    #[test]
    fn messages_say_what_the_contract_says() {
        let start = r#"{"level":"INFO","requestId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE12345","event":"TOKEN_PROVISION_START","walletProvider":"ApplePay","issuer":"DEMO_Bank","correlationId":"corr_xyz789"}"#;
        check(
            start,
            "Event(Stage(Started)) corr_xyz789/a1b2c3d4-5678-90ab-cdef-EXAMPLE12345/./. walletProvider=ApplePay,issuer=DEMO_Bank",
        );
        check(
            r#"{"processing_time": 1.245, "EVENT":"TOKEN_PROVISION_SUCCESS"}"#,
            "Event(Stage(Provisioned)) ./././. processingTime=1.245",
        );
        check(r#"{"event":"CACHE_MISS","requestID":"r"}"#, "Other ./r/./.");
        check(
            r#"{"issuerName":"B","issuer":"A\u0042","event":"TOKEN_DELETED","nested":{"issuer":"C"}}"#,
            "Event(Lifecycle(Deleted)) ./././. issuer=AB",
        );
        check(
            "2026-11-22T12:00:00.000Z\tr1\tINFO\t{\"event\":\"TOKEN_CREATED\",\"correlationId\":\"c\"}",
            "Event(Stage(TokenCreated)) c/r1/./.",
        );
        check("2026-11-22T12:00:03.000Z r1 Task timed out after 3.00 seconds", "Crash ./r1/./.");
        check("REPORT RequestId: r1\tDuration: 3000.00 ms\tStatus: timeout", "Crash ./r1/./.");
        check("REPORT RequestId: r1\tDuration: 12.00 ms", "Other ./r1/./.");
        check("START RequestId: r1 Version: $LATEST", "Other ./r1/./.");
        check(
            "[INFO]\t2026-11-22T12:00:00.000Z\tr1\t{\"event\":\"TOKEN_CREATED\",\"correlationId\":\"c\"}",
            "Event(Stage(TokenCreated)) c/r1/./.",
        );
    }

    #[test]
    fn of_several_spellings_the_first_of_the_contract_wins_wherever_it_stands() {
        for (members, expected) in [
            ([r#""reason":"a""#, r#""reasonCode":"b""#, r#""errorCode":"c""#], "Other ./././. reasonCode=b"),
            (
                [r#""REASON":"a""#, r#""errorCode":"b""#, r#""failureReason":"c""#],
                "Other ./././. reasonCode=c",
            ),
            ([r#""tokenRef":"a""#, r#""tokenReferenceId":"b""#, r#""x":1"#], "Other ./././b"),
            (
                [r#""eventType":"TOKEN_DELETED""#, r#""event":"TOKEN_RESUMED""#, r#""x":1"#],
                "Event(Lifecycle(Resumed)) ./././.",
            ),
            // What names no event does not hide the name of one.
            (
                [r#""event":"audit""#, r#""eventName":"TOKEN_DELETED""#, r#""x":1"#],
                "Event(Lifecycle(Deleted)) ./././.",
            ),
            ([r#""issuer":null"#, r#""issuerName":"B""#, r#""x":1"#], "Other ./././. issuer=B"),
        ] {
            let [a, b, c] = members;
            for order in [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
                check(&format!("{{{}}}", order.join(",")), expected);
            }
        }
        // Beside the contract's own spellings all others are equal: the first in the message counts.
        check(r#"{"ISSUER":"a","Issuer":"b"}"#, "Other ./././. issuer=a");
    }

    #[test]
    fn the_status_of_an_invocation_is_read_in_json_too() {
        let platform = |kind: &str, record: &str| {
            format!(r#"{{"time":"2026-11-22T12:00:03.000Z","type":"platform.{kind}","record":{record}}}"#)
        };
        let report = r#"{"requestId":"r1","metrics":{"durationMs":3000},"status":"timeout"}"#;
        check(&platform("report", report), "Crash ./r1/./.");
        check(&platform("runtimeDone", r#"{"status":"error","requestId":"r1"}"#), "Crash ./r1/./.");
        check(&platform("report", r#"{"requestId":"r1","status":"success"}"#), "Other ./r1/./.");
        check(&platform("runtimeDone", r#"{"status":"failure","requestId":"r1"}"#), "Crash ./r1/./.");
        check(&platform("runtimeDone", r#"{"status":"success","requestId":"r1"}"#), "Other ./r1/./.");
        check(&platform("start", r#"{"requestId":"r1","status":"error"}"#), "Other ./r1/./.");
        check(&platform("initReport", r#"{"phase":"init","status":"timeout"}"#), "Other ./././.");
        check(&platform("fault", r#"{"requestId":"r1","status":"error"}"#), "Other ./././.");
        check(&platform("report", r#""r1""#), "Other ./././.");
    }

    #[test]
    fn the_end_of_an_invocation_is_read_from_every_runtime() {
        for (message, expected) in [
            (
                "RequestId: r1 Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
                "Crash ./r1/./.",
            ),
            ("RequestId: r1 Error: Task timed out after 3.00 seconds", "Crash ./r1/./."),
            ("RequestId: r1 Process exited before completing request", "Other ./r1/./."),
            (
                "[ERROR] Runtime.ExitError: RequestId: r1 Error: Runtime exited with error: signal: killed\rTraceback",
                "Crash ./r1/./.",
            ),
            ("[ERROR]\t2026-11-22T12:00:03.000Z\tr1\tTask timed out after 3.00 seconds", "Crash ./r1/./."),
            (
                "REPORT RequestId: r1 Duration: 3000.00 ms Status: error Error Type: Runtime.ExitError",
                "Crash ./r1/./.",
            ),
            // An error that a function logs is no end of its invocation, and a called service's id is none of ours.
            ("[ERROR]\t2026-11-22T12:00:03.000Z\tr1\tRequestId: x Error: refused", "Other ./r1/./."),
            ("[ERROR] ClientError: throttled (RequestId: x, Status Code: 400) Error: y", "Other ./././."),
            ("[ERROR] ValueError: no such card\rTraceback (most recent call last):", "Other ./././."),
            ("[ERROR] KeyError: a\rRequestId: r1 Error: b", "Other ./././."),
            ("REPORT RequestId: r1 Duration: 3.00 ms Status: failure", "Other ./r1/./."),
            ("REPORT RequestId: r1 Duration: 3.00 ms Error Type: timeout", "Other ./r1/./."),
            ("INIT_REPORT Init Duration: 10000.00 ms Phase: init Status: timeout", "Other ./././."),
            ("yesterday r1 Task timed out after 3.00 seconds", "Other ./././."),
        ] {
            check(message, expected);
        }
    }

    #[test]
    fn what_each_runtime_logs_names_its_invocation_and_ends_none() {
        for (message, expected) in [
            // Node.js, inside an invocation and before one.
            (
                "2026-11-22T12:00:00.000Z\tr1\tERROR\tInvoke Error \t{\"errorType\":\"Error\"}",
                "Other ./r1/./.",
            ),
            ("2026-11-22T12:00:00.000Z\tundefined\tERROR\tUncaught Exception \t{}", "Other ./././."),
            // Python: its logger, its warning without an id, an error of the handler in both log formats.
            ("[ERROR]\t2026-11-22T12:00:00.000Z\tr1\tno such card\n", "Other ./r1/./."),
            ("[WARNING]\t2026-11-22T12:00:00.000Z\t\tLAMBDA_WARNING: Unhandled exception.", "Other ./././."),
            (
                "[ERROR] ValueError: no such card\rTraceback (most recent call last):\r\u{a0} File",
                "Other ./././.",
            ),
            (
                r#"{"timestamp": "2026-11-22T12:00:00Z", "level": "ERROR", "errorMessage": "no such card", "errorType": "ValueError", "requestId": "r1", "stackTrace": []}"#,
                "Other ./r1/./.",
            ),
            // .NET.
            (
                "2026-11-22T12:00:00.000Z\tr1\tinfo\t{\"event\":\"TOKEN_CREATED\"}\n",
                "Event(Stage(TokenCreated)) ./r1/./.",
            ),
            // Java with Log4j and Ruby write ids where only a configured layout tells them: they are text.
            ("2026-11-22 12:00:00 r1 INFO  Handler - no such card", "Other ./././."),
            ("I, [2026-11-22T12:00:00.000000 #8]  INFO r1 -- : no such card", "Other ./././."),
        ] {
            check(message, expected);
        }
    }

    #[test]
    fn nonsense_says_nothing() {
        for message in [
            "",
            "{",
            "hello",
            r#"{"event":"TOKEN_PROVISION_START","correlationId":"c""#,
            "[1,2]",
            "{}",
            "\u{0}",
            "r Task timed out after x",
        ] {
            check(message, "Other ./././.");
        }
    }

    #[test]
    fn placeholders_and_cut_values_are_no_ids() {
        for (value, expected) in [
            ("corr_1", true),
            ("null", false),
            ("Unknown", false),
            ("00000000-0000-0000-0000-000000000000", false),
            ("0", false),
            ("41111111****1111", false),
            ("id-378282*****0005-x", false),
            ("a*b", true),
            ("  ", false),
        ] {
            assert_eq!(is_id(value, &[]), expected, "{value}");
        }
        assert!(is_id(&"x".repeat(ID_BYTES_MAX), &[]) && !is_id(&"x".repeat(ID_BYTES_MAX + 1), &[]));
        let words = ["tbd".into()];
        assert!(is_id("TBD", &[]) && !is_id("TBD", &words) && is_id("tbd1", &words));
    }
}
