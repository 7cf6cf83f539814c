//! Does the product end where it must, whatever happens on the way?
//!
//! One run tells one history to a writer and an applier: groups, steps, commits, trims, clock steps, failed writes
//! and crashes come in any order that threads, machines and clients could bring them; clients repeat what was not
//! answered. Then all calls are delivered, and time goes on in small steps until nothing waits, and at last until
//! everything is forgotten.

use std::collections::{BTreeMap, VecDeque};

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use walletscope_journal::Store;
use walletscope_model::{Batch, Body, Duration, Offset, Timestamp};
use walletscope_series::{Resolution, Window};
use walletscope_server::pipeline::{Appended, Applier, Refusal, Writer};
use walletscope_stream::{Answer, WindowKey};

use crate::client::{Clients, Time};
use crate::contents::Contents;
use crate::disk::{Fault, SimDisk};
use crate::history::{BEGIN, History, Telling};
use crate::invariants::{Broken, Invariant, Journal, check_journal, check_replay, check_state};
use crate::portrait::Portrait;
use crate::store::{Retention, SimStore};

/// What a run makes of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How the records are told.
    pub telling: Telling,
    /// Whether clocks step, writes fail and the power goes.
    pub faults: bool,
    /// All chance of the run.
    pub seed: u64,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// After some days: waiting step-ups still wait.
    pub later: Portrait,
    /// When everything is over.
    pub last: Portrait,
    /// What happened on the way, for the tests of the simulator itself.
    pub tally: Tally,
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Tally {
    pub crashes: u32,
    pub commits_lost: u32,
    pub repeats: u32,
    pub gaps: u32,
    pub ticks: u32,
    pub trimmed: u64,
    pub refused: u32,
}

/// The machine's clock is moved forward by this in a run at most, polls and jumps together, so that nothing is old
/// enough to leave the state before the last portrait.
const FORWARD_MAX: Duration = Duration::from_seconds(10 * 3_600);
/// Steps until all calls are answered, at most; a hundred calls take about a thousand.
const STEPS_MAX: u32 = 200_000;
/// When the portrait `later` is taken: two days after the last arrival that a run can have.
const LATER_AT: Timestamp = BEGIN.plus(Duration::from_seconds(3 * 86_400));
/// When the portrait `last` is taken: after every wait (30 days and a quarter of an hour after the last arrival),
/// before the first attempt leaves the state (31 days after its start).
const LAST_AT: Timestamp = BEGIN.plus(Duration::from_seconds(30 * 86_400 + 18 * 3_600));
/// When everything has left the state: 31 days after the last start or arrival that a run can have.
const FORGOTTEN_AT: Timestamp = BEGIN.plus(Duration::from_seconds(33 * 86_400));
/// A longer silence of the clock is a gap, as the writer documents.
const GAP_AFTER: Duration = Duration::from_seconds(5 * 60);
/// Between two polls of the idle writer: below the silence that makes a gap.
const POLL_EVERY: Duration = Duration::from_seconds(4 * 60);

/// Runs `plan` over `history`.
///
/// # Errors
/// The first invariant that does not hold.
pub fn run(history: &History, plan: Plan) -> Result<Ended, Broken> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let calls = history.calls(plan.telling, &mut rng);
    let mut run = Run::start(Clients::new(calls, plan.faults, &mut rng), rng)?;
    let mut steps = 0;
    while !run.clients.all_answered() || !run.waiting.is_empty() {
        steps += 1;
        Invariant::Works.holds(steps < STEPS_MAX, || "some calls are never answered".to_owned())?;
        if plan.faults { run.step_with_faults()? } else { run.step_plainly()? }
    }
    run.disk.work_again();
    run.wait_until(LATER_AT)?;
    run.check_all()?;
    let later = Portrait::take(&mut run.applier, history)?;
    if plan.faults {
        run.say_the_time()?;
        run.crash()?;
        let found = Portrait::take(&mut run.applier, history)?.difference(&later);
        Invariant::StateIsReplay.holds(found.is_empty(), || format!("after the last crash:\n{found}"))?;
    }
    run.wait_until(LAST_AT)?;
    run.check_quiet()?;
    let last = Portrait::take(&mut run.applier, history)?;
    run.forget()?;
    Ok(Ended { later, last, tally: run.tally })
}

/// The product, its machine and its clients.
struct Run {
    rng: ChaCha8Rng,
    disk: SimDisk,
    retention: Retention,
    store: SimStore,
    writer: Writer<SimStore>,
    applier: Applier<SimStore>,
    /// Between writer and applier.
    waiting: VecDeque<Work>,
    clients: Clients,
    /// The machine's clock.
    now: Timestamp,
    /// The furthest that it ever was: by it calls are too old to be recognised.
    furthest: Timestamp,
    forward_left: Duration,
    /// When the product last took notice of the time.
    noticed: Timestamp,
    /// Every entry that was ever durable.
    journal: Journal,
    answers: BTreeMap<Offset, Answer>,
    tally: Tally,
}

