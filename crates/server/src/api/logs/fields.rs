//! GET /api/v1/logs/fields: which fields do the newest matching log events have?

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::LogsState;
use super::asked::{self, Asked, WhichParameters};
use crate::api::error::{ApiError, ErrorBody};
use crate::api::metrics::DataTo;
use crate::api::{Caller, RangeParameters};
use crate::logs::{Field, FieldType};

/// What the newest matching log events say, by field.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct LogFieldsAnswer {
    /// How many events were looked at: the newest 2,000 at most.
    sampled: u64,
    /// The most frequent first, then by name; 200 at most.
    fields: Vec<LogFieldShown>,
    /// How fresh it is.
    data_to: DataTo,
}

/// A field of messages that are JSON; `@logGroup` and `@logStream` are of every event.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct LogFieldShown {
    /// Names of objects inside each other are joined by dots.
    name: String,
    /// `text`, `number`, `flag` or `mixed`.
    r#type: &'static str,
    /// How many of the events have it.
    count: u64,
    /// How many different values it has in them.
    distinct: u64,
    /// Its most frequent values, 10 at most. Values over 256 characters are not among them.
    top: Vec<LogValueShown>,
}

/// A value of a field.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct LogValueShown {
    /// As text: a number as it is written, `true` or `false`.
    value: String,
    count: u64,
}

/// Which fields do the newest matching log events have?
#[utoipa::path(
    get, path = "/api/v1/logs/fields", tag = "logs",
    params(RangeParameters, WhichParameters),
    responses(
        (status = 200, body = LogFieldsAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 429, body = ErrorBody),
    ),
)]
pub(in crate::api) async fn fields(
    State(state): State<LogsState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<LogFieldsAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let Asked { selection, range, .. } = asked::read(&state, &caller, &uri, &[])?;
    let (fields, cost) = state.logs.fields(selection, range).await?;
    Ok(Json(LogFieldsAnswer {
        sampled: fields.events as u64,
        fields: fields.fields.into_iter().map(LogFieldShown::of).collect(),
        data_to: state.data_to(Some(cost.head)),
    }))
}

impl LogFieldShown {
    fn of(field: Field) -> Self {
        Self {
            name: field.name,
            r#type: match field.kind {
                FieldType::Text => "text",
                FieldType::Number => "number",
                FieldType::Flag => "flag",
                FieldType::Mixed => "mixed",
            },
            count: field.count,
            distinct: field.distinct,
            top: field.top.into_iter().map(|(value, count)| LogValueShown { value, count }).collect(),
        }
    }
}
