//! What is answered for the services that Grafana's CloudWatch data source asks besides?
//!
//! A data source has one endpoint for all of AWS, so it asks here for regions, tagged resources and linked accounts. There
//! is one account and nothing that is tagged but log groups, which it does not ask for: it gets honest, short answers.

use std::collections::BTreeSet;

use walletscope_wire::aws::{AwsError, Response};
use walletscope_wire::{ec2, oam, tagging};

use super::{Caller, Door, Prepared};

/// The caller's region and all that telemetry came from.
pub(crate) fn regions(
    door: &Door,
    caller: &Caller,
    request: ec2::DescribeRegionsRequest,
) -> Result<Prepared, AwsError> {
    let wanted = request.validate()?;
    let view = door.view();
    let catalog = door.catalog();
    let groups = catalog.metric_filters.iter().map(|(group, _)| &*group.region);
    let series = view.series.iter().map(|(_, identity, _)| &*identity.region);
    let names: BTreeSet<&str> = groups.chain(series).chain([&*caller.origin.region]).collect();
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(name.as_str())) {
        let message = format!("Invalid region provided: {unknown}");
        return Err(AwsError::new(&ec2::INVALID_PARAMETER_VALUE, message));
    }
    let is_wanted =
        |name: &&str| !name.is_empty() && (wanted.is_empty() || wanted.iter().any(|each| each == name));
    let region = |name: &str| ec2::Region {
        region_name: name.to_owned(),
        region_endpoint: String::new(),
        opt_in_status: "opt-in-not-required".to_owned(),
    };
    let regions = names.into_iter().filter(is_wanted).map(region).collect();
    Ok(Prepared::Answer(Response::DescribeRegions(ec2::DescribeRegionsResponse { regions })))
}

/// None: there are no instances here.
pub(crate) fn resources(request: &tagging::GetResourcesRequest) -> Result<Prepared, AwsError> {
    request.validate()?;
    let none = tagging::GetResourcesResponse {
        pagination_token: String::new(),
        resource_tag_mapping_list: Vec::new(),
    };
    Ok(Prepared::Answer(Response::GetResources(none)))
}

/// None: no account is linked to another.
pub(crate) fn sinks(request: &oam::ListSinksRequest) -> Result<Prepared, AwsError> {
    request.validate()?;
    Ok(Prepared::Answer(Response::ListSinks(oam::ListSinksResponse { items: Vec::new(), next_token: None })))
}

/// There is no sink that could have any.
pub(crate) fn links(request: &oam::ListAttachedLinksRequest) -> Result<Prepared, AwsError> {
    request.validate()?;
    Err(oam::sink_not_found())
}
