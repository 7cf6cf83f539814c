//! What is counted in one bucket for one wallet and issuer, and what does one attempt add?
//!
//! A [`Window`] is a vector of whole numbers and [`Sketch`]es; an attempt's [`Contribution`] is a pure function of
//! the attempt. When an attempt changes, its old contribution is taken back and its new one added, and because all
//! of it is linear the window ends where it would have been had only the new one ever existed. Cohort numbers belong
//! to the bucket of `started_at`, event-time numbers to the bucket of the event; the definitions behind the rates
//! are [`walletscope_model::measure::MEASURES`].

use crate::sketch::Sketch;
use walletscope_model::attempt::{Attempt, Decision, Outcome, Stage};
use walletscope_model::measure::Rate;
use walletscope_model::reason::FailureClass;
use walletscope_model::time::{Duration, Timestamp};
use walletscope_model::token::{TokenState, TokenTimeline};

/// Everything that is counted for one (resolution, bucket start, wallet, issuer).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// By [`Count`]'s number.
    pub counts: [i64; Count::LEN],
    /// By [`Timing`]'s number.
    pub durations: [Durations; Timing::LEN],
}

/// One number of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Count {
    /// Attempts that started in the bucket. The start is an event, so this is the event-time number as well.
    Requests,
    /// Of those: PENDING now.
    Pending,
    /// Of those: SUCCESS.
    Success,
    /// Of those: FAILED for a technical reason, or for none known.
    FailedTechnical,
    /// Of those: FAILED because somebody declined.
    FailedDeclined,
    /// Of those: FAILED because the request was invalid.
    FailedInvalid,
    /// Of those: FAILED because of the device.
    FailedDevice,
    /// Of those: ABANDONED.
    Abandoned,
    /// Of those: reached stage decided, seen there or told by the final decision. Bulk migrations are no part of the funnel.
    Decided,
    /// Of those: final decision YELLOW. Without bulk migrations.
    Yellow,
    /// Of those: final decision YELLOW and activated. Without bulk migrations.
    YellowActivated,
    /// Of those: activated. Without bulk migrations.
    Activated,
    /// Attempts that ended in SUCCESS in the bucket, whenever they started.
    EventSuccess,
    /// Attempts that ended FAILED in the bucket, whenever they started.
    EventFailed,
    /// Net change of the number of tokens in ACTIVE in the bucket; the level is the sum over all time.
    ActiveTokens,
}

/// One kind of duration of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Timing {
    /// Service time of SUCCESS, by `started_at`.
    ProcessingSuccess,
    /// Service time of FAILED, by `started_at`.
    ProcessingFailed,
    /// `started_at` to activation, the cardholder included, by `started_at`. Without bulk migrations.
    TimeToActivate,
    /// Service time of SUCCESS, by the time of the end.
    EventLatency,
}

/// Durations summed up. All of it is signed and linear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many.
    pub count: i64,
    /// Their exact sum in microseconds.
    pub sum_micros: i128,
    /// Their distribution.
    pub sketch: Sketch,
}

/// What one attempt adds: to the bucket of its start and to the bucket of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Its `started_at`: the bucket of `cohort`.
    pub cohort_at: Timestamp,
    /// The cohort numbers.
    pub cohort: Increment,
    /// Time of the end and the event-time numbers, for SUCCESS and FAILED.
    pub event: Option<(Timestamp, Increment)>,
}

/// A set of counts that grow by one and the durations that are added. Small and `Copy`, so that the contribution an
/// attempt made can be kept beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Increment {
    /// One bit for each [`Count`], by its number.
    counts: u16,
    durations: [Option<Duration>; Timing::LEN],
}

/// The length of a stored window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Resolution {
    Second,
    Minute,
    Hour,
    Day,
}

/// What `attempt` adds to the windows of its wallet and issuer.
pub fn contribution(attempt: &Attempt) -> Contribution {
    Measured::of(attempt).contribution()
}

/// The facts of an attempt that its contribution follows from. Whoever keeps attempts packed keeps these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Measured {
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    pub processing_time: Option<Duration>,
    pub outcome: Outcome,
    pub failure_class: Option<FailureClass>,
    pub reached_decided: bool,
    pub is_yellow: bool,
    pub is_bulk_migration: bool,
}

impl Measured {
    /// The facts of `attempt`.
    pub fn of(attempt: &Attempt) -> Self {
        Self {
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            activated_at: attempt.stage_at[Stage::Activated as usize],
            processing_time: attempt.processing_time,
            outcome: attempt.outcome,
            failure_class: attempt.failure_class(),
            reached_decided: attempt.reached_decided(),
            is_yellow: attempt.decisions.final_decision == Some(Decision::Yellow),
            is_bulk_migration: attempt.is_bulk_migration(),
        }
    }

