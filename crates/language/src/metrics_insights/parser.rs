//! What does the text of a query say? One pass over its pieces, clause by clause.
//!
//! AWS reserves some 900 words, and its own examples use a few of them without quotes (`GROUP BY Operation`). Refused
//! as names are only the words by which this grammar, or the one that AWS has grown since, tells its clauses.

use super::error::{InsightsError, InsightsProblem};
use super::lexer::{Kind, Piece, pieces};
use super::{
    ArithmeticOperator, Comparison, DEPTH_MAX, Direction, Filter, Function, FunctionCall, Order,
    QUERY_CHARACTERS_MAX, Query, SERIES_MAX, Select, Source,
};

/// Words that are names only in double quotes, in any case.
pub(super) const RESERVED: [&str; 19] = [
    "SELECT", "FROM", "SCHEMA", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "GROUP", "BY",
    "ORDER", "ASC", "DESC", "LIMIT", "HAVING", "TIME",
];

pub(super) fn parse(text: &str) -> Result<Query, InsightsError> {
    if text.chars().count() > QUERY_CHARACTERS_MAX {
        return Err(InsightsError::new(text.len(), InsightsProblem::TooLong));
    }
    let pieces = pieces(text)?;
    let mut cursor = Cursor { pieces: &pieces, next: 0, end: text.len() };
    cursor.pass_word("SELECT", "`SELECT`")?;
    let select_position = cursor.position();
    let select = sum(&mut cursor, 0)?;
    if select.calls().is_empty() {
        return Err(InsightsError::new(select_position, InsightsProblem::NoMetric));
    }
    cursor.pass_word("FROM", "an operator or `FROM`")?;
    let source = source(&mut cursor)?;
    let filters = if cursor.passed_word("WHERE") { filters(&mut cursor)? } else { Vec::new() };
    let (group_by, by_time) =
        if cursor.passed_word("GROUP") { groups(&mut cursor)? } else { Default::default() };
    let order = if cursor.passed_word("ORDER") { Some(order(&mut cursor)?) } else { None };
    let limit = if cursor.passed_word("LIMIT") { Some(limit(&mut cursor)?) } else { None };
    if cursor.peek().is_some() {
        return Err(cursor.no_clause());
    }
    Ok(Query { select, source, filters, group_by, by_time, order, limit })
}

/// Products joined by `+` and `-`, from left to right.
fn sum(cursor: &mut Cursor<'_, '_>, depth: usize) -> Result<Select, InsightsError> {
    let mut left = product(cursor, depth)?;
    while let Some(operator) =
        cursor.passed_operator(&[("+", ArithmeticOperator::Add), ("-", ArithmeticOperator::Subtract)])
    {
        left = left.joined(operator, product(cursor, depth)?);
    }
    Ok(left)
}

/// Operands joined by `*` and `/`, from left to right.
fn product(cursor: &mut Cursor<'_, '_>, depth: usize) -> Result<Select, InsightsError> {
    let mut left = operand(cursor, depth)?;
    while let Some(operator) =
        cursor.passed_operator(&[("*", ArithmeticOperator::Multiply), ("/", ArithmeticOperator::Divide)])
    {
        left = left.joined(operator, operand(cursor, depth)?);
    }
    Ok(left)
}

/// A number, `FUNCTION(metric)` or an expression in parentheses.
fn operand(cursor: &mut Cursor<'_, '_>, depth: usize) -> Result<Select, InsightsError> {
    if depth > DEPTH_MAX {
        return Err(InsightsError::new(cursor.position(), InsightsProblem::TooDeep));
    }
    if cursor.passed_sign("(") {
        let inside = sum(cursor, depth + 1)?;
        cursor.pass_sign(")", "an operator or `)`")?;
        return Ok(inside);
    }
    let number =
        cursor.peek().filter(|piece| piece.kind == Kind::Word).and_then(|piece| number(piece.written));
    if let Some(number) = number {
        cursor.next += 1;
        return Ok(Select::Number(number));
    }
    let function = function(cursor, "a function or a number")?;
    cursor.pass_sign("(", "`(`")?;
    let metric = cursor.name("a metric's name")?;
    cursor.pass_sign(")", "`)`")?;
    Ok(Select::Call(FunctionCall { function, metric }))
}

