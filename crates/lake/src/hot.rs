//! Which rows are not in the lake's files yet?
//!
//! What entries said since the newest flush, in memory, per append-only table. Small batches grow together the way a
//! binary counter does, so that a query meets few batches and each row is copied a few times at most. A flush seals
//! what is there; nothing grows across the seal, so that what was flushed can be dropped whole.

use arrow::array::RecordBatch;

use crate::rows::{joined, memory};

/// Batches of this many rows grow no further.
pub const BATCH_ROWS: usize = 8_192;

/// The hot rows of one table; none at first.
#[derive(Clone, Debug, Default)]
pub struct Hot {
    batches: Vec<RecordBatch>,
    sealed: usize,
}

impl Hot {
    /// Adds rows of later entries than all before.
    pub fn push(&mut self, rows: RecordBatch) {
        if rows.num_rows() == 0 {
            return;
        }
        self.batches.push(rows);
        while let Some(first) = self.mergeable() {
            // Batches of one builder have one schema; should they not, they stay apart.
            let Ok(merged) = joined(&self.batches[first..]) else { break };
            self.batches.truncate(first);
            self.batches.push(merged);
        }
    }

    /// The last two batches, where they are to become one.
    fn mergeable(&self) -> Option<usize> {
        let first = self.batches.len().checked_sub(2).filter(|first| *first >= self.sealed)?;
        let [one, other] = [&self.batches[first], &self.batches[first + 1]];
        let fits = one.num_rows() < BATCH_ROWS && one.num_rows() <= 2 * other.num_rows();
        fits.then_some(first)
    }

    /// Every batch, oldest first; cheap.
    pub fn batches(&self) -> Vec<RecordBatch> {
        self.batches.clone()
    }

    /// What a flush takes: everything that is there now.
    pub fn seal(&mut self) -> Vec<RecordBatch> {
        self.sealed = self.batches.len();
        self.batches.clone()
    }

    /// The sealed rows are in the files.
    pub fn drop_sealed(&mut self) {
        self.batches.drain(..self.sealed);
        self.sealed = 0;
    }

    /// The flush failed: the sealed rows stay.
    pub fn unseal(&mut self) {
        self.sealed = 0;
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// About how many bytes in memory.
    pub fn bytes(&self) -> usize {
        self.batches.iter().map(memory).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::RowBuilder;
    use crate::tables::LakeTable;
    use walletscope_model::Timestamp;

    fn rows(count: u64) -> RecordBatch {
        let mut builder = RowBuilder::new(LakeTable::LogEvents);
        for number in 0..count {
            builder.begin(Timestamp(i64::try_from(number).unwrap()));
            builder.text("log_group", Some("/g")).text("log_stream", Some("s")).text("message", Some("m"));
            builder.text("event", None).text("correlation_id", None).text("request_id", None);
            builder.text("trace_id", None).text("token_reference_id", None).flag("guarded", false);
            builder.text("account", None).text("region", None).text("source", None).text("tenant", Some("t"));
            builder
                .time("ingestion_time", Some(Timestamp(1)))
                .long("_offset", number)
                .int("_index", Some(0))
                .flag("has_other_ids", false)
                .end();
        }
        builder.finish()
    }

    #[test]
    fn small_batches_grow_together_and_never_across_a_seal() {
        let mut hot = Hot::default();
        (0..1_000).for_each(|_| hot.push(rows(10)));
        assert_eq!(hot.rows(), 10_000);
        assert!(hot.batches().len() < 12, "{}", hot.batches().len());
        let sealed: usize = hot.seal().iter().map(RecordBatch::num_rows).sum();
        assert_eq!(sealed, 10_000);
        (0..5).for_each(|_| hot.push(rows(7)));
        hot.drop_sealed();
        assert_eq!(hot.rows(), 35);
        hot.seal();
        hot.unseal();
        hot.push(rows(0));
        assert_eq!((hot.rows(), hot.seal().len() < 4), (35, true));
    }
}
