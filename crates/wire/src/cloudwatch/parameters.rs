//! In which words does CloudWatch refuse a parameter? Checks that several of its operations share.
//!
//! A parameter is named by its path in the Query protocol, such as `Dimensions.member.1.Name`, whichever protocol the
//! request came by: so the service's recorded answers have it. Lengths and sets are those of the published model
//! (2010-08-01). Which texts are the service's and which are ours is listed in `docs/protocols/cloudwatch.md`.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use super::{
    DimensionShape, Dimensions, INVALID_NEXT_TOKEN, INVALID_PARAMETER_COMBINATION, INVALID_PARAMETER_VALUE,
    UNITS, missing_parameter,
};
use crate::aws::{AwsError, shapes};
use walletscope_model::metric::{DIMENSION_VALUE_CHARACTERS_MAX, DIMENSIONS_MAX};

/// Longest namespace, metric name, dimension name and query id, in characters.
pub(crate) const NAME_LEN_MAX: usize = 255;
/// Longest account id, in characters. The model takes any text.
pub(crate) const ACCOUNT_ID_LEN_MAX: usize = 255;
/// Longest page token, in bytes: ours, tokens are the server's own.
pub const NEXT_TOKEN_LEN_MAX: usize = 2048;
/// Most lines of a `ValidationError`: ours, a request may break many more rules.
const REFUSALS_MAX: usize = 500;
/// Periods below a minute, in seconds
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricStat.html>).
const SHORT_PERIODS_SECONDS: [u32; 5] = [1, 5, 10, 20, 30];
/// Every other period is a multiple of this, in seconds.
const MINUTE_SECONDS: u32 = 60;

/// A text that must be there; an empty one is not.
pub(crate) fn text(text: Option<String>, member: &str, len_max: usize) -> Result<String, AwsError> {
    let text = text.filter(|text| !text.is_empty()).ok_or_else(|| missing_parameter(member))?;
    check_len(&text, member, len_max)?;
    Ok(text)
}

/// A text that may be absent, but not empty.
pub(crate) fn optional_text(
    text: Option<String>,
    member: &str,
    len_max: usize,
) -> Result<Option<String>, AwsError> {
    let Some(text) = text else { return Ok(None) };
    if text.is_empty() {
        return Err(invalid(format!("The parameter {member} must be longer than 0 characters.")));
    }
    check_len(&text, member, len_max)?;
    Ok(Some(text))
}

/// A namespace that must be there.
pub(crate) fn namespace(namespace: Option<String>, member: &str) -> Result<String, AwsError> {
    let namespace = text(namespace, member, NAME_LEN_MAX)?;
    check_no_colon(&namespace, member)?;
    Ok(namespace)
}

/// A namespace that may be absent.
pub(crate) fn optional_namespace(
    namespace: Option<String>,
    member: &str,
) -> Result<Option<String>, AwsError> {
    let namespace = optional_text(namespace, member, NAME_LEN_MAX)?;
    namespace.as_deref().map_or(Ok(()), |namespace| check_no_colon(namespace, member))?;
    Ok(namespace)
}

/// The dimensions of one metric, sorted, no name twice.
pub(crate) fn dimensions(shapes: Vec<DimensionShape>, member: &str) -> Result<Dimensions, AwsError> {
    if shapes.len() > DIMENSIONS_MAX {
        return Err(too_many(member, DIMENSIONS_MAX));
    }
    let mut dimensions = Vec::with_capacity(shapes.len());
    for (place, shape) in shapes.into_iter().enumerate() {
        let member = format!("{member}.member.{}", place + 1);
        let name = text(shape.name, &format!("{member}.Name"), NAME_LEN_MAX)?;
        let value = text(shape.value, &format!("{member}.Value"), DIMENSION_VALUE_CHARACTERS_MAX)?;
        dimensions.push((name, value));
    }
    dimensions.sort_unstable();
    if dimensions.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(invalid(format!("No dimension name in {member} may be given twice.")));
    }
    Ok(dimensions)
}

/// One of [`UNITS`], if it is there.
pub(crate) fn unit(unit: Option<&str>, member: &str) -> Result<Option<&'static str>, AwsError> {
    let known = |unit| UNITS.into_iter().find(|known| *known == unit);
    unit.map(|unit| known(unit).ok_or_else(|| not_in_set(member, &UNITS))).transpose()
}

