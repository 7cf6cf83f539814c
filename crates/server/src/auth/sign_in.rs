//! How does a person come in and go out? `GET /sign-in?token=…` turns a link into a session's cookie, `POST /sign-out`
//! ends it.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde::Deserialize;

use super::door::{Refusal, address_of, cookie_of};
use super::origin::check_origin;
use super::secret::{Secret, TokenHash};
use super::session::SESSION_LIFE;
use super::users::UsersError;
use super::{Auth, AuthState};

/// Where a sign-in leads unless asked otherwise.
const FIRST_PAGE: &str = "/ops";
/// Bytes of the path of the page to go to.
const NEXT_BYTES_MAX: usize = 2_048;

/// The routes, for any router.
pub fn session_routes<S: Clone + Send + Sync + 'static>(auth: AuthState) -> Router<S> {
    // axum's `get` answers HEAD too, and a look at a link must not use it up.
    let sign_in = on(MethodFilter::GET, sign_in).head(|| async { StatusCode::METHOD_NOT_ALLOWED });
    let sign_out = on(MethodFilter::POST, sign_out);
    Router::new().route("/sign-in", sign_in).route("/sign-out", sign_out).with_state(auth)
}

/// No `Debug`: the token is a secret.
#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
    /// Where to go then.
    #[serde(default)]
    next: String,
}

async fn sign_in(State(auth): State<AuthState>, request: Parts, Query(link): Query<Link>) -> Response {
    match try_sign_in(&auth, &link, &request).await {
        Ok(cookie) => redirect(
            next_page(&link.next),
            &set_cookie(&auth, cookie.expose(), SESSION_LIFE.as_seconds() as i64),
        ),
        Err(refusal) => refusal.into_response(),
    }
}

async fn try_sign_in(auth: &Auth, link: &Link, request: &Parts) -> Result<Secret, Refusal> {
    let (address, now) = (address_of(auth, request).ip(), (auth.now)());
    let shown = TokenHash::of(&link.token);
    // Asked before as well, so that a guess too many cannot use a link up.
    let admitted = auth.failures.admit(address, &shown, now);
    admitted.map_err(|wait| Refusal::TooManyFailures { retry_after_seconds: wait.retry_after_seconds })?;
    let session = auth.users.sign_in(&link.token, now).await.map_err(not_now)?;
    auth.attempt(address, &shown, session).map_err(|refusal| match refusal {
        Refusal::Unauthorized => Refusal::LinkOver,
        other => other,
    })
}

async fn sign_out(State(auth): State<AuthState>, request: Parts) -> Response {
    let Some(cookie) = cookie_of(&auth, &request.headers) else {
        return Refusal::Unauthorized.into_response();
    };
    if check_origin(&request.method, &request.uri, &request.headers).is_err() {
        return Refusal::ForeignPage.into_response();
    }
    match auth.users.end_session(cookie.expose()).await {
        Ok(()) => redirect(HeaderValue::from_static("/"), &set_cookie(&auth, "", 0)),
        Err(error) => not_now(error).into_response(),
    }
}

fn not_now(error: UsersError) -> Refusal {
    tracing::error!(%error, "a sign-in or sign-out failed");
    Refusal::NotNow
}

/// `Secure` only where browsers are sure to come by TLS: a plain cookie on loopback never leaves the machine.
fn set_cookie(auth: &Auth, value: &str, age_seconds: i64) -> String {
    let secure = if auth.is_behind_tls() { "; Secure" } else { "" };
    let name = &auth.cookie_name;
    format!("{name}={value}; Path=/; Max-Age={age_seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// A page of ours, asked for by its path; the first one for anything else. Browsers read `//` and `/\\` as another
/// host, and a card number goes nowhere.
fn next_page(next: &str) -> HeaderValue {
    let is_ours = next.starts_with('/')
        && !next[1..].starts_with(['/', '\\'])
        && next.len() <= NEXT_BYTES_MAX
        && next.bytes().all(|byte| byte.is_ascii_graphic())
        && walletscope_guard::is_clean(next);
    let page = if is_ours { HeaderValue::from_str(next).ok() } else { None };
    page.unwrap_or(HeaderValue::from_static(FIRST_PAGE))
}

/// Without a trace of the token in the history, a cache or a `Referer`.
fn redirect(page: HeaderValue, cookie: &str) -> Response {
    let headers = [
        (header::LOCATION, page),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::SET_COOKIE, HeaderValue::from_str(cookie).unwrap_or(HeaderValue::from_static(""))),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_pages_of_ours_only() {
        for (next, expected) in [
            ("", "/ops"),
            ("/errors?from=now-1h", "/errors?from=now-1h"),
            ("/", "/"),
            ("//evil.example", "/ops"),
            ("/\\evil.example", "/ops"),
            ("https://evil.example", "/ops"),
            ("errors", "/ops"),
            ("/a b", "/ops"),
            ("/a\r\nset-cookie:x=1", "/ops"),
            ("/requests?q=4111111111111111", "/ops"),
        ] {
            assert_eq!(next_page(next), expected, "{next}");
        }
    }
}
