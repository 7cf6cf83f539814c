//! Which names mean what is measured of attempts?
//!
//! Examples and dashboards of token provisioning call one measure by several names, in two namespaces. Such names are
//! resolved when they are read, never when they are written: a metric that somebody writes is that metric and nothing
//! else.

use walletscope_stream::attempt_metrics::{Measure, NAMESPACE};

/// The namespaces that mean the same, the one under which points are kept first.
pub const NAMESPACES: [&str; 2] = [NAMESPACE, "TokenProvisioning"];

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A measure of attempts.
    Measure(Measure),
    /// The share of successes among the ends, in percent: 100 for each success, 0 for each failure.
    SuccessRate,
}

/// Every name and what it means, the name under which a measure is kept first.
pub const NAMES: [(&str, Meaning); 9] = [
    ("TokenProvisioningRequests", Meaning::Measure(Measure::Requests)),
    ("TokenProvisioningSuccess", Meaning::Measure(Measure::Success)),
    ("SuccessfulTokenProvisioning", Meaning::Measure(Measure::Success)),
    ("TokenProvisioningFailure", Meaning::Measure(Measure::Failure)),
    ("FailedTokenProvisioning", Meaning::Measure(Measure::Failure)),
    ("TokenProvisioningLatency", Meaning::Measure(Measure::Latency)),
    ("ProvisioningLatency", Meaning::Measure(Measure::Latency)),
    ("ActiveTokenCount", Meaning::Measure(Measure::ActiveTokens)),
    ("SuccessRate", Meaning::SuccessRate),
];

/// What a metric means, where nobody writes it.
pub fn meaning_of(namespace: &str, name: &str) -> Option<Meaning> {
    if !NAMESPACES.contains(&namespace) {
        return None;
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_is_known_by_the_name_under_which_it_is_kept() {
        for measure in Measure::ALL {
            for namespace in NAMESPACES {
                assert_eq!(meaning_of(namespace, measure.name()), Some(Meaning::Measure(measure)));
            }
        }
        assert_eq!(meaning_of("Other", "SuccessRate"), None);
        assert_eq!(meaning_of(NAMESPACE, "successrate"), None);
    }
}
