//! Does this JSON event hold these conditions? Patterns in braces.
//!
//! One pass over the event collects the values that the selectors name; the conditions are asked afterwards, and only as
//! many as decide. A value that is missing, null, an object or an array stands in no relation, not even `!=`. An event
//! that is no JSON object or array matches nothing
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html>).

use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use super::PatternError;
use super::comparison::Comparison;
use super::cursor::Cursor;
use super::error::Problem;
use super::expression::Expression;
use super::necessary::Necessary;
use super::selector::Selector;
use crate::json::{Collector, Kind, PathId, Paths, Value, walk};

/// The inside of `{ … }`.
#[derive(Clone, Debug)]
pub(crate) struct JsonPattern {
    pub conditions: Vec<Condition>,
    pub expression: Expression,
    /// Each selector once, with its first place in the pattern.
    pub selectors: Vec<(Range<usize>, PathId)>,
    pub regular_expression_count: usize,
    /// What every event has that matches.
    pub necessary: Option<Necessary>,
    paths: Paths,
    /// By path: whether a wildcard is on its way, and if so which conditions look at it. Those are asked about every value
    /// as it comes, since one that holds is enough.
    watchers: Vec<Watchers>,
}

#[derive(Clone, Debug, Default)]
struct Watchers {
    has_wildcard: bool,
    conditions: Vec<u16>,
}

/// One condition with its place in the pattern.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub path: PathId,
    pub test: Test,
    pub span: Range<usize>,
    pub selector_span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Comparison(Comparison),
    Is(Kind),
    NotExists,
}

/// What one event says at the places that a pattern asks for.
#[derive(Clone, Debug)]
pub(crate) struct JsonValues<'m> {
    /// By path. Of several values under a wildcard: the first that holds a condition, else the first.
    values: SmallVec<[Option<Value<'m>>; 8]>,
    /// The conditions on paths with wildcards that some value holds, and the first that does.
    held: SmallVec<[(u16, Value<'m>); 4]>,
}

impl JsonPattern {
    /// Reads what is inside of the braces.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PatternError> {
        let mut parser = Parser { pattern: Self::empty(), wildcard_count: 0 };
        cursor.skip_blanks();
        let expression = Expression::parse(cursor, &mut |cursor| parser.operand(cursor, 0))?;
        cursor.skip_blanks();
        if !cursor.is_at_end() {
            return Err(cursor.expected("`&&`, `||` or the end of the pattern"));
        }
        let conditions = &parser.pattern.conditions;
        let necessary = Necessary::of_all(std::iter::once(&expression), &|number| match &conditions
            [usize::from(number)]
        .test
        {
            Test::Comparison(comparison) => comparison.needed_text(),
            Test::Is(_) | Test::NotExists => None,
        });
        Ok(Self { expression, necessary, ..parser.pattern })
    }

    fn empty() -> Self {
        Self {
            conditions: Vec::new(),
            expression: Expression::All(Vec::new()),
            selectors: Vec::new(),
            regular_expression_count: 0,
            necessary: None,
            paths: Paths::new(),
            watchers: Vec::new(),
        }
    }

    /// What an event says; `None` if it is no JSON.
    pub fn read<'m>(&self, message: &'m str) -> Option<JsonValues<'m>> {
        let values = JsonValues { values: smallvec![None; self.paths.len()], held: SmallVec::new() };
        let mut collecting = Collecting { pattern: self, values };
        walk(message, &self.paths, &mut collecting).ok()?;
        Some(collecting.values)
    }

    pub fn matches(&self, values: &JsonValues<'_>) -> bool {
        self.expression.holds(&mut |number| self.holds(number, values))
    }

    /// Whether the condition with this number holds.
    pub fn holds(&self, number: u16, values: &JsonValues<'_>) -> bool {
        let condition = &self.conditions[usize::from(number)];
        let value = values.value(condition.path);
        match condition.test {
            Test::NotExists => value.is_none(),
            _ if self.watchers[usize::from(condition.path)].has_wildcard => values.held_by(number).is_some(),
            _ => value.is_some_and(|value| condition.test.holds(value)),
        }
    }

    /// The path of a selector that the pattern holds.
    pub fn path(&self, selector: &Selector) -> Option<PathId> {
        self.paths.find(&selector.steps)
    }

    /// The path of a selector, which events are asked for from now on.
    pub fn add_path(&mut self, selector: &Selector) -> PathId {
        let path = self.paths.add(&selector.steps);
        self.watchers.resize_with(self.paths.len(), Watchers::default);
        self.watchers[usize::from(path)].has_wildcard = selector.has_wildcard();
        path
    }
}

impl Test {
    fn holds(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Comparison(comparison) => value.text().is_some_and(|text| comparison.holds(&text)),
            Self::Is(kind) => value.kind == *kind,
            Self::NotExists => false,
        }
    }
}

