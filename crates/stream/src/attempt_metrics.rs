//! Which points of metrics follow from an attempt?
//!
//! What is measured of attempts is a metric as well, so that alarms and dashboards find it with dimensions that no log
//! event carries by itself: requests at their start, ends and the service time of successes at their end, each under
//! the dimension sets of [`Set`]. When an attempt changes, its old values are taken back where they were and its new ones
//! added, so a dimension that is told late moves them out of `unknown`.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;
use smallvec::SmallVec;
use walletscope_model::{Duration, FailureClass, Outcome, Provenance, Timestamp};

use crate::metric_points::PointChange;
use crate::metric_series::{SeriesId, SeriesIdentity, SeriesName};
use crate::row::{Dictionary, Dimension, Row};
use crate::state::{Backing, BackingError, State};

/// The namespace of what follows from attempts.
pub const NAMESPACE: &str = "TokenServices";
/// The value of a dimension that is not known.
pub const UNKNOWN: &str = "unknown";
/// More minutes than these that end with one entry were not watched.
const MINUTES_TOLD_MAX: i64 = 5;
const MINUTE_SECONDS: i64 = 60;
const MINUTE: Duration = Duration::from_seconds(MINUTE_SECONDS);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Measure {
    Requests,
    Success,
    Failure,
    Latency,
    ActiveTokens,
}

/// Under which dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
enum Set {
    All,
    Wallet,
    Issuer,
    WalletAndIssuer,
    Country,
    /// Of failures alone.
    Cause,
}

/// What the stored values of a series are divided by to be in its unit: service times of attempts are kept in whole
/// microseconds, so that their sums are exact and taking one back leaves nothing.
pub fn divisor_of(series: &SeriesIdentity) -> f64 {
    let is_latency = series.provenance == Provenance::Attempt && *series.name == *Measure::Latency.name();
    if is_latency { 1e6 } else { 1.0 }
}

/// The numbers of series by what they measure and the codes of their dimensions. Never walked.
#[derive(Debug, Default)]
pub(crate) struct AttemptSeries(HashMap<(Measure, Set, u16, u16), SeriesId, FixedState>);

/// One value of an attempt, before it is placed under dimensions.
#[derive(Clone, Copy, PartialEq)]
struct Told {
    measure: Measure,
    at: Timestamp,
    value: f64,
    set: Set,
    codes: (u16, u16),
}

impl Measure {
    /// Every measure, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Requests, Self::Success, Self::Failure, Self::Latency, Self::ActiveTokens];

    /// The metric's name.
    pub fn name(self) -> &'static str {
        [
            "TokenProvisioningRequests",
            "TokenProvisioningSuccess",
            "TokenProvisioningFailure",
            "TokenProvisioningLatency",
            "ActiveTokenCount",
        ][self as usize]
    }

    /// The metric's unit.
    pub fn unit(self) -> &'static str {
        if self == Self::Latency { "Seconds" } else { "Count" }
    }
}

impl<B: Backing> State<B> {
    /// Moves the points from the old row of an attempt to its new one.
    pub(crate) fn count_points(&mut self, old: Option<&Row>, new: Option<&Row>) -> Result<(), BackingError> {
        let (old, new) = (told_of(old), told_of(new));
        for (values, others, times) in [(&old, &new, -1.0), (&new, &old, 1.0)] {
            for told in values.iter().filter(|told| !others.contains(told)) {
                if let Some(series) = self.attempt_series_of(told) {
                    self.add_point(series, told.at, PointChange::Value(told.value, times))?;
                }
            }
        }
        Ok(())
    }

    /// How many tokens were ACTIVE at the end of each minute that is over at `clock.now` and was not at `previous`.
    pub(crate) fn count_active_tokens(&mut self, previous: Timestamp) -> Result<(), BackingError> {
        let minute = |at: Timestamp| at.floor_seconds(MINUTE_SECONDS);
        let passed = minute(self.clock.now).since(minute(previous)).0 / MINUTE.0;
        if self.active_tokens.is_empty() || !(1..=MINUTES_TOLD_MAX).contains(&passed) {
            return Ok(());
        }
        let mut sums: BTreeMap<(u8, u16, u16), (Set, i64)> = BTreeMap::new();
        for ((wallet, issuer), count) in &self.active_tokens {
            for (set, codes) in places(*wallet, *issuer) {
                sums.entry((set as u8, codes.0, codes.1)).or_insert((set, 0)).1 += count;
            }
        }
        for ((_, first, second), (set, count)) in sums {
            for number in 0..passed {
                let at = minute(previous).plus(Duration(number * MINUTE.0));
                let value = count as f64;
                let told = Told { measure: Measure::ActiveTokens, at, value, set, codes: (first, second) };
                if let Some(series) = self.attempt_series_of(&told) {
                    self.add_point(series, at, PointChange::Value(value, 1.0))?;
                }
            }
        }
        Ok(())
    }

