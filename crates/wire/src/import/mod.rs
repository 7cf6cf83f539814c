//! What does a file of telemetry say? Bytes in, records, notes and complaints out; `docs/formats/import.md` is the page.
//!
//! [`Importer`] tells the format from the first bytes, never from a file's name (but for Markdown), and takes the rest
//! in pieces. Data flows through the files in this order: [`split`] (where a unit ends) → [`json`] or [`table`] (what it
//! says) → `logs`, `metrics`, `xray`, `trail` (which records that makes) → [`record`] (how they travel). Nothing is
//! dropped and nothing is put right in silence: that is [`note`]'s. Sans-IO: whoever reads the file decides what to do.

mod check;
pub mod instant;
pub mod json;
mod logs;
pub mod metrics;
pub mod note;
pub mod record;
pub mod split;
pub mod table;
mod trail;
mod xray;

use walletscope_model::Timestamp;

pub use check::check;
pub(crate) use check::{NoMessage, log_message, log_place};
pub(crate) use logs::text_line;
pub use note::{Found, Normalisation, Sink};
pub use record::{LogLine, Record, decode, encode};
pub use table::Header;

use json::{Object, Value};
use split::{Mode, Splitter, Unit};

/// How many bytes of a file tell its format.
pub const HEAD_BYTES: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What holds for events that do not say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The log group.
    pub group: Box<str>,
    /// The log stream.
    pub stream: Box<str>,
    /// When the import began.
    pub now: Timestamp,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Format {
    JsonLines,
    JsonDocuments,
    Markdown,
    Table,
    TextLines,
}

/// Reads one file.
pub struct Importer {
    defaults: Defaults,
    format: Format,
    splitter: Splitter,
    units: Vec<Unit>,
    documents: Documents,
    table: Option<(u8, Header)>,
    fence: Option<Splitter>,
    /// The event whose text the next lines may continue.
    pending: Option<(u64, LogLine)>,
    skips_mark: bool,
    is_header_seen: bool,
    sink: Sink,
}

/// What was said about documents of the present text already.
#[derive(Default)]
struct Documents {
    count: usize,
    is_noted: bool,
}

