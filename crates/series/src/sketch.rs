//! How are many durations summed up so that a quantile is right to 1 %?
//!
//! A histogram with bins that grow by γ = 1.01 / 0.99, as in DDSketch (<https://arxiv.org/abs/1908.10693>): every
//! value lies within 1 % of its bin's representative. Two things differ from the paper. Bins are cut in whole
//! microseconds by integer arithmetic, so the same value falls into the same bin on every machine (a logarithm in
//! `f64` does not promise that). And counts are signed and bins are never collapsed, so a sketch is linear: adding
//! with weight −1 undoes adding with weight 1 exactly, whatever came between.

/// A linear histogram of durations in microseconds. Equal multisets of additions give equal sketches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Bin and count, ascending by bin, no count zero.
    bins: Vec<(i16, i64)>,
}

impl Sketch {
    /// Adds `weight` durations of `micros` microseconds; a negative weight takes back. Durations below zero count
    /// as zero.
    pub fn add(&mut self, micros: i64, weight: i64) {
        self.add_to_bin(bin_of(micros), weight);
    }

    /// Adds every bin of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.add_scaled(other, 1);
    }

    /// Adds every bin of `other`, its counts times `factor`.
    pub fn add_scaled(&mut self, other: &Self, factor: i64) {
        if self.bins.is_empty() && factor == 1 {
            self.bins.clone_from(&other.bins);
            return;
        }
        for &(bin, count) in &other.bins {
            self.add_to_bin(bin, count.wrapping_mul(factor));
        }
    }

    /// How many durations it holds; below zero only while more was taken back than added.
    pub fn count(&self) -> i64 {
        self.bins.iter().fold(0, |sum, bin| sum.wrapping_add(bin.1))
    }

    /// True if every addition was taken back.
    pub fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    /// The duration in microseconds that a share `q` (0 to 1) of all durations do not exceed: the nearest-rank
    /// quantile, at most 1 % off. `None` without durations or where `q` is outside 0 to 1.
    pub fn quantile(&self, q: f64) -> Option<i64> {
        let count = self.count();
        if count <= 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let rank = ((q * count as f64).ceil() as i64).clamp(1, count);
        let mut below_or_in = 0;
        let bin = self.bins.iter().find(|bin| {
            below_or_in += bin.1;
            below_or_in >= rank
        });
        bin.map(|bin| representative(bin.0))
    }

    /// Every bin with its count, ascending; for encoding.
    pub fn bins(&self) -> impl ExactSizeIterator<Item = (i16, i64)> + '_ {
        self.bins.iter().copied()
    }

    /// The sketch with these bins, in any order; repeated bins add up. `None` if a bin does not exist.
    pub fn from_bins(bins: impl IntoIterator<Item = (i16, i64)>) -> Option<Self> {
        let mut sketch = Self::default();
        for (bin, count) in bins {
            if !(0..BIN_COUNT as i16).contains(&bin) {
                return None;
            }
            sketch.add_to_bin(bin, count);
        }
        Some(sketch)
    }

    /// Counts wrap at the ends of `i64`: unreachable with real traffic, and linear even with hostile bins.
    fn add_to_bin(&mut self, bin: i16, weight: i64) {
        if weight == 0 {
            return;
        }
        match self.bins.binary_search_by_key(&bin, |entry| entry.0) {
            Ok(position) => {
                let count = self.bins[position].1.wrapping_add(weight);
                if count == 0 {
                    self.bins.remove(position);
                } else {
                    self.bins[position].1 = count;
                }
            }
            Err(position) => self.bins.insert(position, (bin, weight)),
        }
    }
}

/// The number of bins, the bin of zero included: enough for every `i64`.
pub const BIN_COUNT: usize = count_bins();

/// The smallest value of each bin.
static LOWER_BOUNDS: [i64; BIN_COUNT] = lower_bounds();

/// The bin of the smallest value with the same magnitude and the next four bits: the value's own is at most three on.
static FIRST_BINS: [i16; 63 * STEPS] = first_bins();
/// Steps that each power of two is cut into for [`FIRST_BINS`].
const STEPS: usize = 16;

