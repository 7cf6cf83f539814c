//! GET /api/v1/requests/{id}: what is known of one attempt, and how was each record joined?
//!
//! Any id leads to the attempt: correlation, request and trace id, token reference, written attempt id. An id that
//! several attempts share is answered with all of them. Messages are read from the journal; one that was trimmed
//! there is shown as expired, never left out.

use std::collections::BTreeMap;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_guard::is_clean;
use walletscope_model::{
    Abandoned, Attempt, AuditEvent, Batch, Body, Decisions, Offset, Span, Stage, TokenTimeline,
};
use walletscope_stream::interpret::What;
use walletscope_stream::{Detail, JoinedRecord};

use super::error::{ApiError, ErrorBody};
use super::query::{Query, bad_value};
use super::token_request::{RequestSummary, TokenRequest, parse_attempt_id};
use super::{Api, Caller, JournalReader};
use crate::view::View;

/// Records shown of one attempt.
pub const RECORDS_MAX: usize = 500;
/// Bytes of an id at most; longer ones name nothing.
const ID_BYTES_MAX: usize = walletscope_stream::interpret::ID_BYTES_MAX + 8;

/// One attempt. Its first five members are the interface's.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestAnswer {
    /// The attempt in the interface's own names.
    #[serde(flatten)]
    pub request: TokenRequest,
    /// Everything else.
    pub detail: RequestDetail,
    /// Its records and those it shares, by time.
    pub records: Vec<RecordShown>,
    /// How many more there are than [`RECORDS_MAX`].
    pub records_left_out: usize,
    /// The tokens that it made.
    pub tokens: Vec<TokenShown>,
}

/// Several attempts that share an id.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidatesAnswer {
    /// Always true.
    pub ambiguous: bool,
    /// The attempts that it may mean.
    pub candidates: Vec<Candidate>,
}

/// One of several attempts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidate {
    /// The attempt in the interface's own names.
    #[serde(flatten)]
    pub request: TokenRequest,
    /// More about it.
    pub detail: RequestSummary,
}

/// Every column of an attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct RequestDetail {
    #[serde(flatten)]
    pub summary: RequestSummary,
    pub par: Option<String>,
    pub token_requestor_id: Option<String>,
    pub device_type: Option<String>,
    pub device_id: Option<String>,
    pub client_ip: Option<String>,
    pub user_agent: Option<String>,
    pub token_type: Option<String>,
    pub step_up_method: Option<String>,
    pub step_up_vendor: Option<String>,
    pub decisions: DecisionsShown,
    /// Every stage in order; `at` is null for stages that were not seen.
    pub stages: Vec<StageShown>,
    /// The stage after which it was abandoned, or `step_up`.
    pub abandoned_at: Option<&'static str>,
    pub aliases: AliasesShown,
    pub records_joined: u32,
    pub records_over_limit: u32,
    pub last_arrival: String,
}

/// The four decisions, kept apart.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct DecisionsShown {
    pub wallet_recommendation: Option<&'static str>,
    pub network_decision: Option<&'static str>,
    pub issuer_decision: Option<&'static str>,
    pub final_decision: Option<&'static str>,
    pub override_by: Option<String>,
}

/// A stage and when it was reached.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct StageShown {
    pub stage: &'static str,
    pub at: Option<String>,
}

/// Other ids that resolve to the attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct AliasesShown {
    pub request_ids: Vec<String>,
    pub trace_ids: Vec<String>,
    pub token_reference_ids: Vec<String>,
}

/// One record, and why it is here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordShown {
    /// Its own time.
    pub time: String,
    /// When it arrived; null where it tells the life of a token alone.
    pub arrived_at: Option<String>,
    /// The journal entry that holds it.
    pub offset: u64,
    /// Its place in that entry.
    pub index: u32,
    /// `log`, `span` or `audit`; null where the journal does not hold it any more.
    pub signal: Option<&'static str>,
    /// The contract's event name, `crash`, `failed call`, or null for other records.
    pub event: Option<&'static str>,
    /// The id by which it was joined.
    pub joined_by: JoinedBy,
    /// `named`, `alias`, `shared` (shown, counted by none) or `token`.
    pub join: &'static str,
    /// Log group.
    pub group: Option<String>,
    /// Log stream.
    pub stream: Option<String>,
    /// The message as it was kept; a span or an audit event in one sentence.
    pub message: Option<String>,
    /// The journal does not hold it any more.
    pub expired: bool,
}

