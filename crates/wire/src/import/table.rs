//! What does a row of a table say? RFC 4180 cells, and columns by the names of the event contract.
//!
//! A row becomes the log event that its source would have written: a compact JSON object with the contract's names. A
//! column that is no field of the contract stays under its own name, so nothing of a row is lost.

use walletscope_model::contract::Field;

use super::Defaults;
use super::instant;
use super::json::{Object, Value, is_same_name};
use super::note::{Normalisation, Sink};
use super::record::LogLine;

/// What may separate cells.
pub const DELIMITERS: [u8; 4] = *b",;\t|";
/// Names of columns with the time of a row, the best first.
const TIMES: [&str; 7] = ["timestamp", "@timestamp", "time", "eventTime", "date_time", "datetime", "ts"];
const GROUPS: [&str; 2] = ["logGroup", "logGroupName"];
const STREAMS: [&str; 2] = ["logStream", "logStreamName"];
const MESSAGES: [&str; 2] = ["message", "@message"];

/// The columns of a table, known by its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    columns: Vec<(Box<str>, Column)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Time,
    Group,
    Stream,
    Message,
    Field(Field),
    Other,
}

/// A cell of a row: a text, or a number or flag as it would stand in JSON; `None` for nothing.
pub type Cell = Option<Value>;

impl Header {
    /// The columns by their names; `None` where no column has the time, or none is a field of the contract or a message.
    pub fn of(names: &[String]) -> Option<Self> {
        let mut columns: Vec<(Box<str>, Column)> = Vec::with_capacity(names.len());
        let is = |name: &str, known: &[&str]| known.iter().any(|known| is_same_name(known, name));
        let time =
            TIMES.iter().find_map(|time| names.iter().position(|name| is_same_name(name.trim(), time)))?;
        for (place, name) in names.iter().map(|name| name.trim()).enumerate() {
            let field = Field::from_name(name)
                .filter(|field| !columns.iter().any(|(_, column)| *column == Column::Field(*field)));
            let column = match field {
                _ if place == time => Column::Time,
                _ if is(name, &GROUPS) => Column::Group,
                _ if is(name, &STREAMS) => Column::Stream,
                _ if is(name, &MESSAGES) => Column::Message,
                Some(field) => Column::Field(field),
                None => Column::Other,
            };
            columns.push((name.into(), column));
        }
        let says = |column: &Column| matches!(column, Column::Field(_) | Column::Message);
        columns.iter().any(|(_, column)| says(column)).then_some(Self { columns })
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The log event that a row tells, or why it tells none.
    pub fn row(&self, line: u64, cells: Vec<Cell>, defaults: &Defaults, sink: &mut Sink) {
        match self.event(line, cells, defaults, sink) {
            Ok(event) => {
                sink.note(line, Normalisation::RowAsEvent);
                super::logs::keep(event, line, defaults, sink);
            }
            Err(reason) => sink.bad(line, reason),
        }
    }

    fn event(
        &self,
        line: u64,
        cells: Vec<Cell>,
        defaults: &Defaults,
        sink: &mut Sink,
    ) -> Result<LogLine, String> {
        if cells.len() != self.columns.len() {
            return Err(format!("the row has {} cells, the header {}", cells.len(), self.columns.len()));
        }
        let mut members = Vec::new();
        let (mut time, mut group, mut stream, mut text) = (None, None, None, None);
        for ((name, column), cell) in self.columns.iter().zip(cells) {
            let Some(value) = cell else { continue };
            match column {
                Column::Time => time = Some(value),
                Column::Group => group = value.scalar().map(str::to_owned),
                Column::Stream => stream = value.scalar().map(str::to_owned),
                Column::Message => text = Some((name.clone(), value)),
                Column::Field(field) => members.push((field.name().into(), typed(*field, value))),
                Column::Other => members.push((name.clone(), value)),
            }
        }
        let time = time.ok_or("the row has no time")?;
        let (timestamp, form) =
            instant::instant(&time).ok_or("the time of the row is none that can be read")?;
        if form == instant::Form::WithoutZone {
            sink.note(line, Normalisation::TimeWithoutZone);
        }
        // A table of whole messages keeps them; beside fields a message is one more of them.
        let message = match text {
            Some((_, value)) if members.is_empty() => value.scalar().unwrap_or_default().to_owned(),
            Some(member) => {
                members.push(member);
                Object::of(line, members).compact()
            }
            None => Object::of(line, members).compact(),
        };
        if message.is_empty() || message == "{}" {
            return Err("the row says nothing but its time".to_owned());
        }
        Ok(LogLine {
            log_group: group.unwrap_or_else(|| defaults.group.to_string()).into(),
            log_stream: stream.unwrap_or_else(|| defaults.stream.to_string()).into(),
            timestamp,
            message: message.into(),
        })
    }
}

/// Times of service are numbers in JSON; all else is as the table has it.
fn typed(field: Field, value: Value) -> Value {
    let is_number = matches!(field, Field::ProcessingTime | Field::ProcessingTimeMs);
    match value {
        Value::Text(text) if is_number => match super::json::parse(text.trim(), 1) {
            Ok((number @ Value::Number(_), _)) => number,
            _ => Value::Text(text),
        },
        value => value,
    }
}

/// The cells of one row.
///
/// # Errors
/// Quotes that do not close, or text behind a closing quote.
pub fn cells(row: &str, delimiter: u8) -> Result<Vec<String>, &'static str> {
    let delimiter = char::from(delimiter);
    let mut cells = Vec::new();
    let mut rest = row.trim_end_matches(['\r', '\n']);
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = rest.find(delimiter);
            cells.push(rest[..end.unwrap_or(rest.len())].to_owned());
            match end {
                Some(end) => rest = &rest[end + 1..],
                None => return Ok(cells),
            }
            continue;
        };
        let mut cell = String::new();
        rest = quoted;
        loop {
            let end = rest.find('"').ok_or("a quoted cell has no end")?;
            cell.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                Some(after) => rest = after,
                None => break,
            }
            cell.push('"');
        }
        cells.push(cell);
        match rest.strip_prefix(delimiter) {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(cells),
            None => return Err("text stands behind a closing quote"),
        }
    }
}

