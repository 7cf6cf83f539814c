//! What is counted of a source, and when it is forgotten.

use super::*;
use crate::interpret::interpret;
use walletscope_model::{LogBatch, Origin};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_305_600 + seconds)
}

const ALL: [Count; Count::COUNT] = [
    Count::LogEvents,
    Count::ContractEvents,
    Count::WithoutId,
    Count::WithoutCorrelationId,
    Count::WithoutDimensions,
    Count::Guarded,
    Count::Late,
    Count::Ahead,
    Count::UnknownBeyond,
    Count::EmfDocuments,
    Count::EmfFaulty,
    Count::SecondsForMillis,
];

fn brought(sources: &mut Sources, source: &str, now: Timestamp, events: &[(i64, &str)]) {
    let events: Vec<LogEvent> = events
        .iter()
        .map(|(seconds, message)| LogEvent {
            timestamp: at(*seconds),
            message: (*message).into(),
            guarded: message.contains("***"),
        })
        .collect();
    let origin = Origin { source: source.into(), ..Origin::own() };
    let body = Body::Logs(LogBatch { group: "/g".into(), stream: "s".into(), events: events.clone() });
    sources.note(&Batch { appended_at: now, origin, invocation_id: "".into(), body }, now);
    for event in &events {
        if let Some(emf) = crate::emf::read(&event.message) {
            sources.note_emf(source, &emf, now);
        }
        sources.note_event(source, event, &interpret(&event.message, &[]), now);
    }
}

