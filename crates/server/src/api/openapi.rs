//! GET /api/v1/openapi.json: how is the API described for programs?
//!
//! Made from the handlers and the types they answer with; `crates/server/openapi.json` is the reviewed copy that a
//! test compares.

use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Walletscope API",
        version = "1",
        description = "Token provisioning as it happens.",
        license(name = "Apache-2.0")
    ),
    paths(
        super::metrics::metrics,
        super::requests::requests,
        super::requests_csv::requests_csv,
        super::request_detail::request_detail,
        super::neighbours::neighbours,
        super::trends::trends,
        super::breakdown::breakdown,
        super::series::series,
        super::heatmap::heatmap,
        super::stages::stages,
        super::funnel::funnel,
        super::stream::stream,
        super::session::session,
        super::sources::sources,
        super::cloudwatch::data::data,
        super::cloudwatch::list::list,
        super::cloudwatch::cardinality::cardinality,
        super::definitions::apply,
        super::log_filters::pattern::try_pattern,
        super::log_filters::definitions::list,
        super::log_filters::definitions::put,
        super::log_filters::definitions::delete,
        super::log_filters::subscriptions::list,
        super::storage::storage,
        super::logs::groups::groups,
        super::logs::events::events,
        super::logs::histogram::histogram,
        super::logs::fields::fields,
        super::logs::tail::tail,
        super::sql::ask,
        super::sql::schema::schema,
        super::sql::saved::list,
        super::sql::saved::save,
        super::sql::saved::delete,
        super::openapi::openapi,
        crate::import::door::import,
        crate::listen::ops::end_backfill,
        crate::listen::lake::task,
        crate::listen::lake::backup,
    ),
    components(schemas(
        super::request_detail::CandidatesAnswer,
        super::sql::ColumnsLine,
        super::sql::ProgressLine,
        super::sql::DoneLine,
        super::stream::KpiEvent,
        super::stream::TrendEvent,
        super::stream::FeedEvent,
        super::stream::PositionEvent,
        super::logs::tail::LogTailSessionEvent,
        super::logs::tail::LogTailUpdateEvent,
        super::logs::tail::LogTailEndedEvent,
    ))
)]
pub struct ApiDocument;

/// The document as it is reviewed: JSON in lines, for `walletscope openapi` and for comparing.
pub fn openapi_document() -> String {
    // A description made of texts and maps of them always becomes JSON.
    ApiDocument::openapi().to_pretty_json().unwrap_or_default() + "\n"
}

/// The API, described.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "meta", responses((status = 200, description = "This document")))]
pub(super) async fn openapi() -> Json<Document> {
    Json(ApiDocument::openapi())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_GOLDEN=1 cargo test -p walletscope-server openapi` writes the file anew.
    #[test]
    fn the_document_is_the_reviewed_one() {
        let path = "openapi.json";
        let text = openapi_document();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(path).unwrap();
        assert!(golden == text, "the API changed: review, then run with UPDATE_GOLDEN=1");
    }
}
