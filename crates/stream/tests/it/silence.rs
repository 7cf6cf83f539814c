//! For how long each source is silent, as a metric: one datum a minute, whatever comes and whenever the product is killed.

use walletscope_model::{Batch, Body, Gap, LogBatch, LogEvent, MetricValue, Origin, Provenance, Timestamp};
use walletscope_stream::source::silence::MINUTES_TOLD_MAX;
use walletscope_stream::{Clock, Effect};

use crate::script::DAY;
use crate::world::World;

fn at(seconds: i64) -> Timestamp {
    Timestamp(DAY.0 + seconds * 1_000_000)
}

fn world() -> World {
    World::new(Clock { now: DAY, ..Clock::default() })
}

/// Points as lines: minute, source, seconds.
fn append(world: &mut World, seconds: i64, source: &str, body: Body) -> Vec<String> {
    let origin = Origin { source: source.into(), tenant: "acme".into(), ..Origin::own() };
    let entry = Batch { appended_at: at(seconds), origin, invocation_id: "".into(), body };
    let mut lines = Vec::new();
    for effect in world.append(entry) {
        let Effect::Derived(data) = effect else { continue };
        for derived in data.iter().filter(|derived| derived.provenance == Provenance::Source) {
            let datum = &derived.datum;
            let MetricValue::Values(values) = &datum.value else { panic!("{datum:?}") };
            let origin = derived.origin.as_ref().expect("its source's");
            assert_eq!((&*origin.tenant, &*datum.dimensions[0].1), ("acme", &*origin.source));
            assert_eq!((&*datum.namespace, &*datum.name), ("Walletscope/Sources", "SecondsSinceLastEvent"));
            let minute = datum.timestamp.since(DAY).0 / 1_000_000;
            lines.push(format!("{minute} {} {}", origin.source, values[0].0));
        }
    }
    lines
}

fn log(world: &mut World, seconds: i64, source: &str) -> Vec<String> {
    let event = LogEvent { timestamp: at(seconds), message: "fine".into(), guarded: false };
    let body = Body::Logs(LogBatch { group: "/g".into(), stream: "s".into(), events: vec![event] });
    append(world, seconds, source, body)
}

fn tick(world: &mut World, seconds: i64) -> Vec<String> {
    append(world, seconds, "walletscope", Body::Tick)
}

#[test]
fn every_source_has_one_point_a_minute_with_traffic_and_without() {
    let mut world = world();
    assert_eq!((tick(&mut world, 5), world.state.next_due()), (vec![], None), "nobody yet");
    assert_eq!(log(&mut world, 10, "a"), [""; 0]);
    assert_eq!(world.state.next_due(), Some(at(60)));
    assert_eq!(log(&mut world, 59, "b"), [""; 0]);
    // The entry that tells that the minute is over is of the next one.
    assert_eq!(log(&mut world, 70, "a"), ["0 a 50", "0 b 1"]);
    assert_eq!((tick(&mut world, 119), world.state.next_due()), (vec![], Some(at(120))));
    assert_eq!(tick(&mut world, 120), ["60 a 50", "60 b 61"]);
    assert_eq!(tick(&mut world, 120), [""; 0]);
    let four_minutes = tick(&mut world, 359);
    assert_eq!((four_minutes.len(), &*four_minutes[5]), (6, "240 b 241"), "late, and every minute");
}

#[test]
fn a_kill_repeats_no_point_and_loses_none() {
    let mut world = world();
    log(&mut world, 10, "a");
    world.commit();
    assert_eq!(tick(&mut world, 60), ["0 a 50"]);
    world.restart();
    assert_eq!(tick(&mut world, 61), [""; 0], "told by the entry that is replayed");
    assert_eq!(tick(&mut world, 120), ["60 a 110"]);
    world.commit();
    world.restart();
    assert_eq!(world.state.next_due(), Some(at(180)));
    assert_eq!(tick(&mut world, 180), ["120 a 170"]);
}

#[test]
fn while_the_product_stands_still_no_silence_grows_and_nothing_is_told() {
    let mut world = world();
    log(&mut world, 10, "a");
    let gap = Body::Gap(Gap { from: at(30), to: at(430) });
    assert_eq!(append(&mut world, 430, "walletscope", gap), [""; 0]);
    assert_eq!(tick(&mut world, 480), ["420 a 70"]);
    let behind = 480 + 60 * (MINUTES_TOLD_MAX + 1);
    assert_eq!(tick(&mut world, behind), [""; 0], "nobody watched these minutes");
    assert_eq!(tick(&mut world, behind + 60).len(), 1);
}

#[test]
fn a_source_that_does_not_come_back_is_told_for_two_weeks() {
    const DAYS: i64 = 14 * 86_400;
    let mut world = world();
    log(&mut world, 0, "a");
    tick(&mut world, DAYS - 60);
    assert_eq!(tick(&mut world, DAYS), [format!("{} a {DAYS}", DAYS - 60)]);
    assert_eq!(world.state.next_due(), None, "the product may sleep");
    assert_eq!(tick(&mut world, DAYS + 60), [""; 0]);
    log(&mut world, DAYS + 90, "b");
    assert_eq!(tick(&mut world, DAYS + 120), [format!("{} b 30", DAYS + 60)]);
    log(&mut world, DAYS + 130, "a");
    assert_eq!(tick(&mut world, DAYS + 180).len(), 2, "it came again");
}