    /// What the attempt adds to the windows of its wallet and issuer.
    #[inline]
    pub fn contribution(&self) -> Contribution {
        let mut cohort = Increment::default();
        cohort.count(Count::Requests);
        cohort.count(self.outcome_count());
        match self.outcome {
            Outcome::Success => cohort.time(Timing::ProcessingSuccess, self.processing_time),
            Outcome::Failed => cohort.time(Timing::ProcessingFailed, self.processing_time),
            Outcome::Pending | Outcome::Abandoned => {}
        }
        if !self.is_bulk_migration {
            self.add_funnel(&mut cohort);
        }
        let event = self.event_increment().and_then(|event| Some((self.ended_at?, event)));
        Contribution { cohort_at: self.started_at, cohort, event }
    }

    fn outcome_count(&self) -> Count {
        match self.outcome {
            Outcome::Pending => Count::Pending,
            Outcome::Success => Count::Success,
            Outcome::Abandoned => Count::Abandoned,
            Outcome::Failed => match self.failure_class {
                Some(FailureClass::Technical) | None => Count::FailedTechnical,
                Some(FailureClass::Declined) => Count::FailedDeclined,
                Some(FailureClass::Invalid) => Count::FailedInvalid,
                Some(FailureClass::Device) => Count::FailedDevice,
            },
        }
    }

    fn add_funnel(&self, cohort: &mut Increment) {
        let reached = [
            (Count::Decided, self.reached_decided),
            (Count::Yellow, self.is_yellow),
            (Count::YellowActivated, self.is_yellow && self.activated_at.is_some()),
            (Count::Activated, self.activated_at.is_some()),
        ];
        reached.into_iter().filter(|step| step.1).for_each(|step| cohort.count(step.0));
        cohort.time(Timing::TimeToActivate, self.activated_at.map(|at| at.since(self.started_at)));
    }

    fn event_increment(&self) -> Option<Increment> {
        let mut event = Increment::default();
        match self.outcome {
            Outcome::Success => {
                event.count(Count::EventSuccess);
                event.time(Timing::EventLatency, self.processing_time);
            }
            Outcome::Failed => event.count(Count::EventFailed),
            Outcome::Pending | Outcome::Abandoned => return None,
        }
        Some(event)
    }
}

/// When the number of tokens in ACTIVE changed because of this token, by how much, in time order.
pub fn active_token_changes(timeline: &TokenTimeline) -> Vec<(Timestamp, i64)> {
    let mut changes = Vec::new();
    let mut was_active = false;
    for span in &timeline.spans {
        let is_active = span.state == TokenState::Active;
        if is_active != was_active {
            changes.push((span.valid_from, if is_active { 1 } else { -1 }));
        }
        was_active = is_active;
    }
    changes
}

impl Window {
    /// Adds `increment` `factor` times: 1 to add, −1 to take back.
    pub fn add_scaled(&mut self, increment: &Increment, factor: i64) {
        for count in Count::ALL {
            self.counts[count as usize] += factor * i64::from(increment.has(count));
        }
        for (durations, added) in self.durations.iter_mut().zip(increment.durations) {
            if let Some(duration) = added {
                durations.add(duration, factor);
            }
        }
    }

    /// Adds to one count; for numbers that come from tokens.
    pub fn add_count(&mut self, count: Count, change: i64) {
        self.counts[count as usize] += change;
    }

    /// Adds everything of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (count, added) in self.counts.iter_mut().zip(other.counts) {
            *count += added;
        }
        for (durations, added) in self.durations.iter_mut().zip(&other.durations) {
            durations.merge(added);
        }
    }

    /// Adds durations of one kind.
    pub(crate) fn merge_durations(&mut self, timing: Timing, other: &Durations) {
        self.durations[timing as usize].merge(other);
    }

    /// True if everything was taken back: such a window need not be kept.
    pub fn is_zero(&self) -> bool {
        self.counts.iter().all(|&count| count == 0) && self.durations.iter().all(Durations::is_zero)
    }

    /// One number.
    pub fn count(&self, count: Count) -> i64 {
        self.counts[count as usize]
    }

    /// One kind of duration.
    pub fn durations(&self, timing: Timing) -> &Durations {
        &self.durations[timing as usize]
    }

    /// FAILED of every class.
    pub fn failed(&self) -> i64 {
        [Count::FailedTechnical, Count::FailedDeclined, Count::FailedInvalid, Count::FailedDevice]
            .iter()
            .map(|&count| self.count(count))
            .sum()
    }

    /// SUCCESS ÷ (SUCCESS + FAILED).
    pub fn success_rate(&self) -> Rate {
        rate(self.count(Count::Success), self.count(Count::Success) + self.failed())
    }

    /// FAILED ÷ (SUCCESS + FAILED).
    pub fn failure_rate(&self) -> Rate {
        rate(self.failed(), self.count(Count::Success) + self.failed())
    }

    /// FAILED technical ÷ (SUCCESS + FAILED technical).
    pub fn technical_failure_rate(&self) -> Rate {
        let technical = self.count(Count::FailedTechnical);
        rate(technical, self.count(Count::Success) + technical)
    }

    /// FAILED declined ÷ (SUCCESS + FAILED).
    pub fn decline_rate(&self) -> Rate {
        rate(self.count(Count::FailedDeclined), self.count(Count::Success) + self.failed())
    }

    /// Final decision YELLOW ÷ reached decided.
    pub fn step_up_rate(&self) -> Rate {
        rate(self.count(Count::Yellow), self.count(Count::Decided))
    }

    /// ABANDONED ÷ attempts.
    pub fn abandonment_rate(&self) -> Rate {
        rate(self.count(Count::Abandoned), self.count(Count::Requests))
    }

    /// Final decision YELLOW and activated ÷ final decision YELLOW.
    pub fn step_up_conversion(&self) -> Rate {
        rate(self.count(Count::YellowActivated), self.count(Count::Yellow))
    }
}