/// What the applier is asked to do; a client waits for commands.
enum Work {
    Entry(Offset, Batch, Option<usize>),
    Recall(Offset, usize),
}

impl Run {
    fn start(clients: Clients, mut rng: ChaCha8Rng) -> Result<Self, Broken> {
        let disk = SimDisk::default();
        // Some journals are so small that calls are refused until the applier has caught up.
        let is_small = clients.may_lose_answers && rng.random_bool(0.2);
        let bytes = if is_small { 3 << 10 } else { u64::MAX };
        let retention = Retention { age: Duration::from_seconds(rng.random_range(600..7_200)), bytes };
        let store = SimStore::open(disk.clone(), retention);
        let (applier, started) = Applier::open(store.clone())?;
        let writer = Writer::open(store.clone(), started.newest)?;
        Ok(Self {
            rng,
            disk,
            retention,
            store,
            writer,
            applier,
            waiting: VecDeque::new(),
            clients,
            now: BEGIN,
            furthest: BEGIN,
            forward_left: FORWARD_MAX,
            noticed: started.newest,
            journal: Journal::new(),
            answers: BTreeMap::new(),
            tally: Tally::default(),
        })
    }

    fn step_plainly(&mut self) -> Result<(), Broken> {
        self.now = self.now.plus(Duration::from_seconds(1));
        self.send(1)?;
        self.apply(usize::MAX)
    }

    fn step_with_faults(&mut self) -> Result<(), Broken> {
        match self.rng.random_range(0..100) {
            0..35 => {
                let count = self.rng.random_range(1..5);
                self.send(count)
            }
            35..62 => {
                let count = self.rng.random_range(1..8);
                self.apply(count)
            }
            62..72 => self.commit(),
            72..84 => self.move_clock(),
            84..88 => self.wait_beyond_the_horizon(),
            88..92 => self.trim(),
            92..94 => {
                let fault = if self.rng.random_bool(0.5) { Fault::BeforeWrite } else { Fault::AfterWrite };
                self.disk.fail_next(fault);
                Ok(())
            }
            94..97 => self.crash(),
            _ => self.poll(),
        }
    }

    /// Clients send calls, new ones and repeated ones, in one group.
    fn send(&mut self, count: usize) -> Result<(), Broken> {
        self.furthest = self.furthest.max(self.now).max(self.writer.newest());
        let time = Time { sent: self.now.max(self.writer.newest()), furthest: self.furthest };
        let chosen = self.clients.choose(count, time, &mut self.rng);
        let submissions = chosen.iter().map(|client| self.clients.submission(*client, time)).collect();
        let is_due = self.is_due();
        match self.writer.append(self.now, submissions, is_due) {
            Ok(appended) => {
                self.notice(&appended)?;
                for (place, appended) in appended {
                    self.appended(place.map(|place| chosen[place]), appended)?;
                }
                self.look_at_journal()
            }
            Err(_) => self.crash(),
        }
    }

    /// A silence of the clock of over five minutes is told by the next entry, even where a full journal refused it.
    fn notice(&mut self, appended: &[(Option<usize>, Appended)]) -> Result<(), Broken> {
        let at = self.now.max(self.writer.newest());
        let is_gap = |body: &Body| matches!(body, Body::Gap(_));
        let tells =
            appended.iter().any(|(_, each)| matches!(each, Appended::Entry(_, batch) if is_gap(&batch.body)));
        let stores = appended.iter().any(|(_, each)| matches!(each, Appended::Entry(..)));
        let is_silence = self.noticed != Timestamp(0) && at.since(self.noticed) > GAP_AFTER;
        Invariant::GapsAreTold.holds(!stores || tells == is_silence, || {
            format!("from {} to {at}: a gap is told: {tells}", self.noticed)
        })?;
        if stores || !is_silence {
            self.noticed = at;
        }
        Ok(())
    }

