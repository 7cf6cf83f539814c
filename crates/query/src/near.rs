//! Which known names come nearest to one that is not known?
//!
//! Names are compared folded: without case, `_` and `-`. A name is near when few letters differ for its length, or when
//! one is the beginning of the other.

use datafusion::common::utils::datafusion_strsim::levenshtein;

/// How many names a hint mentions.
const NAMES_MAX: usize = 3;

/// A name without case, `_` and `-`: names that are equal so mean the same.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The names nearest to `name`, nearest first; empty where none is near.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let name = fold(name);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for candidate in known {
        let folded = fold(candidate);
        let distance = levenshtein(&name, &folded);
        let is_part = name.len() > 2 && (folded.starts_with(&name) || name.starts_with(&folded));
        let limit = (name.len().max(folded.len()) / 3).max(if name.len() > 3 { 2 } else { 1 });
        if (distance <= limit || is_part) && !found.iter().any(|(_, other)| *other == candidate) {
            found.push((distance, candidate));
        }
    }
    found.sort();
    found.into_iter().take(NAMES_MAX).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names_are_found_by_few_differing_letters() {
        let known = ["wallet_provider", "issuer", "network", "processing_time", "request_id"];
        for (name, expected) in [
            ("wallet_provder", vec!["wallet_provider"]),
            ("Isuer", vec!["issuer"]),
            ("processing", vec!["processing_time"]),
            ("zzz", vec![]),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
