//! Do points say the same whichever tier they are read from, and does each name answer with what it should?

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tempfile::TempDir;
use walletscope_journal::{EmbeddedStore, Options};
use walletscope_model::{
    Body, Command, LogBatch, LogEvent, MetricBatch, MetricDatum, MetricFilterDefinition, MetricValue, Origin,
    Rules, Timestamp,
};

use super::{Buckets, Metrics, Source};
use crate::pipeline::{Pipeline, Reply, Submission, start};

const DAY: i64 = 86_400;
/// 2026-11-01T00:00:00Z.
const START: i64 = 1_793_491_200;

struct World {
    pipeline: Pipeline,
    now: Arc<AtomicI64>,
    newest: AtomicU64,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(folder.path(), Options::default()).unwrap();
        let now = Arc::new(AtomicI64::new(START));
        let clock = now.clone();
        let now_of = Arc::new(move || Timestamp::from_seconds(clock.load(Ordering::Acquire)));
        Self {
            pipeline: start(store, now_of, None).unwrap(),
            now,
            newest: AtomicU64::new(0),
            _folder: folder,
        }
    }

    async fn submit(&self, at: i64, body: Body) {
        self.now.store(at, Ordering::Release);
        let origin = Origin {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            source: "test".into(),
            tenant: "default".into(),
        };
        let submission = Submission { origin, invocation_id: "".into(), body, answer: vec![] };
        if let Ok(Reply::Stored(offset)) = self.pipeline.ingest.submit(submission).await {
            self.newest.store(offset.0, Ordering::Release);
        }
    }

    /// Waits until everything that was sent is published.
    async fn settle(&self) {
        let mut published = self.pipeline.shared.published.subscribe();
        while self.pipeline.shared.view.load().applied.0 < self.newest.load(Ordering::Acquire) {
            published.changed().await.unwrap();
        }
    }

    async fn put(&self, at: i64, namespace: &str, name: &str, data: &[(i64, f64)]) {
        let datum = |(seconds, value): &(i64, f64)| MetricDatum {
            namespace: namespace.into(),
            name: name.into(),
            dimensions: vec![],
            timestamp: Timestamp::from_seconds(*seconds),
            unit: Some("Count".into()),
            storage_resolution_seconds: 60,
            value: MetricValue::Values(vec![(*value, 1.0)]),
        };
        self.submit(at, Body::Metrics(MetricBatch { data: data.iter().map(datum).collect() })).await;
    }

    async fn attempt(&self, at: i64) {
        let messages = [
            r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1","walletProvider":"ApplePay","issuer":"A"}"#,
            r#"{"event":"TOKEN_PROVISION_SUCCESS","correlationId":"c1","processingTime":1.245}"#,
        ];
        let event = |message: &&str| LogEvent {
            timestamp: Timestamp::from_seconds(at),
            message: (*message).into(),
            guarded: false,
        };
        let events = messages.iter().map(event).collect();
        self.submit(at, Body::Logs(LogBatch { group: "/g".into(), stream: "s".into(), events })).await;
    }

    fn metrics(&self) -> Metrics {
        let shared = &self.pipeline.shared;
        Metrics {
            view: shared.view.load_full(),
            catalog: shared.catalog.load_full(),
            account: "123456789012".into(),
            region: "us-east-1".into(),
        }
    }

    /// Start of each bucket from the first day, count and sum.
    fn points(&self, namespace: &str, name: &str, buckets: Buckets) -> Vec<(i64, f64, f64)> {
        let metrics = self.metrics();
        let source = metrics.source_of(namespace, name, &[], None);
        let points = metrics.points_of(&source, buckets).unwrap();
        let told = |(at, point): (i64, walletscope_series::Point)| {
            (at - START, point.count, point.sum / points.divisor)
        };
        points.points.into_iter().map(told).collect()
    }
}

/// Whole numbers, so that sums are exact in any order; half an hour apart, with holes, some of them late.
fn data() -> Vec<(i64, i64, f64)> {
    let mut data = Vec::new();
    for step in 0..20 * 48_i64 {
        if step % 7 == 3 {
            continue;
        }
        let at = START + step * 1_800 + (step * 37) % 1_800;
        let arrives = if step % 11 == 5 { at + 2 * DAY } else { at };
        data.push((arrives, at, f64::from((step % 23) as i32)));
    }
    data.sort_by_key(|(arrives, ..)| *arrives);
    data
}

