//! What is written to the lake, by whom, and how did it go?
//!
//! One job at a time on the runtime, started by the feeder's thread and reported back to it: flush, merge, or a round
//! of maintenance. A job that fails is tried again with growing pauses; nothing that failed is forgotten.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration as StdDuration, Instant};

use arrow::array::RecordBatch;
use tokio::runtime::Handle;
use walletscope_lake::maintenance::{self, Overlay};
use walletscope_lake::{LakeError, LakeTable};
use walletscope_model::{Duration, Offset, Timestamp};

use super::{LakeShared, Work};
use crate::pipeline::Now;

/// Rounds of maintenance start this often.
pub const MAINTAIN_EVERY: StdDuration = StdDuration::from_secs(20);
/// Orphans are looked for this often.
const ORPHANS_EVERY: StdDuration = StdDuration::from_secs(3_600);
/// Compactions in one round.
const COMPACTIONS_PER_ROUND: usize = 8;
/// A table without new rows moves its watermark this often, so that the journal can be trimmed.
const ADVANCE_AFTER: Duration = Duration::from_seconds(600);
/// The longest pause after failures.
const PAUSE_MAX: StdDuration = StdDuration::from_secs(60);

/// What a job does.
pub enum Job {
    /// Adds rows to the files.
    Flush(Flush),
    /// Puts late changes into the files.
    Merge(Overlay, Offset),
}

/// Rows on their way into files.
pub struct Flush {
    /// The newest entry that they include.
    pub through: Offset,
    /// By the table's number.
    pub batches: Vec<Vec<RecordBatch>>,
}

/// How a job ended.
pub enum JobOutcome {
    /// These tables hold everything up to this entry.
    Flushed {
        /// The entry.
        through: Offset,
        /// The tables; others failed.
        flushed: Vec<LakeTable>,
    },
    /// Late changes up to this entry are in the files.
    Merged(Offset),
    /// A round of maintenance is over.
    Maintained,
    /// Nothing changed.
    Failed,
}

/// What people see of the jobs.
#[derive(Clone, Debug, Default)]
pub struct JobReport {
    /// What runs now.
    pub running: Option<&'static str>,
    /// When a flush last succeeded.
    pub flushed_at: Option<Timestamp>,
    /// When a round of maintenance last ended.
    pub maintained_at: Option<Timestamp>,
    /// Why the last job failed; `None` after one that did not.
    pub error: Option<String>,
}

/// Starts jobs, one at a time.
pub(super) struct Jobs {
    shared: Arc<LakeShared>,
    keep: Option<Duration>,
    feeder: SyncSender<Work>,
    now: Now,
    runtime: Handle,
    is_busy: bool,
    maintained_at: Instant,
    orphans_at: Instant,
    failures: u32,
    paused_until: Instant,
}

impl Jobs {
    pub(super) fn new(
        shared: Arc<LakeShared>,
        keep: Option<Duration>,
        feeder: SyncSender<Work>,
        now: Now,
        runtime: Handle,
    ) -> Self {
        let at = Instant::now();
        Self {
            shared,
            keep,
            feeder,
            now,
            runtime,
            is_busy: false,
            maintained_at: at,
            orphans_at: at,
            failures: 0,
            paused_until: at,
        }
    }

