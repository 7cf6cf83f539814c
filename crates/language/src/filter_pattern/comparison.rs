//! Does this value stand in this relation to that one? One rule serves JSON values and space-delimited fields, because
//! both come to it as text.
//!
//! A number without quotes is compared with every value that reads as a number, so `$.status = 404` holds for `404`,
//! `"404"` and `4.04e2`. Text in quotes is compared with the value as written. An asterisk makes any operand a text with
//! wildcards. The order relations know numbers only: a value that is none stands in no such relation.

use std::cmp::Ordering;

use super::cursor::{Cursor, is_word};
use super::error::{PatternError, Problem};
use super::number::Number;
use super::regular_expression::RegularExpression;
use super::wildcard::Wildcard;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// An operator and what stands to its right.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub operator: Operator,
    operand: Operand,
}

#[derive(Clone, Debug)]
enum Operand {
    Number(Number),
    Text(Wildcard),
    RegularExpression(Box<RegularExpression>),
}

impl Comparison {
    /// Passes an operator and its operand. Counts regular expressions in `regular_expression_count`.
    pub fn parse(
        cursor: &mut Cursor<'_>,
        regular_expression_count: &mut usize,
    ) -> Result<Self, PatternError> {
        let Some(operator) = Operator::parse(cursor) else {
            return Err(cursor.expected("`=`, `!=`, `>`, `<`, `>=` or `<=`"));
        };
        cursor.skip_blanks();
        let start = cursor.position();
        let operand = match cursor.peek() {
            _ if operator.is_order() => Operand::Number(order_operand(cursor)?),
            Some('"') => Operand::Text(Wildcard::new(&cursor.quoted()?)),
            Some('%') => {
                if *regular_expression_count >= super::REGULAR_EXPRESSIONS_MAX {
                    return Err(PatternError::new(start, Problem::TooManyRegularExpressions));
                }
                *regular_expression_count += 1;
                Operand::RegularExpression(Box::new(RegularExpression::parse(cursor)?))
            }
            _ => bare_operand(cursor)?,
        };
        Ok(Self { operator, operand })
    }

    /// A text that every value has which stands in the relation.
    pub fn needed_text(&self) -> Option<&str> {
        match &self.operand {
            Operand::Text(wildcard) if self.operator == Operator::Equal => Some(wildcard.longest_piece()),
            _ => None,
        }
    }

    /// Whether a value with this text stands in the relation.
    pub fn holds(&self, text: &str) -> bool {
        let order = match &self.operand {
            Operand::Text(wildcard) => equality(wildcard.matches(text)),
            Operand::RegularExpression(expression) => equality(expression.matches(text)),
            // What is no number differs from every number and is neither greater nor less.
            Operand::Number(number) => Number::parse(text).and_then(|value| value.compare(*number)),
        };
        match self.operator {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
        }
    }
}

fn equality(is_equal: bool) -> Option<Ordering> {
    is_equal.then_some(Ordering::Equal)
}

/// A text without quotes: a word, a number, or either with asterisks. AWS allows letters, digits and underscores and
/// shows numbers and `123.123.*` besides, so points, signs and asterisks belong to it as well.
fn bare<'t>(cursor: &mut Cursor<'t>) -> &'t str {
    cursor.take_while(|character| is_word(character) || ".*+-".contains(character))
}

fn bare_operand(cursor: &mut Cursor<'_>) -> Result<Operand, PatternError> {
    let text = bare(cursor);
    if text.is_empty() {
        return Err(match cursor.peek() {
            Some(found) if !"&|)]},=<>!".contains(found) => cursor.invalid_characters(),
            _ => {
                cursor.expected("a value: a word, a number, a text in double quotes or a regular expression")
            }
        });
    }
    Ok(Number::parse(text).map_or_else(|| Operand::Text(Wildcard::new(text)), Operand::Number))
}

fn order_operand(cursor: &mut Cursor<'_>) -> Result<Number, PatternError> {
    let error = cursor.expected("a number");
    Number::parse(bare(cursor)).ok_or(error)
}

impl Operator {
    /// As it stands in a pattern.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Option<Self> {
        let longest_first =
            [Self::GreaterOrEqual, Self::LessOrEqual, Self::NotEqual, Self::Equal, Self::Greater, Self::Less];
        longest_first.into_iter().find(|operator| cursor.passed(operator.sign()))
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}
