//! What does a query over metrics ask for? `SELECT … FROM …`, the language of CloudWatch Metrics Insights
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html>),
//! and somewhat more: behind `SELECT` there may be arithmetic over several functions, and `TIME` may stand in `GROUP BY`,
//! which says what every query does anyway, one value for each period. [`Query::is_aws`] tells the two apart.
//!
//! A query is a tree that says which metrics it reads ([`Query::matches`]), which series each belongs to
//! ([`Query::group_of`]), what is computed at each time ([`evaluate`]) and which series are answered
//! ([`Query::answered`]). Adding up the values of a group is the caller's work.
//!
//! ```
//! let query = walletscope_language::metrics_insights::parse(
//!     "SELECT SUM(Ok) / (SUM(Ok) + SUM(Failed)) * 100 FROM TokenServices GROUP BY Issuer, TIME",
//! )?;
//! assert!(!query.is_aws());
//! assert_eq!(query.group_by.len(), 1);
//! # Ok::<(), walletscope_language::metrics_insights::InsightsError>(())
//! ```

mod error;
mod group;
mod lexer;
mod parser;
mod select;
mod text;

#[cfg(test)]
mod tests;

use crate::metric_identity::MetricIdentity;

pub use error::{InsightsError, InsightsProblem};
pub use group::GroupValue;
pub use select::{ArithmeticOperator, Function, FunctionCall, Select, evaluate};

/// A query has at most so many characters, as AWS counts those of an expression
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>). It bounds
/// everything that can be repeated in one.
pub const QUERY_CHARACTERS_MAX: usize = 2_048;
/// Series of an answer, and the largest `LIMIT`.
pub const SERIES_MAX: usize = 500;
/// Parentheses inside each other. AWS has none.
pub const DEPTH_MAX: usize = 32;

/// A query as [`parse`] makes it. It writes itself so that it reads as the same query again.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What is computed; at least one call.
    pub select: Select,
    /// Where from.
    pub source: Source,
    /// What metrics must hold, all of it.
    pub filters: Vec<Filter>,
    /// Names of the dimensions whose values tell series apart.
    pub group_by: Vec<Box<str>>,
    /// Whether `TIME` stands in `GROUP BY`. It changes no answer.
    pub by_time: bool,
    /// Which series come first; `None` is by label.
    pub order: Option<Order>,
    /// At most so many series, from 1 to [`SERIES_MAX`].
    pub limit: Option<u16>,
}

/// What stands behind `FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The namespace.
    pub namespace: Box<str>,
    /// The exact set of the names of dimensions, each once; empty for metrics without dimensions, `None` for all metrics.
    pub schema: Option<Vec<Box<str>>>,
}

/// One condition behind `WHERE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The name of a dimension.
    pub label: Box<str>,
    /// How its value is compared.
    pub comparison: Comparison,
    /// With what; upper and lower case matter.
    pub value: Box<str>,
}

/// `=` or `!=`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
}

/// What stands behind `ORDER BY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What makes one value of a series.
    pub function: Function,
    /// Which one comes first.
    pub direction: Direction,
}

/// `ASC` or `DESC`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// Reads the text of a query.
pub fn parse(text: &str) -> Result<Query, InsightsError> {
    parser::parse(text)
}

/// Whether an expression wants to be such a query, and not metric math.
pub fn looks_like_insights(expression: &str) -> bool {
    let expression = expression.trim_start();
    let Some(word) = expression.get(.."SELECT".len()) else { return false };
    let behind = expression["SELECT".len()..].chars().next();
    word.eq_ignore_ascii_case("SELECT") && behind.is_none_or(|behind| !lexer::is_word(behind))
}

impl Query {
    /// Whether AWS would take it: one function and no `TIME`.
    pub fn is_aws(&self) -> bool {
        matches!(self.select, Select::Call(_)) && !self.by_time
    }

    /// Whether it reads this metric, for any of its calls.
    pub fn matches(&self, metric: &MetricIdentity<'_>) -> bool {
        self.source.matches(metric)
            && self.select.calls().iter().any(|call| *call.metric == *metric.name)
            && self.filters.iter().all(|filter| filter.matches(metric))
    }
}

impl Source {
    fn matches(&self, metric: &MetricIdentity<'_>) -> bool {
        *self.namespace == *metric.namespace
            && self.schema.as_ref().is_none_or(|schema| metric.has_exactly(schema))
    }
}

impl Filter {
    /// A metric without the dimension holds neither comparison: `InstanceType != 'a'` is for metrics of the other
    /// instance types, as the guide says, and a metric without one is of none.
    fn matches(&self, metric: &MetricIdentity<'_>) -> bool {
        let is_wanted = self.comparison == Comparison::Equal;
        metric.dimension(&self.label).is_some_and(|value| (value == &*self.value) == is_wanted)
    }
}