    fn attempt_series_of(&mut self, told: &Told) -> Option<SeriesId> {
        let key = (told.measure, told.set, told.codes.0, told.codes.1);
        let known = self.attempt_series.0.get(&key).copied();
        let known = known.filter(|id| self.metric_series.touch(*id, told.at));
        if known.is_some() {
            return known;
        }
        let dimensions = dimensions_of(told, &self.dictionary);
        let name = SeriesName {
            account: "",
            region: "",
            namespace: NAMESPACE,
            name: told.measure.name(),
            dimensions: &dimensions,
            unit: Some(told.measure.unit()),
            provenance: Provenance::Attempt,
        };
        let id = self.metric_series.note(&name, told.at, self.clock.now)?;
        self.attempt_series.0.insert(key, id);
        Some(id)
    }
}

/// Everything that a row tells, each under every set of dimensions.
fn told_of(row: Option<&Row>) -> SmallVec<[Told; 16]> {
    let mut told = SmallVec::new();
    let Some(row) = row else { return told };
    let mut tell = |measure, at, value| {
        let country = [(Set::Country, (row.country, 0))];
        for (set, codes) in places(row.wallet, row.issuer).into_iter().chain(country) {
            told.push(Told { measure, at, value, set, codes });
        }
    };
    tell(Measure::Requests, row.started_at, 1.0);
    let Some(ended_at) = row.ended_at else { return told };
    match row.outcome {
        Outcome::Success => {
            tell(Measure::Success, ended_at, 1.0);
            if let Some(time) = row.processing_time {
                tell(Measure::Latency, ended_at, time.0.max(0) as f64);
            }
        }
        Outcome::Failed => {
            tell(Measure::Failure, ended_at, 1.0);
            let reason = row.reason.map_or(0, |reason| reason as u16 + 1);
            told.push(Told {
                measure: Measure::Failure,
                at: ended_at,
                value: 1.0,
                set: Set::Cause,
                codes: (reason, 0),
            });
        }
        Outcome::Pending | Outcome::Abandoned => {}
    }
    told
}

fn places(wallet: u16, issuer: u16) -> [(Set, (u16, u16)); 4] {
    [
        (Set::All, (0, 0)),
        (Set::Wallet, (wallet, 0)),
        (Set::Issuer, (issuer, 0)),
        (Set::WalletAndIssuer, (wallet, issuer)),
    ]
}

/// Sorted by name, as every series has them.
fn dimensions_of(told: &Told, dictionary: &Dictionary) -> Vec<(Box<str>, Box<str>)> {
    let of = |name: &str, dimension, code| {
        (name.into(), dictionary.value(dimension, code).unwrap_or(UNKNOWN).into())
    };
    let (first, second) = told.codes;
    match told.set {
        Set::All => Vec::new(),
        Set::Wallet => vec![of("WalletProvider", Dimension::Wallet, first)],
        Set::Issuer => vec![of("Issuer", Dimension::Issuer, first)],
        Set::WalletAndIssuer => {
            vec![of("Issuer", Dimension::Issuer, second), of("WalletProvider", Dimension::Wallet, first)]
        }
        Set::Country => vec![of("Country", Dimension::Country, first)],
        Set::Cause => {
            let reason = walletscope_model::Reason::all().nth(usize::from(first).wrapping_sub(1));
            // A failure without a reason counts as technical.
            let class = reason.map_or(FailureClass::Technical, |reason| reason.class());
            vec![
                ("FailureClass".into(), class.name().into()),
                ("Reason".into(), reason.map_or(UNKNOWN, |reason| reason.code()).into()),
            ]
        }
    }
}
