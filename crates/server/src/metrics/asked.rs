//! What does one query of GetMetricData ask for, and what is wrong with it?
//!
//! Every text is understood before anything is read: statistics, labels, expressions, queries in SQL, and how expressions
//! refer to each other. A request with a query that means nothing is refused whole.

use std::collections::BTreeMap;

use walletscope_language::metric_label::Label;
use walletscope_language::metric_math::{self, Expression};
use walletscope_language::metrics_insights::{self, looks_like_insights};
use walletscope_language::statistic::Statistic;
use walletscope_model::Timestamp;
use walletscope_wire::cloudwatch::{GetMetricData, MetricDataQuery, MetricStat, QuerySource};

/// The period of an expression that names none and refers to no metric.
pub const EXPRESSION_PERIOD_SECONDS: u32 = 300;
const DAY_SECONDS: i64 = 86_400;
/// A query in SQL of a request: CloudWatch takes one.
const INSIGHTS_MAX: usize = 1;

/// A request that means something.
pub struct Asked<'r> {
    /// As it came.
    pub request: &'r GetMetricData,
    /// In the request's order.
    pub queries: Vec<AskedQuery<'r>>,
    /// The place of each id.
    pub places: BTreeMap<&'r str, usize>,
    /// Where the range begins, rounded down as its age demands.
    pub start: i64,
    /// Where it ends.
    pub end: i64,
}

/// A query that means something.
pub struct AskedQuery<'r> {
    /// As it came.
    pub query: &'r MetricDataQuery,
    /// What is computed.
    pub meaning: Meaning<'r>,
    /// What to call it; `None`: by default.
    pub label: Option<Label>,
    /// The length of its buckets.
    pub period_seconds: u32,
}