    fn appended(&mut self, client: Option<usize>, appended: Appended) -> Result<(), Broken> {
        match (appended, client) {
            (Appended::Entry(offset, batch), client) => {
                self.tally.gaps += u32::from(matches!(batch.body, Body::Gap(_)));
                self.tally.ticks += u32::from(matches!(batch.body, Body::Tick));
                let waits = matches!(batch.body, Body::Command(_));
                if let (Some(client), false) = (client, waits) {
                    self.answer(client);
                }
                self.waiting.push_back(Work::Entry(offset, batch, client.filter(|_| waits)));
            }
            (Appended::Repeated(answer), Some(client)) => {
                self.tally.repeats += 1;
                let expected = self.clients.answer_of(client);
                let is_same = answer == expected && !self.clients.is_command(client);
                Invariant::SameAnswer.holds(is_same, || format!("{answer:?} for {expected:?}"))?;
                self.answer(client);
            }
            (Appended::Recall(offset), Some(client)) => {
                self.tally.repeats += 1;
                let is_command = self.clients.is_command(client);
                Invariant::SameAnswer.holds(is_command, || "an offset for a data call".to_owned())?;
                self.waiting.push_back(Work::Recall(offset, client));
            }
            (Appended::Refused(refusal), Some(client)) => {
                Invariant::Works.holds(refusal == Refusal::Throttled, || format!("{refusal:?}"))?;
                self.tally.refused += 1;
                self.clients.refused(client);
            }
            (other, None) => return Err(Invariant::Works.broken(format!("{other:?} for nobody"))),
        }
        Ok(())
    }

    /// The answer is on its way to the client; it may get lost.
    fn answer(&mut self, client: usize) {
        let is_lost = self.clients.may_lose_answers && self.rng.random_bool(0.15);
        self.clients.answered(client, is_lost);
    }

