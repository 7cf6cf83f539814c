//! What may a metric datum say? The bounds of CloudWatch, for whoever reads one
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).

/// Most dimensions of a metric.
pub const DIMENSIONS_MAX: usize = 30;
/// Longest value of a dimension, in characters.
pub const DIMENSION_VALUE_CHARACTERS_MAX: usize = 1_024;
/// Largest magnitude of a value: 2^360.
pub const MAGNITUDE_MAX: f64 = 2.348_542_582_773_833_3e108;

/// Every unit, in the order of the service's model.
pub const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_largest_magnitude_is_a_power_of_two() {
        assert_eq!(super::MAGNITUDE_MAX.to_bits(), 2_f64.powi(360).to_bits());
    }
}
