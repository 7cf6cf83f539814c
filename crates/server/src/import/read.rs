//! What does a whole file say, and how is it cut into chunks?
//!
//! A file is read twice: once to know that it can be read and what is in it, before anything is sent; and once to send
//! it. Both readings see the same records in the same order, so a chunk's number and content name it.

use std::io::{self, Read};
use std::path::Path;

use walletscope_wire::import::{Defaults, Found, HEAD_BYTES, Importer, Record, encode};

use super::door::CHUNK_BYTES_MAX;
use super::file::{self, Contents};
use super::report::FileReport;

/// A chunk is closed before it grows beyond this many bytes; one record alone may be larger.
pub(super) const CHUNK_BYTES: usize = 4 << 20;
const READ_BYTES: usize = 256 * 1024;

/// A part of a file on its way to the server.
pub(super) struct Chunk {
    /// From 0.
    pub number: u64,
    /// One record a line.
    pub lines: String,
    /// How many records.
    pub records: u64,
}

/// Reads a file and tells what is in it.
///
/// # Errors
/// It cannot be read, is of no format that is known, or `is_stopped`.
pub(super) fn survey(
    path: &Path,
    defaults: &Defaults,
    is_stopped: &dyn Fn() -> bool,
) -> io::Result<FileReport> {
    let mut report = FileReport::new(path);
    let format = each(path, defaults, is_stopped, |found| {
        match found {
            Found::Record { line, record } => match line_of(&record) {
                Ok(_) => report.count(&record),
                Err(reason) => report.add_bad(line, &reason),
            },
            Found::Note { line, what } => report.add_note(line, what),
            Found::Bad { line, reason } => report.add_bad(line, &reason),
        }
        Ok(())
    })?;
    report.format = format;
    Ok(report)
}

/// Reads a file and hands over its records in chunks.
///
/// # Errors
/// As [`survey`], and whatever `take` fails with.
pub(super) fn chunks(
    path: &Path,
    defaults: &Defaults,
    is_stopped: &dyn Fn() -> bool,
    mut take: impl FnMut(Chunk) -> io::Result<()>,
) -> io::Result<()> {
    let mut chunk = Chunk { number: 0, lines: String::new(), records: 0 };
    each(path, defaults, is_stopped, |found| {
        let Found::Record { record, .. } = found else { return Ok(()) };
        // What is too large was counted as such when the file was surveyed.
        let Ok(line) = line_of(&record) else { return Ok(()) };
        if !chunk.lines.is_empty() && chunk.lines.len() + line.len() > CHUNK_BYTES {
            let next = Chunk { number: chunk.number + 1, lines: String::new(), records: 0 };
            take(std::mem::replace(&mut chunk, next))?;
        }
        chunk.lines.push_str(&line);
        chunk.lines.push('\n');
        chunk.records += 1;
        Ok(())
    })?;
    if chunk.records > 0 { take(chunk) } else { Ok(()) }
}

fn line_of(record: &Record) -> Result<String, String> {
    let line = encode(record).map_err(|error| error.to_string())?;
    if line.len() < CHUNK_BYTES_MAX {
        return Ok(line);
    }
    Err(format!("a record of {} bytes is over the limit of {CHUNK_BYTES_MAX}", line.len()))
}

