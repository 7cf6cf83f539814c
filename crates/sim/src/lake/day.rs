//! What does a day at a network's rate leave behind? A simulated clock, the real tables, files and upkeep.
//!
//! Every flush brings rows of the size that 64 MiB of memory hold; upkeep runs as often as the server runs it and late
//! changes of attempts are merged every hour. After each step the numbers of files and snapshots must be within their
//! limits, and at the end every row must be there once.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use walletscope_lake::maintenance::{self, LIVE_DAY_FILES_MAX, Overlay};
use walletscope_lake::table::day_of;
use walletscope_lake::tables::Kind;
use walletscope_lake::{Lake, LakeError, LakeTable, RowBuilder, Warehouse};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::load::LoadError;
use crate::load::figures::{Figure, grouped, megabytes};

/// Events a second.
pub const RATE: u64 = 1_000;
/// Snapshots of a table at most.
const SNAPSHOTS_MAX: usize = 300;
/// Log events of an attempt.
const EVENTS_PER_ATTEMPT: u64 = 9;
/// One of so many attempts changes after it was flushed.
const LATE_SHARE: u64 = 200;
const FLUSH_EVERY: Duration = Duration::from_seconds(150);
const HOUR: Duration = Duration::from_seconds(3_600);
/// Rounds of upkeep make this many compactions of a table at most, as the server's do.
const COMPACTIONS_PER_ROUND: usize = 8;
/// Midnight of a day, so that all rows are of one.
const START: Timestamp = Timestamp(20_000 * 86_400_000_000);
const TABLES: [LakeTable; 3] = [LakeTable::LogEvents, LakeTable::Events, LakeTable::Attempts];

/// Lives through `hours` in a new lake in `folder`.
///
/// # Errors
/// The lake could not be written, or a limit or a row was lost.
pub fn measure(folder: &Path, hours: u32, print: &mut dyn FnMut(&str)) -> Result<Vec<Figure>, LoadError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(LoadError::io("start", "a runtime"))?.block_on(lived(folder, hours, print))
}

async fn lived(folder: &Path, hours: u32, print: &mut dyn FnMut(&str)) -> Result<Vec<Figure>, LoadError> {
    let failed = |error: LakeError| LoadError::server("live through a day", error);
    let warehouse = Warehouse::local(&folder.join("warehouse")).map_err(failed)?;
    let lake = Lake::open(folder, warehouse, START).await.map_err(failed)?;
    let mut day = Day { lake, random: ChaCha8Rng::seed_from_u64(1), rows: [0; 3], most: BTreeMap::new() };
    let begun = Instant::now();
    let ends = START.plus(Duration(HOUR.0 * i64::from(hours)));
    let (mut now, mut merged_at) = (START, START);
    while now < ends {
        now = now.plus(FLUSH_EVERY);
        day.flush(now).await.map_err(failed)?;
        if now.since(merged_at) >= HOUR {
            merged_at = now;
            day.merge_late(now).await.map_err(failed)?;
            print(&format!(
                "{} h in {:.0} s: {:?}",
                now.since(START).0 / HOUR.0,
                begun.elapsed().as_secs_f64(),
                day.most
            ));
        }
        day.keep_up(now).await?;
    }
    let problems = day.problems().await.map_err(failed)?;
    if let Some(problem) = problems.first() {
        return Err(LoadError::server("find every row once", problem));
    }
    Ok(vec![day.figure(begun.elapsed().as_secs_f64())])
}

struct Day {
    lake: Lake,
    random: ChaCha8Rng,
    /// By the place in [`TABLES`].
    rows: [u64; 3],
    /// The most files of a live day and the most snapshots so far, by table.
    most: BTreeMap<&'static str, (usize, usize)>,
}

impl Day {
    async fn flush(&mut self, now: Timestamp) -> Result<(), LakeError> {
        let events = RATE * (FLUSH_EVERY.0 / 1_000_000).unsigned_abs();
        for (place, table) in TABLES.into_iter().enumerate() {
            let count = if table == LakeTable::Attempts { events / EVENTS_PER_ATTEMPT } else { events };
            let mut rows = RowBuilder::new(table);
            for number in 0..count {
                let at = Timestamp(now.0 - FLUSH_EVERY.0 + (number * 1_000_000 / RATE).cast_signed());
                self.row(&mut rows, table, at.min(now), self.rows[place] + number);
            }
            self.rows[place] += count;
            self.lake.append(table, vec![rows.finish()], Offset(self.rows[0]), now).await?;
        }
        Ok(())
    }

