//! Does any entry of the journal panic its decoder, or change when it is written again?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_journal::{decode, encode};

fuzz_target!(|entry: &[u8]| {
    let Ok(batch) = decode(entry) else { return };
    // Damaged numbers can exceed what a batch may hold; written again it must read the same.
    if let Ok(again) = encode(&batch) {
        // A number may be NaN, which equals nothing: the written form is compared.
        let read = decode(&again).expect("what was written is read");
        assert_eq!(encode(&read).expect("what was read is written"), again);
    }
});
