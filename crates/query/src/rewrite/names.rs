//! Which tables does a statement read, whatever way it spells them?
//!
//! `walletscope.attempts`, `awsdatacatalog.default.attempts` and `Attempts` are all the one table `attempts`. Names are
//! made exact here, so that the planner finds them; names of CTEs stay, because they hide tables.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Statement, TableAlias, TableFactor,
};

use crate::error::SqlError;
use crate::near::{fold, nearest};
use crate::walk::{Walk, walk};

/// Catalogs and schemas that stand for the one that there is.
const PREFIXES: [&str; 4] = ["awsdatacatalog", "walletscope", "default", "public"];

const INFORMATION_SCHEMA: &str = "information_schema";

/// Functions that may stand where a table does.
const TABLE_FUNCTIONS: [&str; 3] = ["generate_series", "range", "unnest"];

/// What a statement reads.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Exact names of tables and views.
    pub(crate) relations: BTreeSet<String>,
    /// Whether it reads the list of all tables.
    pub(crate) lists_all: bool,
}

/// Makes the names of relations exact; `known` are those that there are.
pub(crate) fn resolve(statement: &mut Statement, known: &[String]) -> Result<Reads, SqlError> {
    let mut ctes = Ctes::default();
    walk(statement, &mut ctes)?;
    let mut names = Names { known, ctes: ctes.0, reads: Reads::default() };
    walk(statement, &mut names)?;
    Ok(names.reads)
}

/// The exact name that a name of parts stands for.
pub(crate) fn resolve_one(name: &ObjectName, known: &[String]) -> Result<String, SqlError> {
    let parts = idents(name)?;
    let (last, prefixes) = parts.split_last().ok_or_else(|| unknown(name, known))?;
    let is_ours = prefixes.iter().all(|part| PREFIXES.contains(&fold(&part.value).as_str()));
    if !is_ours || prefixes.len() > 2 {
        return Err(unknown(name, known));
    }
    let written = normal(last);
    if known.contains(&written) {
        return Ok(written);
    }
    let folded = fold(&written);
    let found = known.iter().find(|known| fold(known) == folded);
    found.cloned().ok_or_else(|| unknown(name, known))
}

/// An identifier as the planner compares it.
pub(crate) fn normal(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

fn idents(name: &ObjectName) -> Result<Vec<Ident>, SqlError> {
    let part = |part: &'_ ObjectNamePart| match part {
        ObjectNamePart::Identifier(ident) => Ok(ident.clone()),
        ObjectNamePart::Function(_) => Err(SqlError::unsupported(format!("{name} is no name of a table"))),
    };
    name.0.iter().map(part).collect()
}

fn unknown(name: &ObjectName, known: &[String]) -> SqlError {
    let last = name.0.last().and_then(|part| part.as_ident());
    let found = last.map(|last| nearest(&last.value, known.iter().map(String::as_str))).unwrap_or_default();
    let hint = if found.is_empty() {
        "SHOW TABLES lists the tables".to_owned()
    } else {
        format!("did you mean {}?", found.join(" or "))
    };
    let error = SqlError::new("unknown_table", format!("there is no table {name}")).hint(hint);
    match name.0.first().and_then(|part| part.as_ident()) {
        Some(ident) => error.at_ident(ident),
        None => error,
    }
}

/// The names that WITH gives.
#[derive(Default)]
struct Ctes(BTreeSet<String>);

impl Walk for Ctes {
    fn query(&mut self, query: &mut Query) -> Result<(), SqlError> {
        let with = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.extend(with.map(|table| normal(&table.alias.name)));
        Ok(())
    }
}

struct Names<'a> {
    known: &'a [String],
    ctes: BTreeSet<String>,
    reads: Reads,
}

impl Walk for Names<'_> {
    fn table(&mut self, factor: &mut TableFactor) -> Result<(), SqlError> {
        let TableFactor::Table { name, alias, args, .. } = factor else { return Ok(()) };
        match args {
            Some(_) => check_function(name),
            None => self.resolve(name, alias),
        }
    }

    // `walletscope.attempts.issuer` is `attempts.issuer`.
    fn enter(&mut self, expr: &mut Expr) -> Result<(), SqlError> {
        if let Expr::CompoundIdentifier(parts) = expr {
            while parts.len() > 2 && PREFIXES.contains(&fold(&parts[0].value).as_str()) {
                parts.remove(0);
            }
        }
        Ok(())
    }
}

impl Names<'_> {
    fn resolve(&mut self, name: &mut ObjectName, alias: &mut Option<TableAlias>) -> Result<(), SqlError> {
        let parts = idents(name)?;
        let Some(last) = parts.last().map(|ident| (*ident).clone()) else { return Ok(()) };
        if parts.len() == 1 && self.ctes.contains(&normal(&last)) {
            return Ok(());
        }
        if parts.iter().rev().nth(1).is_some_and(|schema| fold(&schema.value) == fold(INFORMATION_SCHEMA)) {
            self.reads.lists_all = true;
            return Ok(());
        }
        let exact = resolve_one(name, self.known)?;
        let is_written_so = parts.len() == 1 && normal(&last) == exact;
        if !is_written_so {
            let written = Ident { value: normal(&last), quote_style: Some('"'), span: last.span };
            alias.get_or_insert(TableAlias { explicit: true, name: written, columns: Vec::new() });
            let ident = Ident { value: exact.clone(), quote_style: Some('"'), span: last.span };
            *name = ObjectName(vec![ObjectNamePart::Identifier(ident)]);
        }
        self.reads.relations.insert(exact);
        Ok(())
    }
}

fn check_function(name: &ObjectName) -> Result<(), SqlError> {
    let called = name.to_string().to_lowercase();
    if TABLE_FUNCTIONS.contains(&called.as_str()) {
        return Ok(());
    }
    let near = nearest(&called, TABLE_FUNCTIONS);
    let hint = match near.first() {
        Some(near) => format!("did you mean {near}?"),
        None => "only generate_series, range and UNNEST stand where a table does".to_owned(),
    };
    let error = SqlError::unsupported(format!("there is no table function {called}")).hint(hint);
    Err(match name.0.first().and_then(|part| part.as_ident()) {
        Some(ident) => error.at_ident(ident),
        None => error,
    })
}
