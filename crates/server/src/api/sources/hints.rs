//! What should the developers of a source mend? Each rule looks at what was counted lately and gives a hint or none.
//!
//! A hint has a sentence that says what is wrong and one that says what to do. The counts are the stream's, and what is
//! older than they reach is forgotten, so a hint that nothing renews goes away by itself.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::Timestamp;
use walletscope_stream::Clock;
use walletscope_stream::source::{Count, SourceStats, Tally, TimeForm};

use crate::observe::refusals::Refused;

/// A share of events from which on a hint is given.
const SHARE_MIN: f64 = 0.01;
/// A share of events from which on a difference of half hours is no accident.
const ZONE_SHARE_MIN: f64 = 0.1;

/// What should be mended.
#[derive(Debug, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct SourceHint {
    /// A stable word.
    pub(super) code: &'static str,
    /// `error` (numbers are missing or wrong) or `warning`.
    pub(super) severity: &'static str,
    /// What is wrong.
    text: String,
    /// What to do.
    fix: &'static str,
    /// When it happened last, RFC 3339: nothing newer is a sign that it was mended.
    last_seen: String,
}

/// What a rule looks at.
struct Lately<'a> {
    stats: &'a SourceStats,
    refused: &'a [(Refused, Tally)],
    now: Timestamp,
    clock: &'a Clock,
}

/// Among equals the order in which they are shown.
const RULES: [fn(&Lately<'_>) -> Option<SourceHint>; 16] = [
    silent,
    refused,
    missing_id,
    card_number,
    seconds_for_millis,
    event_time_zone,
    emf_problems,
    missing_correlation_id,
    missing_dimensions,
    unknown_events,
    spelling_drift,
    clock_ahead,
    late,
    time_without_zone,
    mixed_times,
    message_time_zone,
];

/// What the counts mean, the worst first.
pub(super) fn hints(
    stats: &SourceStats,
    refused: &[(Refused, Tally)],
    now: Timestamp,
    clock: &Clock,
) -> Vec<SourceHint> {
    let lately = Lately { stats, refused, now, clock };
    let mut hints: Vec<SourceHint> = RULES.iter().filter_map(|rule| rule(&lately)).collect();
    hints.sort_by_key(|hint| hint.severity != "error");
    hints
}

impl Lately<'_> {
    fn count(&self, what: Count) -> u64 {
        self.stats.count(what, self.now)
    }

    /// How often it happened, where that is at least one in a hundred of the others.
    fn many(&self, what: Count, of: Count) -> Option<u64> {
        let count = self.count(what);
        is_share(count, self.count(of), SHARE_MIN).then_some(count)
    }

    fn any(&self, what: Count) -> Option<u64> {
        Some(self.count(what)).filter(|count| *count > 0)
    }
}

fn error(code: &'static str, last_at: Timestamp, text: String, fix: &'static str) -> SourceHint {
    SourceHint { code, severity: "error", text, fix, last_seen: last_at.rfc3339() }
}

fn warning(code: &'static str, last_at: Timestamp, text: String, fix: &'static str) -> SourceHint {
    SourceHint { severity: "warning", ..error(code, last_at, text, fix) }
}

fn is_share(count: u64, of: u64, share_min: f64) -> bool {
    of > 0 && count > 0 && count as f64 / of as f64 >= share_min
}

fn silent(lately: &Lately<'_>) -> Option<SourceHint> {
    let stats = lately.stats;
    let text = format!("nothing came since {}", stats.last_seen.rfc3339());
    let fix =
        "see whether the function, its log subscription or its agent still runs, and whether its key is good";
    stats.is_silent(lately.now, lately.clock).then(|| error("silent", stats.last_seen, text, fix))
}

fn refused(lately: &Lately<'_>) -> Option<SourceHint> {
    let last_at = lately.refused.iter().map(|(_, tally)| tally.last_at).max()?;
    let total = |tally: &Tally| tally.total(lately.now);
    let count: u64 = lately.refused.iter().map(|(_, tally)| total(tally)).sum();
    let (most, _) = lately.refused.iter().max_by_key(|(_, tally)| total(tally))?;
    let Refused { place, reason } = most;
    let text =
        format!("{count} calls or events were refused and are in no number, most at {place}: {reason}");
    let fix =
        "log what the calls answer, and mend what that names; a caller that is told to wait must send again";
    Some(error("refused", last_at, text, fix))
}

