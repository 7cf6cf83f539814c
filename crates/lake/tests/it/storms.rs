//! While the place of the files is slow, fails, flaps, is gone or is full, nothing is lost, doubled or half there; and
//! when it is well again, everything is.
//!
//! `WALLETSCOPE_STORM_ROUNDS=100` runs more of them, `WALLETSCOPE_STORM_SEED=…` one again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use bytes::Bytes;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use walletscope_lake::maintenance::{compact, compactions, delete_orphans, expire, merge, verify};
use walletscope_lake::storage::{Files, Listed};
use walletscope_lake::{Lake, LakeError, LakeTable, Warehouse};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::bucket::{Bucket, Weather};
use crate::scene::{Contents, DAY, NOW, contents_of, overlay, rows};

const TABLE: LakeTable = LakeTable::Attempts;
const ROUNDS: u64 = 5;

/// Where the files of a storm lie.
#[async_trait]
trait Place: Send + Sync + 'static {
    fn warehouse(&self) -> Warehouse;
    fn catalog(&self) -> PathBuf;
    /// Makes it worse, or better, for a while.
    fn turn(&self, rng: &mut ChaCha8Rng);
    fn clear(&self);
    /// How often anything went wrong.
    fn hit(&self) -> u64;
    /// Whether what is there can be read all the time.
    fn is_readable(&self) -> bool;
    /// How long a storm is.
    fn steps(&self) -> usize;
}

struct InBucket {
    bucket: Bucket,
    folder: tempfile::TempDir,
}

impl Place for InBucket {
    fn warehouse(&self) -> Warehouse {
        Warehouse::s3(&self.bucket.place("storm")).unwrap()
    }

    fn catalog(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn turn(&self, rng: &mut ChaCha8Rng) {
        self.bucket.sky.turn(match rng.random_range(0..10) {
            0..4 => Weather::Fair,
            4..6 => Weather::Slow(StdDuration::from_millis(20)),
            6..8 => Weather::Flapping,
            8 => Weather::Failing,
            _ => Weather::Gone,
        });
    }

    fn clear(&self) {
        self.bucket.sky.turn(Weather::Fair);
    }

    fn hit(&self) -> u64 {
        self.bucket.sky.hit()
    }

    fn is_readable(&self) -> bool {
        false
    }

    /// A request that fails is tried again for seconds.
    fn steps(&self) -> usize {
        16
    }
}

/// A disk that has room for some bytes more.
struct Full {
    folder: tempfile::TempDir,
    room: Arc<AtomicI64>,
    hit: Arc<AtomicU64>,
}

struct FullFiles {
    inner: Arc<dyn Files>,
    room: Arc<AtomicI64>,
    hit: Arc<AtomicU64>,
}

impl Place for Full {
    fn warehouse(&self) -> Warehouse {
        let mut warehouse = Warehouse::local(&self.folder.path().join("warehouse")).unwrap();
        let (inner, room, hit) = (warehouse.files.clone(), self.room.clone(), self.hit.clone());
        warehouse.files = Arc::new(FullFiles { inner, room, hit });
        warehouse
    }

    fn catalog(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn turn(&self, rng: &mut ChaCha8Rng) {
        let room = if rng.random_bool(0.4) { i64::MAX } else { rng.random_range(0..40_000) };
        self.room.store(room, Ordering::SeqCst);
    }

    fn clear(&self) {
        self.room.store(i64::MAX, Ordering::SeqCst);
    }

    fn hit(&self) -> u64 {
        self.hit.load(Ordering::SeqCst)
    }

    fn is_readable(&self) -> bool {
        true
    }

    fn steps(&self) -> usize {
        60
    }
}

#[async_trait]
impl Files for FullFiles {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError> {
        let size = i64::try_from(bytes.len()).unwrap();
        if self.room.fetch_sub(size, Ordering::SeqCst) < size {
            self.hit.fetch_add(1, Ordering::SeqCst);
            self.room.store(0, Ordering::SeqCst);
            let reason = std::io::Error::from_raw_os_error(28).to_string();
            return Err(LakeError::Storage { what: "write", path: path.to_owned(), reason });
        }
        self.inner.put(path, bytes).await
    }

