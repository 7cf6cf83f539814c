//! What does a line say that Lambda itself wrote into a function's log, and which metrics follow from it?
//!
//! Both log formats are read: the text lines (`START`, `END`, `REPORT`, `INIT_START`, `INIT_REPORT`, a task that timed
//! out, a runtime that exited; <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html>) and
//! the JSON events `platform.*` (<https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>). Names
//! and values are borrowed from the message. The hard part is that Lambda tells one thing several times: a timeout has
//! a line of its own and a status in the report. So metrics come from the report alone.

use std::borrow::Cow;

use walletscope_language::json::{Kind, Scanner, Value};
use walletscope_model::{MetricDatum, MetricValue, Timestamp};

/// The namespace of the metrics of [`data`]. Not Lambda's own: these are derived from its log.
pub const NAMESPACE: &str = "Walletscope/Lambda";
/// The dimension that names the function.
pub const DIMENSION: &str = "FunctionName";
/// What stands before a function's name in the name of its log group.
pub const GROUP_PREFIX: &str = "/aws/lambda/";
/// Longest function name that becomes a dimension, in bytes; Lambda's own are shorter.
pub const FUNCTION_NAME_BYTES_MAX: usize = 255;

/// One line of Lambda's. A request id is empty where the line names none.
#[derive(Clone, Debug, PartialEq)]
pub enum LambdaLine<'a> {
    /// An invocation begins.
    Start {
        /// The invocation.
        request_id: Cow<'a, str>,
        /// The function's version, such as `$LATEST`.
        version: Option<Cow<'a, str>>,
    },
    /// An invocation ends.
    End {
        /// The invocation.
        request_id: Cow<'a, str>,
    },
    /// What an invocation took.
    Report(Report<'a>),
    /// The function's own part of an invocation ended.
    RuntimeDone {
        /// The invocation.
        request_id: Cow<'a, str>,
        /// How it ended.
        status: Option<Status>,
    },
    /// An execution environment is made.
    InitStart {
        /// Such as `python:3.13.v17`.
        runtime_version: Option<Cow<'a, str>>,
        /// The same as Lambda's own name.
        runtime_version_arn: Option<Cow<'a, str>>,
    },
    /// What making an execution environment took. In text it is written where that failed.
    InitReport {
        /// How long, in milliseconds.
        duration_millis: Option<f64>,
        /// `init`, or `invoke` where it was tried again inside an invocation.
        phase: Option<Cow<'a, str>>,
        /// How it ended.
        status: Option<Status>,
        /// Such as `Runtime.ImportModuleError`.
        error_type: Option<Cow<'a, str>>,
    },
    /// An invocation was stopped after its time.
    TimedOut {
        /// The invocation.
        request_id: Cow<'a, str>,
        /// The function's time limit.
        after_seconds: Option<f64>,
    },
    /// A line about an invocation: `RequestId: … Error: …`.
    Notice {
        /// The invocation.
        request_id: Cow<'a, str>,
        /// What went wrong, such as `Runtime exited with error: exit status 1`.
        error: Option<&'a str>,
    },
}

/// What an invocation took.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Report<'a> {
    pub request_id: Cow<'a, str>,
    pub duration_millis: Option<f64>,
    pub billed_duration_millis: Option<f64>,
    pub memory_size_megabytes: Option<f64>,
    pub memory_used_max_megabytes: Option<f64>,
    /// There where the invocation waited for a new execution environment.
    pub init_duration_millis: Option<f64>,
    /// There where the environment came from a snapshot.
    pub restore_duration_millis: Option<f64>,
    pub billed_restore_duration_millis: Option<f64>,
    /// In text it is written where something went wrong.
    pub status: Option<Status>,
    pub error_type: Option<Cow<'a, str>>,
    /// X-Ray's trace, `1-…-…`.
    pub trace_id: Option<Cow<'a, str>>,
    pub segment_id: Option<Cow<'a, str>>,
    pub sampled: Option<bool>,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As it should.
    Success,
    /// After its time.
    Timeout,
    /// With an error that the runtime told.
    Error,
    /// With a runtime that exited; JSON only.
    Failure,
}

