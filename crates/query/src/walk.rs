//! How is a tree of SQL walked over?
//!
//! Every pass is a [`Walk`], called through one visitor. The parser's tree has hundreds of types, and its visitor is
//! generic: each visitor of its own would compile all of their visits anew, which takes longer than all else here.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Statement, TableFactor, VisitMut, VisitorMut};

use crate::error::SqlError;

/// A pass over a tree; an error ends it.
pub(crate) trait Walk {
    /// A statement, before what is in it.
    fn statement(&mut self, _: &mut Statement) -> Result<(), SqlError> {
        Ok(())
    }

    /// A query, before what is in it.
    fn query(&mut self, _: &mut Query) -> Result<(), SqlError> {
        Ok(())
    }

    /// What stands after FROM or JOIN, before what is in it.
    fn table(&mut self, _: &mut TableFactor) -> Result<(), SqlError> {
        Ok(())
    }

    /// An expression, before what is in it.
    fn enter(&mut self, _: &mut Expr) -> Result<(), SqlError> {
        Ok(())
    }

    /// An expression, after what is in it.
    fn leave(&mut self, _: &mut Expr) -> Result<(), SqlError> {
        Ok(())
    }
}

/// Walks over a statement, a query, an expression or a part of one.
pub(crate) fn walk<T: VisitMut>(tree: &mut T, pass: &mut dyn Walk) -> Result<(), SqlError> {
    match tree.visit(&mut Walker(pass)) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Walker<'a>(&'a mut dyn Walk);

fn flow(result: Result<(), SqlError>) -> ControlFlow<SqlError> {
    result.map_or_else(ControlFlow::Break, ControlFlow::Continue)
}

impl VisitorMut for Walker<'_> {
    type Break = SqlError;

    fn pre_visit_statement(&mut self, statement: &mut Statement) -> ControlFlow<SqlError> {
        flow(self.0.statement(statement))
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        flow(self.0.query(query))
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<SqlError> {
        flow(self.0.table(table))
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        flow(self.0.enter(expr))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        flow(self.0.leave(expr))
    }
}
