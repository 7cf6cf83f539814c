//! What is written to the lake, by whom, and how did it go?
//!
//! One job at a time on threads of their own, started by the feeder's thread and reported back to it: flush, merge, or a round
//! of maintenance. A job that fails is tried again with growing pauses; nothing that failed is forgotten, and what
//! people see of it stays until that job has succeeded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration as StdDuration, Instant};

use arrow::array::RecordBatch;
use tokio::runtime::{Builder, Runtime};
use walletscope_lake::maintenance::{self, Overlay, Purged};
use walletscope_lake::{LakeError, LakeTable};
use walletscope_model::{Duration, Offset, Timestamp};

use super::replay::{Stored, unreadable};
use super::{Done, LakeShared, Work};
use crate::logs::gone;
use crate::pipeline::{Now, Shared};

/// Rounds of maintenance start this often.
pub const MAINTAIN_EVERY: StdDuration = StdDuration::from_secs(20);
/// Orphans are looked for this often.
const ORPHANS_EVERY: StdDuration = StdDuration::from_secs(3_600);
/// Log events that nobody sees any more are looked for this often, and at once where a round left some.
const PURGE_EVERY: StdDuration = StdDuration::from_secs(3_600);
/// Compactions in one round.
const COMPACTIONS_PER_ROUND: usize = 8;
/// A table without new rows moves its watermark this often, so that the journal can be trimmed.
const ADVANCE_AFTER: Duration = Duration::from_seconds(600);
/// The pause after a first failure; it doubles with each one that follows.
const PAUSE_MIN: StdDuration = StdDuration::from_millis(500);
/// Threads that encode, sort, read and write.
const THREADS_MAX: usize = 4;
const THREADS_LIVE_FOR: StdDuration = StdDuration::from_secs(3_600);
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
    /// By table; one that is not among them stays as it is.
    pub batches: BTreeMap<LakeTable, Vec<RecordBatch>>,
    /// Attempts beside those in the batches.
    pub stored: Option<Stored>,
}

/// The kinds of jobs, the one that matters most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum JobKind {
    Flush,
    Merge,
    Maintenance,
}

/// How a job ended.
pub enum JobOutcome {
    /// These tables hold everything up to this entry.
    Flushed {
        /// The entry.
        through: Offset,
        /// The tables.
        flushed: Vec<LakeTable>,
        /// Whether these are all that were to be flushed; others failed.
        is_complete: bool,
    },
    /// Late changes up to this entry are in the files.
    Merged(Offset),
    /// A round of maintenance is over.
    Maintained {
        /// Files that the next round is to purge; none where this one had none.
        purges_left: usize,
    },
    /// Nothing changed.
    Failed(JobKind),
}

/// Since when a job fails, and why it did the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Failure {
    pub since: Timestamp,
    pub error: String,
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
    /// Jobs that did not succeed since they failed.
    pub failures: BTreeMap<JobKind, Failure>,
}

impl JobKind {
    /// The kind's name, as people see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Merge => "merge",
            Self::Maintenance => "maintenance",
        }
    }
}

impl JobOutcome {
    fn is_failure(&self) -> bool {
        match self {
            Self::Flushed { is_complete, .. } => !is_complete,
            Self::Failed(_) => true,
            Self::Merged(_) | Self::Maintained { .. } => false,
        }
    }
}

impl JobReport {
    /// Which job fails, since when and why: the one that matters most.
    pub fn failure(&self) -> Option<(JobKind, &Failure)> {
        self.failures.first_key_value().map(|(kind, failure)| (*kind, failure))
    }

    /// The same as a sentence.
    pub fn failure_text(&self) -> Option<String> {
        let (kind, failure) = self.failure()?;
        Some(format!("the {} fails since {}: {}", kind.name(), failure.since.rfc3339(), failure.error))
    }

    fn note(&mut self, kind: JobKind, error: Option<String>, at: Timestamp) {
        let Some(error) = error else {
            self.failures.remove(&kind);
            return;
        };
        let since = self.failures.get(&kind).map_or(at, |failure| failure.since);
        self.failures.insert(kind, Failure { since, error });
    }
}

