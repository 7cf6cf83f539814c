//! Why is this text no expression? The place, and what is wrong there.

use std::fmt;

use super::kind::Kinds;
use super::{DEPTH_MAX, TEXT_LENGTH_MAX};

/// A text that is no expression of metric math.
#[derive(Clone, Debug, PartialEq)]
pub struct MathError {
    /// The byte of the text at which it stopped making sense; its length where something is missing at the end.
    pub position: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// It has more than [`TEXT_LENGTH_MAX`] characters.
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// Parentheses, brackets, calls and signs stand inside each other more than [`DEPTH_MAX`] deep.
    TooDeep,
    /// A quote opens and none closes.
    UnclosedQuote,
    /// The number is too large for a double.
    NumberTooLarge,
    /// This character begins nothing.
    InvalidCharacter {
        /// The character.
        character: char,
    },
    /// Something else belongs there.
    Expected {
        /// In words.
        expected: &'static str,
        /// What is there, as written; `None` at the end.
        found: Option<Box<str>>,
    },
    /// There is no function of this name; names are upper case.
    UnknownFunction {
        /// As written.
        name: Box<str>,
    },
    /// AWS has this function, and it asks for something that does not exist here.
    NotSupported {
        /// As written.
        function: &'static str,
    },
    /// A function has too few or too many arguments, or one of a form that it does not take.
    WrongArguments {
        /// Its name.
        function: &'static str,
        /// What it takes, in words.
        takes: &'static str,
    },
    /// A function or operator does not take values of these sorts.
    WrongKinds {
        /// Its name or symbol.
        of: &'static str,
        /// What it takes, in words.
        takes: &'static str,
        /// What it got, texts and words left out.
        found: Vec<Kinds>,
    },
    /// The result is a number; it must be a time series or an array of them.
    ScalarResult,
}

impl MathError {
    /// A problem at a byte of the text.
    pub fn new(position: usize, problem: Problem) -> Self {
        Self { position, problem }
    }
}

impl fmt::Display for MathError {
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
                    "the expression has {length} characters, at most {TEXT_LENGTH_MAX} are allowed"
                )
            }
            Self::TooDeep => {
                write!(formatter, "the expression is more than {DEPTH_MAX} levels deep")
            }
            Self::UnclosedQuote => formatter.write_str("the quote is never closed"),
            Self::NumberTooLarge => formatter.write_str("the number is too large"),
            Self::InvalidCharacter { character } => {
                write!(formatter, "`{}` begins nothing", character.escape_debug())
            }
            Self::Expected { expected, found: Some(found) } => {
                write!(formatter, "expected {expected}, found `{found}`")
            }
            Self::Expected { expected, found: None } => {
                write!(formatter, "expected {expected}, found the end")
            }
            Self::UnknownFunction { name } => {
                write!(formatter, "there is no function `{name}`; their names are upper case")
            }
            Self::NotSupported { function } => write!(formatter, "`{function}` is not supported"),
            Self::WrongArguments { function, takes } => write!(formatter, "`{function}` takes {takes}"),
            Self::WrongKinds { of, takes, found } => {
                write!(formatter, "`{of}` takes {takes}, found (")?;
                for (index, kinds) in found.iter().enumerate() {
                    write!(formatter, "{}{kinds}", if index == 0 { "" } else { ", " })?;
                }
                formatter.write_str(")")
            }
            Self::ScalarResult => formatter
                .write_str("the result is a number; it must be a time series or an array of time series"),
        }
    }
}

impl std::error::Error for MathError {}
