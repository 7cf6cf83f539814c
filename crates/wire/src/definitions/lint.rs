//! What is allowed and probably not meant, or was read otherwise than AWS reads it?
//!
//! A lint never stops a file. Each has a place, a stable code, a sentence about this very text, and, by its code, what
//! can be done about it. `docs/formats/definitions.md` lists every code.

use std::sync::Arc;

use super::definition::{Definition, Kind};
use super::error::{At, Place};

/// One thing to know about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Where.
    pub place: Place,
    /// Which kind of thing.
    pub code: LintCode,
    /// What it is. May repeat what the file says: guard it before showing it.
    pub sentence: String,
}

/// Takes what one file holds.
pub(super) struct Sink {
    pub(super) file: Arc<str>,
    pub(super) definitions: Vec<Definition>,
    pub(super) lints: Vec<Lint>,
}

impl Sink {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.into(), definitions: Vec::new(), lints: Vec::new() }
    }

    pub(super) fn define(&mut self, at: At, name: impl Into<Box<str>>, kind: Kind) {
        self.definitions.push(Definition { place: at.place(&self.file), name: name.into(), kind });
    }

    pub(super) fn lint(&mut self, at: At, code: LintCode, sentence: impl Into<String>) {
        self.lints.push(Lint { place: at.place(&self.file), code, sentence: sentence.into() });
    }
}

/// A kind of thing to know about definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum LintCode {
    AlarmCountForRate,
    AlarmNotApplied,
    AlarmStatistic,
    AverageOfRate,
    DefaultLogGroup,
    DelimitedPatternOverJson,
    DimensionlessFilter,
    DuplicateName,
    MemberNotApplied,
    MetricValueForm,
    NameMade,
    PlaceholderArn,
    Prose,
    ResourceNotApplied,
    StackNameAssumed,
    UnknownMember,
}

impl LintCode {
    /// Every one, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        TEXTS.iter().map(|row| row.0)
    }

    /// A stable word.
    pub fn code(self) -> &'static str {
        TEXTS[self as usize].1
    }

    /// What to do about it.
    pub fn what_to_do(self) -> &'static str {
        TEXTS[self as usize].2
    }
}

use LintCode as L;

/// In the order of [`LintCode`]: code, what to do.
const TEXTS: [(LintCode, &str, &str); 16] = [
    (
        L::AlarmCountForRate,
        "alarm-count-for-rate",
        "alarm on a share, such as 100 * failed / (failed + successful) > 5, with a smallest number of attempts",
    ),
    (L::AlarmNotApplied, "alarm-not-applied", "keep it in the file; nothing is made of it"),
    (
        L::AlarmStatistic,
        "alarm-statistic",
        "name the statistic: Sum for counts, p99 for latencies; and TreatMissingData: notBreaching for counts that are absent when all is well",
    ),
    (L::AverageOfRate, "average-of-rate", "divide the sum of the one by the sum of the other"),
    (L::DefaultLogGroup, "default-log-group", "name the group with LogGroupName"),
    (
        L::DelimitedPatternOverJson,
        "delimited-pattern-over-json",
        "write a JSON pattern, such as { $.event = \"TOKEN_PROVISION_SUCCESS\" }: it means the same everywhere",
    ),
    (
        L::DimensionlessFilter,
        "dimensionless-filter",
        "give the filter these dimensions if its events have them, or query the measures of attempts, which have them",
    ),
    (L::DuplicateName, "duplicate-name", "take one of them out, or rename it"),
    (L::MemberNotApplied, "member-not-applied", "leave it for AWS, or take it out"),
    (
        L::MetricValueForm,
        "metric-value-form",
        "write $.member for patterns in braces and $name for patterns in brackets",
    ),
    (L::NameMade, "name-made", "give it a name of its own in the template"),
    (L::PlaceholderArn, "placeholder-arn", "write the ARN that is meant"),
    (L::Prose, "prose", "keep it in a document, or delete it"),
    (L::ResourceNotApplied, "resource-not-applied", "deploy it with CloudFormation, if it is wanted"),
    (L::StackNameAssumed, "stack-name-assumed", "rename the file, or write the name out"),
    (L::UnknownMember, "unknown-member", "correct its name, or take it out"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_row_and_its_line_in_the_page() {
        let page = std::fs::read_to_string("../../docs/formats/definitions.md").expect("the page");
        for (place, row) in TEXTS.iter().enumerate() {
            assert_eq!(row.0 as usize, place, "{}", row.1);
            assert!(page.contains(&format!("\n| `{}` |", row.1)), "{}", row.1);
        }
        let codes: Vec<_> = LintCode::all().map(LintCode::code).collect();
        assert!(codes.is_sorted());
    }
}
