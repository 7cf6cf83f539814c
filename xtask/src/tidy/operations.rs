//! Does the page of CloudWatch Logs say what is so? A row that says `supported` links a file in which the operation is
//! named, as the service or as boto3 spells it, and its shape exists; an operation with a shape has a row that does not
//! call it refused. Whether the page has every operation of the service's model is not checked: the model is not here.

use super::Finding;
use super::links::{resolve, targets};
use crate::repository::Repository;

const RULE: &str = "operation";
const PAGE: &str = "docs/protocols/logs.md";
/// The one table of operations; a line of it begins like `PutLogEvents = Logs "PutLogEvents"`.
const TABLE: &str = "crates/wire/src/aws/operation.rs";
const LINE_MARK: &str = "= Logs \"";
const STATES: [&str; 3] = ["supported", "not yet", "refused"];

/// One row of the page.
struct Row<'a> {
    /// Counted from 1.
    line: usize,
    operation: &'a str,
    state: &'a str,
    test: &'a str,
}

pub fn check(repository: &Repository) -> Vec<Finding> {
    let rows = rows(repository.text(PAGE).unwrap_or(""));
    let shapes = shapes(repository.text(TABLE).unwrap_or(""));
    let wrong_rows = rows.iter().enumerate().filter_map(|(index, row)| {
        let message = wrong_because(repository, row, &rows[..index], &shapes)?;
        Some(Finding { path: PAGE.to_owned(), line: row.line, rule: RULE, message })
    });
    let wrong_shapes = shapes.iter().filter_map(|&(line, operation)| {
        let row = rows.iter().find(|row| row.operation == operation);
        let message = match row {
            None => format!("`{operation}` has no row in {PAGE}"),
            Some(row) if row.state == "refused" => format!("`{operation}` is refused by {PAGE}"),
            Some(_) => return None,
        };
        Some(Finding { path: TABLE.to_owned(), line, rule: RULE, message })
    });
    wrong_rows.chain(wrong_shapes).collect()
}

fn wrong_because(
    repository: &Repository,
    row: &Row<'_>,
    before: &[Row<'_>],
    shapes: &[(usize, &str)],
) -> Option<String> {
    let Row { operation, state, .. } = *row;
    if before.iter().any(|other| other.operation == operation) {
        return Some(format!("`{operation}` has two rows"));
    }
    if !STATES.contains(&state) {
        return Some(format!("`{operation}` is `{state}`, which is none of: {}", STATES.join(", ")));
    }
    if state != "supported" {
        return None;
    }
    if !shapes.iter().any(|&(_, shape)| shape == operation) {
        return Some(format!("`{operation}` is supported and has no line in {TABLE}"));
    }
    let tests = targets(row.test).into_iter().filter_map(|target| resolve(PAGE, target));
    let names = [operation.to_owned(), snake_case(operation)];
    let is_tested = tests
        .filter_map(|path| repository.text(&path))
        .any(|text| names.iter().any(|name| has_name(text, name)));
    (!is_tested).then(|| format!("`{operation}` is supported and links no file that names it"))
}

/// The rows of the page's table, without its head and the rule below it.
fn rows(text: &str) -> Vec<Row<'_>> {
    let rows = text.lines().enumerate().filter_map(|(index, line)| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let (operation, state, test) = (cells.next()?, cells.next()?, cells.next()?);
        let is_name = operation.starts_with(|character: char| character.is_ascii_uppercase());
        is_name.then_some(Row { line: index + 1, operation, state, test })
    });
    rows.collect()
}

/// Lines and names of the operations of Logs that have a shape.
fn shapes(text: &str) -> Vec<(usize, &str)> {
    let named = text.lines().enumerate().filter_map(|(index, line)| {
        let (_, rest) = line.split_once(LINE_MARK)?;
        Some((index + 1, rest.split('"').next()?))
    });
    named.collect()
}