/// The id by which a record was joined.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct JoinedBy {
    /// `corr`, `req`, `trace` or `token`.
    pub kind: &'static str,
    pub id: String,
}

/// A token and its life.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct TokenShown {
    pub reference: String,
    /// Oldest first.
    pub states: Vec<TokenStateShown>,
}

/// A stretch of a token's life.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct TokenStateShown {
    pub state: &'static str,
    pub valid_from: String,
    pub valid_to: Option<String>,
    pub event: String,
    pub reason: Option<String>,
    /// Other states asserted for the same instant.
    pub disputed_by: Vec<&'static str>,
}

/// What is known of one attempt?
#[utoipa::path(
    get, path = "/api/v1/requests/{id}", tag = "requests",
    params(("id" = String, Path, description = "Correlation, request or trace id, token reference, attempt id")),
    responses(
        (status = 200, body = RequestAnswer, description = "The attempt; `CandidatesAnswer` where several share the id"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
    ),
)]
pub(super) async fn request_detail(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let Path(id) = path.map_err(|_| bad_value("id", "", "UTF-8, encoded as RFC 3986 says"))?;
    if !is_clean(&id) {
        return Err(ApiError::CardNumber { parameter: "id" });
    }
    let journal = api.journal.clone();
    let answer = api.read(move |view| {
        let mut found = find(view, &caller.tenant, &id)?;
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(ApiError::UnknownId { id }),
            (Some(detail), true) => Ok(Json(shown(detail, &*journal)?).into_response()),
            (Some(detail), false) => {
                found.push(detail);
                Ok(Json(candidates(&found)).into_response())
            }
        }
    });
    answer.await
}

/// The attempts that an id or a written attempt id may mean.
pub fn find(view: &View, tenant: &str, id: &str) -> Result<Vec<Detail>, ApiError> {
    if id.len() > ID_BYTES_MAX || !is_clean(id) {
        return Ok(Vec::new());
    }
    let found = view.find(tenant, id)?;
    let Some((kind, value)) = parse_attempt_id(id).filter(|_| found.is_empty()) else { return Ok(found) };
    let mut named = view.find(tenant, value)?;
    named.retain(|detail| detail.attempt.id.kind == kind && *detail.attempt.id.value == *value);
    Ok(named)
}

fn candidates(found: &[Detail]) -> CandidatesAnswer {
    let candidate = |detail: &Detail| Candidate {
        request: TokenRequest::of(&detail.attempt),
        detail: RequestSummary::of(&detail.attempt),
    };
    CandidatesAnswer { ambiguous: true, candidates: found.iter().map(candidate).collect() }
}

fn shown(detail: Detail, journal: &dyn JournalReader) -> Result<RequestAnswer, ApiError> {
    let mut entries = Entries { journal, known: BTreeMap::new() };
    let records_left_out = detail.records.len().saturating_sub(RECORDS_MAX);
    let records = detail.records.iter().take(RECORDS_MAX).map(|record| entries.show(record));
    Ok(RequestAnswer {
        request: TokenRequest::of(&detail.attempt),
        detail: RequestDetail::of(&detail.attempt),
        records: records.collect::<Result<_, _>>()?,
        records_left_out,
        tokens: detail.tokens.iter().map(TokenShown::of).collect(),
    })
}

/// Journal entries, each read once.
struct Entries<'a> {
    journal: &'a dyn JournalReader,
    known: BTreeMap<Offset, Option<Batch>>,
}

