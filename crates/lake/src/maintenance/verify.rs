//! Is what the metadata says true?
//!
//! Reads every data file of the current snapshot: size, number of rows, bounds of time, the day, and that no attempt
//! has two rows.

use std::collections::HashSet;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use walletscope_model::Timestamp;

use super::rewrite;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::table::{LakeFile, day_of};
use crate::tables::LakeTable;

/// What was found in a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Files read.
    pub files: usize,
    /// Rows read.
    pub rows: u64,
    /// One sentence for each thing that is wrong.
    pub problems: Vec<String>,
}

/// Reads every file of a table.
///
/// # Errors
/// Never for a damaged file: that is a problem, and told. A pool that is shutting down is an error.
pub async fn verify(lake: &Lake, table: LakeTable) -> Result<Verified, LakeError> {
    let mut verified = Verified::default();
    let mut names: HashSet<String> = HashSet::new();
    for file in lake.current(table).files() {
        verified.files += 1;
        match rewrite::read(lake, table, &file).await {
            Ok(batches) => {
                let mut rows = 0;
                for batch in &batches {
                    rows += batch.num_rows() as u64;
                    check_times(table, &file, batch, &mut verified.problems);
                    if table == LakeTable::Attempts {
                        let ids = batch.column(table.place("attempt_id")).as_string_view();
                        let twice = ids.iter().flatten().filter(|id| !names.insert((*id).to_owned()));
                        let sentences = twice.map(|id| format!("attempt {id} has more than one row"));
                        verified.problems.extend(sentences.take(10));
                    }
                }
                if rows != file.rows {
                    let problem = format!("{} holds {rows} rows; the metadata says {}", file.path, file.rows);
                    verified.problems.push(problem);
                }
                verified.rows += rows;
            }
            Err(error) => verified.problems.push(error.to_string()),
        }
    }
    Ok(verified)
}

fn check_times(
    table: LakeTable,
    file: &LakeFile,
    batch: &arrow::array::RecordBatch,
    problems: &mut Vec<String>,
) {
    let times = batch.column(table.place("timestamp")).as_primitive::<TimestampMicrosecondType>();
    let is_wrong = |at: i64| {
        let at = Timestamp(at);
        day_of(at) != file.day || at < file.times.0 || at > file.times.1
    };
    if times.iter().flatten().any(is_wrong) {
        problems.push(format!("{} holds rows of another day or outside of its bounds", file.path));
    }
}