/// A line as one invocation's log has it, or `None` for a message that Lambda did not write.
pub fn read(message: &str) -> Option<LambdaLine<'_>> {
    let trimmed = message.trim_start();
    if !trimmed.starts_with('{') {
        return of_text(trimmed);
    }
    if !trimmed.contains("\"platform.") {
        return None;
    }
    let event = members(trimmed, ["type", "record"])?;
    let [kind, record] = event;
    of_platform(&text(kind)?, record?.written)
}

/// A text line. `text` begins with no blank.
pub(crate) fn of_text(text: &str) -> Option<LambdaLine<'_>> {
    let (word, rest) = text.split_once(' ')?;
    match word {
        "START" if rest.starts_with(REQUEST_ID) => {
            let version = fields(rest).find(|(label, _)| *label == "Version");
            let version = version.map(|(_, value)| Cow::Borrowed(value));
            Some(LambdaLine::Start { request_id: first_id(rest), version })
        }
        "END" if rest.starts_with(REQUEST_ID) => Some(LambdaLine::End { request_id: first_id(rest) }),
        "REPORT" if rest.starts_with(REQUEST_ID) => Some(LambdaLine::Report(report_of_text(rest))),
        "RequestId:" => {
            let error = rest.split_once(" Error: ").map(|(_, error)| error.trim_end());
            Some(LambdaLine::Notice { request_id: first_id(text), error })
        }
        "[ERROR]" => python_error(rest),
        "INIT_START" => init_start_of_text(rest),
        "INIT_REPORT" => init_report_of_text(rest),
        _ => timed_out(word, rest),
    }
}

/// A JSON event: its `type` and its `record`.
pub(crate) fn of_platform<'a>(kind: &str, record: &'a str) -> Option<LambdaLine<'a>> {
    match kind {
        "platform.start" => {
            let [request_id, version] = members(record, ["requestId", "version"])?;
            Some(LambdaLine::Start {
                request_id: text(request_id).unwrap_or_default(),
                version: text(version),
            })
        }
        "platform.end" => {
            let [request_id] = members(record, ["requestId"])?;
            Some(LambdaLine::End { request_id: text(request_id).unwrap_or_default() })
        }
        "platform.report" => report_of_json(record).map(LambdaLine::Report),
        "platform.runtimeDone" => {
            let [request_id, status] = members(record, ["requestId", "status"])?;
            let request_id = text(request_id).unwrap_or_default();
            Some(LambdaLine::RuntimeDone { request_id, status: status_of_json(status) })
        }
        "platform.initStart" => {
            let [version, arn] = members(record, ["runtimeVersion", "runtimeVersionArn"])?;
            Some(LambdaLine::InitStart { runtime_version: text(version), runtime_version_arn: text(arn) })
        }
        "platform.initReport" => {
            let names = ["metrics", "phase", "status", "errorType"];
            let [metrics, phase, status, error_type] = members(record, names)?;
            let metrics = metrics.and_then(|metrics| members(metrics.written, ["durationMs"]));
            let [duration] = metrics.unwrap_or_default();
            Some(LambdaLine::InitReport {
                duration_millis: number(duration),
                phase: text(phase),
                status: status_of_json(status),
                error_type: text(error_type),
            })
        }
        _ => None,
    }
}

