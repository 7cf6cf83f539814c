//! What happened, who tells it, and in which calls?
//!
//! A [`History`] is a set of records and the commands around them. [`History::calls`] tells it: in the order of time
//! and one record a call, or shuffled, doubled and cut at random. However it is told, the set of records is the same,
//! so by the join's law the attempts must be.

use rand::Rng;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use walletscope_model::{
    Body, Command, Duration, LogBatch, LogEvent, MetricBatch, MetricDatum, MetricValue, Origin, Rules,
    Timestamp,
};
use walletscope_stream::node::REQUEST_IDS_MAX;

use crate::scene::{self, Pools};

/// 2026-11-22T12:00:00Z: about when every history begins.
pub const BEGIN: Timestamp = Timestamp::from_seconds(1_795_348_800);

/// A door that records come through.
pub struct Source {
    /// Its access key's name.
    pub name: &'static str,
    /// Whose data it brings.
    pub tenant: &'static str,
}

/// The doors of every history.
pub const SOURCES: [Source; 3] = [
    Source { name: "key-1", tenant: "bank" },
    Source { name: "import", tenant: "bank" },
    Source { name: "key-2", tenant: "other" },
];

/// One log event and the door it comes through, by number in [`SOURCES`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Record {
    pub source: usize,
    pub event: LogEvent,
}

/// Everything that a run is told.
#[derive(Clone, Debug)]
pub struct History {
    /// The set of records, by time.
    pub records: Vec<Record>,
    /// Whether source `import` says that its history is complete.
    pub ends_backfill: bool,
    /// Rules that are set at some time.
    pub rules: Vec<Rules>,
}

/// One client call.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Call {
    pub source: usize,
    pub body: Body,
}

/// How a history is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// In the order of time, one record a call.
    Plain,
    /// In any order, some records twice, any number a call.
    Shuffled,
}