/// Digits, and perhaps a point and more digits.
fn number(written: &str) -> Option<f64> {
    let is_written =
        written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !written.ends_with('.');
    written.parse().ok().filter(|number: &f64| is_written && number.is_finite())
}

fn function(cursor: &mut Cursor<'_, '_>, expected: &'static str) -> Result<Function, InsightsError> {
    let piece = cursor.peek().filter(|piece| piece.kind == Kind::Word);
    let named = piece.and_then(|piece| {
        Function::ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(piece.written))
    });
    let function = named.ok_or_else(|| cursor.expected(expected))?;
    cursor.next += 1;
    Ok(function)
}

fn source(cursor: &mut Cursor<'_, '_>) -> Result<Source, InsightsError> {
    if !cursor.passed_word("SCHEMA") {
        return Ok(Source { namespace: cursor.name("a namespace or `SCHEMA`")?, schema: None });
    }
    cursor.pass_sign("(", "`(`")?;
    let namespace = cursor.name("a namespace")?;
    let mut schema = Vec::new();
    while cursor.passed_sign(",") {
        let label = cursor.label()?;
        if !schema.contains(&label) {
            schema.push(label);
        }
    }
    cursor.pass_sign(")", "`,` or `)`")?;
    Ok(Source { namespace, schema: Some(schema) })
}

fn filters(cursor: &mut Cursor<'_, '_>) -> Result<Vec<Filter>, InsightsError> {
    let mut filters = Vec::new();
    loop {
        let label = cursor.label()?;
        let comparison = if cursor.passed_sign("=") {
            Comparison::Equal
        } else if cursor.passed_sign("!=") {
            Comparison::NotEqual
        } else {
            return Err(cursor.not_supported_or("`=` or `!=`"));
        };
        let value = match cursor.peek().map(|piece| &piece.kind) {
            Some(Kind::Value(value)) => value.clone(),
            _ => return Err(cursor.expected("a value in single quotes")),
        };
        cursor.next += 1;
        filters.push(Filter { label, comparison, value });
        if !cursor.passed_word("AND") {
            return Ok(filters);
        }
    }
}

/// Labels, and whether the period stands among them.
fn groups(cursor: &mut Cursor<'_, '_>) -> Result<(Vec<Box<str>>, bool), InsightsError> {
    cursor.pass_word("BY", "`BY`")?;
    let mut labels = Vec::new();
    let mut by_time = false;
    loop {
        if cursor.passed_word("TIME") {
            by_time = true;
        } else {
            labels.push(cursor.label()?);
        }
        if !cursor.passed_sign(",") {
            return Ok((labels, by_time));
        }
    }
}

fn order(cursor: &mut Cursor<'_, '_>) -> Result<Order, InsightsError> {
    cursor.pass_word("BY", "`BY`")?;
    let function = function(cursor, "a function")?;
    cursor.pass_sign("(", "`(`")?;
    cursor.pass_sign(")", "`)`")?;
    let direction = if cursor.passed_word("DESC") {
        Direction::Descending
    } else {
        cursor.passed_word("ASC");
        Direction::Ascending
    };
    Ok(Order { function, direction })
}

fn limit(cursor: &mut Cursor<'_, '_>) -> Result<u16, InsightsError> {
    let piece = cursor.peek().filter(|piece| piece.written.bytes().all(|byte| byte.is_ascii_digit()));
    let piece = piece.ok_or_else(|| cursor.expected("a whole number"))?;
    let limit = piece.written.parse().ok().filter(|limit| (1..=SERIES_MAX).contains(limit));
    let limit = limit.ok_or(InsightsError::new(piece.position, InsightsProblem::LimitOutOfRange))?;
    cursor.next += 1;
    // SERIES_MAX is less than 2^16.
    Ok(limit as u16)
}

