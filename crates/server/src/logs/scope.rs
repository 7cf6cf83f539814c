//! Which log groups and streams does a search see, and what of them?
//!
//! A group or stream that is made again under the same name is another one: what its predecessor held lies before the
//! entry that made it and is not shown, nor is what is older than a group keeps. A [`Scope`] is what a search sees;
//! [`gone`] is what nobody sees any more, in SQL neither, and what the files lose. Both begin at the same moment, that of
//! the change; what is gone is told by deletions that were seen, so that a row is never taken away because its group or
//! stream is not known.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use walletscope_lake::Gone;
use walletscope_lake::gone::{Aged, Deleted, GoneGroup};
use walletscope_model::{Offset, Timestamp};
use walletscope_stream::{Catalog, GroupKey};

use super::Selection;

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
            let kept_from = group.kept_from(now).unwrap_or(Timestamp(i64::MIN));
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

/// The rows of every group that are gone as of now.
pub fn gone(catalog: &Catalog, now: Timestamp) -> Gone {
    let mut groups: BTreeMap<&GroupKey, GoneGroup> = BTreeMap::new();
    for (key, group) in catalog.groups() {
        if let Some(before) = group.kept_from(now) {
            gone_group(&mut groups, key).aged = Some(Aged { after: group.incarnation, before });
        }
    }
    for (key, stream, deletion) in catalog.deletions().iter() {
        gone_group(&mut groups, key).deleted.push(Deleted {
            stream: stream.map(Into::into),
            through: deletion.through,
            times: (deletion.first, deletion.last),
        });
    }
    Gone::new(groups.into_values())
}

