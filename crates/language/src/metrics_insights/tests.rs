//! Every query of the guide and the examples of this language, texts that are no queries, and texts at random.

use proptest::prelude::*;

use super::*;

/// The query writes itself as `written`.
#[track_caller]
fn check(text: &str, written: &str, is_aws: bool) -> Query {
    let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(query.to_string(), written);
    assert_eq!(query.is_aws(), is_aws, "{text}");
    assert_eq!(parse(written).as_ref(), Ok(&query), "{written}");
    assert!(looks_like_insights(text), "{text}");
    query
}

#[track_caller]
fn check_matches(text: &str, found: &[&str], not_found: &[&str]) {
    let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    for (metrics, expected) in [(found, true), (not_found, false)] {
        for metric in metrics {
            with_metric(metric, |metric| {
                assert_eq!(query.matches(metric), expected, "{text} over {metric:?}")
            });
        }
    }
}

/// A metric written as `namespace|name|dimension=value|…`.
fn with_metric<T>(written: &str, then: impl FnOnce(&MetricIdentity<'_>) -> T) -> T {
    let mut parts = written.split('|');
    let (namespace, name) = (parts.next().unwrap(), parts.next().unwrap());
    let dimensions: Vec<(Box<str>, Box<str>)> = parts
        .map(|part| part.split_once('=').expect("a dimension"))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    then(&MetricIdentity { namespace, name, dimensions: &dimensions, account: "1" })
}

/// The samples of the guide, in all its clauses; the others differ in names only.
#[test]
fn queries_of_the_guide() {
    let same = [
        r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2""#,
        r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2")"#,
        r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId)"#,
        r#"SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone)"#,
        r#"SELECT MAX(CPUUtilization) FROM "AWS/EC2" WHERE AutoScalingGroupName = 'my-production-fleet'"#,
        r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2" WHERE InstanceType != 'c3.4xlarge'"#,
        r#"SELECT COUNT(CallCount) FROM SCHEMA("AWS/Usage", Class, Resource, Service, Type) WHERE Type = 'API' GROUP BY Service, Resource ORDER BY COUNT() DESC LIMIT 20"#,
        r#"SELECT COUNT(CallCount) FROM SCHEMA("AWS/Usage", Class, Resource, Service, Type) WHERE Type = 'API' AND Service = 'CloudWatch' GROUP BY Resource ORDER BY COUNT() DESC"#,
        r#"SELECT SUM("PutRecords.Bytes") FROM SCHEMA("AWS/Kinesis", StreamName) GROUP BY StreamName ORDER BY SUM() DESC LIMIT 10"#,
        r#"SELECT AVG(pod_cpu_utilization) FROM SCHEMA(ContainerInsights, ClusterName)"#,
        r#"SELECT AVG(Faults) FROM MyCustomNamespace GROUP BY Operation, ServiceName"#,
        r#"SELECT SUM(BytesDownloaded) FROM SCHEMA("AWS/S3", BucketName, FilterId) WHERE FilterId = 'EntireBucket' GROUP BY BucketName"#,
        r#"SELECT AVG("LIMIT") FROM N"#,
        r#"SELECT MAX("My.Metric") FROM N"#,
        r#"SELECT AVG("Bytes\"Input\"") FROM N"#,
    ];
    for text in same {
        check(text, text, true);
    }
    check(
        "SELECT SUM(RequestCount) \nFROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer, AvailabilityZone)\n\
         WHERE LoadBalancer = 'app/load-balancer-1'\nGROUP BY AvailabilityZone\nORDER BY MAX() DESC\nLIMIT 5",
        r#"SELECT SUM(RequestCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, AvailabilityZone) WHERE LoadBalancer = 'app/load-balancer-1' GROUP BY AvailabilityZone ORDER BY MAX() DESC LIMIT 5"#,
        true,
    );
    check(
        "select avg(\"CPU\") from \"N\" where a='b' group by \"a\" order by Min() limit 500",
        "SELECT AVG(CPU) FROM N WHERE a = 'b' GROUP BY a ORDER BY MIN() ASC LIMIT 500",
        true,
    );
    check(
        r#"SELECT SUM(4XXError) FROM N WHERE d='it\'s "x"\\ \d'"#,
        r#"SELECT SUM(4XXError) FROM N WHERE d = 'it\'s \"x\"\\ \\d'"#,
        true,
    );
}

