//! Does the repository keep its own rules? Each rule is a module with one `check(&Repository)` that returns what it
//! found; this file lists them and sorts the findings. A rule that nobody can check does not belong here, and a rule
//! that is not here is advice.

mod contract;
mod edges;
mod links;
mod names;
mod operations;
mod purity;
mod size;
mod words;

use std::fmt;

use crate::repository::Repository;

/// One broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    pub rule: &'static str,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}: {}", self.path, self.line, self.rule, self.message)
    }
}

/// All findings of all rules, sorted by place.
pub fn check(repository: &Repository) -> Vec<Finding> {
    let rules = [
        edges::check,
        purity::check,
        size::check,
        names::check,
        words::check,
        links::check,
        contract::check,
        operations::check,
    ];
    let mut findings: Vec<Finding> = rules.iter().flat_map(|rule| rule(repository)).collect();
    findings.sort();
    findings
}
