//! Who may come in? The layers that stand before every route: the host check before all of them, the caller check
//! before the JSON API.
//!
//! A refusal says what to do next and never repeats what was shown. Its body is the JSON API's error shape, for AWS's
//! clients too: a request for another host is no AWS call of ours.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::host::NotForUs;
use super::keys::TENANT;
use super::network::{ClientAddress, client_address};
use super::origin::check_origin;
use super::secret::{Secret, TokenHash};
use super::{Auth, AuthState, Purpose};
use crate::api::Caller;

/// Refuses requests that were meant for another host, or that come from where the settings let nobody in.
pub async fn check_host(State(auth): State<AuthState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match check_peer(&auth, &parts).and_then(|()| check_name(&auth, &parts)) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Lets only known callers on, with a [`Caller`] among the request's extensions.
pub async fn require_caller(State(auth): State<AuthState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match caller(&auth, &parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Lets a client of this machine on without credentials, everybody else only as [`require_caller`] does.
pub async fn open_on_this_machine(state: State<AuthState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let is_this_machine = address_of(&state, &parts).is_this_machine();
    let request = Request::from_parts(parts, body);
    if is_this_machine { next.run(request).await } else { require_caller(state, request, next).await }
}

/// A refusal, for doors whose clients expect errors in a shape of their own.
#[derive(Debug)]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// A sentence for people.
    pub message: &'static str,
    /// A header that belongs to it.
    pub header: Option<(HeaderName, HeaderValue)>,
}

impl Auth {
    /// Who asks, as [`require_caller`] finds out.
    ///
    /// # Errors
    /// Nobody who is known.
    pub async fn caller(&self, request: &Parts) -> Result<Caller, Refused> {
        caller(self, request).await.map_err(Refused::from)
    }

    /// Whose API token this is, where it does not come in the usual header.
    ///
    /// # Errors
    /// Nobody's, or too many wrong ones came from this address.
    pub fn caller_by_token(&self, request: &Parts, token: &str) -> Result<Caller, Refused> {
        let (address, shown) = (address_of(self, request).ip(), TokenHash::of(token));
        self.attempt(address, &shown, self.keyring.bearer(token, Purpose::Api)).map_err(Refused::from)
    }

    /// Whose ingest key the request shows: it opens the doors without signatures.
    ///
    /// # Errors
    /// Nobody's, or too many wrong ones came from this address.
    pub fn ingest_caller(&self, request: &Parts) -> Result<Caller, Refused> {
        let shown = request.headers.get(header::AUTHORIZATION).and_then(bearer);
        self.ingest_caller_by_token(request, shown.unwrap_or_default())
    }

    /// The same, where it does not come in the usual header.
    ///
    /// # Errors
    /// As above.
    pub fn ingest_caller_by_token(&self, request: &Parts, token: &str) -> Result<Caller, Refused> {
        let (address, shown) = (address_of(self, request).ip(), TokenHash::of(token));
        self.attempt(address, &shown, self.keyring.bearer(token, Purpose::Ingest)).map_err(Refused::from)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let (status, _, message) = refusal.answer();
        Self { status, message, header: refusal.header() }
    }
}

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    HostUnclear,
    HostUnknown,
    PeerUntrusted,
    Unauthorized,
    ForeignPage,
    TooManyFailures { retry_after_seconds: i64 },
    LinkOver,
    NotNow,
}

/// Where the request comes from. A server on loopback has no other peers, so there the answer is known anyway.
pub(super) fn address_of(auth: &Auth, request: &Parts) -> ClientAddress {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let peer = peer.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
    client_address(peer, &request.headers, &auth.trusted_proxies)
}

/// The session's cookie, if the request shows one.
pub(super) fn cookie_of(auth: &Auth, headers: &HeaderMap) -> Option<Secret> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| **name == *auth.cookie_name).map(|(_, value)| Secret::new(value))
}

fn check_name(auth: &Auth, request: &Parts) -> Result<(), Refusal> {
    auth.hosts.check(&request.uri, &request.headers).map_err(|why| match why {
        NotForUs::Unclear => Refusal::HostUnclear,
        NotForUs::Misdirected => Refusal::HostUnknown,
    })
}

