//! Which filters does a call name?
//!
//! Values are checked when they are read and become codes only when they meet a view, because the dictionary grows:
//! a stream that filters by a wallet nobody has seen yet shows that wallet's first attempt.

use std::collections::BTreeMap;

use walletscope_model::{Decision, FailureClass, Outcome, Owner, Reason};
use walletscope_series::Range;
use walletscope_stream::row::{parse_bin, parse_last_four};
use walletscope_stream::{Dictionary, Dimension};

use super::error::ApiError;
use super::query::{Query, Value, bad_value};
use crate::view::filter::{Choice, Filter, UNKNOWN, VALUES_MAX};

/// Bytes of a filter's value at most.
const VALUE_BYTES_MAX: usize = 1_024;

/// The parameters that filter, in the order in which they are documented. `status` is another word for `outcome`.
pub const FILTERS: &[&str] = &[
    "wallet", "issuer", "network", "outcome", "status", "reason", "class", "device", "country", "channel",
    "vendor", "owner", "decision", "bin", "lastFour",
];

/// The filters of one call, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    named: Vec<(Dimension, Vec<Value>)>,
    outcome: Choice<Outcome>,
    reason: Choice<Option<Reason>>,
    class: Choice<Option<FailureClass>>,
    owner: Choice<Option<Owner>>,
    decision: Choice<Option<Decision>>,
    bin: Choice<u32>,
    last_four: Choice<Option<u16>>,
    written: BTreeMap<&'static str, Vec<String>>,
}

/// The filters whose values are the dictionary's.
const NAMED: [(&str, Dimension); 7] = [
    ("wallet", Dimension::Wallet),
    ("issuer", Dimension::Issuer),
    ("network", Dimension::Network),
    ("device", Dimension::Device),
    ("country", Dimension::Country),
    ("channel", Dimension::Channel),
    ("vendor", Dimension::Vendor),
];

impl Filters {
    /// Reads the filters of a call.
    ///
    /// # Errors
    /// A value means nothing, or there are too many.
    pub fn read(query: &Query) -> Result<Self, ApiError> {
        let mut filters = Self::default();
        for (name, dimension) in NAMED {
            let values = filters.take(query, name)?;
            if !values.is_empty() {
                filters.named.push((dimension, values));
            }
        }
        filters.outcome = choice(filters.take(query, "outcome")?, "outcome", OUTCOMES, outcome)?;
        let status = choice(filters.take(query, "status")?, "status", OUTCOMES, outcome)?;
        filters.outcome.admitted.extend(status.admitted);
        filters.outcome.refused.extend(status.refused);
        filters.reason = choice(filters.take(query, "reason")?, "reason", REASONS, reason)?;
        filters.class = choice(filters.take(query, "class")?, "class", CLASSES, class)?;
        filters.owner = choice(filters.take(query, "owner")?, "owner", OWNERS, owner)?;
        filters.decision = choice(filters.take(query, "decision")?, "decision", DECISIONS, decision)?;
        filters.bin = choice(filters.take(query, "bin")?, "bin", "6 or 8 digits, or unknown", bin)?;
        filters.last_four =
            choice(filters.take(query, "lastFour")?, "lastFour", "4 digits, or unknown", last_four)?;
        Ok(filters)
    }

    /// The same filters, of attempts with this BIN and these last four digits.
    pub fn of_card(mut self, bin: u32, last_four: u16) -> Self {
        self.bin.admitted = vec![bin];
        self.last_four.admitted = vec![Some(last_four)];
        self
    }

    /// The filter over a range of a tenant's attempts, in the codes of `dictionary`.
    pub fn compile(&self, tenant: &str, range: Range, dictionary: &Dictionary) -> Filter {
        let mut filter = Filter::all(Filter::tenant_code(tenant, dictionary), range);
        for (dimension, values) in &self.named {
            let chosen = match dimension {
                Dimension::Wallet => &mut filter.wallet,
                Dimension::Issuer => &mut filter.issuer,
                Dimension::Network => &mut filter.network,
                Dimension::Device => &mut filter.device,
                Dimension::Country => &mut filter.country,
                Dimension::Vendor => &mut filter.vendor,
                _ => &mut filter.channel,
            };
            for value in values {
                chosen.name_value(&value.text, value.is_refused, *dimension, dictionary);
            }
        }
        filter.outcome = self.outcome.clone();
        filter.reason = self.reason.clone();
        filter.class = self.class.clone();
        filter.owner = self.owner.clone();
        filter.decision = self.decision.clone();
        filter.bin = self.bin.clone();
        filter.last_four = self.last_four.clone();
        filter
    }

    /// The filters as they were written, for the answer.
    pub fn written(&self) -> BTreeMap<&'static str, Vec<String>> {
        self.written.clone()
    }

    /// The filters that the stored windows do not know: all but wallet and issuer.
    pub fn beyond_wallet_and_issuer(&self) -> Vec<&'static str> {
        self.written.keys().copied().filter(|name| !matches!(*name, "wallet" | "issuer")).collect()
    }

    fn take(&mut self, query: &Query, name: &'static str) -> Result<Vec<Value>, ApiError> {
        let values = query.list(name);
        if let Some(bad) =
            values.iter().find(|value| value.text.is_empty() || value.text.len() > VALUE_BYTES_MAX)
        {
            return Err(bad_value(name, &bad.text, &format!("1 to {VALUE_BYTES_MAX} bytes a value")));
        }
        let known = self.written.get(name).map_or(0, Vec::len);
        if values.len() + known > VALUES_MAX {
            return Err(bad_value(name, "so many values", &format!("{VALUES_MAX} values at most")));
        }
        if !values.is_empty() {
            let written =
                |value: &Value| format!("{}{}", if value.is_refused { "!" } else { "" }, value.text);
            self.written.insert(name, values.iter().map(written).collect());
        }
        Ok(values)
    }
}

