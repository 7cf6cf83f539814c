//! What is known of a metric in one bucket, so that buckets can be merged and any statistic asked of them?
//!
//! A [`Point`] keeps count, sum and extremes exactly, and how the values were spread: the values themselves up to
//! [`VALUES_MAX`] distinct ones, a sketch beyond. Points merge: the minutes of an hour give the point of the hour. A
//! spread is unknown where a value was negative, or where only a statistic set came of several different values, as at
//! CloudWatch (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>). What
//! follows from an attempt can be taken back: adding with weight −1 undoes adding with weight 1, up to the rounding of
//! float sums, and with extremes that the sketch knows within 1 %.

use smallvec::SmallVec;
use walletscope_model::MetricValue;

/// Distinct values of a point that are kept as they are.
pub const VALUES_MAX: usize = 8;

/// What is known of one bucket. All numbers are finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// How many samples; not always whole.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
    /// How they are spread.
    pub spread: Spread,
}

/// How the values of a point are spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Spread {
    /// Every distinct value, ascending, and how often it came.
    Values(SmallVec<[(f64, f64); 1]>),
    /// More values than are kept.
    Sketch(Box<LogSketch>),
    /// Nobody knows: a value was negative, or only a statistic set came.
    Unknown,
}

/// Bins that grow by 1/64 of a power of two: each value lies within 0.8 % of the middle of its bin. As DDSketch with
/// linear interpolation (<https://arxiv.org/abs/1908.10693>); a bin is found in the value's own bits, so it is the same
/// on every machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogSketch {
    /// Bin and how often, ascending by bin, none zero times.
    bins: Vec<(u32, f64)>,
}

/// Bits of a value that are not in its bin.
const BIN_SHIFT: u32 = 46;
/// The bin behind the last: infinity's.
const BIN_END: u32 = (f64::INFINITY.to_bits() >> BIN_SHIFT) as u32;

impl Point {
    /// One value that came `times` times; `times` may be negative only to take back.
    pub fn of(value: f64, times: f64) -> Self {
        let spread = if value < 0.0 {
            Spread::Unknown
        } else {
            // There is one zero.
            Spread::Values(SmallVec::from_buf([(value + 0.0, times)]))
        };
        Self { count: times, sum: value * times, minimum: value, maximum: value, spread }
    }

    /// What a datum says; `None` where it says nothing, since its counts are zero.
    pub fn of_datum(value: &MetricValue) -> Option<Self> {
        match value {
            MetricValue::Values(values) => {
                let mut values = values.iter().filter(|(_, times)| *times > 0.0);
                let (first, times) = values.next()?;
                let mut point = Self::of(*first, *times);
                for (value, times) in values {
                    point.add(*value, *times);
                }
                Some(point)
            }
            MetricValue::Statistics { sample_count, sum, minimum, maximum } if *sample_count > 0.0 => {
                let is_one_value = minimum == maximum && *sum == minimum * sample_count;
                let spread = if is_one_value && *minimum >= 0.0 {
                    Spread::Values(SmallVec::from_buf([(*minimum + 0.0, *sample_count)]))
                } else {
                    Spread::Unknown
                };
                Some(Self { count: *sample_count, sum: *sum, minimum: *minimum, maximum: *maximum, spread })
            }
            MetricValue::Statistics { .. } => None,
        }
    }

    /// Adds a value `times` times. Where `times` is negative this takes back what was added before; afterwards the point
    /// may [be empty](Self::is_empty).
    pub fn add(&mut self, value: f64, times: f64) {
        self.count += times;
        self.sum += value * times;
        if value < 0.0 {
            self.spread = Spread::Unknown;
        } else {
            self.spread.add(value + 0.0, times);
        }
        if times >= 0.0 {
            self.minimum = self.minimum.min(value);
            self.maximum = self.maximum.max(value);
        } else {
            self.narrow(value);
        }
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.spread.merge(&other.spread);
    }

    /// True if everything that came was taken back.
    pub fn is_empty(&self) -> bool {
        match &self.spread {
            Spread::Values(values) => values.is_empty(),
            Spread::Sketch(sketch) => sketch.bins.is_empty(),
            Spread::Unknown => self.count == 0.0,
        }
    }