impl Durations {
    /// Adds `duration` `factor` times; durations below zero (skewed clocks) count as zero.
    pub fn add(&mut self, duration: Duration, factor: i64) {
        let micros = duration.0.max(0);
        self.count += factor;
        self.sum_micros += i128::from(micros) * i128::from(factor);
        self.sketch.add(micros, factor);
    }

    /// Adds everything of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum_micros += other.sum_micros;
        self.sketch.merge(&other.sketch);
    }

    /// True if everything was taken back.
    pub fn is_zero(&self) -> bool {
        self.count == 0 && self.sum_micros == 0 && self.sketch.is_empty()
    }

    /// The exact mean in seconds; `None` without durations.
    pub fn average_seconds(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_micros as f64 / self.count as f64 / 1e6)
    }

    /// The nearest-rank quantile in seconds, at most 1 % off; see [`Sketch::quantile`].
    pub fn quantile_seconds(&self, q: f64) -> Option<f64> {
        self.sketch.quantile(q).map(|micros| micros as f64 / 1e6)
    }
}

impl Increment {
    /// True if `count` grows by one.
    pub fn has(&self, count: Count) -> bool {
        self.counts & (1 << count as u16) != 0
    }

    /// The duration that is added.
    pub fn duration(&self, timing: Timing) -> Option<Duration> {
        self.durations[timing as usize]
    }

    /// Every duration that is added, by the number of its [`Timing`].
    pub(crate) fn durations(&self) -> [Option<Duration>; Timing::LEN] {
        self.durations
    }

    fn count(&mut self, count: Count) {
        self.counts |= 1 << count as u16;
    }

    fn time(&mut self, timing: Timing, duration: Option<Duration>) {
        self.durations[timing as usize] = duration;
    }
}

impl Count {
    /// How many counts a window has.
    pub const LEN: usize = 15;

    /// Every count, in the order of their numbers.
    pub const ALL: [Self; Self::LEN] = [
        Self::Requests,
        Self::Pending,
        Self::Success,
        Self::FailedTechnical,
        Self::FailedDeclined,
        Self::FailedInvalid,
        Self::FailedDevice,
        Self::Abandoned,
        Self::Decided,
        Self::Yellow,
        Self::YellowActivated,
        Self::Activated,
        Self::EventSuccess,
        Self::EventFailed,
        Self::ActiveTokens,
    ];
}

impl Timing {
    /// How many kinds of durations a window has.
    pub const LEN: usize = 4;

    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; Self::LEN] =
        [Self::ProcessingSuccess, Self::ProcessingFailed, Self::TimeToActivate, Self::EventLatency];
}

impl Resolution {
    /// Every resolution, finest first.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::Hour, Self::Day];

    /// The length of a window in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// How long windows are kept after their start: 15 minutes, 15 days, 455 days, as CloudWatch keeps its own; days, in
    /// UTC, as long as hours.
    pub const fn retention(self) -> Duration {
        match self {
            Self::Second => Duration::from_seconds(15 * 60),
            Self::Minute => Duration::from_seconds(15 * 86_400),
            Self::Hour | Self::Day => Duration::from_seconds(455 * 86_400),
        }
    }

    /// The start of the window that holds `at`.
    pub const fn start_of(self, at: Timestamp) -> Timestamp {
        at.floor_seconds(self.seconds())
    }
}

/// Counts below zero exist only between taking back and adding; they read as none.
fn rate(part: i64, whole: i64) -> Rate {
    Rate::of(part.max(0) as u64, whole.max(0) as u64)
}

#[cfg(test)]
mod tests;
