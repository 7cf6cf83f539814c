//! May this page use the browser's session? A cookie goes along with whatever a page sends, so a request that shows one
//! must come from our own page.
//!
//! The cookie is SameSite=Strict, but a site is wider than an origin: every port of localhost is one site. So `Origin`
//! must name the very host that was asked, and `Sec-Fetch-Site`, where a browser sends it, must say the same. A request
//! with a bearer token needs none of this: no page can add that header to a request to us without our permission,
//! which we never give.

use axum::http::{HeaderMap, Method, Uri, header};

/// A page that is not ours sent this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignPage;

/// Checks a request that shows a session's cookie.
///
/// # Errors
/// [`ForeignPage`]; also where the request may change something and does not say which page sent it.
pub fn check_origin(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ForeignPage> {
    let fetch_site = text(headers, "sec-fetch-site");
    // `none` is a person: an address typed, a bookmark.
    if !matches!(fetch_site, None | Some("same-origin" | "none")) {
        return Err(ForeignPage);
    }
    let host = uri.authority().map(|authority| authority.as_str()).or(text(headers, header::HOST.as_str()));
    match (text(headers, header::ORIGIN.as_str()), host) {
        (Some(origin), Some(host)) if is_of_host(origin, host) => Ok(()),
        (None, _) if !headers.contains_key(header::ORIGIN) && method.is_safe() => Ok(()),
        _ => Err(ForeignPage),
    }
}

fn is_of_host(origin: &str, host: &str) -> bool {
    let (host_of_https, host_of_http) = (origin.strip_prefix("https://"), origin.strip_prefix("http://"));
    host_of_https.or(host_of_http).is_some_and(|origin_host| origin_host.eq_ignore_ascii_case(host))
}

/// A header that is there once and readable; anything else cannot be trusted and is nothing.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { Some("") } else { Some(first.to_str().unwrap_or("")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers = &'static [(&'static str, &'static str)];

    const HOST: &str = "127.0.0.1:7300";

    fn check(method: &str, headers: Headers) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in [("host", HOST)].iter().chain(headers) {
            map.append(*name, value.parse().unwrap());
        }
        check_origin(&method.parse().unwrap(), &Uri::from_static("/"), &map).is_ok()
    }

    #[test]
    fn our_own_page_and_a_person_pass_and_others_do_not() {
        let cases: [(&str, Headers, bool); 18] = [
            ("GET", &[], true),
            ("GET", &[("sec-fetch-site", "none")], true),
            ("GET", &[("sec-fetch-site", "same-origin")], true),
            ("GET", &[("sec-fetch-site", "same-site")], false),
            ("GET", &[("sec-fetch-site", "cross-site")], false),
            ("GET", &[("sec-fetch-site", "none"), ("sec-fetch-site", "none")], false),
            ("GET", &[("origin", "http://127.0.0.1:3000")], false),
            ("GET", &[("origin", "http://127.0.0.1:7300")], true),
            ("POST", &[], false),
            ("POST", &[("sec-fetch-site", "same-origin")], false),
            ("POST", &[("origin", "http://127.0.0.1:7300")], true),
            ("POST", &[("origin", "http://127.0.0.1:7300"), ("sec-fetch-site", "same-origin")], true),
            ("POST", &[("origin", "http://127.0.0.1:7300"), ("sec-fetch-site", "cross-site")], false),
            ("POST", &[("origin", "null")], false),
            ("POST", &[("origin", "http://127.0.0.1:7300.evil.example")], false),
            ("POST", &[("origin", "http://evil.example")], false),
            ("POST", &[("origin", "ftp://127.0.0.1:7300")], false),
            ("DELETE", &[("origin", "http://127.0.0.1")], false),
        ];
        for (method, headers, expected) in cases {
            assert_eq!(check(method, headers), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn two_origins_are_none() {
        assert!(!check("GET", &[("origin", "http://127.0.0.1:7300"), ("origin", "http://127.0.0.1:7300")]));
    }
}
