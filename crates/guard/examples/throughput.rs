//! What does the guard cost per message? Prints nanoseconds for messages as a token service writes them.
//! Run by hand: `cargo run --release -p walletscope-guard --example throughput`.

use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 2_000_000;

const MESSAGES: &[(&str, &str)] = &[
    (
        "json, 250 bytes, clean",
        r#"{"event":"TOKEN_PROVISION_START","requestId":"8f14e45f-ceea-467f-a8d6-0b2c1d3e4f5a","correlationId":"corr_xyz789","walletProvider":"ApplePay","issuer":"DEMO_Bank","bin":"424242","deviceType":"iPhone","tokenRequestorId":"40010030273","channel":"WALLET"}"#,
    ),
    (
        "json, 200 bytes, token reference and epoch",
        r#"{"event":"TOKEN_PROVISION_SUCCESS","requestId":"8f14e45f-ceea-467f-a8d6-0b2c1d3e4f5a","tokenReferenceId":"DNITHE001234567890123456","processingTime":1.245,"timestamp":1705312513245,"status":"ACTIVE"}"#,
    ),
    (
        "text, 110 bytes, clean",
        "2024-01-15T09:55:12.000Z 8f14e45f-ceea-467f-a8d6-0b2c1d3e4f5a INFO provisioned trm_abc123xyz in 1245 ms retry 0",
    ),
    (
        "json, with a card number",
        r#"{"event":"X","pan":"4111 1111 1111 1111","issuer":"DEMO_Bank","cvv":"123"}"#,
    ),
    (
        "json, with unicode escapes",
        r#"{"event":"X","name":"J\u00f6rg M\u00fcller","issuer":"DEMO_Bank","city":"Z\u00fcrich"}"#,
    ),
];

fn main() {
    for (name, message) in MESSAGES {
        let started = Instant::now();
        for _ in 0..ROUNDS {
            black_box(walletscope_guard::guard(black_box(message)));
        }
        let nanoseconds = started.elapsed().as_nanos() / u128::from(ROUNDS);
        println!("{nanoseconds:>6} ns  {:>4} bytes  {name}", message.len());
    }
}