impl<'a> LambdaLine<'a> {
    /// The invocation that the line is about, if it names one.
    pub fn request_id(&self) -> Option<&Cow<'a, str>> {
        match self {
            Self::Start { request_id, .. }
            | Self::End { request_id }
            | Self::Report(Report { request_id, .. })
            | Self::RuntimeDone { request_id, .. }
            | Self::TimedOut { request_id, .. }
            | Self::Notice { request_id, .. } => Some(request_id).filter(|id| !id.is_empty()),
            Self::InitStart { .. } | Self::InitReport { .. } => None,
        }
    }

    /// Whether the line says that the invocation crashed or timed out. An environment that could not be made is tried
    /// again inside the invocation, so its report alone ends nothing.
    pub fn is_crash(&self) -> bool {
        let is_bad = |status: &Option<Status>| status.is_some_and(|status| status != Status::Success);
        match self {
            Self::TimedOut { .. } => true,
            Self::Notice { error, .. } => error.is_some(),
            Self::Report(Report { status, .. }) | Self::RuntimeDone { status, .. } => is_bad(status),
            Self::Start { .. } | Self::End { .. } | Self::InitStart { .. } | Self::InitReport { .. } => false,
        }
    }
}

/// The metric data that follow from a line in the log group `group`, written at `time`: those of a report, else none.
pub fn data(line: &LambdaLine<'_>, group: &str, time: Timestamp) -> Vec<MetricDatum> {
    let LambdaLine::Report(report) = line else { return Vec::new() };
    let once = |happened: bool| happened.then_some(1.0);
    let is_error = matches!(report.status, Some(Status::Error | Status::Failure));
    let values = [
        ("Duration", "Milliseconds", report.duration_millis),
        ("BilledDuration", "Milliseconds", report.billed_duration_millis),
        ("MemorySize", "Megabytes", report.memory_size_megabytes),
        ("MaxMemoryUsed", "Megabytes", report.memory_used_max_megabytes),
        ("InitDuration", "Milliseconds", report.init_duration_millis),
        ("ColdStarts", "Count", once(report.init_duration_millis.is_some())),
        ("Timeouts", "Count", once(report.status == Some(Status::Timeout))),
        ("Errors", "Count", once(is_error)),
    ];
    let dimensions: Vec<_> =
        function_name(group).map(|name| (DIMENSION.into(), name.into())).into_iter().collect();
    let datum = |(name, unit, value): (&str, &str, Option<f64>)| {
        Some(MetricDatum {
            namespace: NAMESPACE.into(),
            name: name.into(),
            dimensions: dimensions.clone(),
            timestamp: time,
            unit: Some(unit.into()),
            storage_resolution_seconds: 60,
            value: MetricValue::Values(vec![(value?, 1.0)]),
        })
    };
    values.into_iter().filter_map(datum).collect()
}

/// The function that writes into this log group, if its name tells.
pub fn function_name(group: &str) -> Option<&str> {
    let name = group.strip_prefix(GROUP_PREFIX)?;
    let is_name = !name.is_empty() && name.len() <= FUNCTION_NAME_BYTES_MAX && !name.contains('/');
    is_name.then_some(name)
}

/// What a runtime puts before the text that a function logs.
pub(crate) struct RuntimeLine<'a> {
    pub request_id: &'a str,
    pub text: &'a str,
}

/// `2026-11-22T12:00:00.000Z\t<requestId>\tINFO\t…`, as Lambda's Node.js runtime writes, and
/// `[INFO]\t2026-11-22T12:00:00.000Z\t<requestId>\t…`, as its Python runtime does.
pub(crate) fn runtime_line(text: &str) -> Option<RuntimeLine<'_>> {
    let mut columns = text.splitn(4, '\t');
    let columns = [columns.next()?, columns.next()?, columns.next()?, columns.next()?];
    let [time, request_id, text] = match columns {
        [level, time, id, text] if level.starts_with('[') && level.ends_with(']') => [time, id, text],
        [time, id, _level, text] => [time, id, text],
    };
    Timestamp::parse_rfc3339(time)?;
    Some(RuntimeLine { request_id, text: text.trim() })
}

/// What a task that timed out is told by, behind its id.
pub(crate) const TIMED_OUT: &str = "Task timed out after ";
const REQUEST_ID: &str = "RequestId: ";

