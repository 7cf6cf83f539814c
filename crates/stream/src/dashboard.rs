//! Which dashboards of CloudWatch are there?
//!
//! A dashboard is a text that its author wrote; what it shows is judged by whoever draws it. It belongs to an account and
//! to no region (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use walletscope_model::Timestamp;

use crate::catalog::Answer;

/// Dashboards of all accounts.
pub const DASHBOARDS_MAX: usize = 500;
/// Bytes of all their bodies together: they are kept in memory.
pub const BODIES_BYTES_MAX: usize = 64 << 20;

/// The name of a dashboard: account, name.
pub type DashboardKey = (Box<str>, Box<str>);

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dashboard {
    /// JSON, as its author wrote it.
    pub body: Box<str>,
    /// Given when it was put first.
    pub tags: Vec<(Box<str>, Box<str>)>,
    /// When it was put last.
    pub modified_at: Timestamp,
}

/// Every dashboard.
#[derive(Clone, Debug, Default)]
pub struct Dashboards {
    /// Shared with published copies.
    all: Arc<BTreeMap<DashboardKey, Arc<Dashboard>>>,
    bodies_bytes: usize,
    changed: BTreeSet<DashboardKey>,
}

impl Dashboards {
    /// The dashboard of this name.
    pub fn get(&self, account: &str, name: &str) -> Option<&Dashboard> {
        self.all.get(&(account.into(), name.into())).map(|dashboard| &**dashboard)
    }

    /// An account's dashboards, in order of name.
    pub fn of_account(&self, account: &str) -> impl Iterator<Item = (&str, &Dashboard)> {
        let of_account = self.all.range((account.into(), "".into())..);
        let of_account = of_account.take_while(move |((of, _), _)| **of == *account);
        of_account.map(|((_, name), dashboard)| (&**name, &**dashboard))
    }

    pub(crate) fn put(
        &mut self,
        key: DashboardKey,
        body: &str,
        tags: &[(Box<str>, Box<str>)],
        now: Timestamp,
    ) -> Answer {
        let known = self.all.get(&key);
        let bytes = self.bodies_bytes - known.map_or(0, |known| known.body.len()) + body.len();
        let is_one_too_many = known.is_none() && self.all.len() >= DASHBOARDS_MAX;
        if is_one_too_many || bytes > BODIES_BYTES_MAX {
            return Answer::LimitReached;
        }
        let tags = known.map_or_else(|| tags.to_vec(), |known| known.tags.clone());
        let dashboard = Dashboard { body: body.into(), tags, modified_at: now };
        self.bodies_bytes = bytes;
        Arc::make_mut(&mut self.all).insert(key.clone(), Arc::new(dashboard));
        self.changed.insert(key);
        Answer::Done
    }

    /// All of them, or none where one is not there.
    pub(crate) fn delete(&mut self, account: &str, names: &[Box<str>]) -> Answer {
        let keys: BTreeSet<DashboardKey> = names.iter().map(|name| (account.into(), name.clone())).collect();
        if !keys.iter().all(|key| self.all.contains_key(key)) {
            return Answer::NoSuchDashboard;
        }
        let all = Arc::make_mut(&mut self.all);
        for key in &keys {
            self.bodies_bytes -= all.remove(key).map_or(0, |dashboard| dashboard.body.len());
        }
        self.changed.extend(keys);
        Answer::Done
    }

    pub(crate) fn restore(&mut self, key: DashboardKey, dashboard: Arc<Dashboard>) {
        self.bodies_bytes += dashboard.body.len();
        Arc::make_mut(&mut self.all).insert(key, dashboard);
    }