#[test]
fn queries_with_arithmetic_and_time() {
    let query = check(
        "SELECT \n  SUM(SuccessfulTokenProvisioning) / \n  (SUM(SuccessfulTokenProvisioning) + SUM(FailedTokenProvisioning)) * 100 \nFROM TokenServices \nGROUP BY WalletProvider, Issuer, TIME",
        "SELECT SUM(SuccessfulTokenProvisioning) / (SUM(SuccessfulTokenProvisioning) + SUM(FailedTokenProvisioning)) * 100 FROM TokenServices GROUP BY WalletProvider, Issuer, TIME",
        false,
    );
    assert_eq!(query.group_by, ["WalletProvider".into(), "Issuer".into()]);
    let latency =
        "SELECT AVG(TokenProvisioningLatency) FROM TokenServices GROUP BY WalletProvider, Issuer, TIME";
    assert!(check(latency, latency, false).by_time);
    check("SELECT SUM(a) FROM N GROUP BY time, b, Time", "SELECT SUM(a) FROM N GROUP BY b, TIME", false);
    check("SELECT SUM(a) FROM N GROUP BY \"TIME\"", "SELECT SUM(a) FROM N GROUP BY \"TIME\"", true);
    let written = [
        ("(SUM(a))", "SUM(a)"),
        ("SUM(a)-SUM(b)-1", "SUM(a) - SUM(b) - 1"),
        ("SUM(a)-(SUM(b)-1)", "SUM(a) - (SUM(b) - 1)"),
        ("((SUM(a)-SUM(b)))*0.50", "(SUM(a) - SUM(b)) * 0.5"),
        ("SUM(a)/(SUM(b)*2)", "SUM(a) / (SUM(b) * 2)"),
        ("SUM(a)+(SUM(b)*2)", "SUM(a) + SUM(b) * 2"),
        ("(2*SUM(b))/2+1", "2 * SUM(b) / 2 + 1"),
    ];
    for (select, written) in written {
        let is_aws = written == "SUM(a)";
        check(&format!("SELECT {select} FROM N"), &format!("SELECT {written} FROM N"), is_aws);
    }
}

#[test]
fn a_query_reads_the_metrics_that_it_names() {
    check_matches(
        r#"SELECT AVG(CPUUtilization) FROM "AWS/EC2""#,
        &["AWS/EC2|CPUUtilization", "AWS/EC2|CPUUtilization|a=1|b=2"],
        &["AWS/EC2|cpuUtilization", "aws/ec2|CPUUtilization", "AWS/EC2|NetworkIn"],
    );
    check_matches(
        r#"SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2")"#,
        &["AWS/EC2|CPUUtilization"],
        &["AWS/EC2|CPUUtilization|InstanceId=1"],
    );
    check_matches(
        "SELECT SUM(a) FROM SCHEMA(N, x, y)",
        &["N|a|x=1|y=2", "N|a|y=1|x=2"],
        &["N|a|x=1", "N|a|x=1|y=2|z=3", "N|a|x=1|z=2"],
    );
    check_matches(
        "SELECT SUM(a) FROM N WHERE InstanceType != 'c3.4xlarge' AND x = '1'",
        &["N|a|InstanceType=c3|x=1"],
        &["N|a|InstanceType=c3.4xlarge|x=1", "N|a|InstanceType=c3|x=2", "N|a|x=1", "N|a|InstanceType=c3"],
    );
    check_matches("SELECT SUM(a) / SUM(b) FROM N", &["N|a", "N|b|x=1"], &["N|c"]);
}

