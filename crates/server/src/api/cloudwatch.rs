//! /api/v1/cloudwatch: what do metrics say, which are there, and what do they cost?
//!
//! The same questions that AWS clients ask, for pages: queries are those of GetMetricData, so what a page asks can be copied
//! into a program.

pub(super) mod cardinality;
pub(super) mod data;
pub(super) mod list;

use walletscope_model::Provenance;

use super::Api;
use crate::metrics::Metrics;

impl Api {
    /// The metrics of the account, in the region that the server answers as.
    fn metrics(&self) -> Metrics {
        let (view, catalog) = (self.shared.view.load_full(), self.shared.catalog.load_full());
        Metrics { view, catalog, account: self.place.account.clone(), region: self.place.region.clone() }
    }
}

/// Who says a metric, for a page.
fn said_by(is_of_attempts: bool) -> &'static str {
    if is_of_attempts { Provenance::Attempt.name() } else { "written" }
}