/// Starts jobs, one at a time.
pub(super) struct Jobs {
    shared: Arc<LakeShared>,
    keep: Option<Duration>,
    feeder: SyncSender<Work>,
    now: Now,
    runtime: Runtime,
    is_busy: bool,
    maintained_at: Instant,
    orphans_at: Instant,
    /// When purging began the last time; `None` where it is to begin with the next round.
    purged_at: Option<Instant>,
    /// Who knows log groups; nobody until the pipeline has started.
    pipeline: Option<Arc<Shared>>,
    failures: u32,
    paused_until: Instant,
}

impl Jobs {
    pub(super) fn new(
        shared: Arc<LakeShared>,
        keep: Option<Duration>,
        feeder: SyncSender<Work>,
        now: Now,
    ) -> std::io::Result<Self> {
        let at = Instant::now();
        // Threads of their own: encoding and sorting take cores for seconds, which calls must not wait for. They live on,
        // so that their CPU time can be told.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(THREADS_MAX)
            .thread_name("lake-files")
            .thread_keep_alive(THREADS_LIVE_FOR)
            .enable_all()
            .build()?;
        Ok(Self {
            shared,
            keep,
            feeder,
            now,
            runtime,
            is_busy: false,
            maintained_at: at,
            orphans_at: at,
            purged_at: None,
            pipeline: None,
            failures: 0,
            paused_until: at,
        })
    }

    /// From now on it is known what log groups keep.
    pub(super) fn know_groups_of(&mut self, pipeline: Arc<Shared>) {
        self.pipeline = Some(pipeline);
    }

