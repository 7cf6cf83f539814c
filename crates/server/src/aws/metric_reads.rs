//! How are CloudWatch's reads of metrics answered?
//!
//! GetMetricData, GetMetricStatistics and ListMetrics read the newest published view, on a thread that may block.

use std::sync::Arc;

use walletscope_language::statistic::Statistic;
use walletscope_model::Duration;
use walletscope_stream::BackingError;
use walletscope_wire::aws::{AwsError, Response, shapes};
use walletscope_wire::cloudwatch::list_metrics::METRICS_PAGE_MAX;
use walletscope_wire::cloudwatch::{
    self, GetMetricDataRequest, GetMetricStatisticsRequest, GetMetricStatisticsResponse, ListMetrics,
    ListMetricsRequest, ListMetricsResponse, MetricShape,
};

use super::{Caller, Door, Prepared};
use crate::metrics::asked::Refusal;
use crate::metrics::evaluate::LISTED_FOR;
use crate::metrics::{Metrics, SeenMetric, data, statistics};

/// What `RecentlyActive` means
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>).
const RECENTLY: Duration = Duration::from_seconds(3 * 3_600);

/// Bytes of a hash that stand for a metric in a token.
const TOKEN_BYTES: usize = 12;

pub(crate) fn get_data(
    door: &Door,
    caller: &Caller,
    request: GetMetricDataRequest,
) -> Result<Prepared, AwsError> {
    let request = request.validate()?;
    let metrics = seen_by(door, caller);
    read(door, move || match data::page(&metrics, &request) {
        Ok(Some(page)) => Ok(Response::GetMetricData(page)),
        Ok(None) => Err(cloudwatch::invalid_next_token()),
        Err(refusal) => Err(refused(&refusal)),
    })
}

pub(crate) fn get_statistics(
    door: &Door,
    caller: &Caller,
    request: GetMetricStatisticsRequest,
) -> Result<Prepared, AwsError> {
    let request = request.validate()?;
    let mut extended = Vec::new();
    for (place, text) in request.extended_statistics.iter().enumerate() {
        let statistic =
            Statistic::parse(text).map_err(|_| cloudwatch::invalid_extended_statistic(place, text))?;
        extended.push((text.clone(), statistic));
    }
    let count = statistics::buckets_of(&request, door.now().seconds()).count();
    if count > cloudwatch::get_metric_statistics::DATAPOINTS_MAX {
        return Err(cloudwatch::too_many_datapoints(count));
    }
    let metrics = seen_by(door, caller);
    read(door, move || {
        let datapoints =
            statistics::datapoints(&metrics, &request, &extended).map_err(|error| not_read(&error))?;
        let label = request.name;
        Ok(Response::GetMetricStatistics(GetMetricStatisticsResponse { label, datapoints }))
    })
}

pub(crate) fn list(door: &Door, caller: &Caller, request: ListMetricsRequest) -> Result<Prepared, AwsError> {
    let request = request.validate()?;
    let metrics = seen_by(door, caller);
    let account = caller.origin.account.to_string();
    read(door, move || {
        let is_foreign = request.owning_account.as_deref().is_some_and(|owner| owner != account);
        let kept = if request.recently_active { RECENTLY } else { LISTED_FOR };
        let since = metrics.view.clock.now.plus(Duration(-kept.0));
        let seen = if is_foreign { Vec::new() } else { metrics.since(since) };
        let wanted: Vec<&SeenMetric<'_>> = seen.iter().filter(|metric| is_wanted(&request, metric)).collect();
        let start = page_start(&request, &wanted)?;
        let page: Vec<MetricShape> =
            wanted[start..].iter().take(METRICS_PAGE_MAX).map(|metric| shape(metric)).collect();
        let end = start + page.len();
        // The next page begins behind this metric, whatever comes or goes meanwhile.
        let next_token = (end < wanted.len()).then(|| token(wanted[end - 1]));
        let owners = if request.include_linked_accounts { page.len() } else { 0 };
        Ok(Response::ListMetrics(ListMetricsResponse {
            owning_accounts: vec![account; owners],
            metrics: page,
            next_token,
        }))
    })
}

fn seen_by(door: &Door, caller: &Caller) -> Metrics {
    let (view, catalog) = (door.view(), door.catalog());
    Metrics { view, catalog, account: caller.origin.account.clone(), region: caller.origin.region.clone() }
}

/// Reads on a thread that may block, few at a time.
fn read(
    door: &Door,
    answer: impl FnOnce() -> Result<Response, AwsError> + Send + 'static,
) -> Result<Prepared, AwsError> {
    let reads = door.metric_reads();
    Ok(Prepared::Read(Box::pin(async move {
        let throttled = || AwsError::new(&shapes::THROTTLING, "Rate exceeded");
        let stopped = || AwsError::new(&shapes::INTERNAL, "metrics could not be read");
        let permit = Arc::clone(&reads).enter().await.ok_or_else(throttled)?;
        let answered = tokio::task::spawn_blocking(move || {
            let answered = answer();
            drop(permit);
            answered
        });
        answered.await.map_err(|_| stopped())?
    })))
}

fn refused(refusal: &Refusal) -> AwsError {
    match refusal {
        Refusal::Statistic(place, text) => cloudwatch::invalid_statistic(*place, text),
        Refusal::Failed(reason) => not_read(&BackingError(reason.clone())),
        other => AwsError::new(&shapes::VALIDATION, other.to_string()),
    }
}

fn not_read(error: &BackingError) -> AwsError {
    tracing::error!(error = error.0, "metrics could not be read");
    AwsError::new(&shapes::INTERNAL, "metrics could not be read")
}

fn is_wanted(request: &ListMetrics, metric: &SeenMetric<'_>) -> bool {
    let is = |wanted: &Option<String>, text: &str| wanted.as_deref().is_none_or(|wanted| wanted == text);
    let has = |filter: &cloudwatch::DimensionFilter| {
        metric.dimensions.iter().any(|(name, value)| **name == *filter.name && is(&filter.value, value))
    };
    metric.has_data()
        && is(&request.namespace, metric.namespace)
        && is(&request.name, metric.name)
        && request.dimensions.iter().all(has)
}

fn shape(metric: &SeenMetric<'_>) -> MetricShape {
    let dimensions = metric.dimensions.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    MetricShape {
        namespace: Some(metric.namespace.to_owned()),
        metric_name: Some(metric.name.to_owned()),
        dimensions: cloudwatch::dimension_shapes(dimensions.collect()),
    }
}

/// Behind which metric a page begins: a hash, since names may be longer than a token.
fn token(metric: &SeenMetric<'_>) -> String {
    let mut text = format!("{}\0{}", metric.namespace, metric.name);
    metric.dimensions.iter().for_each(|(name, value)| text.push_str(&format!("\0{name}\0{value}")));
    crate::letters::write(&blake3::hash(text.as_bytes()).as_bytes()[..TOKEN_BYTES])
}

fn page_start(request: &ListMetrics, wanted: &[&SeenMetric<'_>]) -> Result<usize, AwsError> {
    let Some(asked) = &request.next_token else { return Ok(0) };
    let last = wanted.iter().position(|metric| token(metric) == *asked);
    last.map(|last| last + 1).ok_or_else(cloudwatch::invalid_token_value)
}
