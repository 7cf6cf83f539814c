use proptest::prelude::*;

use super::*;

/// What a message holds: a line for each datum, then one for each problem; `nothing` where it is no such document.
fn check(message: &str, expected: &[&str]) {
    let Some(emf) = read(message) else { return assert_eq!(["nothing"], expected, "{message}") };
    let problems = emf.problems.iter().map(ToString::to_string);
    let lines: Vec<_> = emf.data.iter().map(show).chain(problems).collect();
    assert_eq!(lines, expected, "{message}");
    assert_eq!(emf.problems_left_off, 0);
    assert_within_limits(&emf);
}

fn show(datum: &MetricDatum) -> String {
    let MetricValue::Values(values) = &datum.value else { panic!("EMF has no statistic sets") };
    let values: Vec<_> = values.iter().map(|(value, count)| format!("{value}x{count}")).collect();
    let dimensions: Vec<_> = datum.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "{}:{}{{{}}} {} {} /{} @{}",
        datum.namespace,
        datum.name,
        dimensions.join(","),
        values.join("+"),
        datum.unit.as_deref().unwrap_or("-"),
        datum.storage_resolution_seconds,
        datum.timestamp.millis()
    )
}

fn assert_within_limits(emf: &Emf) {
    assert!(emf.data.len() <= DATA_MAX && emf.problems.len() <= PROBLEMS_MAX);
    let is_long = |text: &str, max: usize| !(1..=max).contains(&text.chars().count());
    for datum in &emf.data {
        assert!(
            !is_long(&datum.namespace, NAME_CHARACTERS_MAX) && !is_long(&datum.name, NAME_CHARACTERS_MAX)
        );
        assert!(datum.dimensions.len() <= DIMENSIONS_MAX);
        assert!(datum.dimensions.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted, none twice");
        for (name, value) in &datum.dimensions {
            assert!(!is_long(name, KEY_CHARACTERS_MAX) && !is_long(value, DIMENSION_VALUE_CHARACTERS_MAX));
        }
        assert!(datum.unit.as_deref().is_none_or(|unit| UNITS.contains(&unit)));
        assert!(matches!(datum.storage_resolution_seconds, 1 | 60));
        assert!((0..=TIMESTAMP_MILLIS_MAX).contains(&datum.timestamp.millis()));
        let MetricValue::Values(values) = &datum.value else { panic!("EMF has no statistic sets") };
        assert!((1..=VALUES_MAX).contains(&values.len()));
        assert!(values.iter().all(|(value, count)| value.abs() <= MAGNITUDE_MAX && *count == 1.0));
    }
}

/// A document with one directive and some root members.
fn directive(directive: &str, root: &str) -> String {
    let comma = if root.is_empty() { "" } else { "," };
    format!(r#"{{"_aws":{{"Timestamp":1,"CloudWatchMetrics":[{directive}]}}{comma}{root}}}"#)
}

/// The same with the namespace `N`, these dimensions and these metrics.
fn document(dimensions: &str, metrics: &str, root: &str) -> String {
    directive(&format!(r#"{{"Namespace":"N","Dimensions":{dimensions},"Metrics":{metrics}}}"#), root)
}

/// The documents are what these libraries wrote: Powertools for Python 3.37, Powertools for TypeScript 2.36,
/// aws-embedded-metrics for Node.js 4.2.
#[test]
fn documents_of_the_usual_libraries_are_read() {
    check(
        r#"{"_aws":{"Timestamp":1795696699172,"CloudWatchMetrics":[{"Namespace":"Wallets","Dimensions":[["wallet","service"],["environment","region"]],"Metrics":[{"Name":"Attempts","Unit":"Count"},{"Name":"Latency","Unit":"Milliseconds","StorageResolution":1}]}]},"wallet":"ApplePay","service":"provisioning","environment":"prod","region":"eu","correlationId":"corr_1","Attempts":[1.0,2.0],"Latency":[12.5]}"#,
        &[
            "Wallets:Attempts{service=provisioning,wallet=ApplePay} 1x1+2x1 Count /60 @1795696699172",
            "Wallets:Latency{service=provisioning,wallet=ApplePay} 12.5x1 Milliseconds /1 @1795696699172",
            "Wallets:Attempts{environment=prod,region=eu} 1x1+2x1 Count /60 @1795696699172",
            "Wallets:Latency{environment=prod,region=eu} 12.5x1 Milliseconds /1 @1795696699172",
        ],
    );
    check(
        r#"{"_aws":{"Timestamp":1795696699173,"CloudWatchMetrics":[{"Namespace":"NS","Dimensions":[[]],"Metrics":[{"Name":"ColdStart","Unit":"Count"}]}]},"ColdStart":[1.0]}"#,
        &["NS:ColdStart{} 1x1 Count /60 @1795696699173"],
    );
    check(
        r#"{"_aws":{"Timestamp":1795696716611,"CloudWatchMetrics":[{"Namespace":"Wallets","Dimensions":[["service","wallet"],["service","environment","region"]],"Metrics":[{"Name":"Attempts","Unit":"Count"},{"Name":"Latency","Unit":"Milliseconds","StorageResolution":1}]}]},"correlationId":"c1","service":"provisioning","wallet":"ApplePay","environment":"prod","region":"eu","Attempts":[1,2],"Latency":12.5}"#,
        &[
            "Wallets:Attempts{service=provisioning,wallet=ApplePay} 1x1+2x1 Count /60 @1795696716611",
            "Wallets:Latency{service=provisioning,wallet=ApplePay} 12.5x1 Milliseconds /1 @1795696716611",
            "Wallets:Attempts{environment=prod,region=eu,service=provisioning} 1x1+2x1 Count /60 @1795696716611",
            "Wallets:Latency{environment=prod,region=eu,service=provisioning} 12.5x1 Milliseconds /1 @1795696716611",
        ],
    );
    check(
        r#"{"LogGroup":"provision","ServiceName":"provision","ServiceType":"AWS::Lambda::Function","wallet":"ApplePay","requestId":"r1","executionEnvironment":"AWS_Lambda_nodejs22.x","memorySize":"512","functionVersion":"$LATEST","logStreamId":"s","_aws":{"Timestamp":1795696705827,"CloudWatchMetrics":[{"Dimensions":[["LogGroup","ServiceName","ServiceType","wallet"]],"Metrics":[{"Name":"Attempts","Unit":"None"},{"Name":"Latency","Unit":"Milliseconds","StorageResolution":1}],"Namespace":"aws-embedded-metrics"}]},"Attempts":[1,2],"Latency":12.5}"#,
        &[
            "aws-embedded-metrics:Attempts{LogGroup=provision,ServiceName=provision,ServiceType=AWS::Lambda::Function,wallet=ApplePay} 1x1+2x1 None /60 @1795696705827",
            "aws-embedded-metrics:Latency{LogGroup=provision,ServiceName=provision,ServiceType=AWS::Lambda::Function,wallet=ApplePay} 12.5x1 Milliseconds /1 @1795696705827",
        ],
    );
    // With all its dimensions taken away this library writes no set at all.
    check(
        r#"{"executionEnvironment":"AWS_Lambda_nodejs22.x","memorySize":"512","functionVersion":"$LATEST","logStreamId":"s","_aws":{"Timestamp":1795696716475,"CloudWatchMetrics":[{"Dimensions":[],"Metrics":[{"Name":"Bare","Unit":"Count"}],"Namespace":"aws-embedded-metrics"}]},"Bare":1}"#,
        &["_aws.CloudWatchMetrics[0].Dimensions: no dimension set; without dimensions write [[]]"],
    );
}

#[test]
fn text_that_a_runtime_puts_before_the_document_is_passed() {
    let document = document("[[]]", r#"[{"Name":"m"}]"#, r#""m":7"#);
    for before in
        ["", " \n", "2026-11-22T12:00:00.000Z\tr1\tINFO\t", "[INFO]\t2026-11-22T12:00:00.000Z\tr1\t"]
    {
        check(&format!("{before}{document}\n"), &["N:m{} 7x1 - /60 @1"]);
    }
    for before in ["INFO ", "a\tb\tc\t", "2026-11-22T12:00:00.000Z\tr1\tINFO\tsaid "] {
        check(&format!("{before}{document}"), &["nothing"]);
    }
    check(&format!("{document} and more"), &["message: not JSON to its end, or nested too deep"]);
}

#[test]
fn ordinary_messages_are_nothing() {
    for message in [
        "",
        "_aws",
        r#"{"event":"TOKEN_PROVISION_START","correlationId":"c"}"#,
        r#"{"aws":{"_aws":{"CloudWatchMetrics":[]}}}"#,
        r#"{"text":"\"_aws\""}"#,
        r#"the key "_aws" is missing"#,
        r#"["_aws"]"#,
        r#"{"CloudWatchMetrics":[]}"#,
        r#"{"Version":"1","CloudWatchMetrics":[]}"#,
        r#"{"Version":"0","CloudWatchMetrics":{}}"#,
        r#"{"Version":"0","CloudWatchMetrics":["#,
    ] {
        check(message, &["nothing"]);
    }
}

#[test]
fn what_is_wrong_with_the_whole_document_is_told() {
    let old = r#"{"Version":"0","Timestamp":1,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"m"}]}],"m":1}"#;
    check(old, &["message: the old form with Version 0 is not read; the metrics belong into a member _aws"]);
    check(r#"{"_aws":{"Timestamp":1"#, &["message: not JSON to its end, or nested too deep"]);
    check(r#"{"_aws":[]}"#, &["_aws: missing, or not an object"]);
    let time = "_aws.Timestamp: missing, or not a whole number of milliseconds since 1970";
    for wrong in ["null", "\"1\"", "-1", "1.5", "253402300800000", "1e99", "[1]"] {
        check(&format!(r#"{{"_aws":{{"Timestamp":{wrong},"CloudWatchMetrics":[]}}}}"#), &[time]);
    }
    check(r#"{"_aws":{"CloudWatchMetrics":[]}}"#, &[time]);
    check(r#"{"_aws":{"Timestamp":1}}"#, &["_aws.CloudWatchMetrics: missing, or not a list"]);
    check(r#"{"_aws":{"Timestamp":1.0e3,"CloudWatchMetrics":[]}}"#, &[]);
}

#[test]
fn what_is_wrong_with_a_directive_is_told_and_the_next_one_counts() {
    let good = r#"{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"m"}],"Further":true}"#;
    let datum = "N:m{} 1x1 - /60 @1";
    let namespace = "_aws.CloudWatchMetrics[0].Namespace: not a string of 1 to 255 characters that does not begin with a colon";
    let long = format!(r#"{{"Namespace":"{}","Dimensions":[[]],"Metrics":[]}}"#, "x".repeat(256));
    for (bad, expected) in [
        ("7", "_aws.CloudWatchMetrics[0]: missing, or not an object"),
        (r#"{"Dimensions":[[]],"Metrics":[]}"#, namespace),
        (r#"{"Namespace":"","Dimensions":[[]],"Metrics":[]}"#, namespace),
        (r#"{"Namespace":":x","Dimensions":[[]],"Metrics":[]}"#, namespace),
        (&long, namespace),
        (r#"{"Namespace":"N","Metrics":[]}"#, "_aws.CloudWatchMetrics[0].Dimensions: missing, or not a list"),
        (
            r#"{"Namespace":"N","Dimensions":[[]]}"#,
            "_aws.CloudWatchMetrics[0].Metrics: missing, or not a list",
        ),
    ] {
        check(&directive(&format!("{bad},{good}"), r#""m":1"#), &[datum, expected]);
    }
    check(&directive(r#"{"Namespace":"N","Dimensions":[[]],"Metrics":[]}"#, ""), &[]);
}

#[test]
fn dimensions_are_root_members_with_strings() {
    let one = |dimensions: &str, root: &str, expected: &[&str]| {
        check(&document(dimensions, r#"[{"Name":"m"}]"#, &format!(r#""m":1,{root}"#)), expected);
    };
    let set = "_aws.CloudWatchMetrics[0].Dimensions[0]";
    one(r#"[["b","a"],[]]"#, r#""a":"1","b":"é""#, &["N:m{a=1,b=é} 1x1 - /60 @1", "N:m{} 1x1 - /60 @1"]);
    one(r#"[["a","a"]]"#, r#""a":"\u00e9\"","#.trim_end_matches(','), &["N:m{a=é\"} 1x1 - /60 @1"]);
    one(r#"[["a"]]"#, r#""a":"1","a":"2""#, &["N:m{a=2} 1x1 - /60 @1"]);
    for (value, fault) in [
        ("1", "is not a string"),
        ("null", "is not a string"),
        ("\"\"", "does not have 1 to 1024 characters"),
        (&format!("\"{}\"", "é".repeat(1_025)), "does not have 1 to 1024 characters"),
        (&format!("\"{}\"", "\\u00e9".repeat(1_025)), "does not have 1 to 1024 characters"),
    ] {
        let told = format!("{set}: the dimension's value {fault} (\"a\")");
        one(r#"[["a"],[]]"#, &format!(r#""a":{value}"#), &["N:m{} 1x1 - /60 @1", &told]);
    }
    let longest = "é".repeat(1_024);
    one(r#"[["a"]]"#, &format!(r#""a":"{longest}""#), &[&format!("N:m{{a={longest}}} 1x1 - /60 @1")]);
    let missing = format!("{set}: the root has no member of the dimension's name (\"b\")");
    one(r#"[["a","b"]]"#, r#""a":"1""#, &[&missing]);
    let key = format!("{set}: a dimension's name is not a string of 1 to 250 characters");
    for wrong in ["[[1]]", r#"[[""]]"#, &format!(r#"[["{}"]]"#, "x".repeat(251))] {
        one(wrong, r#""a":"1""#, &[&key]);
    }
    one(r#"["a"]"#, r#""a":"1""#, &[&format!("{set}: missing, or not a list")]);
    let again = "_aws.CloudWatchMetrics[0].Dimensions[1]: the same dimensions as an earlier set";
    one(r#"[["a","b"],["b","a"]]"#, r#""a":"1","b":"2""#, &["N:m{a=1,b=2} 1x1 - /60 @1", again]);
}

#[test]
fn a_set_has_at_most_thirty_dimensions() {
    for (count, is_told) in [(30, false), (31, true)] {
        let keys: Vec<_> = (0..count).map(|key| format!("\"k{key}\"")).collect();
        let root: Vec<_> = keys.iter().map(|key| format!("{key}:\"v\"")).collect();
        let message = document(
            &format!("[[{}]]", keys.join(",")),
            r#"[{"Name":"m"}]"#,
            &format!("{},\"m\":1", root.join(",")),
        );
        let emf = read(&message).expect("a document");
        assert_eq!((emf.data.len(), emf.problems.len()), (usize::from(!is_told), usize::from(is_told)));
        assert!(emf.problems.iter().all(|problem| problem.fault == Fault::TooManyKeys));
    }
}

#[test]
fn metrics_are_root_members_with_numbers() {
    let one = |definition: &str, value: &str, expected: &str| {
        let metrics = format!(r#"[{definition},{{"Name":"n"}}]"#);
        let message = document("[[]]", &metrics, &format!(r#""m":{value},"n":0"#));
        if expected.starts_with("N:") {
            check(&message, &[expected, "N:n{} 0x1 - /60 @1"]);
        } else {
            let told = format!("_aws.CloudWatchMetrics[0].Metrics[0]: {expected}");
            check(&message, &["N:n{} 0x1 - /60 @1", &told]);
        }
    };
    let m = r#"{"Name":"m","More":1}"#;
    one(m, "-1.5e2", "N:m{} -150x1 - /60 @1");
    one(m, "[1,1,2]", "N:m{} 1x1+1x1+2x1 - /60 @1");
    one(r#"{"Name":"m","Unit":"Bytes/Second","StorageResolution":60}"#, "1", "N:m{} 1x1 Bytes/Second /60 @1");
    let no_number = "the value is neither a number nor a list of numbers (\"m\")";
    for value in ["\"1\"", "null", "true", "{}", "[1,\"2\"]", "[[1]]", "[null]"] {
        one(m, value, no_number);
    }
    for value in ["1e109", "-1e109", "1e999", "[1,1e999]"] {
        one(m, value, "the value is beyond 2^360 (\"m\")");
    }
    one(
        m,
        "2.3485425827738332e108",
        "N:m{} 2348542582773833200000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000x1 - /60 @1",
    );
    one(m, "[]", "the list of values is empty (\"m\")");
    one(m, &format!("[{}1]", "1,".repeat(100)), "more than 100 values (\"m\")");
    one(r#"{"Name":"x"}"#, "1", "the root has no member of the metric's name (\"x\")");
    one(r#"{"Name":"m","Unit":"count"}"#, "1", "the unit is none of CloudWatch's (\"m\")");
    one(r#"{"Name":"m","Unit":1}"#, "1", "the unit is none of CloudWatch's (\"m\")");
    for resolution in ["30", "0", "\"1\"", "null", "1.5"] {
        let definition = format!(r#"{{"Name":"m","StorageResolution":{resolution}}}"#);
        one(&definition, "1", "the storage resolution is neither 1 nor 60 (\"m\")");
    }
    let name = "the name is not a string of 1 to 255 characters";
    for definition in
        ["{}", r#"{"Name":""}"#, r#"{"Name":7}"#, &format!(r#"{{"Name":"{}"}}"#, "x".repeat(256))]
    {
        one(definition, "1", name);
    }
    one("[]", "1", "missing, or not an object");
    check(
        &document("[[]]", r#"[{"Name":"m"},{"Name":"m"}]"#, r#""m":1"#),
        &[
            "N:m{} 1x1 - /60 @1",
            "_aws.CloudWatchMetrics[0].Metrics[1]: the same name as an earlier metric (\"m\")",
        ],
    );
    let values = format!("[{}1]", "1,".repeat(99));
    let emf = read(&document("[[]]", r#"[{"Name":"m"}]"#, &format!(r#""m":{values}"#))).expect("a document");
    assert_eq!((emf.data.len(), emf.problems.len()), (1, 0));
}

/// `count` metrics with the value 1, as definitions and as root members.
fn many_metrics(count: usize) -> (String, String) {
    let definitions: Vec<_> = (0..count).map(|metric| format!(r#"{{"Name":"m{metric}"}}"#)).collect();
    let values: Vec<_> = (0..count).map(|metric| format!(r#""m{metric}":1"#)).collect();
    (format!("[{}]", definitions.join(",")), values.join(","))
}

#[test]
fn a_directive_has_at_most_a_hundred_metrics() {
    for (count, faults) in [(100, vec![]), (10_000, vec![Fault::TooManyMetrics])] {
        let (definitions, values) = many_metrics(count);
        let emf = read(&document("[[]]", &definitions, &values)).expect("a document");
        assert_eq!(emf.data.len(), METRICS_MAX);
        assert_eq!(emf.problems.iter().map(|problem| problem.fault).collect::<Vec<_>>(), faults);
        assert_within_limits(&emf);
    }
}

#[test]
fn a_message_gives_no_more_than_its_bounds() {
    let (definitions, values) = many_metrics(100);
    let keys: Vec<_> = (0..20).map(|key| format!(r#""k{key}":"v""#)).collect();
    let sets: Vec<_> = (0..20).map(|key| format!(r#"["k{key}"]"#)).collect();
    let root = format!("{values},{}", keys.join(","));
    let emf = read(&document(&format!("[{}]", sets.join(",")), &definitions, &root)).expect("a document");
    assert_eq!((emf.data.len(), emf.problems.len()), (DATA_MAX, 1));
    assert_eq!(emf.problems[0].fault, Fault::TooManyData);
    assert_eq!(emf.problems[0].place, Place::DimensionSet { directive: 0, set: 10 });

    let one = r#"{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"m"}]}"#;
    let emf = read(&directive(&vec![one; 101].join(","), r#""m":1"#)).expect("a document");
    assert_eq!((emf.data.len(), emf.problems.len()), (DIRECTIVES_MAX, 1));
    assert_eq!(emf.problems[0].fault, Fault::TooManyDirectives);

    let emf = read(&document(&format!("[{}[]]", "1,".repeat(150)), r#"[{"Name":"m"}]"#, r#""m":1"#));
    let emf = emf.expect("a document");
    assert_eq!((emf.data.len(), emf.problems.len(), emf.problems_left_off), (1, PROBLEMS_MAX, 50));

    // Thirty dimensions of a thousand characters of four bytes each, a hundred times, are more than eight megabytes.
    let value = "😀".repeat(1_000);
    let root: Vec<_> = (0..30).map(|key| format!(r#""k{key}":"{value}""#)).collect();
    let keys: Vec<_> = (0..30).map(|key| format!(r#""k{key}""#)).collect();
    let root = format!("{values},{}", root.join(","));
    let emf = read(&document(&format!("[[{}]]", keys.join(",")), &definitions, &root)).expect("a document");
    assert_eq!((emf.data.len(), emf.problems[0].fault), (0, Fault::TooManyData));
}

/// What multiplies instead would take minutes.
#[test]
fn hostile_messages_cost_time_in_their_length_alone() {
    const MEGABYTE: usize = 1 << 20;
    let (definitions, values) = many_metrics(10_000);
    let name = r#"[{"Name":"m"}]"#;
    let repeated = format!("[{}]", vec![r#"{"Name":"m"}"#; 100].join(","));
    let one = format!(r#"{{"Namespace":"N","Dimensions":[[]],"Metrics":{repeated}}}"#);
    let bad_sets: Vec<_> = (0..50_000).map(|key| format!(r#"["a","{key}"]"#)).collect();
    let messages = [
        format!(r#"{{"_aws":{}"#, "[".repeat(MEGABYTE)),
        format!(r#"{{"_aws":{}{}}}"#, "[".repeat(MEGABYTE / 2), "]".repeat(MEGABYTE / 2)),
        format!(r#"{{"_aws":{}1{}}}"#, "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        document(&format!("[{}[]]", "[],".repeat(MEGABYTE / 3)), name, r#""m":1"#),
        document("[[]]", &definitions, &values),
        document(
            &format!("[{}]", bad_sets.join(",")),
            name,
            &format!(r#""m":1,"a":"{}""#, "\\n".repeat(1_024)),
        ),
        directive(&vec![&*one; 100].join(","), &format!(r#""m":{}"#, "9".repeat(MEGABYTE))),
        directive(&vec![&*one; 100].join(","), &format!(r#""m":[[{}]]"#, "9".repeat(MEGABYTE))),
        document("[[]]", name, &format!(r#""m":[{}1]"#, "1,".repeat(MEGABYTE / 2))),
        format!(r#"{{"_aws":1,{}"a":1}}"#, "\"k\":1,".repeat(MEGABYTE / 6)),
        "\"_aws\"".repeat(MEGABYTE / 6),
    ];
    for message in messages {
        if let Some(emf) = read(&message) {
            assert_within_limits(&emf);
        }
    }
}

/// Texts that look like documents: mostly sound, often not.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"_aws\"",
        "\"Timestamp\"",
        "\"CloudWatchMetrics\"",
        "\"Namespace\"",
        "\"Dimensions\"",
        "\"Metrics\"",
        "\"Name\"",
        "\"Unit\"",
        "\"Count\"",
        "\"a\"",
        "\"m\"",
        "1",
        "1e999",
        "null",
        "\"\\ud83d\"",
        "\\",
        "\"é",
        " ",
        "[[]]",
        "2026-11-22T12:00:00.000Z\tr1\tINFO\t",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "-2.5",
        "[1,2]",
        "[]",
        "\"v\"",
        "\"\"",
        "null",
        "1e108",
        "1e109",
        "{\"a\":1}",
        "[[\"a\"]]",
        "[[]]",
        "[[\"a\",\"b\"],[\"b\"]]",
        "[\"a\"]",
        "[{\"Name\":\"m\"}]",
        "[{\"Name\":\"m\",\"Unit\":\"Count\"},{\"Name\":\"b\"}]",
        "[{\"Name\":\"m\",\"StorageResolution\":1},7]",
        "\"\\u00e9\"",
    ]);
    let sound = (prop::collection::vec(value, 6), 0..4_usize).prop_map(|(values, cut)| {
        let text = format!(
            r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"N","Dimensions":{},"Metrics":{}}}]}},"a":{},"b":{},"m":{}}}"#,
            if values[0].len() > 1 { "5" } else { values[0] }, values[1], values[2], values[3], values[4], values[5]
        );
        text[..text.len() - cut.saturating_sub(2)].to_owned()
    });
    prop_oneof![2 => sound, 1 => prop::collection::vec(word, 0..40).prop_map(|words| words.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_panics_and_every_datum_is_within_the_limits(message in nearly()) {
        if let Some(emf) = read(&message) {
            assert_within_limits(&emf);
            prop_assert!(emf.problems.iter().all(|problem| !problem.to_string().is_empty()));
        }
    }
}
