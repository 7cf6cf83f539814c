//! What comes next? The generator itself: arrivals along the day, one queue of everything that is still to come.
//!
//! Time is cut into slots. A slot's arrivals are drawn and their records queued before anything of the slot is
//! handed out, so records come in time order and however the caller slices time, the bytes are the same.

use crate::course::{Course, End, course};
use crate::day_curve::Day;
use crate::dice::Dice;
use crate::ids::Ids;
use crate::incident::{Incident, IncidentError, Incidents};
use crate::script::{CONTAINER_LIFE_SECONDS, CONTAINERS, Invocation, Line, Script, Sheet};
use crate::token_life::{self, TokenStep};
use crate::visitor::{self, RecentCards, Visitor};
use crate::world::ISSUERS;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use walletscope_model::reason::Reason;
use walletscope_model::telemetry::{MetricDatum, MetricValue};
use walletscope_model::time::{Duration, Timestamp};

/// How much traffic, of which seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Same seed and start time, same bytes.
    pub seed: u64,
    /// Attempts per second as the average over a day, above 0 up to [`ATTEMPTS_PER_SECOND_MAX`]; other values are
    /// cut to that.
    pub attempts_per_second: f64,
    /// How a day goes.
    pub day: Day,
}

/// One log event to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// The event's time, in whole milliseconds.
    pub at: Timestamp,
    /// The log group, always [`LOG_GROUP`].
    pub group: Box<str>,
    /// The log stream, one per container of the function.
    pub stream: Box<str>,
    /// Compact JSON by the event contract, or a line of text.
    pub message: String,
}

/// The generator. See the module.
pub struct Traffic {
    attempts_per_second: f64,
    day: Day,
    ids: Ids,
    incidents: Incidents,
    /// Chance of the arrivals; each attempt has its own, so one's fate does not shift another's.
    dice: Dice,
    /// Chance of attacks, apart from the arrivals for the same reason.
    attack_dice: Dice,
    recent: RecentCards,
    sheet: Sheet,
    attempt_count: u64,
    attack_count: u64,
    /// Start of the first slot that is not drawn yet.
    slot_start: Timestamp,
    slot_micros: i64,
    queue: BinaryHeap<Due>,
    queued_count: u64,
    metric_data: Vec<MetricDatum>,
}

/// The group that the function logs to.
pub const LOG_GROUP: &str = "/aws/lambda/token-provisioning-service";

/// The highest average rate.
pub const ATTEMPTS_PER_SECOND_MAX: f64 = 2_000.0;

/// How many future records are kept. When it is reached, later steps of tokens (taps, suspensions, deletions) and
/// returning visitors are left out; records of attempts that have begun are always kept.
pub const PENDING_MAX: usize = 400_000;

/// Metric data that nobody takes is dropped, the oldest half first.
const METRIC_DATA_MAX: usize = 200_000;

const METRIC_NAMESPACE: &str = "TokenServices";
/// A slot has about this many arrivals at the busiest hour, or lasts [`SLOT_SECONDS_MAX`].
const SLOT_ARRIVALS: f64 = 4.0;
const SLOT_SECONDS_MAX: f64 = 10.0;
/// An attack adds this share of the usual traffic.
const ATTACK_SHARE: f64 = 0.8;
const BATCH_PERMILLE: u32 = 8;
const RETURN_PERMILLE: u32 = 350;
const RETURNS_MAX: u8 = 2;
/// Batches and returning visitors add about this factor to the arrivals.
const COMPANY_FACTOR: f64 = 1.036;

/// Something that happens later; the earliest, then the first queued, comes out first.
struct Due {
    at: Timestamp,
    order: u64,
    what: What,
}

enum What {
    Line { stream: u64, text: String },
    Metric { wallet: &'static str, issuer: &'static str, latency_millis: Option<i64> },
    Token(TokenStep),
    Return(Box<Visitor>, u8),
}

impl Traffic {
    /// A generator whose first arrival is at `from` (cut to whole milliseconds) or later.
    pub fn new(config: Config, from: Timestamp) -> Self {
        let from = Timestamp::from_millis(from.millis());
        let attempts_per_second = usable(config.attempts_per_second);
        let ids = Ids::new(config.seed, from);
        Self {
            attempts_per_second,
            day: config.day,
            ids,
            incidents: Incidents::default(),
            dice: Dice::new(ids.dice_seed(u64::MAX)),
            attack_dice: Dice::new(ids.dice_seed(u64::MAX - 1)),
            recent: RecentCards::default(),
            sheet: Sheet::default(),
            attempt_count: 0,
            attack_count: 0,
            slot_start: from,
            slot_micros: slot_micros(attempts_per_second),
            queue: BinaryHeap::new(),
            queued_count: 0,
            metric_data: Vec::new(),
        }
    }

    /// Changes the rate for arrivals that are not drawn yet. Whoever came before goes on as planned, so what began at one
    /// rate ends at the other.
    pub fn set_rate(&mut self, attempts_per_second: f64) {
        self.attempts_per_second = usable(attempts_per_second);
        self.slot_micros = slot_micros(self.attempts_per_second);
    }

