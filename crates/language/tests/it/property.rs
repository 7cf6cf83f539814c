//! Random patterns over random events: the crate and the naive reference agree, and nothing panics on any text.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use walletscope_language::filter_pattern::{
    Event, MetricFilter, MetricTransformation, Mode, Pattern, PatternKind,
};

use super::reference::{Asked, Hop, Logic, Made, Question, Relation, Slot};

const KEYS: &[&str] = &["a", "b", "c", "k.x", "é", ""];
/// Names of fields; no two are one when folded.
const NAMES: &[&str] = &["a", "b", "c", "w1"];
const TEXTS: &[&str] = &[
    "", "x", "xy", "x y", "1", "1.0", "10", "1e1", "-1", "+1", "0.5", "true", "null", "\"", "\\", "\\\"",
    "é", "[x", "x]", "*", "a b\"c", "\u{1}\n", "1.", ".5", "😀",
];
const OPERANDS: &[&str] =
    &["x", "x*", "*y", "*", "x*y", "1", "1.0", "1*", "-1", "+1", "10e-1", "0.5", "true", "xy"];
const NUMBERS: &[&str] = &["1", "0.5", "-1", "10", "+1e1"];

fn picked(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(from).prop_map(str::to_owned)
}

fn event() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..12).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, 10.0, -1.0]).prop_map(Value::from),
        picked(TEXTS).prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from), object(inner),]
    });
    prop_oneof![9 => object(tree.clone()), 1 => tree]
}

fn object(member: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let members = prop::collection::vec((picked(KEYS), member), 0..5);
    members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// An event as text: compact, pretty, with every letter escaped, or cut off.
fn written() -> impl Strategy<Value = String> {
    (event(), 0..5_u8, any::<prop::sample::Index>()).prop_map(|(event, form, cut)| {
        let compact = event.to_string();
        match form {
            0 => serde_json::to_string_pretty(&event).expect("JSON"),
            1 => escaped(&compact),
            2 => {
                let ends: Vec<_> = compact.char_indices().map(|(at, _)| at).collect();
                compact[..ends[cut.index(ends.len())]].to_owned()
            }
            _ => compact,
        }
    })
}

/// The letters inside of strings as escapes.
fn escaped(compact: &str) -> String {
    let (mut text, mut is_inside, mut is_escaped) = (String::new(), false, false);
    for character in compact.chars() {
        is_inside ^= character == '"' && !is_escaped;
        if is_inside && !is_escaped && (character == 'x' || !character.is_ascii()) {
            character
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| text.push_str(&format!("\\u{unit:04X}")));
        } else {
            text.push(character);
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    text
}

/// A line of fields, some quoted or in brackets.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        picked(TEXTS),
        picked(TEXTS).prop_map(|text| format!("\"{text}\"")),
        picked(TEXTS).prop_map(|text| format!("[{text}]")),
        picked(&["\"x\",", "\"", "[", "]", "\"x", "a\"b", "\"x\\\" y\""]),
    ];
    let blank = picked(&[" ", " ", "  ", "\t"]);
    prop::collection::vec((piece, blank), 0..6)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, blank)| piece + &blank).collect())
}

fn relation() -> impl Strategy<Value = Relation> {
    let equality = (
        prop::sample::select(vec!["=", "!="]),
        prop_oneof![
            picked(OPERANDS).prop_map(|operand| (operand, false)),
            picked(OPERANDS).prop_map(|operand| (operand, true)),
            picked(TEXTS).prop_map(|operand| (operand, true)),
        ],
    );
    let equality =
        equality.prop_map(|(operator, (operand, is_quoted))| Relation { operator, operand, is_quoted });
    let order = (prop::sample::select(vec!["<", ">", "<=", ">="]), picked(NUMBERS));
    let order = order.prop_map(|(operator, operand)| Relation { operator, operand, is_quoted: false });
    prop_oneof![2 => equality, 1 => order]
}

fn asked() -> impl Strategy<Value = Asked> {
    let hop = prop_oneof![
        3 => picked(KEYS).prop_map(Hop::Key),
        1 => (0..3_usize).prop_map(Hop::Index),
    ];
    let place =
        (prop::collection::vec(hop.clone(), 1..4), prop::option::weighted(0.2, (any::<bool>(), 0..3_usize)));
    let place = place.prop_map(|(mut place, wildcard)| {
        if let Some((is_key, at)) = wildcard {
            let at = at.min(place.len() - 1);
            place[at] = if is_key { Hop::AnyKey } else { Hop::AnyIndex };
        }
        place
    });
    let question = prop_oneof![
        4 => relation().prop_map(Question::Relation),
        1 => prop::sample::select(vec![json!(null), json!(true), json!(false)]).prop_map(Question::Is),
        1 => Just(Question::NotExists),
    ];
    (place, question).prop_map(|(place, question)| Asked { place, question })
}

/// At most three conditions, so that wildcards stay within their limit.
fn logic() -> impl Strategy<Value = Logic<Asked>> {
    let one = || asked().prop_map(|asked| Box::new(Logic::One(asked)));
    let two =
        (one(), one(), any::<bool>()).prop_map(|(left, right, is_and)| Box::new(joined(left, right, is_and)));
    prop_oneof![
        asked().prop_map(Logic::One),
        (one(), one(), any::<bool>()).prop_map(|(left, right, is_and)| joined(left, right, is_and)),
        (two, one(), any::<bool>(), any::<bool>()).prop_map(|(two, one, is_and, is_first)| {
            if is_first { joined(two, one, is_and) } else { joined(one, two, is_and) }
        }),
    ]
}

fn joined<C>(left: Box<Logic<C>>, right: Box<Logic<C>>, is_and: bool) -> Logic<C> {
    if is_and { Logic::And(left, right) } else { Logic::Or(left, right) }
}

