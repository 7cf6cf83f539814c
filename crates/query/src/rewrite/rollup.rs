//! Which questions about attempts do the counted hours answer?
//!
//! A SELECT over the attempts alone whose every expression follows from counts per hour, wallet and issuer is read from
//! `rollup_hour` instead: thousands of rows in the place of millions. What is not surely the same stays as it is; there
//! is no "nearly". The bounds of time must fall on whole hours, and there must be a lower one, because hours are not kept
//! for ever.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, TableFactor, TypedString,
    UnaryOperator, Value,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use walletscope_model::Timestamp;

use super::query::outermost;

/// The table that answers.
pub(crate) const TABLE: &str = "rollup_hour";

const ATTEMPTS: [&str; 2] = ["token_provisioning_logs", "attempts"];
/// Hours are kept for 455 days; the rest is room for the day that has begun.
const DAYS_KEPT: i64 = 453;
const DAY_MICROS: i64 = 86_400_000_000;
/// Columns that a rollup has as the attempts do.
const KEYS: [&str; 3] = ["wallet_provider", "issuer", "date"];
const UNITS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];
/// Functions of numbers or times that mean the same over either table.
const PLAIN: [&str; 11] =
    ["round", "nullif", "coalesce", "year", "quarter", "month", "week", "day", "hour", "date", "greatest"];

/// Puts the rollup in the place of the attempts where it gives the same answer; whether it did.
pub(crate) fn rewrite(statement: &mut Statement, now: Timestamp) -> bool {
    let Some(query) = outermost(statement) else { return false };
    match rewritten(query, now) {
        Some(new) => {
            *query = new;
            true
        }
        None => false,
    }
}

fn rewritten(query: &Query, now: Timestamp) -> Option<Query> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    if query.with.is_some() || !reads_attempts_alone(select) {
        return None;
    }
    let mut new = query.clone();
    let SetExpr::Select(target) = new.body.as_mut() else { return None };
    let mut lower = None;
    bounds(select.selection.as_ref()?, now, &mut lower)?;
    if lower.is_none_or(|days_ago| days_ago > DAYS_KEPT) {
        return None;
    }
    for item in &mut target.projection {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => *expr = counted(expr)?,
            _ => return None,
        }
    }
    let names: Vec<String> = target.projection.iter().filter_map(alias).collect();
    let is_key = |expr: &Expr| matches!(expr, Expr::Value(_)) || names.contains(&expr.to_string());
    if let GroupByExpr::Expressions(keys, _) = &mut target.group_by {
        for key in keys.iter_mut().filter(|key| !is_key(key)) {
            *key = counted(key)?;
        }
    } else {
        return None;
    }
    if let Some(having) = &mut target.having {
        *having = compared(having)?;
    }
    if let Some(order) = &mut new.order_by {
        let OrderByKind::Expressions(orders) = &mut order.kind else { return None };
        for each in orders.iter_mut().filter(|each| !is_key(&each.expr)) {
            each.expr = counted(&each.expr)?;
        }
    }
    let SetExpr::Select(target) = new.body.as_mut() else { return None };
    let TableFactor::Table { name, .. } = &mut target.from.first_mut()?.relation else { return None };
    *name = parse_expr(TABLE).and_then(|expr| match expr {
        Expr::Identifier(ident) => Some(vec![ident].into()),
        _ => None,
    })?;
    // Nothing is counted here that the attempts alone would show as rows.
    select.projection.iter().any(has_aggregate).then_some(new)
}

fn reads_attempts_alone(select: &Select) -> bool {
    let [from] = select.from.as_slice() else { return false };
    let TableFactor::Table { name, args: None, .. } = &from.relation else { return false };
    let is_plain = select.distinct.is_none()
        && select.top.is_none()
        && select.into.is_none()
        && select.qualify.is_none()
        && select.lateral_views.is_empty()
        && select.named_window.is_empty()
        && select.cluster_by.is_empty();
    let name = name.to_string().replace('"', "");
    is_plain && from.joins.is_empty() && ATTEMPTS.contains(&name.as_str())
}

fn alias(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.to_string()),
        _ => None,
    }
}

