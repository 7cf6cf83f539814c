//! Which queries run and may not say what their author meant?
//!
//! Looked for in the statement as it was written, so that a suggestion is a small change of the author's own text. Two
//! habits are known: grouping by keys that the result does not show, and grouping by single instants.

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, Query, Select, SelectItem, SetExpr, Statement, TableFactor, Value,
};

use crate::engine::Note;
use crate::near::fold;
use crate::parse;

/// The remarks on a statement.
pub(crate) fn of(statement: &Statement) -> Vec<Note> {
    let Statement::Query(query) = statement else { return Vec::new() };
    let SetExpr::Select(select) = query.body.as_ref() else { return Vec::new() };
    [unselected_keys(query, select), single_instants(query, select)].into_iter().flatten().collect()
}

/// The keys that a SELECT groups by: where each stands in the result, if it does, and what it is.
fn keys(select: &Select) -> Vec<(Option<usize>, Expr)> {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else { return Vec::new() };
    let key = |key: &Expr| {
        let place = place_of(key, select);
        let item = place.and_then(|place| select.projection.get(place)).and_then(expr_of);
        (place, item.unwrap_or(key).clone())
    };
    keys.iter().map(key).collect()
}

fn place_of(key: &Expr, select: &Select) -> Option<usize> {
    if let Expr::Value(value) = key
        && let Value::Number(number, _) = &value.value
    {
        return number.parse::<usize>().ok()?.checked_sub(1);
    }
    let text = fold(&key.to_string());
    let mut has_all = false;
    let place = select.projection.iter().position(|item| match item {
        SelectItem::UnnamedExpr(expr) => fold(&expr.to_string()) == text,
        SelectItem::ExprWithAlias { expr, alias } => fold(&expr.to_string()) == text || fold(&alias.value) == text,
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
            has_all = true;
            false
        }
    });
    // What `*` shows is shown, wherever that is.
    place.or(has_all.then_some(usize::MAX))
}

fn expr_of(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn unselected_keys(query: &Query, select: &Select) -> Option<Note> {
    let hidden: Vec<Expr> =
        keys(select).into_iter().filter(|(place, _)| place.is_none()).map(|(_, key)| key).collect();
    if hidden.is_empty() {
        return None;
    }
    let names: Vec<_> = hidden.iter().map(ToString::to_string).collect();
    let mut better = select.clone();
    better.projection.splice(0..0, hidden.into_iter().map(SelectItem::UnnamedExpr));
    shift_numbers(&mut better, names.len());
    Some(Note {
        text: format!("the rows do not say which {} they are of; select the keys as well", names.join(", ")),
        suggestion: Some(with_body(query, better)),
    })
}

/// Keys that are numbers of columns, moved behind the columns that were put before them.
fn shift_numbers(select: &mut Select, by: usize) {
    let GroupByExpr::Expressions(keys, _) = &mut select.group_by else { return };
    for key in keys {
        if let Expr::Value(value) = key
            && let Value::Number(number, _) = &mut value.value
            && let Ok(place) = number.parse::<usize>()
        {
            *number = (place + by).to_string();
        }
    }
}

/// Columns whose value is the result of an attempt: grouped by one, every rate is 0 or 1.
const RESULTS: [&str; 3] = ["status", "event", "outcome"];

/// Names of the table of attempts.
const ATTEMPTS: [&str; 2] = ["tokenprovisioninglogs", "attempts"];

fn single_instants(query: &Query, select: &Select) -> Option<Note> {
    let keys = keys(select);
    let is_instant = |expr: &Expr| named(expr).is_some_and(|name| matches!(name.as_str(), "timestamp" | "startedat"));
    let is_result = |expr: &Expr| named(expr).is_some_and(|name| RESULTS.contains(&name.as_str()));
    if !reads_attempts(select) || !keys.iter().any(|(_, key)| is_instant(key)) {
        return None;
    }
    let has_result = keys.iter().any(|(_, key)| is_result(key));
    let mut text = "every group is one instant, so most of them are of one attempt".to_owned();
    if has_result {
        text.push_str(", and grouped by its own result a rate is 0 or 100");
    }
    let mut better = select.clone();
    better.projection.retain(|item| !(has_result && expr_of(item).is_some_and(is_result)));
    for item in &mut better.projection {
        let Some(expr) = expr_of(item).filter(|expr| is_instant(expr)) else { continue };
        let truncated = parse::expression(&format!("date_trunc('day', {expr})")).ok()?;
        let alias = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
            _ => Ident::new("timestamp"),
        };
        *item = SelectItem::ExprWithAlias { expr: truncated, alias };
    }
    let grouped = better.projection.iter().enumerate().filter(|(_, item)| {
        let is_key = |expr: &Expr| keys.iter().any(|(_, key)| key == expr);
        expr_of(item).is_some_and(|expr| is_key(expr) || expr.to_string().starts_with("date_trunc('day', "))
    });
    let number = |place: usize| Expr::value(Value::Number((place + 1).to_string(), false));
    let numbers = grouped.map(|(place, _)| number(place)).collect();
    better.group_by = GroupByExpr::Expressions(numbers, Vec::new());
    let is_whole = keys.iter().all(|(place, _)| place.is_some_and(|place| place < select.projection.len()));
    Some(Note { text, suggestion: is_whole.then(|| with_body(query, better)) })
}

/// The folded name of a column.
fn named(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(fold(&ident.value)),
        Expr::CompoundIdentifier(parts) => parts.last().map(|ident| fold(&ident.value)),
        _ => None,
    }
}

fn reads_attempts(select: &Select) -> bool {
    let is_attempts = |factor: &TableFactor| match factor {
        TableFactor::Table { name, .. } => {
            let last = name.0.last().and_then(|part| part.as_ident());
            last.is_some_and(|ident| ATTEMPTS.contains(&fold(&ident.value).as_str()))
        }
        _ => false,
    };
    select.from.iter().any(|from| is_attempts(&from.relation))
}

fn with_body(query: &Query, select: Select) -> String {
    let better = Query { body: Box::new(SetExpr::Select(Box::new(select))), ..query.clone() };
    format!("{better:#}")
}
