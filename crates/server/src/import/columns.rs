//! Which rows does a Parquet file hold? Each as the cells of a table, by the names of its columns.
//!
//! Batches become lines of JSON and those the cells, so that every type of column, nested ones too, has one spelling;
//! times come out as RFC 3339 in UTC.

use std::io;

use arrow::array::RecordBatchReader;
use arrow::json::LineDelimitedWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;
use walletscope_wire::import::json::{self, Value};
use walletscope_wire::import::{Defaults, Found, Header, Sink};

const ROWS_AT_A_TIME: usize = 4_096;

/// Reads a Parquet file and hands over what each batch of rows tells.
///
/// # Errors
/// The file is damaged, packed in a way that is not built in, or has no column with a time.
pub(super) fn each_row(
    file: impl ChunkReader + 'static,
    defaults: &Defaults,
    mut take: impl FnMut(Vec<Found>) -> io::Result<()>,
) -> io::Result<()> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(io::Error::other)?;
    let reader = reader.with_batch_size(ROWS_AT_A_TIME).build().map_err(io::Error::other)?;
    let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    let unknown = "it has no column with a time, or none that the event contract knows";
    let header = Header::of(&names).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, unknown))?;
    let (mut sink, mut row) = (Sink::default(), 0);
    for batch in reader {
        let batch = batch.map_err(io::Error::other)?;
        let mut writer = LineDelimitedWriter::new(Vec::new());
        writer.write(&batch).and_then(|()| writer.finish()).map_err(io::Error::other)?;
        let lines = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
        for line in lines.lines() {
            row += 1;
            match json::parse(line, row) {
                Ok((Value::Object(object), _)) => {
                    let cell = |name: &String| {
                        object
                            .members
                            .iter()
                            .find(|(known, _)| **known == **name)
                            .map(|(_, value)| value.clone())
                    };
                    let cells = names.iter().map(|name| cell(name).filter(is_there)).collect();
                    header.row(row, cells, defaults, &mut sink);
                }
                _ => return Err(io::Error::other("a row could not be written as JSON")),
            }
        }
        take(sink.take())?;
    }
    Ok(())
}

fn is_there(value: &Value) -> bool {
    *value != Value::Null && value.text() != Some("")
}
