//! What does a call of a function mean in the dialect that it was written in?
//!
//! From the inside out, so that an outer call sees what became of its arguments. Most calls are rows of
//! [`super::table`]; those whose meaning depends on how they are written are here. A name that nobody knows is refused
//! here, with its place, before the planner sees it.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, Statement, Value,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

use super::names::normal;
use super::table::TEMPLATES;
use super::template::{Call, fill, plain_arguments};
use crate::error::SqlError;
use crate::measures::CALLS;
use crate::near::nearest;
use crate::walk::{Walk, walk};

/// Functions that have a twin which gives null where they would fail.
const WITH_TRY: [&str; 4] = ["date_parse", "parse_datetime", "from_iso8601_timestamp", "from_iso8601_date"];

/// Functions of the planner's own, which no registry lists.
const PLANNED: [&str; 6] = ["unnest", "map", "make_map", "struct", "row", "grouping"];

/// Functions of other dialects that have no row and a way round.
const WAYS_ROUND: [(&str, &str); 11] = [
    ("transform", "UNNEST the list: SELECT f(x) FROM t CROSS JOIN UNNEST(t.list) AS u(x)"),
    ("filter", "UNNEST the list and filter with WHERE"),
    ("reduce", "UNNEST the list and aggregate it"),
    ("getdate", "use now()"),
    ("sysdate", "use now()"),
    ("iff", "use if(condition, value, otherwise)"),
    ("str_to_date", "use date_parse(text, '%Y-%m-%d')"),
    ("strftime", "use date_format(time, '%Y-%m-%d')"),
    ("group_concat", "use listagg(x, ',') WITHIN GROUP (ORDER BY x)"),
    ("isnull", "use x IS NULL"),
    ("percentile", "use approx_percentile(x, 0.95)"),
];

/// A measure that a statement calls, and where.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) place: Location,
}

/// Puts calls that our engine knows in the place of those that it does not; `known` are the engine's names.
pub(crate) fn rewrite(
    statement: &mut Statement,
    known: &BTreeSet<String>,
) -> Result<Vec<Measured>, SqlError> {
    let mut calls = Calls { known, measured: Vec::new() };
    walk(statement, &mut calls)?;
    Ok(calls.measured)
}

/// Where a call of the function that an error's message names stands.
pub(crate) fn place_of(statement: &mut Statement, message: &str) -> Option<Span> {
    struct Find<'a>(&'a str, Option<Span>);
    impl Walk for Find<'_> {
        fn enter(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
            let Expr::Function(function) = expr else { return Ok(()) };
            let Some((name, span)) = name_of(function) else { return Ok(()) };
            let is_named = self.0.match_indices(&name).any(|(start, found)| {
                let is_edge =
                    |character: Option<char>| !character.is_some_and(|c| c.is_alphanumeric() || c == '_');
                is_edge(self.0[..start].chars().next_back())
                    && is_edge(self.0[start + found.len()..].chars().next())
            });
            if is_named && span.start.line > 0 {
                self.1.get_or_insert(span);
            }
            Ok(())
        }
    }
    let message = message.to_lowercase();
    let mut find = Find(&message, None);
    walk(statement, &mut find).ok()?;
    find.1
}

struct Calls<'a> {
    known: &'a BTreeSet<String>,
    measured: Vec<Measured>,
}

impl Walk for Calls<'_> {
    fn leave(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
        let replaced = match expr {
            Expr::Function(function) => self.call(function)?,
            Expr::AtTimeZone { timestamp, time_zone } => {
                let arguments = vec![(**timestamp).clone(), (**time_zone).clone()];
                Some(called("at_timezone", arguments, Span::empty()))
            }
            _ => None,
        };
        if let Some(replacement) = replaced {
            *expr = replacement;
        }
        Ok(())
    }
}

