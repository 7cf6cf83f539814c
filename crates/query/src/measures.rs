//! What is each measure in SQL, over the columns of the table of attempts?
//!
//! The definitions are the model's; a test asks each of them here and in Rust over the same rows. A measure is a call
//! without arguments, `success_rate()`, that a rewrite puts this text in the place of; a rate also has its n and the
//! ends of its interval, `success_rate_n()`, `success_rate_low()` and `success_rate_high()`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A rate: which attempts are the part, and which the whole.
struct RateRow(&'static str, &'static str, &'static str, &'static str);

const ENDED: &str = "status IN ('SUCCESS', 'FAILED')";
const YELLOW: &str = "final_decision = 'YELLOW' AND NOT bulk";
// A failure whose class is not known is technical: nobody said no.
const TECHNICAL: &str = "status = 'FAILED' AND coalesce(failure_class, 'technical') = 'technical'";

const RATES: [RateRow; 7] = [
    RateRow("success_rate", "status = 'SUCCESS'", ENDED, "SUCCESS of the ended"),
    RateRow("failure_rate", "status = 'FAILED'", ENDED, "FAILED of the ended"),
    RateRow(
        "technical_failure_rate",
        TECHNICAL,
        "status = 'SUCCESS' OR status = 'FAILED' AND coalesce(failure_class, 'technical') = 'technical'",
        "technical failures of those and SUCCESS",
    ),
    RateRow("decline_rate", "status = 'FAILED' AND failure_class = 'declined'", ENDED, "declines of the ended"),
    RateRow("step_up_rate", YELLOW, "decided AND NOT bulk", "YELLOW of the decided, without bulk migrations"),
    RateRow("abandonment_rate", "status = 'ABANDONED'", "true", "ABANDONED of all"),
    RateRow(
        "step_up_conversion",
        "final_decision = 'YELLOW' AND NOT bulk AND activated_at IS NOT NULL",
        YELLOW,
        "activated of the YELLOW, without bulk migrations",
    ),
];

const COUNTS: [(&str, &str, &str); 2] = [
    ("requests", "count(*)", "attempts"),
    ("pending", "count(*) FILTER (WHERE status = 'PENDING')", "attempts that are PENDING"),
];

/// Durations in microseconds, whole so that sums do not depend on their order; below zero (skewed clocks) they are zero.
const DURATIONS: [(&str, &str, &str, &str); 3] = [
    (
        "processing_time",
        "CAST(round(greatest(processing_time, 0.0) * 1000000.0) AS BIGINT)",
        "status = 'SUCCESS' AND processing_time IS NOT NULL",
        "service time of SUCCESS in seconds",
    ),
    (
        "time_to_activate",
        "greatest(date_diff('microsecond', \"timestamp\", activated_at), 0)",
        "activated_at IS NOT NULL AND NOT bulk",
        "seconds from the start to the activation, without bulk migrations",
    ),
    (
        "pending_age",
        "greatest(date_diff('microsecond', \"timestamp\", now()) \
         - CAST(round(cardholder_wait * 1000000.0) AS BIGINT) \
         - CASE WHEN step_up_sent_at IS NOT NULL AND step_up_verified_at IS NULL \
           THEN greatest(date_diff('microsecond', step_up_sent_at, now()), 0) ELSE 0 END, 0)",
        "status = 'PENDING'",
        "age of PENDING in seconds, without the time that the cardholder was waited for",
    ),
];

const QUANTILES: [(&str, &str); 3] = [("p50", "0.5"), ("p95", "0.95"), ("p99", "0.99")];

/// A measure's call.
pub(crate) struct MeasureCall {
    /// The text that stands for it.
    pub(crate) sql: String,
    /// What it says, for people.
    pub(crate) meaning: String,
}

/// Every measure's call by its name.
pub(crate) static CALLS: LazyLock<BTreeMap<String, MeasureCall>> = LazyLock::new(calls);

