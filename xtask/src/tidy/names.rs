//! Does a name say what is inside? Crates, folders and modules that collect whatever fits nowhere else become what
//! everybody imports; a small function lives with its noun, or gets one.

use super::Finding;
use crate::repository::{File, Repository};
use crate::rust_source::{code_only, line_of};

const RULE: &str = "name";

/// Names of dumping grounds, for crates, folders, files and modules alike.
const REFUSED: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "misc", "stuff"];

/// Names that are refused for crates only.
const REFUSED_FOR_CRATES: [&str; 2] = ["config", "types"];

pub fn check(repository: &Repository) -> Vec<Finding> {
    repository.files.iter().flat_map(|file| check_path(file).into_iter().chain(check_modules(file))).collect()
}

fn check_path(file: &File) -> Option<Finding> {
    let is_ours = ["crates/", "xtask/", "tests/", "web/"].iter().any(|folder| file.path.starts_with(folder));
    let stem = |part: &str| part.split('.').next().unwrap_or(part).to_owned();
    let refused = file.path.split('/').map(stem).find(|part| REFUSED.contains(&part.as_str()));
    let crate_name = file.path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"));
    let refused_crate = crate_name.filter(|name| REFUSED_FOR_CRATES.contains(name)).map(str::to_owned);
    let name = refused.filter(|_| is_ours).or(refused_crate)?;
    Some(finding(file, 1, &name))
}

/// Modules written inside a file: `mod common { … }`.
fn check_modules(file: &File) -> Vec<Finding> {
    if file.extension() != "rs" {
        return Vec::new();
    }
    let code = code_only(&file.text);
    let modules = code.match_indices("mod ").filter_map(|(at, keyword)| {
        let rest = &code[at + keyword.len()..];
        let name = rest.split(|character: char| !character.is_alphanumeric() && character != '_').next()?;
        let is_inline = rest[name.len()..].trim_start().starts_with('{');
        (is_inline && REFUSED.contains(&name)).then(|| finding(file, line_of(&code, at), name))
    });
    modules.collect()
}

fn finding(file: &File, line: usize, name: &str) -> Finding {
    let message = format!("`{name}` says nothing about what is inside; name it after its noun");
    Finding { path: file.path.clone(), line, rule: RULE, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumping_grounds_are_refused_wherever_they_stand() {
        let cases = [
            ("crates/model/src/attempt.rs", "", 0),
            ("crates/model/src/utils.rs", "", 1),
            ("crates/model/src/helpers/time.rs", "", 1),
            ("crates/common/Cargo.toml", "", 1),
            ("crates/config/Cargo.toml", "", 1),
            ("crates/server/src/config.rs", "", 0),
            ("tests/clients/helpers.py", "", 1),
            ("docs/misc.md", "", 0),
            ("crates/model/src/commonality.rs", "", 0),
            ("crates/model/src/lib.rs", "mod common {\n}", 1),
            ("crates/model/src/lib.rs", "// mod common {", 0),
            ("crates/model/src/lib.rs", "mod attempt;", 0),
            // The file of this module has the finding already.
            ("crates/model/src/lib.rs", "mod helpers;", 0),
        ];
        for (path, text, expected) in cases {
            assert_eq!(check(&Repository::of(&[(path, text)])).len(), expected, "{path}: {text}");
        }
    }
}
