//! May this crate use that crate? The table of crates in ARCHITECTURE.md is the rule itself: its third column names
//! the crates of ours that a crate may use (`all above` means every earlier row), and a name in code type in its
//! fourth column is a dependency that the crate must not have. Tests may use any pure crate besides.

use super::Finding;
use super::purity::PURE_CRATES;
use crate::repository::{File, Repository};

const RULE: &str = "crate edge";
const TABLE: &str = "ARCHITECTURE.md";
const OUR_PREFIX: &str = "walletscope-";

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: String,
    may_use: Vec<String>,
    must_not_know: Vec<String>,
}

/// One dependency of one manifest.
#[derive(Debug, PartialEq, Eq)]
struct Dependency {
    name: String,
    line: usize,
    /// From `[dev-dependencies]`.
    for_tests: bool,
}

pub fn check(repository: &Repository) -> Vec<Finding> {
    let rows = table(repository.text(TABLE).unwrap_or(""));
    let manifests = repository.files.iter().filter_map(|file| crate_of(file).map(|name| (name, file)));
    manifests.flat_map(|(name, file)| check_manifest(&rows, name, file)).collect()
}

fn check_manifest(rows: &[Row], name: &str, file: &File) -> Vec<Finding> {
    let finding = |line, message| Finding { path: file.path.clone(), line, rule: RULE, message };
    let Some(row) = rows.iter().find(|row| row.name == name) else {
        return vec![finding(1, format!("crate `{name}` has no row in the table of {TABLE}"))];
    };
    let refusal = |dependency: &Dependency| {
        let reason = match dependency.name.strip_prefix(OUR_PREFIX) {
            Some(ours) if dependency.for_tests && PURE_CRATES.contains(&ours) => return None,
            Some(ours) if row.may_use.iter().any(|allowed| allowed == ours) => return None,
            Some(ours) => format!("`{name}` may not use `{ours}`; {TABLE} lists what it may use"),
            None if row.must_not_know.contains(&dependency.name) && !dependency.for_tests => {
                format!("`{name}` must not know `{}`, says {TABLE}", dependency.name)
            }
            None => return None,
        };
        Some(finding(dependency.line, reason))
    };
    dependencies(&file.text).iter().filter_map(refusal).collect()
}

/// The crate whose manifest this is: `model` for `crates/model/Cargo.toml`.
fn crate_of(file: &File) -> Option<&str> {
    let folder = file.path.strip_suffix("/Cargo.toml")?;
    match folder.strip_prefix("crates/") {
        Some(name) if !name.contains('/') => Some(name),
        _ if folder == "xtask" => Some(folder),
        _ => None,
    }
}

fn table(text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [name, _, may_use, must_not_know] = cells[..] else { continue };
        let names = in_code_type(name);
        let [name] = &names[..] else { continue };
        let earlier = rows.iter().map(|row| row.name.clone());
        let may_use = if may_use == "all above" { earlier.collect() } else { in_code_type(may_use) };
        rows.push(Row { name: name.clone(), may_use, must_not_know: in_code_type(must_not_know) });
    }
    rows
}

/// The words between backticks.
fn in_code_type(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    let mut section = "";
    for (index, line) in manifest.lines().enumerate() {
        let line_text = line.split('#').next().unwrap_or("").trim();
        if let Some(header) = line_text.strip_prefix('[') {
            section = header.trim_end_matches(']');
            // `[dependencies.name]` states one dependency in a section of its own.
            if let Some((kind, name)) = section.rsplit_once("dependencies.") {
                let for_tests = kind.ends_with("dev-");
                dependencies.push(Dependency { name: name.to_owned(), line: index + 1, for_tests });
            }
            continue;
        }
        let key = line_text.split(['.', '=', ' ']).next().unwrap_or("");
        if section.ends_with("dependencies") && !key.is_empty() {
            let for_tests = section.ends_with("dev-dependencies");
            dependencies.push(Dependency { name: key.to_owned(), line: index + 1, for_tests });
        }
    }
    dependencies
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: &str = "\
| crate | question | may use | must not know |
|---|---|---|---|
| `model` | what? | – | `serde`, clocks |
| `guard` | card? | – | everything else |
| `stream` | next? | `model` | I/O |
| `traffic` | who? | `model` | I/O |
| `server` | all? | all above | – |
| `lake` (planned) | old? | `model` | SQL |
";

    fn check_one(path: &str, manifest: &str) -> Vec<String> {
        let repository = Repository::of(&[(TABLE, ARCHITECTURE), (path, manifest)]);
        check(&repository).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn edges_in_the_table_pass_and_others_are_named() {
        let refused = "crates/stream/Cargo.toml:2: crate edge: `stream` may not use `guard`; ARCHITECTURE.md lists what it may use";
        let cases: [(&str, &str, &[&str]); 9] = [
            ("crates/stream/Cargo.toml", "[dependencies]\nwalletscope-model.workspace = true", &[]),
            ("crates/stream/Cargo.toml", "[dependencies]\nwalletscope-guard.workspace = true", &[refused]),
            (
                "crates/stream/Cargo.toml",
                "[build-dependencies]\nwalletscope-guard = { path = \"x\" }",
                &[refused],
            ),
            ("crates/stream/Cargo.toml", "\n[dependencies.walletscope-guard]\npath = \"x\"", &[refused]),
            ("crates/stream/Cargo.toml", "[dev-dependencies]\nwalletscope-traffic.workspace = true", &[]),
            ("crates/stream/Cargo.toml", "[dependencies] # walletscope-guard\nserde = \"1\"", &[]),
            ("crates/server/Cargo.toml", "[dependencies]\nwalletscope-stream.workspace = true", &[]),
            (
                "crates/model/Cargo.toml",
                "[dependencies]\nserde = \"1\"",
                &[
                    "crates/model/Cargo.toml:2: crate edge: `model` must not know `serde`, says ARCHITECTURE.md",
                ],
            ),
            (
                "crates/new/Cargo.toml",
                "[dependencies]",
                &[
                    "crates/new/Cargo.toml:1: crate edge: crate `new` has no row in the table of ARCHITECTURE.md",
                ],
            ),
        ];
        for (path, manifest, expected) in cases {
            assert_eq!(check_one(path, manifest), expected, "{manifest}");
        }
    }

    #[test]
    fn a_test_may_not_reach_for_the_whole_server() {
        let found =
            check_one("crates/stream/Cargo.toml", "[dev-dependencies]\nwalletscope-server.workspace = true");
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn without_a_table_no_crate_passes() {
        let repository = Repository::of(&[("crates/model/Cargo.toml", "[dependencies]")]);
        assert_eq!(check(&repository).len(), 1);
    }
}
