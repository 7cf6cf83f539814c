//! Does the order of arrival matter? It must not.
//!
//! Each seed makes one set of records over a few ids: attempts with every kind of id, shared request ids, chains of
//! aliases, duplicates, retries and conflicts, told by log events, spans and audit events. The set then arrives in several orders, split over batches, with
//! commits, restarts, ticks, gaps and ends of backfill in between. When all is quiet, everything that does not tell
//! of arrival must be equal.

use walletscope_model::{AuditEvent, Batch, Body, Duration, Gap, LogBatch, LogEvent, Span, Timestamp};
use walletscope_stream::{Clock, Rules};

use crate::script::{DAY, batch, event_name, tokens};
use crate::world::World;

const SEEDS: u64 = 4_000;
const ORDERS: usize = 3;

/// One record of any signal.
#[derive(Clone, Debug)]
enum Record {
    Log(LogEvent),
    Span(Span),
    Audit(AuditEvent),
}

#[test]
fn any_order_of_arrival_ends_in_equal_attempts_tokens_and_windows() {
    for seed in 0..SEEDS {
        check(seed);
    }
}

fn check(seed: u64) {
    let mut chance = Chance(seed);
    let records = records(&mut chance);
    let mut first = None;
    for order in 0..ORDERS {
        let mut arriving = records.clone();
        let duplicates = chance.below(4);
        arriving.extend((0..duplicates).map(|_| records[chance.below(records.len())].clone()));
        if order > 0 {
            chance.shuffle(&mut arriving);
        }
        let found = outcome(&mut chance, &arriving, order == 0);
        let first = first.get_or_insert_with(|| found.clone());
        if *first != found {
            panic!("seed {seed}, order {order}: {}", difference(first, &found, &records));
        }
    }
}

/// Lets the records arrive and says how everything stands: soon after, and when all waits are over.
fn outcome(chance: &mut Chance, arriving: &[Record], is_plain: bool) -> Vec<String> {
    const HOUR: Duration = Duration::from_seconds(3_600);
    const TWO_MONTHS: Duration = Duration::from_seconds(60 * 86_400);
    let rules = Rules { evict_after: Duration::from_seconds(3_650 * 86_400), ..Rules::default() };
    let mut world = World::new(Clock { now: DAY, rules, ..Clock::default() });
    let mut rest = arriving;
    while !rest.is_empty() {
        let (now, next) = rest.split_at(if is_plain { 1 } else { 1 + chance.below(rest.len()) });
        rest = next;
        let source = ["key", "door", "import"][chance.below(3)];
        let at = world.now().plus(Duration(chance.below(20 * 60) as i64 * 1_000_000));
        for body in bodies(now) {
            world.append(batch(at, source, "bank", body));
        }
        if !is_plain {
            disturb(chance, &mut world);
        }
    }
    let soon = world.now().plus(HOUR);
    world.append(tick(soon));
    world.verify();
    world.append(tick(soon.plus(TWO_MONTHS)));
    let windows = world.verify();
    let mut found: Vec<String> = windows.lines().map(str::to_owned).collect();
    found.extend(tokens(&world));
    let keys: Vec<_> = world.state.backing().rows.values().map(|row| row.key).collect();
    found.extend(keys.into_iter().map(|key| {
        let mut attempt = world.attempt(key);
        (attempt.first_arrival, attempt.last_arrival) = Default::default();
        // The source is drawn anew for each order.
        attempt.came_from.source = None;
        format!("{attempt:?}")
    }));
    found.sort();
    found
}

/// One call for each signal among these records, in the order in which the signals first come.
fn bodies(records: &[Record]) -> Vec<Body> {
    let mut bodies: Vec<Body> = Vec::new();
    for record in records {
        let place = bodies.iter().position(|body| {
            matches!(
                (body, record),
                (Body::Logs(_), Record::Log(_))
                    | (Body::Spans(_), Record::Span(_))
                    | (Body::Audit(_), Record::Audit(_))
            )
        });
        let place = place.unwrap_or_else(|| {
            bodies.push(match record {
                Record::Log(_) => {
                    Body::Logs(LogBatch { group: "g".into(), stream: "s".into(), events: vec![] })
                }
                Record::Span(_) => Body::Spans(vec![]),
                Record::Audit(_) => Body::Audit(vec![]),
            });
            bodies.len() - 1
        });
        match (&mut bodies[place], record) {
            (Body::Logs(logs), Record::Log(event)) => logs.events.push(event.clone()),
            (Body::Spans(spans), Record::Span(span)) => spans.push(span.clone()),
            (Body::Audit(events), Record::Audit(event)) => events.push(event.clone()),
            _ => unreachable!("a body of the record's signal"),
        }
    }
    bodies
}

/// What happens between two batches.
fn disturb(chance: &mut Chance, world: &mut World) {
    let now = world.now();
    match chance.below(10) {
        0 => world.restart(),
        1 | 2 => world.commit(),
        3 => {
            world.commit();
            world.restart();
        }
        4 => drop(world.append(tick(now.plus(Duration::from_seconds(16 * 60))))),
        5 => {
            let to = now.plus(Duration::from_seconds(600));
            world.append(batch(to, "", "", Body::Gap(Gap { from: now, to })));
        }
        6 => drop(world.append(batch(now, "import", "bank", Body::BackfillEnd))),
        _ => {}
    }
}