fn calls() -> BTreeMap<String, MeasureCall> {
    let mut calls = BTreeMap::new();
    let mut add = |name: String, sql: String, meaning: String| {
        calls.insert(name, MeasureCall { sql, meaning });
    };
    for (name, sql, meaning) in COUNTS {
        add(name.to_owned(), sql.to_owned(), format!("How many {meaning}."));
    }
    for RateRow(name, part, whole, meaning) in RATES {
        let (part, whole) = (format!("count(*) FILTER (WHERE {part})"), format!("count(*) FILTER (WHERE {whole})"));
        let rate = format!("CAST({part} AS DOUBLE) / NULLIF({whole}, 0)");
        add(name.to_owned(), rate, format!("The share of {meaning}, 0 to 1; null without any."));
        add(format!("{name}_n"), whole.clone(), format!("The n of {name}()."));
        for end in ["low", "high"] {
            let sql = format!("wilson_{end}({part}, {whole})");
            add(format!("{name}_{end}"), sql, format!("The {end} end of the 95 % interval of {name}()."));
        }
    }
    for (name, micros, filter, meaning) in DURATIONS {
        let filter = format!("FILTER (WHERE {filter})");
        let average =
            format!("CAST(sum({micros}) {filter} AS DOUBLE) / NULLIF(count(*) {filter}, 0) / 1000000.0");
        add(name.to_owned(), average.clone(), format!("The mean {meaning}."));
        add(format!("avg_{name}"), average, format!("The mean {meaning}."));
        for (quantile, share) in QUANTILES {
            let sql = format!("percentile_of_durations({micros}, {share}) {filter}");
            add(format!("{quantile}_{name}"), sql, format!("The {quantile} of the {meaning}, at most 1 % off."));
        }
    }
    let active = "count(*) FILTER (WHERE state = 'ACTIVE' AND valid_to IS NULL)";
    let meaning = "How many tokens are ACTIVE now; over token_states.";
    add("active_tokens".to_owned(), active.to_owned(), meaning.to_owned());
    calls
}

/// What a measure says, for people.
pub(crate) fn meaning(name: &str) -> Option<&'static str> {
    CALLS.get(name).map(|call| call.meaning.as_str())
}

/// The table that a measure counts the rows of.
pub(crate) fn table_of(name: &str) -> &'static str {
    if name == "active_tokens" { "token_states" } else { "attempts" }
}

/// The views of measures by time: name, unit.
pub(crate) const VIEWS: [(&str, &str); 2] = [("measures_by_hour", "hour"), ("measures_by_day", "day")];

/// The text of a view of measures.
pub(crate) fn view(unit: &str) -> String {
    let rates: String = RATES.iter().map(|RateRow(name, ..)| format!(", {name}() AS {name}")).collect();
    format!(
        "SELECT date_trunc('{unit}', \"timestamp\") AS {unit}, wallet_provider, issuer, network, \
         requests() AS requests, pending() AS pending, \
         count(*) FILTER (WHERE status = 'SUCCESS') AS success, \
         count(*) FILTER (WHERE status = 'FAILED') AS failed, \
         count(*) FILTER (WHERE {TECHNICAL}) AS failed_technical, \
         count(*) FILTER (WHERE status = 'FAILED' AND failure_class = 'declined') AS failed_declined, \
         count(*) FILTER (WHERE status = 'ABANDONED') AS abandoned, \
         step_up_rate_n() AS decided, step_up_conversion_n() AS yellow\
         {rates}, avg_processing_time() AS avg_processing_time, p95_processing_time() AS p95_processing_time, \
         avg_time_to_activate() AS avg_time_to_activate \
         FROM attempts GROUP BY 1, 2, 3, 4"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::measure::MEASURES;

    #[test]
    fn every_measure_that_is_answered_has_a_call_that_parses() {
        for measure in MEASURES.iter().filter(|measure| measure.is_answered) {
            assert!(CALLS.contains_key(measure.name), "{}", measure.name);
        }
        for (name, call) in CALLS.iter() {
            assert!(crate::parse::expression(&call.sql).is_ok(), "{name}: {}", call.sql);
        }
    }
}
