//! Why has an expression no value?

use std::fmt;

use walletscope_language::metric_math::MathError;

use super::{POINTS_MAX, SERIES_MAX};

/// An expression that was read but cannot be computed. Positions are bytes of its text.
#[derive(Clone, Debug, PartialEq)]
pub enum EvaluationError<E> {
    /// The caller could not give a series.
    Input {
        /// Where it is asked for.
        position: usize,
        /// The caller's reason.
        error: E,
    },
    /// What an id turned out to be does not fit where it stands.
    Kinds(MathError),
    /// The result is a number; it must be a time series or an array of them.
    ScalarResult {
        /// Where the expression begins.
        position: usize,
    },
    /// A place or limit in an array is no number of zero or more.
    NotAnIndex {
        /// Where it stands.
        position: usize,
        /// What it is; NaN if it has no value.
        value: f64,
    },
    /// An array has more than [`SERIES_MAX`] series.
    TooManySeries {
        /// Where it is made.
        position: usize,
        /// How many it has.
        count: usize,
    },
    /// The values have more than [`POINTS_MAX`] points together.
    TooManyPoints {
        /// Where the limit was reached.
        position: usize,
    },
}

impl<E: fmt::Display> fmt::Display for EvaluationError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { position, error } => write!(formatter, "at byte {position}: {error}"),
            Self::Kinds(error) => error.fmt(formatter),
            Self::ScalarResult { position } => write!(
                formatter,
                "at byte {position}: the result is a number; it must be a time series or an array of time series"
            ),
            Self::NotAnIndex { position, value } => {
                write!(formatter, "at byte {position}: {value} is no place in an array")
            }
            Self::TooManySeries { position, count } => write!(
                formatter,
                "at byte {position}: an array of {count} time series, at most {SERIES_MAX} are allowed"
            ),
            Self::TooManyPoints { position } => {
                write!(formatter, "at byte {position}: the expression computes more than {POINTS_MAX} points")
            }
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for EvaluationError<E> {}