impl Importer {
    /// An importer for a text that begins with `head`, its first [`HEAD_BYTES`] or all of it.
    ///
    /// # Errors
    /// The text is of no format that is read.
    pub fn new(head: &[u8], is_markdown: bool, defaults: Defaults) -> Result<Self, &'static str> {
        let skips_mark = head.starts_with(BYTE_ORDER_MARK);
        let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
        let (format, table) = recognise(head, is_markdown)?;
        let mode = match format {
            Format::JsonDocuments => Mode::Documents,
            Format::Table => Mode::Rows,
            Format::JsonLines | Format::Markdown | Format::TextLines => Mode::Lines,
        };
        Ok(Self {
            defaults,
            format,
            splitter: Splitter::new(mode, 1),
            units: Vec::new(),
            documents: Documents::default(),
            table,
            fence: None,
            pending: None,
            skips_mark,
            is_header_seen: false,
            sink: Sink::default(),
        })
    }

    /// How the file is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Takes the next bytes, the head included.
    pub fn push(&mut self, bytes: &[u8]) {
        let bytes = match std::mem::take(&mut self.skips_mark) {
            true => bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes),
            false => bytes,
        };
        let mut units = std::mem::take(&mut self.units);
        self.splitter.push(bytes, &mut units);
        units.drain(..).for_each(|unit| self.unit(unit));
        self.units = units;
    }

    /// Nothing follows.
    pub fn finish(&mut self) {
        let mut units = Vec::new();
        self.splitter.finish(&mut units);
        units.into_iter().for_each(|unit| self.unit(unit));
        self.close_fence();
        self.keep_pending();
    }

    /// Everything that was found since the last call.
    pub fn take(&mut self) -> Vec<Found> {
        self.sink.take()
    }

    fn unit(&mut self, unit: Unit) {
        let Unit { line, is_in_list, comment, text } = unit;
        if let Some(line) = comment {
            self.sink.note(line, Normalisation::Comments);
        }
        let text = match text {
            Ok(text) => text,
            Err(problem) => return self.sink.bad(line, problem),
        };
        match self.format {
            Format::JsonDocuments => self.document(&text, line, is_in_list),
            Format::JsonLines => self.json_line(&text, line),
            Format::Markdown => self.markdown_line(&text, line),
            Format::Table => self.row(&text, line),
            Format::TextLines => self.text_line(text.trim_end_matches('\r'), line),
        }
    }

    fn json_line(&mut self, text: &str, line: u64) {
        let trimmed = text.trim();
        if trimmed.starts_with("//") {
            self.sink.note(line, Normalisation::Comments);
        } else if !trimmed.is_empty() {
            read(trimmed, line, &self.defaults, &mut self.sink);
        }
    }

    fn document(&mut self, text: &str, line: u64, is_in_list: bool) {
        self.documents.count += usize::from(!is_in_list);
        if self.documents.count > 1 && !std::mem::replace(&mut self.documents.is_noted, true) {
            self.sink.note(line, Normalisation::SeveralDocuments);
        }
        read(text, line, &self.defaults, &mut self.sink);
    }

    /// A line of Markdown: what stands in fences of JSON is read, all else is prose.
    fn markdown_line(&mut self, text: &str, line: u64) {
        let mark = text.trim_start().strip_prefix("```");
        match (&mut self.fence, mark) {
            (Some(_), Some(rest)) if rest.trim_matches(['`', ' ', '\t', '\r']).is_empty() => {
                self.close_fence()
            }
            (Some(fence), _) => {
                let mut units = Vec::new();
                fence.push(text.as_bytes(), &mut units);
                fence.push(b"\n", &mut units);
                self.fenced(units);
            }
            (None, Some(language)) => {
                // A fence of another language is one whose lines lead nowhere.
                let is_json = ["json", "jsonc", "json5", "jsonl", "ndjson"].contains(&language.trim());
                let mode = if is_json { Mode::Documents } else { Mode::Lines };
                self.fence = Some(Splitter::new(mode, line + 1));
                self.documents = Documents::default();
            }
            (None, None) => {}
        }
    }

    fn close_fence(&mut self) {
        if let Some(mut fence) = self.fence.take() {
            let mut units = Vec::new();
            fence.finish(&mut units);
            let is_json = fence.mode() == Mode::Documents;
            units.into_iter().filter(|_| is_json).for_each(|unit| self.fenced_unit(unit));
        }
    }

    fn fenced(&mut self, units: Vec<Unit>) {
        let is_json = self.fence.as_ref().is_some_and(|fence| fence.mode() == Mode::Documents);
        units.into_iter().filter(|_| is_json).for_each(|unit| self.fenced_unit(unit));
    }

    fn fenced_unit(&mut self, unit: Unit) {
        if let Some(line) = unit.comment {
            self.sink.note(line, Normalisation::Comments);
        }
        match unit.text {
            Ok(text) => self.document(&text, unit.line, unit.is_in_list),
            Err(problem) => self.sink.bad(unit.line, problem),
        }
    }

    fn row(&mut self, text: &str, line: u64) {
        let Some((delimiter, header)) = &self.table else { return };
        if !std::mem::replace(&mut self.is_header_seen, true) || text.trim().is_empty() {
            return;
        }
        match table::cells(text, *delimiter) {
            Ok(cells) => {
                let value = |cell: String| (!cell.is_empty()).then(|| Value::Text(cell.into()));
                header.row(line, cells.into_iter().map(value).collect(), &self.defaults, &mut self.sink);
            }
            Err(reason) => self.sink.bad(line, reason),
        }
    }

    /// A line without a time of its own belongs to the event before it.
    fn text_line(&mut self, text: &str, line: u64) {
        if let Some((timestamp, stream, message)) = logs::text_line(text) {
            self.keep_pending();
            self.sink.note(line, Normalisation::GroupAssumed);
            let event = LogLine {
                log_group: self.defaults.group.clone(),
                log_stream: stream.map_or_else(|| self.defaults.stream.clone(), Box::from),
                timestamp,
                message: message.into(),
            };
            self.pending = Some((line, event));
            return;
        }
        match &mut self.pending {
            Some((_, event)) => {
                let mut message = String::from(std::mem::take(&mut event.message));
                message.push('\n');
                message.push_str(text);
                event.message = message.into();
            }
            None if text.trim().is_empty() => {}
            None => self.sink.bad(line, "the line does not begin with a time, and no event stands before it"),
        }
    }

    fn keep_pending(&mut self) {
        if let Some((line, mut event)) = self.pending.take() {
            // The empty line at the end of a file is nobody's text.
            event.message = event.message.trim_end_matches('\n').into();
            logs::keep(event, line, &self.defaults, &mut self.sink);
        }
    }
}

impl Format {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "JSON lines",
            Self::JsonDocuments => "JSON documents",
            Self::Markdown => "JSON in Markdown",
            Self::Table => "CSV",
            Self::TextLines => "text lines",
        }
    }
}

/// A format, and the delimiter and columns of a table.
type Recognised = (Format, Option<(u8, Header)>);

/// The format of a text by its first bytes, with the columns of a table.
fn recognise(head: &[u8], is_markdown: bool) -> Result<Recognised, &'static str> {
    const UNKNOWN: &str =
        "is neither JSON, a table with a header that names a time, nor lines that begin with a time";
    if head.contains(&0) {
        return Err("holds bytes that no text has; it is compressed in another way, or not UTF-8");
    }
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if is_markdown || text.lines().any(|line| line.trim_start().starts_with("```")) {
        return Ok((Format::Markdown, None));
    }
    match text.trim_start().bytes().next() {
        None => Ok((Format::JsonLines, None)),
        Some(b'{' | b'/') if is_mostly_json_lines(&text) => Ok((Format::JsonLines, None)),
        Some(b'{' | b'[' | b'/') => Ok((Format::JsonDocuments, None)),
        Some(_) => {
            let first = lines.next().unwrap_or_default();
            let table = table::recognise(text.lines().next().unwrap_or_default());
            match (table, logs::text_line(first)) {
                (Some(table), _) => Ok((Format::Table, Some(table))),
                (None, Some(_)) => Ok((Format::TextLines, None)),
                (None, None) => Err(UNKNOWN),
            }
        }
    }
}

