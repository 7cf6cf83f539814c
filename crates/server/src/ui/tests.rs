use super::*;

const FILES: &[File] = &[
    File { path: "index.html", plain: b"<title>page</title>", gzipped: Some(b"packed page") },
    File { path: "assets/main-1a2b.js", plain: b"script", gzipped: Some(b"packed script") },
    File { path: "favicon.svg", plain: b"<svg/>", gzipped: None },
];
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");

fn ask(files: &[File], method: Method, uri: &str, headers: &[(&str, &str)]) -> Option<Response> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    answer(files, &method, &uri.parse().unwrap(), &map)
}

async fn body(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn browsers_get_the_page_wherever_the_ui_has_one() {
    for path in
        ["/", "/ops", "/errors?from=now-1h", "/requests", "/requests/corr:c1", "/go/x/y", "/sign-in-help"]
    {
        let response = ask(FILES, Method::GET, path, &[HTML]).expect(path);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        assert!(
            response.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(body(response).await, "<title>page</title>", "{path}");
    }
    assert!(ask(FILES, Method::HEAD, "/ops", &[HTML]).is_some());
}

#[test]
fn requests_of_aws_clients_and_of_programs_are_not_the_ui_s() {
    type Headers = &'static [(&'static str, &'static str)];
    let cases: [(Method, &str, Headers); 8] = [
        (Method::GET, "/", &[]),
        (Method::GET, "/", &[("accept", "*/*")]),
        (Method::GET, "/", &[("accept", "text/html;q=0")]),
        (Method::POST, "/", &[HTML]),
        (Method::GET, "/", &[HTML, ("authorization", "AWS4-HMAC-SHA256 Credential=x")]),
        (Method::GET, "/?X-Amz-Signature=00", &[HTML]),
        (Method::GET, "/?Action=ListMetrics", &[HTML]),
        (Method::GET, "/service/Logs/operation/Put", &[HTML]),
    ];
    for (method, uri, headers) in cases {
        assert!(ask(FILES, method.clone(), uri, headers).is_none(), "{method} {uri} {headers:?}");
    }
}

#[tokio::test]
async fn assets_last_and_are_compressed_for_those_who_can_read_that() {
    let script = ask(FILES, Method::GET, "/assets/main-1a2b.js", &[("accept-encoding", "br, gzip")]).unwrap();
    assert_eq!(script.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(script.headers()[header::CONTENT_ENCODING], "gzip");
    assert_eq!(body(script).await, "packed script");
    for encodings in ["identity", "gzip;q=0"] {
        let headers = [("accept-encoding", encodings)];
        let script = ask(FILES, Method::GET, "/assets/main-1a2b.js", &headers).unwrap();
        assert!(!script.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(body(script).await, "script");
    }
    let icon = ask(FILES, Method::GET, "/favicon.svg", &[("accept-encoding", "gzip")]).unwrap();
    assert_eq!(icon.headers()[header::CACHE_CONTROL], "no-cache");
    assert_eq!(body(icon).await, "<svg/>");
    let missing = ask(FILES, Method::GET, "/assets/other.js", &[HTML]).unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_binary_without_the_ui_says_how_to_build_it() {
    let page = ask(&[], Method::GET, "/", &[HTML]).unwrap();
    assert!(body(page).await.contains("make web"));
}

/// What the web UI's rail leads to is shown to somebody who comes by its address.
#[test]
fn every_page_of_the_rail_is_shown_by_its_path() {
    // Relative to the crate, where Cargo runs tests.
    let rail = std::fs::read_to_string("../../web/src/shell/pages.ts").unwrap();
    let paths: Vec<&str> = rail.split("{ path: \"").skip(1).filter_map(|row| row.split('"').next()).collect();
    assert!(paths.len() >= 10, "{paths:?}");
    for path in paths {
        assert!(PAGES.contains(&path), "{path} is a page of the rail and not of the server");
    }
}
