//! What is an attempt reduced to, so that millions can be filtered and counted?
//!
//! A [`Row`] holds every filterable column as a small code and every number that a measure needs. It is what the
//! windows count, what the state keeps beside an attempt's node, and what views scan. Codes are the dictionary's, in
//! order of first appearance; code 0 is "not known".

use std::collections::HashMap;

use walletscope_model::{
    Abandoned, Attempt, Decision, Duration, FailureClass, Outcome, Owner, Reason, Stage, Timestamp,
};

use walletscope_series::Measured;

use crate::node::NodeKey;
use crate::stage_times::StageTimes;

/// The code of values beyond [`CODES_MAX`].
pub const CODE_OTHER: u16 = u16::MAX;
/// The code of no value at all: no row has it, so a filter for a value that never came finds nothing.
pub const CODE_OF_NOTHING: u16 = CODE_OTHER - 1;
/// Distinct values kept per dimension, with the codes from 1 on; later ones share [`CODE_OTHER`].
pub const CODES_MAX: usize = CODE_OF_NOTHING as usize - 1;

/// A column whose values are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Dimension {
    Tenant,
    Source,
    Wallet,
    Issuer,
    Network,
    Device,
    Country,
    Channel,
    ReasonCode,
    /// Who sends the step-up.
    Vendor,
    Account,
    Region,
}

/// The values of every dimension by code.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    values: [Vec<Box<str>>; Dimension::COUNT],
    codes: [HashMap<Box<str>, u16, foldhash::fast::FixedState>; Dimension::COUNT],
    added: Vec<(Dimension, u16)>,
}

/// One attempt as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Row {
    pub key: NodeKey,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Since when the cardholder has been asked to prove identity without an answer, while the attempt is PENDING.
    /// PENDING has no end, so this may share the place of `ended_at` wherever rows are kept.
    pub waits_since: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    pub first_arrival: Timestamp,
    pub processing_time: Option<Duration>,
    pub cardholder_wait: Duration,
    pub tenant: u16,
    pub wallet: u16,
    pub issuer: u16,
    pub network: u16,
    pub device: u16,
    pub country: u16,
    pub channel: u16,
    pub reason_code: u16,
    pub vendor: u16,
    /// First digits of the card number, 6 or 8 of them; 0 where not known.
    pub bin: u32,
    /// Last four digits; `None` where not known.
    pub last_four: Option<u16>,
    pub outcome: Outcome,
    pub stages: StageTimes,
    pub reason: Option<Reason>,
    pub decision: Option<Decision>,
    /// Starts beyond 255 read as 255.
    pub tries: u8,
    pub flags: Flags,
}

/// Yes-or-no facts of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Flags {
    pub decided: bool,
    pub stepped_up: bool,
    pub bulk: bool,
    pub conflict: bool,
    pub overflow: bool,
    pub settled: bool,
    pub step_up_overdue: bool,
    pub abandoned_at_step_up: bool,
}

impl Row {
    /// The row of an attempt; new values get codes.
    pub fn of(key: NodeKey, attempt: &Attempt, dictionary: &mut Dictionary) -> Self {
        let facts = &attempt.facts;
        let mut code = |dimension, value: Option<&str>| dictionary.code(dimension, value);
        Self {
            key,
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            waits_since: waits_since(attempt),
            activated_at: attempt.stage_at[Stage::Activated as usize],
            first_arrival: attempt.first_arrival,
            processing_time: attempt.processing_time,
            cardholder_wait: attempt.cardholder_wait,
            tenant: code(Dimension::Tenant, Some(&attempt.id.tenant)),
            wallet: code(Dimension::Wallet, facts.wallet.as_deref()),
            issuer: code(Dimension::Issuer, facts.issuer.as_deref()),
            network: code(Dimension::Network, facts.network.as_deref()),
            device: code(Dimension::Device, facts.device_name.as_deref()),
            country: code(Dimension::Country, facts.country.as_deref()),
            channel: code(Dimension::Channel, facts.channel.as_deref()),
            reason_code: code(Dimension::ReasonCode, attempt.reason_code.as_deref()),
            vendor: code(Dimension::Vendor, facts.step_up_vendor.as_deref()),
            bin: facts.bin.as_deref().and_then(parse_bin).unwrap_or(0),
            last_four: facts.last_four.as_deref().and_then(parse_last_four),
            outcome: attempt.outcome,
            stages: stages(attempt),
            reason: attempt.reason,
            decision: attempt.decisions.final_decision,
            tries: u8::try_from(attempt.tries).unwrap_or(u8::MAX),
            flags: Flags {
                decided: attempt.reached_decided(),
                stepped_up: attempt.stage_at[Stage::StepUpSent as usize].is_some(),
                bulk: attempt.is_bulk_migration(),
                conflict: attempt.conflict,
                overflow: attempt.overflow,
                settled: attempt.settled,
                step_up_overdue: attempt.step_up_overdue,
                abandoned_at_step_up: attempt.abandoned == Some(Abandoned::AtStepUp),
            },
        }
    }

    /// The facts that its numbers follow from.
    #[inline]
    pub fn measured(&self) -> Measured {
        Measured {
            started_at: self.started_at,
            ended_at: self.ended_at,
            activated_at: self.activated_at,
            processing_time: self.processing_time,
            outcome: self.outcome,
            failure_class: self.failure_class(),
            reached_decided: self.flags.decided,
            is_yellow: self.decision == Some(Decision::Yellow),
            is_bulk_migration: self.flags.bulk,
        }
    }

