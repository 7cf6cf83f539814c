//! How is a query written? So that it reads as the same tree again.

use std::fmt::{self, Formatter, Write};

use super::{Condition, Property, Schema, SearchQuery, Wanted, parser::is_escaped};

impl fmt::Display for SearchQuery {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match (&self.schema, &self.condition) {
            (Some(schema), Some(condition)) => write!(formatter, "{schema} {condition}"),
            (Some(schema), None) => write!(formatter, "{schema}"),
            (None, Some(condition)) => write!(formatter, "{condition}"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_char('{')?;
        write_quoted(formatter, &self.namespace)?;
        for dimension in &self.dimensions {
            formatter.write_char(',')?;
            write_quoted(formatter, dimension)?;
        }
        formatter.write_char('}')
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => write_parts(formatter, parts, " "),
            Self::Any(parts) => write_parts(formatter, parts, " OR "),
            Self::Not(part) => {
                formatter.write_str("NOT ")?;
                write_part(formatter, part)
            }
            Self::Anywhere(wanted) => write!(formatter, "{wanted}"),
            Self::Property(property, values) => {
                write!(formatter, "{property}=")?;
                match values.as_slice() {
                    [value] => write!(formatter, "{value}"),
                    values => {
                        formatter.write_char('(')?;
                        write_joined(formatter, values, " OR ", |formatter, value| {
                            write!(formatter, "{value}")
                        })?;
                        formatter.write_char(')')
                    }
                }
            }
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::MetricName => formatter.write_str("MetricName"),
            Self::Namespace => formatter.write_str("Namespace"),
            Self::Account => formatter.write_str(":aws.AccountId"),
            Self::Dimension(name) => write_quoted(formatter, name),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(exact) => write_quoted(formatter, exact),
            Self::Partial(partial) => write_escaped(formatter, partial.text()),
        }
    }
}

/// A part of a condition with several; one that has several itself stands in parentheses.
fn write_part(formatter: &mut Formatter<'_>, part: &Condition) -> fmt::Result {
    match part {
        Condition::All(_) | Condition::Any(_) => write!(formatter, "({part})"),
        part => write!(formatter, "{part}"),
    }
}

fn write_parts(formatter: &mut Formatter<'_>, parts: &[Condition], between: &str) -> fmt::Result {
    write_joined(formatter, parts, between, write_part)
}

fn write_joined<P>(
    formatter: &mut Formatter<'_>,
    parts: &[P],
    between: &str,
    write_one: impl Fn(&mut Formatter<'_>, &P) -> fmt::Result,
) -> fmt::Result {
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            formatter.write_str(between)?;
        }
        write_one(formatter, part)?;
    }
    Ok(())
}

fn write_quoted(formatter: &mut Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_char('"')?;
    write_escaped(formatter, text)?;
    formatter.write_char('"')
}

fn write_escaped(formatter: &mut Formatter<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        if is_escaped(character) {
            formatter.write_char('\\')?;
        }
        formatter.write_char(character)?;
    }
    Ok(())
}