    async fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        self.inner.get(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), LakeError> {
        self.inner.delete(path).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        self.inner.list(folder).await
    }
}

/// One writer, as the server is one.
struct Writer<P> {
    place: Arc<P>,
    rng: ChaCha8Rng,
    lake: Arc<Lake>,
    /// What the readers read.
    shown: Arc<Mutex<Arc<Lake>>>,
    /// Rows that are in no file yet, and the entry up to which they go.
    pending: Vec<(i64, u64)>,
    through: u64,
    /// The day of every attempt that is in the files.
    days: BTreeMap<u64, i64>,
    /// How many that is, for the readers.
    count: Arc<AtomicU64>,
}

async fn open(place: &impl Place) -> Lake {
    for tries in 0.. {
        match Lake::open(&place.catalog(), place.warehouse(), NOW).await {
            Ok(lake) => return lake,
            Err(error) => assert!(tries < 5, "{error}"),
        }
        if tries == 2 {
            place.clear();
        }
    }
    unreachable!("the loop ends by itself")
}

impl<P: Place> Writer<P> {
    async fn step(&mut self) {
        self.place.turn(&mut self.rng);
        match self.rng.random_range(0..12) {
            0..6 => self.flush(4).await,
            6..8 => {
                for plan in compactions(&self.lake.current(TABLE), NOW) {
                    let _failed = compact(&self.lake, TABLE, plan, NOW).await;
                }
            }
            8 => self.merge().await,
            9 => drop(expire(&self.lake, TABLE, NOW.plus(Duration(DAY))).await),
            10 => drop(delete_orphans(&self.lake, TABLE, Duration(0), Timestamp(i64::MAX / 2)).await),
            _ => {
                self.lake.close().await;
                self.lake = Arc::new(open(&*self.place).await);
                *self.shown.lock().unwrap() = self.lake.clone();
                assert_eq!(self.lake.current(TABLE).rows(), self.days.len() as u64);
            }
        }
    }

    /// Rows that a failed flush left go with the next one, as they do in the server.
    async fn flush(&mut self, count: u64) {
        for _ in 0..count {
            self.through += 1;
            self.pending.push((self.rng.random_range(19_985..20_000), self.through));
        }
        let batch = rows(TABLE, self.pending.iter().copied());
        let flushed = self.lake.append(TABLE, vec![batch], Offset(self.through), NOW).await;
        if flushed.is_ok() {
            self.days.extend(self.pending.drain(..).map(|(day, number)| (number, day)));
            self.count.store(self.days.len() as u64, Ordering::SeqCst);
        }
    }

