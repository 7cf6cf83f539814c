//! GET /api/v1/logs/histogram: how many log events match, and when?

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_series::Buckets;

use super::LogsState;
use super::asked::{self, Asked, WhichParameters};
use crate::api::error::{ApiError, ErrorBody};
use crate::api::metrics::DataTo;
use crate::api::{Caller, RangeParameters};

/// Buckets of an answer at most.
const BUCKETS_MAX: usize = 120;

/// How many log events match.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogHistogramAnswer {
    /// The length of a bucket.
    bucket_seconds: i64,
    /// The whole range, oldest first, 120 buckets at most. The first and the last may reach beyond the range and count
    /// what is inside.
    buckets: Vec<LogBucketShown>,
    /// Their sum.
    total: u64,
    /// False where the time was used up: the newest part of the range was counted.
    is_complete: bool,
    /// How fresh it is.
    data_to: DataTo,
}

/// How many log events match in a bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct LogBucketShown {
    /// Its start, RFC 3339.
    at: String,
    count: u64,
}

/// How many log events match, and when?
#[utoipa::path(
    get, path = "/api/v1/logs/histogram", tag = "logs",
    params(RangeParameters, WhichParameters),
    responses(
        (status = 200, body = LogHistogramAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 429, body = ErrorBody),
    ),
)]
pub(in crate::api) async fn histogram(
    State(state): State<LogsState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<LogHistogramAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let Asked { selection, range, .. } = asked::read(&state, &caller, &uri, &[])?;
    // Events have exact times, so that any length will do, whatever the range's age.
    let buckets = Buckets::choose(range, BUCKETS_MAX, range.from);
    let histogram = state.logs.histogram(selection, range, buckets).await?;
    let counts = histogram.buckets.starts().zip(&histogram.counts);
    Ok(Json(LogHistogramAnswer {
        bucket_seconds: histogram.buckets.length_seconds,
        buckets: counts.map(|(at, count)| LogBucketShown { at: at.rfc3339(), count: *count }).collect(),
        total: histogram.counts.iter().sum(),
        is_complete: histogram.is_complete,
        data_to: state.data_to(Some(histogram.cost.head)),
    }))
}
