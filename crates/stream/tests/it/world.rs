//! Drives a state over a disk in memory: commits, restarts from what was committed, and checks of all sums.

use std::collections::{BTreeMap, BTreeSet};

use walletscope_model::{Attempt, Batch, Duration, Offset, Outcome, Provenance, Timestamp};
use walletscope_series::{Count, Resolution, Window};
use walletscope_stream::attempt::fold;
use walletscope_stream::source::SourceStats;
use walletscope_stream::token::{active_changes, timeline};
use walletscope_stream::window::is_kept;
use walletscope_stream::{
    Backing, BackingError, CatalogChange, Chunk, ChunkKey, Clock, Dictionary, Dimension, Effect, Node,
    NodeKey, Roots, Row, SeriesId, SeriesIdentity, SeriesTimes, State, Tier, WindowKey,
};

/// What a commit writes.
#[derive(Clone, Default)]
pub struct Disk {
    pub nodes: BTreeMap<NodeKey, Node>,
    pub windows: BTreeMap<WindowKey, Window>,
    pub rows: BTreeMap<(Timestamp, NodeKey), Row>,
    pub loose_ends: BTreeSet<(Timestamp, NodeKey)>,
    timers: BTreeSet<(Timestamp, NodeKey)>,
    dictionary: Vec<(Dimension, Box<str>)>,
    /// By what it is about.
    catalog: BTreeMap<String, CatalogChange>,
    pub metric_series: BTreeMap<SeriesId, (SeriesIdentity, SeriesTimes)>,
    pub metric_chunks: BTreeMap<ChunkKey, Chunk>,
    sources: BTreeMap<Box<str>, SourceStats>,
    clock: Clock,
    active_tokens: BTreeMap<(u16, u16), i64>,
    applied: Offset,
}

impl Backing for Disk {
    fn node(&self, key: &NodeKey) -> Result<Option<Node>, BackingError> {
        Ok(self.nodes.get(key).cloned())
    }

    fn window(&self, key: &WindowKey) -> Result<Option<Window>, BackingError> {
        Ok(self.windows.get(key).cloned())
    }

    fn oldest_rows(&self, before: Timestamp, limit: usize) -> Result<Vec<Row>, BackingError> {
        let old = self.rows.iter().take_while(|((started_at, _), _)| *started_at < before);
        Ok(old.map(|(_, row)| *row).take(limit).collect())
    }

    fn oldest_loose_ends(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, NodeKey)>, BackingError> {
        let old = self.loose_ends.iter().take_while(|(first, _)| *first < before);
        Ok(old.copied().take(limit).collect())
    }

    fn oldest_windows(
        &self,
        resolution: Resolution,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<WindowKey>, BackingError> {
        let old = self.windows.keys().filter(|key| key.resolution == resolution && key.start < before);
        Ok(old.copied().take(limit).collect())
    }

    fn metric_chunk(&self, key: &ChunkKey) -> Result<Option<Chunk>, BackingError> {
        Ok(self.metric_chunks.get(key).cloned())
    }

    fn oldest_metric_seconds(&self, before: Timestamp, limit: usize) -> Result<Vec<ChunkKey>, BackingError> {
        let seconds = self.metric_chunks.keys().filter(|key| key.tier == Tier::Second);
        let mut old: Vec<_> = seconds.filter(|key| key.start() < before).copied().collect();
        old.sort_by_key(|key| key.number);
        old.truncate(limit);
        Ok(old)
    }
}

/// A stream, its disk and its journal.
pub struct World {
    pub state: State<Disk>,
    journal: Vec<Batch>,
    /// Rows as the effects told them, without those that left by age.
    told: BTreeMap<NodeKey, Row>,
}

impl World {
    pub fn new(clock: Clock) -> Self {
        let mut state = State::new(Disk { clock: clock.clone(), ..Disk::default() });
        state.clock = clock;
        Self { state, journal: Vec::new(), told: BTreeMap::new() }
    }