/// What a word of a set means.
pub(crate) fn one_of<T: Copy>(word: &str, member: &str, set: &[(&'static str, T)]) -> Result<T, AwsError> {
    let found = set.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning);
    found.ok_or_else(|| not_in_set(member, &set.iter().map(|(known, _)| *known).collect::<Vec<_>>()))
}

/// A period that must be there, in seconds.
pub(crate) fn period_seconds(period: Option<i32>, member: &str) -> Result<u32, AwsError> {
    let period = u32::try_from(period.ok_or_else(|| missing_parameter(member))?).unwrap_or_default();
    let whole_minutes = period > 0 && period.is_multiple_of(MINUTE_SECONDS);
    if whole_minutes || SHORT_PERIODS_SECONDS.contains(&period) {
        return Ok(period);
    }
    Err(invalid(format!("The parameter {member} must be 1, 5, 10, 20, 30 or a multiple of 60.")))
}

/// A page token that may be absent. `refusal` is the operation's own error for one that nobody here gave out.
pub(crate) fn next_token(
    token: Option<String>,
    refusal: fn() -> AwsError,
) -> Result<Option<String>, AwsError> {
    match token {
        Some(token) if token.is_empty() || token.len() > NEXT_TOKEN_LEN_MAX => Err(refusal()),
        token => Ok(token),
    }
}

/// `InvalidNextToken`, of operations whose model has that error.
pub fn invalid_next_token() -> AwsError {
    AwsError::new(&INVALID_NEXT_TOKEN, "Request parameter NextToken is invalid")
}

/// `InvalidParameterValue` of a page token, of the other operations.
pub fn invalid_token_value() -> AwsError {
    invalid("Request parameter NextToken is invalid")
}

pub(crate) fn check_len(text: &str, member: &str, len_max: usize) -> Result<(), AwsError> {
    if text.len() > len_max && text.chars().count() > len_max {
        let message = format!("The parameter {member} must be shorter than {} characters.", len_max + 1);
        return Err(invalid(message));
    }
    Ok(())
}

fn check_no_colon(namespace: &str, member: &str) -> Result<(), AwsError> {
    if namespace.starts_with(':') {
        return Err(invalid(format!("The value for parameter {member} must not start with a colon.")));
    }
    Ok(())
}

pub(crate) fn not_in_set(member: &str, set: &[&str]) -> AwsError {
    invalid(format!("The parameter {member} must be a value in the set [ {} ].", set.join(", ")))
}

pub(crate) fn too_many(collection: &str, len_max: usize) -> AwsError {
    invalid(format!("The collection {collection} must not have a size greater than {len_max}."))
}

pub(crate) fn exclusive(first: &str, second: &str) -> AwsError {
    let message =
        format!("The parameters {first} and {second} are mutually exclusive and you have specified both.");
    AwsError::new(&INVALID_PARAMETER_COMBINATION, message)
}

pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> AwsError {
    AwsError::new(&INVALID_PARAMETER_VALUE, message)
}

/// All that is wrong with a request, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Vec<AwsError>);

impl Refusals {
    /// The value of a check that passed; the error of one that did not is noted.
    pub(crate) fn keep<T>(&mut self, checked: Result<T, AwsError>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(error) => {
                if self.0.len() < REFUSALS_MAX {
                    self.0.push(error);
                }
                None
            }
        }
    }

    /// The value that the checks built, unless one of them failed: then one `ValidationError` with a line for each.
    pub(crate) fn into_validated<T>(self, value: Option<T>) -> Result<T, AwsError> {
        match value.filter(|_| self.0.is_empty()) {
            Some(value) => Ok(value),
            None => {
                let lines: String = self.0.iter().map(|error| format!("{}\n", error.message)).collect();
                Err(AwsError::new(&shapes::VALIDATION, lines))
            }
        }
    }

    /// The value that the checks built, or the first of their errors as it is.
    pub(crate) fn into_first<T>(self, value: T) -> Result<T, AwsError> {
        self.0.into_iter().next().map_or(Ok(value), Err)
    }
}

/// Reads a list that some clients send as `null` when it is absent.
pub(crate) fn null_as_absent<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_the_five_short_ones_and_whole_minutes() {
        for (period, allowed) in [
            (Some(1), true),
            (Some(5), true),
            (Some(10), true),
            (Some(20), true),
            (Some(30), true),
            (Some(60), true),
            (Some(3600), true),
            (Some(2_147_483_640), true),
            (Some(0), false),
            (Some(-60), false),
            (Some(2), false),
            (Some(40), false),
            (Some(61), false),
            (Some(90), false),
            (Some(i32::MAX), false),
            (Some(i32::MIN), false),
            (None, false),
        ] {
            assert_eq!(period_seconds(period, "Period").is_ok(), allowed, "{period:?}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(text(Some("é".repeat(255)), "M", NAME_LEN_MAX).is_ok());
        let error = text(Some("é".repeat(256)), "M", NAME_LEN_MAX).expect_err("too long");
        assert_eq!(error.message, "The parameter M must be shorter than 256 characters.");
        let error = optional_text(Some(String::new()), "M", NAME_LEN_MAX).expect_err("empty");
        assert_eq!(error.message, "The parameter M must be longer than 0 characters.");
        assert_eq!(optional_text(None, "M", NAME_LEN_MAX), Ok(None));
    }

    #[test]
    fn tokens_are_bounded() {
        let of =
            |len: usize| next_token(Some("t".repeat(len)), invalid_next_token).map(|token| token.is_some());
        assert_eq!(of(NEXT_TOKEN_LEN_MAX), Ok(true));
        for len in [0, NEXT_TOKEN_LEN_MAX + 1] {
            assert_eq!(of(len).expect_err("refused").shape.query_code, "InvalidNextToken");
        }
    }

    #[test]
    fn null_is_an_absent_list() {
        #[derive(Deserialize)]
        struct Shape {
            #[serde(default, deserialize_with = "null_as_absent")]
            list: Vec<i32>,
        }
        for (json, expected) in [
            ("{}", Some(0)),
            (r#"{"list":null}"#, Some(0)),
            (r#"{"list":[1]}"#, Some(1)),
            (r#"{"list":1}"#, None),
        ] {
            let len = serde_json::from_str::<Shape>(json).ok().map(|shape| shape.list.len());
            assert_eq!(len, expected, "{json}");
        }
    }
}
