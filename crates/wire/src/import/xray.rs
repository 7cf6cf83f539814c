//! Which spans does a trace or a segment hold? X-Ray's documents, and what people write in their place.
//!
//! Segments come as texts inside BatchGetTraces answers, as documents of their own, and inline in a trace, in
//! X-Ray's spelling (`start_time`) or in capitals (`StartTime`). Every subsegment is a span of its own. What has no
//! column stays in the metadata, so nothing is lost; ids are kept as they were written, and missing ones follow from
//! the trace and the place, so that reading a file twice makes the same spans.

use sha2::{Digest, Sha256};
use walletscope_model::contract::Field;
use walletscope_model::{Duration, Span, Timestamp};

use super::Defaults;
use super::check::check;
use super::instant::{Form, instant};
use super::json::{self, Object, Value, is_same_name};
use super::note::{Normalisation, Sink};
use super::record::Record;

/// Members of a segment that have a column or a meaning of their own.
const KNOWN: [&str; 15] = [
    "id",
    "name",
    "start_time",
    "end_time",
    "trace_id",
    "parent_id",
    "namespace",
    "http",
    "aws",
    "error",
    "fault",
    "throttle",
    "annotations",
    "metadata",
    "subsegments",
];
/// The metadata namespace of what has no column.
const REST: &str = "walletscope";
/// How long X-Ray keeps a trace.
const KEPT: Duration = Duration::from_seconds(30 * 86_400);
const DAY: Duration = Duration::from_seconds(86_400);

/// Whether an object is a trace with its segments.
pub(super) fn is_trace(object: &Object) -> bool {
    object.list("Segments").is_some()
}

/// Whether an object is a segment document.
pub(super) fn is_segment(object: &Object) -> bool {
    object.get("start_time").is_some() && object.get("name").is_some() && object.get("id").is_some()
}

/// The spans of a trace.
pub(super) fn trace(object: &Object, defaults: &Defaults, sink: &mut Sink) {
    let id = object.scalar("Id");
    for (place, segment) in object.list("Segments").unwrap_or_default().iter().enumerate() {
        let Some(segment) = segment.object() else {
            sink.bad(object.line, "a segment of a trace is no object");
            continue;
        };
        let path = place.to_string();
        match segment.get("Document").and_then(Value::text) {
            Some(document) => match json::parse(document, segment.line) {
                Ok((Value::Object(mut document), _)) => {
                    // Lines inside a text are those of the text.
                    document.line = segment.line;
                    self::segment(&document, id, &path, defaults, sink);
                }
                _ => sink.bad(segment.line, "the Document of a segment is no JSON object"),
            },
            None => {
                sink.note(segment.line, Normalisation::SegmentInTrace);
                self::segment(segment, id, &path, defaults, sink);
            }
        }
    }
}

/// The spans of one segment: itself and its subsegments.
pub(super) fn segment(
    object: &Object,
    trace_id: Option<&str>,
    path: &str,
    defaults: &Defaults,
    sink: &mut Sink,
) {
    let Some(trace_id) = object.scalar("trace_id").or(trace_id) else {
        return sink.bad(object.line, "a segment names no trace");
    };
    note_trace_id(trace_id, object, sink);
    let mut walk = Walk { trace_id, defaults, sink };
    walk.span(object, None, path);
}

/// One segment tree.
struct Walk<'a> {
    trace_id: &'a str,
    defaults: &'a Defaults,
    sink: &'a mut Sink,
}

