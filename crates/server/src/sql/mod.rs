//! How is a text of SQL answered for a tenant, whatever door it came through?
//!
//! [`Sql`] puts the engine, the tenant's saved views and the threads that queries run on together. A text that holds a
//! card number is refused before anything reads it; `CREATE VIEW` and `DROP VIEW` are done here, because the engine
//! keeps nothing.

mod threads;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use walletscope_guard::guard;
use walletscope_query::{Answer, Description, Engine, Intent, Question, SavedView, SqlError, intent};

use crate::auth::{SavedQuery, Users};
use crate::lake::LakeTables;
use crate::pipeline::Now;

pub use threads::QueryThreads;
pub use walletscope_query::Limits;

/// The code of a refused text that holds a card number.
pub const CARD_NUMBER: &str = "card_number";
/// Queries that a tenant may save.
pub const SAVED_MAX: usize = 1_000;
/// Characters of a saved query's name at most.
pub const NAME_CHARS_MAX: usize = 100;

/// Answers SQL.
pub struct Sql {
    engine: Engine,
    users: Users,
    threads: QueryThreads,
    now: Now,
}

impl Sql {
    /// Over the tables of a lake, with the queries that the users' file keeps.
    ///
    /// # Errors
    /// The machine has no thread to spare.
    pub fn open(tables: LakeTables, users: Users, limits: Limits, now: Now) -> Result<Self, SqlError> {
        let threads =
            QueryThreads::start().map_err(|error| failed(format!("no threads for queries: {error}")))?;
        let engine = Engine::new(Arc::new(tables), limits);
        Ok(Self { engine, users, threads, now })
    }

    /// Starts the answer to `sql` for `tenant`. To be called on [`threads`](Self::threads), where the answer must also
    /// be read.
    ///
    /// # Errors
    /// The text is not answered; see [`SqlError`].
    pub async fn answer(&self, tenant: &str, sql: &str) -> Result<Answer, SqlError> {
        check_guard(sql)?;
        let saved = self.saved(tenant).await?;
        match intent(sql, self.engine.limits())? {
            Intent::Ask => self.engine.answer(&self.question(tenant, sql, views(&saved))).await,
            Intent::SaveView(view) => self.save_view(tenant, &saved, view).await,
            Intent::DropView { name, if_exists } => self.drop_view(tenant, &saved, &name, if_exists).await,
        }
    }

    /// The tenant's saved queries, by name.
    ///
    /// # Errors
    /// The file of users could not be read.
    pub async fn saved(&self, tenant: &str) -> Result<Vec<SavedQuery>, SqlError> {
        self.users.saved_queries(tenant).await.map_err(|error| unreadable(&error))
    }

    /// Saves a query under a name; one of the same name is replaced.
    ///
    /// # Errors
    /// The name or the text cannot be kept, or the write failed.
    pub async fn save(&self, tenant: &str, name: &str, sql: &str) -> Result<(), SqlError> {
        check_name(name)?;
        check_guard(sql)?;
        self.check_taken(tenant, name).await?;
        if sql.len() > self.engine.limits().text_bytes {
            let message = format!("the text is longer than {} bytes", self.engine.limits().text_bytes);
            return Err(refusal("too_large", message));
        }
        let saved = self.saved(tenant).await?;
        let is_known = saved.iter().any(|query| query.name.eq_ignore_ascii_case(name));
        if !is_known && saved.len() >= SAVED_MAX {
            let message = format!("{SAVED_MAX} queries are saved already");
            return Err(SqlError {
                hint: Some("delete some first".to_owned()),
                ..refusal("too_large", message)
            });
        }
        let now = (self.now)();
        self.users.save_query(tenant, name, sql, now).await.map_err(|error| unreadable(&error))
    }

    /// Forgets a saved query; whether it was there.
    ///
    /// # Errors
    /// The write failed.
    pub async fn forget(&self, tenant: &str, name: &str) -> Result<bool, SqlError> {
        self.users.forget_query(tenant, name).await.map_err(|error| unreadable(&error))
    }

    /// Where queries run.
    pub fn threads(&self) -> &QueryThreads {
        &self.threads
    }

    /// The engine, for what is not a query.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Everything that a text of SQL may name.
    ///
    /// # Errors
    /// The tables or the saved queries could not be read.
    pub async fn describe(&self, tenant: &str) -> Result<Description, SqlError> {
        let saved = self.saved(tenant).await?;
        self.engine.describe(&self.question(tenant, "", views(&saved))).await
    }

    /// A saved query never takes the place of a table.
    async fn check_taken(&self, tenant: &str, name: &str) -> Result<(), SqlError> {
        let own = self.engine.describe(&self.question(tenant, "", BTreeMap::new())).await?;
        if own.tables.iter().any(|table| table.name.eq_ignore_ascii_case(name)) {
            let message = format!("{name} is a table of the product's own");
            return Err(SqlError {
                hint: Some("take another name".to_owned()),
                ..refusal("unsupported", message)
            });
        }
        Ok(())
    }

    fn question(&self, tenant: &str, sql: &str, views: BTreeMap<String, String>) -> Question {
        Question { tenant: tenant.to_owned(), sql: sql.to_owned(), now: (self.now)(), views }
    }