    pub fn now(&self) -> Timestamp {
        self.state.clock.now
    }

    pub fn append(&mut self, batch: Batch) -> Vec<Effect> {
        self.journal.push(batch);
        self.step_next()
    }

    /// Writes what changed to the disk.
    pub fn commit(&mut self) {
        let changes = self.state.take_changes();
        let (clock, active) = (self.state.clock.clone(), self.state.active_tokens.clone());
        let applied = self.state.applied;
        let words = changes.dictionary.iter().map(|(dimension, code)| {
            (*dimension, self.state.dictionary.value(*dimension, *code).expect("coded").into())
        });
        let words: Vec<(Dimension, Box<str>)> = words.collect();
        let disk = self.state.backing_mut();
        put(&mut disk.nodes, changes.nodes);
        put(&mut disk.windows, changes.windows);
        put(&mut disk.metric_chunks, changes.metric_chunks);
        let owned = |(identity, times): (std::sync::Arc<SeriesIdentity>, _)| ((*identity).clone(), times);
        let series = changes.metric_series.into_iter().map(|(id, series)| (id, series.map(owned)));
        put(&mut disk.metric_series, series.collect());
        put(&mut disk.rows, changes.rows);
        for (loose_end, is_kept) in changes.loose_ends {
            if is_kept {
                disk.loose_ends.insert(loose_end);
            } else {
                disk.loose_ends.remove(&loose_end);
            }
        }
        for (timer, is_set) in changes.timers {
            if is_set {
                disk.timers.insert(timer)
            } else {
                disk.timers.remove(&timer)
            };
        }
        disk.dictionary.extend(words);
        disk.sources.extend(changes.sources.into_iter().map(|(name, stats)| (name, (*stats).clone())));
        disk.catalog.extend(changes.catalog.into_iter().map(|change| (about(&change), change)));
        if changes.clock {
            disk.clock = clock;
        }
        if changes.active_tokens {
            disk.active_tokens = active;
        }
        disk.applied = applied;
        self.state.forget_unused();
    }

    /// Loses what was not committed, starts again and replays the journal from there.
    pub fn restart(&mut self) {
        let disk = std::mem::take(self.state.backing_mut());
        let mut state = State::new(disk);
        let disk = state.backing().clone();
        state.timers = disk.timers;
        let mut dictionary = Dictionary::default();
        disk.dictionary.iter().for_each(|(dimension, word)| dictionary.restore(*dimension, word));
        state.dictionary = dictionary;
        state.clock = disk.clock;
        state.catalog.set_rules(&state.clock.rules);
        disk.catalog.into_values().for_each(|change| state.catalog.restore(change));
        disk.sources.into_iter().for_each(|(name, stats)| state.sources.restore(name, stats));
        for (id, (identity, times)) in disk.metric_series {
            state.metric_series.restore(id, identity, times);
        }
        state.active_tokens = disk.active_tokens;
        state.applied = disk.applied;
        self.state = state;
        self.told = self.state.backing().rows.values().map(|row| (row.key, *row)).collect();
        while self.state.applied.0 < self.journal.len() as u64 {
            self.step_next();
        }
    }

    /// The attempt that is counted as `row`, folded anew.
    pub fn attempt(&mut self, key: NodeKey) -> Attempt {
        let clock = self.state.clock.clone();
        let members = self.state.members(key).expect("disk reads");
        let gathered =
            self.state.gather(key, &members).expect("disk reads").expect("a counted id names an attempt");
        fold(&gathered, &clock).expect("a counted attempt has events").attempt
    }

