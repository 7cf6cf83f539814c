//! GET /api/v1/logs/events: which log events match?

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::LogsState;
use super::asked::{self, Asked, WhichParameters};
use crate::api::error::{ApiError, ErrorBody};
use crate::api::metrics::DataTo;
use crate::api::query::{Query, bad_value};
use crate::api::{Caller, RangeParameters};
use crate::logs::{BUDGET, BYTES_MAX, Cost, EventKey, FoundEvent, Order, Search};

/// Events of a page, unless it says otherwise.
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

/// A page of log events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogEventsAnswer {
    /// By time, time of arrival, place in the journal; the newest first unless asked for otherwise.
    events: Vec<LogEventShown>,
    /// Pass it as `cursor` for the next page; null on the last. A page that took long is short, even empty, and has one.
    next: Option<String>,
    /// How far the search has come, RFC 3339; null at its end.
    searched_to: Option<String>,
    scanned: ScannedShown,
    /// How fresh it is.
    data_to: DataTo,
}

/// A log event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogEventShown {
    /// Stable: its journal entry and its place there.
    id: String,
    /// Its own time, RFC 3339.
    timestamp: String,
    /// When it arrived, RFC 3339.
    ingestion_time: String,
    /// Its log group.
    group: String,
    /// Its log stream.
    stream: String,
    message: String,
    /// The contract's event name; null where it is none.
    event: Option<String>,
    /// A card number was cut out of the message.
    guarded: bool,
    correlation_id: Option<String>,
    request_id: Option<String>,
    trace_id: Option<String>,
    token_reference_id: Option<String>,
}

/// What a search cost.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ScannedShown {
    /// Events that were looked at.
    events: u64,
    /// Bytes that were read of files.
    bytes: u64,
    milliseconds: u64,
}

/// How to page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(in crate::api) struct LogPageParameters {
    /// Events on a page, 1 to 1,000; 100 by default.
    limit: Option<u32>,
    /// `desc` (the default): the newest first; or `asc`.
    order: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Which log events match? A page is answered after about three seconds at the latest.
#[utoipa::path(
    get, path = "/api/v1/logs/events", tag = "logs",
    params(RangeParameters, WhichParameters, LogPageParameters),
    responses(
        (status = 200, body = LogEventsAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 429, body = ErrorBody),
    ),
)]
pub(in crate::api) async fn events(
    State(state): State<LogsState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<LogEventsAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let Asked { query, selection, range } =
        asked::read(&state, &caller, &uri, &["limit", "order", "cursor"])?;
    let order = match query.word("order", &["desc", "asc"])? {
        Some("asc") => Order::Ascending,
        _ => Order::Descending,
    };
    let search = Search {
        selection,
        range,
        order,
        after: cursor(&query, order)?,
        events_max: query.number("limit", LIMIT_DEFAULT, 1..=LIMIT_MAX)?,
        bytes_max: BYTES_MAX,
        budget: BUDGET,
    };
    let page = state.logs.page(search).await?;
    Ok(Json(LogEventsAnswer {
        events: page.events.into_iter().map(LogEventShown::of).collect(),
        next: page.next.map(|next| next.write(order)),
        searched_to: page.next.map(|next| next.timestamp.rfc3339()),
        scanned: ScannedShown::of(&page.cost),
        data_to: state.data_to(Some(page.cost.head)),
    }))
}

fn cursor(query: &Query, order: Order) -> Result<Option<EventKey>, ApiError> {
    let Some(text) = query.one("cursor")? else { return Ok(None) };
    let key = EventKey::read(order, text);
    key.map(Some).ok_or_else(|| bad_value("cursor", text, "next of a page in the same order"))
}

impl LogEventShown {
    pub(super) fn of(event: FoundEvent) -> Self {
        let text = |text: Option<Box<str>>| text.map(String::from);
        Self {
            id: event.key.id(),
            timestamp: event.key.timestamp.rfc3339(),
            ingestion_time: event.key.ingested_at.rfc3339(),
            group: event.group.into(),
            stream: event.stream.into(),
            message: event.message.into(),
            event: text(event.event),
            guarded: event.guarded,
            correlation_id: text(event.correlation_id),
            request_id: text(event.request_id),
            trace_id: text(event.trace_id),
            token_reference_id: text(event.token_reference_id),
        }
    }
}

impl ScannedShown {
    fn of(cost: &Cost) -> Self {
        Self {
            events: cost.read.rows_scanned,
            bytes: cost.read.bytes_scanned,
            milliseconds: u64::try_from(cost.elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