    /// Ids differ from row to row, other texts are a few words, messages are short JSON.
    fn row(&mut self, rows: &mut RowBuilder, table: LakeTable, at: Timestamp, number: u64) {
        rows.begin(at);
        for column in &table.columns()[2..] {
            let (name, some) = (column.name, self.random.random_range(0..20_u32));
            match column.kind {
                Kind::Text if name == "attempt_id" => rows.text(name, Some(&attempt_id(number))),
                Kind::Text if name == "message" => rows.text(name, Some(&self.message())),
                Kind::Text if name == "tenant" => rows.text(name, Some("default")),
                Kind::Text if column.is_id => {
                    rows.text(name, Some(&format!("{:032x}", self.random.random::<u128>())))
                }
                Kind::Text if column.is_required || some < 10 => {
                    rows.text(name, Some(&format!("{name}_{some}")))
                }
                Kind::Text => rows.text(name, None),
                Kind::Long => rows.long(name, number),
                Kind::Int => rows.int(name, Some(some)),
                Kind::Double => rows.double(name, Some(f64::from(some) / 8.0)),
                Kind::Flag => rows.flag(name, some > 0),
                Kind::Time => rows.time(name, Some(Timestamp(at.0 + i64::from(some) * 1_000))),
                Kind::Bytes => rows.binary(name, None),
                Kind::Texts => rows.texts(name, None::<std::iter::Empty<&str>>),
                Kind::Doubles => rows.doubles(name, None::<std::iter::Empty<f64>>),
                Kind::Date => rows,
            };
        }
        rows.end();
    }

    fn message(&mut self) -> String {
        format!(
            r#"{{"event":"TOKEN_CREATED","correlationId":"{:032x}","requestId":"{:032x}","walletProvider":"ApplePay","issuer":"DEMO_Bank","network":"VISA","deviceType":"PHONE","processingTime":{},"level":"INFO"}}"#,
            self.random.random::<u128>(),
            self.random.random::<u128>(),
            self.random.random_range(200..4_000)
        )
    }

    /// New versions of some attempts of the day.
    async fn merge_late(&mut self, now: Timestamp) -> Result<(), LakeError> {
        let attempts = self.rows[2];
        let mut rows = RowBuilder::new(LakeTable::Attempts);
        let mut names = HashSet::new();
        for _ in 0..attempts.div_ceil(LATE_SHARE) {
            let number = self.random.random_range(0..attempts);
            if names.insert(attempt_id(number)) {
                let at = Timestamp(START.0 + (number * EVENTS_PER_ATTEMPT * 1_000_000 / RATE).cast_signed());
                self.row(&mut rows, LakeTable::Attempts, at.min(now), number);
            }
        }
        let overlay = Overlay { hidden: [(day_of(START), names)].into(), rows: vec![rows.finish()] };
        maintenance::merge(&self.lake, overlay, Offset(self.rows[0]), now).await
    }

    async fn keep_up(&mut self, now: Timestamp) -> Result<(), LoadError> {
        let failed = |error: LakeError| LoadError::server("keep the lake up", error);
        for table in TABLES {
            self.look(table)?;
            let plans = maintenance::compactions(&self.lake.current(table), now);
            for plan in plans.into_iter().take(COMPACTIONS_PER_ROUND) {
                maintenance::compact(&self.lake, table, plan, now).await.map_err(failed)?;
            }
            maintenance::expire(&self.lake, table, now).await.map_err(failed)?;
            maintenance::delete_orphans(&self.lake, table, Duration(0), now).await.map_err(failed)?;
            self.look(table)?;
        }
        Ok(())
    }

    fn look(&mut self, table: LakeTable) -> Result<(), LoadError> {
        let state = self.lake.current(table);
        let files = state.days().values().map(Vec::len).max().unwrap_or(0);
        let snapshots = state.snapshots();
        let most = self.most.entry(table.name()).or_default();
        *most = (most.0.max(files), most.1.max(snapshots));
        if files > LIVE_DAY_FILES_MAX || snapshots > SNAPSHOTS_MAX {
            let found = format!("{} has {files} files of a day and {snapshots} snapshots", table.name());
            return Err(LoadError::server("stay within the limits of files and snapshots", found));
        }
        Ok(())
    }

    async fn problems(&self) -> Result<Vec<String>, LakeError> {
        let mut problems = Vec::new();
        for (place, table) in TABLES.into_iter().enumerate() {
            let verified = maintenance::verify(&self.lake, table).await?;
            problems.extend(verified.problems);
            if verified.rows != self.rows[place] {
                problems.push(format!("{}: {} rows of {}", table.name(), verified.rows, self.rows[place]));
            }
        }
        Ok(problems)
    }

    fn figure(&self, seconds: f64) -> Figure {
        let tables: Vec<String> = TABLES
            .into_iter()
            .map(|table| {
                let state = self.lake.current(table);
                let bytes = state.files().iter().map(|file| file.bytes).sum();
                let (files, snapshots) = self.most.get(table.name()).copied().unwrap_or_default();
                let rows = grouped(state.rows() as f64);
                format!(
                    "{}: {rows} rows, {}, at most {files} files and {snapshots} snapshots",
                    table.name(),
                    megabytes(bytes)
                )
            })
            .collect();
        Figure::new(
            "lake: a simulated day",
            format!("{}; {:.0} s", tables.join("; "), seconds),
            "1,000 events a second with upkeep and hourly merges of late changes; every row is there once at the end",
        )
        .promised(format!("at most {LIVE_DAY_FILES_MAX} files a day and {SNAPSHOTS_MAX} snapshots"), true)
    }
}

fn attempt_id(number: u64) -> String {
    format!("default:corr:{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