#[test]
fn what_a_source_brings_is_counted() {
    let mut sources = Sources::default();
    brought(
        &mut sources,
        "gateway",
        at(100),
        &[
            (
                100,
                r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1","walletProvider":"ApplePay","issuer":"A"}"#,
            ),
            (100, r#"{"event":"TOKEN_PROVISION_START","correlationId":"c2","walletProvider":"apple_pay"}"#),
            (100, r#"{"event":"TOKEN_PROVISION_SUCCESS"}"#),
            (100, r#"{"event":"TOKEN_MADE","requestId":"r1"}"#),
            (100, "a line of text ***"),
            (100, r#"{"event":"TOKEN_ACTIVATED","tokenReferenceId":"t1"}"#),
            (100, r#"{"event":"TOKEN_SUSPENDED","tokenReferenceId":"t1"}"#),
        ],
    );
    brought(&mut sources, "gateway", at(1_500), &[(100, "late"), (1_600, "ahead")]);
    let (name, stats) = sources.iter().next().unwrap();
    assert_eq!((name, stats.log_events), ("gateway", 9));
    let counts = |now| ALL.map(|what| stats.count(what, now));
    assert_eq!(counts(at(1_500)), [9, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
    let unknown: Vec<_> =
        stats.unknown_events.iter().map(|(name, tally)| (&**name, tally.total(at(1_500)))).collect();
    assert_eq!(unknown, [("TOKEN_MADE", 1)]);
    let drift =
        Drift { field: Field::Wallet, spellings: vec![("ApplePay", 1), ("apple_pay", 1)], last_at: at(100) };
    assert_eq!(stats.drift(at(1_500)), [drift]);
    assert_eq!(stats.per_minute(at(1_500)), 9.0 / 25.0);
    let clock = Clock::default();
    assert!(!stats.is_silent(at(2_099), &clock) && stats.is_silent(at(2_100), &clock));
    let gap = walletscope_model::Gap { from: at(1_600), to: at(2_000) };
    let clock = Clock { gaps: vec![gap], ..clock };
    assert!(!stats.is_silent(at(2_499), &clock) && stats.is_silent(at(2_500), &clock), "nobody listened");
    assert_eq!(sources.take_changes().len(), 1);
    assert_eq!(sources.take_changes().len(), 0);
}

#[test]
fn names_and_spellings_have_a_bound() {
    let mut sources = Sources::default();
    for number in 0..200 {
        let unknown = format!(r#"{{"event":"E{number}"}}"#);
        let spelled = format!(r#"{{"event":"TOKEN_PROVISION_START","issuer":"B{number}"}}"#);
        brought(&mut sources, "s", at(number * 60), &[(0, &unknown), (0, &spelled)]);
    }
    let (_, stats) = sources.iter().next().unwrap();
    assert_eq!(stats.unknown_events.len(), UNKNOWN_EVENTS_MAX);
    assert_eq!(stats.count(Count::UnknownBeyond, at(199 * 60)), 200 - UNKNOWN_EVENTS_MAX as u64);
    assert_eq!((stats.spellings[&Field::Issuer].len(), stats.minutes.len()), (SPELLINGS_MAX, MINUTES));
    assert_eq!(stats.per_minute(at(199 * 60)), 2.0);
}

#[test]
fn what_was_mended_is_forgotten_after_a_day() {
    const DAY: i64 = 24 * 3_600;
    let mut sources = Sources::default();
    let wrong = [
        (0, r#"{"event":"TOKEN_PROVISION_START","walletProvider":"ApplePay"}"#),
        (0, r#"{"event":"TOKEN_MADE"} ***"#),
        (0, r#"{"event":"TOKEN_MADE","walletProvider":"***"}"#),
    ];
    let right =
        r#"{"event":"TOKEN_PROVISION_START","correlationId":"c","walletProvider":"apple_pay","issuer":"A"}"#;
    brought(&mut sources, "s", at(0), &wrong);
    brought(&mut sources, "s", at(DAY - 3_600), &[(DAY - 3_600, right)]);
    let lately = |sources: &Sources, now| {
        let (_, stats) = sources.iter().next().unwrap();
        (ALL.map(|what| stats.count(what, now)), stats.drift(now).len())
    };
    assert_eq!(lately(&sources, at(DAY - 3_600)), ([4, 2, 1, 1, 1, 2, 0, 0, 0, 0, 0, 0], 1));
    // Reading alone forgets: a source that is silent keeps no hint either.
    assert_eq!(lately(&sources, at(DAY)), ([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0));
    brought(&mut sources, "s", at(DAY), &[(DAY, right)]);
    assert_eq!(lately(&sources, at(DAY)), ([2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0));
    let (_, stats) = sources.iter().next().unwrap();
    assert_eq!(stats.log_events, 5, "what came is counted for ever");
}

#[test]
fn drift_was_last_when_another_spelling_than_the_newest_came() {
    let mut sources = Sources::default();
    for (seconds, issuer) in [(0, "A_B"), (60, "ab"), (120, "A_B"), (180, "a-b"), (240, "A_B")] {
        let event = format!(r#"{{"event":"TOKEN_PROVISION_START","issuer":"{issuer}"}}"#);
        brought(&mut sources, "s", at(seconds), &[(seconds, &event)]);
    }
    let (_, stats) = sources.iter().next().unwrap();
    let [drift] = &stats.drift(at(300))[..] else { panic!("one word") };
    assert_eq!((drift.last_at, &drift.spellings[..]), (at(180), &[("A_B", 3), ("a-b", 1), ("ab", 1)][..]));
}

#[test]
fn problems_of_embedded_metrics_are_counted_by_kind_with_an_example_of_each() {
    let document = |unit: &str, metric: &str| {
        format!(
            r#"{{"_aws":{{"Timestamp":1795305600000,"CloudWatchMetrics":[{{"Namespace":"N","Dimensions":[[]],"Metrics":[{{"Name":"{metric}","Unit":"{unit}"}},{{"Name":"Gone"}}]}}]}},"{metric}":4}}"#
        )
    };
    let mut sources = Sources::default();
    brought(&mut sources, "s", at(0), &[(0, &document("ms", "Latency")), (0, &document("Seconds", "Other"))]);
    brought(&mut sources, "s", at(60), &[(60, &document("s", "Second"))]);
    let seconds = r#"{"_aws":{"Timestamp":1795305600,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"A"}]}]},"A":4}"#;
    brought(&mut sources, "s", at(3_700), &[(3_700, seconds)]);
    let examples = |sources: &Sources, now| -> Vec<(u64, String)> {
        let (_, stats) = sources.iter().next().unwrap();
        stats.emf_problems.values().map(|each| (each.tally.total(now), each.example.to_string())).collect()
    };
    let unit = |count, name: &str| {
        (
            count,
            format!("_aws.CloudWatchMetrics[0].Metrics[0]: the unit is none of CloudWatch's (\"{name}\")"),
        )
    };
    let missing =
        "_aws.CloudWatchMetrics[0].Metrics[1]: the root has no member of the metric's name (\"Gone\")";
    assert_eq!(examples(&sources, at(3_700)), [unit(2, "Latency"), (3, missing.to_owned())]);
    let (_, stats) = sources.iter().next().unwrap();
    let counts = [Count::EmfDocuments, Count::EmfFaulty, Count::SecondsForMillis];
    assert_eq!(counts.map(|what| stats.count(what, at(3_700))), [4, 3, 1]);
    // An example is of the newest hour.
    brought(&mut sources, "s", at(7_300), &[(7_300, &document("kg", "Weight"))]);
    assert_eq!(examples(&sources, at(7_300))[0], unit(3, "Weight"));
}

#[test]
fn the_times_that_messages_tell_are_held_against_their_events() {
    let mut sources = Sources::default();
    let noon = at(0).rfc3339();
    let in_utc = format!(r#"{{"timestamp":"{noon}","time":17}}"#);
    let local = r#"{"level":"INFO","time":"2026-11-22T02:00:00"}"#;
    let lines = [
        (0, &*in_utc),
        (7_200, &in_utc),
        (0, local),
        (0, r#"{"ts":1795305600.25}"#),
        (0, r#"{"time":"2026-11-22T00:00:00Z","type":"platform.start","record":{"requestId":"r"}}"#),
        (0, "2026-11-22T00:00:00.000Z\tr1\tINFO\tLambda's runtime wrote this time"),
        (0, "2026-11-22 00:00:00,000 INFO a line"),
        (0, r#"{"time":"soon","duration":17}"#),
        (1_795_306, "seconds that were taken for milliseconds"),
    ];
    let early = at(0).seconds() - 1_795_306;
    let lines =
        lines.map(|(seconds, line)| if seconds == 1_795_306 { (-early, line) } else { (seconds, line) });
    brought(&mut sources, "s", at(7_210), &lines);
    let (_, stats) = sources.iter().next().unwrap();
    let now = at(7_210);
    let times: Vec<_> =
        stats.times.iter().map(|((place, form), tally)| (place.member(), *form, tally.total(now))).collect();
    let expected = [
        (Some("timestamp"), TimeForm::Utc, 2),
        (Some("time"), TimeForm::Local, 1),
        (Some("ts"), TimeForm::Seconds, 1),
        (None, TimeForm::Local, 1),
    ];
    assert_eq!((&times[..], stats.timed(now)), (&expected[..], 5));
    assert_eq!(stats.forms(now)[&TimeForm::Local], (2, now));
    let zones = |zones: &BTreeMap<i8, Tally>| -> Vec<(i8, u64)> {
        zones.iter().map(|(half_hours, tally)| (*half_hours, tally.total(now))).collect()
    };
    assert_eq!(zones(&stats.message_zones), [(-4, 1), (4, 1)], "2 h ahead of its event, and 2 h behind");
    assert_eq!(zones(&stats.arrival_zones), [(4, 7)]);
    assert_eq!(stats.message_delay, Some(Duration(0)));
    assert_eq!(stats.count(Count::SecondsForMillis, now), 1);
}

#[test]
fn so_many_times_of_a_minute_are_looked_at() {
    let mut sources = Sources::default();
    let lines = [(0, r#"{"time":"2026-11-22T00:00:00Z"}"#); 70];
    let timed = |sources: &Sources, now| sources.iter().next().map(|(_, stats)| stats.timed(now));
    brought(&mut sources, "s", at(0), &lines);
    assert_eq!(timed(&sources, at(0)), Some(70));
    brought(&mut sources, "s", at(59), &lines);
    assert_eq!(timed(&sources, at(59)), Some(100));
    brought(&mut sources, "s", at(60), &lines);
    assert_eq!(timed(&sources, at(60)), Some(170));
}
