//! Why is there no answer, and where in the text is the mistake? As people read it on a terminal.

use std::fmt;

use serde::Deserialize;

use crate::client::CallError;

/// Why there is no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Fault {
    message: String,
    #[serde(default)]
    line: Option<usize>,
    #[serde(default)]
    column: Option<usize>,
    #[serde(default)]
    hint: Option<String>,
    /// The line of the text that the place is in.
    #[serde(skip)]
    text: Option<String>,
}

/// The API's error body.
#[derive(Deserialize)]
struct Body {
    error: Fault,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    pub(super) fn of_call(error: CallError) -> Self {
        match error {
            CallError::Refused { status, body } => match serde_json::from_str::<Body>(&body) {
                Ok(body) => body.error,
                Err(_) => Self::new(format!("the server answered {status}")),
            },
            error @ CallError::Connection(_) => Self::new(error.to_string()),
        }
    }

    /// With the line of `sql` that it points into.
    pub(super) fn about(self, sql: &str) -> Self {
        let line = self.line.and_then(|line| sql.lines().nth(line.checked_sub(1)?));
        Self { text: line.map(str::to_owned), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.message)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(formatter, "\n  at line {line}, column {column}")?;
            if let Some(text) = &self.text {
                // Tabs stay tabs, so that the caret stands below its character.
                let before = text.chars().take(column.saturating_sub(1));
                let indent: String =
                    before.map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
                write!(formatter, "\n  | {text}\n  | {indent}^")?;
            }
        }
        match &self.hint {
            Some(hint) => write!(formatter, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_mistake() {
        let body = r#"{"error":{"code":"sql_unknown_column","message":"there is no column x","line":2,"column":3,"hint":"y"}}"#;
        let fault = Fault::of_call(CallError::Refused { status: 400, body: body.to_owned() });
        let shown = fault.about("SELECT\n\t x\nFROM t").to_string();
        assert_eq!(shown, "error: there is no column x\n  at line 2, column 3\n  | \t x\n  | \t ^\nhint: y");
    }

    #[test]
    fn an_answer_that_is_no_json_is_a_status() {
        let fault = Fault::of_call(CallError::Refused { status: 502, body: "<html>".to_owned() });
        assert_eq!(fault.to_string(), "error: the server answered 502");
    }
}
