//! Which metrics does a search find? The query that `SEARCH` of metric math takes as its first argument
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>).
//!
//! A query is a schema, terms, or both: `{AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT test`. It is parsed once
//! and held against metrics; which of them have reported lately, and how many are answered, is the caller's business.
//! The hard part is what a term without quotes finds, which `tokens` tells.
//!
//! ```
//! use walletscope_language::metric_identity::MetricIdentity;
//! use walletscope_language::metric_search::SearchQuery;
//!
//! let query = SearchQuery::parse(r#"{TokenServices,Issuer} MetricName="Latency" "Issuer"=("A" OR "B")"#)?;
//! let dimensions = [("Issuer".into(), "B".into())];
//! let metric =
//!     MetricIdentity { namespace: "TokenServices", name: "Latency", dimensions: &dimensions, account: "1" };
//! assert!(query.matches(&metric));
//! # Ok::<(), walletscope_language::metric_search::SearchError>(())
//! ```

mod error;
mod labels;
mod parser;
mod text;
mod tokens;

#[cfg(test)]
mod tests;

use crate::metric_identity::MetricIdentity;
use tokens::PartialText;

pub use error::{SearchError, SearchProblem};
pub use labels::labels_of;

/// A query has at most so many characters, as AWS counts them.
pub const QUERY_CHARACTERS_MAX: usize = 1_024;
/// Parentheses and `NOT` inside each other. AWS names no limit.
pub const DEPTH_MAX: usize = 32;

/// A query, ready to be held against metrics. It writes itself so that it reads as the same query again, in some more
/// characters at times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    // At least one of the two is there.
    schema: Option<Schema>,
    condition: Option<Condition>,
}

/// Namespace and exact set of dimension names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Schema {
    namespace: Box<str>,
    /// No name twice.
    dimensions: Box<[Box<str>]>,
}

/// What a metric must hold. Depth is bounded by the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// At least two.
    All(Vec<Condition>),
    /// At least two.
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// Namespace, name, the name of a dimension or the value of one is so.
    Anywhere(Wanted),
    /// One property is one of these; not empty.
    Property(Property, Vec<Wanted>),
}

/// Which part of a metric is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Property {
    MetricName,
    Namespace,
    Account,
    /// The value of the dimension with this name.
    Dimension(Box<str>),
}

/// What a name or value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// This, whole and in this spelling.
    Exact(Box<str>),
    Partial(PartialText),
}

/// The account that asks, as a value of `:aws.AccountId`.
const LOCAL_ACCOUNT: &str = "LOCAL";

impl SearchQuery {
    /// Reads the text of a query.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        parser::parse(text)
    }

    /// Whether it finds this metric.
    pub fn matches(&self, metric: &MetricIdentity<'_>) -> bool {
        self.schema.as_ref().is_none_or(|schema| schema.matches(metric))
            && self.condition.as_ref().is_none_or(|condition| condition.matches(metric))
    }

    /// The namespace of the schema: no metric of another one is found.
    pub fn namespace(&self) -> Option<&str> {
        self.schema.as_ref().map(|schema| &*schema.namespace)
    }
}

impl Schema {
    fn matches(&self, metric: &MetricIdentity<'_>) -> bool {
        *self.namespace == *metric.namespace && metric.has_exactly(&self.dimensions)
    }
}

impl Condition {
    fn matches(&self, metric: &MetricIdentity<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(metric)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(metric)),
            Self::Not(part) => !part.matches(metric),
            Self::Anywhere(wanted) => {
                let mut dimensions = metric.dimensions.iter();
                wanted.is(metric.namespace)
                    || wanted.is(metric.name)
                    || dimensions.any(|(name, value)| wanted.is(name) || wanted.is(value))
            }
            Self::Property(property, values) => values.iter().any(|value| property.is(metric, value)),
        }
    }
}

impl Property {
    fn is(&self, metric: &MetricIdentity<'_>, wanted: &Wanted) -> bool {
        match self {
            Self::MetricName => wanted.is(metric.name),
            Self::Namespace => wanted.is(metric.namespace),
            Self::Account => wanted.is_account(metric.account),
            Self::Dimension(name) => metric.dimension(name).is_some_and(|value| wanted.is(value)),
        }
    }
}

impl Wanted {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *text,
            Self::Partial(partial) => partial.finds(text),
        }
    }

    /// An account's number is meant whole, with or without quotes. `LOCAL` is the account that asks; since there are no
    /// linked accounts, the metrics that a search is held against are all its own.
    fn is_account(&self, account: &str) -> bool {
        let text = match self {
            Self::Exact(exact) => exact,
            Self::Partial(partial) => partial.text(),
        };
        text == LOCAL_ACCOUNT || text == account
    }
}
