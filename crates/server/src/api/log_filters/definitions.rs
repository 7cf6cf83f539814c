//! /api/v1/logs/metric-filters: which metric filters are there? Putting and deleting them.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use walletscope_model::{Body, Command, MetricFilterDefinition, Origin};
use walletscope_stream::metric_filter::{FilterError, MetricFilter, compile, mode_of};
use walletscope_stream::{Answer, GroupKey};
use walletscope_wire::logs as wire;

use super::{LogFiltersState, place, read, whole};
use crate::api::Caller;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::query::{Query, bad_value};
use crate::pipeline::{Refusal, Reply, Submission};

/// The source of definitions that come by this API.
const SOURCE: &str = "api";

/// Every metric filter of the account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricFiltersAnswer {
    /// By group and name.
    metric_filters: Vec<MetricFilterShown>,
}

/// A metric filter.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct MetricFilterShown {
    group: String,
    region: String,
    name: String,
    pattern: String,
    metric_namespace: String,
    metric_name: String,
    /// A number, or where in an event it stands.
    metric_value: String,
    /// The value of a minute with events of which none matched.
    default_value: Option<f64>,
    unit: Option<String>,
    /// Names, and where in an event their values stand.
    dimensions: BTreeMap<String, String>,
    /// RFC 3339.
    created_at: String,
}

/// A metric filter to put.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api) struct MetricFilterToPut {
    /// A log group that exists.
    group: String,
    name: String,
    pattern: String,
    metric_namespace: String,
    metric_name: String,
    metric_value: String,
    default_value: Option<f64>,
    unit: Option<String>,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
}

/// Which filters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(in crate::api) struct FiltersOf {
    /// Those of this log group alone.
    group: Option<String>,
}

/// Which filter.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(in crate::api) struct FilterToDelete {
    /// Its log group.
    group: String,
    /// Its name.
    name: String,
}