fn missing_id(lately: &Lately<'_>) -> Option<SourceHint> {
    let (count, events) =
        (lately.many(Count::WithoutId, Count::ContractEvents)?, lately.count(Count::ContractEvents));
    let text = format!("{count} of {events} events have no id and join no attempt");
    let fix = "write correlationId, or at least requestId, into every event of a request";
    Some(error("missing_id", lately.stats.last_at(Count::WithoutId), text, fix))
}

fn card_number(lately: &Lately<'_>) -> Option<SourceHint> {
    let text = format!("{} events held a card number, which was cut", lately.any(Count::Guarded)?);
    let fix = "never log a card number: find the message in the logs by its mark *** and mend its writer";
    Some(error("card_number", lately.stats.last_at(Count::Guarded), text, fix))
}

fn seconds_for_millis(lately: &Lately<'_>) -> Option<SourceHint> {
    let count = lately.any(Count::SecondsForMillis)?;
    let text = format!("{count} events tell a time in January 1970: seconds where milliseconds are meant");
    let fix = "CloudWatch's times, `_aws.Timestamp` too, are milliseconds since 1970: multiply by 1000";
    let last_at = lately.stats.last_at(Count::SecondsForMillis);
    Some(error("seconds_for_milliseconds", last_at, text, fix))
}

/// The event's own time decides where it counts, so a wrong zone makes wrong numbers.
fn event_time_zone(lately: &Lately<'_>) -> Option<SourceHint> {
    let events = lately.count(Count::LogEvents);
    let (half_hours, count, last_at) = mistaken_zone(&lately.stats.arrival_zones, events, lately.now)?;
    let away = away(half_hours);
    let text = format!("{count} of {events} events have a time {away} their arrival: a time zone is wrong");
    let fix = "send times in milliseconds UTC; read a local time with its zone before it is sent";
    Some(error("event_time_zone", last_at, text, fix))
}

fn message_time_zone(lately: &Lately<'_>) -> Option<SourceHint> {
    let timed = lately.stats.timed(lately.now);
    let (half_hours, count, last_at) = mistaken_zone(&lately.stats.message_zones, timed, lately.now)?;
    let away = away(half_hours);
    let text = format!("{count} of {timed} messages tell a time {away} their event's: a time zone is wrong");
    let fix = "write times in UTC with a `Z`, or with the offset that they really have";
    Some(warning("message_time_zone", last_at, text, fix))
}

fn emf_problems(lately: &Lately<'_>) -> Option<SourceHint> {
    let (faulty, documents) = (lately.any(Count::EmfFaulty)?, lately.count(Count::EmfDocuments));
    let text =
        format!("{faulty} of {documents} messages in embedded metric format have parts that give no metric");
    let fix = "open this source: each problem is listed with its place and what is allowed there";
    Some(error("emf_problems", lately.stats.last_at(Count::EmfFaulty), text, fix))
}

fn missing_correlation_id(lately: &Lately<'_>) -> Option<SourceHint> {
    let count = lately.many(Count::WithoutCorrelationId, Count::ContractEvents)?;
    let text = format!("{count} of {} events have no correlationId", lately.count(Count::ContractEvents));
    let fix =
        "hand the correlation id of the wallet's call on to every function: request ids change between them";
    let last_at = lately.stats.last_at(Count::WithoutCorrelationId);
    Some(warning("missing_correlation_id", last_at, text, fix))
}

fn missing_dimensions(lately: &Lately<'_>) -> Option<SourceHint> {
    let text = format!("{} START events name no wallet or no issuer", lately.any(Count::WithoutDimensions)?);
    let fix = "write walletProvider and issuer into TOKEN_PROVISION_START; their attempts count as unknown";
    let last_at = lately.stats.last_at(Count::WithoutDimensions);
    Some(warning("missing_dimensions", last_at, text, fix))
}

