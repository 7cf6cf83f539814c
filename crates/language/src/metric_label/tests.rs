//! Every value of the guide's table over one series, texts that are no labels, and texts at random.

use proptest::prelude::*;

use super::*;

/// 2026-11-26T12:00:00Z.
const NOON: i64 = 1_795_694_400;

#[track_caller]
fn check(label: &str, expected: &str) {
    let dimensions = [("Issuer".into(), "DEMO_Bank".into()), ("Cluster Name".into(), "it's".into())];
    let identity = MetricIdentity {
        namespace: "TokenServices",
        name: "TokenProvisioningLatency",
        dimensions: &dimensions,
        account: "111122223333",
    };
    let points = [(NOON + 120, 2.5), (NOON, 1.0), (NOON + 60, 4.0), (NOON + 180, 4.0), (NOON + 240, 0.75)];
    let facts = LabelFacts {
        default_label: "DEMO_Bank",
        points: &points,
        identity: Some(identity),
        statistic: Some("p99"),
        period_seconds: 60,
        region: "eu-west-1",
        account: "999999999999",
        timezone_offset_minutes: 120,
        now: NOON + 300,
    };
    assert_eq!(Label::parse(label).map(|label| label.render(&facts)).as_deref(), Ok(expected), "{label}");
}

#[track_caller]
fn check_bare(label: &str, expected: &str) {
    let facts = LabelFacts {
        default_label: "q1",
        period_seconds: 300,
        region: "eu-west-1",
        account: "1",
        ..LabelFacts::default()
    };
    assert_eq!(Label::parse(label).map(|label| label.render(&facts)).as_deref(), Ok(expected), "{label}");
}

#[test]
fn every_value_of_the_guide() {
    let cases = [
        ("${AVG}", "2.45"),
        ("${DATAPOINT_COUNT}", "5"),
        ("${FIRST}", "1"),
        ("${FIRST_LAST_RANGE}", "0.25"),
        ("${FIRST_LAST_TIME_RANGE}", "4m"),
        ("${FIRST_TIME}", "2026-11-26 14:00:00"),
        ("${FIRST_TIME_RELATIVE}", "5m"),
        ("${LABEL}", "DEMO_Bank"),
        ("${LAST}", "0.75"),
        ("${LAST_TIME}", "2026-11-26 14:04:00"),
        ("${LAST_TIME_RELATIVE}", "1m"),
        ("${MAX}", "4"),
        ("${MAX_TIME}", "2026-11-26 14:01:00"),
        ("${MAX_TIME_RELATIVE}", "4m"),
        ("${MIN}", "0.75"),
        ("${MIN_MAX_RANGE}", "3.25"),
        ("${MIN_MAX_TIME_RANGE}", "3m"),
        ("${MIN_TIME}", "2026-11-26 14:04:00"),
        ("${MIN_TIME_RELATIVE}", "1m"),
        ("${PROP('AccountId')}", "111122223333"),
        ("${PROP('AccountLabel')}", "111122223333"),
        ("${PROP('Dim.Issuer')}", "DEMO_Bank"),
        ("${PROP('MetricName')}", "TokenProvisioningLatency"),
        ("${PROP('Namespace')}", "TokenServices"),
        ("${PROP('Period')}", "60"),
        ("${PROP('Region')}", "eu-west-1"),
        ("${PROP('Stat')}", "p99"),
        ("${SUM}", "12.25"),
    ];
    for (label, expected) in cases {
        check(label, expected);
    }
    check("[max: ${MAX} Errors for Function Name ${LABEL}]", "[max: 4 Errors for Function Name DEMO_Bank]");
}

#[test]
fn what_grafana_sends() {
    check("${LABEL}|&|${PROP('Dim.Issuer')}", "DEMO_Bank|&|DEMO_Bank");
    check("${LABEL}|&|${PROP('Dim.Cluster Name')}|&|${PROP('Dim.Issuer')}", "DEMO_Bank|&|it's|&|DEMO_Bank");
    check("some label", "some label");
    check("issuer=${PROP('Dim.Issuer')}\nenv=${PROP('Dim.env')}", "issuer=DEMO_Bank\nenv=--");
    let many = format!("${{LABEL}}{}", "|&|${PROP('Dim.Issuer')}".repeat(30));
    check(&many, &format!("DEMO_Bank{}", "|&|DEMO_Bank".repeat(30)));
}

#[test]
fn what_a_series_lacks_is_told() {
    for label in [
        "${PROP('MetricName')}",
        "${PROP('Namespace')}",
        "${PROP('Stat')}",
        "${PROP('Dim.a')}",
        "${MAX}",
        "${SUM}",
    ] {
        check_bare(label, "--");
    }
    for label in
        ["${AVG}", "${LAST_TIME}", "${FIRST_TIME_RELATIVE}", "${MIN_MAX_RANGE}", "${MIN_MAX_TIME_RANGE}"]
    {
        check_bare(label, "--");
    }
    check_bare("${DATAPOINT_COUNT} ${PROP('Period')} ${PROP('AccountId')}", "0 300 1");
    check("${PROP('Dim.issuer')}", "--");
    check("", "");
    check("costs 5$ {or} $x}", "costs 5$ {or} $x}");
}

