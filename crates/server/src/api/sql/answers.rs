//! In which forms does a result leave: lines of JSON as they come, or a file?
//!
//! A [`Form`] turns batches into pieces of bytes. Lines tell progress and errors besides; a file is rows and nothing else,
//! so that an error within it can only cut it short.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_query::{Note, Progress, SqlError, type_word};

use super::csv::Csv;
use super::errors::{self, SqlErrorBody};
use super::values::{Json, Sink, cells};

/// Rows of one line at most.
const LINE_ROWS_MAX: usize = 1_000;
/// A piece is sent when it is this long.
const PIECE_BYTES: usize = 256 << 10;
/// Rows that a Parquet file keeps together, and the server in memory.
const ROW_GROUP_ROWS: usize = 64 << 10;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Lines of JSON.
    Lines,
    /// A CSV file.
    Csv,
    /// A file of one JSON array of objects.
    Json,
    /// A Parquet file.
    Parquet,
}

/// The first line.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ColumnsLine {
    columns: Vec<ColumnShown>,
}

/// A column of a result.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ColumnShown {
    name: String,
    /// text, bigint, integer, double, boolean, timestamp, date, binary, list, decimal, time, interval or other.
    r#type: &'static str,
}

/// A line about every 250 ms.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ProgressLine {
    progress: ProgressShown,
}

/// How far a query came.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct ProgressShown {
    /// Rows that came out of tables so far.
    rows_scanned: u64,
    /// Bytes that were read of files so far.
    bytes_scanned: u64,
    /// Milliseconds since the question came.
    elapsed_ms: u64,
}

/// The last line of a whole answer.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct DoneLine {
    done: Done,
}

/// What is said of a whole answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct Done {
    /// How many rows were sent.
    pub(super) rows: u64,
    /// There are more rows than were asked for.
    pub(super) truncated: bool,
    #[serde(flatten)]
    pub(super) progress: ProgressShown,
    /// The tables that were read.
    pub(super) answered_by: Vec<String>,
    /// The newest journal entry that the answer includes.
    pub(super) head: u64,
    /// Remarks.
    pub(super) notes: Vec<NoteShown>,
}

/// A remark on a query that runs and may not say what its author meant.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct NoteShown {
    text: String,
    /// The whole query as it would better be.
    suggestion: Option<String>,
}

/// Turns a result into bytes.
pub(super) trait Form: Send {
    /// What stands before all rows.
    fn head(&mut self) -> Result<Vec<u8>, SqlError>;

    /// Adds rows from `from` on to `piece` until it is long enough; the first row that it does not hold.
    fn rows(&mut self, rows: &RecordBatch, from: usize, piece: &mut Vec<u8>) -> Result<usize, SqlError>;

    /// A word on the way.
    fn progress(&self, _progress: ProgressShown) -> Option<Vec<u8>> {
        None
    }

    /// What stands after all rows.
    fn done(&mut self, done: Done) -> Result<Vec<u8>, SqlError>;

    /// The end of an answer that is not whole; `None` where the form cannot say it.
    fn error(&self, _error: SqlError) -> Option<Vec<u8>> {
        None
    }
}

impl Format {
    /// The word of the parameter; lines have none.
    pub(super) fn of(word: Option<&str>) -> Self {
        match word {
            Some("csv") => Self::Csv,
            Some("json") => Self::Json,
            Some("parquet") => Self::Parquet,
            _ => Self::Lines,
        }
    }

    pub(super) fn is_file(self) -> bool {
        self != Self::Lines
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Lines => "ndjson",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The form of a result with these columns.
    ///
    /// # Errors
    /// The format has no type for one of them.
    pub(super) fn form(self, schema: &SchemaRef) -> Result<Box<dyn Form>, SqlError> {
        let schema = schema.clone();
        Ok(match self {
            Self::Lines => Box::new(Lines { schema }),
            Self::Csv => Box::new(CsvFile { schema }),
            Self::Json => Box::new(JsonFile { schema, is_first: true }),
            Self::Parquet => Box::new(ParquetFile::new(schema)?),
        })
    }
}

impl ProgressShown {
    pub(super) fn new(progress: Progress, elapsed_ms: u64) -> Self {
        Self { rows_scanned: progress.rows_scanned, bytes_scanned: progress.bytes_scanned, elapsed_ms }
    }
}

impl NoteShown {
    pub(super) fn of(note: &Note) -> Self {
        Self { text: note.text.clone(), suggestion: note.suggestion.clone() }
    }
}

struct Lines {
    schema: SchemaRef,
}

impl Form for Lines {
    fn head(&mut self) -> Result<Vec<u8>, SqlError> {
        let column = |field: &Arc<arrow::datatypes::Field>| ColumnShown {
            name: field.name().clone(),
            r#type: type_word(field.data_type()),
        };
        Ok(line(&ColumnsLine { columns: self.schema.fields().iter().map(column).collect() }))
    }

