//! Does the written page of the tables say what the tables are? `docs/formats/lake.md` ends with what is made here.

use std::fmt::Write as _;

use walletscope_lake::LakeTable;
use walletscope_lake::tables::{Column, Kind};

/// From the crate's folder, in which Cargo runs its tests.
const PAGE: &str = "../../docs/formats/lake.md";
const MADE_FROM_HERE: &str = "<!-- Made from the code:";

#[test]
fn the_lake_page_tells_of_every_table_and_column() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let start = page.find(MADE_FROM_HERE).expect("the page has lost its marker");
    let marker_end = start + page[start..].find("-->\n").unwrap() + "-->\n".len();
    let expected = format!("{}\n{}", &page[..marker_end], tables());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(PAGE, &expected).unwrap();
        return;
    }
    assert!(page == expected, "the tables changed: review, then run with UPDATE_GOLDEN=1");
}

fn tables() -> String {
    let mut text = String::new();
    for table in LakeTable::ALL {
        writeln!(text, "## {}\n\n{}\n", table.name(), table.meaning()).unwrap();
        writeln!(text, "Sorted by {} in a file.\n", table.sort_columns().join(", ")).unwrap();
        writeln!(text, "| id | column | type | meaning |\n|---|---|---|---|").unwrap();
        for (place, column) in table.columns().iter().enumerate() {
            let meaning = column.meaning.replace('|', "\\|");
            writeln!(text, "| {} | {} | {} | {meaning} |", place + 1, name(column), kind(column.kind))
                .unwrap();
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn name(column: &Column) -> String {
    let name = format!("`{}`", column.name);
    if column.is_required { format!("**{name}**") } else { name }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Long => "bigint",
        Kind::Int => "integer",
        Kind::Double => "double",
        Kind::Flag => "boolean",
        Kind::Time => "timestamp",
        Kind::Date => "date",
        Kind::Bytes => "binary",
        Kind::Texts => "list of text",
        Kind::Doubles => "list of double",
    }
}
