//! Walks the table of `docs/protocols/routing.md`: the document is the test.

use walletscope_wire::aws::{self, Dialect, HttpRequest};

const TABLE: &str = include_str!("../../../docs/protocols/routing.md");

#[test]
fn every_row_of_the_document_holds() {
    let rows: Vec<&str> = TABLE.lines().filter(|line| line.starts_with("| `")).collect();
    for row in &rows {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, line, headers, body, scope, expected, _] = cells[..] else { panic!("six bars: {row}") };
        let (method, target) = line.split_once(' ').expect("a method and a target");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers: Vec<(&str, &str)> =
            headers.split(";;").filter_map(|header| header.split_once(": ")).collect();
        let request = HttpRequest { method, path, query, headers: &headers, body: body.as_bytes() };
        assert_eq!(outcome(&request, scope), expected, "{row}");
    }
    assert!(rows.len() >= 25, "the table was not found whole");
}

fn outcome(request: &HttpRequest<'_>, scope: &str) -> String {
    match aws::route(request, (!scope.is_empty()).then_some(scope)) {
        Ok(route) => format!("{:?} {:?} {}", route.protocol, route.service, route.operation.name),
        Err(error) => {
            let response = aws::encode_error(&Dialect::guess(request), "id", &error);
            let body = String::from_utf8_lossy(&response.body).into_owned();
            let text = format!("{body} {:?}", response.headers);
            let names = [error.shape.query_code, error.shape.name];
            let code = names.iter().find(|name| text.contains(**name)).expect("a code in the answer");
            format!("{} {code}", response.status)
        }
    }
}