/// `2026-11-22T12:00:03.000Z <requestId> Task timed out after 3.00 seconds`.
fn timed_out<'a>(time: &str, rest: &'a str) -> Option<LambdaLine<'a>> {
    let (id, rest) = rest.split_once(' ')?;
    let after = rest.strip_prefix(TIMED_OUT)?;
    Timestamp::parse_rfc3339(time)?;
    let after_seconds = after.split_whitespace().next().and_then(as_number);
    Some(LambdaLine::TimedOut { request_id: Cow::Borrowed(id), after_seconds })
}

/// `[ERROR] Runtime.ExitError: RequestId: … Error: …`, as the Python runtime writes an error that it did not catch. A
/// service that was called may have a `RequestId: ` in its error as well: only the platform's own form counts.
fn python_error(rest: &str) -> Option<LambdaLine<'_>> {
    let line = rest.split(['\r', '\n']).next()?;
    let (_, notice) = line.split_once(REQUEST_ID)?;
    let (id, error) = notice.split_once(" Error: ")?;
    let is_id = !id.is_empty() && !id.contains(char::is_whitespace);
    is_id.then(|| LambdaLine::Notice { request_id: Cow::Borrowed(id), error: Some(error.trim_end()) })
}

fn report_of_text(rest: &str) -> Report<'_> {
    let mut report = Report { request_id: first_id(rest), ..Report::default() };
    for (label, value) in fields(rest) {
        let text = || Some(Cow::Borrowed(value));
        match label {
            "Duration" => report.duration_millis = as_number(value),
            "Billed Duration" => report.billed_duration_millis = as_number(value),
            "Memory Size" => report.memory_size_megabytes = as_number(value),
            "Max Memory Used" => report.memory_used_max_megabytes = as_number(value),
            "Init Duration" => report.init_duration_millis = as_number(value),
            "Restore Duration" => report.restore_duration_millis = as_number(value),
            "Billed Restore Duration" => report.billed_restore_duration_millis = as_number(value),
            "Status" => report.status = status_of_text(value),
            "Error Type" => report.error_type = text(),
            "XRAY TraceId" => report.trace_id = text(),
            "SegmentId" => report.segment_id = text(),
            "Sampled" => report.sampled = value.parse().ok(),
            _ => {}
        }
    }
    report
}

fn report_of_json(record: &str) -> Option<Report<'_>> {
    let names = ["requestId", "status", "errorType", "metrics", "tracing"];
    let [request_id, status, error_type, metrics, tracing] = members(record, names)?;
    let names = [
        "durationMs",
        "billedDurationMs",
        "memorySizeMB",
        "maxMemoryUsedMB",
        "initDurationMs",
        "restoreDurationMs",
        "billedRestoreDurationMs",
    ];
    let metrics = metrics.and_then(|metrics| members(metrics.written, names)).unwrap_or_default();
    let [duration, billed, size, used, init, restore, billed_restore] = metrics.map(number);
    let tracing = tracing.and_then(|tracing| members(tracing.written, ["spanId", "value"]));
    let [segment, header] = tracing.unwrap_or_default();
    let (trace_id, sampled) = header.map_or((None, None), trace_header);
    Some(Report {
        request_id: text(request_id).unwrap_or_default(),
        duration_millis: duration,
        billed_duration_millis: billed,
        memory_size_megabytes: size,
        memory_used_max_megabytes: used,
        init_duration_millis: init,
        restore_duration_millis: restore,
        billed_restore_duration_millis: billed_restore,
        status: status_of_json(status),
        error_type: text(error_type),
        trace_id,
        segment_id: text(segment),
        sampled,
    })
}

