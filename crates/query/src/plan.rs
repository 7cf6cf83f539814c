//! How does a statement become a plan?
//!
//! Names of tables first, then the views among them (each planned the same way), then the dialect, then DataFusion; and
//! again from there for every spelling of a column that DataFusion does not find. A view sees only what a query sees:
//! the tenant's rows.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::ViewTable;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::ast::{ObjectName, Statement};
use walletscope_lake::LakeTable;
use walletscope_model::Timestamp;

use crate::engine::{Note, Question, TablesAtHead};
use crate::error::{self, SqlError};
use crate::limits::Limits;
use crate::parse::{self, Request};
use crate::rewrite::calls::Measured;
use crate::rewrite::{calls, columns, names, query, rollup};
use crate::tenant::TenantTable;
use crate::{describe, measures, metrics, notes, rollup_table, session};

/// Spellings of columns that one statement may have repaired.
const REPAIRS_MAX: usize = 200;

/// Views inside views.
const VIEW_DEPTH_MAX: usize = 16;

/// Another name of the table of attempts.
pub(crate) const ATTEMPTS_VIEW: &str = "attempts";

/// The planning of one query.
pub(crate) struct Planner<'a> {
    state: SessionState,
    schema: Arc<MemorySchemaProvider>,
    limits: &'a Limits,
    views: BTreeMap<String, String>,
    known: Vec<String>,
    functions: BTreeSet<String>,
    now: Timestamp,
    /// Views that are being planned, outermost first.
    inside: Vec<String>,
    /// How many statements read a namespace of metrics.
    namespaces: usize,
    /// The outermost statement as it was planned, to find places in.
    planned: Option<Statement>,
    pub(crate) notes: Vec<Note>,
}

impl<'a> Planner<'a> {
    /// A planner that sees the tenant's part of `tables`.
    pub(crate) fn new(
        base: &SessionState,
        limits: &'a Limits,
        tables: &TablesAtHead,
        question: &Question,
    ) -> Result<Self, SqlError> {
        let schema = Arc::new(MemorySchemaProvider::new());
        let mut known = Vec::new();
        for (table, provider) in &tables.tables {
            let provider = TenantTable::new(*table, Arc::clone(provider), &question.tenant);
            let provider = Arc::new(provider.map_err(|error| error::of_planning(&error))?);
            let aliases = (*table == LakeTable::Attempts).then_some(ATTEMPTS_VIEW);
            for name in std::iter::once(table.name()).chain(aliases) {
                known.push(name.to_owned());
                let registered = schema.register_table(name.to_owned(), Arc::clone(&provider) as _);
                registered.map_err(|error| error::of_planning(&error))?;
            }
        }
        for (name, provider) in &tables.rollups {
            let provider = TenantTable::rollup(name, Arc::clone(provider), &question.tenant);
            let provider = Arc::new(provider.map_err(|error| error::of_planning(&error))?);
            known.push((*name).to_owned());
            let registered = schema.register_table((*name).to_owned(), provider);
            registered.map_err(|error| error::of_planning(&error))?;
        }
        let mut views: BTreeMap<String, String> = own_views().collect();
        for (name, sql) in &question.views {
            if !known.contains(name) && !views.contains_key(name) {
                views.insert(name.clone(), sql.clone());
            }
        }
        known.extend(views.keys().cloned());
        let state = session::of_query(base, catalogs(&schema)?, question.now);
        let functions = session::function_names(&state);
        Ok(Self {
            state,
            schema,
            limits,
            views,
            known,
            functions,
            now: question.now,
            inside: Vec::new(),
            namespaces: 0,
            planned: None,
            notes: Vec::new(),
        })
    }

    /// The state that the plan runs in.
    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    /// The plan of what is asked for.
    pub(crate) async fn plan(&mut self, request: Request) -> Result<LogicalPlan, SqlError> {
        let statement = match request {
            Request::Read(statement) => *statement,
            Request::Tables => self.own(SHOW_TABLES)?,
            Request::Columns(name) => self.columns_of(&name).await?,
            Request::SaveView(_) | Request::DropView { .. } => {
                let error = SqlError::new("read_only", "views are kept by the server, not by a query");
                return Err(error.hint("send CREATE VIEW or DROP VIEW as a statement of its own"));
            }
        };
        self.notes = notes::of(&statement);
        let plan = self.statement(statement).await.map_err(|error| self.placed(error))?;
        let reads_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        reads_only.verify_plan(&plan).map_err(|error| error::of_planning(&error))?;
        Ok(plan)
    }

