//! Which metadata file is each table's current one?
//!
//! A SQLite database with the two tables of Iceberg's JDBC catalog, so that pyiceberg's `SqlCatalog` and others find
//! the tables with no help of ours. Changing a table is one compare-and-set of its metadata's location; what that
//! says is durable when it returns.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::Row as _;

use crate::error::LakeError;

/// The catalog's name inside the database.
pub const CATALOG_NAME: &str = "walletscope";
/// The namespace of every table.
pub const NAMESPACE: &str = "walletscope";

const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS iceberg_tables (
        catalog_name VARCHAR(255) NOT NULL,
        table_namespace VARCHAR(255) NOT NULL,
        table_name VARCHAR(255) NOT NULL,
        metadata_location VARCHAR(1000),
        previous_metadata_location VARCHAR(1000),
        iceberg_type VARCHAR(5),
        PRIMARY KEY (catalog_name, table_namespace, table_name))",
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
        catalog_name VARCHAR(255) NOT NULL,
        namespace VARCHAR(255) NOT NULL,
        property_key VARCHAR(255) NOT NULL,
        property_value VARCHAR(1000) NOT NULL,
        PRIMARY KEY (catalog_name, namespace, property_key))",
];

/// The catalog of one lake.
#[derive(Clone, Debug)]
pub struct Catalog {
    pool: SqlitePool,
}

impl Catalog {
    /// Opens the catalog in this file; made if it is not there.
    ///
    /// # Errors
    /// The file is no catalog of ours or could not be read or made.
    pub async fn open(file: &Path) -> Result<Self, LakeError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await.map_err(failed)?;
        for statement in SCHEMA {
            sqlx::query(statement).execute(&pool).await.map_err(failed)?;
        }
        sqlx::query("INSERT OR IGNORE INTO iceberg_namespace_properties VALUES (?, ?, 'exists', 'true')")
            .bind(CATALOG_NAME)
            .bind(NAMESPACE)
            .execute(&pool)
            .await
            .map_err(failed)?;
        Ok(Self { pool })
    }

    /// The location of a table's metadata; `None` where there is no such table.
    ///
    /// # Errors
    /// The catalog could not be read.
    pub async fn location(&self, table: &str) -> Result<Option<String>, LakeError> {
        let query = "SELECT metadata_location FROM iceberg_tables
            WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?";
        let row = sqlx::query(query).bind(CATALOG_NAME).bind(NAMESPACE).bind(table);
        let row = row.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| row.try_get(0).map_err(failed)).transpose()
    }

    /// Moves a table from the metadata at `from` (`None`: it is new) to that at `to`; `false` where it was elsewhere,
    /// and then nothing changed.
    ///
    /// # Errors
    /// The catalog could not be written; whether the table moved must be read again.
    pub async fn swap(&self, table: &str, from: Option<&str>, to: &str) -> Result<bool, LakeError> {
        let done = match from {
            Some(from) => {
                let query = "UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?
                    WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?";
                let query = sqlx::query(query).bind(to).bind(from).bind(CATALOG_NAME).bind(NAMESPACE);
                query.bind(table).bind(from).execute(&self.pool).await
            }
            None => {
                let query = "INSERT OR IGNORE INTO iceberg_tables VALUES (?, ?, ?, ?, NULL, 'TABLE')";
                let query = sqlx::query(query).bind(CATALOG_NAME).bind(NAMESPACE).bind(table).bind(to);
                query.execute(&self.pool).await
            }
        };
        Ok(done.map_err(failed)?.rows_affected() == 1)
    }

    /// Closes the database; handles that are still there get errors.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn failed(error: sqlx::Error) -> LakeError {
    LakeError::Catalog(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_table_moves_only_from_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.db")).await.unwrap();
        assert_eq!(catalog.location("t").await.unwrap(), None);
        assert!(catalog.swap("t", None, "1").await.unwrap());
        assert!(!catalog.swap("t", None, "other").await.unwrap());
        assert!(catalog.swap("t", Some("1"), "2").await.unwrap());
        assert!(!catalog.swap("t", Some("1"), "3").await.unwrap());
        assert_eq!(catalog.location("t").await.unwrap().as_deref(), Some("2"));
    }
}
