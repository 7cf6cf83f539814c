//! Which queries does a tenant keep on the server?
//!
//! In the file of users, because they are people's own and no telemetry. Names differ by more than case: as names of
//! views they could not be told apart.

use sqlx::Row;
use walletscope_model::Timestamp;

use super::users::{Users, UsersError};

/// A query under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedQuery {
    /// Its name.
    pub name: String,
    /// The text.
    pub sql: String,
    /// When it was saved last.
    pub saved_at: Timestamp,
}

impl Users {
    /// A tenant's queries, by name.
    ///
    /// # Errors
    /// The read failed.
    pub async fn saved_queries(&self, tenant: &str) -> Result<Vec<SavedQuery>, UsersError> {
        let select = "SELECT name, sql, saved_at FROM saved_queries WHERE tenant = ? ORDER BY name";
        let read = |row: sqlx::sqlite::SqliteRow| {
            let (name, sql) = (row.try_get("name")?, row.try_get("sql")?);
            Ok(SavedQuery { name, sql, saved_at: Timestamp(row.try_get("saved_at")?) })
        };
        let rows = sqlx::query(select).bind(tenant).fetch_all(&self.pool).await;
        let queries = rows.and_then(|rows| rows.into_iter().map(read).collect());
        queries.map_err(self.failed("read saved queries"))
    }

    /// Saves a query; one of the same name is replaced.
    ///
    /// # Errors
    /// The write failed.
    pub async fn save_query(
        &self,
        tenant: &str,
        name: &str,
        sql: &str,
        now: Timestamp,
    ) -> Result<(), UsersError> {
        let upsert = "INSERT INTO saved_queries (tenant, name, sql, saved_at) VALUES (?, ?, ?, ?)
                      ON CONFLICT (tenant, name) DO UPDATE
                      SET name = excluded.name, sql = excluded.sql, saved_at = excluded.saved_at";
        let saved =
            sqlx::query(upsert).bind(tenant).bind(name).bind(sql).bind(now.0).execute(&self.pool).await;
        saved.map(drop).map_err(self.failed("save a query"))
    }

    /// Forgets a query; whether it was there.
    ///
    /// # Errors
    /// The write failed.
    pub async fn forget_query(&self, tenant: &str, name: &str) -> Result<bool, UsersError> {
        let delete =
            sqlx::query("DELETE FROM saved_queries WHERE tenant = ? AND name = ?").bind(tenant).bind(name);
        let deleted = delete.execute(&self.pool).await;
        deleted.map(|done| done.rows_affected() > 0).map_err(self.failed("delete a saved query"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn queries_are_kept_per_tenant_and_replaced_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::open(folder.path()).await.unwrap();
        users.save_query("one", "Daily", "SELECT 1", Timestamp(1)).await.unwrap();
        users.save_query("one", "daily", "SELECT 2", Timestamp(2)).await.unwrap();
        users.save_query("one", "a", "SELECT 3", Timestamp(3)).await.unwrap();
        users.save_query("two", "daily", "SELECT 4", Timestamp(4)).await.unwrap();
        let saved = |name: &str, sql: &str, at| SavedQuery {
            name: name.into(),
            sql: sql.into(),
            saved_at: Timestamp(at),
        };
        assert_eq!(
            users.saved_queries("one").await.unwrap(),
            [saved("a", "SELECT 3", 3), saved("daily", "SELECT 2", 2)]
        );
        assert!(users.forget_query("one", "DAILY").await.unwrap());
        assert!(!users.forget_query("one", "daily").await.unwrap());
        assert_eq!(users.saved_queries("two").await.unwrap(), [saved("daily", "SELECT 4", 4)]);
    }
}
