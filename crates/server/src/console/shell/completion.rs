//! What may come next?
//!
//! Names by their beginning, whatever its case: columns of the tables that the statement names first, then tables,
//! functions and words of SQL.

use std::io::Write;

use liner::{Buffer, Completer, Event, EventKind};

use super::Schema;

/// Candidates shown at most.
const SHOWN_MAX: usize = 60;

const WORDS: &[&str] = &[
    "ALL",
    "AND",
    "AS",
    "ASC",
    "AT TIME ZONE",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COUNT",
    "CREATE VIEW",
    "CROSS JOIN",
    "CURRENT_DATE",
    "CURRENT_TIMESTAMP",
    "DATE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DROP VIEW",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FILTER",
    "FROM",
    "FULL JOIN",
    "GROUP BY",
    "HAVING",
    "IN",
    "INTERSECT",
    "INTERVAL",
    "IS NOT NULL",
    "IS NULL",
    "JOIN",
    "LEFT JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "NULLS LAST",
    "OFFSET",
    "ON",
    "OR",
    "ORDER BY",
    "OVER",
    "PARTITION BY",
    "SELECT",
    "SHOW COLUMNS FROM",
    "SHOW TABLES",
    "THEN",
    "TIMESTAMP",
    "UNION",
    "UNNEST",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

const COMMANDS: &[&str] = &["\\d", "\\format", "\\timing", "\\?", "\\q"];

/// Completes names.
pub(super) struct Completion {
    schema: Schema,
    /// The lines of the statement before the one that is written.
    pub(super) before: String,
    /// The line up to its end, as it is now.
    line: String,
}

impl Completion {
    /// Over these names.
    pub(super) fn new(schema: Schema) -> Self {
        Self { schema, before: String::new(), line: String::new() }
    }

    /// What the word `begun` may become, which ends the line or stands in it.
    fn candidates(&self, begun: &str, line: &str) -> Vec<String> {
        let before = line.rfind(begun).map_or(line, |at| &line[..at]).trim_end();
        let is_lower = begun.starts_with(char::is_lowercase);
        let begun = begun.to_lowercase();
        if begun.is_empty() && !before.ends_with('.') && !before.ends_with("\\d") {
            return Vec::new();
        }
        let is_next = |name: &str| name.to_lowercase().starts_with(&begun) && name.len() > begun.len();
        let mut found: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if is_next(name) && found.len() < SHOWN_MAX && !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        };
        if begun.starts_with('\\') {
            COMMANDS.iter().for_each(|command| add(command));
            return found;
        }
        let tables = || self.schema.tables.iter();
        if before.ends_with("\\d") {
            tables().for_each(|table| add(&table.name));
            return found;
        }
        let whole = format!("{} {line}", self.before).to_lowercase();
        let named = tables().filter(|table| whole.contains(&table.name.to_lowercase()));
        named.flat_map(|table| &table.columns).for_each(|column| add(&column.name));
        if !before.ends_with('.') {
            tables().for_each(|table| add(&table.name));
            self.schema.functions.iter().for_each(|function| add(&format!("{}(", function.name)));
            WORDS.iter().for_each(|word| if is_lower { add(&word.to_lowercase()) } else { add(word) });
        }
        // The names of other tables' columns, for a SELECT that is written before its FROM.
        tables().flat_map(|table| &table.columns).for_each(|column| add(&column.name));
        found
    }
}

impl Completer for Completion {
    fn completions(&mut self, begun: &str) -> Vec<String> {
        self.candidates(begun, &self.line)
    }

    fn on_event<W: Write>(&mut self, event: Event<'_, '_, W>) {
        if matches!(event.kind, EventKind::BeforeComplete) {
            self.line = String::from(event.editor.current_buffer().clone());
        }
    }
}

/// Where the words of a line are: what may be a name or a command.
pub(super) fn words(line: &Buffer) -> Vec<(usize, usize)> {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '\\');
    let mut words = Vec::new();
    let mut begun = None;
    for (place, character) in line.chars().enumerate() {
        match (begun, is_part(*character)) {
            (None, true) => begun = Some(place),
            (Some(from), false) => {
                words.push((from, place));
                begun = None;
            }
            _ => {}
        }
    }
    words.extend(begun.map(|from| (from, line.num_chars())));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completion() -> Completion {
        let schema = serde_json::from_value(serde_json::json!({
            "tables": [
                {"name": "attempts", "kind": "view", "meaning": "", "columns": [
                    {"name": "status", "type": "text", "meaning": ""}, {"name": "stage", "type": "text", "meaning": ""}]},
                {"name": "spans", "kind": "table", "meaning": "", "columns": [
                    {"name": "status_code", "type": "text", "meaning": ""}]}],
            "functions": [{"name": "step_up_rate", "signature": "", "meaning": ""}],
        }));
        Completion::new(schema.unwrap())
    }

    #[test]
    fn names_complete_by_their_beginning() {
        for (line, begun, expected) in [
            ("SELECT st", "st", vec!["step_up_rate(", "status", "stage", "status_code"]),
            ("SELECT * FROM spans WHERE STA", "STA", vec!["status_code", "status", "stage"]),
            ("SELECT * FROM attempts a WHERE a.sta", "sta", vec!["status", "stage", "status_code"]),
            ("SELECT * FROM at", "at", vec!["attempts", "at time zone"]),
            ("sel", "sel", vec!["select"]),
            ("SEL", "SEL", vec!["SELECT"]),
            ("\\ti", "\\ti", vec!["\\timing"]),
            ("\\d sp", "sp", vec!["spans"]),
            ("SELECT ", "", vec![]),
        ] {
            assert_eq!(completion().candidates(begun, line), expected, "{line}");
        }
        let mut later = completion();
        later.before = "SELECT * FROM spans\n".to_owned();
        assert_eq!(later.candidates("sta", "WHERE sta")[0], "status_code");
    }

    #[test]
    fn words_are_names_and_commands() {
        let line = Buffer::from("a.b_1,\\d é=");
        assert_eq!(words(&line), [(0, 1), (2, 5), (6, 8), (9, 10)]);
        assert_eq!(words(&Buffer::from("x")), [(0, 1)]);
    }
}