/// The delimiter and the columns of a text whose first line may be a header.
pub fn recognise(first_line: &str) -> Option<(u8, Header)> {
    let usual = DELIMITERS.into_iter().max_by_key(|delimiter| {
        let count = first_line.bytes().filter(|byte| byte == delimiter).count();
        // Of equal counts the earlier delimiter.
        (count, std::cmp::Reverse(DELIMITERS.iter().position(|known| known == delimiter)))
    })?;
    let names = cells(first_line, usual).ok()?;
    (names.len() > 1).then(|| Header::of(&names)).flatten().map(|header| (usual, header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_those_of_rfc_4180() {
        for (row, expected) in [
            ("a,b", Ok(vec!["a", "b"])),
            ("", Ok(vec![""])),
            ("a,,\r\n", Ok(vec!["a", "", ""])),
            ("\"a,\"\"b\"\"\n\",c", Ok(vec!["a,\"b\"\n", "c"])),
            ("a\"b,c", Ok(vec!["a\"b", "c"])),
            ("\"a\",\"\"", Ok(vec!["a", ""])),
            ("\"a", Err("a quoted cell has no end")),
            ("\"a\"b", Err("text stands behind a closing quote")),
        ] {
            let expected = expected.map(|cells| cells.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(cells(row, b','), expected, "{row}");
        }
    }

    #[test]
    fn a_header_has_a_time_and_a_field_of_the_contract() {
        for (line, expected) in [
            ("timestamp,event,correlation_id", Some((b',', 3))),
            ("Event;Time;Correlation-ID", Some((b';', 3))),
            ("@timestamp\t@message", Some((b'\t', 2))),
            ("timestamp,colour", None),
            ("event,correlationId", None),
            ("timestamp", None),
            ("{\"timestamp\":1,\"event\":2}", None),
        ] {
            let found = recognise(line).map(|(delimiter, header)| (delimiter, header.width()));
            assert_eq!(found, expected, "{line}");
        }
    }
}
