//! Patterns and messages that somebody made to hurt: everything ends, soon, and nothing overflows.

use std::time::{Duration, Instant};

use walletscope_language::filter_pattern::{
    Event, Mode, PARENTHESES_DEPTH_MAX, PATTERN_LENGTH_MAX, Pattern, Problem,
};

/// The largest message that CloudWatch Logs takes.
const MESSAGE_BYTES: usize = 1 << 20;
/// Far more than any case needs, so that a busy machine does not fail the test; a quadratic search needs minutes.
const PATIENCE: Duration = Duration::from_secs(20);

fn check(pattern: &str, message: &str, expected: bool) {
    let compiled = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let started = Instant::now();
    for mode in [Mode::Strict, Mode::Lenient] {
        assert_eq!(compiled.matches(&Event::new(message), mode), expected, "{pattern} {mode:?}");
    }
    let elapsed = started.elapsed();
    assert!(elapsed < PATIENCE, "{pattern}: {elapsed:?} for {} bytes", message.len());
}

fn filled(piece: &str) -> String {
    piece.repeat(MESSAGE_BYTES / piece.len())
}

#[test]
fn length_is_counted_in_characters() {
    for (letter, length, is_allowed) in [
        ("a", PATTERN_LENGTH_MAX, true),
        ("é", PATTERN_LENGTH_MAX, true),
        ("a", PATTERN_LENGTH_MAX + 1, false),
    ] {
        let parsed = Pattern::parse(&letter.repeat(length));
        assert_eq!(parsed.is_ok(), is_allowed, "{letter} {length}");
    }
    let error = Pattern::parse(&"[".repeat(1_000_000)).expect_err("too long");
    assert_eq!(error.problem, Problem::TooLong { length: 1_000_000 });
    assert!(error.aws_message().ends_with("Member must have length less than or equal to 1024"));
}

#[test]
fn parentheses_are_bounded() {
    let nested = |depth: usize| format!("{{{}$.a=1{}}}", "(".repeat(depth), ")".repeat(depth));
    assert!(Pattern::parse(&nested(PARENTHESES_DEPTH_MAX)).is_ok());
    let error = Pattern::parse(&nested(PARENTHESES_DEPTH_MAX + 1)).expect_err("too deep");
    assert_eq!((error.problem, error.position), (Problem::TooDeep, PARENTHESES_DEPTH_MAX + 1));
    assert!(Pattern::parse(&format!("{{{}", "(".repeat(1_000))).is_err());
}

#[test]
fn patterns_as_full_as_can_be_are_parsed_and_asked() {
    let selectors = "$.a=1||".repeat(145);
    check(&format!("{{{selectors}$.b=2}}"), r#"{"b":2}"#, true);
    check(&format!("{{$.{} = 1}}", "a.".repeat(500) + "a"), &filled(r#"{"a":"#), false);
    check(&format!("[{}]", ",".repeat(1_000)), &"x ".repeat(1_001), true);
    check(&format!("[{}z=1]", "a,".repeat(300)), &filled("1 "), false);
}

#[test]
fn deep_json_neither_matches_nor_overflows() {
    for piece in ["[", "{\"a\":", "[{\"a\":[", "{\"a\":[[{}],"] {
        check("{ $.a NOT EXISTS }", &filled(piece), false);
        check("{ $.a.a.a = 1 }", &filled(piece), false);
        check("{ $.a[*] = 1 && $.*.a = 1 && $.a.*.a = 1 }", &filled(piece), false);
        check("[a = 1]", &filled(piece), false);
    }
}

#[test]
fn long_lines_take_time_in_their_length() {
    check("[..., a = x]", &filled("\"a "), false);
    check("[..., a = x]", &filled("[a "), false);
    check("[..., a = x]", &filled("\" [ "), false);
    check("[..., a = x]", &filled("\"\\"), false);
    check("[a, ..., b = x]", &filled("a "), false);
    check("{ $.a = \"x\" }", &format!("{{\"a\":\"{}\"}}", "\\u00e9".repeat(MESSAGE_BYTES / 6)), false);
    check("{ $.a = 1 }", &format!("{{\"a\":{}}}", "1".repeat(MESSAGE_BYTES)), false);
    check("{ $.a = 1e9 }", &format!("{{\"a\":1e{}}}", "9".repeat(MESSAGE_BYTES)), false);
    check("{ $.a = \"*a*a*a*a*a*a*a*b\" }", &format!("{{\"a\":\"{}\"}}", "a".repeat(MESSAGE_BYTES)), false);
    check("{ $.*.x = 1 }", &format!("{{{}\"a\":1}}", "\"k\":{\"x\":2},".repeat(80_000)), false);
    let names: Vec<_> = (0..200).map(|number| format!("n{number}")).collect();
    let keys = format!("{{{}\"n1\":1}}", "\"eventType\":1,".repeat(70_000));
    check(&format!("[{}=2]", names.join(",")), &keys, false);
    check(&format!("[{}=2]", ["event"; 150].join(",")), &keys, false);
    check(&format!("-{}", ["ab"; 200].join(" -")), &filled("a"), true);
}

#[test]
fn regular_expressions_are_linear_and_small() {
    // Letters without order leave a search nothing to remember.
    let mut state = 1_u32;
    let letters: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if state >> 31 == 0 { 'a' } else { 'b' }
    })
    .take(MESSAGE_BYTES / 8)
    .collect();
    check("%[ab]*a[ab]{500}c%", &letters, false);
    check("%a.{100}c%", &letters, false);
    check("%a*a*a*a*a*a*a*a*b%", &filled("a"), false);
    check("%.*.*.*=.*%", &filled("x\n"), false);
    check("{ $.a = %x+x+x+y% }", &format!("{{\"a\":\"{}\"}}", "x".repeat(MESSAGE_BYTES)), false);
    for too_big in ["%[ab]{3000}%", "%.{999}.{999}%", "%a{9999}%"] {
        assert!(Pattern::parse(too_big).is_err(), "{too_big}");
    }
}