    /// Commits, and checks rows, windows and the gauge against sums from nothing.
    pub fn verify(&mut self) -> String {
        self.commit();
        let rows: Vec<Row> = self.state.backing().rows.values().copied().collect();
        let told: Vec<Row> = self.told.values().copied().collect();
        assert_eq!(sorted(&rows), sorted(&told), "rows on disk, rows as told");
        for row in &rows {
            let attempt = self.attempt(row.key);
            assert_eq!(Row::of(row.key, &attempt, &mut self.state.dictionary), *row, "{attempt:?}");
        }
        let expected = self.expected_windows(&rows);
        let now = self.now();
        let stored = self.state.backing().windows.iter().filter(|(key, window)| {
            key.resolution != Resolution::Second
                && is_kept(key.resolution, key.start, now)
                && !window.is_zero()
        });
        let found: BTreeMap<WindowKey, Window> = stored.map(|(key, window)| (*key, window.clone())).collect();
        assert_eq!(self.window_lines(&expected), self.window_lines(&found), "windows");
        assert_eq!(self.expected_points(&rows), self.stored_points(), "points of attempts");
        self.window_lines(&found)
    }

    /// The windows of hours and minutes as sums over rows and tokens, and the gauge likewise.
    fn expected_windows(&mut self, rows: &[Row]) -> BTreeMap<WindowKey, Window> {
        let now = self.now();
        let mut windows: BTreeMap<WindowKey, Window> = BTreeMap::new();
        let mut add = |at: Timestamp, wallet, issuer, change: &dyn Fn(&mut Window)| {
            for resolution in [Resolution::Minute, Resolution::Hour, Resolution::Day] {
                let key = WindowKey { resolution, start: resolution.start_of(at), wallet, issuer };
                if is_kept(resolution, key.start, now) {
                    change(windows.entry(key).or_default());
                }
            }
        };
        for row in rows {
            let contribution = row.measured().contribution();
            add(contribution.cohort_at, row.wallet, row.issuer, &|window| {
                window.add_scaled(&contribution.cohort, 1)
            });
            if let Some((at, increment)) = contribution.event {
                add(at, row.wallet, row.issuer, &|window| window.add_scaled(&increment, 1));
            }
        }
        let mut gauge: BTreeMap<(u16, u16), i64> = BTreeMap::new();
        for (key, node) in self.state.backing().nodes.clone() {
            let Some(timeline) = timeline(&node) else { continue };
            let place = match self.state.roots(key).expect("disk reads") {
                Roots::One(root) => {
                    rows.iter().find(|row| row.key == root).map(|row| (row.wallet, row.issuer))
                }
                Roots::None | Roots::Many => None,
            };
            let (wallet, issuer) = place.unwrap_or_default();
            for (at, change) in active_changes(&timeline) {
                add(at, wallet, issuer, &|window| window.add_count(Count::ActiveTokens, i64::from(change)));
                *gauge.entry((wallet, issuer)).or_default() += i64::from(change);
            }
        }
        gauge.retain(|_, count| *count != 0);
        let mut told = self.state.active_tokens.clone();
        told.retain(|_, count| *count != 0);
        assert_eq!(gauge, told, "active tokens by wallet and issuer code");
        windows.retain(|_, window| !window.is_zero());
        windows
    }

    /// Minutes of what follows from attempts: sums over rows, for as long as minutes are kept.
    fn expected_points(&self, rows: &[Row]) -> BTreeMap<(String, Timestamp), (f64, f64)> {
        let mut points: BTreeMap<_, (f64, f64)> = BTreeMap::new();
        let word = |dimension, code| self.state.dictionary.value(dimension, code).unwrap_or("unknown");
        for row in rows {
            let wallet = format!("WalletProvider={}", word(Dimension::Wallet, row.wallet));
            let issuer = format!("Issuer={}", word(Dimension::Issuer, row.issuer));
            let country = format!("Country={}", word(Dimension::Country, row.country));
            let both = format!("{issuer},{wallet}");
            let mut told = vec![("Requests", row.started_at, 1.0, None)];
            if let (Outcome::Success, Some(at)) = (row.outcome, row.ended_at) {
                told.push(("Success", at, 1.0, None));
                told.extend(row.processing_time.map(|took| ("Latency", at, took.0 as f64, None)));
            }
            if let (Outcome::Failed, Some(at)) = (row.outcome, row.ended_at) {
                let class = row.failure_class().map_or("technical", |class| class.name());
                let reason = row.reason.map_or("unknown", |reason| reason.code());
                told.push(("Failure", at, 1.0, Some(format!("FailureClass={class},Reason={reason}"))));
            }
            for (name, at, value, more) in told {
                let sets = [String::new(), wallet.clone(), issuer.clone(), both.clone(), country.clone()];
                for dimensions in sets.into_iter().chain(more) {
                    let minute = at.floor_seconds(60);
                    if self.now().since(minute).0 <= Tier::Minute.retention().0 {
                        let series = format!("TokenProvisioning{name} {dimensions}");
                        let (count, sum) = points.entry((series, minute)).or_default();
                        (*count, *sum) = (*count + 1.0, *sum + value);
                    }
                }
            }
        }
        points
    }

