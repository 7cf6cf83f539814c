//! GET /api/v1/funnel: which stages do attempts reach, and where are they lost?

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_model::{Decision, Stage};

use super::coverage::Question;
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, RangeAnswered};
use super::numbers::DurationNumbers;
use super::query::{Query, RANGE_DEFAULT};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::flow::{Place, flow};
use crate::view::spread::legs;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelAnswer {
    /// Attempts counted.
    pub attempts: u64,
    /// Bulk migrations (STATIC, CARD_ON_FILE) that were not.
    pub bulk_excluded: u64,
    /// Every stage in order.
    pub steps: Vec<FunnelStep>,
    /// The places of the flow; those that nobody reached are left out.
    pub nodes: Vec<FunnelNode>,
    /// How many went from one place to the next.
    pub links: Vec<FunnelLink>,
    /// The range answered.
    pub range: RangeAnswered,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// One stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct FunnelStep {
    /// Its stable name.
    pub step: &'static str,
    /// Seen at it or at a later one; a step-up only where it was seen, because others never need one.
    pub reached: u64,
    /// Seen at it.
    pub seen: u64,
    /// Ended without a token, with this as the furthest stage.
    pub lost: FunnelLoss,
    /// Still PENDING, with this as the furthest stage.
    pub waiting: u64,
    /// From the stage seen before; the bulk migrations are in it.
    pub time: DurationNumbers,
}

/// Attempts that came no further.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct FunnelLoss {
    pub failed: u64,
    pub abandoned: u64,
}

/// A place of the flow.
#[derive(Debug, Serialize, ToSchema)]
pub struct FunnelNode {
    /// A stage's name, `decided_green` and the like, or `failed`, `abandoned`, `pending`.
    pub id: String,
    /// `stage`, `decision` or `outcome`.
    pub kind: &'static str,
    /// How many came there.
    pub attempts: u64,
}

/// From one place to the next.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct FunnelLink {
    pub source: String,
    pub target: String,
    pub attempts: u64,
}

/// What to count.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct FunnelParameters {
    /// `exclude` (the default) leaves bulk migrations out, `include` counts them.
    bulk: Option<String>,
}

/// Which stages do attempts reach, and where are they lost?
#[utoipa::path(
    get, path = "/api/v1/funnel", tag = "measures",
    params(FunnelParameters, RangeParameters, FilterParameters),
    responses((status = 200, body = FunnelAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn funnel(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<FunnelAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "bulk"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let with_bulk = query.word("bulk", &["exclude", "include"])? == Some("include");
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover_rows(range)?;
        let flow = flow(&view.rows, coverage.rows(), with_bulk);
        let legs = legs(&view.rows, coverage.rows());
        let step = |stage: Stage| {
            let step = flow.steps[stage as usize];
            FunnelStep {
                step: stage.name(),
                reached: step.reached,
                seen: step.seen,
                lost: FunnelLoss { failed: step.failed, abandoned: step.abandoned },
                waiting: step.waiting,
                time: DurationNumbers::of(&legs.durations[stage as usize]),
            }
        };
        let node = |(place, attempts): (&Place, &u64)| FunnelNode {
            id: id(*place),
            kind: kind(*place),
            attempts: *attempts,
        };
        let link = |((source, target), attempts): (&(Place, Place), &u64)| FunnelLink {
            source: id(*source),
            target: id(*target),
            attempts: *attempts,
        };
        Ok(FunnelAnswer {
            attempts: flow.attempts,
            bulk_excluded: flow.bulk_excluded,
            steps: Stage::ALL.into_iter().map(step).collect(),
            nodes: flow.places.iter().map(node).collect(),
            links: flow.links.iter().map(link).collect(),
            range: RangeAnswered::of(&coverage),
            filters: filters.written(),
            data_to: DataTo::of(view, now),
        })
    });
    answer.await.map(Json)
}

fn id(place: Place) -> String {
    match place {
        Place::Stage(stage) => stage.name().to_owned(),
        Place::Decided(colour) => {
            format!("decided_{}", colour.map_or("unknown", Decision::name).to_lowercase())
        }
        Place::Outcome(outcome) => outcome.name().to_lowercase(),
    }
}

fn kind(place: Place) -> &'static str {
    match place {
        Place::Stage(_) => "stage",
        Place::Decided(_) => "decision",
        Place::Outcome(_) => "outcome",
    }
}
