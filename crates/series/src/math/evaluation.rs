//! What is the value of each part? The walk over the tree; what an operator or function does is in the sibling files.

use std::cell::Cell;

use walletscope_language::metric_math::{
    Argument, Function, Kinds, Link, MathError, Node, Problem, Term, Word,
};

use super::condition::choose;
use super::fill::{Filler, filled};
use super::operators::joined;
use super::order::{index, sliced, sorted};
use super::statistic::Statistic;
use super::{
    BAND_DEVIATIONS, EvaluationError, Grid, Inputs, POINTS_MAX, SERIES_MAX, Series, Value, calendar,
    one_series,
};

/// One evaluation of one expression.
pub(super) struct Evaluation<'i, I> {
    grid: Grid,
    inputs: &'i I,
    /// How many points may still be computed.
    points_left: Cell<usize>,
}

/// The arguments of a call, computed: values apart from words.
struct Arguments {
    values: Vec<Value>,
    words: Vec<Word>,
}

impl<'i, I: Inputs> Evaluation<'i, I> {
    pub fn new(grid: Grid, inputs: &'i I) -> Self {
        Self { grid, inputs, points_left: Cell::new(POINTS_MAX) }
    }

    /// Recursion is as deep as the tree, which the parser bounds.
    pub fn value(&self, node: &Node) -> Result<Value, EvaluationError<I::Error>> {
        let position = node.position;
        let value = match &node.term {
            Term::Number(number) => Value::Scalar(*number),
            Term::Id(id) => self.given(position, self.inputs.named(id))?,
            Term::Array(elements) => self.array(elements)?,
            Term::Negative(operand) => match self.value(operand)? {
                Value::Scalar(number) => Value::Scalar(-number),
                value => value.map_series(|series| series.map(|value| -value)),
            },
            // It spends for each operator.
            Term::Chain { first, rest } => return self.chain(first, rest),
            Term::Call { function: Function::Search, .. } => self.search(node)?,
            Term::Call { function: Function::AnomalyDetectionBand, arguments } => {
                self.band(position, arguments)?
            }
            Term::Call { function: Function::Metrics, arguments } => {
                let containing = match arguments.as_slice() {
                    [Argument::Text { text, .. }] => Some(&**text),
                    _ => None,
                };
                Value::Array(self.given(position, self.inputs.metrics(containing))?)
            }
            Term::Call { function, arguments } => self.call(position, *function, arguments)?,
        };
        self.spend(position, &value)?;
        Ok(value)
    }

    fn array(&self, elements: &[Node]) -> Result<Value, EvaluationError<I::Error>> {
        let mut all = Vec::new();
        for element in elements {
            let value = self.value(element)?;
            if let Value::Scalar(_) = value {
                return Err(wrong_kinds(element.position, "[…]", "TS and TS[]", &[&value]));
            }
            all.extend(value.into_series());
        }
        Ok(Value::Array(all))
    }

    /// From left to right, or from right to left if the operator says so.
    fn chain(&self, first: &Node, rest: &[Link]) -> Result<Value, EvaluationError<I::Error>> {
        if !rest.iter().any(|link| link.operator.is_right_associative()) {
            let first = self.value(first)?;
            return rest.iter().try_fold(first, |left, link| {
                let right = self.value(&link.operand)?;
                self.between(link, left, right)
            });
        }
        let mut lefts = vec![self.value(first)?];
        for link in rest {
            lefts.push(self.value(&link.operand)?);
        }
        let mut right = lefts.pop().unwrap_or(Value::Scalar(f64::NAN));
        for (link, left) in rest.iter().zip(lefts).rev() {
            right = self.between(link, left, right)?;
        }
        Ok(right)
    }

    fn between(&self, link: &Link, left: Value, right: Value) -> Result<Value, EvaluationError<I::Error>> {
        let operator = link.operator;
        if operator.result(left.kind(), right.kind()).is_none() {
            return Err(wrong_kinds(link.position, operator.symbol(), operator.takes(), &[&left, &right]));
        }
        let value = joined(operator, left, right);
        self.spend(link.position, &value)?;
        Ok(value)
    }

    fn search(&self, node: &Node) -> Result<Value, EvaluationError<I::Error>> {
        let Some(search) = node.search() else { return Ok(Value::Array(Vec::new())) };
        let found = self.inputs.search(search.query, search.statistic, search.period_seconds);
        Ok(Value::Array(self.given(node.position, found)?))
    }

    fn band(&self, position: usize, arguments: &[Argument]) -> Result<Value, EvaluationError<I::Error>> {
        let computed = self.arguments(position, Function::AnomalyDetectionBand, arguments)?;
        let deviations = match computed.values.get(1) {
            Some(Value::Scalar(deviations)) => *deviations,
            _ => BAND_DEVIATIONS,
        };
        let (Some(Value::Series(series)), Some(of)) =
            (computed.values.first(), arguments.first().and_then(Argument::node))
        else {
            return Ok(Value::Array(Vec::new()));
        };
        let (upper, lower) = self.given(position, self.inputs.band(of, series, deviations))?;
        Ok(Value::Array(vec![upper, lower]))
    }

