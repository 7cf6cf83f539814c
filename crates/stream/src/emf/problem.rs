//! What is wrong with a document in embedded metric format, and where? CloudWatch drops such parts without a word.

use std::fmt;

use super::{
    DATA_BYTES_MAX, DATA_MAX, DIMENSION_VALUE_CHARACTERS_MAX, DIMENSIONS_MAX, DIRECTIVES_MAX,
    KEY_CHARACTERS_MAX, METRICS_MAX, NAME_CHARACTERS_MAX, VALUES_MAX,
};

/// One thing that gave no metric, or fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
    /// The name of the metric or dimension, cut to 64 characters, where it has one.
    pub name: Option<Box<str>>,
}

/// A place in a document; numbers count from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Place {
    /// The whole message.
    Message,
    /// `_aws`.
    Metadata,
    /// `_aws.Timestamp`.
    Timestamp,
    /// `_aws.CloudWatchMetrics`.
    Directives,
    /// One element of it.
    Directive(u32),
    /// Its `Namespace`.
    Namespace(u32),
    /// Its `Dimensions`.
    Dimensions(u32),
    /// One element of these.
    DimensionSet { directive: u32, set: u32 },
    /// Its `Metrics`.
    Metrics(u32),
    /// One element of these.
    Metric { directive: u32, metric: u32 },
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The message begins as JSON and names `_aws`, but is no JSON to its end.
    NotJson,
    /// The form of old agents: `Version` and `CloudWatchMetrics` at the root.
    Legacy,
    /// An object stands here in the specification.
    NotAnObject,
    /// A list stands here in the specification.
    NotAList,
    /// No whole number of milliseconds since 1970.
    Timestamp,
    /// More directives than are read.
    TooManyDirectives,
    /// More metric data than a message may give.
    TooManyData,
    /// The namespace is no string of the right length, or begins with a colon.
    Namespace,
    /// There is no dimension set; one without dimensions is written `[[]]`.
    NoDimensionSets,
    /// More keys than a metric has dimensions.
    TooManyKeys,
    /// A key is no string of the right length.
    Key,
    /// The same keys as an earlier set: it would count everything twice.
    RepeatedSet,
    /// No root member has the dimension's name.
    DimensionMissing,
    /// The dimension's value is no string.
    DimensionNotText,
    /// The dimension's value is empty or too long.
    DimensionLength,
    /// More metrics than a directive may have; those behind are not read.
    TooManyMetrics,
    /// The metric has no name of the right length.
    MetricName,
    /// The same name as an earlier metric of the directive.
    RepeatedMetric,
    /// CloudWatch has no such unit.
    Unit,
    /// The storage resolution is neither 1 nor 60.
    Resolution,
    /// No root member has the metric's name.
    ValueMissing,
    /// The metric's value is neither a number nor a list of numbers.
    NotANumber,
    /// A number beyond ±2^360.
    OutOfRange,
    /// The list of values is empty.
    NoValues,
    /// The list of values is too long; a part of it would be another statistic.
    TooManyValues,
}

impl Fault {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 25] = [
        Self::NotJson,
        Self::Legacy,
        Self::NotAnObject,
        Self::NotAList,
        Self::Timestamp,
        Self::TooManyDirectives,
        Self::TooManyData,
        Self::Namespace,
        Self::NoDimensionSets,
        Self::TooManyKeys,
        Self::Key,
        Self::RepeatedSet,
        Self::DimensionMissing,
        Self::DimensionNotText,
        Self::DimensionLength,
        Self::TooManyMetrics,
        Self::MetricName,
        Self::RepeatedMetric,
        Self::Unit,
        Self::Resolution,
        Self::ValueMissing,
        Self::NotANumber,
        Self::OutOfRange,
        Self::NoValues,
        Self::TooManyValues,
    ];
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.fault)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(formatter, " ({name:?})"))
    }
}

/// As a path from the document's root.
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LIST: &str = "_aws.CloudWatchMetrics";
        match self {
            Self::Message => formatter.write_str("message"),
            Self::Metadata => formatter.write_str("_aws"),
            Self::Timestamp => formatter.write_str("_aws.Timestamp"),
            Self::Directives => formatter.write_str(LIST),
            Self::Directive(directive) => write!(formatter, "{LIST}[{directive}]"),
            Self::Namespace(directive) => write!(formatter, "{LIST}[{directive}].Namespace"),
            Self::Dimensions(directive) => write!(formatter, "{LIST}[{directive}].Dimensions"),
            Self::DimensionSet { directive, set } => {
                write!(formatter, "{LIST}[{directive}].Dimensions[{set}]")
            }
            Self::Metrics(directive) => write!(formatter, "{LIST}[{directive}].Metrics"),
            Self::Metric { directive, metric } => write!(formatter, "{LIST}[{directive}].Metrics[{metric}]"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => formatter.write_str("not JSON to its end, or nested too deep"),
            Self::Legacy => formatter
                .write_str("the old form with Version 0 is not read; the metrics belong into a member _aws"),
            Self::NotAnObject => formatter.write_str("missing, or not an object"),
            Self::NotAList => formatter.write_str("missing, or not a list"),
            Self::Timestamp => {
                formatter.write_str("missing, or not a whole number of milliseconds since 1970")
            }
            Self::TooManyDirectives => write!(formatter, "only the first {DIRECTIVES_MAX} are read"),
            Self::TooManyData => write!(
                formatter,
                "a message gives at most {DATA_MAX} metric data of {DATA_BYTES_MAX} bytes together"
            ),
            Self::Namespace => write!(
                formatter,
                "not a string of 1 to {NAME_CHARACTERS_MAX} characters that does not begin with a colon"
            ),
            Self::NoDimensionSets => formatter.write_str("no dimension set; without dimensions write [[]]"),
            Self::TooManyKeys => write!(formatter, "more than {DIMENSIONS_MAX} dimensions"),
            Self::Key => {
                write!(
                    formatter,
                    "a dimension's name is not a string of 1 to {KEY_CHARACTERS_MAX} characters"
                )
            }
            Self::RepeatedSet => formatter.write_str("the same dimensions as an earlier set"),
            Self::DimensionMissing => formatter.write_str("the root has no member of the dimension's name"),
            Self::DimensionNotText => formatter.write_str("the dimension's value is not a string"),
            Self::DimensionLength => write!(
                formatter,
                "the dimension's value does not have 1 to {DIMENSION_VALUE_CHARACTERS_MAX} characters"
            ),
            Self::TooManyMetrics => write!(formatter, "only the first {METRICS_MAX} are read"),
            Self::MetricName => {
                write!(formatter, "the name is not a string of 1 to {NAME_CHARACTERS_MAX} characters")
            }
            Self::RepeatedMetric => formatter.write_str("the same name as an earlier metric"),
            Self::Unit => formatter.write_str("the unit is none of CloudWatch's"),
            Self::Resolution => formatter.write_str("the storage resolution is neither 1 nor 60"),
            Self::ValueMissing => formatter.write_str("the root has no member of the metric's name"),
            Self::NotANumber => formatter.write_str("the value is neither a number nor a list of numbers"),
            Self::OutOfRange => formatter.write_str("the value is beyond 2^360"),
            Self::NoValues => formatter.write_str("the list of values is empty"),
            Self::TooManyValues => write!(formatter, "more than {VALUES_MAX} values"),
        }
    }
}