fn unknown_events(lately: &Lately<'_>) -> Option<SourceHint> {
    let named = lately.stats.unknown_events.values();
    let beyond = &lately.stats.counts[Count::UnknownBeyond as usize];
    let all = || named.clone().chain([beyond]).filter(|tally| tally.total(lately.now) > 0);
    let last_at = all().map(|tally| tally.last_at).max()?;
    let count: u64 = all().map(|tally| tally.total(lately.now)).sum();
    let text = format!("{count} events have a name that the contract does not know");
    let fix = "use the names of the contract, or leave the member `event` out of other messages";
    Some(warning("unknown_events", last_at, text, fix))
}

fn spelling_drift(lately: &Lately<'_>) -> Option<SourceHint> {
    let last_at = lately.stats.drift(lately.now).iter().map(|drift| drift.last_at).max()?;
    let text = "one word of a dimension comes in several spellings, which count as several values".to_owned();
    let fix = "choose one spelling, ApplePay or apple_pay, in every function";
    Some(warning("spelling_drift", last_at, text, fix))
}

fn clock_ahead(lately: &Lately<'_>) -> Option<SourceHint> {
    let count = lately.many(Count::Ahead, Count::LogEvents).filter(|_| event_time_zone(lately).is_none())?;
    let text = format!("{count} events have a time more than a minute ahead of their arrival");
    let fix = "see to the clock of the machine, and send times in milliseconds UTC";
    Some(warning("clock_ahead", lately.stats.last_at(Count::Ahead), text, fix))
}

fn late(lately: &Lately<'_>) -> Option<SourceHint> {
    let count = lately.many(Count::Late, Count::LogEvents).filter(|_| event_time_zone(lately).is_none())?;
    let text = format!("{count} events arrived more than 15 minutes after their time");
    let fix = "shorten the buffers on the way, or import history under a source of its own";
    Some(warning("late", lately.stats.last_at(Count::Late), text, fix))
}

fn time_without_zone(lately: &Lately<'_>) -> Option<SourceHint> {
    let timed = lately.stats.timed(lately.now);
    let (count, last_at) = lately.stats.forms(lately.now).remove(&TimeForm::Local)?;
    let text = format!("{count} of {timed} messages tell a time without a zone");
    let fix = "write times in UTC with a `Z`, or with their offset";
    is_share(count, timed, SHARE_MIN).then(|| warning("time_without_zone", last_at, text, fix))
}

fn mixed_times(lately: &Lately<'_>) -> Option<SourceHint> {
    let timed = lately.stats.timed(lately.now);
    let mut forms: Vec<(TimeForm, u64, Timestamp)> = lately
        .stats
        .forms(lately.now)
        .into_iter()
        .map(|(form, (count, last_at))| (form, count, last_at))
        .collect();
    forms.retain(|(_, count, _)| is_share(*count, timed, SHARE_MIN));
    forms.sort_by_key(|(_, _, last_at)| std::cmp::Reverse(*last_at));
    // It was last mixed when another form than the newest came.
    let (_, _, last_at) = *forms.get(1)?;
    forms.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let words: Vec<&str> = forms.iter().map(|(form, _, _)| words(*form)).collect();
    let text = format!("messages tell their time in several forms: {}", words.join(", "));
    let fix = "choose one form for every function: ISO 8601 in UTC, or milliseconds since 1970";
    Some(warning("mixed_time_forms", last_at, text, fix))
}

fn words(form: TimeForm) -> &'static str {
    match form {
        TimeForm::Utc | TimeForm::Offset => "ISO 8601 with a zone",
        TimeForm::Local => "ISO 8601 without a zone",
        TimeForm::Seconds => "seconds since 1970",
        TimeForm::Millis => "milliseconds since 1970",
        TimeForm::Micros => "microseconds since 1970",
        TimeForm::Nanos => "nanoseconds since 1970",
        TimeForm::Other => "another form",
    }
}

