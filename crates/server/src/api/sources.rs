//! GET /api/v1/sources: who sends what, how much of it can be joined, and what should its developers mend?
//!
//! The stream counts; here is how that is told. What the counts mean is in [`hints`].

mod hints;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::Timestamp;
use walletscope_stream::Clock;
use walletscope_stream::source::{Count, HOURS, MINUTES, SourceStats, Tally, TimeForm};

use self::hints::{SourceHint, hints};
use super::error::{ApiError, ErrorBody};
use super::metrics::DataTo;
use super::query::Query;
use super::{Api, Caller};
use crate::observe::refusals::Refused;

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
    /// Where and in which form messages tell their time, the most frequent first; the first hundred of each minute are
    /// looked at.
    time_forms: Vec<CountedTimeForm>,
    /// From the time that the newest message with one tells to its event's time, in seconds; null without any.
    message_delay_seconds: Option<f64>,
    /// Log events in embedded metric format.
    emf_documents: u64,
    /// What they had that gives no metric, the most frequent first.
    emf_problems: Vec<CountedProblem>,
    /// Calls and events that were refused, the most frequent first: none of them is in any other number. Counted since this
    /// start of the server at most.
    refusals: Vec<CountedRefusal>,
    /// What should be mended, the worst first.
    hints: Vec<SourceHint>,
}

/// What was refused, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountedRefusal {
    /// The operation, or the door.
    place: &'static str,
    /// The name of the error that the caller got, or what was wrong.
    reason: &'static str,
    /// In the period.
    count: u64,
    /// RFC 3339.
    last_seen: String,
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

/// A form of time and how often it came.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CountedTimeForm {
    /// The member of the message; null where a line of text begins with it.
    member: Option<&'static str>,
    /// `utc`, `offset` or `local` (ISO 8601 in UTC, with an offset, without a zone), `seconds`, `milliseconds`,
    /// `microseconds` or `nanoseconds` since 1970, or `other`.
    form: &'static str,
    /// In the period.
    count: u64,
}

/// A kind of problem in messages in embedded metric format.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountedProblem {
    /// What is wrong.
    text: String,
    /// One of them: its place, what is wrong and the name of its metric or dimension.
    example: String,
    /// In the period.
    count: u64,
    /// RFC 3339.
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
    let mut refused = api.telemetry.refusals.lately(now);
    let mut sources: Vec<SourceShown> = view
        .sources
        .iter()
        .map(|(name, stats)| shown(name, stats, &refused.remove(name).unwrap_or_default(), now, &view.clock))
        .collect();
    // Of these nothing else ever came.
    sources.extend(refused.iter().map(|(name, refused)| {
        let seen = refused.iter().map(|(_, tally)| tally.last_at).max().unwrap_or(now);
        let nothing = SourceStats { first_seen: seen, last_seen: seen, ..SourceStats::default() };
        shown(name, &nothing, refused, now, &view.clock)
    }));
    sources.sort_by_key(|source| source.hints.is_empty());
    Ok(Json(SourcesAnswer { sources, period_hours: HOURS, data_to: DataTo::of(&view, now) }))
}

fn shown(
    name: &str,
    stats: &SourceStats,
    refused: &[(Refused, Tally)],
    now: Timestamp,
    clock: &Clock,
) -> SourceShown {
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
        time_forms: time_forms(stats, now),
        message_delay_seconds: stats.message_delay.map(|delay| delay.0 as f64 / 1e6),
        emf_documents: lately(Count::EmfDocuments),
        emf_problems: emf_problems(stats, now),
        refusals: refusals(refused, now),
        hints: hints(stats, refused, now, clock),
    }
}

fn refusals(refused: &[(Refused, Tally)], now: Timestamp) -> Vec<CountedRefusal> {
    let mut refusals: Vec<CountedRefusal> = refused
        .iter()
        .map(|(Refused { place, reason }, tally)| CountedRefusal {
            place,
            reason,
            count: tally.total(now),
            last_seen: tally.last_at.rfc3339(),
        })
        .collect();
    refusals.sort_by_key(|each| std::cmp::Reverse(each.count));
    refusals
}

fn unknown_events(stats: &SourceStats, now: Timestamp) -> Vec<CountedName> {
    let lately = stats.unknown_events.iter().filter(|(_, tally)| !tally.is_over(now));
    let mut unknown: Vec<CountedName> =
        lately.map(|(name, tally)| counted((name, tally.total(now)))).collect();
    unknown.sort_by_key(|each| std::cmp::Reverse(each.count));
    unknown
}

fn time_forms(stats: &SourceStats, now: Timestamp) -> Vec<CountedTimeForm> {
    let lately = stats.times.iter().filter(|(_, tally)| !tally.is_over(now));
    let mut forms: Vec<CountedTimeForm> = lately
        .map(|((place, form), tally)| CountedTimeForm {
            member: place.member(),
            form: form_name(*form),
            count: tally.total(now),
        })
        .collect();
    forms.sort_by_key(|each| std::cmp::Reverse(each.count));
    forms
}

fn form_name(form: TimeForm) -> &'static str {
    match form {
        TimeForm::Utc => "utc",
        TimeForm::Offset => "offset",
        TimeForm::Local => "local",
        TimeForm::Seconds => "seconds",
        TimeForm::Millis => "milliseconds",
        TimeForm::Micros => "microseconds",
        TimeForm::Nanos => "nanoseconds",
        TimeForm::Other => "other",
    }
}

fn emf_problems(stats: &SourceStats, now: Timestamp) -> Vec<CountedProblem> {
    let lately = stats.emf_problems.iter().filter(|(_, problem)| !problem.tally.is_over(now));
    let mut problems: Vec<CountedProblem> = lately
        .map(|(fault, problem)| CountedProblem {
            text: fault.to_string(),
            example: problem.example.to_string(),
            count: problem.tally.total(now),
            last_seen: problem.tally.last_at.rfc3339(),
        })
        .collect();
    problems.sort_by_key(|each| std::cmp::Reverse(each.count));
    problems
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minutes_end_with_this_one() {
        let counts = [(Timestamp::from_seconds(60), 5), (Timestamp::from_seconds(3_600), 7)].into();
        let shown = minutes(&counts, Timestamp::from_seconds(3_630));
        assert_eq!((shown.len(), shown[0], shown[59]), (60, 5, 7));
    }
}