    /// The applier takes entries from the queue.
    fn apply(&mut self, count: usize) -> Result<(), Broken> {
        for _ in 0..count {
            let (offset, answer, client) = match self.waiting.pop_front() {
                Some(Work::Entry(offset, batch, client)) => {
                    (offset, self.applier.apply(offset, &batch)?, client)
                }
                Some(Work::Recall(offset, client)) => {
                    let answer = self.applier.answer(offset);
                    Invariant::SameAnswer.holds(answer.is_some(), || format!("none for {offset:?}"))?;
                    (offset, answer, Some(client))
                }
                None => break,
            };
            if let Some(answer) = answer {
                let first = *self.answers.entry(offset).or_insert(answer);
                Invariant::SameAnswer.holds(first == answer, || format!("{answer:?} after {first:?}"))?;
            }
            if let Some(client) = client {
                self.answer(client);
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Broken> {
        if self.applier.commit().is_err() {
            return self.crash();
        }
        if self.rng.random_bool(0.3) {
            let view = self.applier.publish();
            let is_one_instant = view.applied == self.store.applied();
            Invariant::RowsAgree.holds(is_one_instant, || "a view of another instant".to_owned())?;
        }
        Ok(())
    }

    /// The idle writer looks at the clock.
    fn poll(&mut self) -> Result<(), Broken> {
        let is_due = self.is_due();
        self.poll_with_tick(is_due)
    }

    fn poll_with_tick(&mut self, is_due: bool) -> Result<(), Broken> {
        match self.writer.append(self.now, Vec::new(), is_due) {
            Ok(appended) => {
                self.notice(&appended)?;
                appended.into_iter().try_for_each(|(_, appended)| self.appended(None, appended))?;
                self.look_at_journal()
            }
            Err(_) => self.crash(),
        }
    }

    /// A tick though nothing is due, as at the end of every orderly run. Without it a crash makes all the idle time
    /// before it a gap, because nothing durable tells that the product ran, and waits end days later.
    fn say_the_time(&mut self) -> Result<(), Broken> {
        let appended = self.writer.append(self.now, Vec::new(), true)?;
        self.notice(&appended)?;
        appended.into_iter().try_for_each(|(_, appended)| self.appended(None, appended))?;
        self.look_at_journal()?;
        self.apply(usize::MAX)
    }

    fn is_due(&self) -> bool {
        self.applier.state().next_due().is_some_and(|due| due <= self.now)
    }

    /// Whether an attempt changes by time alone. That every minute tells of silent sources is left out where weeks
    /// pass: it would be all that a run does.
    fn has_timer_due(&self) -> bool {
        self.applier.state().timers.first().is_some_and(|(due, _)| *due <= self.now)
    }

    /// Moments mostly; now and then hours, or back.
    fn move_clock(&mut self) -> Result<(), Broken> {
        match self.rng.random_range(0..20) {
            0..12 => self.forward(0..30),
            12..16 => self.forward(30..290),
            16 => self.forward(290..320),
            17 => self.forward(320..7_200),
            _ => {
                let back = Duration::from_seconds(self.rng.random_range(0..3_600));
                self.now = Timestamp(self.now.0 - back.0);
            }
        }
        // Calls may come before the idle writer looks at the clock.
        if self.rng.random_bool(0.6) { self.poll() } else { Ok(()) }
    }

    fn forward(&mut self, seconds: std::ops::Range<i64>) {
        let seconds = Duration::from_seconds(self.rng.random_range(seconds));
        let by = seconds.min(self.forward_left);
        self.forward_left = Duration(self.forward_left.0 - by.0);
        self.now = self.now.plus(by);
        self.furthest = self.furthest.max(self.now);
    }

    /// Timers fire between what came and what comes late.
    fn wait_beyond_the_horizon(&mut self) -> Result<(), Broken> {
        for _ in 0..self.rng.random_range(2..12) {
            self.forward(230..299);
            self.poll()?;
            if self.rng.random_bool(0.8) {
                self.apply(usize::MAX)?;
            }
        }
        Ok(())
    }

    fn trim(&mut self) -> Result<(), Broken> {
        match self.store.trim(self.store.applied(), self.now) {
            Ok(trimmed) => {
                self.tally.trimmed += trimmed.entries;
                Ok(())
            }
            Err(_) => self.crash(),
        }
    }

    /// The process and the power go, and both come back; now and then only after a while.
    fn crash(&mut self) -> Result<(), Broken> {
        let applied = self.store.applied();
        self.tally.crashes += 1;
        self.disk.crash(&mut self.rng);
        self.waiting.clear();
        self.clients.connections_broke();
        if self.rng.random_bool(0.3) {
            self.forward(0..1_200);
        }
        self.store = SimStore::open(self.disk.clone(), self.retention);
        self.tally.commits_lost += u32::from(self.store.applied() < applied);
        let (applier, started) = Applier::open(self.store.clone())?;
        self.applier = applier;
        self.writer = Writer::open(self.store.clone(), started.newest)?;
        self.noticed = started.newest;
        self.look_at_journal()?;
        check_state(&mut self.applier)?;
        if self.rng.random_bool(0.3) { check_replay(&mut self.applier, &self.journal) } else { Ok(()) }
    }

    /// Remembers new entries and compares the others with what they were.
    fn look_at_journal(&mut self) -> Result<(), Broken> {
        let head = self.journal.keys().next_back().copied().unwrap_or(0);
        Invariant::JournalStays.holds(self.store.head().0 >= head, || {
            format!("the head went back from {head} to {}", self.store.head().0)
        })?;
        for (Offset(offset), bytes) in self.store.entries(self.store.first(), usize::MAX)? {
            let first = self.journal.entry(offset).or_insert_with(|| bytes.clone());
            Invariant::JournalStays.holds(*first == bytes, || format!("entry {offset} is another"))?;
        }
        Ok(())
    }

    /// Nothing comes any more; the writer polls and the applier follows.
    fn wait_until(&mut self, end: Timestamp) -> Result<(), Broken> {
        self.apply(usize::MAX)?;
        self.applier.commit()?;
        let has_timers = !self.applier.state().timers.is_empty();
        self.now = self.now.max(self.writer.newest());
        while has_timers && self.now < end {
            self.now = self.now.plus(POLL_EVERY).min(end);
            let is_due = self.has_timer_due();
            self.poll_with_tick(is_due)?;
            if !self.waiting.is_empty() {
                self.apply(usize::MAX)?;
                self.applier.commit()?;
            }
        }
        Ok(())
    }

    /// All attempts leave the state by age, and leave their numbers.
    fn forget(&mut self) -> Result<(), Broken> {
        let counted = self.long_windows()?;
        if self.clients.may_lose_answers {
            self.crash()?;
        }
        self.disk.work_again();
        for at in [FORGOTTEN_AT, FORGOTTEN_AT.plus(Duration::from_seconds(1))] {
            self.now = at.max(self.now);
            self.say_the_time()?;
        }
        let left = self.applier.publish().rows.len();
        Invariant::Forgotten.holds(left == 0, || format!("{left} attempts are still there"))?;
        let still_counted = self.long_windows()?;
        Invariant::Forgotten.holds(still_counted == counted, || "numbers left with attempts".to_owned())?;
        check_replay(&mut self.applier, &self.journal)
    }

    /// The windows of hours and days as they are stored.
    fn long_windows(&mut self) -> Result<BTreeMap<WindowKey, Window>, Broken> {
        self.applier.commit()?;
        let mut windows = Contents::read(&self.applier.publish())?.windows;
        windows.retain(|key, _| key.resolution >= Resolution::Hour);
        Ok(windows)
    }

    fn check_all(&mut self) -> Result<(), Broken> {
        check_journal(&self.journal, &self.clients.calls_made())?;
        check_state(&mut self.applier)?;
        check_replay(&mut self.applier, &self.journal)
    }

    fn check_quiet(&mut self) -> Result<(), Broken> {
        check_state(&mut self.applier)?;
        let timers = &self.applier.state().timers;
        Invariant::Quiet.holds(timers.is_empty(), || {
            let clock = &self.applier.state().clock;
            format!("at {} timers are left: {timers:?}; gaps: {:?}", clock.now, clock.gaps)
        })?;
        let view = self.applier.publish();
        let everything = walletscope_series::Range { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
        let open = view.rows.started_in(everything).filter(|row| !row.flags.settled).count();
        Invariant::Quiet.holds(open == 0, || format!("{open} attempts are not settled"))
    }
}