fn gone_group<'a, 'k>(
    groups: &'a mut BTreeMap<&'k GroupKey, GoneGroup>,
    key: &'k GroupKey,
) -> &'a mut GoneGroup {
    groups.entry(key).or_insert_with(|| {
        let GroupKey { account, region, name } = key.clone();
        GoneGroup { account, region, name, ..GoneGroup::default() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use walletscope_language::filter_pattern::{Mode, Pattern};
    use walletscope_model::{Command, LogBatch, LogEvent, Origin};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);
    const DAY_SECONDS: i64 = 86_400;

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

    /// A row of log events, as files hold it.
    fn row([region, group, stream]: [&str; 3], offset: u64, at: Timestamp) -> arrow::array::RecordBatch {
        let mut rows = walletscope_lake::RowBuilder::new(walletscope_lake::LakeTable::LogEvents);
        rows.begin(at).text("log_group", Some(group)).text("log_stream", Some(stream));
        rows.text("message", Some("m"));
        for name in ["event", "correlation_id", "request_id", "trace_id", "token_reference_id"] {
            rows.text(name, None);
        }
        rows.flag("guarded", false).text("account", Some("1")).text("region", Some(region));
        rows.text("source", None).text("tenant", Some("t")).time("ingestion_time", Some(at));
        rows.long("_offset", offset).int("_index", Some(0)).flag("has_other_ids", false).end();
        rows.finish()
    }

    fn is_gone(gone: &Gone, names: [&str; 3], offset: u64, at: Timestamp) -> bool {
        gone.of_rows(&row(names, offset, at)).unwrap().value(0)
    }

    fn put(catalog: &mut Catalog, region: &str, group: &str, stream: &str, at: Timestamp) {
        let event = LogEvent { timestamp: at, guarded: false, message: "m".into() };
        let batch = LogBatch { group: group.into(), stream: stream.into(), events: vec![event] };
        catalog.note_events(&origin(region), &batch, NOW);
    }

    #[test]
    fn gone_is_what_was_deleted_or_is_too_old_and_not_what_is_merely_unknown() {
        let mut catalog = Catalog::default();
        let create = |name: &str, retention_days| Command::CreateLogGroup {
            name: name.into(),
            retention_days,
            tags: Vec::new(),
        };
        let stream = |name: &str| Command::CreateLogStream { group: "/a".into(), name: name.into() };
        command(&mut catalog, "eu", 1, &create("/a", Some(7)));
        command(&mut catalog, "eu", 2, &stream("s"));
        command(&mut catalog, "eu", 3, &stream("t"));
        put(&mut catalog, "eu", "/a", "s", NOW);
        put(&mut catalog, "eu", "/a", "t", NOW);
        command(&mut catalog, "eu", 10, &Command::DeleteLogStream { group: "/a".into(), name: "s".into() });
        command(&mut catalog, "eu", 11, &stream("s"));
        let old = Timestamp(NOW.0 - 8 * DAY_SECONDS * 1_000_000);
        let check = |catalog: &Catalog, cases: &[([&str; 3], u64, Timestamp, bool)]| {
            let gone = gone(catalog, NOW);
            for (names, offset, at, expected) in cases {
                assert_eq!(is_gone(&gone, *names, *offset, *at), *expected, "{names:?} {offset} {at:?}");
            }
        };
        check(
            &catalog,
            &[
                (["eu", "/a", "s"], 9, NOW, true),
                (["eu", "/a", "s"], 12, NOW, false),
                (["eu", "/a", "t"], 9, NOW, false),
                (["eu", "/a", "t"], 9, old, true),
                (["eu", "/a", "unknown"], 9, NOW, false),
                (["us", "/a", "s"], 9, NOW, false),
                (["us", "/unknown", "s"], 9, old, false),
            ],
        );
        command(&mut catalog, "eu", 20, &Command::DeleteLogGroup { name: "/a".into() });
        command(&mut catalog, "eu", 21, &create("/a", None));
        check(
            &catalog,
            &[
                (["eu", "/a", "s"], 12, NOW, true),
                (["eu", "/a", "t"], 19, NOW, true),
                (["eu", "/a", "t"], 22, old, false),
            ],
        );
        catalog.forget_deletions(Offset(20));
        assert!(gone(&catalog, NOW).is_empty(), "the files hold nothing of it any more");
    }

    #[test]
    fn what_never_held_an_event_leaves_nothing_to_look_for() {
        let mut catalog = Catalog::default();
        let create = Command::CreateLogGroup { name: "/a".into(), retention_days: None, tags: Vec::new() };
        command(&mut catalog, "eu", 1, &create);
        command(&mut catalog, "eu", 2, &Command::CreateLogStream { group: "/a".into(), name: "s".into() });
        command(&mut catalog, "eu", 3, &Command::DeleteLogGroup { name: "/a".into() });
        assert!(gone(&catalog, NOW).is_empty());
    }

    proptest! {
        /// Groups and streams come, change and go; events come to those that are there.
        #[test]
        fn nothing_that_a_search_sees_is_gone(
            steps in prop::collection::vec((0..6_u8, 0..2_usize, 0..2_usize, 0..20_i64), 1..40),
        ) {
            let mut catalog = Catalog::default();
            let mut rows = Vec::new();
            for ((step, group, stream, days), offset) in steps.into_iter().zip(1..) {
                let (group, stream) = (["/a", "/b"][group], ["s", "t"][stream]);
                let name: Box<str> = group.into();
                match step {
                    0 => command(&mut catalog, "eu", offset, &Command::CreateLogGroup {
                        name,
                        retention_days: None,
                        tags: Vec::new(),
                    }),
                    1 => command(&mut catalog, "eu", offset, &Command::DeleteLogGroup { name }),
                    2 => command(&mut catalog, "eu", offset, &Command::CreateLogStream { group: name, name: stream.into() }),
                    3 => command(&mut catalog, "eu", offset, &Command::DeleteLogStream { group: name, name: stream.into() }),
                    4 => {
                        let days = u32::try_from(days).ok().filter(|days| *days > 0);
                        command(&mut catalog, "eu", offset, &Command::SetRetention { group: name, days });
                    }
                    _ => {
                        let at = Timestamp(NOW.0 - days * DAY_SECONDS * 1_000_000);
                        let key = GroupKey::new(&origin("eu"), group);
                        if catalog.stream(&key, stream).is_some() {
                            put(&mut catalog, "eu", group, stream, at);
                            rows.push((["eu", group, stream], offset, at));
                        }
                    }
                }
            }
            let (seen, gone) = (scope(&catalog, None, &[]), gone(&catalog, NOW));
            for (names, offset, at) in rows {
                let [region, group, stream] = names;
                let is_seen = seen.of_stream(region, group, stream).is_some_and(|seen| seen.admits(Offset(offset), at));
                // Every event came to a stream that was there, so what is not seen was deleted or is too old.
                prop_assert_eq!(is_gone(&gone, names, offset, at), !is_seen, "{:?} {} {:?}", names, offset, at);
            }
        }
    }
}
