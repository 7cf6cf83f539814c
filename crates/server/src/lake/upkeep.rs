//! What can an operator ask of the lake, beyond what it does by itself?
//!
//! Flush, compact, expire, verify, erase: each goes through the tables and tells of one after the other. The same
//! code runs in a server, beside its own jobs (every change of a table holds that table's lock), and on the command
//! line over a folder that no server has open.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, atomic::Ordering};
use std::time::{Duration as StdDuration, Instant};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use walletscope_lake::maintenance::{self, Erasure};
use walletscope_lake::{Gone, Lake, LakeError, LakeTable};
use walletscope_model::Offset;

use super::{LakeShared, Work};
use crate::pipeline::Now;

/// A flush that takes longer has failed, and the log says why.
const FLUSH_TIME_MAX: StdDuration = StdDuration::from_secs(120);
const FLUSH_POLL: StdDuration = StdDuration::from_millis(50);
/// Shorter ids are part of too many texts.
pub const ERASED_ID_BYTES_MIN: usize = 6;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// Small files become large ones, until none is left that should.
    Compact,
    /// Log events that nobody sees any more leave the files; old snapshots go, and the files that nothing refers to.
    Expire,
    /// Every file is read and compared with what the metadata says.
    Verify,
    /// What names an attempt leaves the files.
    EraseAttempt(String),
    /// What carries a token's reference leaves the files.
    EraseToken(String),
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LakeLine)]
pub enum Line {
    /// A table is done.
    Table {
        /// Its name.
        name: String,
        /// What was found or done, by name.
        figures: BTreeMap<String, u64>,
        /// A sentence for each thing that is wrong.
        problems: Vec<String>,
    },
    /// All of it is done.
    Done {
        /// How many things are wrong.
        problems: usize,
    },
    /// It stopped.
    Error(String),
}

/// Why nothing was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdTooShort;

impl Upkeep {
    /// Refuses what would take away more than was meant.
    ///
    /// # Errors
    /// The id is too short.
    pub fn checked(self) -> Result<Self, IdTooShort> {
        match &self {
            Self::EraseAttempt(id) | Self::EraseToken(id) if own_id(id).len() < ERASED_ID_BYTES_MIN => {
                Err(IdTooShort)
            }
            _ => Ok(self),
        }
    }

    /// Goes through the tables; stops early where `tell` says that nobody listens. `gone` are log events that nobody sees
    /// any more, as far as the caller knows log groups.
    pub async fn run(&self, lake: &Lake, gone: &Gone, now: &Now, mut tell: impl FnMut(Line) -> bool) {
        match self.tables(lake, gone, now, &mut tell).await {
            Ok(problems) => drop(tell(Line::Done { problems })),
            Err(error) => drop(tell(Line::Error(error.to_string()))),
        }
    }

    async fn tables(
        &self,
        lake: &Lake,
        gone: &Gone,
        now: &Now,
        tell: &mut impl FnMut(Line) -> bool,
    ) -> Result<usize, LakeError> {
        let erasure = match self {
            Self::EraseAttempt(id) => Some(Erasure::of_attempt(lake, id).await?),
            Self::EraseToken(reference) => Some(Erasure::of_token(reference)),
            _ => None,
        };
        let mut count = 0;
        for table in LakeTable::ALL {
            let (figures, problems) = match (self, &erasure) {
                (_, Some(erasure)) => (erase(lake, table, erasure, now).await?, Vec::new()),
                (Self::Compact, _) => (compact(lake, table, now).await?, Vec::new()),
                (Self::Verify, _) => verify(lake, table).await?,
                (_, None) => (expire(lake, table, gone, now).await?, Vec::new()),
            };
            count += problems.len();
            let figures = figures.iter().map(|(name, figure)| ((*name).to_owned(), *figure)).collect();
            if !tell(Line::Table { name: table.name().to_owned(), figures, problems }) {
                break;
            }
        }
        Ok(count)
    }
}

/// Puts everything up to `head` that may be in files into files.
///
/// # Errors
/// It did not get there in time.
pub async fn flush(shared: &Arc<LakeShared>, feeder: &SyncSender<Work>, head: Offset) -> Result<(), String> {
    let begun = Instant::now();
    while shared.flushed_through.load(Ordering::Acquire) < head.0 {
        if begun.elapsed() > FLUSH_TIME_MAX {
            let why = shared.report.load().failure_text();
            return Err(why.unwrap_or_else(|| "the flush takes too long; the log may say why".to_owned()));
        }
        // A full queue is asked again, and so is a thread that was busy with a job.
        let _asked = feeder.try_send(Work::FlushNow);
        tokio::time::sleep(FLUSH_POLL).await;
    }
    Ok(())
}

type Figures = Vec<(&'static str, u64)>;

async fn compact(lake: &Lake, table: LakeTable, now: &Now) -> Result<Figures, LakeError> {
    let before = lake.current(table).files().len();
    loop {
        let files = lake.current(table).files().len();
        for plan in maintenance::compactions(&lake.current(table), now()) {
            maintenance::compact(lake, table, plan, now()).await?;
        }
        // Rows that go on arriving make new files; what was there is done when a round gains nothing.
        if lake.current(table).files().len() >= files {
            break;
        }
    }
    Ok(vec![("filesBefore", before as u64), ("filesAfter", lake.current(table).files().len() as u64)])
}

async fn expire(lake: &Lake, table: LakeTable, gone: &Gone, now: &Now) -> Result<Figures, LakeError> {
    let mut figures = Vec::new();
    if table == LakeTable::LogEvents {
        figures.push(("rowsPurged", purge(lake, gone, now).await?));
    }
    let snapshots = maintenance::expire(lake, table, now()).await?;
    let (files, bytes) = maintenance::delete_orphans(lake, table, maintenance::ORPHAN_AGE, now()).await?;
    figures.extend([
        ("snapshotsExpired", snapshots as u64),
        ("filesDeleted", files as u64),
        ("bytesDeleted", bytes),
    ]);
    Ok(figures)
}

/// Round after round until no file is due.
async fn purge(lake: &Lake, gone: &Gone, now: &Now) -> Result<u64, LakeError> {
    let mut rows = 0;
    loop {
        let purged = maintenance::purge(lake, gone, now()).await?;
        rows += purged.rows;
        if purged.left == 0 {
            return Ok(rows);
        }
    }
}

async fn verify(lake: &Lake, table: LakeTable) -> Result<(Figures, Vec<String>), LakeError> {
    let verified = maintenance::verify(lake, table).await?;
    Ok((vec![("files", verified.files as u64), ("rows", verified.rows)], verified.problems))
}

async fn erase(lake: &Lake, table: LakeTable, erasure: &Erasure, now: &Now) -> Result<Figures, LakeError> {
    let erased = maintenance::erase(lake, table, erasure, now()).await?;
    let (files, deleted) = (erased.files as u64, erased.deleted as u64);
    Ok(vec![("rowsErased", erased.rows), ("filesRewritten", files), ("filesDeleted", deleted)])
}

/// The id without the tenant and the kind that may stand before it.
fn own_id(id: &str) -> &str {
    id.rsplit_once(':').map_or(id, |(_, own)| own)
}