/// The difference that the most of them have, where that is no accident: half hours, how many, when last.
fn mistaken_zone(zones: &BTreeMap<i8, Tally>, of: u64, now: Timestamp) -> Option<(i8, u64, Timestamp)> {
    let counted = zones.iter().map(|(half_hours, tally)| (*half_hours, tally.total(now), tally.last_at));
    counted.max_by_key(|(_, count, _)| *count).filter(|(_, count, _)| is_share(*count, of, ZONE_SHARE_MIN))
}

fn away(half_hours: i8) -> String {
    let hours = f64::from(half_hours.unsigned_abs()) / 2.0;
    format!("{hours} h {}", if half_hours > 0 { "behind" } else { "ahead of" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_stream::source::TimePlace;

    fn codes(stats: &SourceStats, now: Timestamp) -> Vec<&'static str> {
        hints(stats, &[], now, &Clock::default()).into_iter().map(|hint| hint.code).collect()
    }

    /// A source with these counts, all of them at the hour 0.
    fn with(counts: &[(Count, u32)]) -> SourceStats {
        let mut stats = SourceStats::default();
        counts.iter().for_each(|(what, count)| stats.counts[*what as usize].slots[0] = *count);
        stats
    }

    #[test]
    fn a_source_that_does_as_it_should_has_no_hint() {
        // Less than one in a hundred is an accident.
        let few =
            [Count::WithoutId, Count::WithoutCorrelationId, Count::Late, Count::Ahead].map(|what| (what, 9));
        let mut stats = with(&[(Count::LogEvents, 1_000), (Count::ContractEvents, 1_000)]);
        few.iter().for_each(|(what, count)| stats.counts[*what as usize].slots[0] = *count);
        stats.last_seen = Timestamp::from_seconds(100);
        assert_eq!(codes(&stats, Timestamp::from_seconds(699)), [""; 0]);
        assert_eq!(codes(&stats, Timestamp::from_seconds(700)), ["silent"]);
    }

    #[test]
    fn every_count_has_its_hint_the_worst_come_first_and_all_go_with_their_hour() {
        let one = Tally { slots: std::array::from_fn(|slot| u32::from(slot == 0)), last_at: Timestamp(7) };
        let mut stats = with(&[
            (Count::LogEvents, 100),
            (Count::ContractEvents, 100),
            (Count::WithoutId, 1),
            (Count::WithoutCorrelationId, 50),
            (Count::WithoutDimensions, 1),
            (Count::Guarded, 1),
            (Count::Late, 1),
            (Count::Ahead, 1),
            (Count::UnknownBeyond, 1),
        ]);
        let issuer = walletscope_model::contract::Field::Issuer;
        stats.counts[Count::EmfDocuments as usize].slots[0] = 9;
        stats.counts[Count::EmfFaulty as usize].slots[0] = 1;
        stats.counts[Count::SecondsForMillis as usize].slots[0] = 1;
        stats.times = [
            ((TimePlace::Timestamp, TimeForm::Local), one),
            ((TimePlace::LineStart, TimeForm::Utc), Tally { last_at: Timestamp(3), ..one }),
        ]
        .into();
        stats.message_zones = [(-4, one)].into();
        stats.spellings = [(issuer, [("A_B".into(), one), ("ab".into(), one)].into())].into();
        let expected = [
            "missing_id",
            "card_number",
            "seconds_for_milliseconds",
            "emf_problems",
            "missing_correlation_id",
            "missing_dimensions",
            "unknown_events",
            "spelling_drift",
            "clock_ahead",
            "late",
            "time_without_zone",
            "mixed_time_forms",
            "message_time_zone",
        ];
        stats.last_seen = Timestamp::from_seconds(86_400);
        assert_eq!(codes(&stats, Timestamp::from_seconds(86_399)), expected);
        assert_eq!(codes(&stats, Timestamp::from_seconds(86_400)), [""; 0]);
        let drift = hints(&stats, &[], Timestamp(0), &Clock::default())
            .into_iter()
            .find(|hint| hint.code == "spelling_drift");
        assert_eq!(drift.map(|hint| hint.last_seen), Some("1970-01-01T00:00:00.000007Z".to_owned()));
    }

    fn text(stats: &SourceStats, code: &str) -> Option<String> {
        let hints = hints(stats, &[], Timestamp(0), &Clock::default());
        hints.into_iter().find(|hint| hint.code == code).map(|hint| hint.text)
    }

    /// A tally of the hour 0.
    fn tally(count: u32, last_at: i64) -> Tally {
        Tally {
            slots: std::array::from_fn(|slot| if slot == 0 { count } else { 0 }),
            last_at: Timestamp(last_at),
        }
    }

    #[test]
    fn a_zone_is_wrong_where_many_are_the_same_half_hours_away() {
        let mut stats = with(&[(Count::LogEvents, 100), (Count::Late, 40), (Count::Ahead, 2)]);
        // A history that is read in is spread over all of them.
        stats.arrival_zones = (1..=9).map(|half_hours| (half_hours, tally(9, 0))).collect();
        assert_eq!(text(&stats, "event_time_zone"), None);
        assert!(text(&stats, "late").is_some() && text(&stats, "clock_ahead").is_some());
        stats.arrival_zones.insert(11, tally(10, 0));
        let expected = "10 of 100 events have a time 5.5 h behind their arrival: a time zone is wrong";
        assert_eq!(text(&stats, "event_time_zone").as_deref(), Some(expected));
        assert_eq!((text(&stats, "late"), text(&stats, "clock_ahead")), (None, None), "they have this cause");
        stats.times = [((TimePlace::Ts, TimeForm::Local), tally(19, 0))].into();
        stats.message_zones = [(-4, tally(2, 0)), (-2, tally(1, 0))].into();
        let expected = "2 of 19 messages tell a time 2 h ahead of their event's: a time zone is wrong";
        assert_eq!(text(&stats, "message_time_zone").as_deref(), Some(expected));
    }

    #[test]
    fn forms_of_time_are_mixed_where_they_are_not_read_alike() {
        let mut stats = SourceStats::default();
        let mut put = |place, form, count, last_at| {
            stats.times.insert((place, form), tally(count, last_at));
            (text(&stats, "mixed_time_forms"), text(&stats, "time_without_zone"))
        };
        put(TimePlace::Timestamp, TimeForm::Utc, 1_000, 9);
        put(TimePlace::Time, TimeForm::Offset, 1_000, 5);
        assert_eq!(put(TimePlace::Time, TimeForm::Other, 1_000, 8), (None, None), "with a zone, or not read");
        assert_eq!(put(TimePlace::LineStart, TimeForm::Local, 20, 6), (None, None), "an accident");
        let mixed =
            "messages tell their time in several forms: ISO 8601 with a zone, milliseconds since 1970";
        assert_eq!(put(TimePlace::Ts, TimeForm::Millis, 30, 7).0.as_deref(), Some(mixed));
        let local = "40 of 2070 messages tell a time without a zone";
        assert_eq!(put(TimePlace::LineStart, TimeForm::Local, 40, 6).1.as_deref(), Some(local));
        let last = hints(&stats, &[], Timestamp(0), &Clock::default())
            .into_iter()
            .find(|hint| hint.code == "mixed_time_forms");
        // The newest form came at 9; another one came last at 7.
        assert_eq!(last.map(|hint| hint.last_seen), Some(Timestamp(7).rfc3339()));
    }

    #[test]
    fn what_was_refused_is_an_error_that_names_the_most_frequent() {
        let now = Timestamp::from_seconds(1_795_348_800);
        let tally = |count| {
            let mut tally = Tally::default();
            tally.add(now, count);
            tally
        };
        let refused = [
            (Refused { place: "Firehose", reason: "malformed" }, tally(2)),
            (Refused { place: "PutLogEvents", reason: "InvalidParameterException" }, tally(40)),
        ];
        let stats = SourceStats { first_seen: now, last_seen: now, ..SourceStats::default() };
        let hints = hints(&stats, &refused, now, &Clock::default());
        let [hint] = &hints[..] else { panic!("{hints:?}") };
        assert_eq!((hint.code, hint.severity), ("refused", "error"));
        assert!(hint.text.starts_with("42 calls or events"), "{}", hint.text);
        assert!(hint.text.ends_with("PutLogEvents: InvalidParameterException"), "{}", hint.text);
    }
}