    /// A view that cannot be planned is not saved.
    async fn save_view(
        &self,
        tenant: &str,
        saved: &[SavedQuery],
        view: SavedView,
    ) -> Result<Answer, SqlError> {
        let is_known = saved.iter().any(|query| query.name.eq_ignore_ascii_case(&view.name));
        if is_known && !view.replaces {
            let message = format!("there is a saved query {} already", view.name);
            return Err(SqlError {
                hint: Some("CREATE OR REPLACE VIEW … takes its place".to_owned()),
                ..failed(message)
            });
        }
        let planned = self.engine.answer(&self.question(tenant, &view.sql, views(saved))).await;
        // The engine wrote the text anew, so that places in it are not those of the text that was sent.
        let planned = planned.map_err(|error| SqlError { line: None, column: None, ..error })?;
        self.save(tenant, &view.name, &view.sql).await?;
        done(&view.name, "saved", planned.head)
    }

    async fn drop_view(
        &self,
        tenant: &str,
        saved: &[SavedQuery],
        name: &str,
        if_exists: bool,
    ) -> Result<Answer, SqlError> {
        if !saved.iter().any(|query| query.name.eq_ignore_ascii_case(name)) && !if_exists {
            let names: Vec<_> = saved.iter().map(|query| query.name.as_str()).take(8).collect();
            let hint = (!names.is_empty()).then(|| format!("the saved queries are {}", names.join(", ")));
            return Err(SqlError {
                hint,
                ..refusal("unknown_table", format!("there is no saved query {name}"))
            });
        }
        let was_there = self.forget(tenant, name).await?;
        done(name, if was_there { "dropped" } else { "was not there" }, 0)
    }
}

/// Saved queries whose names can stand in a text of SQL.
fn views(saved: &[SavedQuery]) -> BTreeMap<String, String> {
    let named = saved.iter().filter(|query| is_identifier(&query.name));
    named.map(|query| (query.name.clone(), query.sql.clone())).collect()
}

fn is_identifier(name: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && name.chars().all(is_part)
}

fn check_name(name: &str) -> Result<(), SqlError> {
    check_guard(name)?;
    let is_short = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if !is_short || name.trim() != name || name.chars().any(char::is_control) {
        let message = format!(
            "a saved query is named by 1 to {NAME_CHARS_MAX} characters, without spaces at either end and without \
             control characters"
        );
        return Err(refusal("unsupported", message));
    }
    Ok(())
}

/// A card number in a question names nothing here, and must not reach a log, a history or a saved query.
fn check_guard(text: &str) -> Result<(), SqlError> {
    if guard(text).cuts == 0 {
        return Ok(());
    }
    let message = "the text holds a card number, which is never kept";
    let hint = "compare bin with the first 6 or 8 digits and last_four with the last four";
    Err(SqlError { hint: Some(hint.to_owned()), ..refusal(CARD_NUMBER, message.to_owned()) })
}

fn done(name: &str, what: &str, head: u64) -> Result<Answer, SqlError> {
    let columns = [("view", name), ("result", what)];
    let columns =
        columns.map(|(column, value)| (column, Arc::new(StringArray::from(vec![value])) as ArrayRef));
    let rows = RecordBatch::try_from_iter(columns).map_err(|error| failed(error.to_string()))?;
    let schema = rows.schema();
    let batches = futures_util::stream::iter([Ok(rows)]);
    Ok(Answer {
        batches: Box::pin(RecordBatchStreamAdapter::new(schema.clone(), batches)),
        plan: Arc::new(EmptyExec::new(schema.clone())),
        schema,
        notes: Vec::new(),
        answered_by: Vec::new(),
        head,
    })
}

fn unreadable(error: &crate::auth::UsersError) -> SqlError {
    tracing::error!(%error, "saved queries could not be read or written");
    failed("saved queries could not be read or written; the log says why".to_owned())
}

fn failed(message: String) -> SqlError {
    refusal("failed", message)
}

fn refusal(code: &'static str, message: String) -> SqlError {
    SqlError { code, message, line: None, column: None, hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_kept_and_names_that_are_views() {
        for (name, is_kept, is_view) in [
            ("failures_by_bank", true, true),
            ("_x", true, true),
            ("Failures, by bank", true, false),
            ("2nd", true, false),
            ("größe", true, false),
            ("", false, false),
            (" x", false, false),
            ("a\nb", false, false),
            ("4111 1111 1111 1111", false, false),
        ] {
            assert_eq!((check_name(name).is_ok(), is_identifier(name)), (is_kept, is_view), "{name:?}");
        }
        assert!(check_name(&"x".repeat(NAME_CHARS_MAX)).is_ok());
        assert!(check_name(&"x".repeat(NAME_CHARS_MAX + 1)).is_err());
    }

    #[test]
    fn a_card_number_is_refused_without_being_repeated() {
        let error =
            check_guard("SELECT * FROM log_events WHERE message LIKE '%4111111111111111%'").unwrap_err();
        assert_eq!(error.code, CARD_NUMBER);
        assert!(!error.to_string().contains("4111"), "{error}");
        assert!(
            check_guard("SELECT count(*) FROM attempts WHERE bin = '411111' AND last_four = '1111'").is_ok()
        );
    }
}