#[test]
fn several_series_get_their_default_label_behind_a_text() {
    let cases =
        [("Success", "Success q1"), ("${LABEL} s", "q1 s"), ("n=${DATAPOINT_COUNT}", "n=0"), ("", " q1")];
    for (label, expected) in cases {
        let label = Label::parse(label).expect("a label").for_several();
        assert_eq!(label.render(&LabelFacts { default_label: "q1", ..LabelFacts::default() }), expected);
    }
}

#[test]
fn what_is_no_label_is_refused_with_the_place() {
    use LabelProblem::*;
    let value = |name: &str| UnknownValue { name: name.into() };
    let property = |name: &str| UnknownProperty { name: name.into() };
    let long = "x".repeat(LABEL_BYTES_MAX + 1);
    let cases = [
        ("a ${", 2, NotClosed),
        ("a ${MAX", 2, NotClosed),
        ("${}", 0, value("")),
        ("${max}", 0, value("max")),
        ("${ MAX }", 0, value(" MAX ")),
        ("é${P99}", 2, value("P99")),
        ("${PROP(Dim.x)}", 0, value("PROP(Dim.x)")),
        ("${PROP('Dim.x')", 0, NotClosed),
        ("${PROP('Dim.x'}", 0, NotClosed),
        ("LB: ${PROP('Dim.LoadBalancer')|&|${PROP('Dim.InstanceId')}", 4, NotClosed),
        ("${PROP('Dim.')}", 0, property("Dim.")),
        ("${PROP('dim.x')}", 0, property("dim.x")),
        ("${PROP('Unit')}", 0, property("Unit")),
        ("${LABEL} ${LABEL}", 9, SecondLabel),
        ("${MAX}${MAX}${MAX}${MAX}${MAX}${MIN}", 30, TooManyValues),
        (&long, 0, TooLong),
    ];
    for (text, position, problem) in cases {
        assert_eq!(Label::parse(text), Err(LabelError { position, problem }), "{text}");
    }
}

#[test]
fn numbers_times_and_spans() {
    let numbers = [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (1_234_567.0, "1234567"),
        (1_234.567_89, "1234.568"),
        (99.999_9, "100"),
        (0.1, "0.1"),
        (0.5, "0.5"),
        (0.000_123_456, "0.000123"),
        (0.012_34, "0.0123"),
        (0.999_96, "1"),
        (1e15, "1e15"),
        (1.5e20, "1.5e20"),
        (1e-7, "1e-7"),
        (123_456_789_012_345.0, "123456789012345"),
    ];
    for (value, expected) in numbers {
        assert_eq!(number_text(value), expected, "{value}");
    }
    let times = [
        (NOON, 0, "2026-11-26 12:00:00"),
        (NOON, -240, "2026-11-26 08:00:00"),
        (NOON, 540, "2026-11-26 21:00:00"),
        (0, -1, "1969-12-31 23:59:00"),
        (NOON + 61, 0, "2026-11-26 12:01:01"),
    ];
    for (seconds, offset, expected) in times {
        assert_eq!(time_text(seconds, offset), expected, "{seconds} {offset}");
    }
    let spans = [(0, "0s"), (59, "59s"), (60, "1m"), (330, "5m 30s"), (3_600, "1h"), (93_784, "1d 2h 3m 4s")];
    for (seconds, expected) in spans {
        assert_eq!(duration_text(seconds), expected, "{seconds}");
    }
    let zones = [
        ("+0000", Some(0)),
        ("+0130", Some(90)),
        ("+0200", Some(120)),
        ("-0400", Some(-240)),
        ("+0900", Some(540)),
        ("0200", None),
        ("+02:00", None),
        ("+2400", None),
        ("+0060", None),
        ("+020", None),
        ("", None),
        ("+é00", None),
    ];
    for (text, expected) in zones {
        assert_eq!(timezone_offset_minutes(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(parts in prop::collection::vec(prop::sample::select(vec![
        "${", "}", "PROP('", "')", "MAX", "LABEL", "Dim.", "é", "$", "${AVG}", "${MIN_TIME}",
    ]), 0..10), points in prop::collection::vec((any::<i64>(), any::<f64>()), 0..4), now in any::<i64>()) {
        let text = parts.concat();
        match Label::parse(&text) {
            Ok(label) => {
                let facts = LabelFacts { points: &points, now, timezone_offset_minutes: i32::MIN, ..LabelFacts::default() };
                let _ = label.render(&facts);
            }
            Err(error) => prop_assert!(text.is_char_boundary(error.position)),
        }
    }
}