#[test]
fn groups_are_told_and_called_by_their_labels() {
    let grouped = "SELECT SUM(a) FROM N GROUP BY Issuer, Wallet";
    let cases = [
        (grouped, "N|a|Issuer=DEMO Bank|Wallet=ApplePay|x=1", "DEMO Bank ApplePay"),
        (grouped, "N|a|Wallet=ApplePay", "Other ApplePay"),
        (grouped, "N|a|issuer=b", "Other Other"),
        ("SELECT SUM(a) FROM N", "N|a|Issuer=b", "a"),
        ("SELECT SUM(a) FROM N GROUP BY TIME", "N|a|Issuer=b", "a"),
        ("SELECT SUM(a)*2 FROM N", "N|a", "SUM(a) * 2"),
    ];
    for (text, metric, expected) in cases {
        let query = parse(text).expect("a query");
        with_metric(metric, |metric| assert_eq!(query.label_of(&query.group_of(metric)), expected, "{text}"));
    }
    let mut values = [
        GroupValue::Known("Z"),
        GroupValue::Other,
        GroupValue::Known("a"),
        GroupValue::Known("Other"),
        GroupValue::Known("A"),
    ];
    values.sort();
    assert_eq!(values.map(|value| value.to_string()).join(" "), "A Other Other Z a");
    assert_eq!(values[1], GroupValue::Known("Other"));
}

#[test]
fn series_come_in_their_order() {
    let series = [("b", Some(2.0)), ("a", Some(1.0)), ("d", None), ("c", Some(2.0)), ("e", Some(-1.0))];
    let cases = [
        ("", vec!["a", "b", "c", "d", "e"]),
        ("LIMIT 2", vec!["a", "b"]),
        ("ORDER BY MAX()", vec!["e", "a", "b", "c", "d"]),
        ("ORDER BY MAX() ASC LIMIT 1", vec!["e"]),
        ("ORDER BY MAX() DESC", vec!["b", "c", "a", "e", "d"]),
        ("ORDER BY MAX() DESC LIMIT 3", vec!["b", "c", "a"]),
    ];
    for (clauses, expected) in cases {
        let query = parse(&format!("SELECT SUM(a) FROM N GROUP BY x {clauses}")).expect("a query");
        let labels: Vec<&str> = query.answered(&series).into_iter().map(|place| series[place].0).collect();
        assert_eq!(labels, expected, "{clauses}");
    }
    let many: Vec<(usize, Option<f64>)> = (0..SERIES_MAX + 1).map(|number| (number, None)).collect();
    assert_eq!(parse("SELECT SUM(a) FROM N").expect("a query").answered(&many).len(), SERIES_MAX);
}

#[test]
fn functions_make_one_value_of_a_series() {
    let points = [3.0, -1.0, 4.0];
    let cases = [
        (Function::Average, Some(2.0)),
        (Function::Count, Some(3.0)),
        (Function::Maximum, Some(4.0)),
        (Function::Minimum, Some(-1.0)),
        (Function::Sum, Some(6.0)),
    ];
    for (function, expected) in cases {
        assert_eq!(function.scalar(&points), expected, "{function:?}");
        assert_eq!(function.scalar(&[]), None, "{function:?}");
    }
}

/// `values` are `SUM(ok)=3` and so on; a call that is not among them has no data.
#[track_caller]
fn check_value(select: &str, values: &[(&str, f64)], expected: Option<f64>) {
    let query = parse(&format!("SELECT {select} FROM N")).unwrap_or_else(|error| panic!("{select}: {error}"));
    let value_of =
        |call: &FunctionCall| values.iter().find(|value| value.0 == call.to_string()).map(|value| value.1);
    assert_eq!(evaluate(&query.select, &value_of), expected, "{select} with {values:?}");
}