fn has_aggregate(item: &SelectItem) -> bool {
    let text = item.to_string().to_ascii_lowercase();
    ["count(", "sum(", "avg(", "count_if("].iter().any(|name| text.contains(name))
}

/// The same number from counts; `None` where counts do not tell.
fn counted(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Value(_) => Some(expr.clone()),
        Expr::Identifier(ident) => KEYS.contains(&ident.value.as_str()).then(|| expr.clone()),
        Expr::Nested(inner) => Some(Expr::Nested(Box::new(counted(inner)?))),
        Expr::UnaryOp { op, expr } => Some(Expr::UnaryOp { op: *op, expr: Box::new(counted(expr)?) }),
        Expr::BinaryOp { left, op, right } if is_arithmetic(op) => {
            let (left, right) = (Box::new(counted(left)?), Box::new(counted(right)?));
            Some(Expr::BinaryOp { left, op: op.clone(), right })
        }
        Expr::Function(function) => called(function, expr),
        _ => None,
    }
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Divide)
}

/// A condition over counts, as HAVING has it.
fn compared(expr: &Expr) -> Option<Expr> {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    match expr {
        Expr::Nested(inner) => Some(Expr::Nested(Box::new(compared(inner)?))),
        Expr::BinaryOp { left, op: op @ (And | Or), right } => {
            let (left, right) = (Box::new(compared(left)?), Box::new(compared(right)?));
            Some(Expr::BinaryOp { left, op: op.clone(), right })
        }
        Expr::BinaryOp { left, op: op @ (Eq | NotEq | Gt | GtEq | Lt | LtEq), right } => {
            let (left, right) = (Box::new(counted(left)?), Box::new(counted(right)?));
            Some(Expr::BinaryOp { left, op: op.clone(), right })
        }
        _ => None,
    }
}

fn called(function: &Function, expr: &Expr) -> Option<Expr> {
    let name = function.name.to_string().to_ascii_lowercase();
    if function.over.is_some() || !function.within_group.is_empty() {
        return None;
    }
    let arguments = arguments(function)?;
    if name == "count" && matches!(arguments.as_slice(), [Argument::All]) {
        return match &function.filter {
            None => parse_expr("coalesce(sum(requests), 0)"),
            Some(filter) => sum_of(condition(filter)?),
        };
    }
    if function.filter.is_some() {
        return None;
    }
    let only = match arguments.as_slice() {
        [Argument::Is(only)] => Some(*only),
        _ => None,
    };
    match (name.as_str(), only) {
        ("count_if", Some(only)) => sum_of(condition(only)?),
        ("sum", Some(only)) => match case(only)? {
            (column, "1", Some("0")) => parse_expr(&format!("sum({column})")),
            _ => None,
        },
        ("count", Some(only)) => match case(only)? {
            (column, _, None) => sum_of(column),
            _ => None,
        },
        ("avg", Some(only)) => match case(only)? {
            (column, "1", Some("0")) => {
                parse_expr(&format!("cast(sum({column}) as double) / nullif(sum(requests), 0)"))
            }
            ("success", "processing_time", None) => {
                parse_expr("sum(processing_seconds) / nullif(sum(processing_count), 0)")
            }
            _ => None,
        },
        ("date_trunc", None) => match arguments.as_slice() {
            [Argument::Is(unit), Argument::Is(column)] if is_time(column) => {
                let unit = text_of(unit)?.to_ascii_lowercase();
                UNITS.contains(&unit.as_str()).then(|| expr.clone())
            }
            _ => None,
        },
        (name, Some(column)) if PLAIN.contains(&name) && is_time(column) => Some(expr.clone()),
        (name, _) if PLAIN.contains(&name) => with_counted_arguments(function),
        _ => None,
    }
}

enum Argument<'a> {
    All,
    Is(&'a Expr),
}

fn arguments(function: &Function) -> Option<Vec<Argument<'_>>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    let argument = |argument: &'_ FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => Some(true),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(_)) => Some(false),
        _ => None,
    };
    let kinds: Option<Vec<bool>> = list.args.iter().map(argument).collect();
    kinds?;
    let of = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expr)) => Argument::Is(expr),
        _ => Argument::All,
    };
    Some(list.args.iter().map(of).collect())
}

