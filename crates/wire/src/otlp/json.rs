//! How are the members of OTLP's JSON spelled? Ids in hex, 64-bit numbers as texts, and a value by the name of its kind.
//!
//! These are the places where OTLP leaves the usual JSON form of protobuf or where that form is unusual
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>). `null` is as good as absent.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

use super::message::{AnyValue, Kind};

/// `null` is the default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A whole number, in quotes or not.
pub(super) fn whole<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de> + std::str::FromStr,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelling<T> {
        Number(T),
        Text(String),
    }
    match Option::deserialize(deserializer)? {
        None => Ok(T::default()),
        Some(Spelling::Number(number)) => Ok(number),
        Some(Spelling::Text(text)) => text.parse().map_err(|_| D::Error::custom("no whole number")),
    }
}

/// Bytes in hex, lower or upper case.
pub(super) fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text: String = or_default(deserializer)?;
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let byte = |pair: &[u8]| match pair {
        &[high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(byte).collect::<Option<_>>().ok_or_else(|| D::Error::custom("no hex"))
}

/// A number, or the name of one that JSON does not have.
#[derive(Deserialize)]
#[serde(untagged)]
enum Double {
    Number(f64),
    Name(String),
}

impl Double {
    fn value<E: Error>(self) -> Result<f64, E> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Name(name) => match name.as_str() {
                "NaN" => Ok(f64::NAN),
                "Infinity" => Ok(f64::INFINITY),
                "-Infinity" => Ok(f64::NEG_INFINITY),
                _ => name.parse().map_err(|_| E::invalid_value(Unexpected::Other("a text"), &"a number")),
            },
        }
    }
}

#[derive(Deserialize)]
struct Whole(#[serde(deserialize_with = "whole")] i64);

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyValueVisitor)
    }
}

struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with one value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
        let mut kind = None;
        while let Some(name) = map.next_key::<String>()? {
            let found = match name.as_str() {
                "stringValue" | "string_value" => map.next_value::<Option<_>>()?.map(Kind::Text),
                "boolValue" | "bool_value" => map.next_value::<Option<_>>()?.map(Kind::Bool),
                "intValue" | "int_value" => {
                    map.next_value::<Option<Whole>>()?.map(|Whole(whole)| Kind::Int(whole))
                }
                "doubleValue" | "double_value" => {
                    map.next_value::<Option<Double>>()?.map(Double::value).transpose()?.map(Kind::Double)
                }
                "arrayValue" | "array_value" => map.next_value::<Option<_>>()?.map(Kind::Array),
                "kvlistValue" | "kvlist_value" => map.next_value::<Option<_>>()?.map(Kind::Pairs),
                "bytesValue" | "bytes_value" => {
                    let text = map.next_value::<Option<String>>()?;
                    let bytes = text.map(|text| STANDARD.decode(text)).transpose();
                    bytes.map_err(|_| A::Error::custom("no base64"))?.map(Kind::Bytes)
                }
                _ => map.next_value::<IgnoredAny>().map(|_| None)?,
            };
            if kind.is_some() && found.is_some() {
                return Err(A::Error::custom("two values in one"));
            }
            kind = kind.or(found);
        }
        Ok(AnyValue { kind })
    }
}

/// The JSON of a reply. Empty members are left out, as the protobuf encoding leaves them out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_success: Option<PartialSuccess<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartialSuccess<'a> {
    /// A 64-bit number is a text.
    pub rejected_log_records: String,
    pub error_message: &'a str,
}

#[derive(Serialize)]
pub(super) struct Status<'a> {
    pub code: i32,
    pub message: &'a str,
}
