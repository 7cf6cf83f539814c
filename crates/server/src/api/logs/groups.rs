//! GET /api/v1/logs/groups: which log groups are there?

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::Timestamp;

use super::LogsState;
use crate::api::Caller;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::metrics::DataTo;
use crate::api::query::Query;

/// Every log group of the account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogGroupsAnswer {
    /// By name, then by region.
    groups: Vec<LogGroupShown>,
    /// How fresh it is.
    data_to: DataTo,
}

/// A log group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogGroupShown {
    name: String,
    account: String,
    region: String,
    /// RFC 3339.
    created_at: String,
    /// Events older than this are not kept; null where all are.
    retention_days: Option<u32>,
    /// Of all messages that it ever got, and 26 for each, as AWS counts.
    stored_bytes: u64,
    /// How many log streams it has.
    streams: u64,
    /// When its newest event arrived; null before the first.
    last_ingestion_at: Option<String>,
    /// How many metric filters it has.
    metric_filters: u64,
}

/// Which log groups are there?
#[utoipa::path(
    get, path = "/api/v1/logs/groups", tag = "logs",
    responses((status = 200, body = LogGroupsAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn groups(
    State(state): State<LogsState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<LogGroupsAnswer>, ApiError> {
    Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let catalog = state.shared.catalog.load_full();
    let own = catalog.groups().filter(|(key, _)| *key.account == *state.account);
    let mut groups: Vec<LogGroupShown> = own
        .map(|(key, group)| LogGroupShown {
            name: key.name.to_string(),
            account: key.account.to_string(),
            region: key.region.to_string(),
            created_at: group.created_at.rfc3339(),
            retention_days: group.retention_days,
            stored_bytes: group.stored_bytes,
            streams: catalog.streams(key).count() as u64,
            last_ingestion_at: catalog
                .streams(key)
                .filter_map(|(_, stream)| stream.last_ingestion_at)
                .max()
                .map(Timestamp::rfc3339),
            metric_filters: catalog.metric_filters.of_group(key).count() as u64,
        })
        .collect();
    groups.sort_by(|one, other| (&one.name, &one.region).cmp(&(&other.name, &other.region)));
    Ok(Json(LogGroupsAnswer { groups, data_to: state.data_to(None) }))
}
