//! Which column does a spelling mean that no table has exactly?
//!
//! The planner decides: only where it finds no column of the exact name is the spelling looked up among the columns that
//! stand there, without case and `_` first, then by the other names that the event contract has for the same field. So
//! an exact name always wins, and scopes need not be understood twice.

use datafusion::common::Column;
use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Statement};
use datafusion::sql::sqlparser::tokenizer::Location;
use walletscope_lake::LakeTable;
use walletscope_model::Field;

use super::names::normal;
use crate::error::{MissingColumn, SqlError};
use crate::near::fold;
use crate::walk::{Walk, walk};

/// Spellings beyond the event contract's, folded, and the columns that they mean.
const SPELLINGS: [(&str, &str); 14] = [
    ("startedat", "timestamp"),
    ("starttime", "timestamp"),
    ("eventtime", "timestamp"),
    ("time", "timestamp"),
    ("outcome", "status"),
    ("provisioningstatus", "status"),
    ("tokenprovisioningstatus", "status"),
    ("attempt", "attempt_id"),
    ("id", "attempt_id"),
    ("decision", "final_decision"),
    ("tokenstate", "state"),
    ("tokenstatus", "state"),
    ("loggroupname", "log_group"),
    ("logstreamname", "log_stream"),
];

/// Puts the exact name in the place of the missing one; false if no column is meant. A result column keeps the name
/// that it was asked for by.
pub(crate) fn replace(statement: &mut Statement, missing: &MissingColumn) -> bool {
    let Some(exact) = meant(&missing.column, &missing.valid) else { return false };
    if exact == missing.column.name {
        return false;
    }
    let mut replace = Replace { from: &missing.column.name, to: &exact, place: missing.place, count: 0 };
    walk(statement, &mut replace).is_ok() && replace.count > 0
}

/// The exact name of the column that is meant.
fn meant(column: &Column, valid: &[Column]) -> Option<String> {
    let relation = |valid: &&Column| column.relation.is_none() || valid.relation == column.relation;
    let here: Vec<&str> = valid.iter().filter(relation).map(|valid| valid.name.as_str()).collect();
    let outer = || LakeTable::ALL.into_iter().flat_map(LakeTable::columns).map(|column| column.name);
    // An inner query may mean a column of the query around it, which the planner does not list.
    let may_be_outer = column.relation.is_none() || here.is_empty();
    among(&column.name, &here).or_else(|| {
        let outer: Vec<_> = outer().collect();
        may_be_outer.then(|| among(&column.name, &outer))?
    })
}

fn among(name: &str, columns: &[&str]) -> Option<String> {
    let folded = fold(name);
    let by = |wanted: &str| columns.iter().copied().find(|column| fold(column) == wanted);
    let by_field = || {
        let row = Field::from_name(name)?.row();
        let singular = row.column.strip_suffix('s').unwrap_or(row.column);
        by(&fold(row.column))
            .or_else(|| by(&fold(singular)))
            .or_else(|| row.names.iter().find_map(|name| by(&fold(name))))
    };
    let by_spelling = || {
        SPELLINGS.iter().filter(|(spelling, _)| *spelling == folded).find_map(|(_, column)| by(&fold(column)))
    };
    by(&folded).or_else(by_field).or_else(by_spelling).map(str::to_owned)
}

struct Replace<'a> {
    from: &'a str,
    to: &'a str,
    place: Option<Location>,
    count: usize,
}

impl Replace<'_> {
    fn name_columns(&self, body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => {
                for item in &mut select.projection {
                    let SelectItem::UnnamedExpr(expr) = item else { continue };
                    let (first, last) = match &*expr {
                        Expr::Identifier(ident) => (ident, ident),
                        Expr::CompoundIdentifier(parts) => match (parts.first(), parts.last()) {
                            (Some(first), Some(last)) => (first, last),
                            _ => continue,
                        },
                        _ => continue,
                    };
                    if self.means(last, first.span.start) {
                        let alias = Ident::with_quote('"', &last.value);
                        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                    }
                }
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.name_columns(left);
                self.name_columns(right);
            }
            _ => {}
        }
    }

    fn means(&self, ident: &Ident, start: Location) -> bool {
        self.place.is_none_or(|place| place == start) && normal(ident) == self.from
    }

    fn replace(&mut self, ident: &mut Ident, start: Location) {
        if self.means(ident, start) {
            *ident = Ident { value: self.to.to_owned(), quote_style: Some('"'), span: ident.span };
            self.count += 1;
        }
    }
}

impl Walk for Replace<'_> {
    fn query(&mut self, query: &mut Query) -> Result<(), SqlError> {
        self.name_columns(&mut query.body);
        Ok(())
    }

    fn enter(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
        match expr {
            Expr::Identifier(ident) => {
                let start = ident.span.start;
                self.replace(ident, start);
            }
            Expr::CompoundIdentifier(parts) => {
                let start = parts.first().map(|ident| ident.span.start);
                if let (Some(start), Some(last)) = (start, parts.last_mut()) {
                    self.replace(last, start);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_find_their_columns() {
        let columns: Vec<_> = LakeTable::Attempts.columns().iter().map(|column| column.name).collect();
        for (name, expected) in [
            ("walletprovider", Some("wallet_provider")),
            ("WalletProvider", Some("wallet_provider")),
            ("issuername", Some("issuer")),
            ("processingtime", Some("processing_time")),
            ("cardbin", Some("bin")),
            ("requestid", Some("request_id")),
            ("traceid", Some("trace_id")),
            ("tokenref", Some("token_reference_id")),
            ("decision", Some("final_decision")),
            ("country", Some("device_country")),
            ("started_at", Some("timestamp")),
            ("outcome", Some("status")),
            ("level", None),
        ] {
            assert_eq!(among(name, &columns).as_deref(), expected, "{name}");
        }
    }
}
