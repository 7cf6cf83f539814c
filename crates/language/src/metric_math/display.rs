//! How is a tree written down? So that it reads as the same tree again: blanks around operators, parentheses only where
//! the tree needs them.

use std::fmt::{self, Write as _};

use super::operator::Operator;
use super::{Argument, Expression, Node, Term};

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(formatter)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.term {
            Term::Number(number) => write_number(formatter, *number),
            Term::Id(id) => formatter.write_str(id),
            Term::Array(elements) => {
                formatter.write_char('[')?;
                write_listed(formatter, elements)?;
                formatter.write_char(']')
            }
            Term::Negative(operand) => {
                formatter.write_char('-')?;
                write_operand(formatter, operand, Operator::PRECEDENCE_MAX)
            }
            Term::Chain { first, rest } => {
                // One above its own level: a chain of the same level is an operand only inside of parentheses.
                let level = rest.first().map_or(0, |link| link.operator.precedence()) + 1;
                write_operand(formatter, first, level)?;
                for link in rest {
                    write!(formatter, " {} ", link.operator)?;
                    write_operand(formatter, &link.operand, level)?;
                }
                Ok(())
            }
            Term::Call { function, arguments } => {
                write!(formatter, "{function}(")?;
                write_listed(formatter, arguments)?;
                formatter.write_char(')')
            }
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(node) => node.fmt(formatter),
            Self::Text { text, .. } => write_text(formatter, text),
            Self::Word(word) => word.fmt(formatter),
        }
    }
}

fn write_listed<T: fmt::Display>(formatter: &mut fmt::Formatter<'_>, all: &[T]) -> fmt::Result {
    for (index, one) in all.iter().enumerate() {
        write!(formatter, "{}{one}", if index == 0 { "" } else { ", " })?;
    }
    Ok(())
}

/// Writes an operand, in parentheses if it binds less tightly than `level`.
fn write_operand(formatter: &mut fmt::Formatter<'_>, node: &Node, level: u8) -> fmt::Result {
    let is_loose = match &node.term {
        Term::Chain { rest, .. } => rest.first().is_some_and(|link| link.operator.precedence() < level),
        // A sign reaches over `^`, so it stands in parentheses on either side of one.
        Term::Negative(_) => level > Operator::PRECEDENCE_MAX,
        _ => false,
    };
    if is_loose { write!(formatter, "({node})") } else { write!(formatter, "{node}") }
}

/// Plain digits where they are few, an exponent for very large and very small numbers.
fn write_number(formatter: &mut fmt::Formatter<'_>, number: f64) -> fmt::Result {
    if number == 0.0 || (1e-6..1e15).contains(&number) {
        write!(formatter, "{number}")
    } else {
        write!(formatter, "{number:e}")
    }
}

/// Writes a text in single quotes, or in double ones where a single quote in it stands behind a backslash of its own.
fn write_text(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let quote = if is_escaped_anywhere(text, '\'') { '"' } else { '\'' };
    formatter.write_char(quote)?;
    for character in text.chars() {
        if character == quote {
            formatter.write_char('\\')?;
        }
        formatter.write_char(character)?;
    }
    formatter.write_char(quote)
}

/// Whether a backslash that is not itself escaped stands before this quote. No text has that for both sorts of quotes,
/// since its own sort lost the backslash when it was read.
fn is_escaped_anywhere(text: &str, quote: char) -> bool {
    let mut is_escape = false;
    text.chars().any(|character| {
        let is_escaped_quote = is_escape && character == quote;
        is_escape = character == '\\' && !is_escape;
        is_escaped_quote
    })
}
