//! How is one call put in the place of another?
//!
//! A template is the text of an expression with `$1`, `$2`… for the arguments. It is parsed once; for a call a copy is
//! filled in. FILTER and OVER of the call go to every aggregate of the template, so that a template over several
//! aggregates still means one filtered number.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Value,
    WindowType,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::error::SqlError;
use crate::walk::{Walk, walk};

/// Aggregates that templates use.
const AGGREGATES: [&str; 12] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "bool_and",
    "first_value",
    "array_agg",
    "approx_percentile_cont",
    "approx_percentile_cont_with_weight",
    "percentile_of_durations",
    "string_agg",
];

/// What a call brings along besides its name.
pub(crate) struct Call {
    pub(crate) arguments: Vec<Expr>,
    pub(crate) filter: Option<Box<Expr>>,
    pub(crate) over: Option<WindowType>,
    /// Where the call stands: the place of everything that the template adds.
    pub(crate) span: Span,
}

/// A copy of `template` with the call's parts in it.
pub(crate) fn fill(template: &Expr, call: &Call) -> Expr {
    let mut filled = template.clone();
    // The pass refuses nothing.
    let _ = walk(&mut filled, &mut Fill { call });
    filled
}

struct Fill<'a> {
    call: &'a Call,
}

impl Walk for Fill<'_> {
    // Arguments are put in on the way out, so that nothing inside of them is touched.
    fn leave(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
        match expr {
            Expr::Identifier(ident) => ident.span = self.call.span,
            Expr::Value(value) => {
                if let Value::Placeholder(name) = &value.value
                    && let Some(argument) = self.argument(name)
                {
                    *expr = argument;
                }
            }
            Expr::Function(function) => self.complete(function),
            _ => {}
        }
        Ok(())
    }
}

impl Fill<'_> {
    fn argument(&self, name: &str) -> Option<Expr> {
        let place: usize = name.strip_prefix('$')?.parse().ok()?;
        self.call.arguments.get(place.checked_sub(1)?).cloned()
    }

    fn complete(&self, function: &mut Function) {
        let mut is_aggregate = false;
        for part in &mut function.name.0 {
            if let ObjectNamePart::Identifier(ident) = part {
                ident.span = self.call.span;
                is_aggregate = AGGREGATES.contains(&ident.value.as_str());
            }
        }
        if is_aggregate {
            let own = function.filter.take();
            function.filter = both(own, self.call.filter.clone());
            function.over.clone_from(&self.call.over);
        }
    }
}

/// The filter that is true where both are.
fn both(one: Option<Box<Expr>>, other: Option<Box<Expr>>) -> Option<Box<Expr>> {
    match (one, other) {
        (Some(left), Some(right)) => Some(Box::new(Expr::BinaryOp {
            left: Box::new(Expr::Nested(left)),
            op: BinaryOperator::And,
            right: Box::new(Expr::Nested(right)),
        })),
        (one, other) => one.or(other),
    }
}

/// The arguments of a call that has nothing but plain ones.
pub(crate) fn plain_arguments(function: &Function) -> Option<Vec<Expr>> {
    match &function.args {
        FunctionArguments::None => Some(Vec::new()),
        FunctionArguments::Subquery(_) => None,
        FunctionArguments::List(list) => {
            if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
                return None;
            }
            list.args.iter().map(plain_argument).collect()
        }
    }
}

fn plain_argument(argument: &FunctionArg) -> Option<Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    }
}
