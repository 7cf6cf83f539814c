//! Does any log message panic the interpreter, or give an id or value that is out of bounds?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_stream::interpret::{ID_BYTES_MAX, VALUE_BYTES_MAX, interpret};

fuzz_target!(|message: &str| {
    let said = interpret(message, &[]);
    assert!(said.ids.iter().flatten().all(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX));
    assert!(said.fields.iter().all(|(_, value)| value.len() <= VALUE_BYTES_MAX));
});
