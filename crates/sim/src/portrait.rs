//! What did the records make, told without anything that may depend on their order?
//!
//! A [`Portrait`] is a sorted list of lines: attempts with their records, rows, tokens, windows, measures and what each
//! id resolves to. Left out, because the law does not cover them: times of arrival, offsets, the numbers of dictionary
//! codes, windows of one second (they hold what was recent when it came) and whatever left the state by age.

use std::collections::{BTreeMap, BTreeSet};

use walletscope_journal::{Store, Table};
use walletscope_model::{IdKind, Timestamp};
use walletscope_series::{Range, Resolution};
use walletscope_server::pipeline::{Applier, PipelineError};
use walletscope_server::view::{filter::Filter, measures};
use walletscope_stream::{Detail, Dictionary, Dimension, Row, WindowKey};

use crate::contents::{Contents, each_row_of};
use crate::history::{History, SOURCES};

/// Lines that equal sets of records must have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait(Vec<String>);

/// Lines of a difference that are shown at most.
const DIFF_LINES_MAX: usize = 24;

impl Portrait {
    /// Of everything that is applied; commits it first.
    ///
    /// # Errors
    /// The store failed.
    pub fn take<S: Store>(applier: &mut Applier<S>, history: &History) -> Result<Self, PipelineError> {
        applier.commit()?;
        let view = applier.publish();
        let contents = Contents::read(&view)?;
        let words = &view.dictionary;
        let mut lines = Vec::new();
        for row in &contents.rows {
            lines.push(format!("row {}", row_line(row, words)));
            if let Some(detail) = applier.state_mut().detail(row.key)? {
                lines.extend(detail_lines(detail));
            }
        }
        for (key, window) in &contents.windows {
            if key.resolution != Resolution::Second && !window.is_zero() {
                lines.push(format!("window {} {window:?}", window_name(key, words)));
            }
        }
        for timeline in contents.nodes.values().filter_map(walletscope_stream::token::timeline) {
            lines.push(format!("token {timeline:?}"));
        }
        for ((wallet, issuer), count) in view.active_tokens.iter().filter(|(_, count)| **count != 0) {
            lines.push(format!("active tokens {} {count}", pair_name(*wallet, *issuer, words)));
        }
        let always = Range { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
        for tenant in SOURCES.map(|source| source.tenant) {
            let code = words.find(Dimension::Tenant, tenant).unwrap_or(0);
            let total = measures::total(&view.rows, &Filter::all(code, always));
            lines.push(format!("measures of {tenant} {total:?}"));
        }
        lines.extend(id_lines(applier, &contents, history)?);
        lines.sort();
        Ok(Self(lines))
    }

    /// What only one of the two has, a few lines of it; empty where they are equal.
    pub fn difference(&self, other: &Self) -> String {
        let count = |lines: &[String]| {
            let mut counts: BTreeMap<String, i64> = BTreeMap::new();
            lines.iter().for_each(|line| *counts.entry(line.clone()).or_default() += 1);
            counts
        };
        let mut counts = count(&self.0);
        for (line, found) in count(&other.0) {
            *counts.entry(line).or_default() -= found;
        }
        counts.retain(|_, count| *count != 0);
        let sign = |count: i64| if count > 0 { '-' } else { '+' };
        let lines: Vec<String> = counts
            .iter()
            .enumerate()
            .map(|(place, (line, count))| format!("{} {}", sign(*count), cut(line, &counts, place)))
            .collect();
        let shown = lines.len().min(DIFF_LINES_MAX);
        let more =
            if lines.len() > shown { format!("\n… {} more", lines.len() - shown) } else { String::new() };
        lines[..shown].join("\n") + &more
    }

    /// How many attempts it shows.
    pub fn attempts(&self) -> usize {
        self.0.iter().filter(|line| line.starts_with("attempt ")).count()
    }
}

/// A long line without what it has in common with the line before or after it.
fn cut(line: &str, lines: &BTreeMap<String, i64>, place: usize) -> String {
    const HEAD_CHARS: usize = 60;
    const SHOWN_CHARS: usize = 400;
    const CONTEXT_CHARS: usize = 40;
    let near = lines.keys().skip(place.saturating_sub(1)).take(3).filter(|other| *other != line);
    let common =
        |other: &String| line.chars().zip(other.chars()).take_while(|(left, right)| left == right).count();
    let common = near.map(common).max().unwrap_or(0);
    if common < HEAD_CHARS + CONTEXT_CHARS {
        return line.chars().take(SHOWN_CHARS).collect();
    }
    let head: String = line.chars().take(HEAD_CHARS).collect();
    let rest: String = line.chars().skip(common - CONTEXT_CHARS).take(SHOWN_CHARS).collect();
    format!("{head} … {rest}")
}

/// A row by words: codes and arrival taken out.
pub(crate) fn row_line(row: &Row, words: &Dictionary) -> String {
    let coded: Vec<&str> = each_row_of(row)
        .into_iter()
        .map(|(dimension, code)| words.value(dimension, code).unwrap_or("-"))
        .collect();
    let plain = Row {
        first_arrival: Timestamp(0),
        tenant: 0,
        wallet: 0,
        issuer: 0,
        network: 0,
        device: 0,
        country: 0,
        channel: 0,
        reason_code: 0,
        vendor: 0,
        ..*row
    };
    format!("{} {plain:?}", coded.join(" / "))
}

/// A window's key by words.
pub(crate) fn window_name(key: &WindowKey, words: &Dictionary) -> String {
    format!("{:?} {} {}", key.resolution, key.start, pair_name(key.wallet, key.issuer, words))
}

/// A wallet and an issuer by words.
pub(crate) fn pair_name(wallet: u16, issuer: u16, words: &Dictionary) -> String {
    let word = |dimension, code| words.value(dimension, code).unwrap_or("-");
    format!("{} / {}", word(Dimension::Wallet, wallet), word(Dimension::Issuer, issuer))
}

fn detail_lines(detail: Detail) -> Vec<String> {
    let mut attempt = detail.attempt;
    (attempt.first_arrival, attempt.last_arrival) = (Timestamp(0), Timestamp(0));
    let name = format!("{} {} {}", attempt.id.tenant, attempt.id.kind.name(), attempt.id.value);
    let mut lines = vec![format!("attempt {name} {attempt:?}")];
    lines.extend(detail.records.iter().map(|record| {
        let (what, join) = (record.what, record.join.name());
        format!("record of {name}: {} {what:?} {join} by {} {}", record.time, record.by.name(), record.id)
    }));
    lines.extend(detail.tokens.iter().map(|token| format!("token of {name}: {token:?}")));
    lines
}

/// For each id that a node has: the attempts that it may mean.
fn id_lines<S: Store>(
    applier: &mut Applier<S>,
    contents: &Contents,
    history: &History,
) -> Result<Vec<String>, PipelineError> {
    let ids: BTreeSet<(&str, &str)> =
        contents.nodes.values().map(|node| (&*node.tenant, &*node.value)).collect();
    let mut lines = vec![format!("{} records", history.records.len())];
    for (tenant, id) in ids {
        let mut names = Vec::new();
        for key in applier.state_mut().find(tenant, id)? {
            names.extend(contents.nodes.get(&key).map(|node| format!("{} {}", node.kind.name(), node.value)));
        }
        names.sort();
        lines.push(format!("id {tenant} {id} may mean {}", names.join(", ")));
    }
    let names = contents.nodes.values().filter(|node| node.kind != IdKind::TokenReference).count();
    lines.push(format!(
        "{names} names of attempts in {} rows of {}",
        contents.rows.len(),
        Table::Attempts.name()
    ));
    Ok(lines)
}
