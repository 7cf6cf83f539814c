//! Which functions are there that DataFusion does not have, or has with another meaning?
//!
//! What can be said in SQL is said in SQL, by a rewrite; here is the rest. All of them are one type, [`Rule`], over
//! arrays, so that each function is its types and its loop and nothing else. Null in, null out.

mod clock;
mod collect;
mod date_math;
mod date_text;
mod json;
mod pattern;
mod quantile;
mod rule;
mod share;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

/// Every scalar function to register, in the place of a built-in one of its name.
pub(crate) fn all() -> Vec<Arc<ScalarUDF>> {
    [date_math::rules(), date_text::rules(), json::rules(), collect::rules(), share::rules()]
        .into_iter()
        .flatten()
        .map(|rule| Arc::new(ScalarUDF::new_from_impl(rule)))
        .collect()
}

/// Every aggregate to register.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    vec![Arc::new(AggregateUDF::new_from_impl(quantile::PercentileOfDurations::default()))]
}
