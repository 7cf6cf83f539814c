//! Where do a log group's events go besides, and how far did they come?
//!
//! A subscription filter names a destination and a pattern
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions.html>). What it finds follows from the
//! journal, so all that is kept of its deliveries is the entry up to which they are done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use walletscope_language::filter_pattern::Pattern;
use walletscope_model::{Offset, SubscriptionFilterDefinition, Timestamp};

use crate::catalog::{Answer, GroupKey};

/// Subscription filters of a log group, by the API's reference
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html>).
pub const SUBSCRIPTIONS_PER_GROUP_MAX: usize = 2;
/// Subscription filters of all log groups: each reads the whole journal.
pub const SUBSCRIPTIONS_MAX: usize = 100;

/// A subscription filter of a log group.
#[derive(Clone, Debug)]
pub struct SubscriptionFilter {
    /// How it is written down.
    pub stored: StoredSubscription,
    /// Which events it is for; `None` where the pattern is none, of a version that could read it.
    pub pattern: Option<Arc<Pattern>>,
}

/// A subscription filter as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSubscription {
    /// What its author wrote.
    pub definition: Arc<SubscriptionFilterDefinition>,
    /// When it was put first.
    pub created_at: Timestamp,
    /// The entry that put it first: it is for entries behind that one.
    pub incarnation: Offset,
    /// The entry up to which everything is delivered.
    pub delivered: Offset,
}

/// The subscription filters of every log group.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionFilters {
    filters: BTreeMap<(GroupKey, Box<str>), SubscriptionFilter>,
    changed: BTreeSet<(GroupKey, Box<str>)>,
}

impl SubscriptionFilters {
    /// The filter of this name in a group.
    pub fn get(&self, group: &GroupKey, name: &str) -> Option<&SubscriptionFilter> {
        self.filters.get(&(group.clone(), name.into()))
    }

    /// Every filter with its group, in order of group and name.
    pub fn iter(&self) -> impl Iterator<Item = (&GroupKey, &SubscriptionFilter)> {
        self.filters.iter().map(|((group, _), filter)| (group, filter))
    }

    /// The filters of a group, in order of name.
    pub fn of_group(&self, group: &GroupKey) -> impl Iterator<Item = &SubscriptionFilter> {
        let of_group = self.filters.range((group.clone(), "".into())..);
        of_group.take_while(move |((of, _), _)| of == group).map(|(_, filter)| filter)
    }

    /// The first entry that a filter may still have to read; `None` where there is no filter.
    pub fn needed_from(&self) -> Option<Offset> {
        let delivered = self.filters.values().map(|filter| filter.stored.delivered);
        delivered.min().map(|delivered| Offset(delivered.0 + 1))
    }

    /// Whether a filter of this name may be put: it takes the place of one, or there are not too many.
    pub fn has_room_for(&self, group: &GroupKey, name: &str) -> bool {
        let is_below = self.filters.len() < SUBSCRIPTIONS_MAX
            && self.of_group(group).count() < SUBSCRIPTIONS_PER_GROUP_MAX;
        is_below || self.get(group, name).is_some()
    }

    pub(crate) fn put(
        &mut self,
        group: &GroupKey,
        definition: &SubscriptionFilterDefinition,
        now: Timestamp,
        offset: Offset,
    ) -> Answer {
        let Ok(pattern) = Pattern::parse(&definition.pattern) else { return Answer::Refused };
        if !self.has_room_for(group, &definition.name) {
            return Answer::LimitReached;
        }
        let known = self.get(group, &definition.name).map(|known| known.stored.clone());
        let definition = Arc::new(definition.clone());
        let key = (group.clone(), definition.name.clone());
        let stored = match known {
            // What waits goes where the new definition says.
            Some(known) => StoredSubscription { definition, ..known },
            None => {
                StoredSubscription { definition, created_at: now, incarnation: offset, delivered: offset }
            }
        };
        self.filters.insert(key.clone(), SubscriptionFilter { stored, pattern: Some(Arc::new(pattern)) });
        self.changed.insert(key);
        Answer::Done
    }

    pub(crate) fn delete(&mut self, group: &GroupKey, name: &str) -> Answer {
        let key = (group.clone(), name.into());
        if self.filters.remove(&key).is_none() {
            return Answer::NoSuchSubscription;
        }
        self.changed.insert(key);
        Answer::Done
    }