    /// What changed since the last call, to be written down; `None` for what is gone.
    pub(crate) fn take_changes(&mut self) -> Vec<(DashboardKey, Option<Arc<Dashboard>>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let each = changed.map(|key| {
            let dashboard = self.all.get(&key).cloned();
            (key, dashboard)
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);

    fn key(name: &str) -> DashboardKey {
        ("1".into(), name.into())
    }

    fn put(dashboards: &mut Dashboards, name: &str, body: &str, now: Timestamp) -> Answer {
        dashboards.put(key(name), body, &[("of".into(), body.into())], now)
    }

    #[test]
    fn a_dashboard_is_replaced_but_for_its_tags() {
        let mut dashboards = Dashboards::default();
        let later = Timestamp(NOW.0 + 1);
        assert_eq!(put(&mut dashboards, "b", "{}", NOW), Answer::Done);
        assert_eq!(put(&mut dashboards, "a", "{}", NOW), Answer::Done);
        assert_eq!(dashboards.put(("2".into(), "a".into()), "other", &[], NOW), Answer::Done);
        let published = dashboards.clone();
        assert_eq!(put(&mut dashboards, "b", "{ }", later), Answer::Done);
        let expected =
            Dashboard { body: "{ }".into(), tags: vec![("of".into(), "{}".into())], modified_at: later };
        assert_eq!(dashboards.get("1", "b"), Some(&expected));
        assert_eq!(published.get("1", "b").map(|known| &*known.body), Some("{}"), "a copy stays");
        let names: Vec<&str> = dashboards.of_account("1").map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(dashboards.take_changes().len(), 3);
        assert_eq!(dashboards.take_changes(), []);
    }

    #[test]
    fn of_several_all_are_deleted_or_none() {
        let mut dashboards = Dashboards::default();
        put(&mut dashboards, "a", "{}", NOW);
        put(&mut dashboards, "b", "{}", NOW);
        dashboards.take_changes();
        let names = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect::<Vec<_>>();
        for missing in [names(&["a", "c"]), names(&["c"]), names(&["a", "A"])] {
            assert_eq!(dashboards.delete("1", &missing), Answer::NoSuchDashboard, "{missing:?}");
        }
        assert_eq!(dashboards.delete("2", &names(&["a"])), Answer::NoSuchDashboard, "another account's");
        assert_eq!((dashboards.of_account("1").count(), dashboards.take_changes().len()), (2, 0));
        assert_eq!(dashboards.delete("1", &names(&["b", "a", "b"])), Answer::Done);
        assert_eq!((dashboards.of_account("1").count(), dashboards.bodies_bytes), (0, 0));
        assert!(dashboards.take_changes().iter().all(|(_, dashboard)| dashboard.is_none()));
    }

    #[test]
    fn there_are_not_too_many_and_not_too_large() {
        let mut dashboards = Dashboards::default();
        for number in 0..DASHBOARDS_MAX {
            assert_eq!(put(&mut dashboards, &format!("d{number}"), "{}", NOW), Answer::Done);
        }
        assert_eq!(put(&mut dashboards, "more", "{}", NOW), Answer::LimitReached);
        assert_eq!(put(&mut dashboards, "d7", "{  }", NOW), Answer::Done, "one that exists may change");
        let rest = "x".repeat(BODIES_BYTES_MAX - 2 * DASHBOARDS_MAX);
        assert_eq!(put(&mut dashboards, "d8", &rest, NOW), Answer::Done);
        assert_eq!(put(&mut dashboards, "d9", "12345", NOW), Answer::LimitReached);
        assert_eq!(put(&mut dashboards, "d8", "{}", NOW), Answer::Done);
        assert_eq!(put(&mut dashboards, "d9", "12345", NOW), Answer::Done);
    }

    #[test]
    fn what_was_restored_counts() {
        let mut dashboards = Dashboards::default();
        let body = "x".repeat(BODIES_BYTES_MAX).into();
        let stored = Dashboard { body, tags: Vec::new(), modified_at: NOW };
        dashboards.restore(key("a"), Arc::new(stored));
        assert_eq!(put(&mut dashboards, "b", "{}", NOW), Answer::LimitReached);
        assert_eq!(dashboards.take_changes(), []);
    }
}
