//! What did deleted log groups and streams leave behind?
//!
//! The rows of their events outlive them in the lake's files. A [`Deletion`] says which rows these are, until whoever
//! keeps the files says that they are gone. Rows are only ever taken for deleted because of a deletion that was seen,
//! never because their group or stream is not known.

use std::collections::BTreeMap;

use walletscope_model::{Offset, Timestamp};

use crate::catalog::GroupKey;

/// Deletions that are remembered; beyond, the oldest is forgotten, and its rows stay as long as the lake keeps any.
pub const DELETIONS_MAX: usize = 100_000;

/// A group (`None`) or one of its streams.
pub type DeletedKey = (GroupKey, Option<Box<str>>);

/// What a group or stream left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The entry that deleted it: events of this entry or an earlier one are deleted.
    pub through: Offset,
    /// The time of the first of its events.
    pub first: Timestamp,
    /// The time of the last.
    pub last: Timestamp,
}

/// Every deletion whose rows may still be in files.
#[derive(Clone, Debug, Default)]
pub struct Deletions {
    by_key: BTreeMap<DeletedKey, Deletion>,
    /// One entry deletes one group or stream.
    by_offset: BTreeMap<Offset, DeletedKey>,
}

impl Deletions {
    /// Each with the name of the group and, where one stream was deleted, the stream's.
    pub fn iter(&self) -> impl Iterator<Item = (&GroupKey, Option<&str>, Deletion)> {
        self.by_key.iter().map(|((group, stream), deletion)| (group, stream.as_deref(), *deletion))
    }

    /// What is remembered of a group or stream.
    pub fn get(&self, key: &DeletedKey) -> Option<Deletion> {
        self.by_key.get(key).copied()
    }

    /// Restores at start.
    pub fn restore(&mut self, key: DeletedKey, deletion: Deletion) {
        self.by_offset.insert(deletion.through, key.clone());
        self.by_key.insert(key, deletion);
    }

    /// Notes a deletion; one of a group includes those of its streams. Every key whose deletion changed.
    pub(crate) fn note(&mut self, key: DeletedKey, deletion: Deletion) -> Vec<DeletedKey> {
        let mut changed = vec![key.clone()];
        let earlier = if key.1.is_none() { self.of_group(&key.0) } else { vec![key.clone()] };
        let mut deletion = deletion;
        for key in earlier {
            let Some(known) = self.remove(&key) else { continue };
            deletion.first = deletion.first.min(known.first);
            deletion.last = deletion.last.max(known.last);
            changed.push(key);
        }
        self.restore(key, deletion);
        if self.by_key.len() > DELETIONS_MAX
            && let Some((_, oldest)) = self.by_offset.pop_first()
        {
            self.by_key.remove(&oldest);
            changed.push(oldest);
        }
        changed
    }

    /// Forgets deletions of this entry and earlier ones. Every key whose deletion went.
    pub(crate) fn forget(&mut self, through: Offset) -> Vec<DeletedKey> {
        let kept = self.by_offset.split_off(&Offset(through.0.saturating_add(1)));
        let gone: Vec<DeletedKey> = std::mem::replace(&mut self.by_offset, kept).into_values().collect();
        for key in &gone {
            self.by_key.remove(key);
        }
        gone
    }

    /// Those of a group and of its streams.
    fn of_group(&self, group: &GroupKey) -> Vec<DeletedKey> {
        let from = (group.clone(), None);
        self.by_key.range(from..).map(|(key, _)| key).take_while(|key| key.0 == *group).cloned().collect()
    }

    fn remove(&mut self, key: &DeletedKey) -> Option<Deletion> {
        let known = self.by_key.remove(key)?;
        self.by_offset.remove(&known.through);
        Some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(group: &str, stream: Option<&str>) -> DeletedKey {
        let group = GroupKey { account: "1".into(), region: "eu".into(), name: group.into() };
        (group, stream.map(Into::into))
    }

    fn deletion(through: u64, first: i64, last: i64) -> Deletion {
        Deletion { through: Offset(through), first: Timestamp(first), last: Timestamp(last) }
    }

    #[test]
    fn a_group_s_deletion_includes_its_streams_and_what_is_done_is_forgotten() {
        let mut deletions = Deletions::default();
        for (group, stream, noted) in [
            ("/a", Some("s"), deletion(3, 10, 20)),
            ("/a", Some("s"), deletion(5, 30, 40)),
            ("/a", Some("t"), deletion(6, 5, 6)),
            ("/b", Some("s"), deletion(7, 1, 2)),
        ] {
            deletions.note(key(group, stream), noted);
        }
        assert_eq!(deletions.get(&key("/a", Some("s"))), Some(deletion(5, 10, 40)), "one stream, twice");
        let changed = deletions.note(key("/a", None), deletion(9, 35, 36));
        assert_eq!(changed, [key("/a", None), key("/a", Some("s")), key("/a", Some("t"))]);
        assert_eq!(deletions.get(&key("/a", None)), Some(deletion(9, 5, 40)));
        assert_eq!(deletions.forget(Offset(8)), [key("/b", Some("s"))]);
        assert_eq!(deletions.iter().count(), 1);
        assert_eq!(deletions.forget(Offset(9)), [key("/a", None)]);
        assert_eq!(deletions.iter().count() + deletions.by_offset.len(), 0);
    }

    #[test]
    fn beyond_the_limit_the_oldest_is_forgotten() {
        let mut deletions = Deletions::default();
        let most = DELETIONS_MAX as u64;
        for offset in 1..=most {
            deletions.restore(key("/a", Some(&offset.to_string())), deletion(offset, 0, 0));
        }
        let changed = deletions.note(key("/b", None), deletion(most + 1, 0, 0));
        assert_eq!(changed, [key("/b", None), key("/a", Some("1"))]);
        assert_eq!((deletions.by_key.len(), deletions.by_offset.len()), (DELETIONS_MAX, DELETIONS_MAX));
    }
}
