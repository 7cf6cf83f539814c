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
use walletscope_stream::source::{MINUTES, SourceStats};

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
    log_events: u64,
    metric_data: u64,
    spans: u64,
    audit_events: u64,
    /// Log events that are events of the contract.
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
pub(super) struct SourceHint {
    /// A stable word.
    code: &'static str,
    /// `error` (numbers are missing or wrong) or `warning`.
    severity: &'static str,
    /// What is wrong.
    text: String,
    /// What to do.
    fix: &'static str,
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
        view.sources.iter().map(|(name, stats)| shown(name, stats, now)).collect();
    sources.sort_by_key(|source| source.hints.is_empty());
    Ok(Json(SourcesAnswer { sources, data_to: DataTo::of(&view, now) }))
}

fn shown(name: &str, stats: &SourceStats, now: Timestamp) -> SourceShown {
    let joined = stats.contract_events - stats.without_id;
    let mut unknown: Vec<CountedName> =
        stats.unknown_events.iter().map(|(name, count)| counted((name, *count))).collect();
    unknown.sort_by_key(|each| std::cmp::Reverse(each.count));
    let drift = stats.drift().into_iter().map(|(field, spellings)| SpellingDrift {
        field: field.row().names[0],
        spellings: spellings.into_iter().map(counted).collect(),
    });
    SourceShown {
        name: name.to_owned(),
        state: if stats.is_silent(now) { "silent" } else { "live" },
        first_seen: stats.first_seen.rfc3339(),
        last_seen: stats.last_seen.rfc3339(),
        per_minute: stats.per_minute(now),
        minutes: minutes(&stats.minutes, now),
        log_events: stats.log_events,
        metric_data: stats.metric_data,
        spans: stats.spans,
        audit_events: stats.audit_events,
        contract_events: stats.contract_events,
        join_coverage: (stats.contract_events > 0).then(|| joined as f64 / stats.contract_events as f64),
        without_id: stats.without_id,
        without_correlation_id: stats.without_correlation_id,
        guarded: stats.guarded,
        late: stats.late,
        ahead: stats.ahead,
        delay_seconds: stats.delay.0 as f64 / 1e6,
        unknown_events: unknown,
        drift: drift.collect(),
        hints: hints(stats, now),
    }
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
fn hints(stats: &SourceStats, now: Timestamp) -> Vec<SourceHint> {
    let events = stats.contract_events;
    let is_many = |count: u64, of: u64| of > 0 && count > 0 && count as f64 / of as f64 >= SHARE_MIN;
    let mut hints = Vec::new();
    let mut hint = |code, severity, text: String, fix| hints.push(SourceHint { code, severity, text, fix });
    if stats.is_silent(now) {
        let text = format!("nothing came since {}", stats.last_seen.rfc3339());
        let fix = "see whether the function, its log subscription or its agent still runs, and whether its key is good";
        hint("silent", "error", text, fix);
    }
    if is_many(stats.without_id, events) {
        let text = format!("{} of {events} events have no id and join no attempt", stats.without_id);
        let fix = "write correlationId, or at least requestId, into every event of a request";
        hint("missing_id", "error", text, fix);
    }
    if is_many(stats.without_correlation_id, events) {
        let text = format!("{} of {events} events have no correlationId", stats.without_correlation_id);
        let fix = "hand the correlation id of the wallet's call on to every function: request ids change between them";
        hint("missing_correlation_id", "warning", text, fix);
    }
    if stats.without_dimensions > 0 {
        let text = format!("{} START events name no wallet or no issuer", stats.without_dimensions);
        let fix =
            "write walletProvider and issuer into TOKEN_PROVISION_START; their attempts count as unknown";
        hint("missing_dimensions", "warning", text, fix);
    }
    let unknown = stats.unknown_events.values().sum::<u64>() + stats.unknown_events_beyond;
    if unknown > 0 {
        let text = format!("{unknown} events have a name that the contract does not know");
        let fix = "use the names of the contract, or leave the member `event` out of other messages";
        hint("unknown_events", "warning", text, fix);
    }
    if !stats.drift().is_empty() {
        let text =
            "one word of a dimension comes in several spellings, which count as several values".to_owned();
        let fix = "choose one spelling, ApplePay or apple_pay, in every function";
        hint("spelling_drift", "warning", text, fix);
    }
    if is_many(stats.ahead, stats.log_events) {
        let text = format!("{} events have a time more than a minute ahead of their arrival", stats.ahead);
        let fix = "see to the clock of the machine, and send times in milliseconds UTC";
        hint("clock_ahead", "warning", text, fix);
    }
    if is_many(stats.late, stats.log_events) {
        let text = format!("{} events arrived more than 15 minutes after their time", stats.late);
        let fix = "shorten the buffers on the way, or import history under a source of its own";
        hint("late", "warning", text, fix);
    }
    if stats.guarded > 0 {
        let text = format!("{} events held a card number, which was cut", stats.guarded);
        let fix = "never log a card number: find the message in the logs by its mark *** and mend its writer";
        hint("card_number", "error", text, fix);
    }
    hints.sort_by_key(|hint| hint.severity != "error");
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(stats: &SourceStats, now: Timestamp) -> Vec<&'static str> {
        hints(stats, now).into_iter().map(|hint| hint.code).collect()
    }

    #[test]
    fn a_source_that_does_as_it_should_has_no_hint() {
        let stats = SourceStats {
            last_seen: Timestamp::from_seconds(100),
            log_events: 1_000,
            contract_events: 1_000,
            // Less than one in a hundred is an accident.
            without_id: 9,
            without_correlation_id: 9,
            late: 9,
            ahead: 9,
            ..SourceStats::default()
        };
        assert_eq!(codes(&stats, Timestamp::from_seconds(699)), [""; 0]);
        assert_eq!(codes(&stats, Timestamp::from_seconds(700)), ["silent"]);
    }

    #[test]
    fn every_count_has_its_hint_and_the_worst_come_first() {
        let stats = SourceStats {
            log_events: 100,
            contract_events: 100,
            without_id: 1,
            without_correlation_id: 50,
            without_dimensions: 1,
            guarded: 1,
            late: 1,
            ahead: 1,
            unknown_events_beyond: 1,
            spellings: [(
                walletscope_model::contract::Field::Issuer,
                [("A_B".into(), 1), ("ab".into(), 1)].into(),
            )]
            .into(),
            ..SourceStats::default()
        };
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
        assert_eq!(codes(&stats, Timestamp(0)), expected);
    }

    #[test]
    fn the_minutes_end_with_this_one() {
        let counts = [(Timestamp::from_seconds(60), 5), (Timestamp::from_seconds(3_600), 7)].into();
        let shown = minutes(&counts, Timestamp::from_seconds(3_630));
        assert_eq!((shown.len(), shown[0], shown[59]), (60, 5, 7));
    }
}
