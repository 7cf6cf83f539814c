//! GET /api/v1/sources: who sends what, how much of it can be joined, and what should its developers mend?
//!
//! The stream counts; here is what the counts mean. Each hint is a pure function of them, with a sentence that says what
//! is wrong and one that says what to do.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::Timestamp;
use walletscope_stream::Clock;
use walletscope_stream::source::{Count, HOURS, MINUTES, SourceStats};

use super::error::{ApiError, ErrorBody};
use super::metrics::DataTo;
use super::query::Query;
use super::{Api, Caller};

/// A share of events from which on a hint is given.
const SHARE_MIN: f64 = 0.01;

/// Every source.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourcesAnswer {
    /// Those with hints first, then by name.
    sources: Vec<SourceShown>,
    /// Over which time is counted what can be mended: the running hour and those before it. What is older is forgotten.
    period_hours: usize,
    /// How fresh it is.
    data_to: DataTo,
}

/// One key or door, and what came by it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceShown {
    /// The key's or door's name.
    name: String,
    /// `live`, or `silent` when nothing came for ten minutes.
    state: &'static str,
    /// RFC 3339.
    first_seen: String,
    /// RFC 3339.
    last_seen: String,
    /// Records a minute, over the newest hour.
    per_minute: f64,
    /// Records of each of the newest 60 minutes, oldest first.
    minutes: Vec<u64>,
    /// Since it was first seen.
    log_events: u64,
    /// Since it was first seen.
    metric_data: u64,
    /// Since it was first seen.
    spans: u64,
    /// Since it was first seen.
    audit_events: u64,
    /// Log events of the period.
    log_events_in_period: u64,
    /// Log events of the period that are events of the contract. This and all that follows is of the period, but the
    /// delay.
    contract_events: u64,
    /// The share of them that has an id to join by; null without any.
    join_coverage: Option<f64>,
    /// Events without any id.
    without_id: u64,
    /// Events without a correlation id.
    without_correlation_id: u64,
    /// Events in which a card number was cut.
    guarded: u64,
    /// Events that arrived more than 15 minutes after their time.
    late: u64,
    /// Events whose time is more than a minute ahead of their arrival.
    ahead: u64,
    /// From the newest event's time to its arrival, in seconds.
    delay_seconds: f64,
    /// Event names that the contract does not know, the most frequent first.
    unknown_events: Vec<CountedName>,
    /// Words of a dimension that come in several spellings.
    drift: Vec<SpellingDrift>,
    /// What should be mended, the worst first.
    hints: Vec<SourceHint>,
}

/// A name and how often it came.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CountedName {
    name: String,
    /// In the period.
    count: u64,
}

/// One word in several spellings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpellingDrift {
    /// The contract's field.
    field: &'static str,
    spellings: Vec<CountedName>,
}

/// What should be mended.
#[derive(Debug, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceHint {
    /// A stable word.
    code: &'static str,
    /// `error` (numbers are missing or wrong) or `warning`.
    severity: &'static str,
    /// What is wrong.
    text: String,
    /// What to do.
    fix: &'static str,
    /// When it happened last, RFC 3339: nothing newer is a sign that it was mended.
    last_seen: String,
}

