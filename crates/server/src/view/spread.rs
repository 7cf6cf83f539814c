//! How are durations spread: over time, over magnitudes, over stages?

use walletscope_model::{Duration, Stage};
use walletscope_series::{Buckets, Durations, Timing};
use walletscope_stream::Leg;

use super::filter::Filter;
use super::measures::each;
use super::table::Rows;

/// Bands of durations: eight to a power of ten, from a tenth of a millisecond to eleven days.
pub const BANDS: usize = 80;
/// Upper and lower bounds in microseconds, `BANDS + 1` of them.
pub static BOUNDS_MICROS: std::sync::LazyLock<[i64; BANDS + 1]> = std::sync::LazyLock::new(|| {
    std::array::from_fn(|place| 10_f64.powf(2.0 + place as f64 / 8.0).round() as i64)
});

/// The durations of one bucket of time.
#[derive(Clone, Debug)]
pub struct Column {
    /// How many lie in each band; what lies outside all of them is in the first or the last.
    pub bands: [u64; BANDS],
    /// All of them, for percentiles.
    pub durations: Durations,
}

impl Default for Column {
    fn default() -> Self {
        Self { bands: [0; BANDS], durations: Durations::default() }
    }
}

/// The durations that a timing has in each bucket of start times.
pub fn heat(rows: &Rows, filter: &Filter, buckets: Buckets, timing: Timing) -> Vec<Column> {
    let mut columns = vec![Column::default(); buckets.count];
    each(rows, filter, |row| {
        let duration = row.measured().contribution().cohort.duration(timing);
        let column = buckets.index_of(row.started_at).and_then(|bucket| columns.get_mut(bucket));
        if let (Some(duration), Some(column)) = (duration, column) {
            column.bands[band(duration)] += 1;
            column.durations.add(duration, 1);
        }
    });
    columns
}

/// A duration on a bound lies in the band above it.
fn band(duration: Duration) -> usize {
    BOUNDS_MICROS[1..BANDS].partition_point(|bound| *bound <= duration.0)
}

/// How long the stages took.
#[derive(Clone, Debug, Default)]
pub struct Legs {
    /// From the stage seen before to each, by the stage's number; at most 1 % off, as percentiles are.
    pub durations: [Durations; Stage::COUNT],
    /// Legs that run backwards by the sources' clocks and are in none of them.
    pub backwards: u64,
}

/// The legs of the attempts that a filter asks for.
pub fn legs(rows: &Rows, filter: &Filter) -> Legs {
    let mut legs = Legs::default();
    each(rows, filter, |row| {
        for stage in Stage::ALL {
            match row.stages.leg(stage) {
                Leg::After(duration) => legs.durations[stage as usize].add(duration, 1),
                Leg::Backwards => legs.backwards += 1,
                Leg::Unseen | Leg::First => {}
            }
        }
    });
    legs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_one_band() {
        for (micros, expected) in [
            (-5, 0),
            (0, 0),
            (132, 0),
            (133, 1),
            (1_000, 8),
            (999_999, 31),
            (1_000_000, 32),
            (i64::MAX, BANDS - 1),
        ] {
            assert_eq!(band(Duration(micros)), expected, "{micros}");
        }
        assert!(BOUNDS_MICROS.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", *BOUNDS_MICROS);
    }
}
