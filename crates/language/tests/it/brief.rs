//! The three metric filters of `fixtures/brief.md` over its two log events, both as they stand there.

use walletscope_language::filter_pattern::{Event, MetricFilter, MetricTransformation, Mode, Pattern};
use walletscope_model::Timestamp;

fn brief() -> String {
    std::fs::read_to_string("../../fixtures/brief.md").expect("the fixture")
}

/// The filters in order: pattern and value.
fn filters(brief: &str) -> Vec<(String, String)> {
    let value = |line: &str, key: &str| Some(line.trim().strip_prefix(key)?.trim().to_owned());
    let patterns = brief.lines().filter_map(|line| value(line, "FilterPattern:"));
    let values = brief.lines().filter_map(|line| value(line, "MetricValue:"));
    let unquoted = |text: String, quote: char| text.trim_matches(quote).to_owned();
    patterns.zip(values).map(|(pattern, value)| (unquoted(pattern, '\''), unquoted(value, '"'))).collect()
}

/// The messages of the log events, each as the JSON that it is, with its time.
fn events(brief: &str) -> Vec<(Timestamp, String)> {
    let of_event = |block: &str| {
        let millis = block.split_once("\"timestamp\":")?.1.split(',').next()?.trim().parse().ok()?;
        let message = block.split_once("\"message\":")?.1;
        let message = &message[..=message.find('}')?];
        Some((Timestamp::from_millis(millis), message.trim().to_owned()))
    };
    let logs = brief.split_once("\"events\": [").expect("log events").1;
    logs.split("{\n        \"timestamp\"")
        .skip(1)
        .filter_map(|block| of_event(&format!("\"timestamp\"{block}")))
        .collect()
}

fn points(message: &str, at: Timestamp, mode: Mode) -> Vec<Option<f64>> {
    let value = |(pattern, metric_value): (String, String)| {
        let transformation = MetricTransformation { metric_value, ..MetricTransformation::default() };
        let pattern = Pattern::parse(&pattern).expect("a pattern of the brief");
        let filter = MetricFilter::new(pattern, &transformation, mode).expect("a filter of the brief");
        let event = Event { message, timestamp: Some(at), ingested_at: None };
        filter.decide(&event).ok().map(|point| point.value)
    };
    filters(&brief()).into_iter().map(value).collect()
}

#[test]
fn the_filters_make_points_of_the_events_in_lenient_mode_alone() {
    let events = events(&brief());
    let compact = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON").to_string();
    let expected = [[None, None, None], [Some(1.0), None, Some(1.245)]];
    assert_eq!((filters(&brief()).len(), events.len()), (3, 2));
    for ((at, message), expected) in events.into_iter().zip(expected) {
        for message in [compact(&message), message] {
            assert_eq!(points(&message, at, Mode::Lenient), expected, "{message}");
            assert_eq!(points(&message, at, Mode::Strict), [None; 3], "{message}");
        }
    }
}
