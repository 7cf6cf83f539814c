//! POST /api/v1/cloudwatch/data: which series answer these queries?

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use walletscope_guard::guard;
use walletscope_wire::aws::Timestamp as WireTime;
use walletscope_wire::cloudwatch::{GetMetricData, GetMetricDataRequest, MetricDataQueryShape, QuerySource};

use super::said_by;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::query::{Query, RANGE_DEFAULT};
use crate::api::{Api, Caller, RangeParameters};
use crate::metrics::asked::Refusal;
use crate::metrics::data::{AnsweredSeries, all_series};

/// Queries as GetMetricData takes them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::api) struct MetricDataToAsk {
    /// `[{"Id": "m1", "MetricStat": {…}}, {"Id": "e1", "Expression": "…"}]`, 500 at most.
    #[schema(value_type = Vec<Object>)]
    metric_data_queries: Vec<MetricDataQueryShape>,
}

/// The series.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricDataAnswer {
    /// In the order of the queries.
    series: Vec<MetricSeriesShown>,
    /// A search found more metrics than are answered.
    is_cut: bool,
}

/// One series.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricSeriesShown {
    /// The id of its query.
    id: String,
    /// What to call it.
    label: String,
    /// The length of its buckets.
    period_seconds: u32,
    /// Starts of buckets, in milliseconds since 1970, ascending; a bucket without a value is left out.
    times: Vec<i64>,
    /// The value of each.
    values: Vec<f64>,
    /// What it is of, where it is of one metric.
    metric: Option<MetricShown>,
}

/// A metric and a statistic of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricShown {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
    statistic: String,
    /// `attempt`: measured of attempts; `written`: by whoever sends it.
    said_by: &'static str,
}

/// Which series answer these queries?
#[utoipa::path(
    post, path = "/api/v1/cloudwatch/data", tag = "metrics", operation_id = "cloudwatch_data",
    params(RangeParameters), request_body = MetricDataToAsk,
    responses((status = 200, body = MetricDataAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn data(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<MetricDataAnswer>, ApiError> {
    Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to"]])?;
    let range = query.range(api.now(), RANGE_DEFAULT)?;
    let body = body.map_err(|_| ApiError::BadBody { message: "the body is too long, or was cut off" })?;
    const EXPECTED: &str =
        "the body is JSON such as {\"MetricDataQueries\": [{\"Id\": \"m1\", \"MetricStat\": …}]}";
    let asked: MetricDataToAsk =
        serde_json::from_slice(&body).map_err(|_| ApiError::BadBody { message: EXPECTED })?;
    let request = GetMetricDataRequest {
        metric_data_queries: asked.metric_data_queries,
        start_time: Some(WireTime::from_epoch_millis(range.from.millis())),
        end_time: Some(WireTime::from_epoch_millis(range.to.millis())),
        ..GetMetricDataRequest::default()
    };
    let request = request.validate().map_err(|error| ApiError::BadQuery {
        id: String::new(),
        problem: error.message.trim_end().to_owned(),
        at: None,
    })?;
    let metrics = api.metrics();
    let answered =
        api.fold(move |_| all_series(&metrics, &request).map_err(|refusal| refused(refusal, &request)));
    let (series, is_cut) = answered.await?;
    Ok(Json(MetricDataAnswer { series: series.into_iter().map(shown).collect(), is_cut }))
}

fn shown(series: AnsweredSeries) -> MetricSeriesShown {
    let (times, values) = series.points.into_iter().map(|(at, value)| (at * 1_000, value)).unzip();
    let metric = series.origin.map(|origin| MetricShown {
        namespace: origin.namespace.into(),
        name: origin.name.into(),
        dimensions: origin.dimensions.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        statistic: origin.statistic.into(),
        said_by: said_by(origin.is_of_attempts),
    });
    // A label is the caller's own text.
    let label = guard(&series.label).text.into_owned();
    MetricSeriesShown { id: series.id, label, period_seconds: series.period_seconds, times, values, metric }
}

fn refused(refusal: Refusal, request: &GetMetricData) -> ApiError {
    let problem = refusal.to_string();
    match refusal {
        Refusal::Failed(reason) => ApiError::Failed { reason },
        Refusal::Statistic(place, _) => {
            let id = request.queries.get(place).map_or_else(String::new, |query| query.id.clone());
            ApiError::BadQuery { id, problem, at: None }
        }
        Refusal::Text { id, position, problem } => {
            let text = request.queries.iter().find(|query| query.id == id).map(|query| match &query.source {
                QuerySource::Expression { text, .. } => text.as_str(),
                QuerySource::Metric(_) => query.label.as_deref().unwrap_or_default(),
            });
            let before = text.and_then(|text| text.get(..position));
            ApiError::BadQuery { id, problem, at: before.map(|before| before.chars().count()) }
        }
        Refusal::Query { id, problem } => ApiError::BadQuery { id, problem, at: None },
        Refusal::TooManyInsights => ApiError::BadQuery { id: String::new(), problem, at: None },
    }
}
