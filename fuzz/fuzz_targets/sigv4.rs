//! Does any claim of a signature make verification panic, or verify without the secret?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_wire::aws::{HttpRequest, sigv4};

fuzz_target!(|parts: (&str, &str, &str, &str, &[u8])| {
    let (authorization, date, path, query, body) = parts;
    let headers = [("host", "localhost"), ("x-amz-date", date), ("authorization", authorization)];
    for headers in [&headers[..], &headers[..2]] {
        let request = HttpRequest { method: "POST", path, query, headers, body };
        let secret = |_: &str| Some("a secret no input knows");
        assert!(sigv4::verify(&request, secret, 1_440_938_160).is_err());
    }
});
