//! How does a client that only knows OAuth get a token? `POST /iceberg/v1/oauth/tokens` with client credentials, the
//! secret being the API token, which is what it gets back: there is nothing to exchange, only a habit to serve.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use crate::auth::{AuthState, Secret};

/// Clients ask again after this; the token itself stays good.
const EXPIRES_IN_SECONDS: u32 = 3_600;

/// No `Debug`: it holds a secret.
#[derive(Deserialize)]
pub(super) struct TokenRequest {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    client_secret: String,
}

pub(super) async fn token(
    State(auth): State<AuthState>,
    request: Parts,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "send a form with grant_type and client_secret",
        );
    };
    if form.grant_type != "client_credentials" {
        let why = "the grant type is client_credentials, its client_secret the API token";
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", why);
    }
    let secret = basic_password(&request.headers).unwrap_or_else(|| Secret::new(form.client_secret));
    match auth.caller_by_token(&request, secret.expose()) {
        Ok(_) => Json(json!({
            "access_token": secret.expose(),
            "token_type": "bearer",
            "expires_in": EXPIRES_IN_SECONDS,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }))
        .into_response(),
        Err(refused) => {
            let mut response = refuse(refused.status, "invalid_client", refused.message);
            response.headers_mut().extend(refused.header);
            response
        }
    }
}

/// The secret where a client sends its credentials in the header
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1>).
fn basic_password(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Secret::new(password))
}

fn refuse(status: StatusCode, error: &'static str, description: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": description}))).into_response()
}
