//! Is a file or a function too long to be read in one go? The limits are 600 lines a file and 90 lines a function.
//! `xtask/ratchet.txt` lists the exceptions with their present length; a length there may only sink, and an entry
//! that is no longer needed is itself a finding, so the list can only shrink.

use std::collections::BTreeMap;

use super::Finding;
use crate::repository::{File, Repository};
use crate::rust_source::{code_only, functions};

const RULE: &str = "size";
const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 90;
const RATCHET: &str = "xtask/ratchet.txt";
/// Made by a program from another file, and read by nobody.
const GENERATED: [&str; 1] = ["web/src/api/schema.ts"];
const SOURCE_EXTENSIONS: [&str; 8] = ["rs", "py", "ts", "tsx", "mjs", "js", "css", "sh"];

/// A file or function and its length.
struct Measured {
    /// The file's path, or path and function as `path::name`.
    subject: String,
    path: String,
    line: usize,
    line_count: usize,
    line_count_max: usize,
}

pub fn check(repository: &Repository) -> Vec<Finding> {
    let (mut exceptions, mut findings) = ratchet(repository.text(RATCHET).unwrap_or(""));
    let sources = repository.files.iter().filter(|file| {
        SOURCE_EXTENSIONS.contains(&file.extension()) && !GENERATED.contains(&file.path.as_str())
    });
    for measured in sources.flat_map(measure).filter(|measured| measured.line_count > measured.line_count_max)
    {
        let allowed = exceptions.remove(&measured.subject);
        let message = match allowed {
            Some((_, allowed)) if measured.line_count == allowed => continue,
            Some((_, allowed)) if measured.line_count < allowed => {
                format!(
                    "{} shrank to {} lines: lower its entry in {RATCHET}",
                    measured.subject, measured.line_count
                )
            }
            _ => format!(
                "{} has {} lines, at most {} are allowed",
                measured.subject,
                measured.line_count,
                allowed.map_or(measured.line_count_max, |(_, allowed)| allowed)
            ),
        };
        findings.push(Finding { path: measured.path, line: measured.line, rule: RULE, message });
    }
    let unneeded = exceptions.into_iter().map(|(subject, (line, _))| {
        ratchet_finding(line, format!("{subject} is within the limits: remove its entry"))
    });
    findings.extend(unneeded);
    findings
}

fn measure(file: &File) -> Vec<Measured> {
    let mut measured = vec![Measured {
        subject: file.path.clone(),
        path: file.path.clone(),
        line: 1,
        line_count: file.text.lines().count(),
        line_count_max: FILE_LINES_MAX,
    }];
    if file.extension() == "rs" {
        measured.extend(functions(&code_only(&file.text)).into_iter().map(|function| Measured {
            subject: format!("{}::{}", file.path, function.name),
            path: file.path.clone(),
            line: function.line,
            line_count: function.line_count,
            line_count_max: FUNCTION_LINES_MAX,
        }));
    }
    measured
}

/// Reads `subject lines` pairs; empty lines and lines that begin with `#` are comments.
fn ratchet(text: &str) -> (BTreeMap<String, (usize, usize)>, Vec<Finding>) {
    let (mut exceptions, mut findings) = (BTreeMap::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let entry =
            line.trim().rsplit_once(' ').and_then(|(subject, count)| Some((subject, count.parse().ok()?)));
        match entry {
            Some((subject, line_count)) => {
                exceptions.insert(subject.to_owned(), (index + 1, line_count));
            }
            None => findings.push(ratchet_finding(index + 1, format!("not `subject lines`: {line}"))),
        }
    }
    (exceptions, findings)
}

fn ratchet_finding(line: usize, message: String) -> Finding {
    Finding { path: RATCHET.to_owned(), line, rule: RULE, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_sizes(file_lines: usize, function_lines: usize, ratchet: &str) -> Vec<String> {
        let function = format!("fn f() {{\n{}}}\n", "    g();\n".repeat(function_lines - 2));
        let text = format!("{function}{}", "\n".repeat(file_lines - function_lines));
        let repository = Repository::of(&[("crates/a/src/lib.rs", &text), (RATCHET, ratchet)]);
        check(&repository).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn limits_are_the_last_length_allowed() {
        let empty: [String; 0] = [];
        assert_eq!(check_sizes(600, 90, ""), empty);
        assert_eq!(
            check_sizes(601, 91, ""),
            [
                "crates/a/src/lib.rs:1: size: crates/a/src/lib.rs has 601 lines, at most 600 are allowed",
                "crates/a/src/lib.rs:1: size: crates/a/src/lib.rs::f has 91 lines, at most 90 are allowed",
            ]
        );
    }

    #[test]
    fn the_ratchet_lets_lengths_sink_only() {
        let entry = "# exceptions\ncrates/a/src/lib.rs 700\n";
        let cases = [
            (700, ""),
            (701, "crates/a/src/lib.rs:1: size: crates/a/src/lib.rs has 701 lines, at most 700 are allowed"),
            (
                650,
                "crates/a/src/lib.rs:1: size: crates/a/src/lib.rs shrank to 650 lines: lower its entry in xtask/ratchet.txt",
            ),
            (500, "xtask/ratchet.txt:2: size: crates/a/src/lib.rs is within the limits: remove its entry"),
        ];
        for (lines, expected) in cases {
            assert_eq!(check_sizes(lines, 2, entry).join("\n"), expected);
        }
    }

    #[test]
    fn an_unreadable_entry_is_a_finding() {
        assert_eq!(
            check_sizes(10, 2, "crates/a/src/lib.rs many"),
            ["xtask/ratchet.txt:1: size: not `subject lines`: crates/a/src/lib.rs many"]
        );
    }

    #[test]
    fn prose_and_lock_files_have_no_limit() {
        let text = "\n".repeat(5_000);
        let repository = Repository::of(&[("Cargo.lock", &text), ("docs/long.md", &text)]);
        assert_eq!(check(&repository), []);
    }
}
