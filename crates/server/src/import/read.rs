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
