//! Which attempts does a reader ask for?
//!
//! A tenant, a range of start times and, per column, values to admit and values to refuse. Values are compared
//! exactly, as the dictionary's codes; attempts without a value are asked for like any other value. A value that no
//! attempt has admits nothing.

use walletscope_model::{Attempt, Decision, FailureClass, Outcome, Owner, Reason};
use walletscope_series::Range;
use walletscope_stream::row::{CODE_OF_NOTHING, parse_bin, parse_last_four};
use walletscope_stream::{Dictionary, Dimension, Row};

/// The word that asks for attempts without a value.
pub const UNKNOWN: &str = "unknown";
/// Values per column at most.
pub const VALUES_MAX: usize = 100;

/// What a reader asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Filter {
    pub range: Range,
    /// The tenant's code; rows of others are never admitted.
    pub tenant: u16,
    pub wallet: Choice<u16>,
    pub issuer: Choice<u16>,
    pub network: Choice<u16>,
    pub device: Choice<u16>,
    pub country: Choice<u16>,
    pub channel: Choice<u16>,
    pub outcome: Choice<Outcome>,
    pub reason: Choice<Option<Reason>>,
    pub class: Choice<Option<FailureClass>>,
    pub owner: Choice<Option<Owner>>,
    pub decision: Choice<Option<Decision>>,
    pub vendor: Choice<u16>,
    /// 0 where not known.
    pub bin: Choice<u32>,
    pub last_four: Choice<Option<u16>>,
}

/// Values to admit (all, where none is named) and to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<T> {
    /// Admitted values.
    pub admitted: Vec<T>,
    /// Refused values.
    pub refused: Vec<T>,
}

impl Filter {
    /// Everything of a tenant that started in `range`.
    pub fn all(tenant: u16, range: Range) -> Self {
        Self {
            range,
            tenant,
            wallet: Choice::default(),
            issuer: Choice::default(),
            network: Choice::default(),
            device: Choice::default(),
            country: Choice::default(),
            channel: Choice::default(),
            outcome: Choice::default(),
            reason: Choice::default(),
            class: Choice::default(),
            owner: Choice::default(),
            decision: Choice::default(),
            vendor: Choice::default(),
            bin: Choice::default(),
            last_four: Choice::default(),
        }
    }

    /// Whether it asks for everything of the tenant in the range.
    pub fn is_plain(&self) -> bool {
        *self == Self::all(self.tenant, self.range)
    }

    /// The same question about another range.
    pub fn over(&self, range: Range) -> Self {
        Self { range, ..self.clone() }
    }

    /// The code of a tenant; of one without any data, a code that no row has.
    pub fn tenant_code(tenant: &str, dictionary: &Dictionary) -> u16 {
        dictionary.find(Dimension::Tenant, tenant).unwrap_or(CODE_OF_NOTHING)
    }

    /// Whether it asks for an attempt; the range is the caller's.
    pub fn admits(&self, row: &Row) -> bool {
        row.tenant == self.tenant
            && self.wallet.admits(&row.wallet)
            && self.issuer.admits(&row.issuer)
            && self.outcome.admits(&row.outcome)
            && self.network.admits(&row.network)
            && self.device.admits(&row.device)
            && self.country.admits(&row.country)
            && self.channel.admits(&row.channel)
            && self.reason.admits(&row.reason)
            && self.class.admits(&row.failure_class())
            && self.owner.admits(&row.failure_owner())
            && self.decision.admits(&row.decision)
            && self.vendor.admits(&row.vendor)
            && self.bin.admits(&row.bin)
            && self.last_four.admits(&row.last_four)
    }

    /// As [`Self::admits`], for an attempt that is not in the table any more as it was.
    pub fn admits_attempt(&self, attempt: &Attempt, dictionary: &Dictionary) -> bool {
        let code = |dimension, value: &Option<Box<str>>| {
            value.as_deref().map_or(0, |value| dictionary.find(dimension, value).unwrap_or(CODE_OF_NOTHING))
        };
        let facts = &attempt.facts;
        let bin = facts.bin.as_deref().and_then(parse_bin).unwrap_or(0);
        let last_four = facts.last_four.as_deref().and_then(parse_last_four);
        Self::tenant_code(&attempt.id.tenant, dictionary) == self.tenant
            && self.wallet.admits(&code(Dimension::Wallet, &facts.wallet))
            && self.issuer.admits(&code(Dimension::Issuer, &facts.issuer))
            && self.outcome.admits(&attempt.outcome)
            && self.network.admits(&code(Dimension::Network, &facts.network))
            && self.device.admits(&code(Dimension::Device, &facts.device_name))
            && self.country.admits(&code(Dimension::Country, &facts.country))
            && self.channel.admits(&code(Dimension::Channel, &facts.channel))
            && self.reason.admits(&attempt.reason)
            && self.class.admits(&attempt.failure_class())
            && self.owner.admits(&attempt.failure_owner())
            && self.decision.admits(&attempt.decisions.final_decision)
            && self.vendor.admits(&code(Dimension::Vendor, &facts.step_up_vendor))
            && self.bin.admits(&bin)
            && self.last_four.admits(&last_four)
    }
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { admitted: Vec::new(), refused: Vec::new() }
    }
}

impl<T: PartialEq> Choice<T> {
    /// Whether it admits a value.
    pub fn admits(&self, value: &T) -> bool {
        (self.admitted.is_empty() || self.admitted.contains(value)) && !self.refused.contains(value)
    }

    /// Adds a value to the admitted or to the refused ones.
    pub fn name(&mut self, value: T, is_refused: bool) {
        if is_refused { self.refused.push(value) } else { self.admitted.push(value) }
    }
}

impl Choice<u16> {
    /// Adds a value by its name; [`UNKNOWN`] means attempts without one.
    pub fn name_value(
        &mut self,
        name: &str,
        is_refused: bool,
        dimension: Dimension,
        dictionary: &Dictionary,
    ) {
        let unknown = (name == UNKNOWN).then_some(0);
        let code = dictionary.find(dimension, name).or(unknown);
        self.name(code.unwrap_or(CODE_OF_NOTHING), is_refused);
    }
}