/// On a network, plain HTTP is spoken with the trusted proxies and this machine only.
fn check_peer(auth: &Auth, request: &Parts) -> Result<(), Refusal> {
    if auth.listen.ip().is_loopback() {
        return Ok(());
    }
    let peer = request
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .ok_or(Refusal::PeerUntrusted)?
        .0
        .ip()
        .to_canonical();
    let is_trusted = peer.is_loopback() || auth.trusted_proxies.iter().any(|network| network.contains(peer));
    if is_trusted { Ok(()) } else { Err(Refusal::PeerUntrusted) }
}

/// A bearer token counts alone: whoever sends one means it, so there is no way on from a wrong one to a cookie.
async fn caller(auth: &Auth, request: &Parts) -> Result<Caller, Refusal> {
    let headers = &request.headers;
    let address = address_of(auth, request).ip();
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let token = bearer(authorization).ok_or(Refusal::Unauthorized)?;
        return auth.attempt(address, &TokenHash::of(token), auth.keyring.bearer(token, Purpose::Api));
    }
    let cookie = cookie_of(auth, headers).ok_or(Refusal::Unauthorized)?;
    check_origin(&request.method, &request.uri, headers).map_err(|_| Refusal::ForeignPage)?;
    let has_session = auth.users.has_session(cookie.expose(), (auth.now)()).await.map_err(|error| {
        tracing::error!(%error, "a session could not be checked");
        Refusal::NotNow
    })?;
    let caller =
        has_session.then(|| Caller { tenant: TENANT.into(), name: "browser".into(), is_browser: true });
    auth.attempt(address, &cookie.hash(), caller)
}

fn bearer(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl Auth {
    /// Turns what a credential opened into an answer, within the limit of failures.
    pub(super) fn attempt<T>(
        &self,
        address: IpAddr,
        shown: &TokenHash,
        opened: Option<T>,
    ) -> Result<T, Refusal> {
        let now = (self.now)();
        let admitted = self.failures.admit(address, shown, now);
        admitted
            .map_err(|wait| Refusal::TooManyFailures { retry_after_seconds: wait.retry_after_seconds })?;
        match opened {
            Some(opened) => {
                self.failures.note_success(address, *shown);
                Ok(opened)
            }
            None => {
                self.failures.note_failure(address, now);
                Err(Refusal::Unauthorized)
            }
        }
    }
}

impl Refusal {
    /// Status, code and message: <https://www.rfc-editor.org/rfc/rfc9110#name-421-misdirected-request> for the host.
    fn answer(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::HostUnclear => (
                StatusCode::BAD_REQUEST,
                "host_unclear",
                "the request must name one host, as `name` or `name:port`",
            ),
            Self::HostUnknown => (
                StatusCode::MISDIRECTED_REQUEST,
                "host_unknown",
                "this server does not answer to the host that the request names; use 127.0.0.1 or localhost with its \
                 port, or start it with --public-host NAME",
            ),
            Self::PeerUntrusted => (
                StatusCode::FORBIDDEN,
                "peer_untrusted",
                "this server speaks plain HTTP with its trusted proxies only; ask through the proxy, or add this \
                 address with --trusted-proxy",
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "send `Authorization: Bearer` with walletscope_api_token from the credentials file in the data folder, \
                 or sign in with a link from `walletscope sign-in-link`",
            ),
            Self::ForeignPage => (
                StatusCode::FORBIDDEN,
                "foreign_page",
                "a session counts for this server's own pages only; other programs send a bearer token",
            ),
            Self::TooManyFailures { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_failures",
                "too many wrong credentials came from this address; try again later",
            ),
            Self::LinkOver => (
                StatusCode::FORBIDDEN,
                "link_over",
                "this sign-in link was used, or is older than 15 minutes; `walletscope sign-in-link` makes a new one",
            ),
            Self::NotNow => (
                StatusCode::SERVICE_UNAVAILABLE,
                "not_now",
                "sessions cannot be read at the moment; the log says why",
            ),
        }
    }

    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Unauthorized => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"walletscope\"")))
            }
            Self::TooManyFailures { retry_after_seconds } => {
                Some((header::RETRY_AFTER, HeaderValue::from(retry_after_seconds)))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = self.answer();
        let body = Json(serde_json::json!({"error": {"code": code, "message": message}}));
        let mut response = (status, body).into_response();
        response.headers_mut().extend(self.header());
        response
    }
}

#[cfg(test)]
mod tests;
