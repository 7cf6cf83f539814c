//! The tables beside the tests, line by line.

use serde_json::{Map, Value};
use walletscope_language::filter_pattern::{
    Event, MetricFilter, MetricTransformation, Mode, Pattern, Point, TransformationError,
};
use walletscope_model::Timestamp;

use super::lines::lines;

/// The event of the tables happened then and came in a little later.
const HAPPENED: Timestamp = Timestamp::from_millis(1_705_312_513_245);
const CAME_IN: Timestamp = Timestamp::from_millis(1_705_312_514_000);

fn event(message: &str) -> Event<'_> {
    Event { message, timestamp: Some(HAPPENED), ingested_at: Some(CAME_IN) }
}

fn modes(name: &str) -> Vec<Mode> {
    match name {
        "strict" => vec![Mode::Strict],
        "lenient" => vec![Mode::Lenient],
        "both" => vec![Mode::Strict, Mode::Lenient],
        other => panic!("no mode: {other}"),
    }
}

fn check_matches(name: &str, table: &'static str, least_cases: usize) {
    let (mut pattern, mut now, mut message, mut cases) = (Pattern::parse(""), modes("both"), "", 0);
    for line in lines(name, table) {
        let place = &line.place;
        let of_pattern = || pattern.as_ref().unwrap_or_else(|error| panic!("{place}: {error}"));
        match line.keyword {
            "source" => now = modes("both"),
            "pattern" => pattern = Pattern::parse(line.rest),
            "refused" => assert!(pattern.is_err(), "{place}"),
            "mode" => now = modes(line.rest),
            "yes" | "no" => {
                message = line.rest;
                for mode in &now {
                    let explanation = of_pattern().explain(&event(message), *mode);
                    let matches = of_pattern().matches(&event(message), *mode);
                    assert_eq!(matches, line.keyword == "yes", "{place} {mode:?}: {}", explanation.sentence);
                    assert_eq!(matches, explanation.matches, "{place} {mode:?}");
                    assert_eq!(
                        matches,
                        of_pattern().find(&event(message), *mode).is_some(),
                        "{place} {mode:?}"
                    );
                    cases += 1;
                }
            }
            "values" => {
                let expected: Map<String, Value> = serde_json::from_str(line.rest).expect(place);
                for mode in &now {
                    let event = event(message);
                    let found = of_pattern().find(&event, *mode).expect(place);
                    let values =
                        found.values().into_iter().map(|(name, value)| (name.into_owned(), value.into()));
                    assert_eq!(values.collect::<Map<_, _>>(), expected, "{place} {mode:?}");
                    for (name, value) in &expected {
                        assert_eq!(found.value(name).as_deref(), value.as_str(), "{place} {name}");
                    }
                }
            }
            other => panic!("{place}: {other}"),
        }
    }
    assert!(cases >= least_cases, "{name} lost its cases: {cases}");
}

#[test]
fn terms_match_as_documented() {
    check_matches("terms.txt", include_str!("../tables/terms.txt"), 200);
}

#[test]
fn json_patterns_match_as_documented() {
    check_matches("json.txt", include_str!("../tables/json.txt"), 200);
}

#[test]
fn space_delimited_patterns_match_as_documented() {
    check_matches("fields.txt", include_str!("../tables/fields.txt"), 100);
}

#[test]
fn lenient_mode_reads_names_as_keys_and_strict_mode_does_not() {
    check_matches("modes.txt", include_str!("../tables/modes.txt"), 35);
}

