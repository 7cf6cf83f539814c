//! Does any text panic the parser of filter patterns, or any message a pattern? And do matching, values, points and the
//! explanation tell the same of both?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_language::filter_pattern::{Event, MetricFilter, MetricTransformation, Mode, Pattern};

fuzz_target!(|input: (&str, &str, &str)| {
    let (text, metric_value, message) = input;
    let pattern = match Pattern::parse(text) {
        Ok(pattern) => pattern,
        Err(error) => return assert!(text.is_char_boundary(error.position), "{text:?}: {error}"),
    };
    for mode in [Mode::Strict, Mode::Lenient] {
        let event = Event::new(message);
        let matches = pattern.matches(&event, mode);
        let explanation = pattern.explain(&event, mode);
        assert_eq!(explanation.matches, matches, "{text:?} over {message:?}: {}", explanation.sentence);
        let found = pattern.find(&event, mode);
        assert_eq!(found.is_some(), matches, "{text:?} over {message:?}");
        let values = found.iter().flat_map(|found| found.values());
        assert!(values.into_iter().all(|(name, _)| name.starts_with('$')), "{text:?} over {message:?}");
        let transformation =
            MetricTransformation { metric_value: metric_value.into(), ..MetricTransformation::default() };
        if let Ok(filter) = MetricFilter::new(pattern.clone(), &transformation, mode) {
            let point = filter.decide(&event);
            assert!(point.is_err() || matches, "{text:?} over {message:?}");
            assert!(point.is_ok_and(|point| point.value.is_finite()) || !matches || metric_value.starts_with('$'));
        }
    }
});
