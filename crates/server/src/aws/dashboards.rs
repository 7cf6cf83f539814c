//! How do CloudWatch's dashboards behave here?
//!
//! Putting and deleting are commands that the stream's step answers. A body is kept as it came or refused: with a card
//! number cut out of it, it would mean something else than its author wrote.

use walletscope_model::{Body, Command};
use walletscope_stream::Answer;
use walletscope_stream::dashboard::{BODIES_BYTES_MAX, DASHBOARDS_MAX};
use walletscope_wire::aws::{AwsError, Response, Timestamp, shapes};
use walletscope_wire::cloudwatch::dashboards::DASHBOARDS_PAGE_MAX;
use walletscope_wire::cloudwatch::{self, DashboardEntry};

use super::{Caller, Door, Prepared};

// All dashboards fit into one page, so no token was ever given out.
const _: () = assert!(DASHBOARDS_MAX <= DASHBOARDS_PAGE_MAX);

pub(crate) fn put(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::PutDashboardRequest,
) -> Result<Prepared, AwsError> {
    let dashboard = request.validate()?;
    let guard = |text: &str, field| door.guard(caller, field, text);
    let body = guard(&dashboard.body, "dashboard_body");
    if *body != *dashboard.body {
        return Err(cloudwatch::dashboard_holds_card_number());
    }
    let name = guard(&dashboard.name, "dashboard_name");
    if *name != *dashboard.name {
        // Two names may be cut to the same one.
        let message = "The value for field DashboardName must not hold a card number.";
        return Err(AwsError::new(&cloudwatch::INVALID_PARAMETER_VALUE, message));
    }
    let tags = dashboard.tags.iter().map(|(name, value)| (guard(name, "tag"), guard(value, "tag")));
    let command = Command::PutDashboard { name, tags: tags.collect(), body };
    Ok(Prepared::Execute(Body::Command(command), |answer| match answer {
        Answer::Done => Ok(Response::PutDashboard(cloudwatch::PutDashboardResponse::default())),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn get(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::GetDashboardRequest,
) -> Result<Prepared, AwsError> {
    let name = request.validate()?;
    let (account, name) = (&caller.origin.account, door.guard(caller, "dashboard_name", &name));
    let catalog = door.catalog();
    let dashboard =
        catalog.dashboards.get(account, &name).ok_or_else(|| cloudwatch::dashboard_not_found(&name))?;
    Ok(Prepared::Answer(Response::GetDashboard(cloudwatch::GetDashboardResponse {
        dashboard_arn: arn(account, &name),
        dashboard_body: dashboard.body.to_string(),
        dashboard_name: name.into(),
    })))
}

pub(crate) fn list(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::ListDashboardsRequest,
) -> Result<Prepared, AwsError> {
    let request = request.validate()?;
    if request.next_token.is_some() {
        return Err(cloudwatch::invalid_token_value());
    }
    let (account, catalog) = (&caller.origin.account, door.catalog());
    let wanted = catalog.dashboards.of_account(account).filter(|(name, _)| name.starts_with(&request.prefix));
    let entries = wanted.map(|(name, dashboard)| DashboardEntry {
        dashboard_name: name.to_owned(),
        dashboard_arn: arn(account, name),
        last_modified: Timestamp::from_epoch_millis(dashboard.modified_at.millis()),
        size: i64::try_from(dashboard.body.len()).unwrap_or(i64::MAX),
    });
    let dashboard_entries = entries.collect();
    let page = cloudwatch::ListDashboardsResponse { dashboard_entries, next_token: None };
    Ok(Prepared::Answer(Response::ListDashboards(page)))
}

pub(crate) fn delete(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::DeleteDashboardsRequest,
) -> Result<Prepared, AwsError> {
    let guard = |name: String| door.guard(caller, "dashboard_name", &name);
    let names: Vec<Box<str>> = request.validate()?.into_iter().map(guard).collect();
    let (account, catalog) = (&caller.origin.account, door.catalog());
    // The step decides; should a dashboard go before it, the first name stands for the one that is missing.
    let missing = names.iter().find(|name| catalog.dashboards.get(account, name).is_none());
    let missing = missing.or(names.first()).cloned().unwrap_or_default();
    Ok(Prepared::ExecuteFor(
        Body::Command(Command::DeleteDashboards { names }),
        Box::new(move |answer| match answer {
            Answer::Done => Ok(Response::DeleteDashboards(cloudwatch::DeleteDashboardsResponse {})),
            Answer::NoSuchDashboard => Err(cloudwatch::dashboard_not_found(&missing)),
            answer => Err(refused(answer)),
        }),
    ))
}

fn refused(answer: Answer) -> AwsError {
    match answer {
        Answer::LimitReached => AwsError::new(
            &cloudwatch::LIMIT_EXCEEDED,
            format!(
                "There may be {DASHBOARDS_MAX} dashboards, whose bodies together have {} MiB.",
                BODIES_BYTES_MAX >> 20
            ),
        ),
        _ => AwsError::new(&shapes::INTERNAL, "unexpected answer"),
    }
}

/// Dashboards have no region.
fn arn(account: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch::{account}:dashboard/{name}")
}