impl<'m> JsonValues<'m> {
    /// What the condition with this number was asked about: of values under a wildcard the one that holds it.
    pub fn asked(&self, number: u16, condition: &Condition) -> Option<&Value<'m>> {
        self.held_by(number).or_else(|| self.value(condition.path))
    }

    fn held_by(&self, number: u16) -> Option<&Value<'m>> {
        self.held.iter().find(|held| held.0 == number).map(|held| &held.1)
    }

    /// What the path names.
    pub fn value(&self, path: PathId) -> Option<&Value<'m>> {
        self.values[usize::from(path)].as_ref()
    }
}

struct Collecting<'p, 'm> {
    pattern: &'p JsonPattern,
    values: JsonValues<'m>,
}

impl<'m> Collector<'m> for Collecting<'_, 'm> {
    fn collect(&mut self, path: PathId, value: Value<'m>) {
        let watchers = &self.pattern.watchers[usize::from(path)];
        let is_held = watchers.conditions.iter().any(|number| self.values.held_by(*number).is_some());
        let mut is_kept = !watchers.has_wildcard || self.values.value(path).is_none();
        for number in watchers.conditions.iter().filter(|_| watchers.has_wildcard) {
            let holds = self.pattern.conditions[usize::from(*number)].test.holds(&value);
            if holds && self.values.held_by(*number).is_none() {
                self.values.held.push((*number, value));
                is_kept |= !is_held;
            }
        }
        if is_kept {
            self.values.values[usize::from(path)] = Some(value);
        }
    }

    fn forget(&mut self, paths: &[PathId]) {
        for path in paths {
            self.values.values[usize::from(*path)] = None;
            let watchers = &self.pattern.watchers[usize::from(*path)];
            self.values.held.retain(|held| !watchers.conditions.contains(&held.0));
        }
    }
}

struct Parser {
    pattern: JsonPattern,
    wildcard_count: usize,
}

impl Parser {
    /// A condition, or an expression in parentheses.
    fn operand(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Result<Expression, PatternError> {
        if cursor.peek() != Some('(') {
            return self.condition(cursor);
        }
        if depth >= super::PARENTHESES_DEPTH_MAX {
            return Err(PatternError::new(cursor.position(), Problem::TooDeep));
        }
        cursor.passed("(");
        cursor.skip_blanks();
        let expression = Expression::parse(cursor, &mut |cursor| self.operand(cursor, depth + 1))?;
        cursor.skip_blanks();
        if cursor.passed(")") { Ok(expression) } else { Err(cursor.expected("`&&`, `||` or `)`")) }
    }

    fn condition(&mut self, cursor: &mut Cursor<'_>) -> Result<Expression, PatternError> {
        let start = cursor.position();
        let selector = Selector::parse(cursor)?;
        let selector_span = start..cursor.position();
        self.wildcard_count += usize::from(selector.has_wildcard());
        if self.wildcard_count > super::WILDCARDS_MAX {
            return Err(PatternError::new(start, Problem::TooManyWildcards));
        }
        cursor.skip_blanks();
        let test = self.test(cursor)?;
        let is_new = self.pattern.path(&selector).is_none();
        let path = self.pattern.add_path(&selector);
        if is_new {
            self.pattern.selectors.push((selector_span.clone(), path));
        }
        let number = u16::try_from(self.pattern.conditions.len()).expect("a pattern's length bounds them");
        self.pattern.watchers[usize::from(path)].conditions.push(number);
        self.pattern.conditions.push(Condition { path, test, span: start..cursor.position(), selector_span });
        Ok(Expression::Condition(number))
    }

    fn test(&mut self, cursor: &mut Cursor<'_>) -> Result<Test, PatternError> {
        if cursor.passed_word("IS") {
            cursor.skip_blanks();
            let kinds = [("NULL", Kind::Null), ("TRUE", Kind::True), ("FALSE", Kind::False)];
            let kind = kinds.into_iter().find(|kind| cursor.passed_word(kind.0));
            return kind.map(|kind| Test::Is(kind.1)).ok_or_else(|| cursor.expected("NULL, TRUE or FALSE"));
        }
        if cursor.passed_word("NOT") {
            cursor.skip_blanks();
            let exists = cursor.passed_word("EXISTS");
            return if exists { Ok(Test::NotExists) } else { Err(cursor.expected("EXISTS")) };
        }
        match cursor.peek() {
            Some('=' | '!' | '<' | '>') => {
                Comparison::parse(cursor, &mut self.pattern.regular_expression_count).map(Test::Comparison)
            }
            _ => Err(cursor.expected("a comparison, IS or NOT EXISTS")),
        }
    }
}
