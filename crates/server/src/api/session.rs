//! GET /api/v1/session: who is signed in, and how does a source connect?
//!
//! The UI asks it first: 401 sends people to sign in, and the rest is what they paste to connect their first client.
//! No secret is in it, only the path of the file that holds the keys.

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_stream::Dimension;

use super::error::{ApiError, ErrorBody};
use super::metrics::DataTo;
use super::query::Query;
use super::{Api, Caller};

/// Who asks, and whom.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    /// Always true; others get 401.
    pub signed_in: bool,
    /// `session` (a browser's cookie) or `token`.
    pub kind: &'static str,
    /// The name of the credential.
    pub name: String,
    /// The AWS account id that this server answers as.
    pub account: String,
    /// The region that clients are told to use.
    pub region: String,
    /// Which server it is.
    pub server: ServerShown,
    /// Whether any record has ever come.
    pub has_data: bool,
    /// The endpoint for AWS clients.
    pub listen_url: String,
    /// The file on the server that holds the first key pair, as an AWS profile.
    pub credentials_file: String,
    /// How fresh the data is.
    pub data_to: DataTo,
}

/// Which server it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerShown {
    /// Of the product.
    pub version: &'static str,
    /// When it was started, RFC 3339.
    pub started_at: String,
    /// Names this run, as in the ids of live events.
    pub run: String,
}

/// Who is signed in, and how does a source connect?
#[utoipa::path(
    get, path = "/api/v1/session", tag = "meta",
    responses((status = 200, body = SessionAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn session(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<SessionAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let view = api.shared.view.load();
    // A source gets a code with its first record.
    let has_data = !view.dictionary.values(Dimension::Source).is_empty();
    let place = &api.place;
    Ok(Json(SessionAnswer {
        signed_in: true,
        kind: if caller.is_browser { "session" } else { "token" },
        name: caller.name.to_string(),
        account: place.account.to_string(),
        region: place.region.to_string(),
        server: ServerShown {
            version: env!("CARGO_PKG_VERSION"),
            started_at: api.started_at.rfc3339(),
            run: api.run.to_string(),
        },
        has_data,
        listen_url: place.url.to_string(),
        credentials_file: place.credentials_file.to_string(),
        data_to: DataTo::of(&view, api.now()),
    }))
}