    /// The columns of a relation as rows.
    async fn columns_of(&mut self, name: &ObjectName) -> Result<Statement, SqlError> {
        let exact = names::resolve_one(name, &self.known)?;
        let schema = self.schema_of(&exact).await?;
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let row = |field: &FieldRef| {
            let meaning = describe::meaning(&exact, field.name()).map_or("NULL".to_owned(), quoted);
            let word = describe::type_word(field.data_type());
            let nullable = if field.is_nullable() { "YES" } else { "NO" };
            format!("({}, '{word}', '{nullable}', {meaning})", quoted(field.name()))
        };
        let rows: Vec<_> = schema.fields().iter().map(row).collect();
        let rows = rows.join(", ");
        self.own(&format!(
            "SELECT * FROM (VALUES {rows}) AS columns(column_name, data_type, is_nullable, meaning)"
        ))
    }

    /// The columns that a relation has.
    pub(crate) async fn schema_of(&mut self, name: &str) -> Result<SchemaRef, SqlError> {
        let statement = self.own(&format!("SELECT * FROM \"{}\"", name.replace('"', "\"\"")))?;
        let plan = self.statement(statement).await?;
        Ok(Arc::new(plan.schema().as_arrow().clone()))
    }

    /// The names of tables and views, exact.
    pub(crate) fn known(&self) -> &[String] {
        &self.known
    }

    /// The texts of views by name.
    pub(crate) fn views(&self) -> &BTreeMap<String, String> {
        &self.views
    }

    /// A statement of ours.
    fn own(&self, sql: &str) -> Result<Statement, SqlError> {
        match parse::parse(sql, self.limits)?.request {
            Request::Read(statement) => Ok(*statement),
            _ => Err(SqlError::failed(format!("a query of the product's own is none: {sql}"))),
        }
    }

