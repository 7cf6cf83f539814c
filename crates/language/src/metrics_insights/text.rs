//! How is a query written? So that it reads as the same tree again.

use std::fmt::{self, Formatter, Write};

use super::lexer::{is_escaped, is_word};
use super::parser::is_reserved;
use super::{Comparison, Direction, Filter, FunctionCall, Order, Query, Select, Source};

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "SELECT {} FROM {}", self.select, self.source)?;
        for (number, filter) in self.filters.iter().enumerate() {
            write!(formatter, " {} {filter}", if number == 0 { "WHERE" } else { "AND" })?;
        }
        let time = self.by_time.then_some("TIME");
        let labels = self.group_by.iter().map(|label| written_name(label));
        let groups: Vec<String> = labels.chain(time.map(str::to_owned)).collect();
        if !groups.is_empty() {
            write!(formatter, " GROUP BY {}", groups.join(", "))?;
        }
        if let Some(order) = self.order {
            write!(formatter, " ORDER BY {order}")?;
        }
        self.limit.map_or(Ok(()), |limit| write!(formatter, " LIMIT {limit}"))
    }
}

impl fmt::Display for Select {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => write!(formatter, "{call}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Arithmetic { operator, left, right } => {
                // Operators of one strength go from left to right.
                write_side(formatter, left, left.strength() < operator.strength())?;
                write!(formatter, " {} ", operator.sign())?;
                write_side(formatter, right, right.strength() <= operator.strength())
            }
        }
    }
}

impl Select {
    /// How strongly it holds together; what is no arithmetic holds strongest.
    fn strength(&self) -> u8 {
        match self {
            Self::Arithmetic { operator, .. } => operator.strength(),
            _ => u8::MAX,
        }
    }
}

fn write_side(formatter: &mut Formatter<'_>, side: &Select, has_parentheses: bool) -> fmt::Result {
    if has_parentheses { write!(formatter, "({side})") } else { write!(formatter, "{side}") }
}

impl fmt::Display for FunctionCall {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({})", self.function.name(), written_name(&self.metric))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let namespace = written_name(&self.namespace);
        let Some(schema) = &self.schema else { return formatter.write_str(&namespace) };
        write!(formatter, "SCHEMA({namespace}")?;
        for label in schema {
            write!(formatter, ", {}", written_name(label))?;
        }
        formatter.write_char(')')
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let sign = if self.comparison == Comparison::Equal { "=" } else { "!=" };
        write!(formatter, "{} {sign} {}", written_name(&self.label), quoted(&self.value, '\''))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let direction = if self.direction == Direction::Ascending { "ASC" } else { "DESC" };
        write!(formatter, "{}() {direction}", self.function.name())
    }
}

/// A name, in quotes where it needs them.
fn written_name(name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(is_word) && !is_reserved(name);
    if is_plain { name.to_owned() } else { quoted(name, '"') }
}

fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::from(quote);
    for character in text.chars() {
        if is_escaped(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push(quote);
    quoted
}
