//! How fast do we read a batch? Verifies and decodes one `PutLogEvents` body of 1,000 events over and over
//! and prints both in MB/s. Run with `--release`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use walletscope_wire::aws::{self, HttpRequest, Operation, sigv4};

const EVENTS: usize = 1_000;
const RUN: Duration = Duration::from_secs(2);

fn main() {
    let body = body();
    let headers =
        [("x-amz-target", "Logs_20140328.PutLogEvents"), ("content-type", "application/x-amz-json-1.1")];
    let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body: &body };
    let route = aws::route(&request, None).expect("a known route");
    measure("decode and validate", body.len(), || {
        let Ok(Operation::PutLogEvents(batch)) = Operation::decode(&route, &request) else { return false };
        black_box(&batch).validate().is_ok()
    });
    // An unsigned request would stop before the hash, so this one claims a signature; it is refused last.
    let signature = "0".repeat(64);
    let claim = format!(
        "AWS4-HMAC-SHA256 Credential=AK/20150830/us-east-1/logs/aws4_request, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}"
    );
    let mut signed = headers.to_vec();
    signed.extend([("host", "localhost"), ("x-amz-date", "20150830T123600Z"), ("authorization", &claim)]);
    let request = HttpRequest { headers: &signed, ..request };
    measure("verify", body.len(), || sigv4::verify(&request, |_| Some("secret"), 1_440_938_160).is_err());
}

fn body() -> Vec<u8> {
    let event = |place: usize| {
        let message = format!(
            r#"{{\"event\":\"PROVISIONING_RESPONSE\",\"correlationId\":\"corr_{place:06}\",\"wallet\":\"ApplePay\",\"issuer\":\"DEMO_Bank\",\"status\":\"SUCCESS\",\"latencyMs\":{},\"device\":\"iPhone\"}}"#,
            place * 7 % 3000
        );
        format!(r#"{{"timestamp":{},"message":"{message}"}}"#, 1_440_938_160_000_u64 + place as u64)
    };
    let events: Vec<String> = (0..EVENTS).map(event).collect();
    format!(r#"{{"logGroupName":"g","logStreamName":"s","logEvents":[{}]}}"#, events.join(",")).into_bytes()
}

fn measure(what: &str, bytes: usize, mut once: impl FnMut() -> bool) {
    let start = Instant::now();
    let mut rounds = 0_u32;
    while start.elapsed() < RUN {
        assert!(once(), "{what} did not do its work");
        rounds += 1;
    }
    let megabytes = bytes as f64 * f64::from(rounds) / 1e6;
    println!(
        "{what}: {:.0} MB/s ({bytes} bytes of {EVENTS} events)",
        megabytes / start.elapsed().as_secs_f64()
    );
}
