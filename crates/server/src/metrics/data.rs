//! What does GetMetricData answer? Labels, the order of points, and pages.
//!
//! A page ends after so many points, in the middle of a series if need be; the token says where. Every page is computed
//! anew, so that nothing is kept for callers who never come back.

use walletscope_language::metric_identity::MetricIdentity;
use walletscope_language::metric_label::LabelFacts;
use walletscope_series::math::Series;
use walletscope_wire::aws::{Double, Timestamp as WireTime};
use walletscope_wire::cloudwatch::{
    GetMetricData, GetMetricDataResponse, MessageData, MetricDataResult, ScanBy, StatusCode,
};

use super::asked::{Asked, AskedQuery, Refusal};
use super::evaluate::{Evaluation, Origin};
use super::seen::Metrics;

/// Said where more metrics were found than are answered.
const EXCESS: (&str, &str) = ("MaxMetricsExceeded", "Maximum number of allowed metrics exceeded");

/// One series of the answer, oldest point first.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredSeries {
    /// The id of its query.
    pub id: String,
    /// What to call it.
    pub label: String,
    /// The length of its buckets.
    pub period_seconds: u32,
    /// What it is of, where it is of one metric.
    pub origin: Option<Origin>,
    /// Starts of buckets in seconds since 1970, and values.
    pub points: Vec<(i64, f64)>,
    /// Whether it was asked of an account that is not the caller's.
    pub is_forbidden: bool,
    /// The units that its metric has data in, where they are several; it is of the first.
    pub units: Vec<String>,
}

/// Every series that a request asks for, and whether there were more than are answered.
///
/// # Errors
/// A query means nothing or cannot be computed.
pub fn all_series(
    metrics: &Metrics,
    request: &GetMetricData,
) -> Result<(Vec<AnsweredSeries>, bool), Refusal> {
    let now = metrics.view.clock.now;
    let asked = Asked::new(request, now)?;
    let evaluation = Evaluation::new(metrics, &asked);
    let mut all = Vec::new();
    for (place, query) in asked.queries.iter().enumerate().filter(|(_, query)| query.query.return_data) {
        let is_forbidden =
            query.query.account_id.as_deref().is_some_and(|account| *account != *metrics.account);
        let series =
            if is_forbidden { vec![forbidden(query)] } else { evaluation.value(place)?.into_series() };
        let is_one = series.len() == 1;
        let units = evaluation.units(place).unwrap_or_default();
        for series in series {
            let units = units.clone();
            let origin = series.origin.and_then(|number| evaluation.origin(number));
            let label = Labelled { metrics, query, request, is_one }.label(&series, origin.as_ref());
            let Series { period_seconds, points, .. } = series;
            let id = query.query.id.clone();
            all.push(AnsweredSeries { id, label, period_seconds, origin, points, is_forbidden, units });
        }
    }
    Ok((all, evaluation.exceeds()))
}

/// The page that a request asks for; `None` where its token is none of ours.
///
/// # Errors
/// As [`all_series`].
pub fn page(metrics: &Metrics, request: &GetMetricData) -> Result<Option<GetMetricDataResponse>, Refusal> {
    let (all, exceeds) = all_series(metrics, request)?;
    let Some(start) = Place::read(request.next_token.as_deref(), &all) else { return Ok(None) };
    let mut left = request.datapoints_max;
    let mut results = Vec::new();
    let mut next = None;
    for (number, series) in all.into_iter().enumerate().skip(start.series) {
        let offset = if number == start.series { start.point } else { 0 };
        if left == 0 && !series.points.is_empty() {
            next = Some(Place { series: number, point: offset });
            break;
        }
        let taken = (series.points.len() - offset).min(left);
        left -= taken;
        let end = offset + taken;
        let is_whole = end == series.points.len();
        results.push(result(series, request.scan_by, offset..end, is_whole));
        if !is_whole {
            next = Some(Place { series: number, point: end });
            break;
        }
    }
    let messages = exceeds.then(|| MessageData { code: EXCESS.0.to_owned(), value: EXCESS.1.to_owned() });
    Ok(Some(GetMetricDataResponse {
        metric_data_results: results,
        messages: messages.into_iter().collect(),
        next_token: next.map(Place::write),
    }))
}

/// Points are counted in the order in which they are answered.
fn result(
    series: AnsweredSeries,
    scan_by: ScanBy,
    points: std::ops::Range<usize>,
    is_whole: bool,
) -> MetricDataResult {
    let mut all = series.points;
    if scan_by == ScanBy::TimestampDescending {
        all.reverse();
    }
    let (timestamps, values) = all[points]
        .iter()
        .map(|(at, value)| (WireTime::from_epoch_millis(at * 1_000), Double(*value)))
        .unzip();
    let status_code = match (series.is_forbidden, is_whole) {
        (true, _) => StatusCode::Forbidden,
        (false, true) => StatusCode::Complete,
        (false, false) => StatusCode::PartialData,
    };
    let several_units = (!series.units.is_empty()).then(|| MessageData {
        code: "MultipleUnits".to_owned(),
        value: format!("Multiple units returned: '[{}]'", series.units.join(", ")),
    });
    MetricDataResult {
        id: series.id,
        label: series.label,
        timestamps,
        values,
        status_code,
        messages: several_units.into_iter().collect(),
    }
}

fn forbidden(query: &AskedQuery<'_>) -> Series {
    Series { label: "".into(), origin: None, period_seconds: query.period_seconds, points: Vec::new() }
}

/// What a series is called by.
struct Labelled<'a> {
    metrics: &'a Metrics,
    query: &'a AskedQuery<'a>,
    request: &'a GetMetricData,
    is_one: bool,
}

impl Labelled<'_> {
    fn label(&self, series: &Series, origin: Option<&Origin>) -> String {
        let id = &self.query.query.id;
        // A series of one metric has its name; one that was computed of others, or of nobody's, its query's id.
        let default_label = if series.label.is_empty() { id.as_str() } else { &*series.label };
        let Some(label) = &self.query.label else { return default_label.to_owned() };
        let facts = LabelFacts {
            default_label,
            points: &series.points,
            identity: origin.map(|origin| origin.identity(&self.metrics.account)),
            statistic: origin.map(|origin| &*origin.statistic),
            period_seconds: series.period_seconds,
            region: &self.metrics.region,
            account: &self.metrics.account,
            timezone_offset_minutes: self.request.label_offset_seconds / 60,
            now: self.metrics.view.clock.now.seconds(),
        };
        if self.is_one { label.render(&facts) } else { label.clone().for_several().render(&facts) }
    }
}

impl Origin {
    /// As the languages over metrics see it.
    pub fn identity<'a>(&'a self, account: &'a str) -> MetricIdentity<'a> {
        MetricIdentity { namespace: &self.namespace, name: &self.name, dimensions: &self.dimensions, account }
    }
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    series: usize,
    point: usize,
}

impl Place {
    fn read(token: Option<&str>, all: &[AnsweredSeries]) -> Option<Self> {
        let Some(token) = token else { return Some(Self { series: 0, point: 0 }) };
        let (series, point) = token.split_once('.')?;
        let place = Self { series: series.parse().ok()?, point: point.parse().ok()? };
        let points = all.get(place.series)?.points.len();
        (place.point <= points).then_some(place)
    }

    fn write(self) -> String {
        format!("{}.{}", self.series, self.point)
    }
}