    fn call(
        &self,
        position: usize,
        function: Function,
        arguments: &[Argument],
    ) -> Result<Value, EvaluationError<I::Error>> {
        let Arguments { values, words } = self.arguments(position, function, arguments)?;
        let mut values = values.into_iter();
        // Every function here has a first argument: the parser has seen to it.
        let of = values.next().unwrap_or(Value::Scalar(f64::NAN));
        if let Some(statistic) = Statistic::of_function(function) {
            return Ok(statistic.of_value(&of, self.grid.period_seconds));
        }
        if let Some(field) = calendar::Field::of_function(function) {
            self.claim_buckets(position, of.series())?;
            return Ok(of.map_series(|series| field.of_buckets(series, self.grid)));
        }
        Ok(match function {
            Function::Fill => self.fill(position, of, values.next(), words.first())?,
            Function::If => {
                let choices: Vec<Value> = values.collect();
                Value::Series(choose(of, choices))
            }
            Function::First => self.only(of.into_series().into_iter().next()),
            Function::Last => self.only(of.into_series().pop()),
            Function::MetricCount => Value::Scalar(of.series().len() as f64),
            Function::Period => {
                Value::Scalar(of.series().first().map_or(f64::NAN, |series| series.period_seconds.into()))
            }
            Function::RemoveEmpty => {
                let all = of.into_series().into_iter();
                Value::Array(all.filter(|series| !series.points.is_empty()).collect())
            }
            Function::Slice => {
                let start = self.index(arguments.get(1), values.next())?.unwrap_or(0);
                let end = self.index(arguments.get(2), values.next())?;
                Value::Array(sliced(of.into_series(), start, end))
            }
            Function::Sort => {
                let limit = self.index(arguments.get(3), values.next())?;
                Value::Array(sliced(sorted(of.into_series(), &words), 0, limit))
            }
            Function::TimeSeries => {
                let series = Series::empty(self.grid.period_seconds);
                self.claim_buckets(position, std::slice::from_ref(&series))?;
                let number = if let Value::Scalar(number) = of { number } else { f64::NAN };
                let buckets = self.grid.buckets(self.grid.period_seconds);
                Value::Series(series.with_points(buckets.map(|time| (time, number))))
            }
            function => of.map_series(|series| one_series::applied(function, series)),
        })
    }

    fn fill(
        &self,
        position: usize,
        of: Value,
        value: Option<Value>,
        word: Option<&Word>,
    ) -> Result<Value, EvaluationError<I::Error>> {
        let filler = match (value, word) {
            (Some(Value::Scalar(number)), _) => Filler::Number(number),
            (Some(Value::Series(series)), _) => Filler::Series(series),
            (_, Some(Word::Repeat)) => Filler::Repeat,
            _ => Filler::Linear,
        };
        self.claim_buckets(position, of.series())?;
        Ok(of.map_series(|series| filled(series, &filler, self.grid)))
    }

    /// A place in an array, of an argument that may be left out.
    fn index(
        &self,
        argument: Option<&Argument>,
        value: Option<Value>,
    ) -> Result<Option<usize>, EvaluationError<I::Error>> {
        let Some(Value::Scalar(value)) = value else { return Ok(None) };
        let position = argument.and_then(Argument::node).map_or(0, |node| node.position);
        index(value).map(Some).ok_or(EvaluationError::NotAnIndex { position, value })
    }

    /// The first or last series of an array, an empty one if there is none.
    fn only(&self, series: Option<Series>) -> Value {
        Value::Series(series.unwrap_or_else(|| Series::empty(self.grid.period_seconds)))
    }

    fn arguments(
        &self,
        position: usize,
        function: Function,
        arguments: &[Argument],
    ) -> Result<Arguments, EvaluationError<I::Error>> {
        let mut computed = Arguments { values: Vec::new(), words: Vec::new() };
        for argument in arguments {
            match argument {
                Argument::Value(node) => computed.values.push(self.value(node)?),
                Argument::Word(word) => computed.words.push(*word),
                Argument::Text { .. } => {}
            }
        }
        let kinds: Vec<_> = computed.values.iter().map(Value::kind).collect();
        if function.result(&kinds).is_none() {
            let values: Vec<&Value> = computed.values.iter().collect();
            return Err(wrong_kinds(position, function.name(), function.takes(), &values));
        }
        Ok(computed)
    }

    fn given<T>(&self, position: usize, given: Result<T, I::Error>) -> Result<T, EvaluationError<I::Error>> {
        given.map_err(|error| EvaluationError::Input { position, error })
    }

    /// Whether these series with a point in every bucket would still be allowed.
    fn claim_buckets(&self, position: usize, all: &[Series]) -> Result<(), EvaluationError<I::Error>> {
        let counts = all.iter().map(|series| self.grid.bucket_count(series.period_seconds));
        let count = counts.fold(0_usize, usize::saturating_add);
        if count > self.points_left.get() {
            return Err(EvaluationError::TooManyPoints { position });
        }
        Ok(())
    }

    fn spend(&self, position: usize, value: &Value) -> Result<(), EvaluationError<I::Error>> {
        let series = value.series();
        if series.len() > SERIES_MAX {
            return Err(EvaluationError::TooManySeries { position, count: series.len() });
        }
        let points: usize = series.iter().map(|series| series.points.len()).sum();
        let left = self.points_left.get().checked_sub(points);
        self.points_left.set(left.ok_or(EvaluationError::TooManyPoints { position })?);
        Ok(())
    }
}

fn wrong_kinds<E>(
    position: usize,
    of: &'static str,
    takes: &'static str,
    found: &[&Value],
) -> EvaluationError<E> {
    let found = found.iter().map(|value| Kinds::from(value.kind())).collect();
    EvaluationError::Kinds(MathError::new(position, Problem::WrongKinds { of, takes, found }))
}