/// A place among the pieces that moves forward.
struct Cursor<'p, 't> {
    pieces: &'p [Piece<'t>],
    next: usize,
    /// The length of the text.
    end: usize,
}

impl<'p, 't> Cursor<'p, 't> {
    fn peek(&self) -> Option<&'p Piece<'t>> {
        self.pieces.get(self.next)
    }

    fn position(&self) -> usize {
        self.peek().map_or(self.end, |piece| piece.position)
    }

    fn is_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|piece| piece.kind == Kind::Word && piece.written.eq_ignore_ascii_case(word))
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.peek().is_some_and(|piece| piece.kind == Kind::Sign && piece.written == sign)
    }

    fn passed_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(word);
        self.next += usize::from(is_next);
        is_next
    }

    fn passed_sign(&mut self, sign: &str) -> bool {
        let is_next = self.is_sign(sign);
        self.next += usize::from(is_next);
        is_next
    }

    fn pass_word(&mut self, word: &str, expected: &'static str) -> Result<(), InsightsError> {
        if self.passed_word(word) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn pass_sign(&mut self, sign: &str, expected: &'static str) -> Result<(), InsightsError> {
        if self.passed_sign(sign) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn passed_operator(&mut self, operators: &[(&str, ArithmeticOperator)]) -> Option<ArithmeticOperator> {
        operators.iter().find(|operator| self.passed_sign(operator.0)).map(|operator| operator.1)
    }

    /// Passes a name, in double quotes or without.
    fn name(&mut self, expected: &'static str) -> Result<Box<str>, InsightsError> {
        let name = match self.peek() {
            Some(Piece { kind: Kind::Name(name), .. }) if !name.is_empty() => name.clone(),
            Some(Piece { kind: Kind::Word, written, .. })
                if !is_reserved(written) && !written.contains('.') =>
            {
                (*written).into()
            }
            _ => return Err(self.expected(expected)),
        };
        self.next += 1;
        Ok(name)
    }

    /// Passes the name of a dimension. What has a point in it without quotes, as `tag.Team`, is no dimension.
    fn label(&mut self) -> Result<Box<str>, InsightsError> {
        let position = self.position();
        let label = self.name("the name of a label")?;
        if self.is_sign(".") {
            let construct = "a label with a point, as of tags and accounts,";
            return Err(InsightsError::new(position, InsightsProblem::NotSupported { construct }));
        }
        Ok(label)
    }

    fn expected(&self, expected: &'static str) -> InsightsError {
        let found = self.peek().map(|piece| piece.written.into());
        InsightsError::new(self.position(), InsightsProblem::Expected { expected, found })
    }

    /// What stands behind the last clause, or behind a filter.
    fn no_clause(&self) -> InsightsError {
        self.not_supported_or("a further clause in its order or the end")
    }

    /// The word that is there is one of SQL's, which the grammar of AWS has grown or may grow.
    fn not_supported_or(&self, expected: &'static str) -> InsightsError {
        const NOT_SUPPORTED: [(&str, &str); 10] = [
            ("OR", "`OR`"),
            ("IN", "`IN`"),
            ("NOT", "`NOT`"),
            ("LIKE", "`LIKE`"),
            ("BETWEEN", "`BETWEEN`"),
            ("IS", "`IS`"),
            ("HAVING", "`HAVING`"),
            ("<", "a comparison other than `=` and `!=`"),
            (">", "a comparison other than `=` and `!=`"),
            ("AS", "`AS`"),
        ];
        let found = NOT_SUPPORTED.iter().find(|known| self.is_word(known.0) || self.is_sign(known.0));
        match found {
            Some((_, construct)) => {
                InsightsError::new(self.position(), InsightsProblem::NotSupported { construct })
            }
            None => self.expected(expected),
        }
    }
}

/// Whether a name must stand in quotes because it is a word of the grammar.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}
