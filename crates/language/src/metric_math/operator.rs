//! Which operators are there, how tightly do they bind, and between what may they stand?

use std::fmt;

use super::kind::Kind;

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Operator {
    /// In the order of their precedence.
    pub const ALL: [Self; 13] = [
        Self::Or,
        Self::And,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Power,
    ];

    /// How tightly it binds, from 0 to [`Operator::PRECEDENCE_MAX`]. AWS publishes no precedence; this is that of C
    /// and Java, with `^` above all and above the sign: `-2^2` is -4.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual => 2,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide => 5,
            Self::Power => Self::PRECEDENCE_MAX,
        }
    }

    /// The precedence of `^`.
    pub const PRECEDENCE_MAX: u8 = 6;

    /// Whether a chain of it applies from right to left: `2^3^2` is 512. AWS does not say; mathematics does.
    pub fn is_right_associative(self) -> bool {
        self == Self::Power
    }

    /// What comes out between values of these sorts; `None` where AWS's guide has no such pair. Numbers go with
    /// everything in arithmetic, an array with a series as well, but not with another array; comparisons and logic
    /// know no arrays.
    pub fn result(self, left: Kind, right: Kind) -> Option<Kind> {
        let is_arithmetic = self.precedence() >= Self::Add.precedence();
        match (left, right) {
            (Kind::Scalar, Kind::Scalar) => Some(Kind::Scalar),
            (Kind::Array, Kind::Array) => None,
            (Kind::Array, _) | (_, Kind::Array) => is_arithmetic.then_some(Kind::Array),
            _ => Some(Kind::Series),
        }
    }

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
        }
    }

    /// Between which sorts it may stand, in words, for errors.
    pub fn takes(self) -> &'static str {
        if self.precedence() >= Self::Add.precedence() {
            "any two of S, TS and TS[], but not two arrays"
        } else {
            "two of S and TS"
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.symbol())
    }
}
