//! Is every card number cut, wherever it stands, and is the result stable and still JSON? Properties over generated
//! numbers of every brand.

use proptest::prelude::*;
use walletscope_guard::{guard, is_clean};

/// Prefix and length of every brand; both ends of the ranges.
const BRANDS: &[(&str, usize)] = &[
    ("4", 13),
    ("4", 16),
    ("4", 19),
    ("51", 16),
    ("55", 16),
    ("2221", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("644", 16),
    ("649", 19),
    ("65", 18),
    ("300", 14),
    ("305", 14),
    ("3095", 16),
    ("36", 14),
    ("36", 19),
    ("38", 14),
    ("39", 16),
    ("3528", 16),
    ("3589", 19),
    ("62", 16),
    ("62", 17),
    ("62", 19),
    ("81", 16),
    ("50", 13),
    ("56", 16),
    ("58", 19),
    ("6304", 14),
    ("6759", 15),
    ("60", 16),
    ("82", 16),
    ("508", 16),
    ("2200", 16),
    ("2204", 19),
    ("9792", 16),
    ("9704", 16),
    ("9860", 16),
    ("8600", 16),
    ("31", 19),
];

fn with_check_digit(prefix: &str, length: usize, filler: &[u8]) -> String {
    let mut digits: Vec<u8> =
        prefix.bytes().map(|digit| digit - b'0').chain(filler.iter().copied()).collect();
    digits.truncate(length - 1);
    let doubled =
        digits.iter().rev().step_by(2).map(|digit| u32::from(digit * 2 / 10 + digit * 2 % 10)).sum::<u32>();
    let single = digits.iter().rev().skip(1).step_by(2).map(|digit| u32::from(*digit)).sum::<u32>();
    digits.push(u8::try_from((10 - (doubled + single) % 10) % 10).expect("a digit"));
    digits.iter().map(|digit| char::from(digit + b'0')).collect()
}

fn card_number() -> impl Strategy<Value = String> {
    let filler = prop::collection::vec(0_u8..10, 19);
    (prop::sample::select(BRANDS), filler)
        .prop_map(|((prefix, length), filler)| with_check_digit(prefix, length, &filler))
}

/// First six or, from 16 digits on, eight; last four; a star for each digit between.
fn truncated(number: &str) -> String {
    let head = if number.len() < 16 { 6 } else { 8 };
    let tail = number.len() - 4;
    format!("{}{}{}", &number[..head], "*".repeat(tail - head), &number[tail..])
}

/// The number in groups of four, or as printed on Amex and Diners cards.
fn separated(number: &str, separator: &str) -> String {
    let sizes: &[usize] = match number.len() {
        14 => &[4, 6, 4],
        15 => &[4, 6, 5],
        _ => &[4, 4, 4, 4, 4],
    };
    let mut groups = Vec::new();
    let mut rest = number;
    for size in sizes {
        let (group, others) = rest.split_at(rest.len().min(*size));
        groups.push(group);
        rest = others;
    }
    groups.retain(|group| !group.is_empty());
    groups.join(separator)
}

const SEPARATORS: &[&str] = &["", "", " ", "-", ".", "/", "_", "+", "  ", "\u{a0}", "\u{2011}", "%20", "%2D"];

const SURROUNDINGS: &[(&str, &str)] = &[
    ("", ""),
    (r#"{"event":"X","pan":""#, r#"","n":1}"#),
    (r#"{"message":"{\"card\":\""#, r#"\"}"}"#),
    ("INFO 8f14e45f-ceea-467f-a8d6-0b2c1d3e4f5a card ", " declined after 1245 ms"),
    ("https://issuer.example/cards/", "?x=1"),
    ("https://issuer.example/?card=", "&requestId=8f14e45f-ceea-467f-a8d6-0b2c1d3e4f5a"),
    ("2024-01-15;", ";EUR"),
    ("PAN", " "),
    ("é", "é"),
    ("trm_", "x"),
];

fn json(number: String) -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::from(number.clone())),
        Just(serde_json::Value::from(number.parse::<u64>().expect("up to 19 digits"))),
        Just(serde_json::json!({ "cvv": 123, "pan": number.parse::<u64>().expect("up to 19 digits") })),
        Just(serde_json::Value::Null),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        "[a-z\"\\\\\\[\\]{},:0-9 é]{0,12}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![Just("cvv".to_owned()), Just("track_data".to_owned()), "[a-z\"\\\\]{0,5}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((key, inner.clone()), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| serde_json::Value::from(value.to_string())),
        ]
    })
    .prop_filter("a document", |value| value.is_object() || value.is_array())
}

/// Fragments that meet each other in unlucky ways.
const FRAGMENTS: &[&str] = &[
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111",
    "1111",
    "111",
    "1",
    " ",
    "-",
    "*",
    "****",
    "41111111****1111",
    "\"",
    "\\",
    "\\\"",
    ":",
    "=",
    "{",
    "}",
    "[",
    "]",
    ",",
    "cvv",
    "pin",
    "\"cvv\":",
    "cid=",
    "%",
    "%20",
    "\\u0034",
    "\\u",
    "D2512101",
    "^DOE^2512",
    "=2512101",
    "a",
    "f",
    "4",
    "é",
    "４",
    "\u{200b}",
    "\u{a0}",
    ".",
    "e5",
    "<cvv>",
    "378282246310005",
    "12",
    "2512",
    "0",
    "00",
    "5555 5555 5555 4444",
    "'",
    ">",
    "&",
    ";",
    "\n",
    "\\n",
    "25",
    "%25",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_card_number_never_survives(
        number in card_number(),
        separator in prop::sample::select(SEPARATORS),
        (before, after) in prop::sample::select(SURROUNDINGS),
    ) {
        let text = format!("{before}{}{after}", separated(&number, separator));
        let guarded = guard(&text);
        let form = truncated(&number);
        prop_assert_eq!(&guarded.text, &format!("{before}{form}{after}"));
        prop_assert_eq!(guarded.cuts, 1);
    }

    #[test]
    fn a_second_guard_changes_nothing(parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..14)) {
        let text = parts.concat();
        let guarded = guard(&text);
        prop_assert_eq!(guarded.cuts == 0, guarded.text == text);
        prop_assert!(is_clean(&guarded.text), "{} became {} became {}", text, guarded.text, guard(&guarded.text).text);
    }

    #[test]
    fn any_text_is_handled(text in "\\PC{0,60}") {
        prop_assert!(is_clean(&guard(&text).text));
    }

    #[test]
    fn json_stays_json(value in card_number().prop_flat_map(json), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let guarded = guard(&text);
        let parsed = serde_json::from_str::<serde_json::Value>(&guarded.text);
        prop_assert!(parsed.is_ok(), "{} became {}", text, guarded.text);
    }
}
