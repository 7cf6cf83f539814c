mod reference;

use walletscope_language::metric_math::{Problem, parse};

use super::*;

/// 2026-03-01T00:00:00Z, a Sunday and a multiple of every period here.
const START: i64 = 1_772_323_200;

/// Metrics by id, a minute each unless the row says; `e…` are results of expressions. Searches and bands answer with
/// what they were asked.
struct Given {
    named: Vec<(String, Value)>,
}

impl Inputs for Given {
    type Error = String;

    fn named(&self, id: &str) -> Result<Value, String> {
        let found = self.named.iter().find(|(name, _)| name == id);
        found.map(|(_, value)| value.clone()).ok_or_else(|| format!("no `{id}`"))
    }

    fn metrics(&self, containing: Option<&str>) -> Result<Vec<Series>, String> {
        let fits = |id: &str| !id.starts_with('e') && id.contains(containing.unwrap_or(""));
        let found = self.named.iter().filter(|(id, _)| fits(id));
        Ok(found.flat_map(|(_, value)| value.series().to_vec()).collect())
    }

    fn search(
        &self,
        query: &str,
        statistic: &str,
        period_seconds: Option<u32>,
    ) -> Result<Vec<Series>, String> {
        let label = format!("{query} {statistic} {period_seconds:?}").into();
        match query {
            "bad" => Err("a bad search".to_owned()),
            "many" => Ok(vec![Series::empty(60); SERIES_MAX + 1]),
            _ => Ok(vec![Series { label, ..Series::empty(60) }, self.metrics(None)?.swap_remove(0)]),
        }
    }

    fn band(&self, of: &Node, series: &Series, deviations: f64) -> Result<(Series, Series), String> {
        let label: Box<str> = of.to_string().into();
        let moved = |by: f64| Series { label: label.clone(), ..series.clone().map(|value| value + by) };
        Ok((moved(deviations), moved(-deviations)))
    }
}

/// `1 - 2.5` is a series with points in the first and third minute; a number before `:` is another period.
fn series(row: &str) -> Series {
    let (period, row) = row.split_once(':').unwrap_or(("60", row));
    let period_seconds: u32 = period.trim().parse().expect("a period");
    let points = row.split_whitespace().enumerate().filter(|(_, value)| *value != "-");
    let points = points.map(|(index, value)| {
        (START + index as i64 * i64::from(period_seconds), value.parse().expect("a value"))
    });
    Series { points: points.collect(), ..Series::empty(period_seconds) }
}

/// `m1 = 1 2 | m2 = - 3`; an array's series have commas between.
fn given(rows: &str) -> Given {
    let mut named = Vec::new();
    for (index, row) in rows.split('|').filter(|row| !row.trim().is_empty()).enumerate() {
        let (id, row) = row.split_once('=').expect("an id");
        let id = id.trim().to_owned();
        let label: Box<str> = id.to_uppercase().into();
        let mut all: Vec<Series> = row.split(',').map(series).collect();
        for one in &mut all {
            (one.label, one.origin) = (label.clone(), Some(index as u32));
        }
        let value = if row.contains(',') { Value::Array(all) } else { Value::Series(all.swap_remove(0)) };
        named.push((id, value));
    }
    Given { named }
}

/// Six minutes.
fn grid() -> Grid {
    Grid { start: START, end: START + 360, period_seconds: 60 }
}

fn evaluated(text: &str, rows: &str) -> Result<Value, EvaluationError<String>> {
    let expression = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    evaluate(&expression, grid(), &given(rows))
}

/// As many places as the grid has, or the row names.
fn written(series: &Series) -> String {
    let period = i64::from(series.period_seconds);
    let last = series.points.last().map_or(START, |point| point.0);
    let count = (360 / period).max((last - START) / period + 1);
    let places = (0..count).map(|index| {
        let value = series.at(START + index * period);
        match value {
            Some(value) if value.abs() >= 1e15 => format!("{value:e}"),
            value => value.map_or("-".to_owned(), |value| value.to_string()),
        }
    });
    let row = places.collect::<Vec<_>>().join(" ");
    let row = row.trim_end_matches([' ', '-']);
    if period == 60 { row.to_owned() } else { format!("{period}:{row}") }
}