/// Which metric filters are there?
#[utoipa::path(
    get, path = "/api/v1/logs/metric-filters", tag = "logs", operation_id = "metric_filters",
    params(FiltersOf),
    responses((status = 200, body = MetricFiltersAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn list(
    State(state): State<LogFiltersState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<MetricFiltersAnswer>, ApiError> {
    Caller::known(caller)?;
    let query = Query::read(&uri, &[&["group"]])?;
    let group = query.one("group")?;
    let catalog = state.shared.catalog.load_full();
    let own = catalog
        .metric_filters
        .iter()
        .filter(|(key, _)| *key.account == *state.account && group.is_none_or(|group| *key.name == *group));
    Ok(Json(MetricFiltersAnswer { metric_filters: own.map(|(key, filter)| shown(key, filter)).collect() }))
}

/// Creates a metric filter, or takes the place of the one of its name in its group.
#[utoipa::path(
    put, path = "/api/v1/logs/metric-filters", tag = "logs", operation_id = "put_metric_filter",
    request_body = MetricFilterToPut,
    responses((status = 200, body = MetricFilterShown), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn put(
    State(state): State<LogFiltersState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<MetricFilterShown>, ApiError> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let given: MetricFilterToPut = read(body, EXPECTED)?;
    let key = group_key(&state, &given.group)?;
    check_as_aws(&given)?;
    let filter = definition(given)?;
    let rules = state.shared.view.load().clock.rules.clone();
    compile(&filter, mode_of(&rules, &key.account)).map_err(|error| refused(&filter, error))?;
    let (group, name) = (key.name.clone(), filter.name.clone());
    execute(&state, &caller, &key, Command::PutMetricFilter { group, filter: Box::new(filter) }).await?;
    let catalog = state.shared.catalog.load_full();
    let stored = catalog.metric_filters.of_group(&key).find(|filter| filter.definition.name == name);
    let stored =
        stored.ok_or_else(|| ApiError::Failed { reason: "a filter that was put is gone".to_owned() })?;
    Ok(Json(shown(&key, stored)))
}

/// Deletes a metric filter.
#[utoipa::path(
    delete, path = "/api/v1/logs/metric-filters", tag = "logs", operation_id = "delete_metric_filter",
    params(FilterToDelete),
    responses((status = 204, description = "It is gone"), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn delete(
    State(state): State<LogFiltersState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<axum::http::StatusCode, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["group", "name"]])?;
    let needed = |parameter| {
        let value = query.one(parameter)?;
        value.ok_or_else(|| bad_value(parameter, "", "the name of an existing one"))
    };
    let (group, name) = (needed("group")?, needed("name")?);
    let key = group_key(&state, group)?;
    execute(
        &state,
        &caller,
        &key,
        Command::DeleteMetricFilter { group: key.name.clone(), name: name.into() },
    )
    .await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

const EXPECTED: &str = "the body must be JSON such as {\"group\": \"/aws/lambda/f\", \"name\": \"errors\", \
     \"pattern\": \"ERROR\", \"metricNamespace\": \"N\", \"metricName\": \"Errors\", \"metricValue\": \"1\"}";

/// The group of this name: the one of the settings' region where several regions have it.
fn group_key(state: &LogFiltersState, name: &str) -> Result<GroupKey, ApiError> {
    let catalog = state.shared.catalog.load_full();
    let mut named = catalog
        .groups()
        .map(|(key, _)| key)
        .filter(|key| *key.account == *state.account && *key.name == *name)
        .collect::<Vec<_>>();
    named.sort_by_key(|key| *key.region != *state.region);
    let key = named.first().map(|key| (*key).clone());
    key.ok_or_else(|| bad_value("group", name, "the name of a log group that exists"))
}

/// The checks of names and lengths that PutMetricFilter makes, in its words.
fn check_as_aws(given: &MetricFilterToPut) -> Result<(), ApiError> {
    let request = wire::PutMetricFilterRequest {
        log_group_name: given.group.clone(),
        filter_name: given.name.clone(),
        filter_pattern: given.pattern.clone(),
        metric_transformations: vec![wire::MetricTransformation {
            metric_name: given.metric_name.clone(),
            metric_namespace: given.metric_namespace.clone(),
            metric_value: given.metric_value.clone(),
            default_value: given.default_value.map(walletscope_wire::aws::Double),
            dimensions: given.dimensions.clone(),
            unit: given.unit.clone(),
        }],
        ..wire::PutMetricFilterRequest::default()
    };
    request.validate().map(drop).map_err(|error| bad_value("filter", "", &error.message))
}

fn definition(given: MetricFilterToPut) -> Result<MetricFilterDefinition, ApiError> {
    let dimension = |(name, from): (&String, &String)| {
        Ok::<_, ApiError>((whole("dimensions", name)?, whole("dimensions", from)?))
    };
    Ok(MetricFilterDefinition {
        name: whole("name", &given.name)?,
        pattern: whole("pattern", &given.pattern)?,
        namespace: whole("metricNamespace", &given.metric_namespace)?,
        metric: whole("metricName", &given.metric_name)?,
        value: whole("metricValue", &given.metric_value)?,
        default_value: given.default_value,
        unit: given.unit.map(Into::into),
        dimensions: given.dimensions.iter().map(dimension).collect::<Result<_, _>>()?,
    })
}

fn refused(filter: &MetricFilterDefinition, error: FilterError) -> ApiError {
    match error {
        FilterError::Pattern(error) => ApiError::BadPattern {
            parameter: "pattern",
            at: place(&filter.pattern, &error),
            problem: error.problem.to_string(),
        },
        FilterError::Transformation(error) => bad_value("transformation", "", &error.to_string()),
    }
}

async fn execute(
    state: &LogFiltersState,
    caller: &Caller,
    key: &GroupKey,
    command: Command,
) -> Result<(), ApiError> {
    let origin = Origin {
        account: key.account.clone(),
        region: key.region.clone(),
        source: SOURCE.into(),
        tenant: caller.tenant.clone(),
    };
    let submission =
        Submission { origin, invocation_id: "".into(), body: Body::Command(command), answer: Vec::new() };
    let limit = "at most 100 filters of a group, five of them with a regular expression";
    match state.ingest.submit(submission).await {
        Ok(Reply::Stepped(Answer::NoSuchGroup)) => {
            Err(bad_value("group", &key.name, "the name of a log group that exists"))
        }
        Ok(Reply::Stepped(Answer::NoSuchFilter)) => {
            Err(bad_value("name", "", "the name of a filter that exists"))
        }
        Ok(Reply::Stepped(Answer::LimitReached)) => Err(bad_value("filter", "one more", limit)),
        Ok(Reply::Stepped(Answer::Refused)) => {
            Err(bad_value("filter", "", "a definition that means something"))
        }
        Ok(_) => Ok(()),
        Err(Refusal::Throttled) => Err(ApiError::TooManySearches),
        Err(Refusal::TooLarge) => Err(bad_value("filter", "", "a shorter definition")),
        Err(Refusal::Poisoned) => Err(ApiError::Stopping),
    }
}

fn shown(key: &GroupKey, filter: &MetricFilter) -> MetricFilterShown {
    let definition = &filter.definition;
    let dimensions = definition.dimensions.iter();
    MetricFilterShown {
        group: key.name.to_string(),
        region: key.region.to_string(),
        name: definition.name.to_string(),
        pattern: definition.pattern.to_string(),
        metric_namespace: definition.namespace.to_string(),
        metric_name: definition.metric.to_string(),
        metric_value: definition.value.to_string(),
        default_value: definition.default_value,
        unit: definition.unit.as_deref().map(str::to_owned),
        dimensions: dimensions.map(|(name, from)| (name.to_string(), from.to_string())).collect(),
        created_at: filter.created_at.rfc3339(),
    }
}