/// `Root=1-…;Parent=…;Sampled=1`.
fn trace_header<'a>(value: Value<'a>) -> (Option<Cow<'a, str>>, Option<bool>) {
    let part = |name: &str| {
        let parts = value.written.split(';').filter(|_| value.kind == Kind::Text);
        parts.filter_map(|part| part.split_once('=')).find(|part| part.0 == name).map(|part| part.1)
    };
    let sampled = part("Sampled").and_then(|word| match word {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    });
    (part("Root").map(Cow::Borrowed), sampled)
}

fn init_start_of_text(rest: &str) -> Option<LambdaLine<'_>> {
    let named =
        |name: &str| fields(rest).find(|(label, _)| *label == name).map(|(_, value)| Cow::Borrowed(value));
    let runtime_version = named("Runtime Version");
    runtime_version.as_ref()?;
    Some(LambdaLine::InitStart { runtime_version, runtime_version_arn: named("Runtime Version ARN") })
}

fn init_report_of_text(rest: &str) -> Option<LambdaLine<'_>> {
    let named = |name: &str| fields(rest).find(|(label, _)| *label == name).map(|(_, value)| value);
    Some(LambdaLine::InitReport {
        duration_millis: Some(as_number(named("Init Duration")?)?),
        phase: named("Phase").map(Cow::Borrowed),
        status: named("Status").and_then(status_of_text),
        error_type: named("Error Type").map(Cow::Borrowed),
    })
}

/// Labels and values of a line, `Duration: 3.00 ms\tMemory Size: 128 MB`: a value is one word, and its unit is left
/// out. Lambda writes tabs between them; a line that was copied has blanks there, so neither is relied upon.
fn fields(line: &str) -> impl Iterator<Item = (&str, &str)> {
    const UNITS: [&str; 2] = ["ms", "MB"];
    let mut rest = line;
    std::iter::from_fn(move || {
        let (label, behind) = rest.split_once(": ")?;
        let (value, behind) = word(behind);
        let (unit, after) = word(behind.trim_start());
        rest = if UNITS.contains(&unit) { after } else { behind };
        Some((label.trim(), value))
    })
}

/// The text up to the first blank, and the rest from there on.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The id at the start of `RequestId: …`.
fn first_id(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text.strip_prefix(REQUEST_ID).map_or("", |behind| word(behind).0))
}

/// A text report never says `failure`: what it is not known to write is no status.
fn status_of_text(word: &str) -> Option<Status> {
    match word {
        "success" => Some(Status::Success),
        "timeout" => Some(Status::Timeout),
        "error" => Some(Status::Error),
        _ => None,
    }
}

fn status_of_json(value: Option<Value<'_>>) -> Option<Status> {
    match &*text(value)? {
        "failure" => Some(Status::Failure),
        word => status_of_text(word),
    }
}

/// The members of an object with these names, the last of equal ones; `None` where `text` is no JSON object.
fn members<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Option<[Option<Value<'a>>; N]> {
    let mut found = [None; N];
    let mut scanner = Scanner::new(text);
    let passed = scanner.members(|scanner, key| {
        let value = scanner.value(1)?;
        if let Some(place) = names.iter().position(|name| *name == key.written) {
            found[place] = Some(value);
        }
        Ok(())
    });
    (passed.is_ok() && scanner.is_at_end()).then_some(found)
}

fn text<'a>(value: Option<Value<'a>>) -> Option<Cow<'a, str>> {
    value.filter(|value| matches!(value.kind, Kind::Text | Kind::EscapedText))?.text()
}

fn number(value: Option<Value<'_>>) -> Option<f64> {
    as_number(value.filter(|value| value.kind == Kind::Number)?.written)
}

/// A measured number: finite and not negative. No duration and no memory comes near the metrics' own bound of 2^360.
fn as_number(text: &str) -> Option<f64> {
    const NUMBER_MAX: f64 = 1e15;
    text.parse().ok().filter(|number| (0.0..=NUMBER_MAX).contains(number))
}

#[cfg(test)]
mod tests;
