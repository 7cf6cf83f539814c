//! How is a namespace of metrics a table?
//!
//! `TokenServices` and its other name `TokenProvisioning` have the metrics of the provisioning as columns, WalletProvider
//! and Issuer as dimensions and TIME, the minute. They answer from the attempts: requests at their start, ends and
//! latency at the end. A statement that names `provenance` asks who said a number, so it also gets what was put,
//! filtered or embedded; those points are sums of samples, so aggregates over them are weighted. Division is of floats,
//! and by zero null; a count that a group has none of is 0.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, Function, Ident, ObjectName, ObjectNamePart,
    Query, Select, SetExpr, Statement, TableFactor, Value,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::error::SqlError;
use crate::near::fold;
use crate::parse;
use crate::rewrite::calls::called;
use crate::rewrite::template::{Call, fill, plain_arguments};
use crate::walk::{Walk, walk};

/// The tables: one store under two names.
pub(crate) const TABLES: [&str; 2] = ["TokenServices", "TokenProvisioning"];

/// What a metric counts, and of which rows of attempts it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Start,
    Success,
    Failure,
    Latency,
    Rate,
    /// No event of an attempt carries it.
    Put,
}

/// Every metric: the brief's names, and their other names.
const METRICS: [(&str, Source, &str); 8] = [
    ("TokenProvisioningRequests", Source::Start, "1 for each attempt, at its start."),
    ("TokenProvisioningSuccess", Source::Success, "1 for each SUCCESS, at its end."),
    ("SuccessfulTokenProvisioning", Source::Success, "Another name of TokenProvisioningSuccess."),
    ("TokenProvisioningFailure", Source::Failure, "1 for each FAILED, at its end."),
    ("FailedTokenProvisioning", Source::Failure, "Another name of TokenProvisioningFailure."),
    ("TokenProvisioningLatency", Source::Latency, "Service time of each SUCCESS in seconds, at its end."),
    ("ProvisioningLatency", Source::Latency, "Another name of TokenProvisioningLatency."),
    (
        "SuccessRate",
        Source::Rate,
        "100 for each SUCCESS and 0 for each FAILED, at its end: AVG is the rate in percent.",
    ),
];

/// A gauge that no attempt carries: only points that were put have it.
const GAUGE: (&str, Source, &str) =
    ("ActiveTokenCount", Source::Put, "As it was put; null here, count token_states instead.");

fn metrics() -> impl Iterator<Item = (&'static str, Source, &'static str)> {
    METRICS.into_iter().chain([GAUGE])
}

/// The metrics' names and meanings.
pub(crate) fn described() -> impl Iterator<Item = (&'static str, &'static str)> {
    metrics().map(|(name, _, meaning)| (name, meaning))
}

/// A statement that reads a namespace.
pub(crate) struct Namespace {
    /// The name that its view is registered under; its own for each statement, because statements ask for other metrics.
    pub(crate) name: String,
    /// The view's text.
    pub(crate) sql: String,
    /// Whether the gauge was asked for.
    pub(crate) asks_gauge: bool,
}

/// Rewrites a statement that reads a namespace, and says which view it reads; `number` makes the view's name unique.
pub(crate) fn rewrite(statement: &mut Statement, number: usize) -> Result<Namespace, SqlError> {
    let named = Named::of(statement)?;
    let name = format!("TokenServices {number}");
    walk(statement, &mut Rename { name: &name })?;
    walk(statement, &mut Divide { name: &name, is_weighted: named.provenance })?;
    Ok(Namespace { sql: view(&named), asks_gauge: named.has(GAUGE.0) && !named.provenance, name })
}

/// The view of all metrics, for lists of tables.
pub(crate) fn whole_view() -> String {
    view(&Named { names: Vec::new(), provenance: false })
}

/// What a statement names.
struct Named {
    /// Identifiers, folded.
    names: Vec<String>,
    provenance: bool,
}

impl Named {
    fn of(statement: &mut Statement) -> Result<Self, SqlError> {
        struct Idents(Vec<String>);
        impl Walk for Idents {
            fn enter(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
                match expr {
                    Expr::Identifier(ident) => self.0.push(fold(&ident.value)),
                    Expr::CompoundIdentifier(parts) => {
                        self.0.extend(parts.last().map(|ident| fold(&ident.value)))
                    }
                    _ => {}
                }
                Ok(())
            }
        }
        let mut idents = Idents(Vec::new());
        walk(statement, &mut idents)?;
        let provenance = idents.0.iter().any(|name| name == "provenance");
        Ok(Self { names: idents.0, provenance })
    }