impl History {
    /// The history of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let pool = |name: &str, count| (0..count).map(|number| format!("{name}-{number}")).collect();
        let pools = Pools {
            requests: pool("shared-req", rng.random_range(1..4)),
            traces: pool("shared-trace", rng.random_range(1..4)),
            tokens: pool("shared-token", rng.random_range(1..3)),
        };
        let mut records = Vec::new();
        for number in 0..rng.random_range(2..8) {
            let begin = BEGIN.plus(Duration(rng.random_range(-3_600_000_000..3_600_000_000)));
            // Most clocks tell milliseconds; an instant that several events share is no rarity.
            let begin = Timestamp::from_millis(begin.millis());
            records.extend(scene::records(&mut rng, &pools, number, begin));
        }
        records.sort_by(|left, right| order(left).cmp(&order(right)));
        records.dedup_by(|left, right| order(left) == order(right));
        Self { records, ends_backfill: rng.random_bool(0.3), rules: vec![] }
    }

    /// The same history with what the law of order does not hold for: rules that change on the way, and an attempt
    /// with more request ids than one may have.
    pub fn beyond_the_law(&self) -> Self {
        let crowd = (0..REQUEST_IDS_MAX as i64 + 6).map(|number| {
            let message = format!(
                r#"{{"event":"TOKEN_PROVISION_START","correlationId":"crowd","requestId":"crowd-{number}"}}"#
            );
            let timestamp = BEGIN.plus(Duration::from_seconds(number));
            Record { source: 0, event: LogEvent { timestamp, message: message.into(), guarded: false } }
        });
        let brief = Rules {
            abandon_after: Duration::from_seconds(60),
            step_up_mark_after: Duration::from_seconds(3_600),
            step_up_abandon_after: Duration::from_seconds(2 * 86_400),
            settle_after: Duration::from_seconds(5 * 60),
            placeholders: vec!["shared-req-0".into(), "shared-trace-0".into()],
            ..Rules::default()
        };
        let records = self.records.iter().cloned().chain(crowd).collect();
        Self { records, ends_backfill: self.ends_backfill, rules: vec![brief, Rules::default()] }
    }

    /// The calls that tell it.
    pub fn calls(&self, telling: Telling, rng: &mut ChaCha8Rng) -> Vec<Call> {
        let mut calls = match telling {
            Telling::Plain => self.records.iter().map(|record| call(record.source, [record])).collect(),
            Telling::Shuffled => self.shuffled(rng),
        };
        for (source, body) in self.others() {
            let place = match telling {
                Telling::Plain => calls.len(),
                Telling::Shuffled => rng.random_range(0..=calls.len()),
            };
            calls.insert(place, Call { source, body });
        }
        calls
    }

    fn shuffled(&self, rng: &mut ChaCha8Rng) -> Vec<Call> {
        let mut told: Vec<&Record> = self.records.iter().collect();
        for record in &self.records {
            if rng.random_bool(0.15) {
                told.push(record);
            }
        }
        match rng.random_range(0..4) {
            0 => told.reverse(),
            1 => {
                told.sort_by_cached_key(|record| record.event.timestamp.0 + rng.random_range(0..600_000_000))
            }
            _ => told.shuffle(rng),
        }
        let mut calls = Vec::new();
        let mut rest = told.as_slice();
        while !rest.is_empty() {
            let count = rng.random_range(1..=6.min(rest.len()));
            let (group, after) = rest.split_at(count);
            for source in 0..SOURCES.len() {
                let of_source: Vec<&Record> =
                    group.iter().copied().filter(|record| record.source == source).collect();
                if !of_source.is_empty() {
                    calls.push(call(source, of_source));
                }
            }
            rest = after;
        }
        calls
    }

    /// Calls that tell nothing about attempts, and the end of the backfill.
    fn others(&self) -> Vec<(usize, Body)> {
        let group = |name: &str| Command::CreateLogGroup {
            name: name.into(),
            retention_days: Some(7),
            tags: vec![("team".into(), "tokens".into())],
        };
        let datum = MetricDatum {
            namespace: "Provisioning".into(),
            name: "Latency".into(),
            dimensions: vec![],
            timestamp: BEGIN,
            unit: None,
            storage_resolution_seconds: 60,
            value: MetricValue::Values(vec![(1.5, 2.0)]),
        };
        let mut bodies = vec![
            (0, Body::Command(group(GROUP))),
            (0, Body::Command(group(GROUP))),
            (2, Body::Command(group("gone"))),
            (0, Body::Command(Command::CreateLogStream { group: GROUP.into(), name: STREAM.into() })),
            (2, Body::Command(Command::DeleteLogGroup { name: "gone".into() })),
            (0, Body::Metrics(MetricBatch { data: vec![datum] })),
        ];
        if self.ends_backfill {
            bodies.push((1, Body::BackfillEnd));
        }
        let rules = self.rules.iter().map(|rules| (0, Body::Command(Command::SetRules(rules.clone()))));
        bodies.extend(rules);
        bodies
    }
}

impl Call {
    /// Where it comes from.
    pub fn origin(&self) -> Origin {
        let source = &SOURCES[self.source];
        Origin {
            account: "123456789012".into(),
            region: "eu-central-1".into(),
            source: source.name.into(),
            tenant: source.tenant.into(),
        }
    }
}

const GROUP: &str = "/aws/lambda/provisioning";
const STREAM: &str = "2026/11/22/[$LATEST]";

fn call<'a>(source: usize, records: impl IntoIterator<Item = &'a Record>) -> Call {
    let events = records.into_iter().map(|record| record.event.clone()).collect();
    Call { source, body: Body::Logs(LogBatch { group: GROUP.into(), stream: STREAM.into(), events }) }
}

/// Records that are equal in this are one to the join: the door does not matter, the tenant does.
fn order(record: &Record) -> (Timestamp, &str, &str) {
    (record.event.timestamp, SOURCES[record.source].tenant, &record.event.message)
}