#[tokio::test(flavor = "multi_thread")]
async fn every_period_says_the_same_from_whichever_tier_it_is_read() {
    let world = World::new();
    let data = data();
    let now = START + 22 * DAY + 20 * 3_600;
    for (arrives, at, value) in &data {
        world.put(*arrives, "N", "m", &[(*at, *value)]).await;
    }
    // Days are sealed a few at a time; a tick is an entry.
    for second in 0..30 {
        world.put(now + second, "N", "other", &[(now, 1.0)]).await;
    }
    world.settle().await;
    let naive = |from: i64, to: i64, period: i64, grain: i64| {
        let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        for (_, at, value) in &data {
            let kept = at.div_euclid(grain) * grain;
            if kept >= from && kept < to {
                let bucket = from + (kept - from).div_euclid(period) * period;
                let sum = sums.entry(bucket - START).or_default();
                *sum = (sum.0 + 1.0, sum.1 + value);
            }
        }
        sums.into_iter().map(|(at, (count, sum))| (at, count, sum)).collect::<Vec<_>>()
    };
    let recent = START + 10 * DAY;
    for (from, to, period, grain) in [
        // Minutes are kept for 15 days.
        (recent, now, 60, 60),
        (recent, now, 300, 300),
        (START, now, 300, 300),
        (START, now, 900, 300),
        (START, now, 3_600, 3_600),
        (START, now, DAY, 3_600),
        (START, START + 20 * DAY, 7 * DAY, 3_600),
        // Days that begin at 10:30 need five minutes.
        (START + 37_800, now, DAY, 300),
        (recent + 60, now, 3_600, 60),
        (START + 5 * DAY, START + 6 * DAY, 3_600, 3_600),
    ] {
        let found = world.points("N", "m", Buckets { from, to, period });
        assert!(found.len() > 2, "{from} {to} {period}");
        assert_eq!(found, naive(from, to, period, grain), "{from} {to} {period}");
    }
    let minutes_too_old = world.points("N", "m", Buckets { from: START, to: START + 5 * DAY, period: 60 });
    assert_eq!(minutes_too_old, [], "minutes of three weeks ago are gone");
    world.pipeline.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_answers_with_what_is_written_or_else_with_what_is_measured() {
    let world = World::new();
    let now = START + 600;
    let hour = Buckets { from: START, to: START + 3_600, period: 3_600 };
    let asked = |namespace: &str, name: &str| world.points(namespace, name, hour);
    assert_eq!(asked("TokenServices", "TokenProvisioningSuccess"), []);
    world.attempt(now).await;
    world.settle().await;
    for (namespace, name, expected) in [
        ("TokenServices", "TokenProvisioningRequests", (0, 1.0, 1.0)),
        ("TokenProvisioning", "SuccessfulTokenProvisioning", (0, 1.0, 1.0)),
        ("TokenServices", "ProvisioningLatency", (0, 1.0, 1.245)),
        ("TokenProvisioning", "SuccessRate", (0, 1.0, 100.0)),
    ] {
        assert_eq!(asked(namespace, name), [expected], "{namespace} {name}");
    }
    assert_eq!(asked("TokenServices", "FailedTokenProvisioning"), []);
    assert_eq!(asked("Other", "TokenProvisioningRequests"), []);

    // From its first datum, a metric is what is written; its other names are not.
    world.put(now, "TokenServices", "SuccessfulTokenProvisioning", &[(now, 7.0)]).await;
    world.settle().await;
    assert_eq!(asked("TokenServices", "SuccessfulTokenProvisioning"), [(0, 1.0, 7.0)]);
    assert_eq!(asked("TokenServices", "TokenProvisioningSuccess"), [(0, 1.0, 1.0)]);
    assert_eq!(asked("TokenProvisioning", "SuccessfulTokenProvisioning"), [(0, 1.0, 1.0)]);

    // A filter writes from its definition on.
    let filter = MetricFilterDefinition {
        name: "f".into(),
        pattern: "NOTHING".into(),
        namespace: "TokenServices".into(),
        metric: "TokenProvisioningRequests".into(),
        value: "1".into(),
        default_value: None,
        unit: None,
        dimensions: vec![],
    };
    let create = Command::CreateLogGroup { name: "/g".into(), retention_days: None, tags: vec![] };
    world.submit(now, Body::Command(create)).await;
    let put = Command::PutMetricFilter { group: "/g".into(), filter: Box::new(filter) };
    world.submit(now, Body::Command(put)).await;
    world.put(now, "N", "m", &[(now, 1.0)]).await;
    world.settle().await;
    assert_eq!(asked("TokenServices", "TokenProvisioningRequests"), []);
    world.pipeline.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_account_knows_no_other_names() {
    let world = World::new();
    let rules = Rules { strict_accounts: vec!["123456789012".into()], ..Rules::default() };
    world.submit(START, Body::Command(Command::SetRules(rules))).await;
    world.attempt(START + 60).await;
    world.settle().await;
    let metrics = world.metrics();
    let is_answered = |namespace: &str, name: &str| {
        metrics.source_of(namespace, name, &[], None) != Source::Series(Vec::new())
    };
    assert!(is_answered("TokenServices", "TokenProvisioningSuccess"));
    assert!(!is_answered("TokenServices", "SuccessfulTokenProvisioning"));
    assert!(!is_answered("TokenProvisioning", "TokenProvisioningSuccess"));
    assert!(!is_answered("TokenServices", "SuccessRate"));
    let seen = metrics.since(Timestamp(0));
    assert!(seen.iter().all(|metric| metric.namespace != "TokenProvisioning"));
    world.pipeline.stop();
}
