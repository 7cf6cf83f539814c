//! Does any JSON body make routing, decoding, validation or an error answer panic or blame the server?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_wire::aws::{self, Dialect, HttpRequest, Operation};

const METRICS: &str = "GraniteServiceVersion20100801.PutMetricData";

fuzz_target!(|body: &[u8]| {
    for target in ["Logs_20140328.PutLogEvents", "Logs_20140328.DescribeLogStreams", METRICS] {
        let headers = [("x-amz-target", target)];
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
