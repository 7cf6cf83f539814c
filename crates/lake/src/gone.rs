//! Which log events do files still hold, though they are gone for their readers?
//!
//! Events that are older than their log group keeps them, and events of a group or stream that was deleted. [`Gone`] is
//! this as of one instant, as plain values that whoever knows log groups makes. It answers for rows, exactly, and for
//! files by what their manifest says: which of its rules may concern any row of a file. A rule that is not sure concerns
//! it, so a file too many is looked at and never a row too many is taken.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound::{Included, Unbounded};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray};
use arrow::compute::min;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use walletscope_model::{Offset, Timestamp};

use crate::table::{Bound, LakeFile};
use crate::tables::LakeTable;

/// The columns that say whether a row is gone.
pub const COLUMNS: [&str; 6] = ["timestamp", "log_group", "log_stream", "account", "region", "_offset"];

/// A log group with rows that are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoneGroup {
    /// Of which account; empty where it is not known, as in all names here.
    pub account: Box<str>,
    /// Of which region.
    pub region: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// What is too old.
    pub aged: Option<Aged>,
    /// What was deleted.
    pub deleted: Vec<Deleted>,
}

/// What is older than a group keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aged {
    /// Rows of later entries than this one, which made the group.
    pub after: Offset,
    /// Rows from before this time.
    pub before: Timestamp,
}

/// What a group, or a stream of it, held when it was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The stream; `None` for all of the group.
    pub stream: Option<Box<str>>,
    /// Rows of this entry and earlier ones.
    pub through: Offset,
    /// They are not from outside of these times.
    pub times: (Timestamp, Timestamp),
}

/// Every row that is gone at one instant.
#[derive(Debug, Default)]
pub struct Gone {
    groups: BTreeMap<Box<str>, Vec<Rules>>,
    /// No rule by age concerns a row of this time or later.
    aged_before: Timestamp,
    /// No deletion concerns a row of a later entry.
    deleted_through: Offset,
}

#[derive(Debug)]
struct Rules {
    group: GoneGroup,
    /// Of the whole group.
    deleted_through: Offset,
    streams: HashMap<Box<str>, Offset>,
}

/// What the manifest says about a file of log events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The earliest and the latest time.
    pub times: (Timestamp, Timestamp),
    /// The first and the last entry, as far as they are known.
    pub offsets: (Offset, Offset),
    /// The first and the last name of a group, where they are known.
    pub groups: Option<(String, String)>,
}

/// The rules that may concern a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Concern {
    /// Those that concern all of a group that the file may hold, and go on to do so.
    pub whole: RuleSet,
    /// Whether there are groups of which some rows may be too old and others are not.
    pub is_partly_aged: bool,
}

/// Names a set of rules, so that one that was looked for is known again. Zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    aged: u64,
    deleted: u64,
}

impl Gone {
    /// Of these groups; no group twice.
    pub fn new(groups: impl IntoIterator<Item = GoneGroup>) -> Self {
        let mut gone = Self { aged_before: Timestamp(i64::MIN), ..Self::default() };
        for group in groups {
            let rules = Rules::new(group);
            if let Some(aged) = rules.group.aged {
                gone.aged_before = gone.aged_before.max(aged.before);
            }
            for deleted in &rules.group.deleted {
                gone.deleted_through = gone.deleted_through.max(deleted.through);
            }
            gone.groups.entry(rules.group.name.clone()).or_default().push(rules);
        }
        gone
    }

    /// Whether no row is gone.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The newest entry that deleted anything.
    pub fn deleted_through(&self) -> Offset {
        self.deleted_through
    }

    /// Which rows are gone. The batch has the [`COLUMNS`] at least, by their names; `None` where it does not.
    pub fn of_rows(&self, batch: &RecordBatch) -> Option<BooleanArray> {
        let columns = COLUMNS.map(|name| batch.column_by_name(name));
        let [Some(times), Some(groups), Some(streams), Some(accounts), Some(regions), Some(offsets)] =
            columns
        else {
            return None;
        };
        self.of_columns([times, groups, streams, accounts, regions, offsets])
    }