    /// Values ascending with how often each came; of a sketch the middles of its bins, none outside the extremes.
    /// `None` where the spread is unknown.
    pub fn weighted_values(&self) -> Option<SmallVec<[(f64, f64); VALUES_MAX]>> {
        match &self.spread {
            Spread::Values(values) => Some(values.iter().copied().collect()),
            Spread::Sketch(sketch) => {
                let within = |middle: f64| middle.clamp(self.minimum, self.maximum);
                Some(sketch.bins.iter().map(|(bin, times)| (within(middle_of(*bin)), *times)).collect())
            }
            Spread::Unknown => None,
        }
    }

    /// After `gone` was taken back: an extreme that it was is one of those that are left.
    fn narrow(&mut self, gone: f64) {
        if gone > self.minimum && gone < self.maximum {
            return;
        }
        let Some(values) = self.weighted_values() else { return };
        if let (Some(first), Some(last)) = (values.first(), values.last()) {
            (self.minimum, self.maximum) = (first.0, last.0);
        }
    }
}

impl Spread {
    fn add(&mut self, value: f64, times: f64) {
        match self {
            Self::Unknown => {}
            Self::Sketch(sketch) => sketch.add(bin_of(value), times),
            Self::Values(values) => match values.binary_search_by(|(known, _)| known.total_cmp(&value)) {
                Ok(place) => {
                    values[place].1 += times;
                    if values[place].1 == 0.0 {
                        values.remove(place);
                    }
                }
                Err(place) if values.len() < VALUES_MAX => values.insert(place, (value, times)),
                Err(_) => {
                    let mut sketch = LogSketch::of(values);
                    sketch.add(bin_of(value), times);
                    *self = Self::Sketch(Box::new(sketch));
                }
            },
        }
    }

    fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Unknown, _) => {}
            (_, Self::Unknown) => *self = Self::Unknown,
            (_, Self::Values(values)) => values.iter().for_each(|(value, times)| self.add(*value, *times)),
            (Self::Sketch(sketch), Self::Sketch(other)) => sketch.merge(other),
            (Self::Values(values), Self::Sketch(other)) => {
                let mut sketch = LogSketch::of(values);
                sketch.merge(other);
                *self = Self::Sketch(Box::new(sketch));
            }
        }
    }
}

impl LogSketch {
    /// Every bin with how often a value was in it, ascending; for encoding.
    pub fn bins(&self) -> &[(u32, f64)] {
        &self.bins
    }

    /// The sketch of these bins, which ascend; `None` if they do not, or one does not exist.
    pub fn from_bins(bins: Vec<(u32, f64)>) -> Option<Self> {
        let ascends = bins.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let exists = bins.iter().all(|(bin, times)| *bin < BIN_END && times.is_finite());
        (ascends && exists).then_some(Self { bins })
    }

    fn of(values: &[(f64, f64)]) -> Self {
        let mut sketch = Self::default();
        values.iter().for_each(|(value, times)| sketch.add(bin_of(*value), *times));
        sketch
    }

    fn add(&mut self, bin: u32, times: f64) {
        match self.bins.binary_search_by_key(&bin, |entry| entry.0) {
            Ok(place) => {
                self.bins[place].1 += times;
                if self.bins[place].1 == 0.0 {
                    self.bins.remove(place);
                }
            }
            Err(place) => self.bins.insert(place, (bin, times)),
        }
    }

    fn merge(&mut self, other: &Self) {
        other.bins.iter().for_each(|(bin, times)| self.add(*bin, *times));
    }
}

/// The bin of a value that is not negative; zero has the first for itself and what is next to nothing.
fn bin_of(value: f64) -> u32 {
    (value.to_bits() >> BIN_SHIFT) as u32
}

