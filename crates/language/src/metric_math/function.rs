//! Which functions are there, what do they take, and what do they return?
//!
//! One table, [`SIGNATURES`], has the form of each call: how many arguments, and where a text or a word stands instead
//! of a value. [`Function::result`] has the sorts of values, for the checker and for whoever evaluates. Both follow
//! the table in
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list>.

use std::fmt;

use super::kind::Kind;

/// Functions of AWS that ask for something that does not exist here.
pub(crate) const NOT_SUPPORTED: [&str; 4] =
    ["INSIGHT_RULE_METRIC", "SERVICE_QUOTA", "DB_PERF_INSIGHTS", "LAMBDA"];

/// Every function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Function {
    Abs,
    AnomalyDetectionBand,
    Avg,
    Ceil,
    DatapointCount,
    Date,
    Day,
    Diff,
    DiffTime,
    Epoch,
    Fill,
    First,
    Floor,
    Hour,
    If,
    Last,
    Log,
    Log10,
    Max,
    MetricCount,
    Metrics,
    Min,
    Minute,
    Month,
    Period,
    Rate,
    RemoveEmpty,
    RunningSum,
    Search,
    Slice,
    Sort,
    Stddev,
    Sum,
    TimeSeries,
    Year,
}

/// Words that stand for themselves among the arguments of `FILL` and `SORT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Word {
    Repeat,
    Linear,
    Avg,
    Min,
    Max,
    Sum,
    Asc,
    Desc,
}

