//! Which operation does a REST path mean? A table of patterns a service, matched segment by segment.

use std::borrow::Cow;

use super::service::Service;

/// One REST operation: a `{label}` segment of the pattern matches any one non-empty segment.
struct RestRow {
    service: Service,
    method: &'static str,
    pattern: &'static str,
    operation: &'static str,
}

/// The supported REST operations. Any other REST request is unknown, in REST's own words.
const REST_ROWS: &[RestRow] = &[
    RestRow { service: Service::Oam, method: "POST", pattern: "/ListSinks", operation: "ListSinks" },
    RestRow {
        service: Service::Oam,
        method: "POST",
        pattern: "/ListAttachedLinks",
        operation: "ListAttachedLinks",
    },
];

/// The operation name of a method and a path within a service.
pub(crate) fn find(service: Service, method: &str, path: &str) -> Option<&'static str> {
    find_in(REST_ROWS, service, method, path)
}

fn find_in(rows: &'static [RestRow], service: Service, method: &str, path: &str) -> Option<&'static str> {
    let matches =
        |row: &&RestRow| row.service == service && row.method == method && matches_pattern(row.pattern, path);
    // A literal segment is closer than a label: rows with fewer labels win.
    let closest = rows.iter().filter(matches).min_by_key(|row| row.pattern.matches('{').count())?;
    Some(closest.operation)
}

fn matches_pattern(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let all = pattern.split('/').all(|wanted| match segments.next() {
        Some(segment) if wanted.starts_with('{') => !segment.is_empty(),
        Some(segment) => percent_decode(segment).as_ref() == wanted.as_bytes(),
        None => false,
    });
    all && segments.next().is_none()
}

/// Undoes `%XX`; a `%` without two hexadecimal digits stands for itself.
pub fn percent_decode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let pair = (bytes[index] == b'%')
            .then(|| Some(hex_digit(*bytes.get(index + 1)?)? << 4 | hex_digit(*bytes.get(index + 2)?)?))
            .flatten();
        decoded.push(pair.unwrap_or(bytes[index]));
        index += if pair.is_some() { 3 } else { 1 };
    }
    Cow::Owned(decoded)
}

/// The value of one hexadecimal digit of either case.
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[RestRow] = &[
        row("POST", "/Traces", "BatchGetTraces"),
        row("GET", "/rules/{id}", "GetRule"),
        row("GET", "/rules/default", "GetDefaultRule"),
    ];

    const fn row(method: &'static str, pattern: &'static str, operation: &'static str) -> RestRow {
        RestRow { service: Service::XRay, method, pattern, operation }
    }

    #[test]
    fn paths_match_whole_and_by_case() {
        for (method, path, expected) in [
            ("POST", "/Traces", Some("BatchGetTraces")),
            ("POST", "/traces", None),
            ("GET", "/Traces", None),
            ("POST", "/Traces/", None),
            ("POST", "/%54races", Some("BatchGetTraces")),
            ("GET", "/rules/7", Some("GetRule")),
            ("GET", "/rules/default", Some("GetDefaultRule")),
            ("GET", "/rules/", None),
            ("GET", "/rules", None),
        ] {
            assert_eq!(find_in(ROWS, Service::XRay, method, path), expected, "{method} {path}");
        }
        assert_eq!(find_in(ROWS, Service::Logs, "POST", "/Traces"), None);
    }

    #[test]
    fn percent_decoding_keeps_what_it_cannot_read() {
        for (text, expected) in
            [("a%20b", "a b"), ("%", "%"), ("%2", "%2"), ("%zz", "%zz"), ("%e2%82%AC", "€")]
        {
            assert_eq!(percent_decode(text).as_ref(), expected.as_bytes(), "{text}");
        }
    }
}