    /// Switches an incident on for attempts that start from `from` to before `to`. Arrivals are drawn up to ten
    /// seconds ahead of what was handed out; an attack begins that much later at worst.
    pub fn set_incident(
        &mut self,
        incident: &Incident,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), IncidentError> {
        self.incidents.add(incident, from, to)
    }

    /// Every log event before `until` that was not handed out yet, in time order.
    pub fn next_until(&mut self, until: Timestamp) -> Vec<Emission> {
        let mut emissions = Vec::new();
        loop {
            let drawn_until = self.slot_start.min(until);
            while self.queue.peek().is_some_and(|due| due.at < drawn_until) {
                if let Some(due) = self.queue.pop() {
                    emissions.extend(self.happen(due));
                }
            }
            if until <= self.slot_start {
                return emissions;
            }
            self.draw_slot();
        }
    }

    /// The metric data of the time handed out so far that were not taken yet, in time order: one
    /// TokenProvisioningRequests per attempt, one TokenProvisioningLatency per success.
    pub fn take_metric_data(&mut self) -> Vec<MetricDatum> {
        std::mem::take(&mut self.metric_data)
    }

    /// How many records wait for their time.
    pub fn pending_len(&self) -> usize {
        self.queue.len()
    }

    fn draw_slot(&mut self) {
        let (start, slot_micros) = (self.slot_start, self.slot_micros);
        self.slot_start = start.plus(Duration(slot_micros));
        let usual = self.attempts_per_second * slot_micros as f64 / 1e6;
        let attacks: Vec<_> = self.incidents.attacks(start).collect();
        for target in attacks {
            for at in arrivals(&mut self.attack_dice, usual * ATTACK_SHARE, start, slot_micros) {
                // Attackers count apart, so an attack does not change who else comes.
                self.attack_count += 1;
                let number = self.attack_count | 1 << 63;
                let visitor = visitor::attacker(&mut self.attack_dice, number, target);
                self.attempt(visitor, number, 0, at, None);
            }
        }
        let mean = usual * busy(self.day, start) / COMPANY_FACTOR;
        for at in arrivals(&mut self.dice, mean, start, slot_micros) {
            self.arrive(at);
        }
    }

    /// One visitor, or a batch of some in one invocation: a bank pushes a household's cards.
    fn arrive(&mut self, at: Timestamp) {
        let is_batch = self.dice.permille(BATCH_PERMILLE);
        if !is_batch {
            let number = self.next_number();
            let visitor = visitor::person(&mut self.dice, number, at, self.day, &mut self.recent);
            self.attempt(visitor, number, 0, at, None);
            return;
        }
        let invocation = self.sheet.begin(self.ids, &mut self.dice, at);
        let mut last_at = at;
        for _ in 0..self.dice.between(2, 4) {
            let number = self.next_number();
            let mut visitor = visitor::person(&mut self.dice, number, at, self.day, &mut self.recent);
            visitor.channel = "PUSH_PROVISION";
            last_at = last_at.max(self.attempt(visitor, number, 0, at, Some(invocation.shared())));
        }
        // A step-up is answered in another invocation, much later.
        let end_at = last_at.min(at.plus(Duration::from_seconds(3)));
        self.sheet.close(&invocation, end_at, "");
        self.queue_sheet("", "");
    }

    /// Queues everything that one attempt leaves; returns the time of its last event.
    fn attempt(
        &mut self,
        visitor: Visitor,
        number: u64,
        returns: u8,
        at: Timestamp,
        batch: Option<Invocation>,
    ) -> Timestamp {
        let mut dice = Dice::new(self.ids.dice_seed(number));
        let mut course = course(&mut dice, &visitor, returns, at, &self.incidents);
        if batch.is_some() {
            fit_into_batch(&mut course);
        }
        let script = Script {
            ids: self.ids,
            dice: &mut dice,
            visitor: &visitor,
            course: &course,
            attempt: number,
            sheet: &mut self.sheet,
        };
        let end_at = script.write(at, batch);
        self.queue_sheet(visitor.wallet().name, visitor.issuer().name);
        self.queue_consequences(&mut dice, visitor, &course, number, returns, end_at);
        end_at
    }

    /// A provisioned token lives on; a visitor who failed may come again.
    fn queue_consequences(
        &mut self,
        dice: &mut Dice,
        visitor: Visitor,
        course: &Course,
        number: u64,
        returns: u8,
        end_at: Timestamp,
    ) {
        if self.queue.len() >= PENDING_MAX {
            return;
        }
        if course.end == End::Provisioned {
            for (at, step) in token_life::plan(dice, number, end_at) {
                self.queue_at(at, What::Token(step));
            }
        }
        let is_failed = matches!(course.end, End::Failed { .. } | End::Crashed { .. });
        if is_failed && !visitor.is_attacker && returns < RETURNS_MAX && dice.permille(RETURN_PERMILLE) {
            let at = end_at.plus(Duration(dice.lognormal_millis(90_000, 0.9) * 1_000));
            self.queue_at(at, What::Return(Box::new(visitor), returns + 1));
        }
    }

