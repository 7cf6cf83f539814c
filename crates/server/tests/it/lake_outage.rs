//! While the bucket of the lake is slow, fails, flaps or is gone, calls are taken up to the limit and throttled beyond;
//! afterwards the server goes on by itself, and every attempt was counted, and once.
//!
//! `WALLETSCOPE_STORM_ROUNDS=100` runs more of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use walletscope_server::settings::Settings;
use walletscope_server::start::system_now;

use super::bucket::{Bucket, Weather};
use super::server::{TestServer, settings};

const ROUNDS: usize = 4;
const BATCH_ATTEMPTS: usize = 50;
/// Far more than fit into the memory of the test's server.
const BATCHES_MAX: usize = 500;
const WAIT_MAX: Duration = Duration::from_secs(90);

/// A server over a bucket, and what it was sent.
struct Scene {
    bucket: Bucket,
    server: TestServer,
    attempts: usize,
    calls: usize,
}

fn over(bucket: &Bucket, folder: &tempfile::TempDir) -> Settings {
    let mut settings = settings(folder.path());
    settings.rules.settle_after = walletscope_model::Duration::from_seconds(1);
    settings.lake.s3 = Some(bucket.place("outage"));
    settings.lake.flush_after = walletscope_model::Duration::from_seconds(1);
    settings.lake.flush_bytes = 64 << 10;
    settings.lake.memory_bytes_max = 1 << 20;
    settings
}

impl Scene {
    async fn new() -> Self {
        let (bucket, folder) = (Bucket::new().await, Arc::new(tempfile::tempdir().unwrap()));
        let server = TestServer::start_by(over(&bucket, &folder), folder, system_now()).await;
        server.make_stream("/g", "s").await;
        Self { bucket, server, attempts: 0, calls: 0 }
    }

    /// The next call; whether it was taken at once. One that is throttled is sent again by [`Self::insist`].
    async fn send(&mut self) -> Result<(), Value> {
        let ids = self.calls * BATCH_ATTEMPTS..(self.calls + 1) * BATCH_ATTEMPTS;
        let answer = self.server.put_attempts(ids, &format!("call-{}", self.calls)).await;
        match answer.status {
            200 => {
                self.calls += 1;
                self.attempts += BATCH_ATTEMPTS;
                Ok(())
            }
            _ => Err(serde_json::from_slice(&answer.body).unwrap()),
        }
    }

    /// Sends the next call as an SDK does, until it is taken.
    async fn insist(&mut self) {
        let begun = Instant::now();
        while let Err(error) = self.send().await {
            assert_eq!(error["__type"], "ThrottlingException", "{error}");
            assert!(begun.elapsed() < WAIT_MAX, "still throttled: {:?}", self.server.get("/readyz").await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends until calls are throttled.
    async fn fill(&mut self) {
        for _ in 0..BATCHES_MAX {
            if let Err(error) = self.send().await {
                assert_eq!(error["__type"], "ThrottlingException", "{error}");
                return;
            }
        }
        panic!("{BATCHES_MAX} calls were taken: nothing bounds the memory of the lake");
    }

    /// Waits until the server says that it cannot write.
    async fn assert_told(&self) {
        let begun = Instant::now();
        let storage = loop {
            let storage = self.server.storage().await;
            let error = storage["maintenance"]["lastError"].as_str();
            if error.is_some_and(|error| error.starts_with("the flush fails since ")) {
                break storage;
            }
            assert!(begun.elapsed() < WAIT_MAX, "no failure is told: {storage}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let why = storage["maintenance"]["lastError"].as_str().unwrap();
        assert!(why.contains("could not write"), "{why}");
        assert!(storage["maintenance"]["failingSince"].is_string(), "{storage}");
        assert_eq!(storage["memory"]["throttles"], true, "{storage}");
        let (status, ready) = self.server.get("/readyz").await;
        assert!(status == 200 && ready.contains("throttling: rows that wait"), "{ready}");
    }
}

fn rounds() -> usize {
    let given = std::env::var("WALLETSCOPE_STORM_ROUNDS").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(ROUNDS)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_cannot_be_written_throttles_and_loses_nothing() {
    let mut scene = Scene::new().await;
    let weathers =
        [Weather::Failing, Weather::Flapping, Weather::Gone, Weather::Slow(Duration::from_millis(30))];
    for weather in weathers.into_iter().cycle().take(rounds()) {
        scene.insist().await;
        let hit_before = scene.bucket.sky.hit();
        scene.bucket.sky.turn(weather);
        if matches!(weather, Weather::Failing | Weather::Gone) {
            scene.fill().await;
            scene.assert_told().await;
        } else {
            for _ in 0..40 {
                scene.insist().await;
            }
        }
        assert!(scene.bucket.sky.hit() > hit_before, "{weather:?} was noticed by nobody");
        scene.bucket.sky.turn(Weather::Fair);
        scene.insist().await;
        scene.server.assert_counted(scene.attempts).await;
        let (_, ready) = scene.server.get("/readyz").await;
        assert!(ready.starts_with("ready\n") && !ready.contains("throttling"), "{ready}");
    }
    scene.server.assert_written(scene.attempts).await;

    // A server that stops while nothing can be written goes on where it was.
    scene.bucket.sky.turn(Weather::Failing);
    scene.fill().await;
    let Scene { bucket, server, attempts, calls } = scene;
    let folder = server.folder.clone();
    server.server.stop().await;
    bucket.sky.turn(Weather::Fair);
    let server = TestServer::start_by(over(&bucket, &folder), folder, system_now()).await;
    let mut scene = Scene { bucket, server, attempts, calls };
    scene.server.assert_counted(scene.attempts).await;
    scene.insist().await;
    scene.server.assert_written(scene.attempts).await;
}