const OUTCOMES: &str = "PENDING, SUCCESS, FAILED, ABANDONED";
const REASONS: &str = "a reason's code such as ISSUER_DECLINED (see docs/formats/events.md), or unknown";
const CLASSES: &str = "technical, declined, invalid, device, or unknown";
const OWNERS: &str = "issuer, issuer rules, TSP, ID&V vendor, wallet, ours, or unknown";
const DECISIONS: &str = "GREEN, YELLOW, ORANGE, RED, or unknown";

/// The card that a search text names: BIN, a space, last four digits.
pub fn parse_card(text: &str) -> Option<(u32, u16)> {
    let (bin, last_four) = text.trim().split_once(' ')?;
    Some((parse_bin(bin)?, parse_last_four(last_four.trim_start())?))
}

fn choice<T>(
    values: Vec<Value>,
    name: &'static str,
    allowed: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<Choice<T>, ApiError>
where
    T: PartialEq,
{
    let mut choice = Choice::default();
    for value in values {
        let parsed = parse(&value.text).ok_or_else(|| bad_value(name, &value.text, allowed))?;
        choice.name(parsed, value.is_refused);
    }
    Ok(choice)
}

fn outcome(text: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.name() == text)
}

fn reason(text: &str) -> Option<Option<Reason>> {
    or_unknown(text, |text| Reason::all().find(|reason| reason.code() == text))
}

fn class(text: &str) -> Option<Option<FailureClass>> {
    or_unknown(text, |text| FailureClass::ALL.into_iter().find(|class| class.name() == text))
}

fn owner(text: &str) -> Option<Option<Owner>> {
    or_unknown(text, |text| Owner::ALL.into_iter().find(|owner| owner.name() == text))
}

fn decision(text: &str) -> Option<Option<Decision>> {
    or_unknown(text, |text| Decision::ALL.into_iter().find(|decision| decision.name() == text))
}

fn bin(text: &str) -> Option<u32> {
    or_unknown(text, parse_bin).map(Option::unwrap_or_default)
}

fn last_four(text: &str) -> Option<Option<u16>> {
    or_unknown(text, parse_last_four)
}

fn or_unknown<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text == UNKNOWN { Some(None) } else { parse(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::Timestamp;

    const RANGE: Range = Range { from: Timestamp(0), to: Timestamp(1) };

    fn read(text: &str) -> Result<Filters, ApiError> {
        Filters::read(&Query::read(&format!("/x?{text}").parse().unwrap(), &[FILTERS])?)
    }

    #[test]
    fn values_are_checked_both_ways() {
        for (text, expected) in [
            ("wallet=ApplePay,!GooglePay&issuer=unknown", None),
            ("outcome=SUCCESS,FAILED", None),
            ("status=ABANDONED", None),
            ("reason=ISSUER_DECLINED,!CVC_MISMATCH,unknown", None),
            ("class=technical,unknown", None),
            ("owner=ID%26V%20vendor,!ours,unknown&decision=YELLOW,unknown&vendor=PINGPOST", None),
            ("owner=me", Some("bad_value")),
            ("decision=yellow", Some("bad_value")),
            ("bin=424242,42424242&lastFour=4242,unknown", None),
            ("outcome=FINE", Some("bad_value")),
            ("outcome=success", Some("bad_value")),
            ("outcome=unknown", Some("bad_value")),
            ("status=EXPIRED", Some("bad_value")),
            ("reason=BECAUSE", Some("bad_value")),
            ("class=Technical", Some("bad_value")),
            ("bin=4242", Some("bad_value")),
            ("bin=42424a", Some("bad_value")),
            ("lastFour=12345", Some("bad_value")),
            ("lastFour=12a4", Some("bad_value")),
            ("wallet=A,", Some("bad_value")),
            ("wallet=!", Some("bad_value")),
        ] {
            assert_eq!(read(text).err().map(|error| error.body().error.code), expected, "{text}");
        }
        let many = vec!["A"; VALUES_MAX + 1].join(",");
        assert!(read(&format!("wallet={many}")).is_err());
    }

    #[test]
    fn values_become_codes_and_unheard_of_ones_admit_nothing() {
        let mut dictionary = Dictionary::default();
        let tenant = dictionary.code(Dimension::Tenant, Some("default"));
        let apple = dictionary.code(Dimension::Wallet, Some("ApplePay"));
        let filter = read("wallet=ApplePay,!unknown&outcome=FAILED&reason=unknown").unwrap().compile(
            "default",
            RANGE,
            &dictionary,
        );
        assert_eq!(filter.tenant, tenant);
        assert_eq!(filter.wallet, Choice { admitted: vec![apple], refused: vec![0] });
        assert_eq!(filter.outcome.admitted, [Outcome::Failed]);
        assert_eq!(filter.reason.admitted, [None]);
        let nothing = read("wallet=Nobody").unwrap().compile("stranger", RANGE, &dictionary);
        assert!(!nothing.wallet.admits(&0) && !nothing.wallet.admits(&apple));
        assert_ne!(nothing.tenant, tenant);
    }

    #[test]
    fn a_search_text_may_name_a_card() {
        for (text, expected) in [
            ("424242 1234", Some((424_242, 1_234))),
            (" 42424242  0007 ", Some((42_424_242, 7))),
            ("424242", None),
            ("4242 1234", None),
            ("424242 12345", None),
            ("corr_1 1234", None),
        ] {
            assert_eq!(parse_card(text), expected, "{text}");
        }
    }
}