    fn rows(&mut self, rows: &RecordBatch, from: usize, piece: &mut Vec<u8>) -> Result<usize, SqlError> {
        let cells = cells(rows.columns()).map_err(|error| errors::failed(&error))?;
        let mut json = Json("{\"rows\":[".to_owned());
        let mut row = from;
        while row < rows.num_rows() && row - from < LINE_ROWS_MAX && json.0.len() < PIECE_BYTES {
            json.0.push_str(if row > from { ",[" } else { "[" });
            for (place, cell) in cells.iter().enumerate() {
                json.comma(place > 0);
                cell(row, &mut json);
            }
            json.0.push(']');
            row += 1;
        }
        json.0.push_str("]}\n");
        piece.extend_from_slice(json.0.as_bytes());
        Ok(row)
    }

    fn progress(&self, progress: ProgressShown) -> Option<Vec<u8>> {
        Some(line(&ProgressLine { progress }))
    }

    fn done(&mut self, done: Done) -> Result<Vec<u8>, SqlError> {
        Ok(line(&DoneLine { done }))
    }

    fn error(&self, error: SqlError) -> Option<Vec<u8>> {
        Some(line(&SqlErrorBody::of(error)))
    }
}

/// Texts, numbers and lists of them always become JSON.
fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

struct CsvFile {
    schema: SchemaRef,
}

impl Form for CsvFile {
    fn head(&mut self) -> Result<Vec<u8>, SqlError> {
        let mut csv = Csv::default();
        for (place, field) in self.schema.fields().iter().enumerate() {
            csv.comma(place > 0);
            csv.text(field.name());
        }
        csv.end();
        Ok(csv.0.into_bytes())
    }

    fn rows(&mut self, rows: &RecordBatch, from: usize, piece: &mut Vec<u8>) -> Result<usize, SqlError> {
        let cells = cells(rows.columns()).map_err(|error| errors::failed(&error))?;
        let mut csv = Csv::default();
        let mut row = from;
        while row < rows.num_rows() && csv.0.len() < PIECE_BYTES {
            for (place, cell) in cells.iter().enumerate() {
                csv.comma(place > 0);
                cell(row, &mut csv);
            }
            csv.end();
            row += 1;
        }
        piece.extend_from_slice(csv.0.as_bytes());
        Ok(row)
    }

    fn done(&mut self, _done: Done) -> Result<Vec<u8>, SqlError> {
        Ok(Vec::new())
    }
}

struct JsonFile {
    schema: SchemaRef,
    is_first: bool,
}

impl Form for JsonFile {
    fn head(&mut self) -> Result<Vec<u8>, SqlError> {
        Ok(b"[".to_vec())
    }

    fn rows(&mut self, rows: &RecordBatch, from: usize, piece: &mut Vec<u8>) -> Result<usize, SqlError> {
        let cells = cells(rows.columns()).map_err(|error| errors::failed(&error))?;
        let mut json = Json::default();
        let mut row = from;
        while row < rows.num_rows() && json.0.len() < PIECE_BYTES {
            json.comma(!std::mem::take(&mut self.is_first));
            json.0.push_str("\n{");
            for (place, (field, cell)) in self.schema.fields().iter().zip(&cells).enumerate() {
                json.comma(place > 0);
                json.text(field.name());
                json.0.push(':');
                cell(row, &mut json);
            }
            json.0.push('}');
            row += 1;
        }
        piece.extend_from_slice(json.0.as_bytes());
        Ok(row)
    }

    fn done(&mut self, _done: Done) -> Result<Vec<u8>, SqlError> {
        Ok(b"\n]\n".to_vec())
    }
}

struct ParquetFile {
    /// None after the end.
    writer: Option<ArrowWriter<Pieces>>,
    pieces: Pieces,
}

/// What the writer has written and nobody has taken.
#[derive(Clone, Default)]
struct Pieces(Arc<Mutex<Vec<u8>>>);

impl Pieces {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl ParquetFile {
    fn new(schema: SchemaRef) -> Result<Self, SqlError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .build();
        let pieces = Pieces::default();
        let writer = ArrowWriter::try_new(pieces.clone(), schema, Some(properties));
        let writer = writer.map_err(|error| {
            let error = errors::failed(&error);
            SqlError {
                code: "unsupported",
                hint: Some("cast the column to VARCHAR, or take CSV".to_owned()),
                ..error
            }
        })?;
        Ok(Self { writer: Some(writer), pieces })
    }
}

impl Form for ParquetFile {
    fn head(&mut self) -> Result<Vec<u8>, SqlError> {
        Ok(self.pieces.take())
    }

    fn rows(&mut self, rows: &RecordBatch, from: usize, piece: &mut Vec<u8>) -> Result<usize, SqlError> {
        if let Some(writer) = &mut self.writer {
            writer
                .write(&rows.slice(from, rows.num_rows() - from))
                .map_err(|error| errors::failed(&error))?;
        }
        piece.extend(self.pieces.take());
        Ok(rows.num_rows())
    }

    fn done(&mut self, _done: Done) -> Result<Vec<u8>, SqlError> {
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(|error| errors::failed(&error))?;
        }
        Ok(self.pieces.take())
    }
}
