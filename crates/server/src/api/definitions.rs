//! POST /api/v1/definitions: what has to be done so that everything is as these files say? And, if asked to, doing it.
//!
//! Files are read, compared with what is there, and applied by the same commands that single calls send. Nothing is
//! applied where a file means nothing; a step that fails ends the rest, and those before it stay done: sending the files
//! again goes on from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use walletscope_guard::guard;
use walletscope_model::{Body, Origin};
use walletscope_stream::Answer;
use walletscope_wire::definitions::{Context, read_all};

use super::error::{ApiError, ErrorBody};
use super::query::Query;
use super::{Caller, wrong_method};
use crate::apply::{Action, Existing, Plan, Step, Work, plan};
use crate::metrics::Metrics;
use crate::pipeline::{Ingest, Refusal, Reply, Shared, Submission};
use crate::sql::Sql;

/// The source of definitions that come by files.
const SOURCE: &str = "apply";
/// Files of a call.
const FILES_MAX: usize = 200;

/// What the handler reads from.
#[derive(Clone)]
pub(super) struct DefinitionsState {
    pub(super) ingest: Ingest,
    pub(super) shared: Arc<Shared>,
    pub(super) account: Arc<str>,
    pub(super) region: Arc<str>,
    pub(super) sql: Arc<Sql>,
}

/// The route.
pub(super) fn router(state: DefinitionsState) -> Router {
    Router::new()
        .route("/api/v1/definitions", post(apply))
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
}

/// Files of definitions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api) struct DefinitionsToApply {
    /// 200 files at most.
    files: Vec<DefinitionFile>,
    /// Whether the plan is done, not only made.
    #[serde(default)]
    apply: bool,
}

/// One file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api) struct DefinitionFile {
    /// For places in answers.
    name: String,
    /// YAML or JSON, 1 MiB at most.
    text: String,
}

/// A plan, and how far it was done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct DefinitionsAnswer {
    /// What each definition leads to, in the order in which it is done.
    steps: Vec<StepShown>,
    /// What is to be known of the files.
    lints: Vec<LintShown>,
    /// Why nothing is done.
    errors: Vec<FaultShown>,
    /// How many steps change something.
    changes: usize,
    /// How many of those were done; none where only a plan was asked for.
    done: usize,
    /// Why the rest was not done, where a step failed.
    failure: Option<FaultShown>,
}

/// What a definition leads to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct StepShown {
    /// `create`, `change`, `keep` or `skip`.
    action: &'static str,
    /// Such as `metric filter`.
    kind: &'static str,
    name: String,
    /// `file:line:column`.
    place: String,
    /// What changes, or why it is skipped.
    details: Vec<String>,
}

/// Something to know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LintShown {
    /// A stable word.
    code: &'static str,
    /// `file:line:column`.
    place: String,
    sentence: String,
    what_to_do: &'static str,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct FaultShown {
    /// `file:line:column`.
    place: String,
    sentence: String,
}

