//! What does each number mean? One definition per measure, as data, and the arithmetic of rates.
//!
//! Surfaces (API, SQL, metric math, reports) compile from [`MEASURES`] or call [`Rate`]; none defines a number of
//! its own. Rates over few attempts carry n and the Wilson 95 % interval
//! (<https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval>).

/// What a measure counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBasis {
    /// Attempts whose `started_at` is in the range.
    Cohort,
    /// The event's own time.
    EventTime,
    /// The state at the range's end.
    RangeEnd,
}

/// One definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Measure {
    pub name: &'static str,
    pub numerator: &'static str,
    pub denominator: Option<&'static str>,
    pub unit: &'static str,
    /// Below this n a surface shows the value as uncertain.
    pub minimum_sample: u32,
    pub time_basis: TimeBasis,
    /// False for a measure that is defined and that no surface answers yet.
    pub is_answered: bool,
}

const fn measure(
    name: &'static str,
    numerator: &'static str,
    denominator: Option<&'static str>,
    unit: &'static str,
    minimum_sample: u32,
) -> Measure {
    let time_basis = if matches!(numerator.as_bytes(), b"tokens in ACTIVE") {
        TimeBasis::RangeEnd
    } else {
        TimeBasis::Cohort
    };
    Measure { name, numerator, denominator, unit, minimum_sample, time_basis, is_answered: true }
}

const fn not_answered_yet(measure: Measure) -> Measure {
    Measure { is_answered: false, ..measure }
}

/// Every measure.
pub const MEASURES: [Measure; 15] = [
    measure("requests", "attempts", None, "count", 0),
    measure("pending", "attempts PENDING now", None, "count", 0),
    measure("success_rate", "SUCCESS", Some("SUCCESS + FAILED"), "fraction", 20),
    measure("failure_rate", "FAILED", Some("SUCCESS + FAILED"), "fraction", 20),
    measure("technical_failure_rate", "FAILED technical", Some("SUCCESS + FAILED technical"), "fraction", 20),
    measure("decline_rate", "FAILED declined", Some("SUCCESS + FAILED"), "fraction", 20),
    measure("step_up_rate", "final decision YELLOW", Some("reached decided"), "fraction", 20),
    measure("abandonment_rate", "ABANDONED", Some("attempts"), "fraction", 20),
    measure(
        "step_up_conversion",
        "final decision YELLOW and activated",
        Some("final decision YELLOW"),
        "fraction",
        20,
    ),
    measure("processing_time", "service time of SUCCESS", Some("SUCCESS with a service time"), "seconds", 1),
    // Another clock than the events', so it stands beside the processing time and never in its place.
    not_answered_yet(measure(
        "end_to_end_time",
        "the trace's duration",
        Some("attempts with a trace that has one"),
        "seconds",
        1,
    )),
    measure("time_to_activate", "activated_at − started_at", Some("activated"), "seconds", 1),
    measure("pending_age", "now − started_at − cardholder wait, of PENDING", Some("PENDING"), "seconds", 1),
    measure("active_tokens", "tokens in ACTIVE", None, "count", 0),
    not_answered_yet(measure(
        "eventual_success",
        "any SUCCESS within 24 h",
        Some("PAR (else BIN and last four) and device"),
        "fraction",
        20,
    )),
];

/// A ratio of counts with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Numerator ÷ denominator as a fraction; `None` when the denominator is zero.
    pub value: Option<f64>,
    /// The denominator.
    pub n: u64,
    /// The Wilson 95 % interval, as fractions.
    pub interval: Option<(f64, f64)>,
}

impl Rate {
    /// The rate of `part` out of `whole`; `part` above `whole` is a caller's mistake and reads as 1.
    pub fn of(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self { value: None, n: 0, interval: None };
        }
        let part = part.min(whole);
        Self {
            value: Some(part as f64 / whole as f64),
            n: whole,
            interval: Some(wilson(part as f64, whole as f64)),
        }
    }
}

fn wilson(part: f64, whole: f64) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let share = part / whole;
    let center = share + Z * Z / (2.0 * whole);
    let spread = Z * (share * (1.0 - share) / whole + Z * Z / (4.0 * whole * whole)).sqrt();
    let scale = 1.0 + Z * Z / whole;
    (((center - spread) / scale).max(0.0), ((center + spread) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_published_values() {
        // 81 of 263: Newcombe 1998, table I, score method: 0.2553 to 0.3662.
        let rate = Rate::of(81, 263);
        let (low, high) = rate.interval.unwrap();
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        // 0 of 20: 0 to 0.1611.
        let (low, high) = Rate::of(0, 20).interval.unwrap();
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "{low} {high}");
    }

    #[test]
    fn a_rate_of_nothing_is_no_rate() {
        assert_eq!(Rate::of(0, 0), Rate { value: None, n: 0, interval: None });
    }

    #[test]
    fn success_and_failure_rates_sum_to_one() {
        for (success, failed) in [(1, 2), (7, 3), (999, 1)] {
            let sum = Rate::of(success, success + failed).value.unwrap()
                + Rate::of(failed, success + failed).value.unwrap();
            assert!((sum - 1.0).abs() < 1e-12);
        }
    }
}