/// `PutLogEvents` as `put_log_events`.
fn snake_case(operation: &str) -> String {
    let mut snake = String::new();
    for character in operation.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// True if `name` stands in `text` and is not a part of a longer name: `untag_resource` does not name `tag_resource`.
fn has_name(text: &str, name: &str) -> bool {
    let is_part = |character: Option<char>| {
        character.is_some_and(|character| character.is_alphanumeric() || character == '_')
    };
    text.match_indices(name).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + name.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "| operation | state | test | what differs |\n|---|---|---|---|\n";
    const SHAPES: &str = "operations! {\n    TagResource = Logs \"TagResource\", decode_shape: A => B;\n}\n";

    fn check_page(rows: &str, shapes: &str, test: &str) -> Vec<String> {
        let page = format!("{HEAD}{rows}");
        let files = [(PAGE, page.as_str()), (TABLE, shapes), ("tests/clients/test_tags.py", test)];
        check(&Repository::of(&files)).into_iter().map(|finding| finding.to_string()).collect()
    }

    const TESTED: &str = "| TagResource | supported | [tags](../../tests/clients/test_tags.py) | – |";

    #[test]
    fn a_page_that_says_what_is_so_passes() {
        for test in ["logs.tag_resource(tags={})", "call(\"TagResource\", {})"] {
            assert_eq!(check_page(TESTED, SHAPES, test), Vec::<String>::new(), "{test}");
        }
        let waiting = "| TagResource | not yet | | – |\n| PutTransformer | refused | | no |\n";
        assert_eq!(check_page(waiting, SHAPES, ""), Vec::<String>::new());
    }

    #[test]
    fn a_supported_operation_links_a_file_that_names_it() {
        let expected = [
            "docs/protocols/logs.md:3: operation: `TagResource` is supported and links no file that names it",
        ];
        for test in
            ["", "logs.untag_resource(tagKeys=[])", "Operation::TagResources", "logs.tag_resource_twice()"]
        {
            assert_eq!(check_page(TESTED, SHAPES, test), expected, "{test}");
        }
        for link in ["", "[gone](../../tests/clients/test_gone.py)", "tests/clients/test_tags.py"] {
            let row = format!("| TagResource | supported | {link} | – |");
            assert_eq!(check_page(&row, SHAPES, "tag_resource"), expected, "{link}");
        }
    }

    #[test]
    fn page_and_table_of_operations_agree() {
        let shapeless = "docs/protocols/logs.md:3: operation: `TagResource` is supported and has no line in \
                         crates/wire/src/aws/operation.rs";
        assert_eq!(check_page(TESTED, "TagResource = Xray \"TagResource\"", "tag_resource"), [shapeless]);
        let rowless = "crates/wire/src/aws/operation.rs:2: operation: `TagResource` has no row in docs/protocols/logs.md";
        assert_eq!(check_page("", SHAPES, ""), [rowless]);
        let refused = "crates/wire/src/aws/operation.rs:2: operation: `TagResource` is refused by docs/protocols/logs.md";
        assert_eq!(check_page("| TagResource | refused | | no |", SHAPES, ""), [refused]);
    }

    #[test]
    fn rows_are_single_and_in_a_known_state() {
        let twice = "| TagResource | not yet | | – |\n| TagResource | not yet | | – |\n";
        assert_eq!(
            check_page(twice, SHAPES, ""),
            ["docs/protocols/logs.md:4: operation: `TagResource` has two rows"]
        );
        let done = "docs/protocols/logs.md:3: operation: `TagResource` is `done`, which is none of: supported, not yet, refused";
        assert_eq!(check_page("| TagResource | done | | – |", SHAPES, ""), [done]);
    }

    #[test]
    fn names_are_spelt_as_boto3_spells_them() {
        assert_eq!(snake_case("PutLogEvents"), "put_log_events");
        assert_eq!(
            snake_case("AssociateSourceToS3TableIntegration"),
            "associate_source_to_s3_table_integration"
        );
    }
}
