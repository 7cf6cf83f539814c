//! Does any form body make routing, decoding, validation or an error answer panic or blame the server?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_wire::aws::{self, Dialect, HttpRequest, Operation};

fuzz_target!(|body: &[u8]| {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let known = [b"Action=PutMetricData&Version=2010-08-01&", body].concat();
    for body in [body, known.as_slice()] {
        let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body };
        drive(&request);
    }
});

fn drive(request: &HttpRequest<'_>) {
    let outcome = aws::route(request, None).and_then(|route| match Operation::decode(&route, request)? {
        Operation::PutLogEvents(batch) => batch.validate()?.accept(0, Some(1)).map(drop),
        Operation::PutMetricData(metrics) => metrics.validate(0).map(drop),
        _ => Ok(()),
    });
    if let Err(error) = outcome {
        assert!(aws::encode_error(&Dialect::guess(request), "id", &error).status < 500);
    }
}
