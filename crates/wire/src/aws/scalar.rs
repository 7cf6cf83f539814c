//! How do times and doubles look on each protocol? Two newtypes whose form the (de)serialiser chooses.
//!
//! Both ask serde for a newtype struct of a reserved name. JSON knows nothing of the name and goes on to
//! the inner number; the Query and CBOR sides recognise it and use ISO 8601 or tag 1.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

use super::calendar;

/// Reserved newtype name of [`Timestamp`].
pub(crate) const TIMESTAMP: &str = "$Timestamp";
/// Reserved newtype name of [`Double`].
pub(crate) const DOUBLE: &str = "$Double";

/// Largest magnitude of a timestamp, in milliseconds: the end of the year 9999.
const EPOCH_MILLIS_MAX: i64 = 253_402_300_799_999;

/// A point in time: epoch seconds in JSON, tag 1 in CBOR, ISO 8601 in Query; milliseconds inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z, never leap seconds.
    pub epoch_millis: i64,
}

impl Timestamp {
    /// The point that many milliseconds after the epoch.
    pub fn from_epoch_millis(epoch_millis: i64) -> Timestamp {
        Timestamp { epoch_millis }
    }

    /// Reads ISO 8601; `None` if the text is no time.
    pub(crate) fn from_iso(text: &str) -> Option<Timestamp> {
        calendar::parse_iso_millis(text).map(Timestamp::from_epoch_millis)
    }

    /// Writes ISO 8601.
    pub(crate) fn to_iso(self) -> String {
        calendar::format_iso_millis(self.epoch_millis)
    }

    /// Seconds since the epoch with fraction; `None` beyond the year 9999 or for no number at all.
    pub(crate) fn from_epoch_seconds(seconds: f64) -> Option<Timestamp> {
        let millis = (seconds * 1000.0).round();
        (millis.abs() <= EPOCH_MILLIS_MAX as f64).then_some(Timestamp { epoch_millis: millis as i64 })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.epoch_millis % 1000 == 0 {
            serializer.serialize_newtype_struct(TIMESTAMP, &(self.epoch_millis / 1000))
        } else {
            serializer.serialize_newtype_struct(TIMESTAMP, &(self.epoch_millis as f64 / 1000.0))
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        deserializer.deserialize_newtype_struct(TIMESTAMP, TimestampVisitor)
    }
}

struct TimestampVisitor;

impl<'de> Visitor<'de> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a timestamp")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Timestamp, D::Error> {
        deserializer.deserialize_f64(self)
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
        Timestamp::from_epoch_seconds(seconds)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(seconds), &self))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
        self.visit_f64(seconds as f64)
    }
}

/// A double that may be `NaN`, `Infinity` or `-Infinity`: strings in JSON, plain floats elsewhere. What
/// is allowed is for the operation to say, in the service's words.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Double(pub f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(DOUBLE, &self.0)
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Double, D::Error> {
        deserializer.deserialize_newtype_struct(DOUBLE, DoubleVisitor)
    }
}

/// The three doubles that JSON has no number for.
pub(crate) fn special_double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

struct DoubleVisitor;

impl<'de> Visitor<'de> for DoubleVisitor {
    type Value = Double;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a double")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Double, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Double, E> {
        Ok(Double(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Double, E> {
        Ok(Double(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Double, E> {
        Ok(Double(value as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Double, E> {
        special_double(text).map(Double).ok_or_else(|| E::invalid_type(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_times_are_numbers_of_seconds() {
        for (text, expected) in [
            ("1440938160", Some(1_440_938_160_000)),
            ("1440938160.5", Some(1_440_938_160_500)),
            ("1.44093816E9", Some(1_440_938_160_000)),
            ("\"2015-08-30T12:36:00Z\"", None),
            ("1e300", None),
            ("null", None),
        ] {
            let actual = serde_json::from_str::<Timestamp>(text).ok().map(|time| time.epoch_millis);
            assert_eq!(actual, expected, "{text}");
        }
        let written =
            serde_json::to_string(&[Timestamp { epoch_millis: 2000 }, Timestamp { epoch_millis: 500 }]);
        assert_eq!(written.unwrap(), "[2,0.5]");
    }

    #[test]
    fn json_doubles_are_numbers_or_three_words() {
        for (text, expected) in [
            ("1", Some("1.0")),
            ("-2.5", Some("-2.5")),
            ("\"NaN\"", Some("NaN")),
            ("\"1\"", None),
            ("{}", None),
        ] {
            let actual = serde_json::from_str::<Double>(text).ok().map(|double| format!("{:?}", double.0));
            assert_eq!(actual.as_deref(), expected, "{text}");
        }
    }
}
