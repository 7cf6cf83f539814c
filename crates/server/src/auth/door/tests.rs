//! The layers as a client meets them: one router, requests as data, status and code of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use tower::ServiceExt;
use walletscope_model::{Duration, Timestamp};

use super::super::failures::FAILURES_MAX;
use super::super::{LINK_LIFE, SESSION_LIFE, session_routes};
use super::*;
use crate::settings::{Given, Settings};

const HOST: &str = "127.0.0.1:7300";
const ORIGIN: (&str, &str) = ("origin", "http://127.0.0.1:7300");

/// Names and values.
type Headers<'a> = &'a [(&'a str, &'a str)];

struct World {
    router: Router,
    auth: AuthState,
    clock: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: u16,
    /// Of an error; empty for anything else.
    code: String,
    headers: HeaderMap,
    body: String,
}

impl World {
    async fn open(given: Given) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let given = Given { data: Some(folder.path().to_owned()), ..given };
        let settings = Settings::new(given).unwrap();
        let clock = Arc::new(AtomicI64::new(1_000_000_000));
        let now: crate::pipeline::Now = {
            let clock = clock.clone();
            Arc::new(move || Timestamp(clock.load(Ordering::Relaxed)))
        };
        let auth = Arc::new(Auth::open(&settings, settings.listen, now).await.unwrap());
        let whoami = get(|Extension(caller): Extension<Caller>| async move { caller.name.to_string() });
        let router = Router::new()
            .route("/api/v1/who", whoami.post(|| async { "changed" }))
            .layer(from_fn_with_state(auth.clone(), require_caller))
            .merge(
                Router::new()
                    .route("/metrics", get(|| async { "numbers" }))
                    .layer(from_fn_with_state(auth.clone(), open_on_this_machine)),
            )
            .merge(session_routes(auth.clone()))
            .fallback(|| async { "aws" })
            .layer(from_fn_with_state(auth.clone(), check_host));
        Self { router, auth, clock, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, headers: Headers<'_>) -> Answer {
        self.ask_from("127.0.0.1", method, path, headers).await
    }