    fn has(&self, metric: &str) -> bool {
        let folded = fold(metric);
        self.names.contains(&folded)
    }

    /// Whether rows of a source are asked for: where no metric is named, all are.
    fn wants(&self, source: Source) -> bool {
        let is_any_named = metrics().any(|(name, ..)| self.has(name));
        !is_any_named || metrics().any(|(name, of, _)| of == source && self.has(name))
    }
}

/// Rows of attempts: a condition, the time, and the value of each source.
fn view(named: &Named) -> String {
    let mut branches = Vec::new();
    if named.wants(Source::Start) {
        let value = |source| if source == Source::Start { "CAST(1 AS DOUBLE)" } else { NOTHING };
        branches.push(branch("\"timestamp\"", "true", value));
    }
    let ends = [
        (Source::Success, "status = 'SUCCESS'"),
        (Source::Failure, "status = 'FAILED'"),
        (Source::Rate, "status IN ('SUCCESS', 'FAILED')"),
        (Source::Latency, "status = 'SUCCESS' AND processing_time IS NOT NULL"),
    ];
    let wanted: Vec<_> =
        ends.iter().filter(|(source, _)| named.wants(*source)).map(|(_, rows)| format!("({rows})")).collect();
    if !wanted.is_empty() {
        let value = |source| match source {
            Source::Success => "CASE WHEN status = 'SUCCESS' THEN CAST(1 AS DOUBLE) END",
            Source::Failure => "CASE WHEN status = 'FAILED' THEN CAST(1 AS DOUBLE) END",
            Source::Rate => {
                "CASE status WHEN 'SUCCESS' THEN CAST(100 AS DOUBLE) WHEN 'FAILED' THEN CAST(0 AS DOUBLE) END"
            }
            Source::Latency => "CASE WHEN status = 'SUCCESS' THEN processing_time END",
            Source::Start | Source::Put => NOTHING,
        };
        let rows = format!("ended_at IS NOT NULL AND ({})", wanted.join(" OR "));
        branches.push(branch("ended_at", &rows, value));
    }
    if named.provenance {
        branches.push(points());
    }
    if branches.is_empty() {
        branches.push(branch("\"timestamp\"", "false", |_| NOTHING));
    }
    format!(
        "SELECT *, date_bin(INTERVAL '60 seconds', \"timestamp\") AS \"time\", CAST(\"timestamp\" AS DATE) AS \"date\" \
         FROM ({}) AS points",
        branches.join(" UNION ALL ")
    )
}

const NOTHING: &str = "CAST(NULL AS DOUBLE)";

fn branch(time: &str, rows: &str, value: impl Fn(Source) -> &'static str) -> String {
    let columns: String =
        metrics().map(|(name, source, _)| format!(", {} AS \"{name}\"", value(source))).collect();
    format!(
        "SELECT {time} AS \"timestamp\", coalesce(wallet_provider, 'unknown') AS \"WalletProvider\", \
         coalesce(issuer, 'unknown') AS \"Issuer\", 'attempt' AS provenance{columns}, \
         CAST(1 AS DOUBLE) AS sample_count, {NOTHING} AS minimum, {NOTHING} AS maximum \
         FROM token_provisioning_logs WHERE {rows}"
    )
}

/// Points that somebody wrote: the mean of each, with its weight.
fn points() -> String {
    let columns: String = metrics()
        .map(|(name, ..)| {
            format!(", CASE WHEN metric_name = '{name}' THEN sum / NULLIF(sample_count, 0) END AS \"{name}\"")
        })
        .collect();
    format!(
        "SELECT \"timestamp\", wallet_provider AS \"WalletProvider\", issuer AS \"Issuer\", provenance{columns}, \
         sample_count, minimum, maximum FROM metric_points \
         WHERE namespace IN ('TokenServices', 'TokenProvisioning') AND provenance <> 'attempt'"
    )
}

struct Rename<'a> {
    name: &'a str,
}

