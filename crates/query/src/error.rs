//! Why is a text of SQL not answered, where in it, and what comes nearest?
//!
//! The engine's own refusals are made here with a position and a hint; what DataFusion refuses is translated. The hard
//! part is that DataFusion knows a position only for some errors, so the others point at the name that they mention.

use datafusion::common::{Column, DataFusionError, SchemaError, Span};
use datafusion::sql::sqlparser::ast::Ident;
use datafusion::sql::sqlparser::tokenizer::{Location, Span as TextSpan};

use crate::near::nearest;

/// Why a text was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// A stable word: `syntax`, `unsupported`, `unknown_table`, `unknown_column`, `read_only`, `too_large`, `failed`.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// Where, from 1.
    pub line: Option<u64>,
    /// Where, from 1.
    pub column: Option<u64>,
    /// The nearest form that works.
    pub hint: Option<String>,
}

impl SqlError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), line: None, column: None, hint: None }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new("unsupported", message)
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new("failed", message)
    }

    pub(crate) fn at(self, location: Location) -> Self {
        // Parts that a rewrite added have no place in the text.
        if location.line == 0 || self.line.is_some() {
            return self;
        }
        Self { line: Some(location.line), column: Some(location.column), ..self }
    }

    pub(crate) fn at_span(self, span: TextSpan) -> Self {
        self.at(span.start)
    }

    pub(crate) fn at_ident(self, ident: &Ident) -> Self {
        self.at_span(ident.span)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn hint_if(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }
}

impl std::fmt::Display for SqlError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.message)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(formatter, " (line {line}, column {column})")?;
        }
        match &self.hint {
            Some(hint) => write!(formatter, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SqlError {}

/// A column that the planner did not find, and those that it could have found there.
pub(crate) struct MissingColumn {
    pub(crate) column: Column,
    pub(crate) valid: Vec<Column>,
    /// Where the column stands; `None` where the planner lost it.
    pub(crate) place: Option<Location>,
}

/// The missing column that an error is about, if that is its cause.
pub(crate) fn missing_column(error: &DataFusionError) -> Option<MissingColumn> {
    let SchemaError::FieldNotFound { field, valid_fields } = schema_error(error)? else { return None };
    let span = field.spans().first().or_else(|| error.diagnostic()?.span);
    Some(MissingColumn {
        column: field.as_ref().clone(),
        valid: valid_fields.clone(),
        place: span.map(|span| span.start).map(location),
    })
}

fn schema_error(error: &DataFusionError) -> Option<&SchemaError> {
    match error {
        DataFusionError::SchemaError(inner, _) => Some(inner),
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => schema_error(inner),
        DataFusionError::Collection(errors) => errors.iter().find_map(schema_error),
        DataFusionError::Shared(inner) => schema_error(inner),
        _ => None,
    }
}

fn location(at: datafusion::common::Location) -> Location {
    Location { line: at.line, column: at.column }
}

/// The refusal of a column that is nowhere.
pub(crate) fn unknown_column(missing: &MissingColumn) -> SqlError {
    let name = &missing.column.name;
    let names: Vec<&str> = missing.valid.iter().map(|column| column.name.as_str()).collect();
    let found = nearest(name, names.iter().copied());
    let hint = if found.is_empty() {
        let some: Vec<_> = names.iter().copied().filter(|name| !name.starts_with('_')).take(8).collect();
        (!some.is_empty()).then(|| format!("the columns here are {}…", some.join(", ")))
    } else {
        Some(format!("did you mean {}?", found.join(" or ")))
    };
    let error = SqlError::new("unknown_column", format!("there is no column {}", missing.column.flat_name()));
    let error = error.hint_if(hint);
    match missing.place {
        Some(place) => error.at(place),
        None => error,
    }
}

/// An error of DataFusion while planning, in our words where it is known.
pub(crate) fn of_planning(error: &DataFusionError) -> SqlError {
    if let Some(missing) = missing_column(error) {
        return unknown_column(&missing);
    }
    let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
    let place = |error: SqlError| match span {
        Some(Span { start, .. }) => error.at(location(start)),
        None => error,
    };
    if let Some(SchemaError::AmbiguousReference { field }) = schema_error(error) {
        let message = format!("more than one table here has a column {}", field.name);
        let hint = format!("write the table before it: t.{}", field.name);
        return place(SqlError::unsupported(message).hint(hint));
    }
    let message = plain(&first_line(error));
    let error = SqlError::unsupported(message.clone());
    place(error.hint_if(hint_for(&message)))
}

/// An error of DataFusion while a query runs.
pub fn of_running(error: &DataFusionError) -> SqlError {
    let text = first_line(error);
    if let DataFusionError::ResourcesExhausted(_) = error.find_root() {
        let error =
            SqlError::failed(format!("the query needs more memory than it may take: {}", plain(&text)));
        return error.hint("ask for a shorter time, fewer groups or fewer columns");
    }
    SqlError::failed(plain(&text))
}

/// The root's message on one line, without the back trace that debug builds may add.
fn first_line(error: &DataFusionError) -> String {
    let message = error.strip_backtrace();
    let lines: Vec<_> = message.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    lines.join(" ")
}

/// DataFusion's message without the words that only its developers need.
fn plain(message: &str) -> String {
    const NOISE: [&str; 10] = [
        "Error during planning: ",
        "This feature is not implemented: ",
        "Schema error: ",
        "Execution error: ",
        "Arrow error: ",
        "Invalid argument error: ",
        "Optimizer rule ",
        "type_coercion caused by ",
        "External error: ",
        "Internal error: ",
    ];
    let mut text = message.to_owned();
    for noise in NOISE {
        text = text.replace(noise, "");
    }
    if let Some(end) = text.find("This issue was likely caused by a bug") {
        text.truncate(end);
    }
    let text = text.trim().trim_end_matches('.');
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if text.chars().nth(1).is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

fn hint_for(message: &str) -> Option<String> {
    const HINTS: [(&str, &str); 9] = [
        ("must appear in the GROUP BY", "add the column to GROUP BY, or take any_value(column)"),
        ("must be in group by", "add the column to GROUP BY, or take any_value(column)"),
        ("Aggregate functions are not allowed", "compare aggregates in HAVING instead of WHERE"),
        ("require unique expression names", "give one of the two columns another name with AS"),
        ("different number of columns", "select the same columns on both sides"),
        ("same number of columns", "select the same columns on both sides"),
        ("Failed to coerce arguments", "cast the argument: CAST(x AS DOUBLE), CAST(x AS TIMESTAMP)…"),
        ("Cannot coerce", "cast one side: CAST(x AS DOUBLE), CAST(x AS TIMESTAMP)…"),
        ("Cannot infer common argument type", "cast one side: CAST(x AS DOUBLE), CAST(x AS TIMESTAMP)…"),
    ];
    let lower = message.to_lowercase();
    HINTS.iter().find(|(part, _)| lower.contains(&part.to_lowercase())).map(|(_, hint)| (*hint).to_owned())
}