impl Entries<'_> {
    fn show(&mut self, record: &JoinedRecord) -> Result<RecordShown, ApiError> {
        let is_token = record.join == walletscope_stream::Join::Token;
        let entry = self.entry(record.offset)?;
        let logs = entry.and_then(|batch| match &batch.body {
            Body::Logs(logs) => Some(logs),
            _ => None,
        });
        let told = entry.and_then(|batch| told(&batch.body, record.index as usize));
        let (signal, message) = told.unzip();
        Ok(RecordShown {
            time: record.time.rfc3339(),
            arrived_at: match entry {
                Some(batch) if is_token => Some(batch.appended_at.rfc3339()),
                None if is_token => None,
                _ => Some(record.arrival.rfc3339()),
            },
            offset: record.offset.0,
            index: record.index,
            signal,
            event: event_name(record.what),
            joined_by: JoinedBy { kind: record.by.name(), id: record.id.to_string() },
            join: record.join.name(),
            group: logs.map(|logs| logs.group.to_string()),
            stream: logs.map(|logs| logs.stream.to_string()),
            expired: message.is_none(),
            message,
        })
    }

    fn entry(&mut self, offset: Offset) -> Result<Option<&Batch>, ApiError> {
        let entry = match self.known.entry(offset) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(self.journal.entry(offset).map_err(|reason| ApiError::Failed { reason })?)
            }
        };
        Ok(entry.as_ref())
    }
}

/// The signal of a record and what it says, in words.
fn told(body: &Body, index: usize) -> Option<(&'static str, String)> {
    match body {
        Body::Logs(logs) => Some(("log", logs.events.get(index)?.message.to_string())),
        Body::Spans(spans) => Some(("span", span_in_words(spans.get(index)?))),
        Body::Audit(events) => Some(("audit", audit_event_in_words(events.get(index)?))),
        _ => None,
    }
}

/// `DynamoDB GetItem on TokenStore, 0.26 s, fault`.
fn span_in_words(span: &Span) -> String {
    let mut words = span.name.to_string();
    let mut say = |before: &str, text: Option<&str>| {
        if let Some(text) = text {
            words.push_str(before);
            words.push_str(text);
        }
    };
    say(" ", span.operation.as_deref());
    say(" on ", span.resource.as_deref());
    say(" ", span.http_method.as_deref());
    say(" ", span.http_url.as_deref());
    say(" answered ", span.http_status.map(|status| status.to_string()).as_deref());
    say(", ", span.duration().map(|took| format!("{} s", took.as_seconds())).as_deref());
    for (is_so, word) in [(span.error, "error"), (span.fault, "fault"), (span.throttle, "throttled")] {
        say(", ", is_so.then_some(word));
    }
    words
}

/// `ProvisionToken at tokenization.amazonaws.com: SUCCESS, 1.245 s`.
fn audit_event_in_words(event: &AuditEvent) -> String {
    let mut words = format!("{} at {}", event.event_name, event.event_source);
    let took = event.processing_time.map(|took| format!("{} s", took.as_seconds()));
    let told = [&event.status, &event.error_code, &event.error_message];
    let told: Vec<&str> = told.into_iter().filter_map(Option::as_deref).chain(took.as_deref()).collect();
    if !told.is_empty() {
        words.push_str(": ");
        words.push_str(&told.join(", "));
    }
    words
}

fn event_name(what: What) -> Option<&'static str> {
    match what {
        What::Event(kind) => Some(walletscope_model::contract::event_name(kind)),
        What::Crash => Some("crash"),
        What::FailedCall => Some("failed call"),
        What::Other => None,
    }
}