/// The bin of a duration; bin 0 holds zero alone.
pub fn bin_of(micros: i64) -> i16 {
    if micros <= 0 {
        return 0;
    }
    let mut bin = FIRST_BINS[step_of(micros)];
    while LOWER_BOUNDS.get(bin as usize + 1).is_some_and(|&lower| lower <= micros) {
        bin += 1;
    }
    bin
}

/// Magnitude and the four bits behind the first; `micros` is above zero.
const fn step_of(micros: i64) -> usize {
    let magnitude = micros.ilog2() as usize;
    let bits = if magnitude >= 4 { micros >> (magnitude - 4) } else { micros << (4 - magnitude) };
    magnitude * STEPS + (bits as usize & (STEPS - 1))
}

/// The duration in microseconds that stands for every duration of `bin`, at most 1 % from each of them; 0 for bins
/// that do not exist.
pub fn representative(bin: i16) -> i64 {
    let lower = usize::try_from(bin).ok().and_then(|bin| LOWER_BOUNDS.get(bin));
    lower.map_or(0, |&lower| representative_of(lower))
}

/// The largest whole number at most 1 % above `lower`.
const fn representative_of(lower: i64) -> i64 {
    lower.saturating_add(lower / 100)
}

/// The largest whole number that lies at most 1 % (of itself) above the bin's representative. Both bounds are
/// widest possible, so bins grow by 1.01 / 0.99 as soon as rounding allows.
const fn upper_bound(lower: i64) -> i64 {
    let representative = representative_of(lower);
    // representative ≥ 0.99 × upper, solved for upper: representative × 100 / 99, without overflow.
    representative.saturating_add(representative / 99)
}

const fn count_bins() -> usize {
    let mut count = 2;
    let mut lower = 1;
    while upper_bound(lower) < i64::MAX {
        lower = upper_bound(lower) + 1;
        count += 1;
    }
    count
}

const fn lower_bounds() -> [i64; BIN_COUNT] {
    let mut bounds = [0; BIN_COUNT];
    let mut bin = 1;
    let mut lower = 1;
    while bin < BIN_COUNT {
        bounds[bin] = lower;
        // Past the last bin the bound saturates and is not used.
        lower = upper_bound(lower).saturating_add(1);
        bin += 1;
    }
    bounds
}

