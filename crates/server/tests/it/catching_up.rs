//! A server whose lake is far behind its journal catches up in little memory, and neither a kill nor a failing bucket in
//! the midst loses or doubles anything.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use walletscope_lake::{Lake, LakeTable, Warehouse};
use walletscope_model::Offset;
use walletscope_server::settings::Settings;
use walletscope_server::start::system_now;

use super::bucket::{Bucket, Weather};
use super::server::{TestServer, settings, table};

const CALLS: usize = 60;
const CALL_ATTEMPTS: usize = 50;
const ATTEMPTS: usize = CALLS * CALL_ATTEMPTS;
/// A small part of what the rows take.
const FLUSH_BYTES: usize = 128 << 10;
/// What the newest batch of each table may take beside its rows: columns begin with room for a thousand values.
const BATCHES_BYTES_MAX: usize = 384 << 10;
const MEMORY_BYTES_MAX: usize = 1 << 20;
const WAIT_MAX: Duration = Duration::from_secs(60);
const STOP_TIME_MAX: Duration = Duration::from_secs(5);
/// The test that kills servers runs them as itself in a process of its own, told where by this variable.
const THIS_TEST: &str = "catching_up::killed_while_it_catches_up_a_server_goes_on_where_its_files_end";
const KILLED_FOLDER: &str = "WALLETSCOPE_KILLED_FOLDER";

/// Settings by which nothing is flushed while the journal grows.
fn without_flushes(folder: &Path, bucket: Option<&Bucket>) -> Settings {
    let mut settings = settings(folder);
    settings.rules.settle_after = walletscope_model::Duration::from_seconds(1);
    settings.lake.s3 = bucket.map(|bucket| bucket.place("behind"));
    settings
}

fn with_small_flushes(folder: &Path, bucket: Option<&Bucket>) -> Settings {
    let mut settings = without_flushes(folder, bucket);
    settings.lake.flush_bytes = FLUSH_BYTES;
    settings.lake.memory_bytes_max = MEMORY_BYTES_MAX;
    settings
}