    async fn ask_from(&self, peer: &str, method: &str, path: &str, headers: Headers<'_>) -> Answer {
        let mut request = axum::http::Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", HOST);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 1 << 16).await.unwrap().to_vec()).unwrap();
        let json = serde_json::from_str::<serde_json::Value>(&body).unwrap_or_default();
        let code = json["error"]["code"].as_str().unwrap_or("").to_owned();
        Answer { status: parts.status.as_u16(), code, headers: parts.headers, body }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.auth.credentials().api_token.expose())
    }

    async fn link_path(&self) -> String {
        let link = self.auth.sign_in_link().await.unwrap();
        link.strip_prefix("http://127.0.0.1:7300").unwrap().to_owned()
    }

    async fn cookie(&self) -> String {
        let answer = self.ask("GET", &self.link_path().await, &[]).await;
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    fn wait(&self, duration: Duration) {
        self.clock.fetch_add(duration.0, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn the_token_opens_the_api_and_nothing_like_it_does() {
    let world = World::open(Given::default()).await;
    let good = world.bearer();
    let token = good.strip_prefix("Bearer ").unwrap();
    let answer = world.ask("POST", "/api/v1/who", &[("authorization", &good)]).await;
    assert_eq!((answer.status, &*answer.body), (200, "changed"));
    let answer = world.ask("GET", "/api/v1/who", &[("authorization", &format!("bearer {token}"))]).await;
    assert_eq!((answer.status, &*answer.body), (200, "api token"));
    let secret = world.auth.credentials().secret_access_key.expose();
    for wrong in [
        "Bearer ",
        "Bearer",
        "",
        token,
        &format!("Basic {token}"),
        &format!("Bearer {secret}"),
        &good[..good.len() - 1],
    ] {
        let answer = world.ask("GET", "/api/v1/who", &[("authorization", wrong)]).await;
        assert_eq!((answer.status, &*answer.code), (401, "unauthorized"), "{wrong}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"walletscope\"");
        assert!(!answer.body.contains(token));
    }
    assert_eq!(world.ask("GET", "/api/v1/who", &[]).await.status, 401);
}

#[tokio::test]
async fn other_hosts_are_refused_everywhere() {
    let world = World::open(Given::default()).await;
    let good = world.bearer();
    for path in ["/api/v1/who", "/metrics", "/sign-in?token=x", "/", "/anything"] {
        for (host, status, code) in [("rebound.example:7300", 421, "host_unknown"), ("", 400, "host_unclear")]
        {
            let answer = world.ask("GET", path, &[("host", host), ("authorization", &good)]).await;
            assert_eq!((answer.status, &*answer.code), (status, code), "{path} {host}");
        }
    }
    assert_eq!(world.ask("POST", "/", &[("host", "stream-127.0.0.1:7300")]).await.body, "aws");
}

#[tokio::test]
async fn a_link_becomes_a_session_once() {
    let world = World::open(Given::default()).await;
    let path = world.link_path().await;
    assert_eq!(world.ask("HEAD", &path, &[]).await.status, 405, "a look does not use it up");
    let answer = world.ask("GET", &path, &[]).await;
    assert_eq!((answer.status, &answer.headers["location"]), (303, &HeaderValue::from_static("/ops")));
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("walletscope_session_7300=") && pair.len() == 25 + 43, "{pair}");
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict");
    let answer = world.ask("GET", "/api/v1/who", &[("cookie", &format!("a=b; {pair}"))]).await;
    assert_eq!((answer.status, &*answer.body), (200, "browser"));
    for used in [&*path, "/sign-in", "/sign-in?token=", "/sign-in?token=x"] {
        let answer = world.ask("GET", used, &[]).await;
        assert_eq!((answer.status, &*answer.code), (403, "link_over"), "{used}");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn links_and_sessions_end() {
    let world = World::open(Given::default()).await;
    let (late, cookie) = (world.link_path().await, world.cookie().await);
    world.wait(LINK_LIFE);
    assert_eq!(world.ask("GET", &late, &[]).await.code, "link_over");
    assert_eq!(world.ask("GET", "/api/v1/who", &[("cookie", &cookie)]).await.status, 200);
    world.wait(SESSION_LIFE);
    assert_eq!(world.ask("GET", "/api/v1/who", &[("cookie", &cookie)]).await.status, 401);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_no_foreign_page_can_do_it() {
    let world = World::open(Given::default()).await;
    let cookie = world.cookie().await;
    let cookie = ("cookie", &*cookie);
    for headers in [&[cookie][..], &[cookie, ("origin", "http://evil.example")]] {
        let answer = world.ask("POST", "/sign-out", headers).await;
        assert_eq!((answer.status, &*answer.code), (403, "foreign_page"));
    }
    assert_eq!(world.ask("GET", "/sign-out", &[cookie]).await.status, 405);
    assert_eq!(world.ask("GET", "/api/v1/who", &[cookie]).await.status, 200);
    let answer = world.ask("POST", "/sign-out", &[cookie, ORIGIN]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("=; Path=/; Max-Age=0"));
    assert_eq!(world.ask("GET", "/api/v1/who", &[cookie]).await.status, 401);
}

#[tokio::test]
async fn a_session_serves_our_own_pages_only() {
    let world = World::open(Given::default()).await;
    let cookie = world.cookie().await;
    let cookie = ("cookie", &*cookie);
    let cases: [(&str, Headers<'_>, u16); 7] = [
        ("GET", &[cookie], 200),
        ("GET", &[cookie, ("sec-fetch-site", "same-site")], 403),
        ("GET", &[cookie, ("origin", "http://127.0.0.1:3000")], 403),
        ("POST", &[cookie], 403),
        ("POST", &[cookie, ORIGIN], 200),
        ("POST", &[cookie, ORIGIN, ("sec-fetch-site", "cross-site")], 403),
        ("GET", &[("cookie", "walletscope_session_7300=x")], 401),
    ];
    for (method, headers, status) in cases {
        assert_eq!(world.ask(method, "/api/v1/who", headers).await.status, status, "{method} {headers:?}");
    }
    let both = [cookie, ("authorization", "Bearer wrong")];
    assert_eq!(
        world.ask("GET", "/api/v1/who", &both).await.status,
        401,
        "a wrong token is not mended by a cookie"
    );
}

#[tokio::test]
async fn guessing_is_limited_and_neighbours_stay_in() {
    let world = World::open(Given::default()).await;
    let good = world.bearer();
    assert_eq!(world.ask("GET", "/api/v1/who", &[("authorization", &good)]).await.status, 200);
    for guess in 0..FAILURES_MAX {
        let answer = world.ask("GET", "/api/v1/who", &[("authorization", &format!("Bearer {guess}"))]).await;
        assert_eq!(answer.status, 401);
    }
    let answer = world.ask("GET", "/api/v1/who", &[("authorization", "Bearer next")]).await;
    assert_eq!((answer.status, &*answer.code), (429, "too_many_failures"));
    assert_eq!(answer.headers["retry-after"], "60");
    let link = world.link_path().await;
    assert_eq!(world.ask("GET", &link, &[]).await.status, 429);
    assert_eq!(world.ask("GET", "/api/v1/who", &[("authorization", &good)]).await.status, 200);
    world.wait(Duration::from_seconds(60));
    assert_eq!(world.ask("GET", &link, &[]).await.status, 303, "the guess too many did not use the link up");
}

#[tokio::test]
async fn on_a_network_only_the_trusted_proxy_gets_in() {
    let given = Given {
        listen: Some("0.0.0.0:7300".into()),
        trusted_proxy: Some(vec!["10.0.0.5".into()]),
        public_host: Some(vec!["logs.example".into()]),
        ..Given::default()
    };
    let world = World::open(given).await;
    let host = ("host", "logs.example");
    let cases: [(&str, &str, Headers<'_>, u16); 7] = [
        ("10.0.0.5", "/healthz", &[host], 200),
        ("127.0.0.1", "/healthz", &[], 200),
        ("10.0.0.6", "/healthz", &[host], 403),
        ("10.0.0.6", "/healthz", &[host, ("x-forwarded-for", "10.0.0.5")], 403),
        ("10.0.0.5", "/healthz", &[("host", "evil.example")], 421),
        ("10.0.0.5", "/metrics", &[host, ("x-forwarded-for", "127.0.0.1, 198.51.100.7")], 401),
        ("127.0.0.1", "/metrics", &[], 200),
    ];
    for (peer, path, headers, status) in cases {
        assert_eq!(
            world.ask_from(peer, "GET", path, headers).await.status,
            status,
            "{peer} {path} {headers:?}"
        );
    }
    assert!(world.auth.sign_in_link().await.unwrap().starts_with("https://logs.example/sign-in?token="));
}

#[tokio::test]
async fn a_network_listener_that_does_not_know_its_peers_lets_nobody_in() {
    let given = Given {
        listen: Some("0.0.0.0:7300".into()),
        trusted_proxy: Some(vec!["0.0.0.0/0".into()]),
        ..Given::default()
    };
    let world = World::open(given).await;
    let request =
        axum::http::Request::builder().uri("/healthz").header("host", HOST).body(Body::empty()).unwrap();
    assert_eq!(world.router.clone().oneshot(request).await.unwrap().status(), 403);
}
