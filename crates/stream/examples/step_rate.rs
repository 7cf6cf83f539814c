//! How many log events a second does the step alone follow, on one core?
//!
//! Batches of 1,000 events, START and SUCCESS pairs as a provisioning service writes them, over an empty disk.
//! `cargo run --release -p walletscope-stream --example step_rate [batches]` prints events per second of CPU
//! time: other work on the machine does not count.

use std::time::Instant;

use walletscope_model::{Batch, Body, LogBatch, LogEvent, Offset, Origin, Timestamp};
use walletscope_series::{Resolution, Window};
use walletscope_stream::{Backing, BackingError, Chunk, ChunkKey, Node, NodeKey, Row, State, WindowKey};

const EVENTS_PER_BATCH: u64 = 1_000;
/// As often as a server that writes four times a second at this rate.
const BATCHES_PER_COMMIT: u64 = 10;
const START: Timestamp = Timestamp::from_seconds(1_795_348_800);

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let batches = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(500_u64);
    let entries: Vec<Batch> = (0..batches).map(batch).collect();
    let mut state = State::new(Nothing);
    let (mut effects, mut nodes, mut step_seconds, mut take_seconds) = (0, 0, 0.0, 0.0);
    let mut work = Work::now();
    for (entry, offset) in entries.iter().zip(1..) {
        effects += state.step(Offset(offset), entry).map_or(0, |effects| effects.len());
        if offset % BATCHES_PER_COMMIT == 0 {
            step_seconds += work.lap();
            nodes += state.take_changes().nodes.len();
            state.forget_unused();
            take_seconds += work.lap();
        }
    }
    step_seconds += work.lap();
    let events = batches * EVENTS_PER_BATCH;
    println!("{events} events, {effects} effects, {nodes} nodes taken");
    println!("step: {:.0} events/s ({step_seconds:.2} s of CPU)", events as f64 / step_seconds);
    println!("taking changes besides: {take_seconds:.2} s of CPU");
}

/// CPU time of this process's only thread, where Linux tells it; else the wall's.
struct Work(Option<f64>, Instant);

impl Work {
    fn now() -> Self {
        let text = std::fs::read_to_string("/proc/self/schedstat").ok();
        let nanoseconds = text.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        Self(nanoseconds.map(|nanoseconds| nanoseconds / 1e9), Instant::now())
    }

    /// Seconds since the last call.
    fn lap(&mut self) -> f64 {
        let before = std::mem::replace(self, Self::now());
        match (before.0, self.0) {
            (Some(before), Some(now)) => now - before,
            _ => before.1.elapsed().as_secs_f64(),
        }
    }
}

fn batch(number: u64) -> Batch {
    let at = Timestamp(START.0 + number as i64 * 2_500);
    let events = (0..EVENTS_PER_BATCH / 2).flat_map(|pair| {
        let attempt = number * EVENTS_PER_BATCH / 2 + pair;
        let wallet = ["ApplePay", "GooglePay", "SamsungPay"][attempt as usize % 3];
        let issuer = attempt % 10;
        let ids = format!(
            r#""requestId":"a1b2c3d4-5678-90ab-cdef-{attempt:012x}","correlationId":"corr_{attempt:012x}""#
        );
        let start = format!(
            r#"{{"level":"INFO","event":"TOKEN_PROVISION_START","walletProvider":"{wallet}","issuer":"Bank_{issuer}","bin":"411111","tokenRequestorId":"50123456789","deviceType":"MOBILE","clientIp":"192.168.1.1","userAgent":"{wallet}/iOS/16.0",{ids}}}"#
        );
        let took = 1.0 + (attempt % 997) as f64 / 1e3;
        let success = format!(
            r#"{{"level":"INFO","event":"TOKEN_PROVISION_SUCCESS","tokenReferenceId":"DNITHE{attempt:012x}","processingTime":{took},{ids}}}"#
        );
        [(0, start), (1_245, success)].map(|(millis, message)| LogEvent {
            timestamp: Timestamp(at.0 - 2_000_000 + millis * 1_000),
            message: message.into(),
            guarded: false,
        })
    });
    let origin = Origin {
        account: "123456789012".into(),
        region: "eu-central-1".into(),
        source: "AKIAEXAMPLE".into(),
        tenant: "default".into(),
    };
    let logs = LogBatch {
        group: "/aws/lambda/token-provisioning-service".into(),
        stream: "a".into(),
        events: events.collect(),
    };
    Batch { appended_at: at, origin, invocation_id: "".into(), body: Body::Logs(logs) }
}

/// A disk that holds nothing.
struct Nothing;

impl Backing for Nothing {
    fn node(&self, _key: &NodeKey) -> Result<Option<Node>, BackingError> {
        Ok(None)
    }

    fn window(&self, _key: &WindowKey) -> Result<Option<Window>, BackingError> {
        Ok(None)
    }

    fn oldest_rows(&self, _before: Timestamp, _limit: usize) -> Result<Vec<Row>, BackingError> {
        Ok(Vec::new())
    }

    fn oldest_loose_ends(
        &self,
        _before: Timestamp,
        _limit: usize,
    ) -> Result<Vec<(Timestamp, NodeKey)>, BackingError> {
        Ok(Vec::new())
    }

    fn oldest_windows(
        &self,
        _resolution: Resolution,
        _before: Timestamp,
        _limit: usize,
    ) -> Result<Vec<WindowKey>, BackingError> {
        Ok(Vec::new())
    }

    fn metric_chunk(&self, _key: &ChunkKey) -> Result<Option<Chunk>, BackingError> {
        Ok(None)
    }

    fn oldest_metric_seconds(
        &self,
        _before: Timestamp,
        _limit: usize,
    ) -> Result<Vec<ChunkKey>, BackingError> {
        Ok(Vec::new())
    }
}