/// Who sends what, and what should be mended?
#[utoipa::path(
    get, path = "/api/v1/sources", tag = "sources",
    responses((status = 200, body = SourcesAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn sources(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<SourcesAnswer>, ApiError> {
    Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let view = api.shared.view.load();
    let now = api.now();
    let mut sources: Vec<SourceShown> =
        view.sources.iter().map(|(name, stats)| shown(name, stats, now, &view.clock)).collect();
    sources.sort_by_key(|source| source.hints.is_empty());
    Ok(Json(SourcesAnswer { sources, period_hours: HOURS, data_to: DataTo::of(&view, now) }))
}

fn shown(name: &str, stats: &SourceStats, now: Timestamp, clock: &Clock) -> SourceShown {
    let lately = |what| stats.count(what, now);
    let (contract_events, without_id) = (lately(Count::ContractEvents), lately(Count::WithoutId));
    let joined = contract_events - without_id;
    let drift = stats.drift(now).into_iter().map(|drift| SpellingDrift {
        field: drift.field.row().names[0],
        spellings: drift.spellings.into_iter().map(counted).collect(),
    });
    SourceShown {
        name: name.to_owned(),
        state: if stats.is_silent(now, clock) { "silent" } else { "live" },
        first_seen: stats.first_seen.rfc3339(),
        last_seen: stats.last_seen.rfc3339(),
        per_minute: stats.per_minute(now),
        minutes: minutes(&stats.minutes, now),
        log_events: stats.log_events,
        metric_data: stats.metric_data,
        spans: stats.spans,
        audit_events: stats.audit_events,
        log_events_in_period: lately(Count::LogEvents),
        contract_events,
        join_coverage: (contract_events > 0).then(|| joined as f64 / contract_events as f64),
        without_id,
        without_correlation_id: lately(Count::WithoutCorrelationId),
        guarded: lately(Count::Guarded),
        late: lately(Count::Late),
        ahead: lately(Count::Ahead),
        delay_seconds: stats.delay.0 as f64 / 1e6,
        unknown_events: unknown_events(stats, now),
        drift: drift.collect(),
        hints: hints(stats, now, clock),
    }
}

fn unknown_events(stats: &SourceStats, now: Timestamp) -> Vec<CountedName> {
    let lately = stats.unknown_events.iter().filter(|(_, tally)| !tally.is_over(now));
    let mut unknown: Vec<CountedName> =
        lately.map(|(name, tally)| counted((name, tally.total(now)))).collect();
    unknown.sort_by_key(|each| std::cmp::Reverse(each.count));
    unknown
}

fn counted((name, count): (&str, u64)) -> CountedName {
    CountedName { name: name.to_owned(), count }
}

fn minutes(counts: &BTreeMap<Timestamp, u64>, now: Timestamp) -> Vec<u64> {
    const MINUTE_MICROS: i64 = 60_000_000;
    let newest = now.0.div_euclid(MINUTE_MICROS);
    let starts = (0..MINUTES as i64).rev().map(|back| Timestamp((newest - back) * MINUTE_MICROS));
    starts.map(|start| counts.get(&start).copied().unwrap_or(0)).collect()
}

/// What the counts mean, the worst first.
fn hints(stats: &SourceStats, now: Timestamp, clock: &Clock) -> Vec<SourceHint> {
    let lately = |what| stats.count(what, now);
    let (events, log_events) = (lately(Count::ContractEvents), lately(Count::LogEvents));
    let is_many = |count: u64, of: u64| of > 0 && count > 0 && count as f64 / of as f64 >= SHARE_MIN;
    let mut hints = Vec::new();
    let mut hint = |code, severity, last_at: Timestamp, text: String, fix| {
        hints.push(SourceHint { code, severity, text, fix, last_seen: last_at.rfc3339() });
    };
    if stats.is_silent(now, clock) {
        let text = format!("nothing came since {}", stats.last_seen.rfc3339());
        let fix = "see whether the function, its log subscription or its agent still runs, and whether its key is good";
        hint("silent", "error", stats.last_seen, text, fix);
    }
    let without_id = lately(Count::WithoutId);
    if is_many(without_id, events) {
        let text = format!("{without_id} of {events} events have no id and join no attempt");
        let fix = "write correlationId, or at least requestId, into every event of a request";
        hint("missing_id", "error", stats.last_at(Count::WithoutId), text, fix);
    }
    let without_correlation = lately(Count::WithoutCorrelationId);
    if is_many(without_correlation, events) {
        let text = format!("{without_correlation} of {events} events have no correlationId");
        let fix = "hand the correlation id of the wallet's call on to every function: request ids change between them";
        let last_at = stats.last_at(Count::WithoutCorrelationId);
        hint("missing_correlation_id", "warning", last_at, text, fix);
    }
    let without_dimensions = lately(Count::WithoutDimensions);
    if without_dimensions > 0 {
        let text = format!("{without_dimensions} START events name no wallet or no issuer");
        let fix =
            "write walletProvider and issuer into TOKEN_PROVISION_START; their attempts count as unknown";
        hint("missing_dimensions", "warning", stats.last_at(Count::WithoutDimensions), text, fix);
    }
    let unknown = stats.unknown_events.values().map(|tally| tally.total(now)).sum::<u64>()
        + lately(Count::UnknownBeyond);
    if unknown > 0 {
        let text = format!("{unknown} events have a name that the contract does not know");
        let fix = "use the names of the contract, or leave the member `event` out of other messages";
        let named = stats.unknown_events.values().map(|tally| tally.last_at);
        let last_at = named.chain([stats.last_at(Count::UnknownBeyond)]).max().unwrap_or_default();
        hint("unknown_events", "warning", last_at, text, fix);
    }
    if let Some(last_at) = stats.drift(now).iter().map(|drift| drift.last_at).max() {
        let text =
            "one word of a dimension comes in several spellings, which count as several values".to_owned();
        let fix = "choose one spelling, ApplePay or apple_pay, in every function";
        hint("spelling_drift", "warning", last_at, text, fix);
    }
    let ahead = lately(Count::Ahead);
    if is_many(ahead, log_events) {
        let text = format!("{ahead} events have a time more than a minute ahead of their arrival");
        let fix = "see to the clock of the machine, and send times in milliseconds UTC";
        hint("clock_ahead", "warning", stats.last_at(Count::Ahead), text, fix);
    }
    let late = lately(Count::Late);
    if is_many(late, log_events) {
        let text = format!("{late} events arrived more than 15 minutes after their time");
        let fix = "shorten the buffers on the way, or import history under a source of its own";
        hint("late", "warning", stats.last_at(Count::Late), text, fix);
    }
    let guarded = lately(Count::Guarded);
    if guarded > 0 {
        let text = format!("{guarded} events held a card number, which was cut");
        let fix = "never log a card number: find the message in the logs by its mark *** and mend its writer";
        hint("card_number", "error", stats.last_at(Count::Guarded), text, fix);
    }
    hints.sort_by_key(|hint| hint.severity != "error");
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_stream::source::Tally;

    fn codes(stats: &SourceStats, now: Timestamp) -> Vec<&'static str> {
        hints(stats, now, &Clock::default()).into_iter().map(|hint| hint.code).collect()
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
        stats.spellings = [(issuer, [("A_B".into(), one), ("ab".into(), one)].into())].into();
        let expected = [
            "missing_id",
            "card_number",
            "missing_correlation_id",
            "missing_dimensions",
            "unknown_events",
            "spelling_drift",
            "clock_ahead",
            "late",
        ];
        stats.last_seen = Timestamp::from_seconds(86_400);
        assert_eq!(codes(&stats, Timestamp::from_seconds(86_399)), expected);
        assert_eq!(codes(&stats, Timestamp::from_seconds(86_400)), [""; 0]);
        let drift = hints(&stats, Timestamp(0), &Clock::default())
            .into_iter()
            .find(|hint| hint.code == "spelling_drift");
        assert_eq!(drift.map(|hint| hint.last_seen), Some("1970-01-01T00:00:00.000007Z".to_owned()));
    }

    #[test]
    fn the_minutes_end_with_this_one() {
        let counts = [(Timestamp::from_seconds(60), 5), (Timestamp::from_seconds(3_600), 7)].into();
        let shown = minutes(&counts, Timestamp::from_seconds(3_630));
        assert_eq!((shown.len(), shown[0], shown[59]), (60, 5, 7));
    }
}
