//! GET /api/v1/cloudwatch/metrics: which metrics are there?

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_language::metric_search::SearchQuery;
use walletscope_model::Duration;

use super::said_by;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::query::Query;
use crate::api::{Api, Caller};
use crate::metrics::evaluate::LISTED_FOR;

/// Metrics of an answer.
const METRICS_MAX: usize = 500;

/// Which metrics.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(in crate::api) struct MetricsOf {
    /// Those of this namespace.
    namespace: Option<String>,
    /// Those of this name.
    name: Option<String>,
    /// A search as in `SEARCH`: words, `MetricName="…"`, `Dim="…"`, AND, OR, NOT.
    q: Option<String>,
}

/// Metrics with data of the last 14 days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricListAnswer {
    /// By namespace, name and dimensions, 500 at most.
    metrics: Vec<MetricListed>,
    /// How many there are.
    total: usize,
    /// Every namespace, and how many metrics it has, whatever was asked for.
    namespaces: BTreeMap<String, usize>,
}

/// A metric.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricListed {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
    /// `attempt`: measured of attempts; `written`: by whoever sends it.
    said_by: &'static str,
}

/// Which metrics are there?
#[utoipa::path(
    get, path = "/api/v1/cloudwatch/metrics", tag = "metrics", operation_id = "cloudwatch_metrics",
    params(MetricsOf),
    responses((status = 200, body = MetricListAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn list(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<MetricListAnswer>, ApiError> {
    Caller::known(caller)?;
    let query = Query::read(&uri, &[&["namespace", "name", "q"]])?;
    let namespace = query.one("namespace")?.map(str::to_owned);
    let name = query.one("name")?.map(str::to_owned);
    let search = query.one("q")?.map(|text| {
        SearchQuery::parse(text).map_err(|error| ApiError::BadPattern {
            parameter: "q",
            problem: error.to_string(),
            at: text.get(..error.position).unwrap_or(text).chars().count(),
        })
    });
    let search = search.transpose()?;
    let metrics = api.metrics();
    let answer = api.fold(move |view| {
        let seen = metrics.since(view.clock.now.plus(Duration(-LISTED_FOR.0)));
        let mut namespaces: BTreeMap<String, usize> = BTreeMap::new();
        for metric in seen.iter().filter(|metric| metric.has_data()) {
            *namespaces.entry(metric.namespace.to_owned()).or_default() += 1;
        }
        let wanted = seen.iter().filter(|metric| metric.has_data()).filter(|metric| {
            namespace.as_deref().is_none_or(|namespace| namespace == metric.namespace)
                && name.as_deref().is_none_or(|name| name == metric.name)
                && search.as_ref().is_none_or(|search| search.matches(&metric.identity(&metrics.account)))
        });
        let wanted: Vec<_> = wanted.collect();
        let listed = wanted.iter().take(METRICS_MAX).map(|metric| MetricListed {
            namespace: metric.namespace.to_owned(),
            name: metric.name.to_owned(),
            dimensions: metric
                .dimensions
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            said_by: said_by(metric.is_of_attempts),
        });
        Ok(MetricListAnswer { metrics: listed.collect(), total: wanted.len(), namespaces })
    });
    Ok(Json(answer.await?))
}
