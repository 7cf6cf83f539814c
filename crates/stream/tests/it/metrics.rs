//! Where metric data are counted: tiers, days that are sealed, what goes by age, restarts.

use walletscope_model::{
    Batch, Body, Duration, MetricBatch, MetricDatum, MetricValue, Origin, Provenance, Timestamp,
};
use walletscope_stream::attempt_metrics::Measure;
use walletscope_stream::{Clock, Tier};

use crate::script::{DAY, run};
use crate::world::World;

const HOUR: i64 = 3_600;
const DAY_SECONDS: i64 = 24 * HOUR;

fn at(seconds: i64) -> Timestamp {
    Timestamp(DAY.0 + seconds * 1_000_000)
}

fn world() -> World {
    World::new(Clock { now: DAY, ..Clock::default() })
}

fn put(world: &mut World, now: i64, data: &[(i64, f64)], storage_resolution_seconds: u8) {
    let datum = |(seconds, value): &(i64, f64)| MetricDatum {
        namespace: "n".into(),
        name: "m".into(),
        dimensions: vec![],
        timestamp: at(*seconds),
        unit: None,
        storage_resolution_seconds,
        value: MetricValue::Values(vec![(*value, 1.0)]),
    };
    let body = Body::Metrics(MetricBatch { data: data.iter().map(datum).collect() });
    append(world, now, body);
}

fn append(world: &mut World, now: i64, body: Body) {
    let origin = Origin { account: "1".into(), region: "r".into(), source: "s".into(), tenant: "t".into() };
    world.append(Batch { appended_at: at(now), origin, invocation_id: "".into(), body });
}

/// Committed points of a tier that somebody put: seconds from the first day, count, sum.
fn points(world: &mut World, tier: Tier) -> Vec<(i64, f64, f64)> {
    world.commit();
    let disk = world.state.backing();
    let mut points = Vec::new();
    for (key, chunk) in disk.metric_chunks.iter().filter(|(key, _)| key.tier == tier) {
        if disk.metric_series[&key.series].0.provenance == Provenance::Put {
            for (slot, point) in &chunk.points {
                let start = key.start().plus(Duration::from_seconds(i64::from(*slot) * tier.seconds()));
                points.push((start.since(DAY).0 / 1_000_000, point.count, point.sum));
            }
        }
    }
    points
}

#[test]
fn a_day_is_sealed_hours_after_its_end_and_late_data_go_into_every_tier() {
    let mut world = world();
    put(&mut world, 10, &[(0, 1.0), (59, 2.0), (60, 4.0), (400, 8.0)], 60);
    assert_eq!(points(&mut world, Tier::Minute), [(0, 2.0, 3.0), (60, 1.0, 4.0), (360, 1.0, 8.0)]);
    assert_eq!(points(&mut world, Tier::Hour), []);
    put(&mut world, DAY_SECONDS + 16 * HOUR, &[(DAY_SECONDS + 16 * HOUR, 32.0)], 60);
    assert_eq!(points(&mut world, Tier::FiveMinutes), [(0, 3.0, 7.0), (300, 1.0, 8.0)]);
    assert_eq!(points(&mut world, Tier::Hour), [(0, 4.0, 15.0)]);
    world.restart();
    put(&mut world, DAY_SECONDS + 17 * HOUR, &[(61, 16.0)], 60);
    assert_eq!(points(&mut world, Tier::Minute)[1], (60, 2.0, 20.0));
    assert_eq!(points(&mut world, Tier::FiveMinutes)[0], (0, 4.0, 23.0));
    assert_eq!(points(&mut world, Tier::Hour), [(0, 5.0, 31.0)]);
}