impl Calls<'_> {
    /// What stands for a call; `None` if it stays, perhaps changed in place.
    fn call(&mut self, function: &mut Function) -> Result<Option<Expr>, SqlError> {
        let Some((name, span)) = name_of(function) else { return Ok(None) };
        let refuse = |error: SqlError| error.at_span(span);
        match name.as_str() {
            "try" => return attempt(function).map(Some).map_err(refuse),
            "listagg" => return list(function).map(|()| None).map_err(refuse),
            "date_add" | "date_sub" => {
                if let Some(sum) = interval_sum(&name, function) {
                    return Ok(Some(sum));
                }
            }
            "approx_percentile" => {
                if let Some(array) = percentiles(function, span) {
                    return Ok(Some(array));
                }
            }
            "current_timestamp" | "current_date" | "current_time" | "now" => {
                function.args = match &function.args {
                    FunctionArguments::None => FunctionArguments::None,
                    _ => no_arguments(),
                };
                return Ok(None);
            }
            // A precision says nothing: all times are exact to the microsecond.
            "localtimestamp" | "localtime" => function.args = no_arguments(),
            "date_diff" if plain_arguments(function).is_some_and(|arguments| arguments.len() == 2) => {
                let hint = "write the unit first, date_diff('day', from, to), or datediff(to, from)";
                return Err(refuse(SqlError::unsupported("date_diff takes a unit and two times").hint(hint)));
            }
            _ => {}
        }
        match TEMPLATES.get(&name) {
            Some(templates) => {
                let call = Call {
                    arguments: plain_arguments(function).ok_or_else(|| refuse(not_plain(&name)))?,
                    filter: function.filter.clone(),
                    over: function.over.clone(),
                    span,
                };
                if CALLS.contains_key(&name) {
                    self.measured.push(Measured { name: name.clone(), place: span.start });
                }
                match templates.get(&call.arguments.len()) {
                    Some(template) => Ok(Some(Expr::Nested(Box::new(fill(template, &call))))),
                    // The engine's own function of this name may take as many.
                    None if self.known.contains(&name) => Ok(None),
                    None => {
                        let numbers: Vec<_> = templates.keys().map(ToString::to_string).collect();
                        let message = format!(
                            "{name} takes {} arguments, not {}",
                            numbers.join(" or "),
                            call.arguments.len()
                        );
                        Err(refuse(
                            SqlError::unsupported(message)
                                .hint(format!("see {name} in the list of functions")),
                        ))
                    }
                }
            }
            None if self.known.contains(&name) || PLANNED.contains(&name.as_str()) => Ok(None),
            None => Err(refuse(self.unknown(&name))),
        }
    }

    fn unknown(&self, name: &str) -> SqlError {
        let error = SqlError::unsupported(format!("there is no function {name}"));
        if let Some((_, way)) = WAYS_ROUND.iter().find(|(other, _)| *other == name) {
            return error.hint(*way);
        }
        let known = TEMPLATES.keys().chain(self.known).map(String::as_str);
        let found = nearest(name, known);
        match found.is_empty() {
            true => error.hint("the list of functions is beside the editor and in docs/formats/sql.md"),
            false => error.hint(format!("did you mean {}?", found.join(" or "))),
        }
    }
}

fn not_plain(name: &str) -> SqlError {
    SqlError::unsupported(format!("{name} takes neither DISTINCT nor a clause inside its parentheses"))
        .hint("filter with FILTER (WHERE …) after the parentheses")
}

/// The name of a call as the planner compares it, and its place.
fn name_of(function: &Function) -> Option<(String, Span)> {
    match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => Some((normal(ident), ident.span)),
        _ => None,
    }
}

