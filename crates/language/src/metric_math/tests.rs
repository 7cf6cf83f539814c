use proptest::prelude::*;

use super::*;

/// Reads `text`, prints it and reads it again: `expected` is the print, or the error with its position.
fn check(text: &str, expected: &str) {
    let found = match parse(text) {
        Ok(expression) => {
            let printed = expression.to_string();
            assert_eq!(parse(&printed).as_ref(), Ok(&expression), "{text} is printed as {printed}");
            printed
        }
        Err(error) => {
            assert!(error.position <= text.len() && text.is_char_boundary(error.position), "{text}");
            error.to_string()
        }
    };
    assert_eq!(found, expected, "{text}");
}

/// The sorts that an expression may have, with `m…` a series, `a…` an array and `u…` either.
fn check_kinds(text: &str, expected: &str) {
    let kinds_of = |id: &str| match id.as_bytes()[0] {
        b'm' => Kinds::SERIES,
        b'a' => Kinds::ARRAY,
        _ => Kinds::SERIES_OR_ARRAY,
    };
    let found = match parse(text).and_then(|expression| expression.kinds_with(&kinds_of)) {
        Ok(kinds) => kinds.to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn every_example_of_the_guide_is_read() {
    for text in [
        "PERIOD(m1)/60*m1",
        "5 * m1",
        "m1 - m2",
        "SUM(100/[m1, m2])",
        "AVG([m1,m2]/m3)",
        "METRICS()*100",
        "-5*m1",
        "-m1",
        "SUM(-[m1, m2])",
        "(metric1 < metric2)",
        "(metric1 >= 30)",
        "(metric1 > 15 AND metric2 > 15)",
        "ABS(m1-m2)",
        "MIN(ABS([m1, m2]))",
        "ABS(METRICS())",
        "ANOMALY_DETECTION_BAND(m1)",
        "ANOMALY_DETECTION_BAND(m1,4)",
        "SUM([m1,m2])/AVG(m2)",
        "AVG(METRICS())",
        "SUM(CEIL(METRICS()))",
        "m1 * SUM(m1) / DATAPOINT_COUNT(m1)",
        "DATAPOINT_COUNT(METRICS())",
        "DIFF(m1)",
        "DIFF_TIME(METRICS())",
        "FILL(m1,10)",
        "FILL(METRICS(), 0)",
        "FILL(METRICS(), m1)",
        "FILL(m1, MIN(m1))",
        "FILL(m1, REPEAT)",
        "FILL(METRICS(), LINEAR)",
        "IF(FIRST(SORT(METRICS(), AVG, DESC))>100, 1, 0)",
        "LAST(ANOMALY_DETECTION_BAND(m1))",
        "FLOOR(METRICS())",
        "LOG(METRICS())",
        "LOG10(m1)",
        "MAX(m1)/m1",
        "m1/METRIC_COUNT(METRICS())",
        "SUM(METRICS(\"errors\"))/SUM(METRICS(\"requests\"))*100",
        "SUM([METRICS(\"4xx\"), METRICS(\"5xx\")])",
        "m1-MIN(m1)",
        "MINUTE(m1)",
        "IF(DAY(m1)<6,m1)",
        "IF(MONTH(m1) == 4,m1)",
        "m1/PERIOD(m1)",
        "RATE(METRICS())",
        "REMOVE_EMPTY(METRICS())",
        "RUNNING_SUM([m1,m2])",
        "SEARCH('{AWS/EC2,InstanceId} MetricName=\"CPUUtilization\"', 'Average', 300)",
        "SLICE(SORT(METRICS(), SUM, DESC), 0, 10)",
        "SLICE(SORT(METRICS(), AVG, ASC), 5)",
        "SORT(METRICS(), AVG, DESC, 10)",
        "m1/STDDEV(m1)",
        "TIME_SERIES(5*AVG(m1))",
        "TIME_SERIES(10)",
        "IF(latency>threshold, 1, 0)",
        "IF(metric1<400, metric1)",
        "IF((DAY(m1)<6 AND (HOUR(m1)>=9 AND HOUR(m1)<17)),m1)",
        "DATE(m1)+YEAR(m1)+EPOCH(m1)",
    ] {
        let expression = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(parse(&expression.to_string()), Ok(expression), "{text}");
    }
}

#[test]
fn operators_bind_as_in_c_and_above_all_the_power() {
    check("a || b && c == d < e + f * g ^ h", "a OR b AND c == d < e + f * g ^ h");
    check("(((((a OR b) AND c) == d) < e) + f) * g", "(((((a OR b) AND c) == d) < e) + f) * g");
    check("(a*b)+(c/d)", "a * b + c / d");
    check("a - b - c", "a - b - c");
    check("a - (b - c)", "a - (b - c)");
    check("(a - b) - c", "(a - b) - c");
    check("a > 1 AND b <= 2 OR c != 3", "a > 1 AND b <= 2 OR c != 3");
    check("a ^ b ^ c", "a ^ b ^ c");
    check("(a ^ b) ^ c", "(a ^ b) ^ c");
    check("-a ^ 2", "-a ^ 2");
    check("(-a) ^ 2", "(-a) ^ 2");
    check("a ^ -2 ^ b", "a ^ (-2 ^ b)");
    check("a * -b * c + -d * e", "a * -b * c + -d * e");
    check("- - a--b", "--a - -b");
    check("-(a + b)", "-(a + b)");
    check("((a))", "a");
    let Term::Negative(squared) = parse("-a ^ 2").unwrap().root.term else { panic!("a sign is outermost") };
    assert!(matches!(squared.term, Term::Chain { .. }));
    let Term::Chain { rest, .. } = parse("a + -b * c").unwrap().root.term else {
        panic!("a sum is outermost")
    };
    assert!(matches!(rest[0].operand.term, Term::Chain { .. }));
}

#[test]
fn numbers_names_and_quotes_are_read() {
    check("m1*0.50+.5+5.+1e3+2.5E-3", "m1 * 0.5 + 0.5 + 5 + 1000 + 0.0025");
    check("m*1e300+1e-9", "m * 1e300 + 1e-9");
    check("m1_aB9", "m1_aB9");
    check("METRICS('a')", "METRICS('a')");
    check("METRICS(\"it's\")", r"METRICS('it\'s')");
    check(r#"METRICS("say \"x\"")"#, r#"METRICS('say "x"')"#);
    check(r#"METRICS('a\"b\\')"#, r#"METRICS('a\"b\\')"#);
    check(r#"METRICS("a\'b")"#, r#"METRICS("a\'b")"#);
    check("FILL(\n m1 ,\tREPEAT )", "FILL(m1, REPEAT)");
    let text =
        r#"REMOVE_EMPTY(SEARCH('{"NS","d 1"} MetricName="m" "d 1"="it\'s \"x\" \\ \(y\)"', 'p90', 60))"#;
    let expression = parse(text).unwrap();
    let searches = expression.searches();
    assert_eq!(
        searches[0].query, r#"{"NS","d 1"} MetricName="m" "d 1"="it's \"x\" \\ \(y\)""#,
        "escapes of the search itself stay"
    );
    assert_eq!((searches[0].statistic, searches[0].period_seconds), ("p90", Some(60)));
    assert_eq!(searches[0].position, 20);
}

#[test]
fn what_is_no_expression_is_refused_at_its_place() {
    check("", "at byte 0: expected a value, found the end");
    check("  ", "at byte 2: expected a value, found the end");
    check("m1 +", "at byte 4: expected a value, found the end");
    check("m1 m2", "at byte 3: expected an operator or the end, found `m2`");
    check("2m1", "at byte 1: expected an operator or the end, found `m1`");
    check("(m1", "at byte 3: expected an operator or `)`, found the end");
    check("[m1", "at byte 3: expected an operator, `,` or `]`, found the end");
    check("[]", "at byte 1: expected a value, found `]`");
    check("[m1,]", "at byte 4: expected a value, found `]`");
    check("m1)", "at byte 2: expected an operator or the end, found `)`");
    check("+m1", "at byte 0: expected a value, found `+`");
    check("m1 = 5", "at byte 3: `=` begins nothing");
    check("!m1", "at byte 0: `!` begins nothing");
    check("m1 & m2", "at byte 3: `&` begins nothing");
    check("m1 \u{201c}x", "at byte 3: `\u{201c}` begins nothing");
    check("m1 # all", "at byte 3: `#` begins nothing");
    check("m1 and m2", "at byte 3: expected an operator or the end, found `and`");
    check("m1*.", "at byte 3: `.` begins nothing");
    check("m1*1e999", "at byte 3: the number is too large");
    check("\"m1\"", "at byte 0: expected a value, found `\"m1\"`");
    check("METRICS('a", "at byte 8: the quote is never closed");
    check(r"METRICS('a\'", "at byte 8: the quote is never closed");
    check("METRICS('a\\", "at byte 8: the quote is never closed");
    check("avg(m1)", "at byte 0: there is no function `avg`; their names are upper case");
    check("Avg(m1)", "at byte 0: there is no function `Avg`; their names are upper case");
    check("_m + 1", "at byte 0: there is no function `_m`; their names are upper case");
    check("m1 + MEDIAN(m1)", "at byte 5: there is no function `MEDIAN`; their names are upper case");
    check("AVG", "at byte 3: expected `(`, found the end");
    check("AVG(m1", "at byte 6: expected an operator, `,` or `)`, found the end");
}

#[test]
fn functions_that_need_other_services_are_not_supported() {
    for (text, name) in [
        ("INSIGHT_RULE_METRIC('rule', 'Sum')", "INSIGHT_RULE_METRIC"),
        ("m1/SERVICE_QUOTA(m1)*100", "SERVICE_QUOTA"),
        ("DB_PERF_INSIGHTS('RDS', 'db-1', ['os.cpu', 'x'])", "DB_PERF_INSIGHTS"),
        ("LAMBDA('f', 1)", "LAMBDA"),
    ] {
        let position = text.find(name).unwrap();
        check(text, &format!("at byte {position}: `{name}` is not supported"));
    }
}

#[test]
fn arguments_have_the_form_that_the_function_takes() {
    check("ABS()", "at byte 4: `ABS` takes (TS or TS[])");
    check("ABS(m1, m2)", "at byte 8: `ABS` takes (TS or TS[])");
    check("ABS('m1')", "at byte 4: `ABS` takes (TS or TS[])");
    check("METRICS(m1)", "at byte 8: `METRICS` takes () or (\"text\")");
    check("METRICS('a', 'b')", "at byte 13: `METRICS` takes () or (\"text\")");
    let sort = "`SORT` takes (TS[], AVG or MIN or MAX or SUM, ASC or DESC) and a limit S behind them";
    check("SORT(METRICS(), STDDEV, ASC)", &format!("at byte 16: {sort}"));
    check("SORT(METRICS(), AVG, DOWN)", &format!("at byte 21: {sort}"));
    check("SORT(METRICS(), AVG)", &format!("at byte 19: {sort}"));
    check("SORT(METRICS(), AVG(m1), ASC)", "at byte 19: expected an operator, `,` or `)`, found `(`");
    check("SORT(METRICS(), 5, ASC)", &format!("at byte 16: {sort}"));
    check("FILL(m1, 'REPEAT')", "at byte 9: `FILL` takes (TS or TS[], S or TS or REPEAT or LINEAR)");
    check("FILL(m1, ASC)", "at byte 9: there is no function `ASC`; their names are upper case");
    check("FILL(m1)", "at byte 7: `FILL` takes (TS or TS[], S or TS or REPEAT or LINEAR)");
    check("m1/PERIOD(m1*2)", "at byte 10: `PERIOD` takes the id of a metric");
    check("m1/PERIOD(60)", "at byte 10: `PERIOD` takes the id of a metric");
    let search = "`SEARCH` takes ('search', 'statistic') or ('search', 'statistic', seconds)";
    for (text, position) in [
        ("SEARCH('x')", 10),
        ("SEARCH(m1, 'Sum')", 7),
        ("SEARCH('x', Sum)", 12),
        ("SEARCH('x', 'Sum', 0)", 19),
        ("SEARCH('x', 'Sum', 1.5)", 19),
        ("SEARCH('x', 'Sum', -60)", 19),
        ("SEARCH('x', 'Sum', 1e10)", 19),
        ("SEARCH('x', 'Sum', m1)", 19),
        ("SEARCH('x', 'Sum', 60, 1)", 23),
    ] {
        check(text, &format!("at byte {position}: {search}"));
    }
}

#[test]
fn sorts_of_values_are_followed_through_the_tree() {
    check_kinds("m1", "TS");
    check_kinds("u1", "TS or TS[]");
    check_kinds("a1 * 2 / m1", "TS[]");
    check_kinds("2 ^ m1 ^ a1", "TS[]");
    check_kinds("m1 - AVG(m1)", "TS");
    check_kinds("m1 - AVG(a1)", "TS");
    check_kinds("AVG(u1)", "S or TS");
    check_kinds("AVG(u1) * u1", "TS or TS[]");
    check_kinds("IF(u1 > 5, u2, 0)", "TS");
    check_kinds("IF(AVG(m1) > 5, m1)", "TS");
    check_kinds("[m1, a1, u1]", "TS[]");
    check_kinds("-a1", "TS[]");
    check_kinds("FILL(a1, m1)", "TS[]");
    check_kinds("FILL(m1, AVG(m1))", "TS");
    check_kinds("SLICE(a1, METRIC_COUNT(a1) - 2)", "TS[]");
    check_kinds("TIME_SERIES(PERIOD(m1))", "TS");

    let scalar = "the result is a number; it must be a time series or an array of time series";
    check_kinds("5", &format!("at byte 0: {scalar}"));
    check_kinds("1 + AVG(m1) / 2", &format!("at byte 0: {scalar}"));
    check_kinds("METRIC_COUNT(METRICS())", &format!("at byte 0: {scalar}"));
    let two = "any two of S, TS and TS[], but not two arrays";
    check_kinds("a1 - a2", &format!("at byte 3: `-` takes {two}, found (TS[], TS[])"));
    check_kinds("a1 ^ a2", &format!("at byte 3: `^` takes {two}, found (TS[], TS[])"));
    check_kinds("METRICS() > 5", "at byte 10: `>` takes two of S and TS, found (TS[], S)");
    check_kinds("u1 AND METRICS()", "at byte 3: `AND` takes two of S and TS, found (TS or TS[], TS[])");
    check_kinds("[1, m1]", "at byte 1: `[…]` takes TS and TS[], found (S)");
    check_kinds("m1 * ABS(5)", "at byte 5: `ABS` takes (TS or TS[]), found (S)");
    check_kinds("FIRST(m1)", "at byte 0: `FIRST` takes (TS[]), found (TS)");
    check_kinds("HOUR(METRICS())", "at byte 0: `HOUR` takes (TS), found (TS[])");
    check_kinds("TIME_SERIES(m1)", "at byte 0: `TIME_SERIES` takes (S), found (TS or TS[])");
    check_kinds(
        "SLICE(METRICS(), [m1])",
        "at byte 0: `SLICE` takes (TS[], S) or (TS[], S, S), found (TS[], TS[])",
    );
    let forms = "(TS, S or TS), (TS, S or TS, S or TS), (S, TS) or (S, TS, TS)";
    check_kinds("IF(1, 2, 3)", &format!("at byte 0: `IF` takes {forms}, found (S, S, S)"));
    check_kinds("IF(m1, METRICS())", &format!("at byte 0: `IF` takes {forms}, found (TS or TS[], TS[])"));
    check_kinds("IF(m1 > 0, a1)", &format!("at byte 0: `IF` takes {forms}, found (TS, TS[])"));
}

#[test]
fn what_is_referred_to_is_told_once_and_in_order() {
    let expression = parse("b1 + SUM([a1, b1, FILL(c1, REPEAT)]) * -d1 ^ IF(e1, a1)").unwrap();
    assert_eq!(expression.ids(), ["b1", "a1", "c1", "d1", "e1"]);
    assert!(expression.uses(Function::Fill) && !expression.uses(Function::Search));
    assert_eq!(expression.searches(), []);
    let expression = parse("SUM([SEARCH('a', 'Sum'), SEARCH('b', 'p9', 5)])").unwrap();
    let found: Vec<_> =
        expression.searches().iter().map(|search| (search.query, search.period_seconds)).collect();
    assert_eq!(found, [("a", None), ("b", Some(5))]);
}

#[test]
fn the_table_of_functions_is_in_order_and_complete() {
    for function in Function::all() {
        assert_eq!(function.signature().function, function);
        assert_eq!(Function::named(function.name()), Some(function));
        assert_eq!(Function::named(&function.name().to_lowercase()), None);
        let lengths = function.signature().required..=function.signature().parameters.len();
        let fits = lengths.into_iter().any(|length| {
            let values = function.signature().parameters[..length].iter().filter(|parameter| {
                !matches!(parameter, function::Parameter::Text | function::Parameter::Word(_))
            });
            let any = Kinds::SCALAR.or(Kinds::SERIES_OR_ARRAY);
            let all = vec![any; values.count()];
            Kinds::of_result(&all, &|kinds| function.result(kinds)) != Kinds::NONE
        });
        assert!(fits, "{function} takes nothing");
    }
}

#[test]
fn length_and_depth_are_bounded() {
    let long = format!("m1{}", " ".repeat(TEXT_LENGTH_MAX - 2));
    assert!(parse(&long).is_ok());
    let error = parse(&format!("{long} ")).unwrap_err();
    assert_eq!(error.problem, Problem::TooLong { length: TEXT_LENGTH_MAX + 1 });
    let characters = format!("METRICS('{}')", "é".repeat(TEXT_LENGTH_MAX - 11));
    assert!(parse(&characters).is_ok());

    for (open, close) in [("(", ")"), ("[", "]"), ("-", ""), ("ABS(", ")"), ("2^-", ""), ("1+(", ")")] {
        let nested = |depth: usize| format!("{}m1{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(&nested(DEPTH_MAX)).is_ok(), "{open}");
        let error = parse(&nested(DEPTH_MAX + 1)).unwrap_err();
        assert_eq!(error.problem, Problem::TooDeep, "{open}");
        assert!(parse(&nested(TEXT_LENGTH_MAX / 5)).is_err(), "{open}");
    }
    let chain = format!("m1{}", "+m1".repeat(600));
    assert_eq!(parse(&chain).unwrap().nodes().count(), 602);
}

fn node(depth: u32) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "m1",
            "m2",
            "e_X",
            "METRICS()",
            "METRICS('a\\'b')",
            "METRICS(\"c\\'\\\"\")"
        ])
        .prop_map(str::to_owned),
        (0_u32..5000).prop_map(|number| format!("{}", f64::from(number) / 8.0)),
        any::<f64>().prop_map(|number| format!("{:e}", number.abs())),
    ];
    leaf.prop_recursive(depth, 48, 4, |inner| {
        let operators = Operator::ALL.map(Operator::symbol).to_vec();
        let each = vec!["ABS", "AVG", "SUM", "DIFF", "TIME_SERIES", "FIRST", "HOUR", "REMOVE_EMPTY"];
        prop_oneof![
            4 => prop::collection::vec((inner.clone(), prop::sample::select(operators)), 2..4)
                .prop_map(|parts| {
                    parts.iter().map(|(part, operator)| format!("{part} {operator} ")).collect::<String>() + "m1"
                }),
            2 => inner.clone().prop_map(|inner| format!("({inner})")),
            1 => inner.clone().prop_map(|inner| format!("-{inner}")),
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(|all| format!("[{}]", all.join(","))),
            2 => (prop::sample::select(each), inner.clone()).prop_map(|(name, inner)| format!("{name}({inner})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("IF({left},{right})")),
            1 => inner.clone().prop_map(|inner| format!("FILL({inner}, LINEAR)")),
            1 => inner.prop_map(|inner| format!("SORT({inner}, SUM, DESC, 3)")),
        ]
    })
}

const PIECES: &[&str] = &[
    "m1", "AVG", "SORT(", "FILL(", "IF(", "SEARCH(", "METRICS(", "(", ")", "[", "]", ",", "'", "\"", "\\",
    " ", "1", ".", "e", "-", "+", "^", "*", "/", "==", "!=", "=", "<", "&&", "|", "AND", "OR", "ASC",
    "REPEAT", "é", "\u{0}", "#",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_tree_reads_as_the_same_tree(text in node(5)) {
        let tree = parser::parse(&text);
        prop_assert!(tree.is_ok(), "{text}: {}", tree.unwrap_err());
        let tree = tree.unwrap();
        let printed = tree.to_string();
        prop_assert_eq!(parser::parse(&printed), Ok(tree), "{} is printed as {}", text, printed);
        if let Err(error) = parse(&text) {
            prop_assert!(error.position < text.len(), "{text} {error}");
        }
    }

    #[test]
    fn any_text_is_an_expression_or_an_error_inside_of_it(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..16),
        wild in any::<String>(),
    ) {
        for text in [pieces.concat(), wild] {
            match parse(&text) {
                Ok(expression) => prop_assert_eq!(parse(&expression.to_string()), Ok(expression)),
                Err(error) => {
                    let is_inside = error.position <= text.len() && text.is_char_boundary(error.position);
                    prop_assert!(is_inside, "{text} {error}");
                }
            }
        }
    }
}
