//! Which requests are for the web UI, and what do they get?
//!
//! The UI is files made by `web/` and built into the binary; they hold no data, so they need no sign-in. AWS clients
//! and browsers share one port: a page is asked for with GET, without a signature, and by somebody who reads HTML.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A file of the UI.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Its path below the root, without a leading slash.
    pub path: &'static str,
    /// Its bytes.
    pub plain: &'static [u8],
    /// Its bytes compressed, where that is smaller.
    pub gzipped: Option<&'static [u8]>,
}

/// The files that were there when the binary was built.
pub static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));

/// Paths that show a page; the script in it reads the rest of the address.
const PAGES: [&str; 12] = [
    "/",
    "/ops",
    "/errors",
    "/performance",
    "/funnel",
    "/requests",
    "/logs",
    "/logs/filters",
    "/sql",
    "/sources",
    "/admin/storage",
    "/sign-in-help",
];
/// Everything below these shows a page as well.
const PAGE_FOLDERS: [&str; 2] = ["/requests/", "/go/"];
/// Names below it hold a hash of their content and never change.
const ASSETS: &str = "/assets/";
const INDEX: &str = "index.html";
const CONTENT_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";
const NOT_BUILT: &[u8] =
    b"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Walletscope</title>\
    <body style=\"font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem\">\
    <h1>The web UI is not in this binary</h1><p>It needs Node.js to build: run <code>make web</code>, then \
    <code>make build</code>, and start the server again.</p><p>The JSON API is at <code>/api/v1</code>; \
    <a href=\"/api/v1/openapi.json\">its description</a> needs a sign-in or a token.</p></body></html>";

/// The answer to a request for the UI; `None` where the request is somebody else's, such as an AWS client's.
pub fn answer(files: &[File], method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    if !matches!(*method, Method::GET | Method::HEAD) || is_for_aws(uri, headers) {
        return None;
    }
    let path = uri.path();
    let asked = path.trim_start_matches('/');
    if let Some(file) = files.iter().find(|file| file.path == asked && file.path != INDEX) {
        return Some(send(file, path.starts_with(ASSETS), headers));
    }
    if path.starts_with(ASSETS) {
        return Some((StatusCode::NOT_FOUND, "no such file\n").into_response());
    }
    let is_page = PAGES.contains(&path) || PAGE_FOLDERS.iter().any(|folder| path.starts_with(folder));
    if !is_page || !reads_html(headers) {
        return None;
    }
    let not_built = File { path: INDEX, plain: NOT_BUILT, gzipped: None };
    Some(send(files.iter().find(|file| file.path == INDEX).unwrap_or(&not_built), false, headers))
}

/// Signed by header or in the query, or an action of the Query protocol.
fn is_for_aws(uri: &Uri, headers: &HeaderMap) -> bool {
    let query = uri.query().unwrap_or_default();
    headers.contains_key(header::AUTHORIZATION)
        || headers.contains_key("x-amz-target")
        || query.split('&').any(|pair| pair.starts_with("X-Amz-") || pair.starts_with("Action="))
}

fn reads_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| names(value, "text/html"))
}

/// Whether a list such as `Accept` names a word and does not refuse it with q=0.
fn names(value: &HeaderValue, word: &str) -> bool {
    let text = value.to_str().unwrap_or_default();
    text.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let is_refused =
            matches!(weight.trim().replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case(word) && !is_refused
    })
}

fn send(file: &File, is_lasting: bool, headers: &HeaderMap) -> Response {
    let takes_gzip = headers.get_all(header::ACCEPT_ENCODING).iter().any(|value| names(value, "gzip"));
    let gzipped = file.gzipped.filter(|_| takes_gzip);
    let cache = if is_lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = Response::new(Body::from(gzipped.unwrap_or(file.plain)));
    let mut set = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, media_type(file.path));
    set(header::CACHE_CONTROL, cache);
    set(header::VARY, "accept, accept-encoding");
    set(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    if gzipped.is_some() {
        set(header::CONTENT_ENCODING, "gzip");
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