/// Without parentheses: alternatives of conditions that hold together.
fn flat_logic() -> impl Strategy<Value = Logic<Relation>> {
    let all = prop::collection::vec(relation(), 1..3)
        .prop_map(|all| joined_all(all.into_iter().map(Logic::One), true));
    prop::collection::vec(all, 1..3).prop_map(|any| joined_all(any.into_iter(), false))
}

fn joined_all<C>(parts: impl Iterator<Item = Logic<C>>, is_and: bool) -> Logic<C> {
    let joined = |left, right| joined(Box::new(left), Box::new(right), is_and);
    parts.reduce(joined).expect("at least one")
}

fn slots() -> impl Strategy<Value = Vec<Slot>> {
    let slot = prop_oneof![
        1 => Just(Slot::Unnamed),
        4 => (picked(NAMES), prop::option::of(flat_logic())).prop_map(|(name, logic)| Slot::Named(name, logic)),
    ];
    let slots = (prop::collection::vec(slot, 0..4), prop::option::of(0..5_usize));
    slots.prop_map(|(mut slots, ellipsis)| {
        // Nothing between the brackets means the same as `...`.
        match ellipsis {
            Some(at) => slots.insert(at.min(slots.len()), Slot::Ellipsis),
            None if slots.is_empty() => slots.push(Slot::Ellipsis),
            None if slots.len() == 1 && matches!(slots[0], Slot::Unnamed) => slots.push(Slot::Unnamed),
            None => {}
        }
        slots
    })
}

fn made() -> impl Strategy<Value = Made> {
    let term = (prop::sample::select(vec!['+', '+', '-', '?']), picked(TEXTS));
    let terms = prop::collection::vec(term, 1..4);
    let terms = terms.prop_filter("an empty term means something only alone", |terms| {
        terms.iter().all(|term| !term.1.trim().is_empty())
    });
    prop_oneof![
        1 => terms.prop_map(Made::Terms),
        3 => logic().prop_map(Made::Json),
        3 => slots().prop_map(Made::Fields),
    ]
}

/// Pieces of patterns that meet each other in unlucky ways.
const FRAGMENTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "$",
    ".",
    "$.a",
    "*",
    "'",
    "\"",
    "\\",
    "%",
    "%a%",
    "=",
    "!=",
    "<",
    ">=",
    "&&",
    "||",
    ",",
    "...",
    " ",
    "?",
    "-",
    "IS",
    "NULL",
    "NOT",
    "EXISTS",
    "a",
    "1",
    "1e",
    "é",
    "x{2}",
    "[a-z]",
    "\\d",
    "@",
    "w1",
    "{ $.a = 1 }",
    "[a, b]",
    "\u{0}",
    "^",
    "|",
    "+",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 30_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn patterns_mean_what_the_reference_says(
        made in made(),
        message in prop_oneof![3 => written(), 1 => line()],
    ) {
        let text = made.text();
        let pattern = Pattern::parse(&text);
        prop_assert!(pattern.is_ok(), "{text}: {}", pattern.unwrap_err());
        let pattern = pattern.expect("it was read");
        for mode in [Mode::Strict, Mode::Lenient] {
            let event = Event::new(&message);
            let expected = made.matches(&message, mode == Mode::Lenient);
            let explanation = pattern.explain(&event, mode);
            prop_assert_eq!(pattern.matches(&event, mode), expected, "{} {} {:?}: {}", text, message, mode, explanation.sentence);
            let has_all = pattern.needed_texts().iter().all(|needed| message.contains(needed));
            prop_assert!(has_all || !expected || message.contains('\\'), "{} {}", text, message);
            prop_assert_eq!(explanation.matches, expected);
            let deciding: Vec<_> = explanation.findings.iter().filter(|finding| finding.decides).collect();
            prop_assert!(deciding.iter().all(|finding| finding.holds == expected), "{}", explanation.sentence);
            prop_assert_eq!(pattern.find(&event, mode).is_some(), expected);
        }
    }

    #[test]
    fn fields_are_read_on_lines_too(slots in slots(), message in line()) {
        let made = Made::Fields(slots);
        let pattern = Pattern::parse(&made.text()).expect("it is a pattern");
        let event = Event::new(&message);
        prop_assert_eq!(pattern.matches(&event, Mode::Strict), made.matches(&message, false), "{} {}", made.text(), message);
    }

    #[test]
    fn any_text_is_a_pattern_or_an_error_inside_of_it(
        pieces in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..12),
        message in prop_oneof![written(), line()],
    ) {
        let text = pieces.concat();
        match Pattern::parse(&text) {
            Err(error) => {
                prop_assert!(error.position <= text.len() && text.is_char_boundary(error.position), "{text} {error}");
                prop_assert!(!error.aws_message().is_empty());
            }
            Ok(pattern) => {
                let again = Pattern::parse(pattern.text()).expect("it was read once");
                for mode in [Mode::Strict, Mode::Lenient] {
                    let event = Event::new(&message);
                    let matches = pattern.matches(&event, mode);
                    prop_assert_eq!(again.matches(&event, mode), matches);
                    prop_assert!(matches || pattern.kind() != PatternKind::Everything);
                    for (name, value) in pattern.find(&event, mode).iter().flat_map(|found| found.values()) {
                        prop_assert!(name.starts_with('$'), "{name} {value}");
                        let transformation =
                            MetricTransformation { metric_value: name.into_owned(), ..MetricTransformation::default() };
                        if let Ok(filter) = MetricFilter::new(pattern.clone(), &transformation, mode) {
                            prop_assert!(filter.decide(&event).map_or(true, |point| point.value.is_finite()));
                        }
                    }
                }
            }
        }
    }
}
