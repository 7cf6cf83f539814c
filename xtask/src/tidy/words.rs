//! Is there a word that must not reach a reader? Marks of unfinished work, tests that are switched off, paths of one
//! machine and names of package registries. The words stand here in two halves, so that this file passes its own
//! rule. Fixtures and the lock files are other people's text and are not read.

use super::Finding;
use crate::repository::{File, Repository};

const RULE: &str = "word";

/// A refused word and the reason a reader is given.
const REFUSED: [(&str, &str); 15] = [
    (concat!("TO", "DO"), "unfinished work belongs in the tracker"),
    (concat!("FIX", "ME"), "unfinished work belongs in the tracker"),
    (concat!("XX", "X"), "unfinished work belongs in the tracker"),
    (concat!("HA", "CK"), "say what is wrong, or mend it"),
    (concat!("to", "do!("), "unfinished code"),
    (concat!("unimple", "mented!("), "unfinished code"),
    (concat!("#[ig", "nore"), "a test that never runs proves nothing"),
    (concat!("mark.", "skip"), "a test that never runs proves nothing"),
    (concat!("test.", "skip"), "a test that never runs proves nothing"),
    (concat!("it.", "skip("), "a test that never runs proves nothing"),
    (concat!("../", "shared"), "a path outside the repository"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("crates", ".io"), "a registry is the client's setting"),
    (concat!("py", "pi.org"), "a registry is the client's setting"),
    (concat!("npm", "js.org"), "a registry is the client's setting"),
];

pub fn check(repository: &Repository) -> Vec<Finding> {
    let readable = |file: &&File| !file.path.starts_with("fixtures/") && !file.path.ends_with("Cargo.lock");
    repository.files.iter().filter(readable).flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let refused = REFUSED.iter().filter(|(word, _)| has_word(line, word));
        findings.extend(refused.map(|(word, reason)| Finding {
            path: file.path.clone(),
            line: index + 1,
            rule: RULE,
            message: format!("`{word}`: {reason}"),
        }));
    }
    findings
}

/// True if `word` stands in `line` and is not a part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric());
    let is_bounded = |at: usize| {
        let begins = !word.starts_with(char::is_alphanumeric) || !is_part(line[..at].chars().next_back());
        let ends = !word.ends_with(char::is_alphanumeric) || !is_part(line[at + word.len()..].chars().next());
        begins && ends
    };
    line.match_indices(word).any(|(at, _)| is_bounded(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_words_are_found_as_words_only() {
        let cases = [
            (concat!("// TO", "DO: later"), 1),
            (concat!("to", "do!()"), 1),
            (concat!("    #[ig", "nore = \"slow\"]"), 1),
            (concat!("@pytest.mark.", "skip(reason)"), 1),
            (concat!("see ../", "shared/spec"), 1),
            (concat!("cd /wo", "rk/main"), 1),
            ("https://example.test/work", 0),
            ("the seed ABXXXY is fine", 0),
            ("mastodon", 0),
            ("unit.skipped(3)", 0),
        ];
        for (line, expected) in cases {
            assert_eq!(check(&Repository::of(&[("docs/a.md", line)])).len(), expected, "{line}");
        }
    }

    #[test]
    fn texts_of_others_are_not_read() {
        let line = concat!("TO", "DO");
        assert_eq!(check(&Repository::of(&[("fixtures/brief.md", line), ("fuzz/Cargo.lock", line)])), []);
    }
}
