//! /api/v1/logs/subscription-filters: which subscription filters are there, and do their events arrive?

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_stream::GroupKey;
use walletscope_stream::subscription_filter::SubscriptionFilter;

use super::LogFiltersState;
use super::definitions::FiltersOf;
use crate::api::Caller;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::query::Query;
use crate::delivery::Status;

/// Every subscription filter of the account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct SubscriptionFiltersAnswer {
    /// By group and name.
    subscription_filters: Vec<SubscriptionFilterShown>,
}

/// A subscription filter, and how its deliveries go. Counts are of since this start of the server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct SubscriptionFilterShown {
    group: String,
    region: String,
    name: String,
    pattern: String,
    /// Where to.
    destination: String,
    /// RFC 3339.
    created_at: String,
    /// Journal entries that are not looked at yet.
    entries_behind: u64,
    delivered_events: u64,
    /// RFC 3339; none before the first.
    last_delivered_at: Option<String>,
    /// Log events in files, because they never arrived.
    put_aside_events: u64,
    /// What is being tried again; none while all is well.
    failing: Option<FailingShown>,
}

/// A delivery that does not arrive.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct FailingShown {
    /// When it was tried first, RFC 3339.
    since: String,
    /// How often so far.
    tries: u32,
    /// Why the last try failed.
    reason: String,
    /// When it is tried again, RFC 3339.
    next_try_at: String,
    /// When the oldest log event of it was received, RFC 3339.
    oldest_received_at: Option<String>,
}

/// Which subscription filters are there, and do their events arrive?
#[utoipa::path(
    get, path = "/api/v1/logs/subscription-filters", tag = "logs", operation_id = "subscription_filters",
    params(FiltersOf),
    responses((status = 200, body = SubscriptionFiltersAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn list(
    State(state): State<LogFiltersState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<SubscriptionFiltersAnswer>, ApiError> {
    Caller::known(caller)?;
    let query = Query::read(&uri, &[&["group"]])?;
    let group = query.one("group")?;
    let catalog = state.shared.catalog.load_full();
    let head = state.shared.appended();
    let own = catalog
        .subscription_filters
        .iter()
        .filter(|(key, _)| *key.account == *state.account && group.is_none_or(|group| *key.name == *group));
    let shown = own.map(|(key, filter)| {
        let status = state
            .deliveries
            .status(key, filter)
            .unwrap_or_else(|| Status { delivered: filter.stored.delivered, ..Status::default() });
        shown(key, filter, status, head.0)
    });
    Ok(Json(SubscriptionFiltersAnswer { subscription_filters: shown.collect() }))
}

fn shown(key: &GroupKey, filter: &SubscriptionFilter, status: Status, head: u64) -> SubscriptionFilterShown {
    let definition = &filter.stored.definition;
    SubscriptionFilterShown {
        group: key.name.to_string(),
        region: key.region.to_string(),
        name: definition.name.to_string(),
        pattern: definition.pattern.to_string(),
        destination: definition.destination.to_string(),
        created_at: filter.stored.created_at.rfc3339(),
        entries_behind: head.saturating_sub(status.delivered.0),
        delivered_events: status.delivered_events,
        last_delivered_at: status.last_delivered_at.map(|at| at.rfc3339()),
        put_aside_events: status.put_aside_events,
        failing: status.failing.map(|failing| FailingShown {
            since: failing.since.rfc3339(),
            tries: failing.tries,
            reason: failing.reason,
            next_try_at: failing.next_try_at.rfc3339(),
            oldest_received_at: failing.oldest.map(|at| at.rfc3339()),
        }),
    }
}