const fn first_bins() -> [i16; 63 * STEPS] {
    let mut bins = [0; 63 * STEPS];
    let mut bin = 1;
    let mut step = 0;
    while step < 63 * STEPS {
        let (magnitude, bits) = (step / STEPS, (STEPS + step % STEPS) as i64);
        // Below 16 some steps hold no whole number; they are never asked for.
        let smallest = if magnitude >= 4 { bits << (magnitude - 4) } else { bits >> (4 - magnitude) };
        while bin + 1 < BIN_COUNT && LOWER_BOUNDS[bin + 1] <= smallest {
            bin += 1;
        }
        bins[step] = bin as i16;
        step += 1;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY_MICROS: i64 = 86_400 * 1_000_000;

    fn assert_within_one_percent(micros: i64) {
        let found = representative(bin_of(micros));
        assert!(i128::from((found - micros).abs()) * 100 <= i128::from(micros), "{found} for {micros}");
    }

    #[test]
    fn every_bin_is_within_one_percent_at_both_ends() {
        for (bin, &lower) in LOWER_BOUNDS.iter().enumerate().skip(1) {
            let upper = LOWER_BOUNDS.get(bin + 1).map_or(i64::MAX, |next| next - 1);
            for micros in [lower, upper] {
                assert_eq!(bin_of(micros) as usize, bin, "{micros}");
                assert_within_one_percent(micros);
            }
        }
    }

    #[test]
    fn every_value_up_to_a_second_and_many_up_to_thirty_days_are_within_one_percent() {
        let mut micros: i64 = 1;
        while micros <= 30 * DAY_MICROS {
            assert_within_one_percent(micros);
            micros += if micros < 1_000_000 { 1 } else { micros / 9_973 };
        }
    }

    /// Stored sketches depend on these numbers; they were computed apart from this code.
    #[test]
    fn bins_never_change() {
        // ln(2^63) / ln(1.01 / 0.99) would be 2,183; whole microseconds need fewer below 100.
        assert_eq!(BIN_COUNT, 2_051);
        for (micros, bin, expected) in [
            (-5, 0, 0),
            (0, 0, 0),
            (1, 1, 1),
            (99, 99, 99),
            (100, 99, 99),
            (101, 100, 102),
            (1_000, 212, 1_000),
            (1_245_000, 568, 1_238_312),
            (3_000_000, 612, 2_985_538),
            (DAY_MICROS, 1_126, 87_039_851_792),
            (30 * DAY_MICROS, 1_296, 2_608_366_443_132),
            (i64::MAX, 2_050, i64::MAX),
        ] {
            assert_eq!((bin_of(micros), representative(bin)), (bin, expected), "{micros}");
        }
        assert_eq!((representative(-1), representative(2_051)), (0, 0));
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        let mut sketch = Sketch::default();
        for micros in [10, 20, 30, 40] {
            sketch.add(micros, 1);
        }
        for (q, expected) in [
            (0.0, Some(10)),
            (0.25, Some(10)),
            (0.26, Some(20)),
            (0.5, Some(20)),
            (0.75, Some(30)),
            (1.0, Some(40)),
            (1.1, None),
            (-0.1, None),
            (f64::NAN, None),
        ] {
            assert_eq!(sketch.quantile(q), expected, "{q}");
        }
        assert_eq!(Sketch::default().quantile(0.5), None);
    }

    #[test]
    fn more_taken_back_than_added_is_a_debt_and_no_quantile() {
        let mut sketch = Sketch::default();
        sketch.add(1_000, -1);
        assert_eq!((sketch.count(), sketch.quantile(0.5)), (-1, None));
        sketch.add(1_000, 1);
        assert!(sketch.is_empty());
    }

    #[test]
    fn bins_that_do_not_exist_are_refused() {
        for (bins, is_read) in [
            (vec![(0, 1), (2_050, 1)], true),
            (vec![(-1, 1)], false),
            (vec![(2_051, 1)], false),
            (vec![(5, 2), (5, -2)], true),
        ] {
            assert_eq!(Sketch::from_bins(bins.clone()).is_some(), is_read, "{bins:?}");
        }
        assert_eq!(Sketch::from_bins([(5, 2), (5, -2)]), Some(Sketch::default()));
    }

    proptest! {
        #[test]
        fn taking_back_in_any_order_leaves_nothing(
            values in prop::collection::vec((0..30 * DAY_MICROS, 1_i64..4), 0..60),
            order in any::<u64>(),
        ) {
            let mut sketch = Sketch::default();
            let mut steps: Vec<(i64, i64)> = values.iter().flat_map(|&(value, weight)| [(value, weight), (value, -weight)]).collect();
            let steps_len = steps.len().max(1);
            steps.rotate_left(order as usize % steps_len);
            if order % 2 == 0 {
                steps.reverse();
            }
            for (value, weight) in steps {
                sketch.add(value, weight);
            }
            prop_assert_eq!(sketch, Sketch::default());
        }

        #[test]
        fn merging_is_adding(
            left in prop::collection::vec(0..DAY_MICROS, 0..40),
            right in prop::collection::vec(0..DAY_MICROS, 0..40),
        ) {
            let sketch_of = |values: &[i64]| {
                let mut sketch = Sketch::default();
                values.iter().for_each(|&value| sketch.add(value, 1));
                sketch
            };
            let (mut one, mut other) = (sketch_of(&left), sketch_of(&right));
            let other_before = other.clone();
            other.merge(&one);
            one.merge(&other_before);
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(&one, &sketch_of(&[left, right].concat()));
            prop_assert_eq!(Sketch::from_bins(one.bins().collect::<Vec<_>>()), Some(one));
        }

        #[test]
        fn a_quantile_is_at_most_one_percent_off(
            mut values in prop::collection::vec(1..30 * DAY_MICROS, 1..200),
            q in 0.0..=1.0_f64,
        ) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|&value| sketch.add(value, 1));
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1];
            let found = sketch.quantile(q).unwrap();
            prop_assert!((found - exact).abs() as f64 <= 0.01 * exact as f64, "{found} for {exact}");
        }
    }
}