/// A plain call.
pub(crate) fn called(name: &str, arguments: Vec<Expr>, span: Span) -> Expr {
    let ident = Ident { value: name.to_owned(), quote_style: None, span };
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(ident)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments
                .into_iter()
                .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
                .collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn no_arguments() -> FunctionArguments {
    let list = FunctionArgumentList { duplicate_treatment: None, args: Vec::new(), clauses: Vec::new() };
    FunctionArguments::List(list)
}

fn rename(function: &mut Function, name: &str) {
    if let Some(ObjectNamePart::Identifier(ident)) = function.name.0.first_mut() {
        *ident = Ident { value: name.to_owned(), quote_style: None, span: ident.span };
    }
}

/// `date_add(x, INTERVAL …)` is a sum.
fn interval_sum(name: &str, function: &Function) -> Option<Expr> {
    let [time, interval]: [Expr; 2] = plain_arguments(function)?.try_into().ok()?;
    if !matches!(interval, Expr::Interval(_)) {
        return None;
    }
    let op = if name == "date_add" { BinaryOperator::Plus } else { BinaryOperator::Minus };
    let sum = Expr::BinaryOp { left: Box::new(time), op, right: Box::new(interval) };
    Some(Expr::Nested(Box::new(sum)))
}

/// `approx_percentile(x, ARRAY[…])` is a list of percentiles.
fn percentiles(function: &Function, span: Span) -> Option<Expr> {
    let arguments = plain_arguments(function)?;
    let Some(Expr::Array(shares)) = arguments.last() else { return None };
    let template = TEMPLATES.get("approx_percentile")?.get(&arguments.len())?;
    let percentile = |share: &Expr| {
        let mut arguments = arguments.clone();
        *arguments.last_mut()? = share.clone();
        let (filter, over) = (function.filter.clone(), function.over.clone());
        Some(fill(template, &Call { arguments, filter, over, span }))
    };
    let elements = shares.elem.iter().map(percentile).collect::<Option<Vec<_>>>()?;
    Some(called("make_array", elements, span))
}

/// `listagg(x, ',') WITHIN GROUP (ORDER BY y)` is `string_agg(x, ',' ORDER BY y)`.
fn list(function: &mut Function) -> Result<(), SqlError> {
    rename(function, "string_agg");
    let order = std::mem::take(&mut function.within_group);
    let FunctionArguments::List(list) = &mut function.args else {
        return Err(
            SqlError::unsupported("listagg takes a text").hint("listagg(x, ',') WITHIN GROUP (ORDER BY x)")
        );
    };
    if list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::OnOverflow(_))) {
        let error = SqlError::unsupported("listagg has no limit here, so ON OVERFLOW is not supported");
        return Err(error.hint("leave ON OVERFLOW out"));
    }
    if list.args.len() == 1 {
        let nothing = Expr::value(Value::SingleQuotedString(String::new()));
        list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(nothing)));
    }
    if !order.is_empty() {
        list.clauses.push(FunctionArgumentClause::OrderBy(order));
    }
    Ok(())
}

/// `try(x)` is x with null in the place of every failure that a value can cause.
fn attempt(function: &Function) -> Result<Expr, SqlError> {
    let arguments = plain_arguments(function).unwrap_or_default();
    let [mut inner]: [Expr; 1] = arguments
        .try_into()
        .map_err(|_| SqlError::unsupported("try takes one expression").hint("try(CAST(x AS BIGINT))"))?;
    walk(&mut inner, &mut Forgive)?;
    Ok(Expr::Nested(Box::new(inner)))
}

struct Forgive;

impl Walk for Forgive {
    fn leave(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
        match expr {
            Expr::Cast { kind: kind @ (CastKind::Cast | CastKind::DoubleColon), .. } => {
                *kind = CastKind::TryCast
            }
            Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Modulo, right, .. } => {
                let zero = Expr::value(Value::Number("0".to_owned(), false));
                **right = called("nullif", vec![(**right).clone(), zero], Span::empty());
            }
            Expr::Function(function) => {
                if let Some((name, _)) = name_of(function)
                    && WITH_TRY.contains(&name.as_str())
                {
                    rename(function, &format!("try_{name}"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