/// What may stand in one place among a function's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// An expression; [`Function::result`] has its sort.
    Value,
    /// The id of a metric and nothing else.
    Id,
    /// A whole number of seconds above zero, written out.
    Seconds,
    /// A text in quotes.
    Text,
    /// One of these words.
    Word(&'static [Word]),
    /// One of these words or an expression.
    ValueOrWord(&'static [Word]),
}

/// The form of a function's calls.
pub(crate) struct Signature {
    pub function: Function,
    pub name: &'static str,
    /// How many arguments there must be at least; there may be as many as there are parameters.
    pub required: usize,
    pub parameters: &'static [Parameter],
    /// For errors.
    pub takes: &'static str,
}

const ONE: &[Parameter] = &[Parameter::Value];
const TWO: &[Parameter] = &[Parameter::Value; 2];
const THREE: &[Parameter] = &[Parameter::Value; 3];
const FILLERS: &[Word] = &[Word::Repeat, Word::Linear];
const SORT_KEYS: &[Word] = &[Word::Avg, Word::Min, Word::Max, Word::Sum];
const SORT_ORDERS: &[Word] = &[Word::Asc, Word::Desc];
const SERIES_OR_ARRAY: &str = "(TS or TS[])";

const fn one(function: Function, name: &'static str, takes: &'static str) -> Signature {
    Signature { function, name, required: 1, parameters: ONE, takes }
}

/// Every function, in the order of [`Function`].
static SIGNATURES: [Signature; 35] = [
    one(Function::Abs, "ABS", SERIES_OR_ARRAY),
    Signature {
        function: Function::AnomalyDetectionBand,
        name: "ANOMALY_DETECTION_BAND",
        required: 1,
        parameters: TWO,
        takes: "(TS) or (TS, S)",
    },
    one(Function::Avg, "AVG", SERIES_OR_ARRAY),
    one(Function::Ceil, "CEIL", SERIES_OR_ARRAY),
    one(Function::DatapointCount, "DATAPOINT_COUNT", SERIES_OR_ARRAY),
    one(Function::Date, "DATE", "(TS)"),
    one(Function::Day, "DAY", "(TS)"),
    one(Function::Diff, "DIFF", SERIES_OR_ARRAY),
    one(Function::DiffTime, "DIFF_TIME", SERIES_OR_ARRAY),
    one(Function::Epoch, "EPOCH", "(TS)"),
    Signature {
        function: Function::Fill,
        name: "FILL",
        required: 2,
        parameters: &[Parameter::Value, Parameter::ValueOrWord(FILLERS)],
        takes: "(TS or TS[], S or TS or REPEAT or LINEAR)",
    },
    one(Function::First, "FIRST", "(TS[])"),
    one(Function::Floor, "FLOOR", SERIES_OR_ARRAY),
    one(Function::Hour, "HOUR", "(TS)"),
    Signature {
        function: Function::If,
        name: "IF",
        required: 2,
        parameters: THREE,
        takes: "(TS, S or TS), (TS, S or TS, S or TS), (S, TS) or (S, TS, TS)",
    },
    one(Function::Last, "LAST", "(TS[])"),
    one(Function::Log, "LOG", SERIES_OR_ARRAY),
    one(Function::Log10, "LOG10", SERIES_OR_ARRAY),
    one(Function::Max, "MAX", SERIES_OR_ARRAY),
    one(Function::MetricCount, "METRIC_COUNT", "(TS[])"),
    Signature {
        function: Function::Metrics,
        name: "METRICS",
        required: 0,
        parameters: &[Parameter::Text],
        takes: "() or (\"text\")",
    },
    one(Function::Min, "MIN", SERIES_OR_ARRAY),
    one(Function::Minute, "MINUTE", "(TS)"),
    one(Function::Month, "MONTH", "(TS)"),
    Signature {
        function: Function::Period,
        name: "PERIOD",
        required: 1,
        parameters: &[Parameter::Id],
        takes: "the id of a metric",
    },
    one(Function::Rate, "RATE", SERIES_OR_ARRAY),
    one(Function::RemoveEmpty, "REMOVE_EMPTY", "(TS[])"),
    one(Function::RunningSum, "RUNNING_SUM", SERIES_OR_ARRAY),
    Signature {
        function: Function::Search,
        name: "SEARCH",
        required: 2,
        parameters: &[Parameter::Text, Parameter::Text, Parameter::Seconds],
        takes: "('search', 'statistic') or ('search', 'statistic', seconds)",
    },
    Signature {
        function: Function::Slice,
        name: "SLICE",
        required: 2,
        parameters: THREE,
        takes: "(TS[], S) or (TS[], S, S)",
    },
    Signature {
        function: Function::Sort,
        name: "SORT",
        required: 3,
        parameters: &[
            Parameter::Value,
            Parameter::Word(SORT_KEYS),
            Parameter::Word(SORT_ORDERS),
            Parameter::Value,
        ],
        takes: "(TS[], AVG or MIN or MAX or SUM, ASC or DESC) and a limit S behind them",
    },
    one(Function::Stddev, "STDDEV", SERIES_OR_ARRAY),
    one(Function::Sum, "SUM", SERIES_OR_ARRAY),
    one(Function::TimeSeries, "TIME_SERIES", "(S)"),
    one(Function::Year, "YEAR", "(TS)"),
];

impl Function {
    /// Every function, by its name.
    pub fn all() -> impl Iterator<Item = Self> {
        SIGNATURES.iter().map(|signature| signature.function)
    }

    /// The function of this name; names are upper case.
    pub fn named(name: &str) -> Option<Self> {
        SIGNATURES.iter().find(|signature| signature.name == name).map(|signature| signature.function)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        self.signature().name
    }

    /// What comes out of values of these sorts, texts and words left out; `None` if it does not take them.
    pub fn result(self, values: &[Kind]) -> Option<Kind> {
        use Kind::{Array, Scalar, Series};
        match (self, values) {
            (
                Self::Abs
                | Self::Ceil
                | Self::Floor
                | Self::Log
                | Self::Log10
                | Self::Diff
                | Self::DiffTime
                | Self::Rate
                | Self::RunningSum
                | Self::Fill,
                [of @ (Series | Array)],
            )
            | (Self::Fill, [of @ (Series | Array), Scalar | Series]) => Some(*of),
            (
                Self::Avg | Self::DatapointCount | Self::Max | Self::Min | Self::Stddev | Self::Sum,
                [of @ (Series | Array)],
            ) => Some(if *of == Series { Scalar } else { Series }),
            (
                Self::Minute | Self::Hour | Self::Day | Self::Date | Self::Month | Self::Year | Self::Epoch,
                [Series],
            )
            | (Self::First | Self::Last, [Array])
            | (Self::If, [Series, Scalar | Series] | [Series, Scalar | Series, Scalar | Series])
            | (Self::If, [Scalar, Series] | [Scalar, Series, Series])
            | (Self::TimeSeries, [Scalar]) => Some(Series),
            (Self::Period, [Series]) | (Self::MetricCount, [Array]) => Some(Scalar),
            (Self::AnomalyDetectionBand, [Series] | [Series, Scalar])
            | (Self::Metrics, [])
            | (Self::Search, [] | [Scalar])
            | (Self::RemoveEmpty, [Array])
            | (Self::Slice, [Array, Scalar] | [Array, Scalar, Scalar])
            | (Self::Sort, [Array] | [Array, Scalar]) => Some(Array),
            _ => None,
        }
    }

    /// What it takes, in words, for errors.
    pub fn takes(self) -> &'static str {
        self.signature().takes
    }

    pub(crate) fn signature(self) -> &'static Signature {
        &SIGNATURES[self as usize]
    }
}

impl Word {
    /// Every word.
    pub const ALL: [Self; 8] =
        [Self::Repeat, Self::Linear, Self::Avg, Self::Min, Self::Max, Self::Sum, Self::Asc, Self::Desc];

    /// The word that is written so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Repeat => "REPEAT",
            Self::Linear => "LINEAR",
            Self::Avg => "AVG",
            Self::Min => "MIN",
            Self::Max => "MAX",
            Self::Sum => "SUM",
            Self::Asc => "ASC",
            Self::Desc => "DESC",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
