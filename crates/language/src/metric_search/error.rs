//! Why is this text no search? The place, and what was expected there.

use std::fmt;

/// A text that is no query of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchError {
    /// The byte of the text at which it stopped making sense; its length where something is missing at the end.
    pub position: usize,
    /// What is wrong there.
    pub problem: SearchProblem,
}

/// What can be wrong with the query of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchProblem {
    /// It has more than [`QUERY_CHARACTERS_MAX`](super::QUERY_CHARACTERS_MAX) characters.
    TooLong,
    /// It has neither a schema nor a term.
    Empty,
    /// A quote opens and none closes.
    UnclosedQuote,
    /// A term without quotes has neither letter nor digit, and nothing else is looked at.
    NothingToFind,
    /// Parentheses and `NOT` stand inside each other more than [`DEPTH_MAX`](super::DEPTH_MAX) deep.
    TooDeep,
    /// Something else belongs there.
    Expected {
        /// In words.
        expected: &'static str,
        /// The character that is there; `None` at the end.
        found: Option<char>,
    },
}

impl SearchError {
    pub(super) fn new(position: usize, problem: SearchProblem) -> Self {
        Self { position, problem }
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at byte {}: {}", self.position, self.problem)
    }
}

impl fmt::Display for SearchProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => {
                write!(formatter, "a search has at most {} characters", super::QUERY_CHARACTERS_MAX)
            }
            Self::Empty => write!(formatter, "a search needs a schema or a term"),
            Self::UnclosedQuote => write!(formatter, "the quote is never closed"),
            Self::NothingToFind => write!(formatter, "a term needs a letter or a digit, or quotes"),
            Self::TooDeep => {
                write!(formatter, "parentheses and NOT are more than {} deep", super::DEPTH_MAX)
            }
            Self::Expected { expected, found: Some(found) } => {
                write!(formatter, "expected {expected}, found `{found}`")
            }
            Self::Expected { expected, found: None } => {
                write!(formatter, "expected {expected}, found the end")
            }
        }
    }
}

impl std::error::Error for SearchError {}
