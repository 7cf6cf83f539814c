//! GET /api/v1/requests.csv: the list of requests as a file, with what it shows written above it.
//!
//! RFC 4180. Cells that a spreadsheet would take for a formula get an apostrophe before them:
//! <https://owasp.org/www-community/attacks/CSV_Injection>.

use axum::Extension;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use utoipa::IntoParams;
use walletscope_model::{Attempt, Timestamp};

use super::coverage::Question;
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::query::{Query, RANGE_DEFAULT, bad_value};
use super::requests::read_order;
use super::token_request::{RequestSummary, TokenRequest};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::lists::{Order, newest};

/// Rows of a file at most.
const ROWS_MAX: usize = 100_000;

type Cell = fn(&Attempt) -> Option<String>;

const COLUMNS: [(&str, Cell); 21] = [
    ("attemptId", |attempt| Some(TokenRequest::of(attempt).id)),
    ("correlationId", |attempt| RequestSummary::of(attempt).correlation_id),
    ("startedAt", |attempt| Some(attempt.started_at.rfc3339())),
    ("endedAt", |attempt| attempt.ended_at.map(Timestamp::rfc3339)),
    ("outcome", |attempt| Some(attempt.outcome.name().to_owned())),
    ("reason", |attempt| Some(TokenRequest::of(attempt).reason)),
    ("reasonCode", |attempt| attempt.reason_code.as_deref().map(str::to_owned)),
    ("class", |attempt| attempt.failure_class().map(|class| class.name().to_owned())),
    ("owner", |attempt| attempt.failure_owner().map(|owner| owner.name().to_owned())),
    ("wallet", |attempt| text(&attempt.facts.wallet)),
    ("issuer", |attempt| text(&attempt.facts.issuer)),
    ("network", |attempt| text(&attempt.facts.network)),
    ("device", |attempt| text(&attempt.facts.device_name)),
    ("country", |attempt| text(&attempt.facts.country)),
    ("channel", |attempt| text(&attempt.facts.channel)),
    ("bin", |attempt| text(&attempt.facts.bin)),
    ("lastFour", |attempt| text(&attempt.facts.last_four)),
    ("decision", |attempt| attempt.decisions.final_decision.map(|colour| colour.name().to_owned())),
    ("stage", |attempt| Some(attempt.stage.name().to_owned())),
    ("processingTimeSeconds", |attempt| attempt.processing_time.map(|time| seconds(time.0))),
    ("tries", |attempt| Some(attempt.tries.to_string())),
];

/// What the file holds.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct FileParameters {
    /// Columns, joined by commas; all by default.
    columns: Option<String>,
    /// `started` (the default), `arrival` or `slowest`.
    order: Option<String>,
}

/// The list of requests as a file.
#[utoipa::path(
    get, path = "/api/v1/requests.csv", tag = "requests",
    params(FileParameters, RangeParameters, FilterParameters),
    responses(
        (status = 200, content_type = "text/csv", body = String, description = "At most 100,000 requests"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    ),
)]
pub(super) async fn requests_csv(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "columns", "order"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let order = read_order(&query)?;
    let columns = columns(&query)?;
    let filters = Filters::read(&query)?;
    let text = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover_rows(range)?;
        let listed = newest(&view.rows, coverage.rows(), order, None, ROWS_MAX);
        let written: Vec<String> =
            filters.written().iter().map(|(name, values)| format!("{name}={}", values.join(","))).collect();
        let mut file = String::new();
        line(&mut file, ["# Walletscope requests"]);
        line(&mut file, [&*format!("# range: {} to {} (UTC)", range.from.rfc3339(), range.to.rfc3339())]);
        let filters = if written.is_empty() { "none".to_owned() } else { written.join("; ") };
        line(&mut file, [&*format!("# filters: {filters}")]);
        line(&mut file, [&*format!("# order: {}", words(order))]);
        line(&mut file, [&*format!("# generated at {}", now.rfc3339())]);
        line(&mut file, [&*format!("# rows: {} of {}", listed.places.len(), listed.total)]);
        line(&mut file, columns.iter().map(|(name, _)| *name));
        let mut state = view.state();
        for (_, key) in listed.places {
            let Some(detail) = state.detail(key)? else { continue };
            let cells: Vec<String> =
                columns.iter().map(|(_, cell)| cell(&detail.attempt).unwrap_or_default()).collect();
            line(&mut file, cells.iter().map(String::as_str));
        }
        Ok(file)
    });
    let name = format!("attachment; filename=\"requests-{}.csv\"", now.rfc3339().replace(':', ""));
    let kind = "text/csv; charset=utf-8; header=present".to_owned();
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text.await?).into_response())
}

fn columns(query: &Query) -> Result<Vec<(&'static str, Cell)>, ApiError> {
    let named = query.list("columns");
    if named.is_empty() {
        return Ok(COLUMNS.to_vec());
    }
    let find = |name: &str| COLUMNS.into_iter().find(|(known, _)| *known == name);
    let allowed = COLUMNS.map(|(name, _)| name).join(", ");
    named
        .iter()
        .map(|name| find(&name.text).ok_or_else(|| bad_value("columns", &name.text, &allowed)))
        .collect()
}

fn line<'a>(file: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            file.push(',');
        }
        file.push_str(&safe(cell));
    }
    file.push_str("\r\n");
}

/// A cell as RFC 4180 writes it, harmless to spreadsheets.
pub(super) fn safe(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

fn seconds(micros: i64) -> String {
    (micros as f64 / 1e6).to_string()
}

fn words(order: Order) -> &'static str {
    match order {
        Order::Started => "newest start first",
        Order::Arrival => "newest arrival first",
        Order::Slowest => "slowest first",
    }
}

fn text(value: &Option<Box<str>>) -> Option<String> {
    value.as_deref().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_harmless() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
            ("-2", "'-2"),
            ("@x,y", "\"'@x,y\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(safe(cell), expected);
        }
        assert_eq!(seconds(1_245_000), "1.245");
    }
}
