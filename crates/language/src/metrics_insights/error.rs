//! Why is this text no query over metrics? The place, and what was expected there or is not supported.

use std::fmt;

/// A text that is no query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsightsError {
    /// The byte of the text at which it stopped making sense; its length where something is missing at the end.
    pub position: usize,
    /// What is wrong there.
    pub problem: InsightsProblem,
}

/// What can be wrong with the text of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InsightsProblem {
    /// It has more than [`QUERY_CHARACTERS_MAX`](super::QUERY_CHARACTERS_MAX) characters.
    TooLong,
    /// A quote opens and none closes.
    UnclosedQuote,
    /// No part of a query is written with this character.
    UnexpectedCharacter {
        /// It.
        character: char,
    },
    /// Something else belongs there.
    Expected {
        /// In words.
        expected: &'static str,
        /// What is there; `None` at the end.
        found: Option<Box<str>>,
    },
    /// AWS has it or may have it; it is not understood here.
    NotSupported {
        /// In words.
        construct: &'static str,
    },
    /// Parentheses stand inside each other more than [`DEPTH_MAX`](super::DEPTH_MAX) deep.
    TooDeep,
    /// The select expression has numbers only.
    NoMetric,
    /// A limit is from 1 to [`SERIES_MAX`](super::SERIES_MAX).
    LimitOutOfRange,
}

impl InsightsError {
    pub(super) fn new(position: usize, problem: InsightsProblem) -> Self {
        Self { position, problem }
    }
}

impl fmt::Display for InsightsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at byte {}: {}", self.position, self.problem)
    }
}

impl fmt::Display for InsightsProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => {
                write!(formatter, "a query has at most {} characters", super::QUERY_CHARACTERS_MAX)
            }
            Self::UnclosedQuote => write!(formatter, "the quote is never closed"),
            Self::UnexpectedCharacter { character } => {
                write!(formatter, "`{character}` may stand only inside quotes")
            }
            Self::Expected { expected, found: Some(found) } => {
                write!(formatter, "expected {expected}, found `{found}`")
            }
            Self::Expected { expected, found: None } => {
                write!(formatter, "expected {expected}, found the end")
            }
            Self::NotSupported { construct } => write!(formatter, "{construct} is not supported"),
            Self::TooDeep => write!(formatter, "parentheses are more than {} deep", super::DEPTH_MAX),
            Self::NoMetric => write!(formatter, "the query reads no metric"),
            Self::LimitOutOfRange => write!(formatter, "a limit is from 1 to {}", super::SERIES_MAX),
        }
    }
}

impl std::error::Error for InsightsError {}