#[test]
fn arithmetic_over_what_is_there() {
    let rate = "SUM(ok) / (SUM(ok) + SUM(failed)) * 100";
    check_value(rate, &[("SUM(ok)", 3.0), ("SUM(failed)", 1.0)], Some(75.0));
    check_value(rate, &[("SUM(ok)", 3.0)], Some(100.0));
    check_value(rate, &[("SUM(failed)", 1.0)], Some(0.0));
    check_value(rate, &[], None);
    check_value(rate, &[("SUM(ok)", 0.0), ("SUM(failed)", 0.0)], None);
    check_value("SUM(a) - SUM(b) - 1", &[("SUM(a)", 5.0), ("SUM(b)", 1.0)], Some(3.0));
    check_value("SUM(a) - (SUM(b) - 1)", &[("SUM(a)", 5.0), ("SUM(b)", 1.0)], Some(5.0));
    check_value("2 + SUM(a) * 3", &[("SUM(a)", 4.0)], Some(14.0));
    check_value("SUM(a) / 0", &[("SUM(a)", 4.0)], None);
    check_value("SUM(a) * 2", &[], None);
    check_value("SUM(a)", &[("SUM(a)", 0.0)], Some(0.0));
    check_value("COUNT(a) + SUM(b)", &[("SUM(b)", 2.0)], Some(2.0));
    check_value("AVG(a) + SUM(b)", &[("SUM(b)", 2.0)], None);
    check_value("AVG(a) + SUM(b)", &[("AVG(a)", 2.0)], Some(2.0));
    check_value("MAX(a) - MIN(a)", &[("MAX(a)", 2.0), ("MIN(a)", 0.5)], Some(1.5));
    check_value("SUM(a) * SUM(a)", &[("SUM(a)", 1e200)], None);
}

#[track_caller]
fn check_refused(text: &str, position: usize, problem: InsightsProblem) {
    assert_eq!(parse(text), Err(InsightsError { position, problem }), "{text}");
}

fn expected(expected: &'static str, found: &str) -> InsightsProblem {
    InsightsProblem::Expected { expected, found: (!found.is_empty()).then(|| found.into()) }
}

const CLAUSE: &str = "a further clause in its order or the end";

#[test]
fn what_is_no_select_or_source_is_refused_with_the_place() {
    use InsightsProblem::*;
    let character = |character| UnexpectedCharacter { character };
    let deep = format!("SELECT {}SUM(a) FROM N", "(".repeat(DEPTH_MAX + 1));
    let long = format!("SELECT SUM(a) FROM {}", "n".repeat(QUERY_CHARACTERS_MAX));
    let cases = [
        ("", 0, expected("`SELECT`", "")),
        ("SUM(a) FROM N", 0, expected("`SELECT`", "SUM")),
        ("SELECT", 6, expected("a function or a number", "")),
        ("SELECT *", 7, expected("a function or a number", "*")),
        ("SELECT -1 FROM N", 7, expected("a function or a number", "-")),
        ("SELECT MEDIAN(a) FROM N", 7, expected("a function or a number", "MEDIAN")),
        ("SELECT SUM a FROM N", 11, expected("`(`", "a")),
        ("SELECT SUM() FROM N", 11, expected("a metric's name", ")")),
        ("SELECT COUNT(*) FROM N", 13, expected("a metric's name", "*")),
        ("SELECT SUM('a') FROM N", 11, expected("a metric's name", "'a'")),
        ("SELECT SUM(limit) FROM N", 11, expected("a metric's name", "limit")),
        ("SELECT SUM(\"\") FROM N", 11, expected("a metric's name", "\"\"")),
        ("SELECT SUM(a.b) FROM N", 12, expected("`)`", ".")),
        ("SELECT SUM(a FROM N", 13, expected("`)`", "FROM")),
        ("SELECT (SUM(a) FROM N", 15, expected("an operator or `)`", "FROM")),
        ("SELECT SUM(a), SUM(b) FROM N", 13, expected("an operator or `FROM`", ",")),
        ("SELECT SUM(a) SUM(b) FROM N", 14, expected("an operator or `FROM`", "SUM")),
        ("SELECT SUM(a) + FROM N", 16, expected("a function or a number", "FROM")),
        ("SELECT 1 + 2 FROM N", 7, NoMetric),
        ("SELECT 1. * SUM(a) FROM N", 7, expected("a function or a number", "1.")),
        ("SELECT 1e3 * SUM(a) FROM N", 7, expected("a function or a number", "1e3")),
        ("SELECT SUM(a)", 13, expected("an operator or `FROM`", "")),
        ("SELECT SUM(a) FROM", 18, expected("a namespace or `SCHEMA`", "")),
        ("SELECT SUM(a) FROM WHERE", 19, expected("a namespace or `SCHEMA`", "WHERE")),
        ("SELECT SUM(a) FROM AWS/EC2", 22, expected(CLAUSE, "/")),
        ("SELECT SUM(a) FROM SCHEMA()", 26, expected("a namespace", ")")),
        ("SELECT SUM(a) FROM SCHEMA(N b)", 28, expected("`,` or `)`", "b")),
        ("SELECT SUM(a) FROM N;", 20, character(';')),
        ("SELECT SUM(é) FROM N", 11, character('é')),
        ("SELECT SUM(a) ! FROM N", 14, character('!')),
        (&deep, 7 + DEPTH_MAX + 1, TooDeep),
        (&long, long.len(), TooLong),
    ];
    for (text, position, problem) in cases {
        check_refused(text, position, problem);
    }
}