    /// Whether a job runs, or the next must wait after a failure.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy || Instant::now() < self.paused_until
    }

    /// The job's end was taken note of.
    pub(super) fn ended(&mut self) {
        self.is_busy = false;
        let failed = self.shared.report.load().error.is_some();
        self.failures = if failed { self.failures + 1 } else { 0 };
        let pause = StdDuration::from_millis(250) * 2_u32.saturating_pow(self.failures.min(10));
        self.paused_until = if failed { Instant::now() + pause.min(PAUSE_MAX) } else { Instant::now() };
    }

    pub(super) fn start(&mut self, job: Job) {
        let (shared, now) = (self.shared.clone(), self.now.clone());
        match job {
            Job::Flush(flush) => self.spawn("flush", async move { run_flush(&shared, flush, now()).await }),
            Job::Merge(overlay, through) => self.spawn("merge", async move {
                maintenance::merge(&shared.lake, overlay, through, now()).await?;
                Ok(JobOutcome::Merged(through))
            }),
        }
    }

    /// Starts a round of maintenance, where one is due.
    pub(super) fn maintain(&mut self) {
        if self.maintained_at.elapsed() < MAINTAIN_EVERY {
            return;
        }
        self.maintained_at = Instant::now();
        let with_orphans = self.orphans_at.elapsed() >= ORPHANS_EVERY;
        if with_orphans {
            self.orphans_at = Instant::now();
        }
        let (shared, now, keep) = (self.shared.clone(), self.now.clone(), self.keep);
        self.spawn("maintenance", async move {
            run_maintenance(&shared, keep, with_orphans, now()).await?;
            Ok(JobOutcome::Maintained)
        });
    }

    fn spawn(
        &mut self,
        name: &'static str,
        job: impl Future<Output = Result<JobOutcome, LakeError>> + Send + 'static,
    ) {
        self.is_busy = true;
        let (shared, feeder, now) = (self.shared.clone(), self.feeder.clone(), self.now.clone());
        let report = move |change: &dyn Fn(&mut JobReport)| {
            let mut report = JobReport::clone(&shared.report.load());
            change(&mut report);
            shared.report.store(Arc::new(report));
        };
        report(&|report| report.running = Some(name));
        self.runtime.spawn(async move {
            // A panic is a failure like any other: the rows stay where they are.
            let ended = tokio::spawn(job).await;
            let ended =
                ended.unwrap_or_else(|error| Err(LakeError::Catalog(format!("{name} panicked: {error}"))));
            if let Err(error) = &ended {
                tracing::error!(%error, job = name, "the lake could not be written; trying again");
            }
            report(&|report| {
                report.running = None;
                report.error = ended.as_ref().err().map(ToString::to_string);
                match &ended {
                    Ok(JobOutcome::Flushed { .. }) => report.flushed_at = Some(now()),
                    Ok(JobOutcome::Maintained) => report.maintained_at = Some(now()),
                    Ok(JobOutcome::Merged(_) | JobOutcome::Failed) | Err(_) => {}
                }
            });
            let outcome = ended.unwrap_or(JobOutcome::Failed);
            // The feeder may have ended before us; what was written is found at the next start.
            let _told = tokio::task::spawn_blocking(move || feeder.send(Work::Ended(outcome))).await;
        });
    }
}

/// The attempts come last: their watermark must not be ahead of what tells why they are as they are.
async fn run_flush(shared: &LakeShared, flush: Flush, now: Timestamp) -> Result<JobOutcome, LakeError> {
    let mut flushed = Vec::new();
    let mut failed = None;
    let tables = LakeTable::ALL.into_iter().rev();
    for (table, batches) in tables.zip(flush.batches.into_iter().rev()) {
        let state = shared.lake.current(table);
        let is_empty = batches.iter().all(|batch| batch.num_rows() == 0);
        let is_fresh = now.0 - state.metadata.last_updated_ms() * 1_000 < ADVANCE_AFTER.0;
        if is_empty && is_fresh {
            flushed.push(table);
            continue;
        }
        match shared.lake.append(table, batches, flush.through, now).await {
            Ok(_) => flushed.push(table),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) if flushed.is_empty() => Err(error),
        Some(error) => {
            tracing::error!(%error, "a table of the lake could not be written; trying again");
            Ok(JobOutcome::Flushed { through: flush.through, flushed })
        }
        None => Ok(JobOutcome::Flushed { through: flush.through, flushed }),
    }
}

async fn run_maintenance(
    shared: &LakeShared,
    keep: Option<Duration>,
    with_orphans: bool,
    now: Timestamp,
) -> Result<(), LakeError> {
    let lake = &shared.lake;
    for table in LakeTable::ALL {
        if let Some(keep) = keep {
            maintenance::retain(lake, table, keep, now).await?;
        }
        let planned = maintenance::compactions(&lake.current(table), now);
        for compaction in planned.into_iter().take(COMPACTIONS_PER_ROUND) {
            maintenance::compact(lake, table, compaction, now).await?;
        }
        maintenance::expire(lake, table, now).await?;
        if with_orphans {
            let (files, bytes) =
                maintenance::delete_orphans(lake, table, maintenance::ORPHAN_AGE, now).await?;
            if files > 0 {
                tracing::info!(
                    table = table.name(),
                    files,
                    bytes,
                    "files that no snapshot knows were deleted"
                );
            }
        }
    }
    Ok(())
}
