//! Which numbers does an expression of CloudWatch metric math say?
//!
//! [`evaluate`] walks a tree of [`walletscope_language::metric_math`] over sparse series: a bucket of time has a value
//! or has none, and the rules for what is missing are where the hard part lies. They are those of
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>; what AWS leaves open
//! stands in one place each, named in `docs/protocols/metric-math.md`. Metrics, searches and anomaly bands come from
//! the caller, over [`Inputs`]; so do the order of expressions that refer to each other, and the refusal of circles.
//!
//! A point is dropped where its value would be no finite number (a division by zero, the logarithm of nothing, an
//! overflow), whichever operator or function made it. A number that would be none is NaN, and everything that is
//! computed from it is missing too.

mod calendar;
mod condition;
mod error;
mod evaluation;
mod fill;
mod one_series;
mod operators;
mod order;
mod period;
mod statistic;

#[cfg(test)]
mod tests;

use walletscope_language::metric_math::{Expression, Kind, Node};

pub use error::EvaluationError;

/// An array holds at most so many series, as a graph of CloudWatch does.
pub const SERIES_MAX: usize = 500;
/// All values of one evaluation, intermediate ones included, have at most so many points together. AWS allows 100,800
/// in an answer; this bounds what an expression of two thousand characters can make of them.
pub const POINTS_MAX: usize = 10_000_000;
/// How many standard deviations an anomaly band is wide to each side, unless the expression says.
pub const BAND_DEVIATIONS: f64 = 2.0;

/// Values over time, one for a bucket of time at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is called. Functions of one series keep it, an array's members keep theirs; empty where different series
    /// were combined.
    pub label: Box<str>,
    /// The caller's number of the metric that it was made of; kept like the label, `None` where metrics were combined.
    pub origin: Option<u32>,
    /// The length of its buckets, above zero.
    pub period_seconds: u32,
    /// The start of each bucket that has a value, in seconds since the epoch, ascending, a multiple of the period; and
    /// the value, finite.
    pub points: Vec<(i64, f64)>,
}

/// What a part of an expression yields.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One number; NaN where there is none, as the average of no points.
    Scalar(f64),
    /// One time series.
    Series(Series),
    /// Time series in order, at most [`SERIES_MAX`].
    Array(Vec<Series>),
}

/// The time that is asked for. Where a function makes points of its own, it makes one for each bucket that touches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// In seconds since the epoch, included.
    pub start: i64,
    /// In seconds since the epoch, not included.
    pub end: i64,
    /// The length of the buckets of what belongs to no series, above zero.
    pub period_seconds: u32,
}

/// Where an expression gets its series from. All are called at most once for each place in the text where they are
/// needed, in the order of evaluation, on the caller's thread.
pub trait Inputs {
    /// Why a series could not be had.
    type Error;

    /// The metric or the result of the expression that has this id.
    fn named(&self, id: &str) -> Result<Value, Self::Error>;

    /// The request's metrics, expressions left out, whose id contains the text; all of them without a text.
    fn metrics(&self, containing: Option<&str>) -> Result<Vec<Series>, Self::Error>;

    /// What `SEARCH` finds. The query is in the grammar of searches; no period means that of the request.
    fn search(
        &self,
        query: &str,
        statistic: &str,
        period_seconds: Option<u32>,
    ) -> Result<Vec<Series>, Self::Error>;

    /// The upper and the lower limit of what is normal for `series`. `of` is the part of the expression that it is the
    /// value of, so that a model can be made over a longer time, with [`evaluate_part`].
    fn band(&self, of: &Node, series: &Series, deviations: f64) -> Result<(Series, Series), Self::Error>;
}

/// Computes an expression: a series or an array of series, never a number.
pub fn evaluate<I: Inputs>(
    expression: &Expression,
    grid: Grid,
    inputs: &I,
) -> Result<Value, EvaluationError<I::Error>> {
    match evaluate_part(expression.root(), grid, inputs)? {
        Value::Scalar(_) => Err(EvaluationError::ScalarResult { position: expression.root().position }),
        value => Ok(value),
    }
}

/// Computes a part of an expression.
pub fn evaluate_part<I: Inputs>(
    node: &Node,
    grid: Grid,
    inputs: &I,
) -> Result<Value, EvaluationError<I::Error>> {
    evaluation::Evaluation::new(grid, inputs).value(node)
}

impl Value {
    /// Which sort of value it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Scalar(_) => Kind::Scalar,
            Self::Series(_) => Kind::Series,
            Self::Array(_) => Kind::Array,
        }
    }

    /// Its series in order; none of a number.
    pub fn into_series(self) -> Vec<Series> {
        match self {
            Self::Scalar(_) => Vec::new(),
            Self::Series(series) => vec![series],
            Self::Array(all) => all,
        }
    }

    fn series(&self) -> &[Series] {
        match self {
            Self::Scalar(_) => &[],
            Self::Series(series) => std::slice::from_ref(series),
            Self::Array(all) => all,
        }
    }

    /// The same sort of value with each series changed; a number stays.
    fn map_series(self, mut change: impl FnMut(Series) -> Series) -> Self {
        match self {
            Self::Scalar(number) => Self::Scalar(number),
            Self::Series(series) => Self::Series(change(series)),
            Self::Array(all) => Self::Array(all.into_iter().map(change).collect()),
        }
    }
}

impl Series {
    /// Without label, origin and points.
    fn empty(period_seconds: u32) -> Self {
        Self { label: "".into(), origin: None, period_seconds, points: Vec::new() }
    }

    /// The same series with other points. Where a value is no finite number the point is dropped.
    fn with_points(self, points: impl IntoIterator<Item = (i64, f64)>) -> Self {
        let points = points.into_iter().filter(|(_, value)| value.is_finite()).collect();
        Self { points, ..self }
    }

    fn map(mut self, change: impl Fn(f64) -> f64) -> Self {
        let points = std::mem::take(&mut self.points);
        self.with_points(points.into_iter().map(|(time, value)| (time, change(value))))
    }

    /// The value of the bucket that starts at `time`.
    fn at(&self, time: i64) -> Option<f64> {
        let index = self.points.binary_search_by_key(&time, |point| point.0).ok()?;
        Some(self.points[index].1)
    }

    /// Label and origin as far as these series share them.
    fn shared_identity(of: &[&Self]) -> (Box<str>, Option<u32>) {
        let Some((first, others)) = of.split_first() else { return ("".into(), None) };
        let label = if others.iter().all(|other| other.label == first.label) { &*first.label } else { "" };
        let origin = first.origin.filter(|_| others.iter().all(|other| other.origin == first.origin));
        (label.into(), origin)
    }
}

impl Grid {
    /// How many buckets of this length touch it.
    fn bucket_count(self, period_seconds: u32) -> usize {
        let period = i128::from(period_seconds.max(1));
        let start = i128::from(self.start).div_euclid(period) * period;
        let buckets = (i128::from(self.end) - start).max(0) as u128;
        if self.end <= self.start { 0 } else { buckets.div_ceil(period as u128) as usize }
    }

    /// The starts of the buckets of this length that touch it, aligned from the epoch.
    fn buckets(self, period_seconds: u32) -> impl Iterator<Item = i64> {
        let start = period::bucket_of(self.start, period_seconds);
        let period = i64::from(period_seconds.max(1));
        (0..self.bucket_count(period_seconds) as i64).map(move |index| start + index * period)
    }
}
