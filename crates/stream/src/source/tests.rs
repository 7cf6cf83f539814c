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
    assert_eq!(counts(at(1_500)), [9, 5, 1, 1, 1, 1, 1, 1, 0]);
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
    assert_eq!(lately(&sources, at(DAY - 3_600)), ([4, 2, 1, 1, 1, 2, 0, 0, 0], 1));
    // Reading alone forgets: a source that is silent keeps no hint either.
    assert_eq!(lately(&sources, at(DAY)), ([1, 1, 0, 0, 0, 0, 0, 0, 0], 0));
    brought(&mut sources, "s", at(DAY), &[(DAY, right)]);
    assert_eq!(lately(&sources, at(DAY)), ([2, 2, 0, 0, 0, 0, 0, 0, 0], 0));
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
