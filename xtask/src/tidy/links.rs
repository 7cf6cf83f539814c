//! Does every link in our prose lead somewhere? Relative links in Markdown must name a file or folder of the
//! repository, and an anchor must be a heading of its page. Links to other sites are not followed: a check that needs
//! the network fails for reasons that are not ours.

use super::Finding;
use crate::repository::{File, Repository};

const RULE: &str = "link";

pub fn check(repository: &Repository) -> Vec<Finding> {
    let pages = repository.with_extension("md").filter(|file| !file.path.starts_with("fixtures/"));
    pages.flat_map(|page| check_page(repository, page)).collect()
}

fn check_page(repository: &Repository, page: &File) -> Vec<Finding> {
    let broken = |(line, target): (usize, &str)| {
        let message = broken_because(repository, page, target)?;
        Some(Finding { path: page.path.clone(), line, rule: RULE, message })
    };
    links(&page.text).into_iter().filter_map(broken).collect()
}

fn broken_because(repository: &Repository, page: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let Some(path) = resolve(&page.path, path) else {
        return Some(format!("`{target}` leads out of the repository"));
    };
    if !path.is_empty() && !repository.contains(&path) {
        return Some(format!("`{target}` leads nowhere: there is no {path}"));
    }
    let heading = anchor.filter(|_| path.ends_with(".md"))?;
    let has_heading = headings(repository.text(&path)?).any(|found| found == heading);
    (!has_heading).then(|| format!("`{target}` leads nowhere: {path} has no heading `{heading}`"))
}

/// The links of a page with their lines: `[text](target)` outside of fenced blocks and code type.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    for (index, line) in prose(text) {
        for (piece_index, piece) in line.split('`').enumerate() {
            // A link's text may be in code type, so its target may follow a backtick; only odd pieces are code.
            if piece_index % 2 == 0 {
                links.extend(targets(piece).into_iter().map(|target| (index + 1, target)));
            }
        }
    }
    links
}

pub(super) fn targets(piece: &str) -> Vec<&str> {
    let opened = piece.match_indices("](").map(|(at, opening)| &piece[at + opening.len()..]);
    opened.filter_map(|rest| rest.split(')').next()?.split_whitespace().next()).collect()
}

fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_fence = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_fence ^= is_fence;
        !in_fence && !is_fence
    })
}

/// The anchors of a page as forges make them: lower case, blanks to hyphens, punctuation dropped.
fn headings(text: &str) -> impl Iterator<Item = String> + '_ {
    let titles = prose(text).filter(|(_, line)| line.starts_with('#'));
    titles.map(|(_, line)| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept =
            title.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
        kept.map(|character| if character == ' ' { '-' } else { character }).collect()
    })
}

/// The path of `target` seen from `page`, from the root on; none if it climbs above the root.
pub(super) fn resolve(page: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(page.to_owned());
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str) -> Vec<String> {
        let files = [
            ("docs/page.md", text),
            ("docs/glossary.md", "# Words of the field\n```\n# Not a heading\n```\n"),
            ("README.md", "# Walletscope\n"),
            ("crates/model/src/lib.rs", ""),
        ];
        check(&Repository::of(&files)).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "# Here it is\n[a](glossary.md) [b](../README.md#walletscope) [c](#here-it-is)\n\
                    [d](../crates/model/) [e](https://example.test/x) [`f`](glossary.md#words-of-the-field)\n\
                    ```\n[g](nowhere.md)\n```\n`[h](nowhere.md)`\n";
        assert_eq!(check_text(text), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_nowhere_are_named() {
        let cases = [
            ("[a](nowhere.md)", "`nowhere.md` leads nowhere: there is no docs/nowhere.md"),
            ("[`a`](nowhere.md)", "`nowhere.md` leads nowhere: there is no docs/nowhere.md"),
            ("![picture](x.svg)", "`x.svg` leads nowhere: there is no docs/x.svg"),
            ("[a](../../x.md)", "`../../x.md` leads out of the repository"),
            ("[a](#gone)", "`#gone` leads nowhere: docs/page.md has no heading `gone`"),
            (
                "[a](glossary.md#not-a-heading)",
                "`glossary.md#not-a-heading` leads nowhere: docs/glossary.md has no heading `not-a-heading`",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(check_text(text), [format!("docs/page.md:1: link: {expected}")], "{text}");
        }
    }
}
