//! Which members does this mapping have, and which of them are meant for nobody?
//!
//! A reader asks a mapping for members by name. What it never asked for is not known, and [`Members::finish`] tells
//! so: that is how no list of known names can go stale. Names are written once, in camel case as AWS's JSON has them;
//! CloudFormation's spelling follows from it.

use super::error::{At, Problem, Wrong};
use super::lint::{LintCode, Sink};
use super::node::{Content, Member, Node, is_number};

/// How the names of a mapping begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `filterName`.
    Camel,
    /// `FilterName`.
    Pascal,
}

impl Spelling {
    pub(super) fn of(self, name: &str) -> String {
        let mut characters = name.chars();
        match (self, characters.next()) {
            (Self::Pascal, Some(first)) => first.to_uppercase().chain(characters).collect(),
            _ => name.to_owned(),
        }
    }
}

/// The members of one mapping.
pub(super) struct Members<'a> {
    /// What it is, for errors.
    of: &'static str,
    pub(super) at: At,
    pub(super) spelling: Spelling,
    members: &'a [Member],
    asked: Vec<String>,
}

impl<'a> Members<'a> {
    pub(super) fn of(node: &'a Node, of: &'static str, spelling: Spelling) -> Result<Self, Wrong> {
        match &node.content {
            Content::Map(members) => Ok(Self { of, at: node.at, spelling, members, asked: Vec::new() }),
            _ => Err(wrong_type(node, of, "a mapping")),
        }
    }

    /// A member that is not empty.
    pub(super) fn get(&mut self, name: &str) -> Option<&'a Node> {
        let name = self.spelling.of(name);
        let found = self.members.iter().find(|member| *member.name == *name).map(|member| &member.value);
        self.asked.push(name);
        found.filter(|value| !value.is_null())
    }

    pub(super) fn required(&mut self, name: &str) -> Result<&'a Node, Wrong> {
        self.get(name).ok_or_else(|| {
            let member = self.spelling.of(name);
            let strangers = self.strangers().map(|stranger| &stranger.name);
            let nearest = nearest(&member, strangers.map(|name| &**name)).map(Box::from);
            self.at.wrong(Problem::Missing { member, of: self.of, nearest })
        })
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<&'a str>, Wrong> {
        let value = self.get(name);
        value.map(|value| text(value, &self.spelling.of(name))).transpose()
    }

    pub(super) fn required_text(&mut self, name: &str) -> Result<&'a str, Wrong> {
        let value = self.required(name)?;
        text(value, &self.spelling.of(name))
    }

    /// A number, also in quotes.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<f64>, Wrong> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.scalar().filter(|text| is_number(text)).and_then(|text| text.parse().ok());
        number.map(Some).ok_or_else(|| wrong_type(value, &self.spelling.of(name), "a number"))
    }

    /// A whole number, also in quotes.
    pub(super) fn integer(&mut self, name: &str) -> Result<Option<i32>, Wrong> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.scalar().and_then(|text| text.parse().ok());
        number.map(Some).ok_or_else(|| wrong_type(value, &self.spelling.of(name), "a whole number"))
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Wrong> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.boolean().map(Some).ok_or_else(|| wrong_type(value, &self.spelling.of(name), "true or false"))
    }

    /// The values of a list; none where it is absent.
    pub(super) fn list(&mut self, name: &str) -> Result<&'a [Node], Wrong> {
        let value = self.get(name);
        value.map_or(Ok(&[]), |value| list(value, &self.spelling.of(name)))
    }

    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, Wrong> {
        let values = self.list(name)?;
        let member = self.spelling.of(name);
        values.iter().map(|value| text(value, &member).map(str::to_owned)).collect()
    }

    /// Says of members that AWS knows and that do nothing here that they do nothing.
    pub(super) fn not_applied(&mut self, names: &[&str], sink: &mut Sink) {
        for name in names {
            if let Some(value) = self.get(name) {
                let name = self.spelling.of(name);
                sink.lint(
                    value.at,
                    LintCode::MemberNotApplied,
                    format!("{name} of {} does nothing here", self.of),
                );
            }
        }
    }

    /// Tells the members that nobody asked for.
    pub(super) fn finish(self, sink: &mut Sink) {
        for stranger in self.strangers() {
            let absent = self.asked.iter().map(|name| &**name);
            let nearest = nearest(&stranger.name, absent);
            let hint = nearest.map_or(String::new(), |name| format!("; did you mean {name}?"));
            let sentence = format!("{} is not a member of {}{hint}", stranger.name, self.of);
            sink.lint(stranger.at, LintCode::UnknownMember, sentence);
        }
    }

    fn strangers(&self) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(|member| !self.asked.iter().any(|asked| **asked == *member.name))
    }
}

pub(super) fn text<'a>(value: &'a Node, member: &str) -> Result<&'a str, Wrong> {
    value.scalar().ok_or_else(|| wrong_type(value, member, "a text"))
}

pub(super) fn list<'a>(value: &'a Node, member: &str) -> Result<&'a [Node], Wrong> {
    match &value.content {
        Content::List(values) => Ok(values),
        _ => Err(wrong_type(value, member, "a list")),
    }
}

/// The members of a mapping whose names are the author's.
pub(super) fn named<'a>(value: &'a Node, member: &str) -> Result<&'a [Member], Wrong> {
    match &value.content {
        Content::Map(members) => Ok(members),
        _ => Err(wrong_type(value, member, "a mapping")),
    }
}

pub(super) fn wrong_type(value: &Node, member: &str, expected: &'static str) -> Wrong {
    let member = member.to_owned();
    value.at.wrong(Problem::WrongType { member, expected, found: value.kind() })
}

pub(super) fn not_allowed(at: At, member: &str, reason: impl Into<String>) -> Wrong {
    at.wrong(Problem::Value { member: member.to_owned(), reason: reason.into() })
}

/// Longest name, in bytes, for which another is looked for.
const COMPARED_BYTES_MAX: usize = 40;
/// In how many letters a name may differ from what was meant.
const EDITS_MAX: usize = 2;

/// The name that is spelled most alike.
fn nearest<'a>(name: &str, others: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = others.map(|other| (edits(name, other), other));
    distances
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= EDITS_MAX)
        .map(|near| near.1)
}

/// How many letters must be put in, left out or replaced to make one name from another; case, `_` and `-` apart.
fn edits(left: &str, right: &str) -> usize {
    if left.len().max(right.len()) > COMPARED_BYTES_MAX {
        return usize::MAX;
    }
    let folded = |name: &str| {
        let letters = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-'));
        letters.map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    let (left, right) = (folded(left), folded(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (place, letter) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], place + 1);
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alike_are_found() {
        let known = ["filterName", "filterPattern", "logGroupName"];
        for (name, expected) in [
            ("FilterName", Some("filterName")),
            ("filter_name", Some("filterName")),
            ("filterPatern", Some("filterPattern")),
            ("logGroupNames", Some("logGroupName")),
            ("retention", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()), expected, "{name}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), known.into_iter()), None);
    }
}