    /// The same of columns in the order of [`COLUMNS`].
    pub fn of_columns(&self, columns: [&ArrayRef; COLUMNS.len()]) -> Option<BooleanArray> {
        let [times, groups, streams, accounts, regions, offsets] = columns;
        let times = times.as_primitive_opt::<TimestampMicrosecondType>()?;
        let offsets = offsets.as_primitive_opt::<Int64Type>()?;
        if self.is_clear_of(min(times), min(offsets)) {
            return Some(BooleanArray::new(arrow::buffer::BooleanBuffer::new_unset(times.len()), None));
        }
        let names = [groups, accounts, regions, streams].map(|names| names.as_string_view_opt());
        let [Some(groups), Some(accounts), Some(regions), Some(streams)] = names else { return None };
        // Most rows are of the group of the row before.
        let mut last: Option<([&str; 3], Option<&Rules>)> = None;
        let is_gone = (0..times.len()).map(|row| {
            let (at, offset) = (times.value(row), offsets.value(row));
            if self.is_clear_of(Some(at), Some(offset)) {
                return Some(false);
            }
            let names = [groups, accounts, regions].map(|names| text(names, row));
            let rules = match last {
                Some((known, rules)) if known == names => rules,
                _ => {
                    let rules = self.of_group(names);
                    last = Some((names, rules));
                    rules
                }
            };
            let offset = Offset(u64::try_from(offset).unwrap_or(0));
            Some(rules.is_some_and(|rules| rules.take(offset, Timestamp(at), || text(streams, row))))
        });
        Some(is_gone.collect())
    }

    /// Which rules concern a file.
    pub fn of_file(&self, facts: &Facts) -> Concern {
        let mut concern = Concern::default();
        if self.is_clear_of(Some(facts.times.0.0), i64::try_from(facts.offsets.0.0).ok()) {
            return concern;
        }
        let names = match &facts.groups {
            Some((first, last)) if first <= last => (Included(first.as_str()), Included(last.as_str())),
            _ => (Unbounded, Unbounded),
        };
        for rules in self.groups.range::<str, _>(names).flat_map(|(_, rules)| rules) {
            rules.concern(facts, &mut concern);
        }
        concern
    }

    /// Whether no rule concerns rows from this time and this entry on.
    fn is_clear_of(&self, first: Option<i64>, first_offset: Option<i64>) -> bool {
        let offset = first_offset.map_or(u64::MAX, |offset| u64::try_from(offset).unwrap_or(0));
        first.is_none_or(|first| first >= self.aged_before.0) && offset > self.deleted_through.0
    }

    fn of_group(&self, [group, account, region]: [&str; 3]) -> Option<&Rules> {
        let mut named = self.groups.get(group)?.iter();
        named.find(|rules| *rules.group.account == *account && *rules.group.region == *region)
    }
}

impl Rules {
    fn new(group: GoneGroup) -> Self {
        let mut rules = Self { deleted_through: Offset(0), streams: HashMap::new(), group };
        for deleted in &rules.group.deleted {
            let through = match &deleted.stream {
                Some(stream) => rules.streams.entry(stream.clone()).or_default(),
                None => &mut rules.deleted_through,
            };
            *through = deleted.through.max(*through);
        }
        rules
    }

    fn take<'a>(&self, offset: Offset, at: Timestamp, stream: impl FnOnce() -> &'a str) -> bool {
        // No entry is at zero.
        let is_by = |through: Offset| offset <= through && offset.0 > 0;
        self.group.aged.is_some_and(|aged| offset > aged.after && at < aged.before)
            || is_by(self.deleted_through)
            || (!self.streams.is_empty() && self.streams.get(stream()).is_some_and(|through| is_by(*through)))
    }

    fn concern(&self, facts: &Facts, concern: &mut Concern) {
        let GoneGroup { account, region, name, aged, deleted } = &self.group;
        let ((first, last), (first_offset, last_offset)) = (facts.times, facts.offsets);
        let mut named = DefaultHasher::new();
        (account, region, name).hash(&mut named);
        let hash_with = |what: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = named.clone();
            what(&mut hasher);
            hasher.finish() | 1
        };
        if let Some(aged) = aged.filter(|aged| first < aged.before && last_offset > aged.after) {
            if last < aged.before {
                let hash = hash_with(&|hasher| aged.after.0.hash(hasher));
                concern.whole.aged = concern.whole.aged.wrapping_add(hash).max(1);
            } else {
                concern.is_partly_aged = true;
            }
        }
        let may_hold = |deleted: &&Deleted| {
            first_offset <= deleted.through && first <= deleted.times.1 && last >= deleted.times.0
        };
        for deleted in deleted.iter().filter(may_hold) {
            let hash = hash_with(&|hasher| (&deleted.stream, deleted.through.0).hash(hasher));
            concern.whole.deleted = concern.whole.deleted.wrapping_add(hash).max(1);
        }
    }
}

impl RuleSet {
    /// Whether there is any rule.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Whether whoever looked for `known` has looked for these as well.
    pub fn is_known_by(self, known: RuleSet) -> bool {
        (self.aged == 0 || self.aged == known.aged) && (self.deleted == 0 || self.deleted == known.deleted)
    }
}