#[test]
fn what_is_older_than_a_tier_keeps_goes() {
    let mut world = world();
    put(&mut world, 10, &[(0, 1.0)], 60);
    let counts = |world: &mut World, day: i64| {
        append(world, day * DAY_SECONDS + 18 * HOUR, Body::Tick);
        // One step seals a few days only.
        (1..=100).for_each(|second| append(world, day * DAY_SECONDS + 18 * HOUR + second, Body::Tick));
        [Tier::Minute, Tier::FiveMinutes, Tier::Hour].map(|tier| points(world, tier).len())
    };
    for (day, expected) in
        [(1, [1, 1, 1]), (15, [1, 1, 1]), (18, [0, 1, 1]), (64, [0, 1, 1]), (66, [0, 0, 1]), (457, [0, 0, 0])]
    {
        assert_eq!(counts(&mut world, day), expected, "day {day}");
    }
    append(&mut world, 460 * DAY_SECONDS, Body::Tick);
    world.commit();
    assert!(world.state.metric_series.index().is_empty(), "a series without points is none");
}

#[test]
fn history_goes_into_the_tiers_that_still_keep_it() {
    let mut world = world();
    put(
        &mut world,
        10,
        &[(-DAY_SECONDS, 1.0), (-20 * DAY_SECONDS, 1.0), (-70 * DAY_SECONDS, 1.0), (-500 * DAY_SECONDS, 1.0)],
        60,
    );
    let lengths = [Tier::Minute, Tier::FiveMinutes, Tier::Hour].map(|tier| points(&mut world, tier).len());
    assert_eq!(lengths, [1, 2, 3]);
}

#[test]
fn seconds_are_kept_for_three_hours_beside_the_minutes() {
    let mut world = world();
    put(&mut world, 10, &[(0, 1.0), (0, 1.0), (5, 1.0)], 1);
    assert_eq!(points(&mut world, Tier::Second), [(0, 2.0, 2.0), (5, 1.0, 1.0)]);
    assert_eq!(points(&mut world, Tier::Minute), [(0, 3.0, 3.0)]);
    append(&mut world, 3 * HOUR + 61, Body::Tick);
    assert_eq!(points(&mut world, Tier::Second), []);
    assert_eq!(points(&mut world, Tier::Minute), [(0, 3.0, 3.0)]);
}

/// [`World::verify`] holds the points of attempts against sums over their rows.
#[test]
fn a_dimension_that_is_told_late_moves_what_was_counted_without_it() {
    let mut input = String::new();
    for line in [
        "12:00:00 START c=c1",
        "12:00:02 SUCCESS c=c1 k=k1 processingTime=1.5",
        "12:00:01 DECISION c=c1 issuer=A wallet=ApplePay deviceCountry=DE",
        "12:00:03 START c=c2 wallet=ApplePay issuer=A",
        "12:00:04 FAILURE c=c2 reason=TSP_ERROR",
        "12:00:05 START c=c3 issuer=A",
        "12:00:06 FAILURE c=c3",
    ] {
        input += &format!("\n{line}");
        run(&input).verify();
        run(&input.replace('\n', "\ncommit\nrestart\n")).verify();
    }
}

#[test]
fn active_tokens_are_told_once_a_minute() {
    let mut world = run("12:00:00 START c=c1 wallet=ApplePay issuer=A
         12:00:02 SUCCESS c=c1 k=k1
         12:00:30 ACTIVATED k=k1
         commit
         tick 12:01
         tick 12:02");
    world.commit();
    let disk = world.state.backing();
    let gauges: Vec<_> = disk
        .metric_chunks
        .iter()
        .filter(|(key, _)| key.tier == Tier::Minute)
        .filter(|(key, _)| *disk.metric_series[&key.series].0.name == *Measure::ActiveTokens.name())
        .map(|(key, chunk)| {
            let dimensions = disk.metric_series[&key.series].0.dimensions.len();
            (dimensions, chunk.points.iter().map(|(slot, point)| (*slot, point.sum)).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(gauges.len(), 4, "all, wallet, issuer, both");
    assert!(gauges.iter().all(|(_, points)| *points == [(0, 1.0), (1, 1.0)]), "{gauges:?}");
}