/// What has to be done so that everything is as these files say?
#[utoipa::path(
    post, path = "/api/v1/definitions", tag = "definitions", operation_id = "definitions",
    request_body = DefinitionsToApply,
    responses((status = 200, body = DefinitionsAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn apply(
    State(state): State<DefinitionsState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<DefinitionsAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let body = body.map_err(|_| ApiError::BadBody { message: "the body is too long, or was cut off" })?;
    const EXPECTED: &str =
        "the body is JSON such as {\"files\": [{\"name\": \"a.yaml\", \"text\": \"…\"}], \"apply\": false}";
    let asked: DefinitionsToApply =
        serde_json::from_slice(&body).map_err(|_| ApiError::BadBody { message: EXPECTED })?;
    if asked.files.len() > FILES_MAX {
        return Err(ApiError::BadBody { message: "at most 200 files at a time" });
    }
    let queries = state.sql.saved(&caller.tenant).await;
    let queries = queries.map_err(|error| ApiError::Failed { reason: error.to_string() })?;
    let queries: BTreeMap<String, String> =
        queries.into_iter().map(|query| (query.name, query.sql)).collect();
    let planned = {
        let state = state.clone();
        tokio::task::spawn_blocking(move || made(&state, &asked.files, &queries)).await
    };
    let (plan, mut answer) = planned.map_err(|error| ApiError::Failed { reason: error.to_string() })?;
    if asked.apply && answer.errors.is_empty() {
        answer.failure = do_all(&state, &caller, plan, &mut answer.done).await?;
    }
    Ok(Json(answer))
}

/// The plan, and what is told of it.
fn made(
    state: &DefinitionsState,
    files: &[DefinitionFile],
    queries: &BTreeMap<String, String>,
) -> (Plan, DefinitionsAnswer) {
    let context = Context { account: (&*state.account).into(), region: (&*state.region).into() };
    let pairs = files.iter().map(|file| (file.name.as_str(), file.text.as_str()));
    let (reading, unread) = read_all(pairs, &context);
    let (view, catalog) = (state.shared.view.load_full(), state.shared.catalog.load_full());
    let metrics = Metrics {
        view,
        catalog: catalog.clone(),
        account: (&*state.account).into(),
        region: (&*state.region).into(),
    };
    let plan = plan(&reading.definitions, &Existing { catalog: &catalog, metrics: &metrics, queries });
    let mut lints: Vec<LintShown> = reading
        .lints
        .iter()
        .map(|lint| LintShown {
            code: lint.code.code(),
            place: lint.place.to_string(),
            sentence: clean(&lint.sentence),
            what_to_do: lint.code.what_to_do(),
        })
        .collect();
    lints.extend(plan.remarks.iter().map(|remark| LintShown {
        code: remark.code,
        place: remark.place.to_string(),
        sentence: clean(&remark.sentence),
        what_to_do: remark.what_to_do,
    }));
    let mut errors: Vec<FaultShown> = unread
        .iter()
        .map(|error| FaultShown {
            place: error.place.to_string(),
            sentence: clean(&error.problem.to_string()),
        })
        .collect();
    errors.extend(
        plan.faults
            .iter()
            .map(|fault| FaultShown { place: fault.place.to_string(), sentence: clean(&fault.sentence) }),
    );
    let steps: Vec<StepShown> = plan.steps.iter().map(shown).collect();
    let changes =
        plan.steps.iter().filter(|step| matches!(step.action, Action::Create | Action::Change)).count();
    (plan, DefinitionsAnswer { steps, lints, errors, changes, done: 0, failure: None })
}

fn shown(step: &Step) -> StepShown {
    StepShown {
        action: step.action.word(),
        kind: step.kind,
        name: clean(&step.name),
        place: step.place.to_string(),
        details: step.changes.iter().map(|change| clean(change)).collect(),
    }
}

/// Does one step after the other; the first failure, if there is one.
async fn do_all(
    state: &DefinitionsState,
    caller: &Caller,
    plan: Plan,
    done: &mut usize,
) -> Result<Option<FaultShown>, ApiError> {
    for step in plan.steps {
        let failure = match step.work {
            None => continue,
            Some(Work::Command(command)) => execute(state, caller, Body::Command(*command)).await?,
            Some(Work::SaveQuery(text)) => {
                let saved = state.sql.save(&caller.tenant, &step.name, &text).await;
                saved.err().map(|error| error.to_string())
            }
        };
        if let Some(sentence) = failure {
            let sentence = clean(&format!("{} {}: {sentence}", step.kind, step.name));
            return Ok(Some(FaultShown { place: step.place.to_string(), sentence }));
        }
        *done += 1;
    }
    Ok(None)
}

/// Why the command was refused; `None` where it was done.
async fn execute(state: &DefinitionsState, caller: &Caller, body: Body) -> Result<Option<String>, ApiError> {
    let origin = Origin {
        account: (&*state.account).into(),
        region: (&*state.region).into(),
        source: SOURCE.into(),
        tenant: caller.tenant.clone(),
    };
    let submission = Submission { origin, invocation_id: "".into(), body, answer: Vec::new() };
    match state.ingest.submit(submission).await {
        Ok(Reply::Stepped(Answer::Done | Answer::AlreadyExists)) => Ok(None),
        Ok(Reply::Stepped(Answer::LimitReached)) => Ok(Some("there are as many as there may be".to_owned())),
        Ok(Reply::Stepped(other)) => Ok(Some(format!("it was refused ({other:?})"))),
        Ok(Reply::Stored(_) | Reply::Repeated(_)) => Ok(None),
        Err(Refusal::Throttled) => Err(ApiError::TooManySearches),
        Err(Refusal::TooLarge) => Ok(Some("it is too long to be stored".to_owned())),
        Err(Refusal::Poisoned) => Err(ApiError::Stopping),
    }
}

/// A file's own text in an answer.
fn clean(text: &str) -> String {
    guard(text).text.into_owned()
}