impl RequestDetail {
    fn of(attempt: &Attempt) -> Self {
        let facts = &attempt.facts;
        let text = |value: &Option<Box<str>>| value.as_deref().map(str::to_owned);
        let texts = |values: &[Box<str>]| values.iter().map(|value| value.to_string()).collect();
        let stage = |stage: Stage| StageShown {
            stage: stage.name(),
            at: attempt.stage_at[stage as usize].map(|at| at.rfc3339()),
        };
        Self {
            summary: RequestSummary::of(attempt),
            par: text(&facts.par),
            token_requestor_id: text(&facts.token_requestor_id),
            device_type: text(&facts.device_type),
            device_id: text(&facts.device_id),
            client_ip: text(&facts.client_ip),
            user_agent: text(&facts.user_agent),
            token_type: text(&facts.token_type),
            step_up_method: text(&facts.step_up_method),
            step_up_vendor: text(&facts.step_up_vendor),
            decisions: DecisionsShown::of(&attempt.decisions),
            stages: Stage::ALL.into_iter().map(stage).collect(),
            abandoned_at: attempt.abandoned.map(|place| match place {
                Abandoned::AtStepUp => "step_up",
                Abandoned::After(stage) => stage.name(),
            }),
            aliases: AliasesShown {
                request_ids: texts(&attempt.aliases.request_ids),
                trace_ids: texts(&attempt.aliases.trace_ids),
                token_reference_ids: texts(&attempt.aliases.token_reference_ids),
            },
            records_joined: attempt.records,
            records_over_limit: attempt.records_over_limit,
            last_arrival: attempt.last_arrival.rfc3339(),
        }
    }
}

impl DecisionsShown {
    fn of(decisions: &Decisions) -> Self {
        let colour = |decision: Option<walletscope_model::Decision>| decision.map(|decision| decision.name());
        Self {
            wallet_recommendation: colour(decisions.wallet_recommendation),
            network_decision: colour(decisions.network_decision),
            issuer_decision: colour(decisions.issuer_decision),
            final_decision: colour(decisions.final_decision),
            override_by: decisions.override_by.as_deref().map(str::to_owned),
        }
    }
}

impl TokenShown {
    fn of(timeline: &TokenTimeline) -> Self {
        let states = timeline.spans.iter().map(|span| TokenStateShown {
            state: span.state.name(),
            valid_from: span.valid_from.rfc3339(),
            valid_to: span.valid_to.map(|at| at.rfc3339()),
            event: span.event.to_string(),
            reason: span.reason.as_deref().map(str::to_owned),
            disputed_by: span.disputed_by.iter().map(|state| state.name()).collect(),
        });
        Self { reference: timeline.reference.to_string(), states: states.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::{Duration, Timestamp};

    #[test]
    fn spans_and_audit_events_are_told_in_words() {
        let call = Span {
            name: "DynamoDB".into(),
            operation: Some("GetItem".into()),
            resource: Some("TokenStore".into()),
            end_time: Some(Timestamp(260_000)),
            fault: true,
            ..Span::default()
        };
        let request = Span {
            name: "TokenProvisioningService".into(),
            http_method: Some("POST".into()),
            http_url: Some("/api/v1/tokens/provision".into()),
            http_status: Some(200),
            end_time: Some(Timestamp(1_654_000)),
            ..Span::default()
        };
        let spans = Body::Spans(vec![call, request, Span { name: "alone".into(), ..Span::default() }]);
        let event = AuditEvent {
            event_name: "ProvisionToken".into(),
            event_source: "tokenization.amazonaws.com".into(),
            ..AuditEvent::default()
        };
        let told_event = AuditEvent {
            status: Some("SUCCESS".into()),
            processing_time: Some(Duration(1_245_000)),
            ..event.clone()
        };
        let events = Body::Audit(vec![told_event, event]);
        for (body, index, expected) in [
            (&spans, 0, Some(("span", "DynamoDB GetItem on TokenStore, 0.26 s, fault"))),
            (
                &spans,
                1,
                Some((
                    "span",
                    "TokenProvisioningService POST /api/v1/tokens/provision answered 200, 1.654 s",
                )),
            ),
            (&spans, 2, Some(("span", "alone"))),
            (&events, 0, Some(("audit", "ProvisionToken at tokenization.amazonaws.com: SUCCESS, 1.245 s"))),
            (&events, 1, Some(("audit", "ProvisionToken at tokenization.amazonaws.com"))),
            (&events, 2, None),
            (&Body::Tick, 0, None),
        ] {
            let found = told(body, index);
            assert_eq!(found.as_ref().map(|(signal, words)| (*signal, words.as_str())), expected);
        }
    }
}
