//! Which log groups and streams does a search see, and what of them?
//!
//! A group or stream that is made again under the same name is another one: what its predecessor held lies before the
//! entry that made it and is not shown, nor is what is older than a group keeps. Files drop such rows later or never;
//! readers do not see them from the moment of the change.

use std::collections::HashMap;
use std::sync::Arc;

use walletscope_model::{Duration, Offset, Timestamp};
use walletscope_stream::{Catalog, GroupKey, LogGroup};

use super::Selection;

const DAY_SECONDS: i64 = 86_400;

/// What a search sees.
pub struct Scope {
    catalog: Arc<Catalog>,
    groups: HashMap<Box<str>, Vec<SeenGroup>>,
    /// Nothing at or before it is seen of any group.
    floor: Offset,
}

/// What is seen of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    after: Offset,
    from: Timestamp,
}

struct SeenGroup {
    key: GroupKey,
    incarnation: Offset,
    /// Events from before are not kept.
    kept_from: Timestamp,
}

impl Scope {
    /// What `selection` names as of now.
    pub fn of(selection: &Selection, catalog: Arc<Catalog>, now: Timestamp) -> Self {
        let mut groups: HashMap<Box<str>, Vec<SeenGroup>> = HashMap::new();
        let is_own = |key: &GroupKey| {
            key.account == selection.account
                && selection.region.as_ref().is_none_or(|region| key.region == *region)
                && selection.names_group(&key.name)
        };
        for (key, group) in catalog.groups().filter(|(key, _)| is_own(key)) {
            let kept_from = kept_from(group, now);
            let seen = SeenGroup { key: key.clone(), incarnation: group.incarnation, kept_from };
            groups.entry(key.name.clone()).or_default().push(seen);
        }
        let floor = groups.values().flatten().map(|group| group.incarnation).min().unwrap_or_default();
        Self { catalog, groups, floor }
    }

    /// Whether no event can be seen.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Nothing at or before this entry is seen.
    pub fn floor(&self) -> Offset {
        self.floor
    }

    /// What is seen of a stream; `None` where nothing is.
    pub fn of_stream(&self, region: &str, group: &str, stream: &str) -> Option<Seen> {
        let seen = self.groups.get(group)?.iter().find(|seen| *seen.key.region == *region)?;
        let stream = self.catalog.stream(&seen.key, stream)?;
        Some(Seen { after: seen.incarnation.max(stream.incarnation), from: seen.kept_from })
    }
}

impl Seen {
    /// Whether an event of the stream is seen.
    pub fn admits(self, offset: Offset, at: Timestamp) -> bool {
        offset > self.after && at >= self.from
    }
}

fn kept_from(group: &LogGroup, now: Timestamp) -> Timestamp {
    let days = group.retention_days.map(|days| Duration::from_seconds(-i64::from(days) * DAY_SECONDS));
    days.map_or(Timestamp(i64::MIN), |days| now.plus(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_language::filter_pattern::{Mode, Pattern};
    use walletscope_model::{Command, Origin};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);

    fn origin(region: &str) -> Origin {
        Origin { account: "1".into(), region: region.into(), source: "k".into(), tenant: "t".into() }
    }

    fn scope(catalog: &Catalog, region: Option<&str>, groups: &[&str]) -> Scope {
        let selection = Selection {
            tenant: "t".into(),
            account: "1".into(),
            region: region.map(Into::into),
            groups: groups.iter().map(|group| (*group).into()).collect(),
            streams: Vec::new(),
            stream_prefixes: Vec::new(),
            entry: None,
            pattern: Arc::new(Pattern::parse("").unwrap()),
            mode: Mode::Lenient,
        };
        Scope::of(&selection, Arc::new(catalog.clone()), NOW)
    }

    fn command(catalog: &mut Catalog, region: &str, offset: u64, command: &Command) {
        catalog.step(&origin(region), command, NOW, Offset(offset));
    }

    #[test]
    fn what_was_deleted_or_is_too_old_is_not_seen() {
        let mut catalog = Catalog::default();
        let create = |name: &str, retention_days| Command::CreateLogGroup {
            name: name.into(),
            retention_days,
            tags: Vec::new(),
        };
        let stream = |group: &str| Command::CreateLogStream { group: group.into(), name: "s".into() };
        for (region, offset, each) in [
            ("eu", 1, create("/a", None)),
            ("eu", 2, stream("/a")),
            ("us", 3, create("/a", Some(7))),
            ("us", 4, stream("/a")),
            ("eu", 10, Command::DeleteLogGroup { name: "/a".into() }),
            ("eu", 11, create("/a", None)),
            ("eu", 12, stream("/a")),
            ("eu", 13, create("/b", None)),
        ] {
            command(&mut catalog, region, offset, &each);
        }
        let all = scope(&catalog, None, &[]);
        let old = Timestamp(NOW.0 - 8 * DAY_SECONDS * 1_000_000);
        for (region, group, stream, offset, at, expected) in [
            ("eu", "/a", "s", 9, NOW, false),
            ("eu", "/a", "s", 12, NOW, false),
            ("eu", "/a", "s", 14, old, true),
            ("eu", "/a", "other", 14, NOW, false),
            ("eu", "/c", "s", 14, NOW, false),
            ("eu", "/b", "s", 14, NOW, false),
            ("us", "/a", "s", 9, NOW, true),
            ("us", "/a", "s", 9, old, false),
        ] {
            let seen = all.of_stream(region, group, stream);
            assert_eq!(
                seen.is_some_and(|seen| seen.admits(Offset(offset), at)),
                expected,
                "{region} {group} {stream} {offset}"
            );
        }
        assert_eq!((all.floor(), all.is_empty()), (Offset(3), false));
        let named = scope(&catalog, Some("eu"), &["/a"]);
        assert_eq!(named.of_stream("us", "/a", "s"), None);
        assert_eq!(named.floor(), Offset(11));
        assert!(scope(&catalog, None, &["/nowhere"]).is_empty());
    }
}