fn middle_of(bin: u32) -> f64 {
    if bin == 0 { 0.0 } else { f64::from_bits((u64::from(bin) << BIN_SHIFT) | (1 << (BIN_SHIFT - 1))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(values: &[f64]) -> Point {
        let mut values = values.iter();
        let mut point = Point::of(*values.next().expect("a value"), 1.0);
        values.for_each(|value| point.add(*value, 1.0));
        point
    }

    #[test]
    fn values_stay_as_they_are_up_to_eight_and_are_binned_beyond() {
        let eight = point(&[5.0, 1.0, 1.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0]);
        assert_eq!(eight.weighted_values().expect("known")[0], (1.0, 2.0));
        assert_eq!((eight.count, eight.sum, eight.minimum, eight.maximum), (9.0, 37.0, 1.0, 8.0));
        let mut nine = eight;
        nine.add(9.0, 2.0);
        assert!(matches!(&nine.spread, Spread::Sketch(sketch) if sketch.bins().len() == 9));
        let values = nine.weighted_values().expect("known");
        assert!(
            values.iter().zip(1..).all(|((value, _), exact)| (value / f64::from(exact) - 1.0).abs() < 0.008)
        );
        assert_eq!(values[8].1, 2.0);
    }

    #[test]
    fn a_negative_value_and_a_statistic_set_of_several_values_make_the_spread_unknown() {
        let set = |sample_count, sum, minimum, maximum| {
            Point::of_datum(&MetricValue::Statistics { sample_count, sum, minimum, maximum })
        };
        let is_known = |point: Option<Point>| point.map(|point| point.weighted_values().is_some());
        for (told, expected) in [
            (set(1.0, 3.0, 3.0, 3.0), Some(true)),
            (set(4.0, 12.0, 3.0, 3.0), Some(true)),
            (set(4.0, 11.0, 3.0, 3.0), Some(false)),
            (set(2.0, 5.0, 1.0, 4.0), Some(false)),
            (set(1.0, -3.0, -3.0, -3.0), Some(false)),
            (set(0.0, 0.0, 0.0, 0.0), None),
            (Point::of_datum(&MetricValue::Values(vec![(1.0, 0.0)])), None),
            (Point::of_datum(&MetricValue::Values(vec![(1.0, 0.0), (2.0, 3.0)])), Some(true)),
            (Point::of_datum(&MetricValue::Values(vec![(-1.0, 1.0), (2.0, 3.0)])), Some(false)),
        ] {
            assert_eq!(is_known(told.clone()), expected, "{told:?}");
        }
        let mut mixed = point(&[1.0]);
        mixed.merge(&set(2.0, 5.0, 1.0, 4.0).expect("counts"));
        assert_eq!((mixed.count, mixed.maximum, mixed.spread), (3.0, 4.0, Spread::Unknown));
    }

    #[test]
    fn what_was_taken_back_is_no_extreme() {
        let mut latency = point(&[1.0, 2.0, 9.0]);
        latency.add(9.0, -1.0);
        assert_eq!((latency.count, latency.sum, latency.minimum, latency.maximum), (2.0, 3.0, 1.0, 2.0));
        latency.add(1.0, -1.0);
        latency.add(2.0, -1.0);
        assert!(latency.is_empty());
    }

    #[test]
    fn bins_that_do_not_exist_are_refused() {
        for (bins, is_read) in [
            (vec![(0, 1.0), (BIN_END - 1, 1.0)], true),
            (vec![(BIN_END, 1.0)], false),
            (vec![(5, 1.0), (5, 1.0)], false),
            (vec![(6, 1.0), (5, 1.0)], false),
            (vec![(5, f64::NAN)], false),
        ] {
            assert_eq!(LogSketch::from_bins(bins.clone()).is_some(), is_read, "{bins:?}");
        }
    }

    proptest! {
        #[test]
        fn the_middle_of_a_bin_is_at_most_eight_tenths_of_a_percent_off(value in 1e-300_f64..1e108) {
            let off = (middle_of(bin_of(value)) / value - 1.0).abs();
            prop_assert!(off <= 0.008, "{off}");
        }

        #[test]
        fn merging_is_adding_in_any_order(
            left in prop::collection::vec(0_u32..40, 1..30),
            right in prop::collection::vec(0_u32..40, 1..30),
        ) {
            let floats = |values: &[u32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
            let (left, right) = (floats(&left), floats(&right));
            let mut one = point(&left);
            one.merge(&point(&right));
            let mut other = point(&right);
            other.merge(&point(&left));
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(&one, &point(&[left.clone(), right].concat()));
            for value in &left {
                one.add(*value, -1.0);
            }
            prop_assert!(!one.is_empty());
        }

        #[test]
        fn taking_back_leaves_nothing(values in prop::collection::vec(0_u32..1_000, 1..60)) {
            let mut values = values.iter().map(|value| f64::from(*value));
            let first = values.next().expect("one");
            let mut sum = Point::of(first, 1.0);
            let rest: Vec<f64> = values.collect();
            rest.iter().for_each(|value| sum.add(*value, 1.0));
            rest.iter().rev().for_each(|value| sum.add(*value, -1.0));
            sum.add(first, -1.0);
            prop_assert!(sum.is_empty());
            prop_assert_eq!((sum.count, sum.sum), (0.0, 0.0));
        }
    }
}