    /// Whether a job runs, or the next must wait after a failure.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy || Instant::now() < self.paused_until
    }

    /// Whether the newest job failed.
    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// The job's end was taken note of.
    pub(super) fn ended(&mut self, outcome: &JobOutcome) {
        self.is_busy = false;
        let left = matches!(outcome, JobOutcome::Maintained { purges_left: 1.. });
        if left || matches!(outcome, JobOutcome::Failed(JobKind::Maintenance)) {
            self.purged_at = None;
        }
        self.failures = if outcome.is_failure() { self.failures + 1 } else { 0 };
        self.paused_until = Instant::now() + pause(self.failures);
    }

    pub(super) fn start(&mut self, job: Job) {
        let (shared, now) = (self.shared.clone(), self.now.clone());
        match job {
            Job::Flush(flush) => {
                self.spawn(JobKind::Flush, async move { run_flush(&shared, flush, now()).await });
            }
            Job::Merge(overlay, through) => self.spawn(JobKind::Merge, async move {
                let merged = maintenance::merge(&shared.lake, overlay, through, now()).await;
                outcome(JobKind::Merge, merged.map(|()| JobOutcome::Merged(through)))
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
        let is_purge_due = self.purged_at.is_none_or(|at| at.elapsed() >= PURGE_EVERY);
        let purges = self.pipeline.clone().filter(|_| is_purge_due);
        if purges.is_some() {
            self.purged_at = Some(Instant::now());
        }
        let (shared, now, keep) = (self.shared.clone(), self.now.clone(), self.keep);
        self.spawn(JobKind::Maintenance, async move {
            let maintained = run_maintenance(&shared, keep, with_orphans, now()).await;
            let purged = match (maintained, purges) {
                (Ok(()), Some(pipeline)) => run_purge(&shared, &pipeline, now()).await,
                (maintained, _) => maintained.map(|()| 0),
            };
            let purged = purged.map(|purges_left| JobOutcome::Maintained { purges_left });
            outcome(JobKind::Maintenance, purged)
        });
    }

    fn spawn(&mut self, kind: JobKind, job: impl Future<Output = Ended> + Send + 'static) {
        self.is_busy = true;
        let (shared, feeder, now) = (self.shared.clone(), self.feeder.clone(), self.now.clone());
        let report = move |change: &dyn Fn(&mut JobReport)| {
            let mut report = JobReport::clone(&shared.report.load());
            change(&mut report);
            shared.report.store(Arc::new(report));
        };
        report(&|report| report.running = Some(kind.name()));
        self.runtime.spawn(async move {
            // A panic is a failure like any other: the rows stay where they are.
            let ended = tokio::spawn(job).await;
            let (outcome, error) = ended.unwrap_or_else(|error| {
                let reason = format!("the {} panicked: {error}", kind.name());
                (JobOutcome::Failed(kind), Some(LakeError::Catalog(reason)))
            });
            if let Some(error) = &error {
                tracing::error!(%error, job = kind.name(), "the lake could not be written; trying again");
            }
            report(&|report| {
                report.running = None;
                report.note(kind, error.as_ref().map(ToString::to_string), now());
                match &outcome {
                    JobOutcome::Flushed { .. } if error.is_none() => report.flushed_at = Some(now()),
                    JobOutcome::Maintained { .. } => report.maintained_at = Some(now()),
                    JobOutcome::Flushed { .. } | JobOutcome::Merged(_) | JobOutcome::Failed(_) => {}
                }
            });
            // The feeder may have ended before us; what was written is found at the next start.
            let _told = tokio::task::spawn_blocking(move || drop(feeder.send(Work::Ended(outcome)))).await;
        });
    }
}

/// What a job did, and why it did not do the rest.
type Ended = (JobOutcome, Option<LakeError>);

fn outcome(kind: JobKind, ended: Result<JobOutcome, LakeError>) -> Ended {
    match ended {
        Ok(outcome) => (outcome, None),
        Err(error) => (JobOutcome::Failed(kind), Some(error)),
    }
}

/// How long to wait after so many failures in a row.
fn pause(failures: u32) -> StdDuration {
    match failures {
        0 => StdDuration::ZERO,
        _ => PAUSE_MAX.min(PAUSE_MIN * 2_u32.saturating_pow(failures.min(10) - 1)),
    }
}

/// The attempts come last: their watermark must not be ahead of what tells why they are as they are. What fails for one
/// table would fail for the next, so the first failure ends it.
async fn run_flush(shared: &LakeShared, flush: Flush, now: Timestamp) -> Ended {
    let Flush { through, batches, mut stored } = flush;
    let mut flushed = Vec::new();
    for (table, batches) in batches.into_iter().rev() {
        let state = shared.lake.current(table);
        let stored = if table == LakeTable::Attempts { stored.take() } else { None };
        let is_empty = stored.is_none() && batches.iter().all(|batch| batch.num_rows() == 0);
        let is_fresh = now.0 - state.metadata.last_updated_ms() * 1_000 < ADVANCE_AFTER.0;
        // A watermark never goes back: a table may be ahead of those that a flush before the start did not reach.
        if is_empty && (is_fresh || state.watermark() >= through) {
            flushed.push(table);
            continue;
        }
        let appended = append(shared, table, batches, stored, through, now).await;
        // After a failure of the catalog the table may have moved all the same.
        if appended.is_ok() || shared.lake.current(table).watermark() >= through {
            flushed.push(table);
        }
        if let Err(error) = appended {
            return (JobOutcome::Flushed { through, flushed, is_complete: false }, Some(error));
        }
    }
    (JobOutcome::Flushed { through, flushed, is_complete: true }, None)
}

async fn append(
    shared: &LakeShared,
    table: LakeTable,
    batches: Vec<RecordBatch>,
    stored: Option<Stored>,
    through: Offset,
    now: Timestamp,
) -> Result<(), LakeError> {
    let mut appending = shared.lake.begin_append(table).await.add(batches).await?;
    for part in stored.iter().flat_map(Stored::parts) {
        let read = tokio::task::spawn_blocking(move || part.rows()).await;
        let rows = match read.unwrap_or_else(|panic| Err(unreadable(&panic))) {
            Ok(rows) => rows,
            Err(error) => {
                appending.abandon().await;
                return Err(error);
            }
        };
        appending = appending.add(vec![rows]).await?;
    }
    appending.commit(through, now).await.map(drop)
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

/// Takes log events that nobody sees any more out of the files; how many files are left for the next round.
async fn run_purge(shared: &LakeShared, pipeline: &Shared, now: Timestamp) -> Result<usize, LakeError> {
    let gone = gone(&pipeline.catalog.load(), now);
    let purged = maintenance::purge(&shared.lake, &gone, now).await?;
    if let Some(through) = purged.deleted_through {
        shared.tell_done(Done::Purged(through));
    }
    if purged.rows > 0 || purged.left > 0 {
        let Purged { rows, looked, rewritten, dropped, left, .. } = purged;
        tracing::info!(
            rows,
            looked,
            rewritten,
            dropped,
            left,
            "expired and deleted log events left the files"
        );
    }
    Ok(purged.left)
}