    fn stored_points(&self) -> BTreeMap<(String, Timestamp), (f64, f64)> {
        let disk = self.state.backing();
        let mut points = BTreeMap::new();
        for (key, chunk) in disk.metric_chunks.iter().filter(|(key, _)| key.tier == Tier::Minute) {
            let (identity, _) = &disk.metric_series[&key.series];
            if identity.provenance != Provenance::Attempt || &*identity.name == "ActiveTokenCount" {
                continue;
            }
            let dimensions: Vec<_> =
                identity.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
            for (slot, point) in &chunk.points {
                let minute = key.start().plus(Duration::from_seconds(i64::from(*slot) * 60));
                let series = format!("{} {}", identity.name, dimensions.join(","));
                if self.now().since(minute).0 <= Tier::Minute.retention().0 {
                    points.insert((series, minute), (point.count, point.sum));
                }
            }
        }
        points
    }

    fn window_lines(&self, windows: &BTreeMap<WindowKey, Window>) -> String {
        let word = |dimension, code| self.state.dictionary.value(dimension, code).unwrap_or("?");
        let mut lines: Vec<String> = windows
            .iter()
            .map(|(key, window)| {
                let (wallet, issuer) =
                    (word(Dimension::Wallet, key.wallet), word(Dimension::Issuer, key.issuer));
                format!("{:?} {} {wallet} {issuer} {window:?}", key.resolution, key.start)
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }

    fn step_next(&mut self) -> Vec<Effect> {
        let offset = Offset(self.state.applied.0 + 1);
        let batch = &self.journal[self.state.applied.0 as usize];
        let effects = self.state.step(offset, batch).expect("disk reads");
        for effect in &effects {
            let Effect::Attempt(change) = effect else { continue };
            if let Some(old) = &change.old {
                assert_eq!(self.told.remove(&old.key), Some(*old), "the old row is the one told before");
            }
            if let Some(new) = change.new {
                self.told.insert(new.key, new);
            }
        }
        effects
    }
}

fn about(change: &CatalogChange) -> String {
    match change {
        CatalogChange::Group(key, _) => format!("{key:?}"),
        CatalogChange::Stream(key, name, _) => format!("{key:?} stream {name}"),
        CatalogChange::MetricFilter(key, name, _) => format!("{key:?} filter {name}"),
        CatalogChange::SubscriptionFilter(key, name, _) => format!("{key:?} subscription {name}"),
        CatalogChange::Deletion((key, name), _) => format!("{key:?} deletion {name:?}"),
        CatalogChange::Dashboard(key, _) => format!("dashboard {key:?}"),
        CatalogChange::AnomalyDetector(key, _) => format!("detector {key:?}"),
    }
}

fn put<K: Ord, V>(stored: &mut BTreeMap<K, V>, changes: Vec<(K, Option<V>)>) {
    for (key, value) in changes {
        match value {
            Some(value) => stored.insert(key, value),
            None => stored.remove(&key),
        };
    }
}

fn sorted(rows: &[Row]) -> Vec<String> {
    let mut lines: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    lines.sort();
    lines
}