/// Everything that is found in a file, in its order; the name of its format.
fn each(
    path: &Path,
    defaults: &Defaults,
    is_stopped: &dyn Fn() -> bool,
    mut take: impl FnMut(Found) -> io::Result<()>,
) -> io::Result<&'static str> {
    let mut take_all = |found: Vec<Found>| {
        if is_stopped() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "stopped"));
        }
        found.into_iter().try_for_each(&mut take)
    };
    match file::open(path)? {
        Contents::Parquet(file) => super::columns::each_row(file, defaults, take_all).map(|()| "Parquet"),
        Contents::Unpacked(bytes) => super::columns::each_row(bytes, defaults, take_all).map(|()| "Parquet"),
        Contents::Text(reader) => {
            let (head, mut reader) = file::peek(reader, HEAD_BYTES)?;
            let importer = Importer::new(&head, file::is_markdown(path), defaults.clone());
            let mut importer = importer
                .map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, format!("it {reason}")))?;
            let mut piece = vec![0; READ_BYTES];
            loop {
                let bytes = reader.read(&mut piece)?;
                if bytes == 0 {
                    break;
                }
                importer.push(&piece[..bytes]);
                take_all(importer.take())?;
            }
            importer.finish();
            take_all(importer.take())?;
            Ok(importer.format().name())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, Float64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    };
    use arrow::datatypes::Int64Type;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use parquet::arrow::ArrowWriter;
    use walletscope_model::Timestamp;

    use super::*;

    const AT: i64 = 1_795_348_800_000_000;

    fn defaults() -> Defaults {
        Defaults { group: "/g".into(), stream: "s".into(), now: Timestamp(AT) }
    }

    fn write(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn all(path: &Path) -> Vec<Chunk> {
        let mut found = Vec::new();
        let take = |chunk| {
            found.push(chunk);
            Ok(())
        };
        chunks(path, &defaults(), &|| false, take).unwrap();
        found
    }

    fn parquet() -> Vec<u8> {
        let time = TimestampMicrosecondArray::from(vec![AT, AT + 1]).with_timezone("UTC");
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
        let columns: [(&str, ArrayRef); 5] = [
            ("timestamp", Arc::new(time)),
            ("event", Arc::new(StringArray::from(vec!["TOKEN_PROVISION_START", "TOKEN_PROVISION_SUCCESS"]))),
            ("correlation_id", Arc::new(StringArray::from(vec![Some("c1"), None]))),
            ("processing_time", Arc::new(Float64Array::from(vec![None, Some(1.245)]))),
            ("path_taken", Arc::new(lists)),
        ];
        let rows = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.into_inner().unwrap()
    }

    #[test]
    fn parquet_is_read_as_a_table_packed_or_not() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&parquet()).unwrap();
        for bytes in [parquet(), packed.finish().unwrap()] {
            let (_folder, path) = write("rows", &bytes);
            let report = survey(&path, &defaults(), &|| false).unwrap();
            assert_eq!((report.format, report.records, report.bad), ("Parquet", [2, 0, 0, 0], 0));
            let line = |at: &str, message: &str| {
                let message = serde_json::Value::from(message);
                format!(
                    r#"{{"log":{{"log_group":"/g","log_stream":"s","timestamp":"{at}","message":{message}}}}}"#
                )
            };
            let expected = [
                line(
                    "2026-11-22T12:00:00.000Z",
                    r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1","path_taken":[1,null]}"#,
                ),
                line(
                    "2026-11-22T12:00:00.000001Z",
                    r#"{"event":"TOKEN_PROVISION_SUCCESS","processingTime":1.245}"#,
                ),
            ];
            let chunks = all(&path);
            assert_eq!(chunks[0].lines, expected.map(|line| line + "\n").concat());
        }
        let (_folder, path) = write("rows", b"PAR1 and nothing more");
        assert!(survey(&path, &defaults(), &|| false).is_err());
    }

    #[test]
    fn chunks_are_bounded_and_hold_every_record_in_order() {
        let event = |number: usize| {
            format!("{{\"timestamp\":1795348800000,\"message\":\"{number} {}\"}}\n", "x".repeat(1_000))
        };
        let text: String = (0..9_000).map(event).collect();
        let (_folder, path) = write("events", text.as_bytes());
        let chunks = all(&path);
        assert!(chunks.len() > 2 && chunks.iter().all(|chunk| chunk.lines.len() <= CHUNK_BYTES));
        assert!(chunks.iter().enumerate().all(|(place, chunk)| chunk.number == place as u64));
        let lines: String = chunks.iter().map(|chunk| chunk.lines.as_str()).collect();
        let records: Vec<&str> = lines.lines().collect();
        assert_eq!(records.len(), 9_000);
        assert!(records.iter().enumerate().all(|(number, line)| line.contains(&format!("\"{number} x"))));
        assert_eq!(chunks.iter().map(|chunk| chunk.records).sum::<u64>(), 9_000);
    }

    #[test]
    fn reading_stops_when_it_is_asked_to() {
        let (_folder, path) = write("events", b"{\"timestamp\":1795348800000,\"message\":\"a\"}\n");
        let stopped = survey(&path, &defaults(), &|| true).unwrap_err();
        assert_eq!(stopped.kind(), io::ErrorKind::Interrupted);
    }
}
