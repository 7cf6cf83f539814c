//! How do measures look in JSON?
//!
//! One shape for a rate, one for durations, one for counts, used by every resource. A measure without a denominator
//! is null, and every rate carries its n and interval, so that no client has to guess how sure a number is. All
//! numbers are finite: rates are quotients of whole numbers with a denominator above zero.

use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::measure::{MEASURES, Rate};
use walletscope_series::{Count, Durations, Timing, Window};

/// A ratio of counts.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateNumbers {
    /// As a fraction from 0 to 1; null when nothing is in the denominator.
    pub value: Option<f64>,
    /// The denominator.
    pub n: u64,
    /// The Wilson 95 % interval, low and high.
    pub interval: Option<[f64; 2]>,
    /// Below this n the value is uncertain and should be shown so.
    pub minimum_sample: u32,
}

/// Durations in seconds; null without any. Percentiles are at most 1 % off, the average is exact.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct DurationNumbers {
    /// How many durations.
    pub n: u64,
    pub average_seconds: Option<f64>,
    pub p50_seconds: Option<f64>,
    pub p95_seconds: Option<f64>,
    pub p99_seconds: Option<f64>,
}

/// How many attempts, by outcome.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Counts {
    pub requests: u64,
    pub success: u64,
    pub failed: u64,
    pub failed_by_class: FailedByClass,
    pub pending: u64,
    pub abandoned: u64,
}

/// Failures by class.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct FailedByClass {
    pub technical: u64,
    pub declined: u64,
    pub invalid: u64,
    pub device: u64,
}

/// The rates and durations that follow from a window.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct CohortNumbers {
    pub counts: Counts,
    pub success_rate: RateNumbers,
    pub failure_rate: RateNumbers,
    pub technical_failure_rate: RateNumbers,
    pub decline_rate: RateNumbers,
    pub step_up_rate: RateNumbers,
    pub abandonment_rate: RateNumbers,
    pub step_up_conversion: RateNumbers,
    /// Service time of SUCCESS.
    pub processing_time: DurationNumbers,
    /// Service time of FAILED.
    pub failed_processing_time: DurationNumbers,
    /// From the start to the activation, the cardholder included.
    pub time_to_activate: DurationNumbers,
}

impl CohortNumbers {
    /// The numbers of a window.
    pub fn of(window: &Window) -> Self {
        Self {
            counts: Counts::of(window),
            success_rate: RateNumbers::of("success_rate", window.success_rate()),
            failure_rate: RateNumbers::of("failure_rate", window.failure_rate()),
            technical_failure_rate: RateNumbers::of(
                "technical_failure_rate",
                window.technical_failure_rate(),
            ),
            decline_rate: RateNumbers::of("decline_rate", window.decline_rate()),
            step_up_rate: RateNumbers::of("step_up_rate", window.step_up_rate()),
            abandonment_rate: RateNumbers::of("abandonment_rate", window.abandonment_rate()),
            step_up_conversion: RateNumbers::of("step_up_conversion", window.step_up_conversion()),
            processing_time: DurationNumbers::of(window.durations(Timing::ProcessingSuccess)),
            failed_processing_time: DurationNumbers::of(window.durations(Timing::ProcessingFailed)),
            time_to_activate: DurationNumbers::of(window.durations(Timing::TimeToActivate)),
        }
    }
}

impl RateNumbers {
    fn of(measure: &str, rate: Rate) -> Self {
        let definition = MEASURES.iter().find(|definition| definition.name == measure);
        Self {
            value: rate.value,
            n: rate.n,
            interval: rate.interval.map(|(low, high)| [low, high]),
            minimum_sample: definition.map_or(0, |definition| definition.minimum_sample),
        }
    }
}

impl DurationNumbers {
    /// The numbers of durations.
    pub fn of(durations: &Durations) -> Self {
        Self {
            n: whole(durations.count),
            average_seconds: durations.average_seconds(),
            p50_seconds: durations.quantile_seconds(0.5),
            p95_seconds: durations.quantile_seconds(0.95),
            p99_seconds: durations.quantile_seconds(0.99),
        }
    }
}

impl Counts {
    /// The counts of a window.
    pub fn of(window: &Window) -> Self {
        let count = |count| whole(window.count(count));
        Self {
            requests: count(Count::Requests),
            success: count(Count::Success),
            failed: whole(window.failed()),
            failed_by_class: FailedByClass {
                technical: count(Count::FailedTechnical),
                declined: count(Count::FailedDeclined),
                invalid: count(Count::FailedInvalid),
                device: count(Count::FailedDevice),
            },
            pending: count(Count::Pending),
            abandoned: count(Count::Abandoned),
        }
    }
}

/// `1.25s`, rounded half up from exact sums; `–` without durations.
pub fn average_words(durations: &Durations) -> String {
    const HUNDREDTH_MICROS: i128 = 10_000;
    if durations.count <= 0 {
        return "–".to_owned();
    }
    let unit = i128::from(durations.count) * HUNDREDTH_MICROS;
    let hundredths = (durations.sum_micros * 2 + unit) / (unit * 2);
    format!("{}.{:02}s", hundredths / 100, hundredths % 100)
}

/// Counts are never below zero where rows are summed up; a window that is being corrected reads as zero.
pub fn whole(count: i64) -> u64 {
    count.max(0).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::Duration;

    #[test]
    fn averages_are_words_with_two_digits() {
        for (micros, expected) in [
            (vec![], "–"),
            (vec![1_245_000], "1.25s"),
            (vec![1_244_999], "1.24s"),
            (vec![0], "0.00s"),
            (vec![1_000_000, 2_000_000], "1.50s"),
            (vec![61_009_999], "61.01s"),
            (vec![4_999, 4_999], "0.00s"),
        ] {
            let mut durations = Durations::default();
            micros.iter().for_each(|micros| durations.add(Duration(*micros), 1));
            assert_eq!(average_words(&durations), expected, "{micros:?}");
        }
    }

    #[test]
    fn nothing_gives_nulls_and_zeros_and_no_nonsense() {
        let numbers = serde_json::to_value(CohortNumbers::of(&Window::default())).unwrap();
        assert!(numbers["successRate"]["value"].is_null() && numbers["successRate"]["interval"].is_null());
        assert!(numbers["processingTime"]["averageSeconds"].is_null());
        assert_eq!(numbers["counts"]["requests"], 0);
        assert_eq!(numbers["failureRate"]["minimumSample"], 20);
    }
}
