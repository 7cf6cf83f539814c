//! GET /api/v1/sql/schema: what may a text of SQL name?
//!
//! For completion and for people. The tables' columns come from plans, so saved views are among them, as they are now.

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_query::{ColumnDescription, Description, FunctionDescription, TableDescription};

use super::errors::{Refusal, SqlErrorBody};
use super::{SqlState, there};
use crate::api::query::Query;
use crate::api::{Caller, ErrorBody};

/// Tables and functions.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct SchemaAnswer {
    /// By name.
    tables: Vec<TableOfSchema>,
    /// By name.
    functions: Vec<FunctionOfSchema>,
}

/// A table or view.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct TableOfSchema {
    name: String,
    /// `table`, `view`, `metrics` or `rollup`.
    kind: &'static str,
    /// What one row is.
    meaning: String,
    /// In order; none of a saved view that no longer works.
    columns: Vec<ColumnOfSchema>,
}

/// A column of a table.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ColumnOfSchema {
    name: String,
    /// As in `ColumnsLine`.
    r#type: &'static str,
    /// Empty for columns of saved views.
    meaning: String,
}

/// A function.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct FunctionOfSchema {
    name: String,
    /// How it is called.
    signature: String,
    /// What it gives.
    meaning: String,
}

/// What a text of SQL may name: tables, views, columns and functions, with their meaning.
#[utoipa::path(
    get, path = "/api/v1/sql/schema", tag = "sql", operation_id = "sql_schema",
    responses((status = 200, body = SchemaAnswer), (status = 400, body = SqlErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn schema(
    State(state): State<SqlState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<SchemaAnswer>, Refusal> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let description = there(&state, async move |sql| sql.describe(&caller.tenant).await).await?;
    Ok(Json(SchemaAnswer::of(description)))
}

impl SchemaAnswer {
    fn of(description: Description) -> Self {
        Self {
            tables: description.tables.into_iter().map(TableOfSchema::of).collect(),
            functions: description.functions.into_iter().map(FunctionOfSchema::of).collect(),
        }
    }
}

impl TableOfSchema {
    fn of(table: TableDescription) -> Self {
        let TableDescription { name, kind, meaning, columns } = table;
        Self { name, kind, meaning, columns: columns.into_iter().map(ColumnOfSchema::of).collect() }
    }
}

impl ColumnOfSchema {
    fn of(column: ColumnDescription) -> Self {
        Self { name: column.name, r#type: column.type_word, meaning: column.meaning }
    }
}

impl FunctionOfSchema {
    fn of(function: FunctionDescription) -> Self {
        Self { name: function.name, signature: function.signature, meaning: function.meaning }
    }
}
