//! How are log groups tagged? By name, as it was at first, or by ARN.

use walletscope_model::{Body, Command};
use walletscope_stream::Answer;
use walletscope_wire::aws::{AwsError, NoOutput, Response};
use walletscope_wire::logs;

use super::logs::{group_key, group_of_identifier, refused};
use super::{Caller, Door, Prepared};

pub(crate) fn tag_group(
    door: &Door,
    caller: &Caller,
    request: &logs::TagLogGroupRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    Ok(Prepared::Execute(tag(door, caller, &request.log_group_name, &request.tags), |answer| match answer {
        Answer::Done => Ok(Response::TagLogGroup(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn tag_resource(
    door: &Door,
    caller: &Caller,
    request: &logs::TagResourceRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let name = group_of_identifier(&request.resource_arn);
    Ok(Prepared::Execute(tag(door, caller, name, &request.tags), |answer| match answer {
        Answer::Done => Ok(Response::TagResource(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn untag_group(
    door: &Door,
    caller: &Caller,
    request: &logs::UntagLogGroupRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    Ok(Prepared::Execute(
        untag(door, caller, &request.log_group_name, &request.tags),
        |answer| match answer {
            Answer::Done => Ok(Response::UntagLogGroup(NoOutput)),
            answer => Err(refused(answer)),
        },
    ))
}

pub(crate) fn untag_resource(
    door: &Door,
    caller: &Caller,
    request: &logs::UntagResourceRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let name = group_of_identifier(&request.resource_arn);
    Ok(Prepared::Execute(untag(door, caller, name, &request.tag_keys), |answer| match answer {
        Answer::Done => Ok(Response::UntagResource(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn list_of_group(
    door: &Door,
    caller: &Caller,
    request: &logs::ListTagsLogGroupRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    tags(door, caller, &request.log_group_name).map(|tags| Prepared::Answer(Response::ListTagsLogGroup(tags)))
}

pub(crate) fn list_of_resource(
    door: &Door,
    caller: &Caller,
    request: &logs::ListTagsForResourceRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let name = group_of_identifier(&request.resource_arn);
    tags(door, caller, name).map(|tags| Prepared::Answer(Response::ListTagsForResource(tags)))
}

fn tag(door: &Door, caller: &Caller, group: &str, tags: &std::collections::BTreeMap<String, String>) -> Body {
    let guard = |text: &str| door.guard(caller, "tag", text);
    let tags = tags.iter().map(|(name, value)| (guard(name), guard(value))).collect();
    Body::Command(Command::TagLogGroup { group: door.guard(caller, "log_group_name", group), tags })
}

fn untag(door: &Door, caller: &Caller, group: &str, names: &[String]) -> Body {
    let names = names.iter().map(|name| door.guard(caller, "tag", name)).collect();
    Body::Command(Command::UntagLogGroup { group: door.guard(caller, "log_group_name", group), names })
}

fn tags(door: &Door, caller: &Caller, group: &str) -> Result<logs::TagsResponse, AwsError> {
    let catalog = door.catalog();
    let group = catalog.group(&group_key(caller, group)).ok_or_else(logs::group_not_found)?;
    let tags = group.tags.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Ok(logs::TagsResponse { tags })
}
