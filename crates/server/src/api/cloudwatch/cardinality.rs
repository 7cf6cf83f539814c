//! GET /api/v1/cloudwatch/cardinality: which metrics have the most series, and by which dimension?
//!
//! Series are what the memory and the disk of metrics go by. A dimension that is an id in disguise shows here before the
//! limit is reached.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_stream::SeriesIdentity;
use walletscope_stream::metric_series::SERIES_MAX;

use crate::api::error::{ApiError, ErrorBody};
use crate::api::query::Query;
use crate::api::{Api, Caller};

/// Metrics that are named.
const TOP_MAX: usize = 20;

/// How many series there are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct CardinalityAnswer {
    /// Series that are kept.
    series: usize,
    /// How many may be.
    series_max: usize,
    /// Points that were not kept since there were too many series, since this start of the server.
    dropped_points: u64,
    /// The metrics with the most series, 20 at most.
    top: Vec<MetricCardinality>,
    /// Of which metrics points were dropped.
    dropped: Vec<DroppedShown>,
}

/// The series of a metric.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricCardinality {
    namespace: String,
    name: String,
    series: usize,
    /// How many values each dimension has, most first.
    dimensions: Vec<DimensionCardinality>,
}

/// The values of a dimension.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct DimensionCardinality {
    name: String,
    values: usize,
    /// One of them.
    example: String,
}

/// Points of a metric that were not kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct DroppedShown {
    namespace: String,
    name: String,
    points: u64,
}

/// Which metrics have the most series, and by which dimension?
#[utoipa::path(
    get, path = "/api/v1/cloudwatch/cardinality", tag = "metrics", operation_id = "cloudwatch_cardinality",
    responses((status = 200, body = CardinalityAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn cardinality(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<CardinalityAnswer>, ApiError> {
    Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let answer = api.fold(|view| {
        let mut by_metric: BTreeMap<(&str, &str), Vec<&SeriesIdentity>> = BTreeMap::new();
        for (_, identity, _) in view.series.iter() {
            by_metric.entry((&identity.namespace, &identity.name)).or_default().push(identity);
        }
        let mut top: Vec<_> = by_metric.into_iter().collect();
        top.sort_by_key(|(_, series)| std::cmp::Reverse(series.len()));
        let top = top.into_iter().take(TOP_MAX).map(|((namespace, name), series)| MetricCardinality {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            series: series.len(),
            dimensions: dimensions_of(&series),
        });
        let (dropped_points, dropped) = view.series.dropped();
        let dropped = dropped.iter().map(|((namespace, name), points)| DroppedShown {
            namespace: namespace.to_string(),
            name: name.to_string(),
            points: *points,
        });
        Ok(CardinalityAnswer {
            series: view.series.len(),
            series_max: SERIES_MAX,
            dropped_points,
            top: top.collect(),
            dropped: dropped.collect(),
        })
    });
    Ok(Json(answer.await?))
}

fn dimensions_of(series: &[&SeriesIdentity]) -> Vec<DimensionCardinality> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in series.iter().flat_map(|identity| &identity.dimensions) {
        values.entry(name).or_default().insert(value);
    }
    let mut dimensions: Vec<_> = values
        .into_iter()
        .map(|(name, values)| DimensionCardinality {
            name: name.to_owned(),
            values: values.len(),
            example: values.first().copied().unwrap_or_default().to_owned(),
        })
        .collect();
    dimensions.sort_by_key(|dimension| std::cmp::Reverse(dimension.values));
    dimensions
}