#[test]
fn what_is_no_clause_is_refused_with_the_place() {
    use InsightsProblem::*;
    let unsupported = |construct| NotSupported { construct };
    let cases = [
        ("SELECT SUM(a) FROM N WHERE", 26, expected("the name of a label", "")),
        ("SELECT SUM(a) FROM N WHERE b", 28, expected("`=` or `!=`", "")),
        ("SELECT SUM(a) FROM N WHERE b = c", 31, expected("a value in single quotes", "c")),
        ("SELECT SUM(a) FROM N WHERE b = \"c\"", 31, expected("a value in single quotes", "\"c\"")),
        ("SELECT SUM(a) FROM N WHERE b = 'c", 31, UnclosedQuote),
        ("SELECT SUM(a) FROM N WHERE b IN ('c')", 29, unsupported("`IN`")),
        ("SELECT SUM(a) FROM N WHERE b LIKE 'c'", 29, unsupported("`LIKE`")),
        ("SELECT SUM(a) FROM N WHERE b > '1'", 29, unsupported("a comparison other than `=` and `!=`")),
        ("SELECT SUM(a) FROM N WHERE b = 'c' OR d = 'e'", 35, unsupported("`OR`")),
        (
            "SELECT SUM(a) FROM N WHERE tag.env = 'c'",
            27,
            unsupported("a label with a point, as of tags and accounts,"),
        ),
        ("SELECT SUM(a) FROM N GROUP b", 27, expected("`BY`", "b")),
        ("SELECT SUM(a) FROM N GROUP BY", 29, expected("the name of a label", "")),
        (
            "SELECT SUM(a) FROM N GROUP BY tag.env",
            30,
            unsupported("a label with a point, as of tags and accounts,"),
        ),
        ("SELECT SUM(a) FROM N GROUP BY b,", 32, expected("the name of a label", "")),
        ("SELECT SUM(a) FROM N GROUP BY 'b'", 30, expected("the name of a label", "'b'")),
        ("SELECT SUM(a) FROM N GROUP BY b HAVING c", 32, unsupported("`HAVING`")),
        ("SELECT SUM(a) FROM N ORDER BY a", 30, expected("a function", "a")),
        ("SELECT SUM(a) FROM N ORDER BY SUM(a)", 34, expected("`)`", "a")),
        ("SELECT SUM(a) FROM N LIMIT", 26, expected("a whole number", "")),
        ("SELECT SUM(a) FROM N LIMIT 0", 27, LimitOutOfRange),
        ("SELECT SUM(a) FROM N LIMIT 501", 27, LimitOutOfRange),
        ("SELECT SUM(a) FROM N LIMIT 99999999999999999999999", 27, LimitOutOfRange),
        ("SELECT SUM(a) FROM N LIMIT 1.5", 27, expected("a whole number", "1.5")),
        ("SELECT SUM(a) FROM N LIMIT 5 GROUP BY b", 29, expected(CLAUSE, "GROUP")),
    ];
    for (text, position, problem) in cases {
        check_refused(text, position, problem);
    }
}