    /// An attempt moves to another day.
    async fn merge(&mut self) {
        let Some((number, day)) = self.days.iter().next().map(|(number, day)| (*number, *day)) else {
            return;
        };
        let to = self.rng.random_range(19_985..20_000);
        let late =
            overlay(i32::try_from(day).unwrap(), &[&format!("a{number}")], vec![rows(TABLE, [(to, number)])]);
        if merge(&self.lake, late, Offset(self.through), NOW).await.is_ok() {
            self.days.insert(number, to);
        }
    }
}

/// Reads the current files over and over: every attempt that was written before is there, and once.
async fn read(shown: Arc<Mutex<Arc<Lake>>>, count: Arc<AtomicU64>, ends: Arc<AtomicBool>, sure: bool) -> u64 {
    let mut reads = 0;
    while !ends.load(Ordering::SeqCst) {
        let least = count.load(Ordering::SeqCst);
        let lake = shown.lock().unwrap().clone();
        let state = lake.current(TABLE);
        let mut found = 0;
        let mut is_whole = true;
        for file in state.files() {
            let read = lake.warehouse.files.get(&file.path).await;
            // A file may leave with its snapshot; one of the newest may not.
            let is_newest = || lake.current(TABLE).files().iter().any(|each| each.path == file.path);
            match read {
                Ok(bytes) => {
                    assert_eq!(bytes.len() as u64, file.bytes);
                    found += file.rows;
                }
                Err(error) => {
                    assert!(!sure || !is_newest(), "{error}");
                    is_whole = false;
                }
            }
        }
        assert!(!is_whole || found >= least, "{found} of {least}");
        reads += u64::from(is_whole);
        tokio::time::sleep(StdDuration::from_millis(5)).await;
    }
    reads
}

async fn storm<P: Place>(place: P, seed: u64) {
    let place = Arc::new(place);
    let lake = Arc::new(open(&*place).await);
    let shown = Arc::new(Mutex::new(lake.clone()));
    let (count, ends) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let reader = tokio::spawn(read(shown.clone(), count.clone(), ends.clone(), place.is_readable()));
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let mut writer = Writer {
        place: place.clone(),
        rng,
        lake,
        shown,
        pending: Vec::new(),
        through: 0,
        days: BTreeMap::new(),
        count,
    };
    for _ in 0..place.steps() {
        writer.step().await;
    }
    place.clear();
    writer.flush(1).await;
    assert!(writer.pending.is_empty(), "seed {seed}: what is well again is written");
    ends.store(true, Ordering::SeqCst);
    assert!(reader.await.unwrap() > 0, "seed {seed}: somebody read");
    writer.lake.close().await;

    let lake = open(&*place).await;
    let verified = verify(&lake, TABLE).await.unwrap();
    assert_eq!(verified.problems, [""; 0], "seed {seed}");
    let expected: Contents =
        (1..=writer.through).map(|number| ((format!("a{number}"), number.cast_signed()), 1)).collect();
    assert!(contents_of(&lake, TABLE).await == expected, "seed {seed}: every attempt, and once");
    assert_eq!(lake.current(TABLE).watermark(), Offset(writer.through));
    delete_orphans(&lake, TABLE, Duration(0), Timestamp(i64::MAX / 2)).await.unwrap();
    assert!(contents_of(&lake, TABLE).await == expected, "seed {seed}: orphans are nobody's files");
    assert!(place.hit() > 0, "seed {seed}: nothing is tried in vain");
}

fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    match number("WALLETSCOPE_STORM_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("WALLETSCOPE_STORM_ROUNDS").unwrap_or(ROUNDS)).collect(),
    }
}

/// Rounds wait more than they work, so several run at a time.
async fn each_seed<F: Future<Output = ()> + Send + 'static>(round: impl Fn(u64) -> F) {
    const AT_A_TIME: usize = 10;
    for seeds in seeds().chunks(AT_A_TIME) {
        let rounds: Vec<_> = seeds.iter().map(|seed| tokio::spawn(round(*seed))).collect();
        for round in rounds {
            round.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_slow_fails_flaps_or_is_gone() {
    each_seed(|seed| async move {
        storm(InBucket { bucket: Bucket::new().await, folder: tempfile::tempdir().unwrap() }, seed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_and_then_is_not() {
    each_seed(|seed| async move {
        let (room, hit) = (Arc::new(AtomicI64::new(i64::MAX)), Arc::new(AtomicU64::new(0)));
        storm(Full { folder: tempfile::tempdir().unwrap(), room, hit }, seed).await;
    })
    .await;
}

/// Where room is what is lacking, tries that fail must not use it up.
#[tokio::test]
async fn a_flush_that_fails_leaves_no_data_file_behind() {
    let (room, hit) = (Arc::new(AtomicI64::new(i64::MAX)), Arc::new(AtomicU64::new(0)));
    let place = Full { folder: tempfile::tempdir().unwrap(), room: room.clone(), hit };
    let lake = open(&place).await;
    let folder = format!("{}/data", TABLE.name());
    let data = || lake.warehouse.files.list(&folder);
    let batch = || vec![rows(TABLE, [(19_990, 1), (19_991, 2)])];
    lake.append(TABLE, batch(), Offset(1), NOW).await.unwrap();
    let before = data().await.unwrap();
    assert_eq!(before.len(), 2);
    let size = i64::try_from(before[0].size).unwrap();
    for room_left in [size + size / 2, 2 * size + size / 2] {
        room.store(room_left, Ordering::SeqCst);
        lake.append(TABLE, batch(), Offset(2), NOW).await.unwrap_err();
        assert_eq!(data().await.unwrap().len(), 2, "with room for {room_left} bytes");
    }
}
