//! What does the product say of itself? Counters in Prometheus text, one registry per server.
//!
//! Names follow `walletscope_<noun>_<unit>`; labels never hold a caller's text except guarded source names.

pub mod log;
pub mod refusals;

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use refusals::Refusals;

/// Everything that is counted.
pub struct Telemetry {
    /// What was refused, by source.
    pub refusals: Refusals,
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    log_events: Family<OutcomeLabels, Counter>,
    cuts: Family<CutLabels, Counter>,
    repeated: Counter,
    delivery_tries: Family<OutcomeLabels, Counter>,
    delivered_events: Family<OutcomeLabels, Counter>,
    journal_bytes: Gauge,
    journal_entries: Gauge,
    applied: Gauge<u64, AtomicU64>,
    head: Gauge<u64, AtomicU64>,
    attempts: Gauge,
    lake_hot_bytes: Gauge,
    lake_purged_rows: Gauge,
    lake_failing: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    service: &'static str,
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CutLabels {
    source: String,
    field: &'static str,
}

/// Levels read when somebody scrapes.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Levels {
    pub journal_bytes: u64,
    pub journal_entries: u64,
    pub applied: u64,
    pub head: u64,
    pub attempts: usize,
    pub lake_hot_bytes: usize,
    pub lake_purged_rows: u64,
    pub lake_failing: bool,
}

impl Default for Telemetry {
    fn default() -> Self {
        let mut telemetry = Self {
            refusals: Refusals::default(),
            registry: Registry::with_prefix("walletscope"),
            calls: Family::default(),
            log_events: Family::default(),
            cuts: Family::default(),
            repeated: Counter::default(),
            delivery_tries: Family::default(),
            delivered_events: Family::default(),
            journal_bytes: Gauge::default(),
            journal_entries: Gauge::default(),
            applied: Gauge::default(),
            head: Gauge::default(),
            attempts: Gauge::default(),
            lake_hot_bytes: Gauge::default(),
            lake_purged_rows: Gauge::default(),
            lake_failing: Gauge::default(),
        };
        let registry = &mut telemetry.registry;
        registry.register("aws_calls", "AWS calls by operation and status", telemetry.calls.clone());
        registry.register("log_events", "Log events put, by outcome", telemetry.log_events.clone());
        registry.register("guard_cuts", "Card numbers cut, by source and field", telemetry.cuts.clone());
        registry.register("repeated_calls", "Retries answered from memory", telemetry.repeated.clone());
        let (tries, events) = (telemetry.delivery_tries.clone(), telemetry.delivered_events.clone());
        registry.register(
            "subscription_tries",
            "Deliveries of subscription filters tried, by outcome",
            tries,
        );
        registry.register("subscription_events", "Log events of subscription filters, by outcome", events);
        registry.register("journal_bytes", "Bytes in the journal", telemetry.journal_bytes.clone());
        registry.register("journal_entries", "Entries in the journal", telemetry.journal_entries.clone());
        registry.register("applied_offset", "Newest entry that views include", telemetry.applied.clone());
        registry.register("head_offset", "Newest entry of the journal", telemetry.head.clone());
        registry.register("attempts_known", "Attempts in the state", telemetry.attempts.clone());
        let (hot, failing) = (telemetry.lake_hot_bytes.clone(), telemetry.lake_failing.clone());
        registry.register("lake_hot_bytes", "Rows in memory that wait for the lake's files", hot);
        let (purged, help) =
            (telemetry.lake_purged_rows.clone(), "Expired and deleted log events taken out of files");
        registry.register("lake_purged_rows", help, purged);
        registry.register("lake_failing", "1 while a job of the lake fails", failing);
        telemetry
    }
}

impl Telemetry {
    /// Counts an answered AWS call.
    pub fn count_call(&self, service: &'static str, operation: &'static str, status: u16) {
        self.calls.get_or_create(&CallLabels { service, operation, status }).inc();
    }

    /// Counts the events of a PutLogEvents call.
    pub fn count_log_events(&self, accepted: usize, rejected: usize) {
        for (outcome, count) in [("accepted", accepted), ("rejected", rejected)] {
            self.log_events.get_or_create(&OutcomeLabels { outcome }).inc_by(count as u64);
        }
    }

    /// Counts card numbers that the guard cut from a field of a source.
    pub fn count_cuts(&self, source: &str, field: &'static str, cuts: u32) {
        if cuts > 0 {
            let labels = CutLabels { source: source.to_owned(), field };
            self.cuts.get_or_create(&labels).inc_by(u64::from(cuts));
        }
    }

    /// Counts a retry that was answered from memory.
    pub fn count_repeated(&self) {
        self.repeated.inc();
    }

    /// Counts a try of a delivery.
    pub fn count_delivery(&self, outcome: &'static str) {
        self.delivery_tries.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts log events that were delivered or put aside.
    pub fn count_delivered_events(&self, outcome: &'static str, count: u64) {
        self.delivered_events.get_or_create(&OutcomeLabels { outcome }).inc_by(count);
    }

    /// Everything in Prometheus (OpenMetrics) text.
    pub fn text(&self, levels: Levels) -> String {
        self.journal_bytes.set(levels.journal_bytes.cast_signed());
        self.journal_entries.set(levels.journal_entries.cast_signed());
        self.applied.set(levels.applied);
        self.head.set(levels.head);
        self.attempts.set(levels.attempts as i64);
        self.lake_hot_bytes.set(levels.lake_hot_bytes as i64);
        self.lake_purged_rows.set(levels.lake_purged_rows.cast_signed());
        self.lake_failing.set(i64::from(levels.lake_failing));
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _written = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}
