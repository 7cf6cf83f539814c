//! Does a pure crate take what it should be given? Time, chance, files, sockets, threads and the environment reach the
//! pure crates as parameters only: then they run under fuzzers and the simulator, and a replay gives the same result.
//! Tests inside those crates are free to use them.

use super::Finding;
use crate::repository::{File, Repository};
use crate::rust_source::{code_only, paths, without_tests};

const RULE: &str = "pure crate";

/// Crates that know no clock, environment, file, socket, thread or runtime.
pub const PURE_CRATES: [&str; 7] = ["model", "guard", "language", "series", "wire", "stream", "traffic"];

/// A path that is one of these, or lies below one of these, is refused. `core::time::Duration` and `core::net::IpAddr`
/// are values and stay allowed.
const REFUSED: [&str; 9] = [
    "std::time::SystemTime",
    "std::time::Instant",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::os",
    "tokio",
];

pub fn check(repository: &Repository) -> Vec<Finding> {
    repository.with_extension("rs").filter(|file| is_pure(&file.path)).flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let code = without_tests(&code_only(&file.text));
    let refuse =
        |path: &str| REFUSED.iter().any(|refused| is_at_or_below(path, refused)) || hides_a_clock(path);
    paths(&code)
        .into_iter()
        .filter(|named| refuse(&named.path))
        .map(|named| Finding {
            path: file.path.clone(),
            line: named.line,
            rule: RULE,
            message: format!("`{}` in a pure crate; take the value as a parameter", named.path),
        })
        .collect()
}

fn is_at_or_below(path: &str, refused: &str) -> bool {
    path.strip_prefix(refused).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Importing the whole module of clocks would let `time::Instant` pass unseen.
fn hides_a_clock(path: &str) -> bool {
    matches!(path, "std::time" | "std::time::*" | "std::*")
}

fn is_pure(path: &str) -> bool {
    let Some((name, inside)) = path.strip_prefix("crates/").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let is_test_file = inside.ends_with("/tests.rs") || inside.contains("/tests/");
    PURE_CRATES.contains(&name) && inside.starts_with("src/") && !is_test_file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_crates_take_nothing_from_the_machine() {
        let cases: [(&str, &str, usize); 14] = [
            ("crates/stream/src/a.rs", "use std::time::Duration;", 0),
            ("crates/stream/src/a.rs", "use std::time::{Duration, Instant};", 1),
            ("crates/stream/src/a.rs", "use std::time;", 1),
            ("crates/stream/src/a.rs", "fn f() { std::time::SystemTime::now(); }", 1),
            ("crates/stream/src/a.rs", "use std::{env, fs, collections::BTreeMap};", 2),
            ("crates/stream/src/a.rs", "use core::net::IpAddr;", 0),
            ("crates/wire/src/b/c.rs", "tokio::spawn(x);", 1),
            ("crates/wire/src/a.rs", "use std::envelope;", 0),
            ("crates/wire/src/a.rs", "// std::env\nlet x = \"std::env\";", 0),
            ("crates/wire/src/a.rs", "#[cfg(test)]\nmod tests { use std::fs; }", 0),
            ("crates/wire/src/a.rs", "#[cfg(test)]\nmod tests {}\nuse std::fs;", 1),
            ("crates/wire/tests/it.rs", "use std::fs;", 0),
            ("crates/wire/src/sigv4/tests.rs", "use std::fs;", 0),
            ("crates/server/src/main.rs", "use std::fs;", 0),
        ];
        for (path, text, expected) in cases {
            assert_eq!(check(&Repository::of(&[(path, text)])).len(), expected, "{path}: {text}");
        }
    }

    #[test]
    fn a_finding_names_the_path_and_its_line() {
        let found =
            check(&Repository::of(&[("crates/model/src/lib.rs", "//! Types.\n\nuse std::fs::File;\n")]));
        let expected = "crates/model/src/lib.rs:3: pure crate: `std::fs::File` in a pure crate; take the value as a parameter";
        assert_eq!(found[0].to_string(), expected);
    }
}