#[test]
fn queries_are_told_from_math() {
    for text in ["SELECT", "  select\nSUM(a)", "Select(1)"] {
        assert!(looks_like_insights(text), "{text}");
    }
    for text in ["", "SELEC", "SELECTED + 1", "m1 + m2", "SEARCH('SELECT', 'Sum')", "éSELECT", "SELECé"] {
        assert!(!looks_like_insights(text), "{text}");
    }
}

const FRAGMENTS: &[&str] = &[
    "SELECT ",
    "FROM ",
    "WHERE ",
    "GROUP BY ",
    "ORDER BY ",
    "LIMIT ",
    "SUM(",
    "AVG(a)",
    ")",
    "(",
    ",",
    " + ",
    "/",
    "*",
    "-",
    "1",
    "0.5",
    "a ",
    "\"b c\"",
    "'v'",
    "=",
    "!=",
    "AND ",
    "TIME",
    "SCHEMA(",
    ".",
    "\\",
    "\"",
    "'",
    "é",
    "DESC",
];

fn name() -> impl Strategy<Value = Box<str>> {
    prop_oneof![
        "[a-zA-Z_][a-zA-Z0-9_]{0,5}",
        "[ -~é]{1,6}",
        Just("LIMIT".to_owned()),
        Just("time".to_owned())
    ]
    .prop_map(String::into)
}

fn select() -> impl Strategy<Value = Select> {
    let function = prop::sample::select(Function::ALL.to_vec());
    let call =
        (function, name()).prop_map(|(function, metric)| Select::Call(FunctionCall { function, metric }));
    let leaf = prop_oneof![3 => call, 1 => (0..1_000_u16).prop_map(|number| Select::Number(f64::from(number) / 8.0))];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let operators = [
            ArithmeticOperator::Add,
            ArithmeticOperator::Subtract,
            ArithmeticOperator::Multiply,
            ArithmeticOperator::Divide,
        ];
        (prop::sample::select(operators.to_vec()), inner.clone(), inner)
            .prop_map(|(operator, left, right)| left.joined(operator, right))
    })
    .prop_filter("a query reads a metric", |select| !select.calls().is_empty())
}

fn query() -> impl Strategy<Value = Query> {
    let names = || prop::collection::vec(name(), 0..3);
    let distinct = names().prop_map(|mut names| {
        names.sort();
        names.dedup();
        names
    });
    let source =
        (name(), prop::option::of(distinct)).prop_map(|(namespace, schema)| Source { namespace, schema });
    let comparison = prop::sample::select(vec![Comparison::Equal, Comparison::NotEqual]);
    let filter = (name(), comparison, "[ -~é]{0,6}").prop_map(|(label, comparison, value)| Filter {
        label,
        comparison,
        value: value.into(),
    });
    let order =
        (prop::sample::select(Function::ALL.to_vec()), any::<bool>()).prop_map(|(function, is_ascending)| {
            let direction = if is_ascending { Direction::Ascending } else { Direction::Descending };
            Order { function, direction }
        });
    let filters = prop::collection::vec(filter, 0..3);
    (
        select(),
        source,
        filters,
        names(),
        any::<bool>(),
        prop::option::of(order),
        prop::option::of(1..=500_u16),
    )
        .prop_map(|(select, source, filters, group_by, by_time, order, limit)| Query {
            select,
            source,
            filters,
            group_by,
            by_time,
            order,
            limit,
        })
}

proptest! {
    #[test]
    fn what_is_written_reads_as_the_same_query(query in query()) {
        prop_assert_eq!(parse(&query.to_string()), Ok(query.clone()), "{}", query);
    }

    #[test]
    fn no_text_panics(parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..16)) {
        for text in [parts.concat(), format!("SELECT SUM(a) FROM N {}", parts.concat())] {
            match parse(&text) {
                Ok(query) => prop_assert_eq!(parse(&query.to_string()), Ok(query.clone()), "{} as {}", text, query),
                Err(error) => prop_assert!(text.is_char_boundary(error.position), "{}", text),
            }
        }
    }
}
