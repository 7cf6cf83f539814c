//! Random expressions over random sparse series, against the rules written down as plainly as possible: every bucket
//! is a place in a vector that holds a value or none, and one recursive function says what each form means.

use proptest::prelude::*;

use super::*;

/// 2028-02-28T23:54:00Z, so that the grid crosses into a leap day.
const FROM: i64 = 1_835_395_200 + 86_040;
const PLACES: usize = 12;

/// An expression that fits together.
#[derive(Clone, Debug)]
enum Tree {
    Number(f64),
    Metric(usize),
    Metrics,
    Array(Vec<Tree>),
    Negative(Box<Tree>),
    Between(&'static str, Box<Tree>, Box<Tree>),
    Call(&'static str, Vec<Tree>),
    Fill(Box<Tree>, &'static str),
    Sort(Box<Tree>, &'static str, &'static str, Option<usize>),
}

/// A series, one place for each of its buckets in the grid.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    period: usize,
    places: Vec<Option<f64>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Means {
    Number(Option<f64>),
    Line(Line),
    Lines(Vec<Line>),
}

impl Tree {
    fn text(&self) -> String {
        let listed = |all: &[Tree]| all.iter().map(Tree::text).collect::<Vec<_>>().join(", ");
        match self {
            Self::Number(number) => format!("{number}"),
            Self::Metric(index) => format!("m{index}"),
            Self::Metrics => "METRICS()".to_owned(),
            Self::Array(all) => format!("[{}]", listed(all)),
            Self::Negative(of) => format!("(-{})", of.text()),
            Self::Between(operator, left, right) => format!("({} {operator} {})", left.text(), right.text()),
            Self::Call(name, all) => format!("{name}({})", listed(all)),
            Self::Fill(of, word) => format!("FILL({}, {word})", of.text()),
            Self::Sort(of, key, order, None) => format!("SORT({}, {key}, {order})", of.text()),
            Self::Sort(of, key, order, Some(limit)) => {
                format!("SORT({}, {key}, {order}, {limit})", of.text())
            }
        }
    }
}

fn means(tree: &Tree, metrics: &[Line]) -> Means {
    let of = |tree: &Tree| means(tree, metrics);
    match tree {
        Tree::Number(number) => Means::Number(Some(*number)),
        Tree::Metric(index) => Means::Line(metrics[*index].clone()),
        Tree::Metrics => Means::Lines(metrics.to_vec()),
        Tree::Array(all) => Means::Lines(all.iter().flat_map(|tree| lines(of(tree))).collect()),
        Tree::Negative(tree) => each(of(tree), |value| -value),
        Tree::Between(operator, left, right) => match (of(left), of(right)) {
            (Means::Number(left), Means::Number(right)) => Means::Number(number(operator, left, right)),
            (Means::Lines(all), right) => Means::Lines(
                all.into_iter().map(|line| between(operator, &Means::Line(line), &right)).collect(),
            ),
            (left, Means::Lines(all)) => Means::Lines(
                all.into_iter().map(|line| between(operator, &left, &Means::Line(line))).collect(),
            ),
            (left, right) => Means::Line(between(operator, &left, &right)),
        },
        Tree::Fill(tree, word) => on_each(of(tree), |line| filled(&line, word)),
        Tree::Sort(tree, key, order, limit) => {
            let mut open = lines(of(tree));
            let mut sorted = Vec::new();
            while let Some(next) = next_of(&open, key, order) {
                sorted.push(open.remove(next));
            }
            sorted.truncate(limit.unwrap_or(usize::MAX));
            Means::Lines(sorted)
        }
        Tree::Call(name, all) => call(name, &all.iter().map(of).collect::<Vec<_>>()),
    }
}

fn call(name: &str, of: &[Means]) -> Means {
    match (name, of) {
        ("ABS", [of]) => each(of.clone(), |value| if value < 0.0 { -value } else { value.max(0.0) }),
        ("CEIL", [of]) => each(of.clone(), f64::ceil),
        ("FLOOR", [of]) => each(of.clone(), f64::floor),
        ("LOG", [of]) => each(of.clone(), f64::ln),
        ("LOG10", [of]) => each(of.clone(), f64::log10),
        ("DIFF" | "DIFF_TIME" | "RATE" | "RUNNING_SUM", [of]) => {
            on_each(of.clone(), |line| walked(name, &line))
        }
        ("AVG" | "SUM" | "MIN" | "MAX" | "STDDEV" | "DATAPOINT_COUNT", [Means::Line(line)]) => {
            Means::Number(statistic(name, &line.places.iter().flatten().copied().collect::<Vec<_>>()))
        }
        ("AVG" | "SUM" | "MIN" | "MAX" | "STDDEV" | "DATAPOINT_COUNT", [Means::Lines(all)]) => {
            Means::Line(across(name, all))
        }
        ("FILL", [of, Means::Number(filler)]) => on_each(of.clone(), |line| Line {
            places: line.places.iter().map(|place| place.or(*filler)).collect(),
            ..line
        }),
        ("FILL", [of, Means::Line(filler)]) => on_each(of.clone(), |line| {
            let period = line.period.max(filler.period);
            let (line, filler) = (coarse(&line, period), coarse(filler, period));
            Line {
                period,
                places: line.places.iter().zip(filler.places).map(|(own, other)| own.or(other)).collect(),
            }
        }),
        ("FIRST", [Means::Lines(all)]) => Means::Line(all.first().cloned().unwrap_or(nothing())),
        ("LAST", [Means::Lines(all)]) => Means::Line(all.last().cloned().unwrap_or(nothing())),
        ("IF", [condition, choices @ ..]) => Means::Line(chosen(condition, choices)),
        ("METRIC_COUNT", [Means::Lines(all)]) => Means::Number(Some(all.len() as f64)),
        ("PERIOD", [Means::Line(line)]) => Means::Number(Some(line.period as f64)),
        ("TIME_SERIES", [Means::Number(number)]) => {
            Means::Line(Line { period: 60, places: vec![*number; PLACES] })
        }
        ("REMOVE_EMPTY", [Means::Lines(all)]) => {
            Means::Lines(all.iter().filter(|line| line.places.iter().any(Option::is_some)).cloned().collect())
        }
        ("SLICE", [Means::Lines(all), Means::Number(start), end @ ..]) => {
            let end = if let [Means::Number(Some(end))] = end { *end } else { f64::INFINITY };
            let is_in = |index: usize| index as f64 >= start.unwrap() && (index as f64) < end;
            Means::Lines(
                all.iter()
                    .enumerate()
                    .filter(|(index, _)| is_in(*index))
                    .map(|(_, line)| line.clone())
                    .collect(),
            )
        }
        (_, [Means::Line(line)]) => {
            let places =
                (0..line.places.len()).map(|index| Some(clock(name, FROM + (index * line.period) as i64)));
            Means::Line(Line { period: line.period, places: places.collect() })
        }
        _ => panic!("no such call: {name} {of:?}"),
    }
}

fn number(operator: &str, left: Option<f64>, right: Option<f64>) -> Option<f64> {
    let (left, right) = (left?, right?);
    let is = |holds| if holds { 1.0 } else { 0.0 };
    finite(match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "^" => left.powf(right),
        "==" => is(left == right),
        "!=" => is(left != right),
        "<" => is(left < right),
        "<=" => is(left <= right),
        ">" => is(left > right),
        ">=" => is(left >= right),
        "AND" | "&&" => is(left != 0.0 && right != 0.0),
        _ => is(left != 0.0 || right != 0.0),
    })
}

/// At least one side is a line.
fn between(operator: &str, left: &Means, right: &Means) -> Line {
    match (left, right) {
        (Means::Line(left), Means::Line(right)) => {
            let period = left.period.max(right.period);
            let (left, right) = (coarse(left, period), coarse(right, period));
            let places = left.places.iter().zip(right.places).map(|(left, right)| match (left, right) {
                (None, None) => None,
                (left, right) => number(operator, Some(left.unwrap_or(0.0)), Some(right.unwrap_or(0.0))),
            });
            Line { period, places: places.collect() }
        }
        (Means::Line(line), Means::Number(other)) => Line {
            places: line.places.iter().map(|own| number(operator, *own, *other)).collect(),
            ..line.clone()
        },
        (Means::Number(other), Means::Line(line)) => Line {
            places: line.places.iter().map(|own| number(operator, *other, *own)).collect(),
            ..line.clone()
        },
        _ => panic!("no line in {left:?} {operator} {right:?}"),
    }
}

fn chosen(condition: &Means, choices: &[Means]) -> Line {
    let all = [condition].into_iter().chain(choices);
    let period = all
        .filter_map(|means| if let Means::Line(line) = means { Some(line.period) } else { None })
        .max()
        .unwrap();
    let at = |choice: Option<&Means>, index: usize| match choice? {
        Means::Number(number) => *number,
        Means::Line(line) => coarse(line, period).places[index],
        Means::Lines(_) => panic!("no choice"),
    };
    let places = (0..PLACES * 60 / period).map(|index| match condition {
        Means::Number(None) => None,
        Means::Number(Some(holds)) => at(if *holds != 0.0 { choices.first() } else { choices.get(1) }, index),
        condition => match at(Some(condition), index) {
            None => None,
            Some(0.0) => at(choices.get(1), index),
            Some(_) => match choices.first() {
                Some(Means::Number(number)) => *number,
                choice => at(choice, index).or(Some(0.0)),
            },
        },
    });
    Line { period, places: places.collect() }
}

fn filled(line: &Line, word: &str) -> Line {
    let places = (0..line.places.len()).map(|index| {
        let before = (0..=index).rev().find(|at| line.places[*at].is_some());
        let behind = (index..line.places.len()).find(|at| line.places[*at].is_some());
        let value = |at: usize| line.places[at].unwrap();
        match (before, behind) {
            (Some(before), _) if word == "REPEAT" || before == index => Some(value(before)),
            (Some(before), Some(behind)) if word == "LINEAR" => {
                let share = (index - before) as f64 / (behind - before) as f64;
                finite(value(before) + (value(behind) - value(before)) * share)
            }
            _ => None,
        }
    });
    Line { places: places.collect(), ..line.clone() }
}

fn walked(name: &str, line: &Line) -> Line {
    let mut before: Option<(usize, f64)> = None;
    let mut sum = 0.0;
    let places = line.places.iter().enumerate().map(|(index, place)| {
        let value = (*place)?;
        let previous = before.replace((index, value));
        sum += value;
        if name == "RUNNING_SUM" {
            return finite(sum);
        }
        let (at, previous) = previous?;
        let seconds = ((index - at) * line.period) as f64;
        finite(match name {
            "DIFF" => value - previous,
            "RATE" => (value - previous) / seconds,
            _ => seconds,
        })
    });
    Line { places: places.collect(), ..line.clone() }
}

fn statistic(name: &str, values: &[f64]) -> Option<f64> {
    let (sum, count) = (values.iter().sum::<f64>(), values.len() as f64);
    match name {
        "DATAPOINT_COUNT" => Some(count),
        _ if values.is_empty() => None,
        "SUM" => finite(sum),
        "AVG" => finite(sum / count),
        "MIN" => values.iter().copied().reduce(|least, value| if value < least { value } else { least }),
        "MAX" => values.iter().copied().reduce(|most, value| if value > most { value } else { most }),
        _ => {
            let off = |value: &f64| (value - sum / count) * (value - sum / count);
            finite((values.iter().map(off).sum::<f64>() / count).sqrt())
        }
    }
}

fn across(name: &str, all: &[Line]) -> Line {
    let period = all.iter().map(|line| line.period).max().unwrap_or(60);
    let all: Vec<Line> = all.iter().map(|line| coarse(line, period)).collect();
    let places = (0..PLACES * 60 / period).map(|index| {
        let values: Vec<f64> = all.iter().filter_map(|line| line.places[index]).collect();
        match name {
            _ if values.is_empty() => None,
            "AVG" => finite(statistic("SUM", &values)? / all.len() as f64),
            _ => statistic(name, &values),
        }
    });
    Line { period, places: places.collect() }
}

/// The place of the line that comes next; lines without a statistic last.
fn next_of(open: &[Line], key: &str, order: &str) -> Option<usize> {
    let keyed = |line: &Line| statistic(key, &line.places.iter().flatten().copied().collect::<Vec<_>>());
    let mut best: Option<usize> = None;
    for (index, line) in open.iter().enumerate() {
        let is_better = match (keyed(line), best.map(|best| keyed(&open[best]))) {
            (_, None) => true,
            (Some(_), Some(None)) => true,
            (Some(own), Some(Some(other))) => {
                if order == "ASC" {
                    own < other
                } else {
                    own > other
                }
            }
            (None, _) => false,
        };
        if is_better {
            best = Some(index);
        }
    }
    best
}

fn clock(name: &str, time: i64) -> f64 {
    let (mut day, mut year, mut month) = (time / 86_400, 1970, 1);
    let weekday = (day + 3) % 7 + 1;
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = |year, month| match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    while day >= days(year, month) {
        day -= days(year, month);
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    let field = match name {
        "MINUTE" => time / 60 % 60,
        "HOUR" => time / 3_600 % 24,
        "DAY" => weekday,
        "DATE" => day + 1,
        "MONTH" => month,
        "YEAR" => year,
        _ => time,
    };
    field as f64
}

/// The average of the values in each longer bucket.
fn coarse(line: &Line, period: usize) -> Line {
    if line.period == period {
        return line.clone();
    }
    let places = line.places.chunks(period / line.period).map(|bucket| {
        let values: Vec<f64> = bucket.iter().flatten().copied().collect();
        statistic("AVG", &values)
    });
    Line { period, places: places.collect() }
}

fn lines(means: Means) -> Vec<Line> {
    match means {
        Means::Number(_) => panic!("a number is no line"),
        Means::Line(line) => vec![line],
        Means::Lines(all) => all,
    }
}

fn on_each(means: Means, change: impl Fn(Line) -> Line) -> Means {
    match means {
        Means::Lines(all) => Means::Lines(all.into_iter().map(change).collect()),
        Means::Line(line) => Means::Line(change(line)),
        number => number,
    }
}

fn each(means: Means, change: fn(f64) -> f64) -> Means {
    match means {
        Means::Number(number) => Means::Number(number.map(change)),
        means => on_each(means, |line| Line {
            places: line.places.iter().map(|place| finite(change((*place)?))).collect(),
            ..line
        }),
    }
}

fn nothing() -> Line {
    Line { period: 60, places: vec![None; PLACES] }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "^"];
const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", "AND", "OR", "&&", "||"];
const EACH: &[&str] = &["ABS", "CEIL", "FLOOR", "LOG", "LOG10", "DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM"];
const STATISTICS: &[&str] = &["AVG", "SUM", "MIN", "MAX", "STDDEV", "DATAPOINT_COUNT"];
const CLOCK: &[&str] = &["MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"];
const WORDS: &[&str] = &["REPEAT", "LINEAR"];
const METRICS: usize = 4;

fn word(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(from)
}

fn called(
    names: &'static [&'static str],
    arguments: impl Strategy<Value = Vec<Tree>> + 'static,
) -> BoxedStrategy<Tree> {
    (word(names), arguments).prop_map(|(name, arguments)| Tree::Call(name, arguments)).boxed()
}

fn between_any(
    operators: &'static [&'static str],
    left: BoxedStrategy<Tree>,
    right: BoxedStrategy<Tree>,
) -> BoxedStrategy<Tree> {
    (word(operators), left, right)
        .prop_map(|(operator, left, right)| Tree::Between(operator, left.into(), right.into()))
        .boxed()
}

fn one(tree: BoxedStrategy<Tree>) -> impl Strategy<Value = Vec<Tree>> {
    tree.prop_map(|tree| vec![tree])
}

fn scalar(depth: u32) -> BoxedStrategy<Tree> {
    let leaf = prop::sample::select(vec![0.0, 0.5, 1.0, 2.0, 3.0, 60.0, 1e200]).prop_map(Tree::Number);
    let period = (0..METRICS).prop_map(|index| Tree::Call("PERIOD", vec![Tree::Metric(index)]));
    if depth == 0 {
        return leaf.boxed();
    }
    prop_oneof![
        3 => leaf,
        1 => period,
        4 => called(STATISTICS, one(series(depth - 1))),
        1 => called(&["METRIC_COUNT"], one(array(depth - 1))),
        2 => between_any(OPERATORS, scalar(depth - 1), scalar(depth - 1)),
        1 => scalar(depth - 1).prop_map(|of| Tree::Negative(of.into())),
    ]
    .boxed()
}

fn series(depth: u32) -> BoxedStrategy<Tree> {
    let leaf = (0..METRICS).prop_map(Tree::Metric);
    if depth == 0 {
        return leaf.boxed();
    }
    let (scalar, any) = (scalar(depth - 1), series(depth - 1));
    let either = prop_oneof![any.clone(), scalar.clone()].boxed();
    prop_oneof![
        2 => leaf,
        4 => between_any(OPERATORS, any.clone(), any.clone()),
        2 => between_any(OPERATORS, any.clone(), scalar.clone()),
        1 => between_any(OPERATORS, scalar.clone(), any.clone()),
        1 => any.clone().prop_map(|of| Tree::Negative(of.into())),
        4 => called(EACH, one(any.clone())),
        3 => called(STATISTICS, one(array(depth - 1))),
        1 => called(CLOCK, one(any.clone())),
        1 => called(&["FIRST", "LAST"], one(array(depth - 1))),
        1 => called(&["TIME_SERIES"], one(scalar.clone())),
        2 => called(&["FILL"], (any.clone(), either.clone()).prop_map(|(of, with)| vec![of, with])),
        2 => (any.clone(), word(WORDS)).prop_map(|(of, word)| Tree::Fill(of.into(), word)),
        2 => called(&["IF"], (any.clone(), either.clone()).prop_map(|(condition, then)| vec![condition, then])),
        3 => called(
            &["IF"],
            (any.clone(), either.clone(), either).prop_map(|(condition, then, other)| vec![condition, then, other]),
        ),
        1 => called(
            &["IF"],
            (scalar, any.clone(), any).prop_map(|(condition, then, other)| vec![condition, then, other]),
        ),
    ]
    .boxed()
}

fn array(depth: u32) -> BoxedStrategy<Tree> {
    let leaf = prop_oneof![
        Just(Tree::Metrics),
        prop::collection::vec((0..METRICS).prop_map(Tree::Metric), 1..4).prop_map(Tree::Array),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let any = array(depth - 1);
    let place = || (0..5_u32).prop_map(|place| Tree::Number(place.into()));
    let other = prop_oneof![series(depth - 1), scalar(depth - 1)].boxed();
    let element = prop_oneof![2 => series(depth - 1), 1 => any.clone()];
    prop_oneof![
        2 => leaf,
        2 => prop::collection::vec(element, 1..4).prop_map(Tree::Array),
        2 => between_any(ARITHMETIC, any.clone(), other.clone()),
        1 => between_any(ARITHMETIC, other.clone(), any.clone()),
        1 => any.clone().prop_map(|of| Tree::Negative(of.into())),
        2 => called(EACH, one(any.clone())),
        1 => called(&["REMOVE_EMPTY"], one(any.clone())),
        1 => called(&["SLICE"], (any.clone(), place()).prop_map(|(of, start)| vec![of, start])),
        1 => called(&["SLICE"], (any.clone(), place(), place()).prop_map(|(of, start, end)| vec![of, start, end])),
        1 => called(&["FILL"], (any.clone(), other.clone()).prop_map(|(of, with)| vec![of, with])),
        1 => (any.clone(), word(WORDS)).prop_map(|(of, word)| Tree::Fill(of.into(), word)),
        2 => (any, word(&["AVG", "SUM", "MIN", "MAX"]), word(&["ASC", "DESC"]), prop::option::of(0..5_usize))
            .prop_map(|(of, key, order, limit)| Tree::Sort(of.into(), key, order, limit)),
    ]
    .boxed()
}

fn line() -> impl Strategy<Value = Line> {
    let value = prop::sample::select(vec![-2.0, -1.0, 0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 100.0, 1e200]);
    let place = prop::option::weighted(0.6, value);
    let sparse = (prop::sample::select(vec![60, 60, 60, 120]), prop::collection::vec(place, PLACES));
    prop_oneof![
        9 => sparse.prop_map(|(period, mut places)| {
            places.truncate(PLACES * 60 / period);
            Line { period, places }
        }),
        1 => Just(nothing()),
    ]
}

fn series_of(line: &Line) -> Series {
    let places = line.places.iter().enumerate();
    let points = places.filter_map(|(index, place)| Some((FROM + (index * line.period) as i64, (*place)?)));
    Series { points: points.collect(), ..Series::empty(line.period as u32) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_mean_what_the_reference_says(
        tree in prop_oneof![2 => series(3), 1 => array(3)],
        metrics in prop::collection::vec(line(), METRICS),
    ) {
        let text = tree.text();
        prop_assume!(text.chars().count() <= walletscope_language::metric_math::TEXT_LENGTH_MAX);
        let expression = parse(&text);
        prop_assert!(expression.is_ok(), "{text}: {}", expression.unwrap_err());
        let named = metrics.iter().enumerate();
        let named = named.map(|(index, line)| (format!("m{index}"), Value::Series(series_of(line))));
        let given = Given { named: named.collect() };
        let grid = Grid { start: FROM, end: FROM + PLACES as i64 * 60, period_seconds: 60 };
        let found = evaluate(&expression.expect("it was read"), grid, &given);
        let expected = match means(&tree, &metrics) {
            Means::Number(number) => panic!("{text} is {number:?}"),
            Means::Line(line) => Value::Series(series_of(&line)),
            Means::Lines(all) => Value::Array(all.iter().map(series_of).collect()),
        };
        prop_assert_eq!(found, Ok(expected), "{}", text);
    }
}