fn with_counted_arguments(function: &Function) -> Option<Expr> {
    let mut new = function.clone();
    let FunctionArguments::List(list) = &mut new.args else { return None };
    for argument in &mut list.args {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else { return None };
        *expr = counted(expr)?;
    }
    Some(Expr::Function(new))
}

fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.value == "timestamp" || ident.value == "date")
}

fn sum_of(column: &str) -> Option<Expr> {
    parse_expr(&format!("coalesce(sum({column}), 0)"))
}

/// `CASE WHEN condition THEN value [ELSE other] END`: the column that counts the condition, and both values.
fn case(expr: &Expr) -> Option<(&'static str, &'static str, Option<&'static str>)> {
    let Expr::Case { operand: None, conditions, else_result, .. } = expr else { return None };
    let [CaseWhen { condition: when, result }] = conditions.as_slice() else { return None };
    let value =
        |expr: &Expr| ["1", "0", "processing_time"].into_iter().find(|known| expr.to_string() == *known);
    let other = match else_result {
        None => None,
        Some(other) => Some(value(other)?),
    };
    Some((condition(when)?, value(result)?, other))
}

/// The column that counts the attempts for which a condition holds.
fn condition(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Nested(inner) => condition(inner),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let Expr::Identifier(column) = &**left else { return None };
            match (column.value.as_str(), text_of(right)?) {
                ("status", "SUCCESS") | ("event", "TOKEN_PROVISION_SUCCESS") => Some("success"),
                ("status", "FAILED") | ("event", "TOKEN_PROVISION_FAILURE") => Some("failed"),
                ("status", "ABANDONED") | ("event", "TOKEN_PROVISION_ABANDONED") => Some("abandoned"),
                ("status", "PENDING") => Some("pending"),
                ("failure_class", "technical") => Some("failed_technical"),
                ("failure_class", "declined") => Some("failed_declined"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Checks that every part of a filter means the same for whole hours; notes the lower bound in days before now.
fn bounds(expr: &Expr, now: Timestamp, lower: &mut Option<i64>) -> Option<()> {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq};
    match expr {
        Expr::Nested(inner) => bounds(inner, now, lower),
        Expr::BinaryOp { left, op: And, right } => {
            bounds(left, now, lower)?;
            bounds(right, now, lower)
        }
        Expr::InList { expr, list, .. } => {
            (is_key_column(expr) && list.iter().all(|value| text_of(value).is_some())).then_some(())
        }
        Expr::IsNotNull(expr) => is_key_column(expr).then_some(()),
        Expr::BinaryOp { left, op, right } => {
            let Expr::Identifier(column) = &**left else { return None };
            match (column.value.as_str(), op) {
                ("wallet_provider" | "issuer", Eq) => text_of(right).map(drop),
                ("timestamp", GtEq) | ("date", GtEq | Gt | Eq) => {
                    let days_ago = days_ago(right, now)?;
                    *lower = Some(lower.map_or(days_ago, |known| known.min(days_ago)));
                    Some(())
                }
                ("timestamp", Lt) | ("date", Lt | LtEq) => days_ago(right, now).map(drop),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_key_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.value == "wallet_provider" || ident.value == "issuer")
}

/// How many days before today a constant lies that is the beginning of a day or hour; `None` for all others.
fn days_ago(expr: &Expr, now: Timestamp) -> Option<i64> {
    match expr {
        Expr::Nested(inner) => days_ago(inner, now),
        Expr::TypedString(TypedString { data_type, value, .. }) => {
            let Value::SingleQuotedString(text) = &value.value else { return None };
            let midnight = match data_type {
                DataType::Date => format!("{text}T00:00:00Z"),
                DataType::Timestamp(..) if text.ends_with(":00:00") => {
                    format!("{}Z", text.replacen(' ', "T", 1))
                }
                _ => return None,
            };
            let at = Timestamp::parse_rfc3339(&midnight)?;
            Some(now.0.div_euclid(DAY_MICROS) - at.0.div_euclid(DAY_MICROS))
        }
        Expr::Function(function) => {
            let name = function.name.to_string().to_ascii_lowercase();
            if name == "current_date" {
                return Some(0);
            }
            let arguments = arguments(function)?;
            match (name.as_str(), arguments.as_slice()) {
                ("date_add", [Argument::Is(unit), Argument::Is(count), Argument::Is(from)]) => {
                    let days = match text_of(unit)?.to_ascii_lowercase().as_str() {
                        "day" => 1,
                        "week" => 7,
                        "month" => 31,
                        "year" => 366,
                        _ => return None,
                    };
                    Some(days_ago(from, now)? - days * number(count)?)
                }
                ("date_add", [Argument::Is(from), Argument::Is(count)]) => {
                    Some(days_ago(from, now)? - number(count)?)
                }
                ("date_sub", [Argument::Is(from), Argument::Is(count)]) => {
                    Some(days_ago(from, now)? + number(count)?)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(-number(expr)?),
        Expr::Nested(inner) => number(inner),
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => number.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn parse_expr(text: &str) -> Option<Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql(text).ok()?.parse_expr().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::parse;

    const NOW: Timestamp = Timestamp(20_000 * DAY_MICROS + 5);

    fn check(sql: &str) -> Option<String> {
        let parse::Request::Read(mut statement) = parse::parse(sql, &Limits::default()).unwrap().request
        else {
            panic!("a query")
        };
        rewrite(&mut statement, NOW).then(|| statement.to_string())
    }

    #[test]
    fn what_counts_tell_is_read_from_counts() {
        let told = check(
            "SELECT date_trunc('day', timestamp) AS date, issuer, COUNT(*) AS n, \
             SUM(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN 1 ELSE 0 END) AS s, \
             AVG(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN processing_time END) AS t \
             FROM token_provisioning_logs WHERE timestamp >= date_add('day', -30, current_date) \
             GROUP BY 1, 2 ORDER BY 1 DESC",
        );
        assert_eq!(
            told.as_deref(),
            Some(
                "SELECT date_trunc('day', timestamp) AS date, issuer, coalesce(sum(requests), 0) AS n, \
                 sum(success) AS s, sum(processing_seconds) / nullif(sum(processing_count), 0) AS t \
                 FROM rollup_hour WHERE timestamp >= date_add('day', -30, current_date) \
                 GROUP BY 1, 2 ORDER BY 1 DESC"
            )
        );
        assert!(check("SELECT count(*) FILTER (WHERE status = 'FAILED') AS f FROM attempts WHERE date >= DATE '2024-09-01'").is_some());
    }

    #[test]
    fn what_they_do_not_surely_tell_is_left() {
        for sql in [
            "SELECT count(*) AS n FROM attempts",
            "SELECT count(*) AS n FROM attempts WHERE timestamp >= date_add('year', -3, current_date)",
            "SELECT count(*) AS n FROM attempts WHERE timestamp > current_date",
            "SELECT count(*) AS n FROM attempts WHERE timestamp >= now() - INTERVAL '1 day'",
            "SELECT count(*) AS n FROM attempts WHERE timestamp >= TIMESTAMP '2024-09-30 10:30:00'",
            "SELECT count(*) AS n FROM attempts WHERE timestamp >= current_date AND status = 'SUCCESS'",
            "SELECT count(*) AS n FROM attempts WHERE timestamp >= current_date OR issuer = 'a'",
            "SELECT device_name, count(*) AS n FROM attempts WHERE timestamp >= current_date GROUP BY 1",
            "SELECT date_trunc('minute', timestamp) AS m, count(*) AS n FROM attempts WHERE date >= current_date GROUP BY 1",
            "SELECT count(DISTINCT issuer) AS n FROM attempts WHERE date >= current_date",
            "SELECT avg(processing_time) AS n FROM attempts WHERE date >= current_date",
            "SELECT issuer AS n FROM attempts WHERE date >= current_date",
            "SELECT sum(CASE WHEN status <> 'SUCCESS' THEN 1 ELSE 0 END) AS n FROM attempts WHERE date >= current_date",
            "SELECT count(*) AS n FROM attempts, attempts AS b WHERE date >= current_date",
            "SELECT count(*) AS n FROM log_events WHERE date >= current_date",
            "SELECT count(*) OVER () AS n FROM attempts WHERE date >= current_date",
            "SELECT DISTINCT count(*) AS n FROM attempts WHERE date >= current_date",
        ] {
            assert_eq!(check(sql), None, "{sql}");
        }
    }
}
