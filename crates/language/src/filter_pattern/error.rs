//! Why is this text no filter pattern? The place, what was expected there, and what AWS says to it.

use std::fmt;

/// A text that is no filter pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// The byte of the text at which it stopped making sense; its length where something is missing at the end.
    pub position: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with the text of a filter pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has more than [`PATTERN_LENGTH_MAX`](super::PATTERN_LENGTH_MAX) characters.
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// It starts with a brace or bracket and does not end with its partner.
    NotClosed {
        /// `{` or `[`.
        opening: char,
    },
    /// A quote opens and none closes.
    UnclosedQuote,
    /// These characters may stand there only inside quotes.
    InvalidCharacters {
        /// All of them in a row.
        characters: Box<str>,
    },
    /// Something else belongs there.
    Expected {
        /// In words.
        expected: &'static str,
        /// The character that is there; `None` at the end.
        found: Option<char>,
    },
    /// Parentheses stand inside each other more than [`PARENTHESES_DEPTH_MAX`](super::PARENTHESES_DEPTH_MAX) deep.
    TooDeep,
    /// More than [`REGULAR_EXPRESSIONS_MAX`](super::REGULAR_EXPRESSIONS_MAX) regular expressions in one pattern.
    TooManyRegularExpressions,
    /// More than one wildcard in a selector, or more than [`WILDCARDS_MAX`](super::WILDCARDS_MAX) in a pattern.
    TooManyWildcards,
    /// A second `...` in one pattern.
    SecondEllipsis,
    /// A regular expression means nothing, or costs too much.
    RegularExpression {
        /// In words.
        reason: Box<str>,
    },
}

impl PatternError {
    pub(crate) fn new(position: usize, problem: Problem) -> Self {
        Self { position, problem }
    }

    /// The message of the `InvalidParameterException` with which AWS refuses such a pattern, where one was ever seen, else
    /// its general one. It may hold a part of the pattern.
    pub fn aws_message(&self) -> String {
        match &self.problem {
            Problem::TooLong { .. } => format!(
                "1 validation error detected: Value at 'filterPattern' failed to satisfy constraint: \
                 Member must have length less than or equal to {}",
                super::PATTERN_LENGTH_MAX
            ),
            Problem::NotClosed { opening } => format!(
                "If a filter pattern starts with '{opening}' it must end with '{}'",
                closing(*opening)
            ),
            Problem::InvalidCharacters { characters } => {
                format!("Invalid character(s) in term '{characters}'")
            }
            _ => "Invalid filter pattern".to_owned(),
        }
    }
}

pub(crate) fn closing(opening: char) -> char {
    if opening == '{' { '}' } else { ']' }
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at byte {}: {}", self.position, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => {
                write!(
                    formatter,
                    "the pattern has {length} characters, at most {} are allowed",
                    super::PATTERN_LENGTH_MAX
                )
            }
            Self::NotClosed { opening } => {
                write!(
                    formatter,
                    "a pattern that starts with `{opening}` must end with `{}`",
                    closing(*opening)
                )
            }
            Self::UnclosedQuote => write!(formatter, "the quote is never closed"),
            Self::InvalidCharacters { characters } => {
                write!(formatter, "`{characters}` may stand only inside double quotes")
            }
            Self::Expected { expected, found: Some(found) } => {
                write!(formatter, "expected {expected}, found `{found}`")
            }
            Self::Expected { expected, found: None } => {
                write!(formatter, "expected {expected}, found the end")
            }
            Self::TooDeep => {
                write!(
                    formatter,
                    "parentheses are more than {} deep inside each other",
                    super::PARENTHESES_DEPTH_MAX
                )
            }
            Self::TooManyRegularExpressions => {
                write!(
                    formatter,
                    "a pattern may hold {} regular expressions at most",
                    super::REGULAR_EXPRESSIONS_MAX
                )
            }
            Self::TooManyWildcards => write!(
                formatter,
                "a selector may hold one wildcard, a pattern {} selectors with one",
                super::WILDCARDS_MAX
            ),
            Self::SecondEllipsis => write!(formatter, "a pattern may hold one `...`"),
            Self::RegularExpression { reason } => write!(formatter, "the regular expression {reason}"),
        }
    }
}

impl std::error::Error for PatternError {}
