//! What of a query's clauses is written in another way here?
//!
//! `FETCH FIRST n ROWS ONLY` and `LIMIT from, n` become LIMIT and OFFSET. Result columns without a name get the text
//! that they were written with, once: a planner's name for `CAST(x AS INT)` and `CAST(x AS TEXT)` would be the same `x`.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, LimitClause, Offset, OffsetRows, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr,
    Statement,
};

use super::names::normal;
use crate::error::SqlError;
use crate::walk::{Walk, walk};

/// Letters of a text that names a column.
const NAME_MAX: usize = 80;

/// Rewrites the clauses of every query of a statement.
pub(crate) fn rewrite(statement: &mut Statement) -> Result<(), SqlError> {
    walk(statement, &mut Clauses)?;
    if let Some(query) = outermost(statement) {
        name_all(&mut query.body);
        order_by_names(query);
    }
    Ok(())
}

/// The query that a statement answers or explains.
pub(crate) fn outermost(statement: &mut Statement) -> Option<&mut Query> {
    match statement {
        Statement::Query(query) => Some(query),
        Statement::Explain { statement, .. } => outermost(statement),
        _ => None,
    }
}

struct Clauses;

impl Walk for Clauses {
    fn query(&mut self, query: &mut Query) -> Result<(), SqlError> {
        name_twins(&mut query.body);
        limit(query)
    }
}

fn limit(query: &mut Query) -> Result<(), SqlError> {
    if let Some(fetch) = query.fetch.take() {
        if fetch.with_ties || fetch.percent {
            let error = SqlError::unsupported(format!("{fetch} is not supported"));
            return Err(error.hint("use FETCH FIRST n ROWS ONLY, or rank() OVER (…) in a WITH query"));
        }
        let one = Expr::value(datafusion::sql::sqlparser::ast::Value::Number("1".to_owned(), false));
        let rows = fetch.quantity.unwrap_or(one);
        query.limit_clause = Some(match query.limit_clause.take() {
            None => LimitClause::LimitOffset { limit: Some(rows), offset: None, limit_by: Vec::new() },
            Some(LimitClause::LimitOffset { limit: None, offset, limit_by }) => {
                LimitClause::LimitOffset { limit: Some(rows), offset, limit_by }
            }
            Some(_) => {
                return Err(SqlError::unsupported("LIMIT and FETCH say the same").hint("leave one out"));
            }
        });
    }
    if let Some(LimitClause::OffsetCommaLimit { offset, limit }) =
        query.limit_clause.take_if(|clause| matches!(clause, LimitClause::OffsetCommaLimit { .. }))
    {
        let offset = Some(Offset { value: offset, rows: OffsetRows::None });
        query.limit_clause =
            Some(LimitClause::LimitOffset { limit: Some(limit), offset, limit_by: Vec::new() });
    }
    Ok(())
}

/// Names every result column of the first SELECT, which names those of a union.
fn name_all(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            name(select, |expr| plain_name(expr).unwrap_or_else(|| text(expr)), |_| true)
        }
        SetExpr::Query(query) => name_all(&mut query.body),
        SetExpr::SetOperation { left, .. } => name_all(left),
        _ => {}
    }
}

/// With DISTINCT only result columns may be ordered by: by the names that they have now.
fn order_by_names(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    let Some(OrderBy { kind: OrderByKind::Expressions(order), .. }) = &mut query.order_by else { return };
    if select.distinct.is_none() {
        return;
    }
    for by in order {
        let named = select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if *expr == by.expr => Some(alias.clone()),
            _ => None,
        });
        if let Some(name) = named {
            by.expr = Expr::Identifier(name);
        }
    }
}

/// Names those result columns whose name in the planner another one has: casts of one column share the column's.
fn name_twins(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => name(select, |expr| text(without_casts(expr)), |_| false),
        SetExpr::SetOperation { left, right, .. } => {
            name_twins(left);
            name_twins(right);
        }
        _ => {}
    }
}

/// Gives a name of their own to unnamed columns that would share one, and to those that `is_wanted` says.
fn name(select: &mut Select, own_name: impl Fn(&Expr) -> String, is_wanted: impl Fn(&Expr) -> bool) {
    let alias = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(normal(alias)),
        _ => None,
    };
    let mut taken: BTreeSet<String> = select.projection.iter().filter_map(alias).collect();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let own = own_name(expr);
        let is_plain = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        if taken.contains(&own) || (!is_plain && is_wanted(expr)) {
            let unique = unique(&plain_name(expr).unwrap_or_else(|| text(expr)), &taken);
            let alias = Ident::with_quote('"', &unique);
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
            taken.insert(unique);
        } else {
            taken.insert(own);
        }
    }
}

fn plain_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(normal(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().map(normal),
        Expr::Function(function) => {
            // A measure is called by its name alone.
            let text = function.to_string();
            let name =
                text.strip_suffix("()").filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
            name.map(str::to_lowercase)
        }
        _ => None,
    }
}

fn text(expr: &Expr) -> String {
    let text = expr.to_string();
    match text.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn without_casts(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => without_casts(expr),
        other => other,
    }
}

fn unique(wanted: &str, taken: &BTreeSet<String>) -> String {
    if !taken.contains(wanted) {
        return wanted.to_owned();
    }
    let numbered = (2..).map(|number| format!("{wanted}_{number}"));
    numbered.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
}