    /// The class of its failure; `None` unless it FAILED.
    #[inline]
    pub fn failure_class(&self) -> Option<FailureClass> {
        self.reason.filter(|_| self.outcome == Outcome::Failed).map(Reason::class)
    }

    /// Who can mend its failure; `None` unless it FAILED.
    pub fn failure_owner(&self) -> Option<Owner> {
        self.reason.filter(|_| self.outcome == Outcome::Failed).map(Reason::owner)
    }
}

impl Flags {
    /// One bit a fact, in the order of the fields; part of the stored format, so it only ever grows.
    pub fn bits(self) -> u8 {
        let facts = [
            self.decided,
            self.stepped_up,
            self.bulk,
            self.conflict,
            self.overflow,
            self.settled,
            self.step_up_overdue,
            self.abandoned_at_step_up,
        ];
        facts.iter().enumerate().fold(0, |bits, (place, fact)| bits | (u8::from(*fact) << place))
    }

    /// The facts that these bits tell.
    #[inline]
    pub fn from_bits(bits: u8) -> Self {
        let fact = |place: u8| bits >> place & 1 == 1;
        Self {
            decided: fact(0),
            stepped_up: fact(1),
            bulk: fact(2),
            conflict: fact(3),
            overflow: fact(4),
            settled: fact(5),
            step_up_overdue: fact(6),
            abandoned_at_step_up: fact(7),
        }
    }
}

impl Dimension {
    /// How many dimensions there are.
    pub const COUNT: usize = 12;

    /// Every dimension, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Tenant,
        Self::Source,
        Self::Wallet,
        Self::Issuer,
        Self::Network,
        Self::Device,
        Self::Country,
        Self::Channel,
        Self::ReasonCode,
        Self::Vendor,
        Self::Account,
        Self::Region,
    ];
}

impl Dictionary {
    /// The code of a value, new ones included; 0 for `None`.
    pub fn code(&mut self, dimension: Dimension, value: Option<&str>) -> u16 {
        let Some(value) = value else { return 0 };
        let slot = dimension as usize;
        if let Some(code) = self.codes[slot].get(value) {
            return *code;
        }
        if self.values[slot].len() >= CODES_MAX {
            return CODE_OTHER;
        }
        let code = self.push(dimension, value);
        self.added.push((dimension, code));
        code
    }

    /// The code of a value that is already known.
    pub fn find(&self, dimension: Dimension, value: &str) -> Option<u16> {
        self.codes[dimension as usize].get(value).copied()
    }

    /// The value of a code; `None` for 0, `(other)` beyond the limit.
    pub fn value(&self, dimension: Dimension, code: u16) -> Option<&str> {
        match code {
            0 => None,
            CODE_OTHER => Some("(other)"),
            code => self.values[dimension as usize].get(usize::from(code) - 1).map(|value| &**value),
        }
    }

    /// Every value of a dimension in the order of codes, from code 1.
    pub fn values(&self, dimension: Dimension) -> &[Box<str>] {
        &self.values[dimension as usize]
    }

    /// Restores a value at start; values come in the order of their codes.
    pub fn restore(&mut self, dimension: Dimension, value: &str) {
        self.push(dimension, value);
    }

    /// Values added since the last call.
    pub fn take_added(&mut self) -> Vec<(Dimension, u16)> {
        std::mem::take(&mut self.added)
    }

    fn push(&mut self, dimension: Dimension, value: &str) -> u16 {
        let slot = dimension as usize;
        self.values[slot].push(value.into());
        let code = u16::try_from(self.values[slot].len()).unwrap_or(CODE_OTHER);
        self.codes[slot].insert(value.into(), code);
        code
    }
}

fn stages(attempt: &Attempt) -> StageTimes {
    let seen = StageTimes::of(&attempt.stage_at);
    if attempt.reached_decided() { seen.reached(Stage::Decided) } else { seen }
}

fn waits_since(attempt: &Attempt) -> Option<Timestamp> {
    let is_open =
        attempt.outcome == Outcome::Pending && attempt.stage_at[Stage::StepUpVerified as usize].is_none();
    attempt.stage_at[Stage::StepUpSent as usize].filter(|_| is_open)
}

/// First 6 or 8 digits; anything else is not a BIN.
pub fn parse_bin(text: &str) -> Option<u32> {
    let digits = matches!(text.len(), 6 | 8) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Exactly four digits.
pub fn parse_last_four(text: &str) -> Option<u16> {
    if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_code_of_a_value_is_none_that_means_something_else() {
        let mut dictionary = Dictionary::default();
        let codes: Vec<u16> = (0..CODES_MAX + 2)
            .map(|number| dictionary.code(Dimension::Device, Some(&number.to_string())))
            .collect();
        assert_eq!((codes[0], codes[CODES_MAX - 1]), (1, CODE_OF_NOTHING - 1));
        assert_eq!(codes[CODES_MAX..], [CODE_OTHER; 2]);
        let last = (CODES_MAX - 1).to_string();
        assert_eq!(dictionary.value(Dimension::Device, CODE_OF_NOTHING - 1), Some(&*last));
        assert_eq!(dictionary.value(Dimension::Device, CODE_OF_NOTHING), None);
    }
}