/// A folder whose journal holds attempts, all of them settled, of which the lake has none.
async fn behind(bucket: Option<&Bucket>) -> Arc<tempfile::TempDir> {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let settings = without_flushes(folder.path(), bucket);
    let server = TestServer::start_by(settings, folder.clone(), system_now()).await;
    server.make_stream("/g", "s").await;
    for call in 0..CALLS {
        let ids = call * CALL_ATTEMPTS..(call + 1) * CALL_ATTEMPTS;
        assert_eq!(server.put_attempts(ids, &format!("call-{call}")).await.status, 200);
    }
    const SETTLED: &str = "SELECT count(*) AS settled FROM token_provisioning_logs WHERE settled";
    let begun = Instant::now();
    while server.sql(SETTLED).await != json!([{"settled": ATTEMPTS}]) {
        assert!(begun.elapsed() < WAIT_MAX, "the attempts do not settle");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.server.stop().await;
    folder
}

async fn start(folder: &Arc<tempfile::TempDir>, bucket: &Bucket) -> TestServer {
    let settings = with_small_flushes(folder.path(), Some(bucket));
    TestServer::start_by(settings, folder.clone(), system_now()).await
}

/// Asks for the storage until it is as wanted.
async fn storage_when(server: &TestServer, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let storage = server.storage().await;
        if is_wanted(&storage) {
            return storage;
        }
        assert!(begun.elapsed() < WAIT_MAX, "not as it should become: {storage}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn snapshots(storage: &Value) -> u64 {
    table(storage, "log_events")["snapshots"].as_u64().unwrap()
}

/// Queries see nothing before they see everything.
fn is_shown(storage: &Value) -> bool {
    storage["head"] != 0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_far_behind_catches_up_in_little_memory_while_calls_are_taken() {
    let bucket = Bucket::new().await;
    let folder = behind(Some(&bucket)).await;
    bucket.sky.turn(Weather::Slow(Duration::from_millis(5)));
    let server = start(&folder, &bucket).await;
    let (mut attempts, mut snapshots_seen) = (ATTEMPTS, 0);
    loop {
        let storage = server.storage().await;
        let bytes = storage["memory"]["bytes"].as_u64().unwrap();
        assert!(bytes < (4 * FLUSH_BYTES + BATCHES_BYTES_MAX) as u64, "{storage}");
        if is_shown(&storage) {
            break;
        }
        snapshots_seen = snapshots(&storage);
        let put = server.put_attempts(attempts..attempts + 1, &format!("while-{attempts}")).await;
        assert_eq!(put.status, 200, "{put:?}");
        attempts += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(snapshots_seen >= 10, "only {snapshots_seen} flushes before everything was shown");
    assert!(attempts > ATTEMPTS + 3, "nothing was sent meanwhile");
    let storage = server.storage().await;
    assert_eq!(table(&storage, "token_provisioning_logs")["snapshots"], 1, "all attempts are one commit");
    server.assert_counted(attempts).await;
    bucket.sky.turn(Weather::Fair);
    server.assert_written(attempts).await;
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_in_the_midst_is_waited_for_and_a_stop_is_not() {
    let bucket = Bucket::new().await;
    let folder = behind(Some(&bucket)).await;
    for fails_until_stopped in [true, false] {
        bucket.sky.turn(Weather::Slow(Duration::from_millis(5)));
        let server = start(&folder, &bucket).await;
        let before = snapshots(&server.storage().await);
        storage_when(&server, |storage| snapshots(storage) > before + 2).await;
        bucket.sky.turn(Weather::Failing);
        let full = storage_when(&server, |storage| {
            storage["memory"]["throttles"] == true && storage["maintenance"]["lastError"].is_string()
        });
        let storage = full.await;
        assert!(!is_shown(&storage), "{storage}");
        let bytes = storage["memory"]["bytes"].as_u64().unwrap();
        assert!(bytes < (MEMORY_BYTES_MAX + FLUSH_BYTES) as u64, "{storage}");
        let (status, ready) = server.get("/readyz").await;
        assert!(status == 200 && ready.contains("throttling: rows that wait"), "{ready}");
        if fails_until_stopped {
            let stopped = tokio::time::timeout(STOP_TIME_MAX, server.server.stop()).await;
            assert!(stopped.is_ok(), "the stop waits for the bucket");
        } else {
            bucket.sky.turn(Weather::Fair);
            storage_when(&server, is_shown).await;
            server.assert_written(ATTEMPTS).await;
            server.server.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_catches_up_a_server_goes_on_where_its_files_end() {
    if let Some(folder) = std::env::var_os(KILLED_FOLDER).map(PathBuf::from) {
        return serve_until_killed(&folder).await;
    }
    let folder = behind(None).await;
    let rows_begun = |path: &Path| count(&path.join("log_events/metadata"), "metadata.json") > 3;
    let rows_went_on = |path: &Path| count(&path.join("log_events/metadata"), "metadata.json") > 8;
    let attempts_begun = |path: &Path| count(&path.join("token_provisioning_logs/data"), "parquet") > 3;
    let mut reached = Offset(0);
    for is_midst in [rows_begun, rows_went_on, attempts_begun] {
        kill_when(folder.path(), is_midst).await;
        let lake_folder = settings(folder.path()).lake.folder;
        let warehouse = Warehouse::local(&lake_folder.join("warehouse")).unwrap();
        let lake = Lake::open(&lake_folder, warehouse, system_now()()).await.unwrap();
        let rows = lake.current(LakeTable::LogEvents).watermark();
        assert!(rows > reached, "{rows:?} is not beyond {reached:?}");
        assert_eq!(lake.current(LakeTable::Attempts).watermark(), Offset(0), "it was too late for a kill");
        reached = rows;
        lake.close().await;
    }
    let settings = with_small_flushes(folder.path(), None);
    let server = TestServer::start_by(settings, folder, system_now()).await;
    server.assert_counted(ATTEMPTS).await;
    server.assert_written(ATTEMPTS).await;
    server.server.stop().await;
}

/// Kills a server over this folder once its warehouse is as wanted.
async fn kill_when(folder: &Path, is_wanted: fn(&Path) -> bool) {
    let warehouse = settings(folder).lake.folder.join("warehouse");
    let mut server = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", THIS_TEST])
            .env(KILLED_FOLDER, folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let begun = Instant::now();
    while !is_wanted(&warehouse) {
        assert!(begun.elapsed() < WAIT_MAX && server.0.try_wait().unwrap().is_none(), "it never came to it");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A process that does not outlive its handle.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

async fn serve_until_killed(folder: &Path) {
    let server = walletscope_server::start::start(&with_small_flushes(folder, None), system_now()).await;
    panic!("nobody killed it: {}", server.unwrap().failed().await);
}

/// How many files of this extension lie in a folder, at any depth.
fn count(folder: &Path, extension: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let of = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => count(&path, extension),
        path => usize::from(path.to_string_lossy().ends_with(extension)),
    };
    entries.filter_map(Result::ok).map(of).sum()
}
