//! How long does a question over two million attempts take?
//!
//! `cargo run -p walletscope-server --example fold_rate [ROWS]` folds synthetic rows of 30 days the ways the API does
//! and prints the median of five runs of each.

use std::hint::black_box;
use std::time::Instant;

use walletscope_model::{Duration, Outcome, Reason, Timestamp};
use walletscope_series::{Buckets, Range};
use walletscope_server::view::filter::Filter;
use walletscope_server::view::lists::{Order, newest};
use walletscope_server::view::measures::{counts, grouped, pending_age_seconds, series, total};
use walletscope_server::view::{Rows, Table};
use walletscope_stream::{Flags, NodeKey, Row, StageTimes};

const ROWS_DEFAULT: u64 = 2_000_000;
const RUNS: usize = 5;
const DAY_MICROS: u64 = 86_400_000_000;
const RANGE: Range = Range { from: Timestamp(0), to: Timestamp(30 * DAY_MICROS as i64) };

fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(ROWS_DEFAULT);
    let rows = rows(count);
    let all = Filter::all(1, RANGE);
    let mut narrow = all.clone();
    narrow.network.admitted = vec![1, 2];
    narrow.country.refused = vec![3];
    let buckets = Buckets::choose(RANGE, 300, RANGE.from);
    println!("{count} rows");
    report("total", || total(&rows, &all).counts.len());
    report("total, filtered", || total(&rows, &narrow).counts.len());
    report("series of 300", || series(&rows, &all, buckets).len());
    report("series of 10,000", || series(&rows, &all, Buckets::choose(RANGE, 10_000, RANGE.from)).len());
    let hour = |at: Timestamp| (at.seconds() / 3_600 % 24) as usize;
    report("counts by hour", || counts(&rows, &all, 24, hour).len());
    report("grouped by issuer", || grouped(&rows, &all, |row| u32::from(row.issuer)).len());
    report("newest 50", || newest(&rows, &all, Order::Started, None, 50).places.len());
    report("pending age", || pending_age_seconds(&rows, &all, RANGE.to).map_or(0, |age| age.1 as usize));
}

fn report(name: &str, mut fold: impl FnMut() -> usize) {
    let mut times: Vec<_> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            black_box(fold());
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("{name:20} {:4} ms", times[RUNS / 2].as_millis());
}

fn rows(count: u64) -> Rows {
    let mut table = Table::default();
    for number in 0..count {
        table.change(None, Some(&row(number, count)));
    }
    table.publish()
}

/// A multiplicative hash spreads the columns without a generator of random numbers.
fn row(number: u64, count: u64) -> Row {
    let chance = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let part = |shift: u32, below: u64| ((chance >> shift) % below) as u16;
    let started_at = Timestamp((number * (30 * DAY_MICROS / count)) as i64);
    let outcome = match part(8, 100) {
        0..92 => Outcome::Success,
        92..97 => Outcome::Failed,
        97..99 => Outcome::Abandoned,
        _ => Outcome::Pending,
    };
    let processing_time = Duration(200_000 + (chance >> 40) as i64 % 4_000_000);
    let mut key = [0; 16];
    key[..8].copy_from_slice(&chance.to_le_bytes());
    Row {
        key: NodeKey(key),
        started_at,
        ended_at: (outcome != Outcome::Pending).then(|| started_at.plus(processing_time)),
        waits_since: None,
        activated_at: (outcome == Outcome::Success).then(|| started_at.plus(Duration(5_000_000))),
        first_arrival: started_at,
        processing_time: Some(processing_time),
        cardholder_wait: Duration(0),
        tenant: 1,
        wallet: 1 + part(12, 5),
        issuer: 1 + part(16, 40),
        network: 1 + part(20, 4),
        device: 1 + part(24, 200),
        country: 1 + part(28, 60),
        channel: 1 + part(32, 4),
        reason_code: 0,
        vendor: 0,
        bin: 424_242,
        last_four: Some(part(36, 10_000)),
        outcome,
        stages: StageTimes::default(),
        reason: (outcome == Outcome::Failed).then_some(Reason::IssuerTimeout),
        decision: None,
        tries: 1,
        flags: Flags { settled: true, decided: true, ..Flags::default() },
    }
}