/// Missing values at the end are not written; an array is in brackets.
fn check(text: &str, rows: &str, expected: &str) {
    let found = match evaluated(text, rows) {
        Ok(Value::Array(all)) => format!("[{}]", all.iter().map(written).collect::<Vec<_>>().join(", ")),
        Ok(value) => value.series().iter().map(written).collect(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{text} over {rows}");
}

#[test]
fn the_guides_rows_come_out() {
    let metrics = "metric1 = 30 20 0 0 | metric2 = 20 - 20 -";
    check("(metric1 < metric2)", metrics, "0 0 1 0");
    check("(metric1 >= 30)", metrics, "1 0 0 0");
    check("(metric1 > 15 AND metric2 > 15)", metrics, "1 0 0 0");
    check("metric1 > 15 && metric2 > 15", metrics, "1 0 0 0");

    let metrics = "metric1 = 1 1 0 0 - | metric2 = 30 - 0 0 30 | metric3 = 0 0 20 - 20";
    check("IF(metric1, metric2, metric3)", metrics, "30 0 20");
    check("IF(metric1, 5, metric3)", metrics, "5 5 20");
    check("IF(metric1, metric2, 5)", metrics, "30 0 5 5");
}

#[test]
fn if_chooses_in_each_of_its_forms() {
    let metrics = "c = 1 -2 0 - 0 | m = 10 - 30 40 50 | n = - 2 - 4 5";
    check("IF(c, m)", metrics, "10 0");
    check("IF(c, 7)", metrics, "7 7");
    check("IF(c, 1, 2)", metrics, "1 1 2 - 2");
    check("IF(c, m, n)", metrics, "10 0 - - 5");
    check("IF(m > 20, m, n)", metrics, "- - 30 40 50");
    check("IF(m < 400, 10, 2)", metrics, "10 - 10 10 10");
    check("IF(MAX(m) > 49, m)", metrics, "10 - 30 40 50");
    check("IF(MAX(m) > 50, m)", metrics, "");
    check("IF(MAX(m) > 50, m, n)", metrics, "- 2 - 4 5");
    check("IF(AVG(c / 0), m, n)", metrics, "");
    check("IF(c, m / 0, AVG(c / 0))", metrics, "0 0");
    check("IF(c, AVG(m / 0), 3)", metrics, "- - 3 - 3");
    check("IF(c, m)", "c = 120: 1 0 1 | m = 1 3 5 7 - 9", "120:2 - 9");
    check("IF(1, m)", "m =", "");
}

#[test]
fn arithmetic_takes_missing_points_as_zero_where_the_other_has_one() {
    let metrics = "m = 6 - 2 - 0 | n = 3 4 - - 0";
    check("m + n", metrics, "9 4 2 - 0");
    check("m - n", metrics, "3 -4 2 - 0");
    check("m * n", metrics, "18 0 0 - 0");
    check("m / n", metrics, "2 0");
    check("m ^ n", metrics, "216 0 1 - 1");
    check("m + 1", metrics, "7 - 3 - 1");
    check("12 / m", metrics, "2 - 6");
    check("-m", metrics, "-6 - -2 - -0");
    check("2 ^ 3 ^ 2 + m * 0", metrics, "512 - 512 - 512");
    check("(2 ^ 3) ^ 2 + m * 0", metrics, "64 - 64 - 64");
    check("-2 ^ 2 + m * 0", metrics, "-4 - -4 - -4");
    check("10 - 3 - 2 + m * 0", metrics, "5 - 5 - 5");
    check("m * 1e300 * 1e300", metrics, "- - - - 0");
    check("m + AVG(m / 0)", metrics, "");
    check("1 / (AVG(n) - AVG(n)) + m", metrics, "");
    check("m / (1 / 0)", metrics, "");
    check("m < 1 / 0", metrics, "");
    check("(0 - m) ^ 0.5", metrics, "- - - - 0");
    check("m + n", "m = | n = 1", "1");
    check("m + n", "m = | n =", "");
}

#[test]
fn comparisons_and_logic_are_zero_or_one() {
    let metrics = "m = 1 - 0 5 - | n = 1 0 - 2 -";
    check("m == n", metrics, "1 1 1 0");
    check("m != n", metrics, "0 0 0 1");
    check("m <= n", metrics, "1 1 1 0");
    check("m > n", metrics, "0 0 0 1");
    check("m AND n", metrics, "1 0 0 1");
    check("m || n", metrics, "1 0 0 1");
    check("m OR 1", metrics, "1 - 1 1");
    check("3 >= m", metrics, "1 - 1 0");
    check("TIME_SERIES(AVG(m) == 2)", metrics, "1 1 1 1 1 1");
    check("m == AVG(m / 0)", metrics, "");
    check("m AND AVG(m / 0)", metrics, "");
}

#[test]
fn arrays_are_joined_member_by_member() {
    let metrics = "m = 2 - 4 | n = - 1 | o = 1 1";
    check("[m, n] * 10", metrics, "[20 - 40, - 10]");
    check("100 / [m, n]", metrics, "[50 - 25, - 100]");
    check("[m, n] + o", metrics, "[3 1 4, 1 2]");
    check("o - [m, n]", metrics, "[-1 1 -4, 1 0]");
    check("-[m, n]", metrics, "[-2 - -4, - -1]");
    check("[m, [n, o]]", metrics, "[2 - 4, - 1, 1 1]");
    check("AVG([m, n] / o)", metrics, "1 0.5");
    check("SUM(100 / [m, n])", metrics, "50 100 25");
    check("METRICS('o') * 2", metrics, "[2 2]");
    check("SUM([METRICS('m'), METRICS(\"n\")])", metrics, "2 1 4");
    check("METRICS('x')", metrics, "[]");
    check("SUM(METRICS('x'))", metrics, "");
    check("SUM(METRICS())", "m = 1 | eSum = 7", "1");
}

#[test]
fn statistics_of_a_series_are_numbers_over_its_points() {
    let metrics = "m = 2 - 4 - 6 6 | n = ";
    for (text, number) in [
        ("AVG(m)", "4.5"),
        ("SUM(m)", "18"),
        ("MIN(m)", "2"),
        ("MAX(m)", "6"),
        ("DATAPOINT_COUNT(m)", "4"),
        ("DATAPOINT_COUNT(n)", "0"),
        // Deviations -2.5, -0.5, 1.5, 1.5: squares come to 11 over 4.
        ("STDDEV(m) * STDDEV(m) * 4 - 10.5 > 0.49999", "1"),
        ("STDDEV(m) * STDDEV(m) * 4 - 10.5 < 0.50001", "1"),
        ("PERIOD(m)", "60"),
        ("METRIC_COUNT([m, n])", "2"),
        ("METRIC_COUNT(METRICS('x'))", "0"),
    ] {
        check(&format!("TIME_SERIES({text})"), metrics, &[number; 6].join(" "));
    }
    for text in ["AVG(n)", "SUM(n)", "MIN(n)", "MAX(n)", "STDDEV(n)"] {
        check(&format!("TIME_SERIES({text})"), metrics, "");
        check(&format!("m - {text}"), metrics, "");
    }
    check("m - AVG(m)", metrics, "-2.5 - -0.5 - 1.5 1.5");
}

#[test]
fn statistics_of_an_array_are_series_bucket_by_bucket() {
    let metrics = "m = 2 - 4 - | n = 4 - - - 9 | o = 9 - 1 - -";
    check("SUM(METRICS())", metrics, "15 - 5 - 9");
    check("AVG(METRICS())", metrics, "5 - 1.6666666666666667 - 3");
    check("MIN(METRICS())", metrics, "2 - 1 - 9");
    check("MAX(METRICS())", metrics, "9 - 4 - 9");
    check("DATAPOINT_COUNT(METRICS())", metrics, "3 - 2 - 1");
    check("STDDEV([m, n])", metrics, "1 - 0 - 0");
    check("SUM([m])", metrics, "2 - 4");
}

#[test]
fn functions_of_one_series_change_its_points() {
    let metrics = "m = -1.5 - 2.5 100 0 | n = 3";
    check("ABS(m)", metrics, "1.5 - 2.5 100 0");
    check("CEIL(m)", metrics, "-1 - 3 100 0");
    check("FLOOR(m)", metrics, "-2 - 2 100 0");
    check("LOG10(m * 4)", metrics, "- - 1 2.6020599913279625");
    check("LOG(m / m)", metrics, "0 - 0 0");
    check("DIFF(m)", metrics, "- - 4 97.5 -100");
    check("DIFF_TIME(m)", metrics, "- - 120 60 60");
    check("RATE(m * 12)", metrics, "- - 0.4 19.5 -20");
    check("RUNNING_SUM(m)", metrics, "-1.5 - 1 101 101");
    check("DIFF(n)", metrics, "");
    check("RUNNING_SUM([n, m])", metrics, "[3, -1.5 - 1 101 101]");
    check("MIN(ABS([m, n]))", metrics, "1.5 - 2.5 100 0");
    check("RUNNING_SUM(m)", "m = 1e308 1e308 -1e308 5", "1e308");
}

#[test]
fn fill_reaches_over_the_whole_grid_or_the_gaps() {
    let metrics = "m = - 1 - - 7 | n = 5 - 6 | o = ";
    check("FILL(m, 0)", metrics, "0 1 0 0 7 0");
    check("FILL(m, MIN(m))", metrics, "1 1 1 1 7 1");
    check("FILL(m, REPEAT)", metrics, "- 1 1 1 7 7");
    check("FILL(m, LINEAR)", metrics, "- 1 3 5 7");
    check("FILL(m, n)", metrics, "5 1 6 - 7");
    check("FILL([m, o], n)", metrics, "[5 1 6 - 7, 5 - 6]");
    check("FILL(METRICS('o'), 2)", metrics, "[2 2 2 2 2 2]");
    check("FILL(o, REPEAT)", metrics, "");
    check("FILL(o, LINEAR)", metrics, "");
    check("FILL(m, AVG(o))", metrics, "- 1 - - 7");
    check("FILL(m, 3)", "m = 120: - 9", "120:3 9 3");
    check("FILL(m, 0)", "m = - - - - - - - 8", "0 0 0 0 0 0 - 8");
}

#[test]
fn clock_and_calendar_are_of_every_bucket_in_utc() {
    check("MINUTE(m)", "m = ", "0 1 2 3 4 5");
    check("EPOCH(m) - EPOCH(m) + HOUR(m)", "m = 1", "0 0 0 0 0 0");
    check("DAY(m)", "m = 120:1", "120:7 7 7");
    check("IF(DAY(m) < 6, m)", "m = 1 2", "");
    check("IF(MONTH(m) == 3, m)", "m = 1 - 2", "1 0 2 0 0 0");
    check("TIME_SERIES(10)", "", "10 10 10 10 10 10");
    // Time, then minute, hour, weekday, day, month, year.
    for (time, fields) in [
        (0, [0, 0, 4, 1, 1, 1970]),
        (-1, [59, 23, 3, 31, 12, 1969]),
        // 2000-02-29T12:34:56Z, a Tuesday.
        (951_827_696, [34, 12, 2, 29, 2, 2000]),
        // 2024-12-31T23:59:59Z, a Tuesday.
        (1_735_689_599, [59, 23, 2, 31, 12, 2024]),
        // 2026-03-01T00:00:00Z, a Sunday.
        (START, [0, 0, 7, 1, 3, 2026]),
        // 2100-02-28T00:00:00Z and the next day, for 2100 is no leap year.
        (4_107_456_000, [0, 0, 7, 28, 2, 2100]),
        (4_107_542_400, [0, 0, 1, 1, 3, 2100]),
    ] {
        use calendar::Field::{Day, Hour, Minute, Month, Weekday, Year};
        let found = [Minute, Hour, Weekday, Day, Month, Year].map(|field| field.at(time));
        assert_eq!(found, fields, "{time}");
    }
}

#[test]
fn arrays_are_sorted_cut_and_cleaned() {
    let metrics = "a = 5 1 | b = 4 4 | c = | d = 3 - 9 | f = 4 4";
    check("SORT(METRICS(), SUM, DESC)", metrics, "[3 - 9, 4 4, 4 4, 5 1, ]");
    check("SORT(METRICS(), SUM, ASC)", metrics, "[5 1, 4 4, 4 4, 3 - 9, ]");
    check("SORT(METRICS(), MIN, ASC, 2)", metrics, "[5 1, 3 - 9]");
    check("SORT(METRICS(), MAX, DESC, 1)", metrics, "[3 - 9]");
    check("SORT(METRICS(), AVG, DESC, 0)", metrics, "[]");
    check("SLICE(METRICS(), 1, 3)", metrics, "[4 4, ]");
    check("SLICE(METRICS(), 3)", metrics, "[3 - 9, 4 4]");
    check("SLICE(METRICS(), 4, 99)", metrics, "[4 4]");
    check("SLICE(METRICS(), 3, 1)", metrics, "[]");
    check("SLICE(METRICS(), METRIC_COUNT(METRICS()) - 1)", metrics, "[4 4]");
    check("SORT(METRICS() * 0, SUM, DESC)", "g = -1 5 | h = 2", "[-0 0, 0]");
    check("SORT(METRICS(), SUM, DESC)", "g = -0 | h = 0 0", "[-0, 0 0]");
    check("REMOVE_EMPTY(METRICS())", metrics, "[5 1, 4 4, 3 - 9, 4 4]");
    check("FIRST(METRICS())", metrics, "5 1");
    check("LAST(SORT(METRICS(), AVG, DESC, 2))", metrics, "4 4");
    check("FIRST(METRICS('x'))", metrics, "");
    check("LAST(METRICS('x')) + a", metrics, "5 1");
    check("IF(FIRST(SORT(METRICS(), AVG, DESC)) > 5, 1, 0)", metrics, "0 - 1");
    for (text, position, value) in [
        ("SLICE(METRICS(), 0.5)", 17, "0.5"),
        ("SLICE(METRICS(), 0, -1)", 20, "-1"),
        ("SORT(METRICS(), SUM, ASC, AVG(c))", 26, "NaN"),
    ] {
        check(text, metrics, &format!("at byte {position}: {value} is no place in an array"));
    }
}

#[test]
fn different_periods_meet_on_the_coarsest() {
    let metrics = "m = 1 3 - 5 - - | n = 120: 10 20 30 | o = 180: 100";
    check("m + n", metrics, "120:12 25 30");
    check("n > m", metrics, "120:1 1 1");
    check("[m, n] - o", metrics, "[180:-98 5, 180:-85 30]");
    check("SUM(METRICS())", metrics, "180:117 35");
    check("MAX([m, n])", metrics, "120:10 20 30");
    check("FILL(m, n)", metrics, "120:2 5 30");
    check("n / PERIOD(n)", metrics, "120:0.08333333333333333 0.16666666666666666 0.25");
    check("DIFF(n)", metrics, "120:- 10 10");
}

#[test]
fn searches_and_bands_come_from_the_caller() {
    let metrics = "m = 1 2 | n = 5";
    check("SEARCH('{NS,d} a', 'Sum', 300)", metrics, "[, 1 2]");
    check("REMOVE_EMPTY(SEARCH('a', 'Sum'))", metrics, "[1 2]");
    check("ANOMALY_DETECTION_BAND(m)", metrics, "[3 4, -1 0]");
    check("LAST(ANOMALY_DETECTION_BAND(m + n, 2 * 5))", metrics, "-4 -8");
    check("FIRST(ANOMALY_DETECTION_BAND(m, 0))", metrics, "1 2");
    check("m + x9", metrics, "at byte 4: no `x9`");
    check("m + SUM(SEARCH('bad', 'Sum'))", metrics, "at byte 8: a bad search");
    let Ok(Value::Array(found)) = evaluated("SEARCH('a', 'p90', 300)", metrics) else { panic!("an array") };
    assert_eq!(&*found[0].label, "a p90 Some(300)");
    let Ok(Value::Array(band)) = evaluated("ANOMALY_DETECTION_BAND(m  *(n))", metrics) else {
        panic!("an array")
    };
    assert_eq!(&*band[1].label, "m * n", "the caller sees what the band is of");
}

#[test]
fn labels_and_origins_stay_with_what_is_one_metric() {
    let metrics = "m = 1 2 | n = 5";
    for (text, expected) in [
        ("m", vec![("M", Some(0))]),
        ("-RATE(FILL(m, 0)) / 5", vec![("M", Some(0))]),
        ("m / MAX(n)", vec![("M", Some(0))]),
        ("m + n", vec![("", None)]),
        ("m + m", vec![("M", Some(0))]),
        ("IF(m < 2, m)", vec![("M", Some(0))]),
        ("IF(m < 2, n)", vec![("", None)]),
        ("FILL(m, n)", vec![("M", Some(0))]),
        ("[n, m] * m", vec![("N", Some(1)), ("M", Some(0))]),
        ("n - METRICS()", vec![("M", Some(0)), ("N", Some(1))]),
        ("LAST(METRICS())", vec![("N", Some(1))]),
        ("SUM([m])", vec![("", None)]),
        ("TIME_SERIES(1)", vec![("", None)]),
        ("HOUR(m)", vec![("M", Some(0))]),
    ] {
        let all = evaluated(text, metrics).expect("a value").into_series();
        let found: Vec<_> = all.iter().map(|series| (&*series.label, series.origin)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn ids_that_turn_out_to_be_something_else_are_refused() {
    let metrics = "m = 1 2 | e1 = 1, 2";
    check(
        "AVG(m)",
        metrics,
        "at byte 0: the result is a number; it must be a time series or an array of time series",
    );
    check("AVG(e1)", metrics, "1.5");
    check("m + e1 > 5", metrics, "at byte 7: `>` takes two of S and TS, found (TS[], S)");
    check("FIRST(m)", metrics, "at byte 0: `FIRST` takes (TS[]), found (TS)");
    check("m * PERIOD(e1)", metrics, "at byte 4: `PERIOD` takes the id of a metric, found (TS[])");
    check("[m, AVG(m)]", metrics, "at byte 4: `[…]` takes TS and TS[], found (S)");
    check(
        "e1 - e1",
        metrics,
        "at byte 3: `-` takes any two of S, TS and TS[], but not two arrays, found (TS[], TS[])",
    );
    let Err(EvaluationError::Kinds(error)) = evaluated("HOUR(e1)", metrics) else { panic!("refused") };
    assert!(matches!(error.problem, Problem::WrongKinds { of: "HOUR", .. }));
}

#[test]
fn what_a_user_can_make_large_is_bounded() {
    check(
        "SEARCH('many', 'Sum')",
        "m = 1",
        "at byte 0: an array of 501 time series, at most 500 are allowed",
    );
    let all = vec!["m"; SERIES_MAX].join(",");
    assert!(evaluated(&format!("[{all}]"), "m = 1").is_ok());
    check(&format!("[{all},m]"), "m = 1", "at byte 0: an array of 501 time series, at most 500 are allowed");

    let endless = Grid { start: i64::MIN, end: i64::MAX, period_seconds: 1 };
    for text in ["TIME_SERIES(1)", "FILL(m, 0)", "MINUTE(m)"] {
        let expression = parse(text).expect("an expression");
        let found = evaluate(&expression, endless, &given("m = 1"));
        assert_eq!(found, Err(EvaluationError::TooManyPoints { position: 0 }), "{text}");
    }
    let years = Grid { start: 0, end: POINTS_MAX as i64 / 3, period_seconds: 1 };
    for (text, position) in [
        ("TIME_SERIES(1) * 2 * 2", None),
        ("TIME_SERIES(1) * 2 * 2 * 2", Some(23)),
        ("TIME_SERIES(1) * 2 * 2 + TIME_SERIES(1)", Some(25)),
        ("ABS(ABS(ABS(TIME_SERIES(1))))", Some(0)),
    ] {
        let found = evaluate(&parse(text).expect("an expression"), years, &given(""));
        assert_eq!(
            found.err(),
            position.map(|position| EvaluationError::TooManyPoints { position }),
            "{text}"
        );
    }

    let backwards = Grid { start: 60, end: 0, period_seconds: 60 };
    let found = evaluate(&parse("TIME_SERIES(1)").expect("an expression"), backwards, &given(""));
    assert_eq!(found, Ok(Value::Series(Series::empty(60))));
}
