//! How do subscription filters of CloudWatch Logs behave here?
//!
//! As at AWS, but that the destination is the URL of an HTTP endpoint which takes what Data Firehose sends. Before one is
//! put, the endpoint is asked whether it takes deliveries, as AWS asks its own destinations
//! (`docs/protocols/subscription-filters.md`).

use walletscope_language::filter_pattern::Pattern;
use walletscope_model::{Body, Command, SubscriptionFilterDefinition};
use walletscope_stream::Answer;
use walletscope_stream::metric_filter::FilterError;
use walletscope_stream::subscription_filter::SubscriptionFilter;
use walletscope_wire::aws::{AwsError, NoOutput, Response};
use walletscope_wire::logs::{self, INVALID_PARAMETER, subscription_filters::DISTRIBUTIONS};

use super::logs::{cut_page, group_key, page_size, parse_token, refused};
use super::metric_filters::invalid;
use super::{Caller, Door, Prepared};

pub(crate) fn put(
    door: &Door,
    caller: &Caller,
    request: &logs::PutSubscriptionFilterRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let guard = |text: &str, field| door.guard(caller, field, text);
    let group = guard(&request.log_group_name, "log_group_name");
    let key = group_key(caller, &group);
    door.catalog().group(&key).ok_or_else(logs::group_not_found)?;
    let filter = SubscriptionFilterDefinition {
        name: guard(&request.filter_name, "filter_name"),
        pattern: guard(&request.filter_pattern, "filter_pattern"),
        destination: request.destination_arn.as_str().into(),
        role_arn: request.role_arn.as_deref().map(|role| guard(role, "role_arn")),
        distribution: request.distribution.as_deref().unwrap_or(DISTRIBUTIONS[0]).into(),
    };
    Pattern::parse(&filter.pattern).map_err(|error| invalid(&FilterError::Pattern(error)))?;
    if !door.catalog().subscription_filters.has_room_for(&key, &filter.name) {
        return Err(logs::limit_exceeded());
    }
    let deliveries = door.deliveries();
    let not_delivered = |reason: String| {
        let words = format!("Could not deliver test message to specified destination: {reason}.");
        AwsError::new(&INVALID_PARAMETER, words)
    };
    let (name, destination) = (filter.name.clone(), filter.destination.clone());
    let check = async move { deliveries.ask(&key, &name, &destination).await.map_err(not_delivered) };
    Ok(Prepared::ExecuteIf {
        check: Box::pin(check),
        body: Body::Command(Command::PutSubscriptionFilter { group, filter: Box::new(filter) }),
        meaning: |answer| match answer {
            Answer::Done => Ok(Response::PutSubscriptionFilter(NoOutput)),
            answer => Err(refused(answer)),
        },
    })
}

pub(crate) fn delete(
    door: &Door,
    caller: &Caller,
    request: &logs::DeleteSubscriptionFilterRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = door.guard(caller, "log_group_name", &request.log_group_name);
    let name = door.guard(caller, "filter_name", &request.filter_name);
    let command = Command::DeleteSubscriptionFilter { group, name };
    Ok(Prepared::Execute(Body::Command(command), |answer| match answer {
        Answer::Done => Ok(Response::DeleteSubscriptionFilter(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn describe(
    door: &Door,
    caller: &Caller,
    request: &logs::DescribeSubscriptionFiltersRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let catalog = door.catalog();
    let key = group_key(caller, &request.log_group_name);
    catalog.group(&key).ok_or_else(logs::group_not_found)?;
    let after = parse_token(request.next_token.as_deref())?;
    let prefix = request.filter_name_prefix.as_deref().unwrap_or_default();
    let wanted = catalog.subscription_filters.of_group(&key).filter(|filter| {
        let name = &*filter.stored.definition.name;
        name.starts_with(prefix) && after.is_none_or(|after| name > after)
    });
    let page = page_size(request.limit);
    let mut subscription_filters: Vec<_> =
        wanted.take(page + 1).map(|filter| filter_answer(&key.name, filter)).collect();
    let next_token = cut_page(&mut subscription_filters, page, |filter| filter.filter_name.clone());
    Ok(Prepared::Answer(Response::DescribeSubscriptionFilters(logs::DescribeSubscriptionFiltersResponse {
        subscription_filters,
        next_token,
    })))
}

fn filter_answer(group: &str, filter: &SubscriptionFilter) -> logs::SubscriptionFilter {
    let definition = &filter.stored.definition;
    logs::SubscriptionFilter {
        filter_name: definition.name.to_string(),
        log_group_name: group.to_owned(),
        filter_pattern: definition.pattern.to_string(),
        destination_arn: definition.destination.to_string(),
        role_arn: definition.role_arn.as_deref().map(str::to_owned),
        distribution: definition.distribution.to_string(),
        apply_on_transformed_logs: false,
        creation_time: filter.stored.created_at.millis(),
    }
}
