//! GET /api/v1/logs/tail: which matching log events have just come?
//!
//! Server-sent events over a [`Tail`]: `session` first, an `update` every second, `ended` last.

use std::convert::Infallible;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::sse::{Event, Sse};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::LogsState;
use super::asked::{self, WhichParameters};
use super::events::LogEventShown;
use crate::api::Caller;
use crate::api::error::{ApiError, ErrorBody};
use crate::logs::tail::{End, News, TAILS_MAX, Tail, Update};

/// Event `session`: what is followed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogTailSessionEvent {
    session_id: String,
    /// The log groups as they were asked for; none means all.
    groups: Vec<String>,
    pattern: String,
}

/// Event `update`: what matched in the last second.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogTailUpdateEvent {
    /// In the order in which they came, 500 at most.
    events: Vec<LogEventShown>,
    /// How many matched, as far as they were looked at.
    matched: u64,
    /// How many are shown.
    shown: u64,
    /// More matched than are shown, or more came than could be looked at.
    is_sampled: bool,
}

/// Event `ended`: the last one.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct LogTailEndedEvent {
    /// `time` after three hours, or `stopping` where the server stops.
    reason: &'static str,
}

/// Which matching log events have just come?
#[utoipa::path(
    get, path = "/api/v1/logs/tail", tag = "logs",
    params(WhichParameters),
    responses(
        (status = 200, content_type = "text/event-stream", body = String, description = "Events session, update, ended"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody),
    ),
)]
pub(in crate::api) async fn tail(
    State(state): State<LogsState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let caller = Caller::known(caller)?;
    let selection = asked::read_live(&state, &caller, &uri)?;
    let session = LogTailSessionEvent {
        session_id: uuid::Uuid::new_v4().to_string(),
        groups: selection.groups.iter().map(ToString::to_string).collect(),
        pattern: selection.pattern.text().to_owned(),
    };
    let tail = state.logs.tails.open(selection);
    let tail = tail.map_err(|_| ApiError::TooManyStreams { streams_max: TAILS_MAX })?;
    let first = stream::iter([Ok(event("session", &session))]);
    Ok(Sse::new(first.chain(stream::unfold(tail, next))))
}

async fn next(mut tail: Tail) -> Option<(Result<Event, Infallible>, Tail)> {
    let event = match tail.next().await? {
        News::Update(update) => event("update", &LogTailUpdateEvent::of(update)),
        News::Ended(End::TimedOut) => event("ended", &LogTailEndedEvent { reason: "time" }),
        News::Ended(End::Stopping) => event("ended", &LogTailEndedEvent { reason: "stopping" }),
    };
    Some((Ok(event), tail))
}

impl LogTailUpdateEvent {
    fn of(update: Update) -> Self {
        Self {
            matched: update.matched,
            shown: update.events.len() as u64,
            is_sampled: update.is_sampled,
            events: update.events.into_iter().map(LogEventShown::of).collect(),
        }
    }
}

fn event(name: &str, body: &impl Serialize) -> Event {
    // Texts, numbers and lists of them always become JSON.
    Event::default().event(name).data(serde_json::to_string(body).unwrap_or_default())
}