impl Walk for Rename<'_> {
    fn table(&mut self, factor: &mut TableFactor) -> Result<(), SqlError> {
        if let TableFactor::Table { name, .. } = factor
            && let [ObjectNamePart::Identifier(ident)] = name.0.as_slice()
            && TABLES.contains(&ident.value.as_str())
        {
            let ident = Ident { value: self.name.to_owned(), quote_style: Some('"'), span: ident.span };
            *name = ObjectName(vec![ObjectNamePart::Identifier(ident)]);
        }
        Ok(())
    }
}

/// Makes division one of floats in every SELECT that reads the view, and aggregates over its points weighted.
struct Divide<'a> {
    name: &'a str,
    is_weighted: bool,
}

impl Walk for Divide<'_> {
    // A SELECT inside of another that reads the view is visited twice, which changes nothing more.
    fn query(&mut self, query: &mut Query) -> Result<(), SqlError> {
        if self.calculate(&mut query.body)?
            && let Some(order) = &mut query.order_by
        {
            walk(order, &mut Arithmetic { is_weighted: self.is_weighted })?;
        }
        Ok(())
    }
}

impl Divide<'_> {
    /// True if a SELECT of the body reads the view.
    fn calculate(&self, body: &mut SetExpr) -> Result<bool, SqlError> {
        match body {
            SetExpr::Select(select) if self.reads(select) => {
                walk(select.as_mut(), &mut Arithmetic { is_weighted: self.is_weighted })?;
                Ok(true)
            }
            SetExpr::SetOperation { left, right, .. } => Ok(self.calculate(left)? | self.calculate(right)?),
            _ => Ok(false),
        }
    }

    fn reads(&self, select: &Select) -> bool {
        let is_it = |factor: &TableFactor| match factor {
            TableFactor::Table { name, .. } => {
                matches!(name.0.as_slice(), [ObjectNamePart::Identifier(ident)] if ident.value == self.name)
            }
            _ => false,
        };
        select
            .from
            .iter()
            .any(|from| is_it(&from.relation) || from.joins.iter().any(|join| is_it(&join.relation)))
    }
}

struct Arithmetic {
    is_weighted: bool,
}

impl Walk for Arithmetic {
    fn leave(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
        match expr {
            Expr::BinaryOp { left, op: BinaryOperator::Divide, right } => {
                **left = as_double((**left).clone());
                **right = null_if_zero((**right).clone());
            }
            Expr::Function(function) => {
                if let Some(aggregate) = aggregate(function, self.is_weighted) {
                    *expr = aggregate;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn as_double(expr: Expr) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type: DataType::Double(ExactNumberInfo::None),
        array: false,
        format: None,
    }
}

fn null_if_zero(expr: Expr) -> Expr {
    let zero = Expr::value(Value::Number("0".to_owned(), false));
    called("nullif", vec![expr, zero], Span::empty())
}

/// An aggregate of a metric: weighted by the samples of each point, and 0 for the sum of a count without any.
fn aggregate(function: &Function, is_weighted: bool) -> Option<Expr> {
    let arguments = plain_arguments(function)?;
    let [Expr::Identifier(metric)] = arguments.as_slice() else { return None };
    let (_, source, _) = metrics().find(|(name, ..)| fold(name) == fold(&metric.value))?;
    let is_count = matches!(source, Source::Start | Source::Success | Source::Failure);
    let name = function.name.to_string().to_lowercase();
    let text = match (name.as_str(), is_weighted) {
        ("sum", false) if is_count => "coalesce(sum($1), 0)",
        ("sum", true) if is_count => "coalesce(sum($1 * sample_count), 0)",
        ("sum", true) => "sum($1 * sample_count)",
        ("avg", true) => {
            "sum($1 * sample_count) / nullif(sum(CASE WHEN $1 IS NOT NULL THEN sample_count END), 0)"
        }
        ("count", true) => "CAST(coalesce(sum(CASE WHEN $1 IS NOT NULL THEN sample_count END), 0) AS BIGINT)",
        ("min", true) => "min(CASE WHEN $1 IS NOT NULL THEN coalesce(minimum, $1) END)",
        ("max", true) => "max(CASE WHEN $1 IS NOT NULL THEN coalesce(maximum, $1) END)",
        _ => return None,
    };
    let span = metric.span;
    let call = Call { arguments, filter: function.filter.clone(), over: function.over.clone(), span };
    Some(Expr::Nested(Box::new(fill(&parse::expression(text).ok()?, &call))))
}
