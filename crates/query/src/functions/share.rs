//! How sure is a share of a whole?
//!
//! The ends of the Wilson 95 % interval, from the one definition in the model, so that SQL shows what the cards show.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Int64Type};
use walletscope_model::measure::Rate;

use super::clock;
use super::rule::{Rule, count};

pub(super) fn rules() -> Vec<Rule> {
    let share = |_: &[DataType], _: &[Option<&str>]| Ok(DataType::Float64);
    vec![
        Rule::new("wilson_low", takes, share, |arrays, _| ends(arrays, |interval| interval.0)),
        Rule::new("wilson_high", takes, share, |arrays, _| ends(arrays, |interval| interval.1)),
    ]
}

fn takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 2, 2)?;
    types.iter().map(clock::whole_type).collect()
}

/// Null where the whole is zero or either is below it: nothing is known of a share of nothing.
fn ends(arrays: &[ArrayRef], end: fn((f64, f64)) -> f64) -> Result<ArrayRef, String> {
    let (parts, wholes) = (arrays[0].as_primitive::<Int64Type>(), arrays[1].as_primitive::<Int64Type>());
    let of = |(part, whole): (Option<i64>, Option<i64>)| {
        let (part, whole) = (u64::try_from(part?).ok()?, u64::try_from(whole?).ok()?);
        Rate::of(part, whole).interval.map(end)
    };
    Ok(Arc::new(parts.iter().zip(wholes.iter()).map(of).collect::<Float64Array>()))
}