/// Whether most lines are objects of their own: then a damaged one must not take the others with it.
fn is_mostly_json_lines(text: &str) -> bool {
    let is_object = |line: &str| line.starts_with('{') && json::parse(line, 1).is_ok();
    let (mut objects, mut others) = (0, 0);
    for line in text.split_inclusive('\n') {
        // The head may cut its last line.
        let is_whole = line.ends_with('\n') || text.len() < HEAD_BYTES;
        let line = line.trim();
        if !is_whole || line.is_empty() || line.starts_with("//") {
            continue;
        }
        if is_object(line) {
            objects += 1;
        } else {
            others += 1;
        }
    }
    objects > 0 && objects >= others
}

/// Reads one JSON document.
fn read(text: &str, line: u64, defaults: &Defaults, sink: &mut Sink) {
    match json::parse(text, line) {
        Ok((value, quirks)) => {
            if let Some(line) = quirks.comment {
                sink.note(line, Normalisation::Comments);
            }
            if let Some(line) = quirks.trailing_comma {
                sink.note(line, Normalisation::TrailingComma);
            }
            match &value {
                Value::Object(object) => document(object, defaults, sink),
                _ => sink.bad(line, "this is no JSON object"),
            }
        }
        Err(problem) => sink.bad(problem.line, problem.reason),
    }
}

/// Tells what an object is by its members.
fn document(object: &Object, defaults: &Defaults, sink: &mut Sink) {
    let nowhere = logs::Place::of(object, None);
    if let Some(records) = object.list("Records") {
        each(records, object.line, defaults, sink);
    } else if trail::is_audit_event(object) {
        trail::audit_event(object, sink);
    } else if let Some(traces) = object.list("Traces") {
        each(traces, object.line, defaults, sink);
    } else if xray::is_trace(object) {
        xray::trace(object, defaults, sink);
    } else if xray::is_segment(object) {
        xray::segment(object, None, "0", defaults, sink);
    } else if is_telemetry(object) {
        telemetry(object, defaults, sink);
    } else if metrics::is_datum(object) {
        metrics::datum(object, None, None, defaults, sink);
    } else if logs::is_event(object) {
        logs::event_of(object, &nowhere, defaults, sink);
    } else if object.scalar("messageType") == Some("CONTROL_MESSAGE") {
        // A subscription's sign of life.
    } else {
        sink.bad(
            object.line,
            "the object is no log event, metric, trace, segment or audit event that is known",
        );
    }
}

fn each(values: &[Value], line: u64, defaults: &Defaults, sink: &mut Sink) {
    for value in values {
        match value {
            Value::Object(object) => document(object, defaults, sink),
            _ => sink.bad(line, "a record of a list is no object"),
        }
    }
}

/// Whether an object holds lists of log events or metrics.
fn is_telemetry(object: &Object) -> bool {
    metric_list(object).is_some() || log_block(object).is_some()
}

/// Log events first: metrics without a time take theirs.
fn telemetry(object: &Object, defaults: &Defaults, sink: &mut Sink) {
    let mut newest = None;
    let block = log_block(object);
    if let Some((block, events)) = block {
        let around = logs::Place::of(object, None);
        let place = logs::Place::of(block, Some(&around));
        newest = logs::block(events, &place, block.line, defaults, sink);
    }
    let Some(data) = metric_list(object) else { return };
    if block.is_some() {
        sink.note(object.line, Normalisation::LogsInDocument);
    }
    for datum in data {
        match datum {
            Value::Object(datum) => metrics::datum(datum, object.scalar("Namespace"), newest, defaults, sink),
            _ => sink.bad(object.line, "a metric is no object"),
        }
    }
}

fn metric_list(object: &Object) -> Option<&[Value]> {
    ["MetricData", "Metrics"].iter().find_map(|name| object.list(name))
}

/// The object that holds the events of a stream, which may be the document itself.
fn log_block(object: &Object) -> Option<(&Object, &[Value])> {
    // An event with a list of that name is an event.
    if let Some(events) = block_events(object).filter(|_| !logs::is_event(object)) {
        return Some((object, events));
    }
    let block = ["CloudWatch Logs", "Logs"].iter().find_map(|name| object.object(name))?;
    Some((block, block_events(block)?))
}

fn block_events(block: &Object) -> Option<&[Value]> {
    ["logEvents", "events"].iter().find_map(|name| block.list(name))
}

#[cfg(test)]
mod tests;