impl Facts {
    /// What the manifest says about a file of log events.
    pub fn of(file: &LakeFile) -> Self {
        let bound = |name, is_upper| {
            let id = i32::try_from(LakeTable::LogEvents.place(name) + 1).ok()?;
            file.bound(id, is_upper)
        };
        let offset = |is_upper, unknown| match bound("_offset", is_upper) {
            Some(Bound::Number(offset)) => Offset(u64::try_from(offset).unwrap_or(0)),
            _ => Offset(unknown),
        };
        let groups = match (bound("log_group", false), bound("log_group", true)) {
            (Some(Bound::Text(first)), Some(Bound::Text(last))) => Some((first, last)),
            _ => None,
        };
        Self { times: file.times, offsets: (offset(false, 0), offset(true, u64::MAX)), groups }
    }
}

/// A name; one that is not known is empty.
fn text(names: &StringViewArray, row: usize) -> &str {
    if names.is_valid(row) { names.value(row) } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::RowBuilder;

    const DAY: i64 = 86_400_000_000;

    fn group(account: &str, name: &str, aged: Option<(u64, i64)>) -> GoneGroup {
        let aged = aged.map(|(after, before)| Aged { after: Offset(after), before: Timestamp(before) });
        GoneGroup {
            account: account.into(),
            region: "eu".into(),
            name: name.into(),
            aged,
            deleted: Vec::new(),
        }
    }

    /// One row; an account that is empty is null.
    fn row(account: &str, group: &str, stream: &str, offset: u64, at: i64) -> RecordBatch {
        let mut rows = RowBuilder::new(LakeTable::LogEvents);
        rows.begin(Timestamp(at)).text("log_group", Some(group)).text("log_stream", Some(stream));
        rows.text("message", Some("m")).text("event", None).text("correlation_id", None);
        rows.text("request_id", None).text("trace_id", None).text("token_reference_id", None);
        rows.flag("guarded", false).text("account", Some(account).filter(|account| !account.is_empty()));
        rows.text("region", Some("eu")).text("source", None).text("tenant", Some("t"));
        rows.time("ingestion_time", Some(Timestamp(1))).long("_offset", offset).int("_index", Some(0));
        rows.flag("has_other_ids", false).end();
        rows.finish()
    }

    #[test]
    fn rows_are_gone_by_age_and_by_what_was_deleted_and_by_nothing_else() {
        let deleted = |stream: Option<&str>, through| Deleted {
            stream: stream.map(Into::into),
            through: Offset(through),
            times: (Timestamp(0), Timestamp(DAY)),
        };
        let gone = Gone::new([
            group("1", "/aged", Some((10, DAY))),
            GoneGroup { deleted: vec![deleted(None, 20)], ..group("1", "/deleted", None) },
            GoneGroup {
                deleted: vec![deleted(Some("s"), 20), deleted(Some("t"), 5)],
                ..group("", "/streams", Some((10, DAY)))
            },
        ]);
        let cases = [
            ("1", "/aged", "s", 11, DAY - 1, true),
            ("1", "/aged", "s", 11, DAY, false),
            ("1", "/aged", "s", 10, 0, false),
            ("2", "/aged", "s", 11, 0, false),
            ("1", "/agee", "s", 11, 0, false),
            ("1", "/deleted", "any", 20, DAY, true),
            ("1", "/deleted", "any", 21, 0, false),
            ("", "/deleted", "any", 1, 0, false),
            ("", "/streams", "s", 20, DAY, true),
            ("", "/streams", "s", 21, DAY, false),
            ("", "/streams", "t", 6, DAY, false),
            ("", "/streams", "t", 11, 0, true),
            ("", "/streams", "u", 1, 0, false),
        ];
        for (account, group, stream, offset, at, expected) in cases {
            let rows = row(account, group, stream, offset, at);
            let is_gone = gone.of_rows(&rows).unwrap();
            assert_eq!(is_gone.value(0), expected, "{account} {group} {stream} {offset} {at}");
        }
        let rows: Vec<_> = cases.iter().map(|(a, g, s, offset, at, _)| row(a, g, s, *offset, *at)).collect();
        let rows = arrow::compute::concat_batches(&LakeTable::LogEvents.schema(), &rows).unwrap();
        let together: Vec<_> = gone.of_rows(&rows).unwrap().iter().flatten().collect();
        assert_eq!(together, cases.map(|case| case.5));
        assert_eq!(gone.of_rows(&rows.project(&[0, 1, 2]).unwrap()), None, "who cannot tell says so");
    }

    #[test]
    fn rows_beyond_every_rule_are_not_looked_at() {
        let gone = Gone::new([group("1", "/a", Some((0, DAY)))]);
        for (first, offset, expected) in [(DAY, 1, true), (DAY - 1, 1, false), (DAY, 0, false)] {
            assert_eq!(gone.is_clear_of(Some(first), Some(offset)), expected, "{first} {offset}");
        }
    }
}
