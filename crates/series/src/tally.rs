//! What do very many contributions sum up to? The same as adding each to a [`Window`], several times faster: bins of
//! durations lie in a plain array while the sum grows, so that none is searched for.

use crate::sketch::{BIN_COUNT, Sketch, bin_of};
use crate::window::{Count, Durations, Increment, Timing, Window};

/// A sum that grows. It takes about 70 kB, so one serves bucket after bucket.
#[derive(Debug, Default)]
pub struct Tally {
    window: Window,
    timings: [Bins; Timing::LEN],
}

/// The durations of one kind.
#[derive(Debug, Default)]
struct Bins {
    count: i64,
    sum_micros: i128,
    /// Counts by bin; empty until there is a duration.
    counts: Vec<i64>,
}

impl Tally {
    /// Adds what one attempt contributes.
    #[inline]
    pub fn add(&mut self, increment: &Increment) {
        for count in Count::ALL {
            self.window.add_count(count, i64::from(increment.has(count)));
        }
        for (bins, duration) in self.timings.iter_mut().zip(increment.durations()) {
            if let Some(duration) = duration {
                bins.add(duration.0.max(0));
            }
        }
    }

    /// Adds the sum so far to `window`, and begins anew.
    pub fn give(&mut self, window: &mut Window) {
        window.merge(&std::mem::take(&mut self.window));
        for (bins, timing) in self.timings.iter_mut().zip(Timing::ALL) {
            if bins.count != 0 {
                window.merge_durations(timing, &bins.take());
            }
        }
    }
}

impl Bins {
    fn add(&mut self, micros: i64) {
        if self.counts.is_empty() {
            self.counts = vec![0; BIN_COUNT];
        }
        self.count += 1;
        self.sum_micros += i128::from(micros);
        self.counts[bin_of(micros) as usize] += 1;
    }

    fn take(&mut self) -> Durations {
        let bins = self.counts.iter_mut().enumerate().filter(|(_, count)| **count != 0);
        let sketch = Sketch::from_bins(bins.map(|(bin, count)| (bin as i16, std::mem::take(count))));
        let durations = Durations {
            count: self.count,
            sum_micros: self.sum_micros,
            // Every bin of the array exists.
            sketch: sketch.unwrap_or_default(),
        };
        (self.count, self.sum_micros) = (0, 0);
        durations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Measured;
    use walletscope_model::{Duration, Outcome, Timestamp};

    fn increments(number: i64) -> Vec<Increment> {
        (0..number)
            .map(|place| {
                let measured = Measured {
                    started_at: Timestamp(0),
                    ended_at: Some(Timestamp(1)),
                    activated_at: (place % 3 == 0).then_some(Timestamp(place * 7_919)),
                    processing_time: (place % 5 != 0).then_some(Duration(place * place * 31 - 100)),
                    outcome: Outcome::ALL[place as usize % 4],
                    failure_class: None,
                    reached_decided: place % 2 == 0,
                    is_yellow: place % 4 == 0,
                    is_bulk_migration: place % 11 == 0,
                };
                measured.contribution().cohort
            })
            .collect()
    }

    #[test]
    fn it_sums_up_to_what_a_window_does_again_and_again() {
        let mut tally = Tally::default();
        let mut given = Window::default();
        let mut expected = Window::default();
        for number in [0, 1, 40, 2_000] {
            for increment in increments(number) {
                tally.add(&increment);
                expected.add_scaled(&increment, 1);
            }
            tally.give(&mut given);
            assert_eq!(given, expected);
        }
    }
}
