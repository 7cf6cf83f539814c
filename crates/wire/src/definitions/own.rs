//! What does a document in this product's own form define?
//!
//! `walletscope: 1`, and lists of definitions whose members are named as in AWS's JSON. Everything that the product
//! can apply can be written so.

use super::error::{Problem, Wrong};
use super::lint::Sink;
use super::members::{Members, Spelling, text};
use super::node::Node;
use super::resource;

/// The one version.
const VERSION: &str = "1";

/// Reads a document that has a member `walletscope`.
pub(super) fn read(document: &Node, sink: &mut Sink) -> Result<(), Wrong> {
    let mut members = Members::of(document, "the document", Spelling::Camel)?;
    let version = members.required("walletscope")?;
    let found = text(version, "walletscope")?;
    if found != VERSION {
        return Err(version.at.wrong(Problem::UnknownVersion { found: found.to_owned() }));
    }
    for node in members.list("logGroups")? {
        resource::log_group(Members::of(node, "a log group", Spelling::Camel)?, None, sink)?;
    }
    for node in members.list("metricFilters")? {
        resource::metric_filter(Members::of(node, "a metric filter", Spelling::Camel)?, None, sink)?;
    }
    for node in members.list("dashboards")? {
        resource::dashboard(Members::of(node, "a dashboard", Spelling::Camel)?, None, sink)?;
    }
    for node in members.list("savedQueries")? {
        resource::saved_query(Members::of(node, "a saved query", Spelling::Camel)?, sink)?;
    }
    for node in members.list("anomalyDetectors")? {
        let detector = Members::of(node, "an anomaly detector", Spelling::Camel)?;
        if !resource::anomaly_detector(detector, sink)? {
            return Err(resource::expression_not_read(node));
        }
    }
    members.finish(sink);
    Ok(())
}