impl Walk<'_> {
    fn span(&mut self, object: &Object, parent: Option<&str>, path: &str) {
        let read = self.read(object, parent, path);
        let checked = read.and_then(|span| Ok((span.span_id.clone(), check(Record::Span(Box::new(span)))?)));
        let (id, record) = match checked {
            Ok(checked) => checked,
            Err(reason) => return self.sink.bad(object.line, reason),
        };
        self.sink.record(object.line, record);
        for (place, below) in object.list("subsegments").unwrap_or_default().iter().enumerate() {
            match below.object() {
                Some(below) => {
                    // Subsegments that were sent alone name their parent themselves.
                    let parent = below.scalar("parent_id").unwrap_or(&id).to_owned();
                    self.span(below, Some(&parent), &format!("{path}.{place}"));
                }
                None => self.sink.bad(object.line, "a subsegment is no object"),
            }
        }
    }

    fn read(&mut self, object: &Object, parent: Option<&str>, path: &str) -> Result<Span, String> {
        let timestamp = self.time(object, "start_time")?.ok_or("a segment has no start_time")?;
        let end_time = self.time(object, "end_time")?;
        if self.defaults.now.since(timestamp) > KEPT {
            self.note(object, Normalisation::OldTime);
        }
        let has_capitals =
            |(name, _): &(Box<str>, Value)| name.starts_with(|first: char| first.is_ascii_uppercase());
        if object.members.iter().any(has_capitals) {
            self.note(object, Normalisation::SegmentNames);
        }
        let text = |object: Option<&Object>, name: &str| object?.scalar(name).map(Box::<str>::from);
        let http = object.object("http");
        let (asked, answered) =
            (http.and_then(|http| http.object("request")), http.and_then(|http| http.object("response")));
        let http_status = answered.and_then(|answer| answer.scalar("status")?.parse().ok());
        let mut span = Span {
            timestamp,
            trace_id: self.trace_id.into(),
            span_id: self.id(object, path),
            parent_id: parent.map(Box::from).or_else(|| text(Some(object), "parent_id")),
            name: text(Some(object), "name").ok_or("a segment has no name")?,
            end_time,
            http_method: text(asked, "method"),
            http_url: text(asked, "url"),
            http_status,
            user_agent: text(asked, "user_agent"),
            client_ip: text(asked, "client_ip"),
            ..Span::default()
        };
        if span.http_url.as_deref().is_some_and(|url| !url.contains("://")) {
            self.note(object, Normalisation::RelativeUrl);
        }
        self.flags(object, &mut span);
        let mut rest = rest_of(object);
        self.call(object, &mut span, &mut rest);
        annotations(object, &mut span);
        self.metadata(object, rest, &mut span);
        Ok(span)
    }

    fn note(&mut self, object: &Object, what: Normalisation) {
        self.sink.note(object.line, what);
    }

    fn time(&mut self, object: &Object, name: &str) -> Result<Option<Timestamp>, String> {
        let Some(time) = object.get(name) else { return Ok(None) };
        let (at, form) = instant(time)
            .ok_or_else(|| format!("the {name} of a segment cannot be read: {}", time.compact()))?;
        match form {
            Form::Seconds => {}
            Form::WithoutZone => self.note(object, Normalisation::TimeWithoutZone),
            Form::Millis | Form::Fine | Form::Text => self.note(object, Normalisation::TimeForm),
        }
        Ok(Some(at))
    }

    fn id(&mut self, object: &Object, path: &str) -> Box<str> {
        match object.scalar("id") {
            Some(id) => {
                if id.len() != 16 || !is_hex(id) {
                    self.note(object, Normalisation::SegmentIdLength);
                }
                id.into()
            }
            None => {
                self.note(object, Normalisation::SegmentIdMade);
                made_id(self.trace_id, path)
            }
        }
    }

    fn flags(&mut self, object: &Object, span: &mut Span) {
        let flag = |name: &str| object.get(name).map(|value| value.scalar() == Some("true"));
        let told = [flag("error"), flag("fault"), flag("throttle")];
        [span.error, span.fault, span.throttle] = told.map(Option::unwrap_or_default);
        if let Some(status @ 400..) = span.http_status
            && told == [None; 3]
        {
            self.note(object, Normalisation::FlagsFromStatus);
            span.error = status < 500;
            span.fault = status >= 500;
            span.throttle = status == 429;
        }
    }

    /// Namespace, operation and resource of a call to another service.
    fn call(&mut self, object: &Object, span: &mut Span, rest: &mut Object) {
        let namespace = object.scalar("namespace");
        let is_own_name = |name: &str| matches!(name, "aws" | "remote");
        if let Some(other) = namespace.filter(|name| !is_own_name(name)) {
            let known = other.split('.').next().filter(|first| is_own_name(first)).unwrap_or(other);
            if known != other {
                self.note(object, Normalisation::NamespaceMapped);
                rest.members.push(("namespace".into(), Value::Text(other.into())));
            }
            span.namespace = Some(known.into());
        } else {
            span.namespace = namespace.map(Into::into);
        }
        let aws = object.object("aws");
        let text = |name: &str| aws?.scalar(name).map(Box::<str>::from);
        span.operation = text("operation");
        span.resource =
            ["table_name", "queue_url", "bucket_name", "topic_arn", "stream_name", "function_name"]
                .into_iter()
                .find_map(text);
        // The request of a call to another service is not ours.
        span.request_id = text("request_id").filter(|_| namespace.is_none());
        let query = object
            .object("sql")
            .and_then(|sql| ["query", "sanitized_query"].iter().find_map(|name| sql.scalar(name)));
        if let Some((operation, resource)) = query.and_then(call_in_words)
            && span.namespace.as_deref() == Some("aws")
            && span.operation.is_none()
        {
            self.note(object, Normalisation::QueryAsCall);
            span.operation = Some(operation.into());
            span.resource = Some(resource.into());
        }
    }

    fn metadata(&mut self, object: &Object, rest: Object, span: &mut Span) {
        let mut metadata = Object { line: object.line, members: Vec::new() };
        match object.get("metadata") {
            Some(Value::Object(spaces))
                if spaces.members.iter().all(|(_, value)| value.object().is_some()) =>
            {
                metadata.members.clone_from(&spaces.members);
            }
            Some(other) => {
                self.note(object, Normalisation::MetadataWrapped);
                metadata.members.push(("default".into(), other.clone()));
            }
            None => {}
        }
        if !rest.members.is_empty() {
            metadata.members.push((REST.into(), Value::Object(rest)));
        }
        span.metadata = (!metadata.members.is_empty()).then(|| metadata.compact().into());
    }
}

