//! Does the guard hold its promises on any text? Borrowed and unchanged exactly when nothing was cut; a fixed point
//! after one call; a JSON object or array stays one.

#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use walletscope_guard::{guard, is_clean};

fuzz_target!(|text: &str| {
    let guarded = guard(text);
    assert_eq!(guarded.cuts == 0, guarded.text == text);
    assert_eq!(guarded.cuts == 0, matches!(guarded.text, Cow::Borrowed(_)));
    assert!(is_clean(&guarded.text), "{text:?} became {:?}", guarded.text);
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
        && (value.is_object() || value.is_array())
    {
        let again = serde_json::from_str::<serde_json::Value>(&guarded.text);
        assert!(again.is_ok(), "{text:?} became {:?}", guarded.text);
    }
});
