//! Does any gzip stream panic, or inflate beyond its limit?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_wire::aws::inflate;

const LIMIT: usize = 64 * 1024;

fuzz_target!(|body: &[u8]| {
    if let Ok(inflated) = inflate(Some("gzip"), body, LIMIT) {
        assert!(inflated.len() <= LIMIT);
    }
});