/// What a query computes.
pub enum Meaning<'r> {
    /// A statistic of a metric.
    Metric(&'r MetricStat, Statistic),
    /// Metric math.
    Math(Expression),
    /// Metrics Insights, or the arithmetic over it that is ours.
    Insights(metrics_insights::Query),
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A statistic that means nothing: the query's place from 0, and the text.
    Statistic(usize, String),
    /// An expression, query or label that means nothing.
    Text {
        /// The id of its query.
        id: String,
        /// The byte of the text at which it stopped making sense.
        position: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Something else is wrong with a query.
    Query {
        /// Its id.
        id: String,
        /// What.
        problem: String,
    },
    /// More queries in SQL than [`INSIGHTS_MAX`].
    TooManyInsights,
    /// The state could not be read.
    Failed(String),
}

impl<'r> Asked<'r> {
    /// Understands a request.
    ///
    /// # Errors
    /// A text means nothing, an id is not there, expressions refer to each other in a circle.
    pub fn new(request: &'r GetMetricData, now: Timestamp) -> Result<Self, Refusal> {
        let mut places = BTreeMap::new();
        let mut queries = Vec::with_capacity(request.queries.len());
        for (place, query) in request.queries.iter().enumerate() {
            places.insert(query.id.as_str(), place);
            queries.push(AskedQuery::new(query, place)?);
        }
        let insights = queries.iter().filter(|query| matches!(query.meaning, Meaning::Insights(_)));
        if insights.count() > INSIGHTS_MAX {
            return Err(Refusal::TooManyInsights);
        }
        let start = floor_start(request.start_millis.div_euclid(1_000), now, &queries);
        // The end is excluded; a part of a second still is in.
        let end = request.end_millis.div_euclid(1_000) + i64::from(request.end_millis.rem_euclid(1_000) > 0);
        let mut asked = Self { request, queries, places, start, end };
        asked.settle_periods()?;
        Ok(asked)
    }

    /// The ids that a query refers to.
    fn ids(&self, place: usize) -> Vec<&str> {
        match &self.queries[place].meaning {
            Meaning::Math(expression) => expression.ids(),
            Meaning::Metric(..) | Meaning::Insights(_) => Vec::new(),
        }
    }

    /// The period of an expression that names none: the longest of what it refers to.
    fn settle_periods(&mut self) -> Result<(), Refusal> {
        let mut settled = vec![None; self.queries.len()];
        for place in 0..self.queries.len() {
            self.period_of(place, &mut settled, 0)?;
        }
        for (query, period) in self.queries.iter_mut().zip(settled) {
            query.period_seconds = period.unwrap_or(EXPRESSION_PERIOD_SECONDS);
        }
        Ok(())
    }

    fn period_of(&self, place: usize, settled: &mut [Option<u32>], depth: usize) -> Result<u32, Refusal> {
        if let Some(period) = settled[place] {
            return Ok(period);
        }
        let query = self.queries[place].query;
        let refused = |problem: String| Refusal::Query { id: query.id.clone(), problem };
        // A chain without a circle is no longer than the request.
        if depth > self.queries.len() {
            return Err(refused("it refers to itself, by way of others or not".to_owned()));
        }
        let own = match &query.source {
            QuerySource::Metric(stat) => Some(stat.period_seconds),
            QuerySource::Expression { period_seconds, .. } => *period_seconds,
        };
        let mut longest = None;
        for id in self.ids(place) {
            let other = self.places.get(id).ok_or_else(|| refused(format!("the id {id} is not defined")))?;
            longest = longest.max(Some(self.period_of(*other, settled, depth + 1)?));
        }
        let period =
            own.or(longest).or_else(|| self.longest_metric(place)).unwrap_or(EXPRESSION_PERIOD_SECONDS);
        settled[place] = Some(period);
        Ok(period)
    }

    /// `METRICS()` means every metric.
    fn longest_metric(&self, place: usize) -> Option<u32> {
        let Meaning::Math(expression) = &self.queries[place].meaning else { return None };
        if !expression.uses(metric_math::Function::Metrics) {
            return None;
        }
        let metrics = self.queries.iter().filter_map(|query| match &query.query.source {
            QuerySource::Metric(stat) => Some(stat.period_seconds),
            QuerySource::Expression { .. } => None,
        });
        metrics.max()
    }
}

impl<'r> AskedQuery<'r> {
    fn new(query: &'r MetricDataQuery, place: usize) -> Result<Self, Refusal> {
        let text = |position, problem: &dyn std::fmt::Display| Refusal::Text {
            id: query.id.clone(),
            position,
            problem: problem.to_string(),
        };
        let meaning = match &query.source {
            QuerySource::Metric(stat) => {
                let statistic = Statistic::parse(&stat.statistic)
                    .map_err(|_| Refusal::Statistic(place, stat.statistic.clone()))?;
                Meaning::Metric(stat, statistic)
            }
            QuerySource::Expression { text: sql, .. } if looks_like_insights(sql) => {
                Meaning::Insights(metrics_insights::parse(sql).map_err(|error| text(error.position, &error))?)
            }
            QuerySource::Expression { text: math, .. } => {
                Meaning::Math(metric_math::parse(math).map_err(|error| text(error.position, &error))?)
            }
        };
        let label = query.label.as_deref().map(Label::parse).transpose();
        let label = label.map_err(|error| text(error.position, &error))?;
        Ok(Self { query, meaning, label, period_seconds: EXPRESSION_PERIOD_SECONDS })
    }
}

/// The start of a range, rounded down to what is kept of its age: a minute up to 15 days, five minutes up to 63, an hour
/// beyond; within three hours to the shortest period below a minute that is asked for
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
fn floor_start(start: i64, now: Timestamp, queries: &[AskedQuery<'_>]) -> i64 {
    let periods = queries.iter().map(|query| match &query.query.source {
        QuerySource::Metric(stat) => Some(stat.period_seconds),
        QuerySource::Expression { period_seconds, .. } => *period_seconds,
    });
    let shortest = periods.flatten().min().unwrap_or(60);
    let grain = start_grain(now.seconds() - start, i64::from(shortest));
    start.div_euclid(grain) * grain
}

/// To what a start of this age is rounded down, in seconds.
pub fn start_grain(age: i64, period: i64) -> i64 {
    match age {
        age if age <= 3 * 3_600 && period < 60 => period,
        age if age <= 15 * DAY_SECONDS => 60,
        age if age <= 63 * DAY_SECONDS => 300,
        _ => 3_600,
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Statistic(_, text) => write!(formatter, "{text} is not a valid statistic"),
            Self::Text { id, problem, .. } | Self::Query { id, problem } => {
                write!(formatter, "Error in expression '{id}': {problem}")
            }
            Self::TooManyInsights => {
                formatter.write_str("A request can contain one Metrics Insights query at most")
            }
            Self::Failed(reason) => write!(formatter, "metrics could not be read: {reason}"),
        }
    }
}