fn tick(at: Timestamp) -> Batch {
    batch(at, "", "", Body::Tick)
}

/// Between 3 and 16 records over two correlation ids, four request ids, three traces and two tokens.
fn records(chance: &mut Chance) -> Vec<Record> {
    const EVENTS: [&str; 20] = [
        "START",
        "START",
        "START",
        "ELIGIBLE",
        "DECISION",
        "STEP_UP_SENT",
        "STEP_UP_VERIFIED",
        "CREATED",
        "SUCCESS",
        "SUCCESS",
        "SUCCESS",
        "FAILURE",
        "FAILURE",
        "ABANDONED",
        "ACTIVATED",
        "FIRST_TAP",
        "SUSPENDED",
        "RESUMED",
        "DELETED",
        "CACHE_MISS",
    ];
    let mut records: Vec<Record> = Vec::new();
    for _ in 0..3 + chance.below(14) {
        let mut ids = Vec::new();
        // Records often carry few ids, so that chains arise.
        for (name, values, odds) in
            [("correlationId", 2, 3), ("requestId", 4, 2), ("traceId", 3, 3), ("tokenReferenceId", 2, 4)]
        {
            if chance.below(odds) == 0 {
                ids.push((name, format!("{}{}", &name[..1], chance.below(values))));
            }
        }
        if chance.below(8) == 0 {
            ids.push(("requestId", "-".into()));
        }
        let timestamp = DAY.plus(Duration(chance.below(12) as i64 * 60_000_000));
        let record = match chance.below(6) {
            0 => Record::Span(span(timestamp, &ids)),
            1 => Record::Audit(audit_event(chance, timestamp, &ids)),
            _ => {
                let event = EVENTS[chance.below(EVENTS.len())];
                let message = message(chance, event, &ids);
                Record::Log(LogEvent { timestamp, message: message.into(), guarded: false })
            }
        };
        records.push(record);
    }
    records
}

fn span(timestamp: Timestamp, ids: &[(&str, String)]) -> Span {
    Span {
        timestamp,
        trace_id: id(ids, "traceId").unwrap_or("-".into()),
        name: "GetItem".into(),
        correlation_id: id(ids, "correlationId"),
        request_id: id(ids, "requestId"),
        token_reference_id: id(ids, "tokenReferenceId"),
        ..Span::default()
    }
}

fn audit_event(chance: &mut Chance, timestamp: Timestamp, ids: &[(&str, String)]) -> AuditEvent {
    let status = [None, Some("SUCCESS"), Some("FAILED")][chance.below(3)];
    let error_code = [None, None, Some("Timeout")][chance.below(3)];
    AuditEvent {
        timestamp,
        event_name: "ProvisionToken".into(),
        correlation_id: id(ids, "correlationId"),
        request_id: id(ids, "requestId"),
        token_reference_id: id(ids, "tokenReferenceId"),
        status: status.map(Into::into),
        error_code: error_code.map(Into::into),
        ..AuditEvent::default()
    }
}

fn id(ids: &[(&str, String)], wanted: &str) -> Option<Box<str>> {
    ids.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str().into())
}

fn message(chance: &mut Chance, event: &str, ids: &[(&str, String)]) -> String {
    if chance.below(12) == 0 {
        let request = chance.below(4);
        return format!("REPORT RequestId: r{request}\tStatus: timeout");
    }
    let mut message = format!("{{\"event\":\"{}\"", event_name(event));
    for (name, value) in ids {
        message += &format!(",\"{name}\":\"{value}\"");
    }
    for (name, values) in [
        ("walletProvider", &["ApplePay", "GooglePay"][..]),
        ("issuer", &["A", "B"][..]),
        ("finalDecision", &["GREEN", "YELLOW"][..]),
        ("reasonCode", &["TSP_ERROR", "CVC_MISMATCH", "IDV_ABANDONED"][..]),
        ("processingTime", &["1.5", "2"][..]),
    ] {
        if chance.below(3) == 0 {
            message += &format!(",\"{name}\":\"{}\"", values[chance.below(values.len())]);
        }
    }
    message + "}"
}

fn difference(first: &[String], other: &[String], records: &[Record]) -> String {
    let only = |mark: char, these: &[String], those: &[String]| -> String {
        let facts = |lines: &[String]| -> Vec<String> { lines.iter().flat_map(|line| facts(line)).collect() };
        let those = facts(those);
        facts(these)
            .iter()
            .filter(|fact| !those.contains(fact))
            .map(|fact| format!("{mark} {fact}\n"))
            .collect()
    };
    let records: String = records.iter().map(|record| format!("{record:?}\n")).collect();
    format!("\n{}{}of\n{records}", only('-', first, other), only('+', other, first))
}

/// The facts of an attempt one by one, each behind the attempt's id; of other lines, the line.
fn facts(line: &str) -> Vec<String> {
    let Some((id, rest)) = line.split_once(" }, ") else { return vec![line.to_owned()] };
    let id = id.rsplit(' ').next().unwrap_or(id);
    rest.split(", ").map(|fact| format!("{id} {fact}")).collect()
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): the same numbers for the same seed everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