#[test]
fn what_is_no_pattern_is_told_with_its_place() {
    let (mut refused, mut wrong) = (None, Vec::new());
    for line in lines("errors.txt", include_str!("../tables/errors.txt")) {
        let place = &line.place;
        let error = || refused.as_ref().unwrap_or_else(|| panic!("{place}: no pattern above"));
        let (told, expected) = match line.keyword {
            "pattern" => {
                refused = Some(Pattern::parse(line.rest).expect_err(place));
                continue;
            }
            "source" => continue,
            "at" => (error().to_string(), said(line.rest)),
            "aws" => (error().aws_message(), line.rest.to_owned()),
            other => panic!("{place}: {other}"),
        };
        if told != expected {
            wrong.push(format!("{place}: {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn said(rest: &str) -> String {
    let (position, words) = rest.split_once(' ').expect("a position and words");
    format!("at byte {position}: {words}")
}

/// A filter as the lines of a table make it.
#[derive(Default)]
struct Making {
    pattern: &'static str,
    is_lenient: bool,
    transformation: MetricTransformation,
}

impl Making {
    fn filter(&self, place: &str) -> Result<MetricFilter, TransformationError> {
        let mode = if self.is_lenient { Mode::Lenient } else { Mode::Strict };
        MetricFilter::new(Pattern::parse(self.pattern).expect(place), &self.transformation, mode)
    }
}

#[test]
fn events_make_points_or_tell_why_not() {
    let (mut making, mut message) = (Making::default(), "");
    for line in lines("points.txt", include_str!("../tables/points.txt")) {
        let place = &line.place;
        let transformation = &mut making.transformation;
        match line.keyword {
            "source" => {}
            "pattern" => {
                (making.pattern, making.transformation) = (line.rest, MetricTransformation::default())
            }
            "mode" => making.is_lenient = line.rest == "lenient",
            "value" => transformation.metric_value = line.rest.into(),
            "default" => transformation.default_value = Some(line.rest.parse().expect(place)),
            "unit" => transformation.unit = Some(line.rest.into()),
            "dimension" => {
                let (name, source) = line.rest.split_once(' ').expect(place);
                transformation.dimensions.push((name.into(), source.into()));
            }
            "event" => message = line.rest,
            "refused" => {
                assert_eq!(making.filter(place).expect_err(place).aws_message(), line.rest, "{place}")
            }
            "point" | "none" => {
                let filter = making.filter(place).unwrap_or_else(|error| panic!("{place}: {error}"));
                assert_eq!(filter.default_value(), making.transformation.default_value, "{place}");
                let told = filter
                    .decide(&event(message))
                    .map_or_else(|why| why.to_string(), |point| in_words(&point));
                assert_eq!(told, line.rest, "{place}");
            }
            other => panic!("{place}: {other}"),
        }
    }
}

fn in_words(point: &Point<'_>) -> String {
    assert_eq!(point.minute, Some(Timestamp::from_seconds(1_705_312_500)));
    let dimension = |dimension: &walletscope_language::filter_pattern::Dimension<'_>| {
        (dimension.name.to_owned(), Value::from(&*dimension.value))
    };
    let dimensions: Map<_, _> = point.dimensions.iter().map(dimension).collect();
    format!("{} {} {}", point.value, point.unit, Value::Object(dimensions))
}

#[test]
fn a_value_of_a_dimension_has_an_end() {
    let transformation = MetricTransformation {
        metric_value: "1".into(),
        dimensions: vec![("a".into(), "$.a".into())],
        ..MetricTransformation::default()
    };
    let pattern = Pattern::parse("{ $.a = * }").expect("a pattern");
    let filter = MetricFilter::new(pattern, &transformation, Mode::Strict).expect("a filter");
    for (length, expected) in [(1_024, true), (1_025, false)] {
        let message = format!(r#"{{"a":"{}"}}"#, "é".repeat(length));
        assert_eq!(filter.decide(&event(&message)).is_ok(), expected, "{length}");
    }
}

#[test]
fn explanations_say_what_decided() {
    let (mut pattern, mut mode, mut message) = (Pattern::parse(""), Mode::Strict, "");
    for line in lines("explanations.txt", include_str!("../tables/explanations.txt")) {
        let place = &line.place;
        let explain = || pattern.as_ref().expect(place).explain(&event(message), mode);
        match line.keyword {
            "pattern" => pattern = Pattern::parse(line.rest),
            "mode" => mode = modes(line.rest)[0],
            "event" => message = line.rest,
            "says" => {
                let explanation = explain();
                assert_eq!(explanation.sentence, line.rest, "{place}");
                for finding in &explanation.findings {
                    let text = pattern.as_ref().expect(place).text();
                    assert_eq!(&text[finding.span.clone()], finding.part, "{place}");
                }
            }
            "note" => {
                let notes: Vec<_> = explain().notes.iter().map(ToString::to_string).collect();
                assert_eq!(notes, [line.rest], "{place}");
            }
            other => panic!("{place}: {other}"),
        }
    }
}