    pub(crate) fn delete_group(&mut self, group: &GroupKey) {
        let names: Vec<_> =
            self.of_group(group).map(|filter| filter.stored.definition.name.clone()).collect();
        for name in names {
            self.delete(group, &name);
        }
    }

    /// Notes how far a filter's deliveries came. What is told of a filter that was deleted since changes nothing.
    pub(crate) fn note(
        &mut self,
        group: &GroupKey,
        name: &str,
        incarnation: Offset,
        through: Offset,
    ) -> Answer {
        let key = (group.clone(), Box::from(name));
        let filter = self.filters.get_mut(&key).filter(|filter| filter.stored.incarnation == incarnation);
        let Some(filter) = filter else { return Answer::NoSuchSubscription };
        if through > filter.stored.delivered {
            filter.stored.delivered = through;
            self.changed.insert(key);
        }
        Answer::Done
    }

    pub(crate) fn restore(&mut self, group: GroupKey, stored: StoredSubscription) {
        let pattern = Pattern::parse(&stored.definition.pattern).ok().map(Arc::new);
        let key = (group, stored.definition.name.clone());
        self.filters.insert(key, SubscriptionFilter { stored, pattern });
    }

    /// What changed since the last call, to be written down; `None` for what is gone.
    pub(crate) fn take_changes(&mut self) -> Vec<(GroupKey, Box<str>, Option<StoredSubscription>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let each = changed.map(|key| {
            let stored = self.filters.get(&key).map(|filter| filter.stored.clone());
            (key.0, key.1, stored)
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);

    fn group(name: &str) -> GroupKey {
        GroupKey { account: "1".into(), region: "r".into(), name: name.into() }
    }

    fn definition(name: &str, pattern: &str) -> SubscriptionFilterDefinition {
        SubscriptionFilterDefinition {
            name: name.into(),
            pattern: pattern.into(),
            destination: "https://siem.example/".into(),
            role_arn: None,
            distribution: "ByLogStream".into(),
        }
    }

    #[test]
    fn a_filter_is_for_what_comes_behind_it_and_keeps_its_place_when_it_changes() {
        let (mut filters, a) = (SubscriptionFilters::default(), group("a"));
        let put = |filters: &mut SubscriptionFilters, name: &str, pattern: &str, offset| {
            filters.put(&a, &definition(name, pattern), NOW, Offset(offset))
        };
        assert_eq!(filters.needed_from(), None);
        assert_eq!(put(&mut filters, "one", "ERROR", 10), Answer::Done);
        assert_eq!(put(&mut filters, "two", "", 20), Answer::Done);
        assert_eq!(put(&mut filters, "three", "", 30), Answer::LimitReached);
        assert_eq!(put(&mut filters, "one", "{ $.a = }", 31), Answer::Refused);
        assert_eq!(filters.needed_from(), Some(Offset(11)));
        assert_eq!(filters.note(&a, "one", Offset(10), Offset(25)), Answer::Done);
        assert_eq!(put(&mut filters, "one", "WARN", 40), Answer::Done);
        let one = &filters.get(&a, "one").unwrap().stored;
        assert_eq!(
            (&*one.definition.pattern, one.incarnation, one.delivered),
            ("WARN", Offset(10), Offset(25))
        );
        assert_eq!(filters.needed_from(), Some(Offset(21)));
        assert_eq!(filters.take_changes().len(), 2);
    }

    #[test]
    fn what_is_told_of_another_filter_of_that_name_changes_nothing() {
        let (mut filters, a, b) = (SubscriptionFilters::default(), group("a"), group("b"));
        filters.put(&a, &definition("one", ""), NOW, Offset(10));
        filters.put(&b, &definition("one", ""), NOW, Offset(11));
        assert_eq!(filters.note(&a, "one", Offset(9), Offset(50)), Answer::NoSuchSubscription);
        assert_eq!(filters.note(&a, "one", Offset(10), Offset(50)), Answer::Done);
        assert_eq!(filters.note(&a, "one", Offset(10), Offset(40)), Answer::Done);
        assert_eq!(filters.get(&a, "one").unwrap().stored.delivered, Offset(50));
        filters.delete_group(&a);
        assert_eq!((filters.of_group(&a).count(), filters.of_group(&b).count()), (0, 1));
        assert_eq!(filters.delete(&a, "one"), Answer::NoSuchSubscription);
        let gone = filters.take_changes().into_iter().filter(|(.., stored)| stored.is_none());
        assert_eq!(gone.count(), 1);
    }
}