/// Everything that has neither a column nor a meaning of its own, `http` and `aws` without the parts that have one.
fn rest_of(object: &Object) -> Object {
    const HTTP: [&str; 2] = ["request", "response"];
    const REQUEST: [&str; 4] = ["method", "url", "user_agent", "client_ip"];
    const RESPONSE: [&str; 1] = ["status"];
    const AWS: [&str; 2] = ["operation", "table_name"];
    let mut rest = without(object, &KNOWN);
    if let Some(http) = object.object("http") {
        let mut left = without(http, &HTTP);
        for (name, known) in [("request", &REQUEST[..]), ("response", &RESPONSE[..])] {
            let part = http.object(name).map(|part| without(part, known)).unwrap_or_default();
            if !part.members.is_empty() {
                left.members.push((name.into(), Value::Object(part)));
            }
        }
        push_object(&mut rest, "http", left);
    }
    if let Some(aws) = object.object("aws") {
        push_object(&mut rest, "aws", without(aws, &AWS));
    }
    rest
}

fn push_object(rest: &mut Object, name: &str, part: Object) {
    if !part.members.is_empty() {
        rest.members.push((name.into(), Value::Object(part)));
    }
}

fn without(object: &Object, known: &[&str]) -> Object {
    let is_known = |name: &str| known.iter().any(|known| is_same_name(known, name));
    let others = object.members.iter().filter(|(name, _)| !is_known(name)).cloned();
    Object::of(object.line, others)
}

fn annotations(object: &Object, span: &mut Span) {
    let Some(annotations) = object.object("annotations") else { return };
    for (name, value) in &annotations.members {
        let column = match Field::from_name(name) {
            Some(Field::Wallet) => &mut span.wallet_provider,
            Some(Field::Issuer) => &mut span.issuer,
            Some(Field::CorrelationId) => &mut span.correlation_id,
            Some(Field::RequestId) => &mut span.request_id,
            Some(Field::TokenReferenceId) => &mut span.token_reference_id,
            _ => continue,
        };
        if let Some(text) = value.scalar().filter(|text| !text.is_empty()) {
            *column = Some(text.into());
        }
    }
    span.annotations = Some(annotations.compact().into());
}

/// `GetItem on TokenStore table`.
fn call_in_words(text: &str) -> Option<(&str, &str)> {
    let (operation, rest) = text.trim().split_once(" on ")?;
    let resource = rest.strip_suffix(" table").unwrap_or(rest).trim();
    let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    (is_word(operation) && is_word(resource)).then_some((operation, resource))
}

/// `1-<8 hex>-<24 hex>` is X-Ray's form; another last part and another day than the segment's are noted.
fn note_trace_id(id: &str, segment: &Object, sink: &mut Sink) {
    let parts: Vec<&str> = id.split('-').collect();
    let [_, epoch, unique] = parts[..] else { return };
    if unique.len() != 24 {
        sink.note(segment.line, Normalisation::TraceIdLength);
    }
    let epoch = i64::from_str_radix(epoch, 16).ok().filter(|_| epoch.len() == 8);
    let start = segment.get("start_time").and_then(instant);
    if let (Some(epoch), Some((start, _))) = (epoch, start)
        && Duration(start.since(Timestamp::from_seconds(epoch)).0.abs()) > DAY
    {
        sink.note(segment.line, Normalisation::TraceTimeSkew);
    }
}

/// Sixteen hex digits, the first a letter: the guard must never see a number in it.
fn made_id(trace_id: &str, path: &str) -> Box<str> {
    let hash = Sha256::digest(format!("{trace_id} {path}").as_bytes());
    let hex: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("f{}", &hex[1..]).into()
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