    fn happen(&mut self, due: Due) -> Option<Emission> {
        match due.what {
            What::Line { stream, text } => return Some(self.emission(due.at, stream, text)),
            What::Metric { wallet, issuer, latency_millis } => {
                if self.metric_data.len() >= METRIC_DATA_MAX {
                    self.metric_data.drain(..METRIC_DATA_MAX / 2);
                }
                self.metric_data.push(datum(due.at, wallet, issuer, latency_millis));
            }
            What::Token(step) => {
                self.sheet.invocation_count += 1;
                let request_id = self.ids.request(self.sheet.invocation_count);
                let text = token_life::message(self.ids, step, &request_id);
                let period = due.at.seconds().div_euclid(CONTAINER_LIFE_SECONDS) as u64;
                return Some(self.emission(due.at, period.wrapping_mul(CONTAINERS), text));
            }
            What::Return(visitor, returns) => {
                let number = self.next_number();
                self.attempt(*visitor, number, returns, due.at, None);
            }
        }
        None
    }

    fn emission(&self, at: Timestamp, stream: u64, message: String) -> Emission {
        let day = Timestamp::from_seconds((stream / CONTAINERS) as i64 * CONTAINER_LIFE_SECONDS).rfc3339();
        let day = day[..10].replace('-', "/");
        let stream = format!("{day}/[$LATEST]{}", self.ids.stream(stream)).into();
        Emission { at, group: LOG_GROUP.into(), stream, message }
    }

    fn queue_sheet(&mut self, wallet: &'static str, issuer: &'static str) {
        for Line { at, stream, text } in std::mem::take(&mut self.sheet.lines) {
            self.queue_at(at, What::Line { stream, text });
        }
        for (at, latency_millis) in std::mem::take(&mut self.sheet.metrics) {
            self.queue_at(at, What::Metric { wallet, issuer, latency_millis });
        }
    }

    fn queue_at(&mut self, at: Timestamp, what: What) {
        self.queued_count += 1;
        self.queue.push(Due { at, order: self.queued_count, what });
    }

    fn next_number(&mut self) -> u64 {
        self.attempt_count += 1;
        self.attempt_count
    }
}

/// A rate within the bounds; none where it is no number.
fn usable(attempts_per_second: f64) -> f64 {
    if attempts_per_second.is_finite() {
        attempts_per_second.clamp(0.0, ATTEMPTS_PER_SECOND_MAX)
    } else {
        0.0
    }
}

fn slot_micros(attempts_per_second: f64) -> i64 {
    let slot_seconds = (SLOT_ARRIVALS / (attempts_per_second * 1.75)).min(SLOT_SECONDS_MAX);
    ((slot_seconds * 1_000.0) as i64).max(1) * 1_000
}

/// Arrival times in a slot, ascending, in whole milliseconds.
fn arrivals(dice: &mut Dice, mean: f64, start: Timestamp, slot_micros: i64) -> Vec<Timestamp> {
    let slot_millis = slot_micros as u64 / 1_000;
    let mut arrivals: Vec<Timestamp> = (0..dice.poisson(mean))
        .map(|_| start.plus(Duration(dice.below(slot_millis) as i64 * 1_000)))
        .collect();
    arrivals.sort_unstable();
    arrivals
}

/// Traffic at `at` relative to the day's average, over all issuers.
fn busy(day: Day, at: Timestamp) -> f64 {
    let weights: u32 = ISSUERS.iter().map(|issuer| issuer.weight).sum();
    let busy = ISSUERS.iter().map(|issuer| issuer.weight * day.permille(at, issuer.home.offset_minutes));
    f64::from(busy.sum::<u32>()) / f64::from(weights) / 1_000.0
}

/// The attempts of a batch share an invocation, so none of them may crash it, retry or outlast it.
fn fit_into_batch(course: &mut Course) {
    const SERVICE_MILLIS_MAX: i64 = 2_700;
    course.retries = 0;
    course.service_millis = course.service_millis.min(SERVICE_MILLIS_MAX);
    if let End::Crashed { after, .. } = course.end {
        course.end = End::Failed { reason: Reason::InternalError, after };
    }
}

fn datum(at: Timestamp, wallet: &str, issuer: &str, latency_millis: Option<i64>) -> MetricDatum {
    let (name, unit, value) = match latency_millis {
        None => ("TokenProvisioningRequests", "Count", 1.0),
        Some(millis) => ("TokenProvisioningLatency", "Seconds", millis as f64 / 1_000.0),
    };
    MetricDatum {
        namespace: METRIC_NAMESPACE.into(),
        name: name.into(),
        dimensions: vec![("Issuer".into(), issuer.into()), ("WalletProvider".into(), wallet.into())],
        timestamp: at,
        unit: Some(unit.into()),
        storage_resolution_seconds: 60,
        value: MetricValue::Values(vec![(value, 1.0)]),
    }
}

impl Ord for Due {
    /// The queue hands out its greatest entry first, so the earliest is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}