    /// Boxed, because views are planned inside of statements.
    fn statement<'s>(
        &'s mut self,
        mut statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<LogicalPlan, SqlError>> + Send + 's>> {
        Box::pin(async move {
            let mut reads = names::resolve(&mut statement, &self.known)?;
            query::rewrite(&mut statement)?;
            if self.inside.is_empty() && self.known.iter().any(|name| name == rollup::TABLE) {
                rollup::rewrite(&mut statement, self.now);
            }
            if reads.relations.iter().any(|name| metrics::TABLES.contains(&name.as_str())) {
                self.namespace(&mut statement).await?;
                reads.relations.retain(|name| !metrics::TABLES.contains(&name.as_str()));
            }
            let wanted: Vec<String> = match reads.lists_all {
                true => self.views.keys().cloned().collect(),
                false => {
                    reads.relations.iter().filter(|name| self.views.contains_key(*name)).cloned().collect()
                }
            };
            for name in wanted {
                let planned = self.view(&name).await;
                // A view that broke is missing from lists; only who reads it has to know why.
                if reads.relations.contains(&name) {
                    planned?;
                }
            }
            let measured = calls::rewrite(&mut statement, &self.functions)?;
            self.plan_repaired(statement, &measured).await
        })
    }

    /// Plans the view of a namespace of metrics that a statement reads.
    async fn namespace(&mut self, statement: &mut Statement) -> Result<(), SqlError> {
        self.namespaces += 1;
        let namespace = metrics::rewrite(statement, self.namespaces)?;
        if namespace.asks_gauge {
            let text =
                "ActiveTokenCount is null here: it is a level of tokens, not a sum over attempts".to_owned();
            let suggestion = Some("SELECT active_tokens() FROM token_states".to_owned());
            self.notes.push(Note { text, suggestion });
        }
        self.register(&namespace.name, namespace.sql).await
    }

    async fn view(&mut self, name: &str) -> Result<(), SqlError> {
        if self.schema.table_exist(name) {
            return Ok(());
        }
        let Some(sql) = self.views.get(name).cloned() else { return Ok(()) };
        if self.inside.iter().any(|view| view == name) || self.inside.len() >= VIEW_DEPTH_MAX {
            let message = format!("the view {name} is defined by itself: {}", self.inside.join(" reads "));
            return Err(SqlError::unsupported(message).hint("save it again without itself"));
        }
        self.register(name, sql).await
    }

    async fn register(&mut self, name: &str, sql: String) -> Result<(), SqlError> {
        self.inside.push(name.to_owned());
        let planned = match self.own(&sql) {
            Ok(statement) => self.statement(statement).await,
            Err(error) => Err(error),
        };
        self.inside.pop();
        let in_view = |error: SqlError| SqlError {
            message: format!("in the view {name}: {}", error.message),
            line: None,
            column: None,
            ..error
        };
        let view = ViewTable::new(planned.map_err(in_view)?, Some(sql));
        let registered = self.schema.register_table(name.to_owned(), Arc::new(view));
        registered.map(|_| ()).map_err(|error| error::of_planning(&error))
    }

    /// Plans, and repairs spellings of columns until the planner finds all of them.
    async fn plan_repaired(
        &mut self,
        mut statement: Statement,
        measured: &[Measured],
    ) -> Result<LogicalPlan, SqlError> {
        for _ in 0..REPAIRS_MAX {
            let planned = DataFusionStatement::Statement(Box::new(statement.clone()));
            let error = match self.state.statement_to_plan(planned).await {
                Ok(plan) => {
                    self.planned = Some(statement);
                    return Ok(plan);
                }
                Err(error) => error,
            };
            let missing = error::missing_column(&error);
            if let Some(missing) = &missing {
                if let Some(measure) = measured.iter().find(|measure| missing.place == Some(measure.place)) {
                    return Err(misplaced(measure));
                }
                if columns::replace(&mut statement, missing) {
                    continue;
                }
            }
            self.planned = Some(statement);
            return Err(error::of_planning(&error));
        }
        Err(SqlError::new(
            "too_large",
            format!("more than {REPAIRS_MAX} columns are not spelt as they are called"),
        ))
    }

    /// The error with a place: that of the function it names, where it has none.
    pub(crate) fn placed(&mut self, error: SqlError) -> SqlError {
        if error.line.is_some() {
            return error;
        }
        let span = self.planned.as_mut().and_then(|statement| calls::place_of(statement, &error.message));
        match span {
            Some(span) => error.at_span(span),
            None => error,
        }
    }
}

/// A measure over a table that does not have what it counts.
fn misplaced(measure: &Measured) -> SqlError {
    let (name, table) = (&measure.name, measures::table_of(&measure.name));
    let message = format!("{name}() counts the rows of {table}, which are not read here");
    SqlError::new("unknown_column", message).at(measure.place).hint(format!("SELECT {name}() FROM {table}"))
}

/// The views that are always there.
fn own_views() -> impl Iterator<Item = (String, String)> {
    let measures = measures::VIEWS.into_iter().map(|(name, unit)| (name.to_owned(), measures::view(unit)));
    measures.chain(metrics::TABLES.into_iter().map(|name| (name.to_owned(), metrics::whole_view())))
}

const SHOW_TABLES: &str = "SELECT table_name FROM information_schema.tables \
                           WHERE table_schema = 'public' ORDER BY table_name";

fn catalogs(schema: &Arc<MemorySchemaProvider>) -> Result<Arc<MemoryCatalogProviderList>, SqlError> {
    use datafusion::catalog::CatalogProviderList;
    let catalog = MemoryCatalogProvider::new();
    catalog
        .register_schema(session::SCHEMA, Arc::clone(schema) as _)
        .map_err(|error| error::of_planning(&error))?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(session::CATALOG.to_owned(), Arc::new(catalog));
    Ok(Arc::new(catalogs))
}

/// The tables that a plan scans, by name.
pub(crate) fn scanned(plan: &LogicalPlan) -> Vec<String> {
    let mut tables = Vec::new();
    let visited = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let name = scan.table_name.table().to_owned();
            let is_known =
                LakeTable::from_name(&name).is_some() || rollup_table::NAMES.contains(&name.as_str());
            if is_known && !tables.contains(&name) {
                tables.push(name);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    // The closure never fails.
    debug_assert!(visited.is_ok());
    tables
}
