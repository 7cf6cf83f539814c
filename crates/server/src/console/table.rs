//! How is an answer shown to people? Columns as wide as their widest cell, numbers to the right.
//!
//! A cell is one line: what would move the cursor of a terminal is written as it is escaped in code.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::answer::{Answer, Column};

/// The table and how many rows it has.
pub(super) fn text(answer: &Answer) -> String {
    let cells: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let mut text = grid(&answer.columns, &cells);
    text.push_str(&match cells.len() {
        1 => "(1 row)\n".to_owned(),
        rows => format!("({rows} rows)\n"),
    });
    text
}

/// Rows of texts below their columns.
pub(super) fn grid(columns: &[Column], rows: &[Vec<String>]) -> String {
    let names: Vec<String> = columns.iter().map(|column| plain(&column.name)).collect();
    let width = |place: usize, name: &String| {
        let widest = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.width()).max();
        widest.unwrap_or(0).max(name.width())
    };
    let widths: Vec<usize> = names.iter().enumerate().map(|(place, name)| width(place, name)).collect();
    let mut text = line(&names, &widths, |_| false);
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    text.push_str(&rules.join("+"));
    text.push('\n');
    let is_number =
        |place: usize| columns.get(place).is_some_and(|column| NUMBERS.contains(&column.r#type.as_str()));
    for row in rows {
        text.push_str(&line(row, &widths, is_number));
    }
    text
}

const NUMBERS: [&str; 4] = ["bigint", "integer", "double", "decimal"];

fn line(cells: &[String], widths: &[usize], is_right: impl Fn(usize) -> bool) -> String {
    let mut line = String::new();
    for (place, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let space = " ".repeat(width.saturating_sub(cell.width()));
        line.push_str(if place > 0 { " | " } else { " " });
        line.push_str(&if is_right(place) { space + cell } else { format!("{cell}{space}") });
    }
    format!("{}\n", line.trim_end())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => plain(text),
        other => plain(&other.to_string()),
    }
}

/// Without anything that a terminal obeys.
fn plain(text: &str) -> String {
    let is_obeyed =
        |character: char| character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character);
    if !text.chars().any(is_obeyed) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|one| if is_obeyed(one) { one.escape_default().collect() } else { vec![one] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, r#type: &str) -> Column {
        Column { name: name.to_owned(), r#type: r#type.to_owned() }
    }

    #[test]
    fn columns_line_up_and_numbers_stand_to_the_right() {
        let columns = [column("wallet", "text"), column("n", "bigint")];
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = grid(&columns, &[row(["ApplePay", "7"]), row(["銀行", "12,000"]), row(["", "NULL"])]);
        let expected = " wallet   | n\n----------+--------\n ApplePay |      7\n 銀行     | 12,000\n          |   NULL\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn no_cell_moves_the_cursor() {
        assert_eq!(plain("a\n\x1b[2Jb\u{202e}"), "a\\n\\u{1b}[2Jb\\u{202e}");
        assert_eq!(plain("größe"), "größe");
        assert_eq!(cell(&serde_json::json!(["a", 1, null])), "[\"a\",1,null]");
    }
}
