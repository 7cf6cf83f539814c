//! GET /api/v1/stages: how long does each stage take?

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::Stage;

use super::coverage::Question;
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, RangeAnswered};
use super::numbers::DurationNumbers;
use super::query::{Query, RANGE_DEFAULT};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::spread::legs;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StagesAnswer {
    /// Every stage but the start, in order.
    pub stages: Vec<StageTime>,
    /// Times left out because the sources' clocks run backwards between two stages.
    pub backwards: u64,
    /// The range answered.
    pub range: RangeAnswered,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// From the stage that was seen before to this one.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageTime {
    /// Its stable name.
    pub stage: &'static str,
    /// How long; the average is at most 1 % off too.
    #[serde(flatten)]
    pub time: DurationNumbers,
}

/// How long does each stage take?
#[utoipa::path(
    get, path = "/api/v1/stages", tag = "measures",
    params(RangeParameters, FilterParameters),
    responses((status = 200, body = StagesAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn stages(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<StagesAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover_rows(range)?;
        let legs = legs(&view.rows, coverage.rows());
        let time = |stage: Stage| DurationNumbers::of(&legs.durations[stage as usize]);
        let stages = Stage::ALL.into_iter().skip(1);
        Ok(StagesAnswer {
            stages: stages.map(|stage| StageTime { stage: stage.name(), time: time(stage) }).collect(),
            backwards: legs.backwards,
            range: RangeAnswered::of(&coverage),
            filters: filters.written(),
            data_to: DataTo::of(view, now),
        })
    });
    answer.await.map(Json)
}
