//! Where are keys, links, sessions and saved queries kept? In `DIR/users.db`, a SQLite file that only its owner may read.
//!
//! They are not journalled: they are no telemetry, and a replay must not bring a revoked key back. The command line
//! and the running server open the file at the same time; SQLite's locks keep them apart.

use std::fmt;
use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::error::BoxDynError;
use sqlx::migrate::{MigrateError, Migration, MigrationSource, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::secret::NoRandomness;

/// The file's name in the data folder.
pub const FILE_NAME: &str = "users.db";
/// Connections of one process; one of them watches for changes.
const CONNECTIONS_MAX: u32 = 4;
/// How long a writer waits for another one.
const BUSY_TIME_MAX: Duration = Duration::from_secs(5);

/// The open file. Clones share it.
#[derive(Clone)]
pub struct Users {
    pub(super) pool: SqlitePool,
    path: PathBuf,
}

/// Why keys, links or sessions could not be read or written.
#[derive(Debug)]
pub enum UsersError {
    /// The file could not be made or closed to others.
    File(PathBuf, io::Error),
    /// Its tables are of a version that this one does not know, or could not be made.
    Migrate(PathBuf, MigrateError),
    /// A statement failed.
    Query {
        /// What was attempted.
        attempted: &'static str,
        /// In which file.
        path: PathBuf,
        /// Why it failed.
        source: sqlx::Error,
    },
    /// A key's id, source or number is out of its limits; the text says which and what to do.
    Refused(String),
    /// No new secret could be made.
    NoRandomness(NoRandomness),
}

impl Users {
    /// Opens the file in the data folder, which must exist; makes the file and its tables.
    ///
    /// # Errors
    /// The file cannot be made or is no file of ours.
    pub async fn open(folder: &Path) -> Result<Self, UsersError> {
        let path = folder.join(FILE_NAME);
        make_private(&path).map_err(|error| UsersError::File(path.clone(), error))?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIME_MAX);
        let opening = SqlitePoolOptions::new().max_connections(CONNECTIONS_MAX).connect_with(options).await;
        let failed = |source| UsersError::Query { attempted: "open", path: path.clone(), source };
        let pool = opening.map_err(failed)?;
        let migrated = async { Migrator::new(Migrations).await?.run(&pool).await };
        migrated.await.map_err(|error| UsersError::Migrate(path.clone(), error))?;
        Ok(Self { pool, path })
    }

    /// Copies all of it, as of one moment, into a new file that only its owner may read.
    ///
    /// # Errors
    /// The copy could not be made.
    pub async fn copy_to(&self, path: &Path) -> Result<(), UsersError> {
        // SQLite takes an empty file as a new one, and this one is closed to others from the start.
        make_private(path).map_err(|error| UsersError::File(path.to_owned(), error))?;
        let copying = sqlx::query("VACUUM INTO ?").bind(path.to_string_lossy().into_owned());
        let copied = copying.execute(&self.pool).await;
        let failed = |source| UsersError::Query { attempted: "copy", path: self.path.clone(), source };
        copied.map(drop).map_err(failed)
    }

    /// Closes the file, with everything written.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Turns a failed statement into an error that says what was attempted.
    pub(super) fn failed(&self, attempted: &'static str) -> impl FnOnce(sqlx::Error) -> UsersError {
        let path = self.path.clone();
        move |source| UsersError::Query { attempted, path, source }
    }
}

/// SQLite gives its side files the mode of the main one, so that one must be private before SQLite sees it.
fn make_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// The tables' versions, oldest first; a released one never changes.
#[derive(Debug)]
struct Migrations;

impl MigrationSource<'static> for Migrations {
    fn resolve(self) -> Pin<Box<dyn Future<Output = Result<Vec<Migration>, BoxDynError>> + Send>> {
        let versions = [
            (1, "users", include_str!("migrations/0001_users.sql")),
            (2, "saved queries", include_str!("migrations/0002_saved_queries.sql")),
        ];
        let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into(), false)
        };
        Box::pin(async move { Ok(versions.into_iter().map(migration).collect()) })
    }
}

impl fmt::Display for UsersError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(
                    formatter,
                    "cannot open or make {} for its owner only: {error}; --data names the folder of a server that was \
                     started before",
                    path.display()
                )
            }
            Self::Migrate(path, error) => write!(
                formatter,
                "cannot use {}: {error}; it may come from a newer version: start that one, or move the file away and \
                 make the keys again",
                path.display()
            ),
            Self::Query { attempted, path, source } => {
                write!(formatter, "cannot {attempted} in {}: {source}", path.display())
            }
            Self::Refused(why) => formatter.write_str(why),
            Self::NoRandomness(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for UsersError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) => Some(error),
            Self::Migrate(_, error) => Some(error),
            Self::Query { source, .. } => Some(source),
            Self::NoRandomness(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_and_its_side_files_are_private_and_open_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "").unwrap();
        fs::set_permissions(folder.path().join(FILE_NAME), Permissions::from_mode(0o644)).unwrap();
        let users = Users::open(folder.path()).await.unwrap();
        let again = Users::open(folder.path()).await.unwrap();
        let mut names = 0;
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
            names += 1;
        }
        assert!(names > 1, "the side files are looked at too");
        users.close().await;
        again.close().await;
    }

    #[tokio::test]
    async fn a_file_that_is_not_ours_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "no database, though long enough to be one".repeat(30))
            .unwrap();
        let error = Users::open(folder.path()).await.err().unwrap().to_string();
        assert!(error.contains("users.db"), "{error}");
        let error = Users::open(&folder.path().join("missing")).await.err().unwrap().to_string();
        assert!(error.contains("missing/users.db"), "{error}");
    }

    #[tokio::test]
    async fn tables_of_a_newer_version_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::open(folder.path()).await.unwrap();
        let newer = "INSERT INTO _sqlx_migrations VALUES (99, 'newer', CURRENT_TIMESTAMP, 1, x'00', 0)";
        sqlx::query(newer).execute(&users.pool).await.unwrap();
        users.close().await;
        let error = Users::open(folder.path()).await.err().unwrap().to_string();
        assert!(error.contains("a newer version"), "{error}");
    }
}
