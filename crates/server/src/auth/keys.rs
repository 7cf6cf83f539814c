//! Which further keys are there? Access keys that sign calls and ingest keys that are sent as they are, each under the
//! name of the source whose telemetry it brings.
//!
//! These are the commands that change them; `keyring` is the running server's view. The secret of an access key is
//! stored, because SigV4 cannot be checked without it; of an ingest key only the hash is.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use walletscope_model::Timestamp;

use super::secret::{Secret, TokenHash, random_id};
use super::users::{Users, UsersError};

/// Keys that are not revoked, over all sources.
pub const KEYS_MAX: i64 = 1_000;
/// The longest source name, in bytes.
pub const SOURCE_BYTES_MAX: usize = 64;
/// Whose data a key brings while there is one tenant.
pub const TENANT: &str = "default";
/// The source of the key pair in the credentials file.
pub const FIRST_SOURCE: &str = "default";

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Signs AWS calls.
    Access,
    /// A bearer token for the doors without signatures.
    Ingest,
}

/// A new key. The secret is shown once.
#[derive(Debug)]
pub struct NewKey {
    /// Names the key in lists and to revoke it; of an access key it is the access key id.
    pub id: Box<str>,
    /// The secret access key, or the whole bearer token.
    pub secret: Secret,
}

/// A key in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// See [`NewKey::id`].
    pub id: Box<str>,
    /// What it opens.
    pub kind: Kind,
    /// Whose telemetry it brings.
    pub source: Box<str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A key that is good, as the keyring needs it.
pub(super) enum StoredKey {
    Access { id: Box<str>, secret: Secret, source: Box<str>, tenant: Box<str> },
    Ingest { hash: TokenHash, source: Box<str>, tenant: Box<str> },
}

impl Users {
    /// Makes a key for a source. A source may have several, so that one can be replaced without a pause.
    ///
    /// # Errors
    /// The name is not of 1 to 64 letters, digits and `._-`, there are [`KEYS_MAX`] keys already, or the write failed.
    pub async fn add_key(&self, kind: Kind, source: &str, now: Timestamp) -> Result<NewKey, UsersError> {
        check_source(source)?;
        let key = new_key(kind).map_err(UsersError::NoRandomness)?;
        let (secret, hash) = match kind {
            Kind::Access => (Some(key.secret.expose()), None),
            Kind::Ingest => (None, Some(key.secret.hash())),
        };
        // One statement, so that two commands at once cannot pass the limit together.
        let insert = "INSERT INTO keys (id, kind, source, tenant, secret, token_hash, created_at)
                      SELECT ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM keys WHERE revoked_at IS NULL) < ?";
        let inserted = sqlx::query(insert)
            .bind(&*key.id)
            .bind(kind.name())
            .bind(source)
            .bind(TENANT)
            .bind(secret)
            .bind(hash.as_ref().map(TokenHash::as_bytes))
            .bind(now.0)
            .bind(KEYS_MAX)
            .execute(&self.pool)
            .await
            .map_err(self.failed("add a key"))?;
        if inserted.rows_affected() == 0 {
            let why = format!("cannot add a key: there are {KEYS_MAX} already; revoke one that is not used");
            return Err(UsersError::Refused(why));
        }
        Ok(key)
    }

    /// All keys ever made here, the oldest first. The pair in the credentials file is not among them.
    ///
    /// # Errors
    /// The read failed.
    pub async fn list_keys(&self) -> Result<Vec<ListedKey>, UsersError> {
        let select = "SELECT id, kind, source, created_at, revoked_at FROM keys ORDER BY created_at, id";
        let rows = sqlx::query(select).fetch_all(&self.pool).await.map_err(self.failed("list keys"))?;
        rows.iter().map(listed).collect::<Result<_, _>>().map_err(self.failed("list keys"))
    }

    /// Revokes a key for good; a running server refuses it within a few seconds. True unless it was revoked before.
    ///
    /// # Errors
    /// There is no such key, or the write failed.
    pub async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, UsersError> {
        let update = "UPDATE keys SET revoked_at = coalesce(revoked_at, ?1) WHERE id = ?2
                      RETURNING revoked_at = ?1 AS is_new";
        let row = sqlx::query(update).bind(now.0).bind(id).fetch_optional(&self.pool).await;
        let row = row.map_err(self.failed("revoke a key"))?;
        let row = row.ok_or_else(|| {
            UsersError::Refused(format!(
                "cannot revoke {id:?}: there is no such key; `walletscope keys list` names them"
            ))
        })?;
        row.try_get("is_new").map_err(self.failed("revoke a key"))
    }

    /// The keys that are good.
    pub(super) async fn good_keys(&self) -> Result<Vec<StoredKey>, UsersError> {
        let select = "SELECT id, source, tenant, secret, token_hash FROM keys WHERE revoked_at IS NULL";
        let rows = sqlx::query(select).fetch_all(&self.pool).await.map_err(self.failed("read the keys"))?;
        rows.iter().map(stored).collect::<Result<_, _>>().map_err(self.failed("read the keys"))
    }
}

impl Kind {
    /// As it is stored and listed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Ingest => "ingest",
        }
    }
}

fn new_key(kind: Kind) -> Result<NewKey, super::secret::NoRandomness> {
    Ok(match kind {
        Kind::Access => NewKey { id: random_id("AKIA")?, secret: Secret::random_secret_access_key()? },
        Kind::Ingest => NewKey { id: random_id("INGEST")?, secret: Secret::random_token("wsi_")? },
    })
}

/// Whether a source may have this name.
pub(crate) fn is_source_name(source: &str) -> bool {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let is_sized = (1..=SOURCE_BYTES_MAX).contains(&source.len());
    // Names stand in records, labels and lists: a run of digits as long as a card number has no place there.
    let has_card_length = source.split(|character: char| character.is_ascii_alphabetic());
    let has_card_length =
        has_card_length.map(|run| run.chars().filter(char::is_ascii_digit).count()).any(|n| n > 12);
    is_sized && source.chars().all(is_allowed) && !has_card_length
}

fn check_source(source: &str) -> Result<(), UsersError> {
    if is_source_name(source) {
        return Ok(());
    }
    Err(UsersError::Refused(format!(
        "cannot use this source name: it takes 1 to {SOURCE_BYTES_MAX} letters, digits, '.', '_' and '-', with no run \
         of more than 12 digits; for example wallet-gateway"
    )))
}

fn listed(row: &SqliteRow) -> Result<ListedKey, sqlx::Error> {
    let kind: &str = row.try_get("kind")?;
    let revoked_at: Option<i64> = row.try_get("revoked_at")?;
    Ok(ListedKey {
        id: row.try_get::<String, _>("id")?.into(),
        kind: if kind == Kind::Access.name() { Kind::Access } else { Kind::Ingest },
        source: row.try_get::<String, _>("source")?.into(),
        created_at: Timestamp(row.try_get("created_at")?),
        revoked_at: revoked_at.map(Timestamp),
    })
}

fn stored(row: &SqliteRow) -> Result<StoredKey, sqlx::Error> {
    let source = row.try_get::<String, _>("source")?.into();
    let tenant = row.try_get::<String, _>("tenant")?.into();
    if let Some(secret) = row.try_get::<Option<String>, _>("secret")? {
        let id = row.try_get::<String, _>("id")?.into();
        return Ok(StoredKey::Access { id, secret: Secret::new(secret), source, tenant });
    }
    let hash = TokenHash::from_bytes(row.try_get("token_hash")?);
    let hash = hash.ok_or_else(|| sqlx::Error::Decode("a token's hash has not 32 bytes".into()))?;
    Ok(StoredKey::Ingest { hash, source, tenant })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn users() -> (tempfile::TempDir, Users) {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::open(folder.path()).await.unwrap();
        (folder, users)
    }

    #[tokio::test]
    async fn keys_are_added_listed_and_revoked_for_good() {
        let (_folder, users) = users().await;
        let access = users.add_key(Kind::Access, "gateway", Timestamp(1)).await.unwrap();
        let ingest = users.add_key(Kind::Ingest, "gateway", Timestamp(2)).await.unwrap();
        assert!(access.id.starts_with("AKIA") && access.secret.expose().len() == 40);
        assert!(ingest.id.starts_with("INGEST") && ingest.secret.expose().starts_with("wsi_"));
        assert!(users.revoke_key(&access.id, Timestamp(3)).await.unwrap());
        assert!(!users.revoke_key(&access.id, Timestamp(4)).await.unwrap());
        let listed = |id: &str, kind, created_at, revoked_at: Option<i64>| ListedKey {
            id: id.into(),
            kind,
            source: "gateway".into(),
            created_at: Timestamp(created_at),
            revoked_at: revoked_at.map(Timestamp),
        };
        assert_eq!(
            users.list_keys().await.unwrap(),
            [listed(&access.id, Kind::Access, 1, Some(3)), listed(&ingest.id, Kind::Ingest, 2, None)]
        );
        assert_eq!(users.good_keys().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_token_of_an_ingest_key_is_nowhere_in_the_files() {
        let (folder, users) = users().await;
        let access = users.add_key(Kind::Access, "a", Timestamp(1)).await.unwrap();
        let ingest = users.add_key(Kind::Ingest, "b", Timestamp(1)).await.unwrap();
        users.close().await;
        let mut bytes = Vec::new();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(has(access.secret.expose()) && has(&ingest.id) && !has(ingest.secret.expose()));
    }

    #[tokio::test]
    async fn names_and_ids_that_cannot_be_are_refused() {
        let (_folder, users) = users().await;
        for source in ["", " ", "a b", "a/b", "é", "4242424242424242", "4242-4242-4242-4242", &"a".repeat(65)]
        {
            let refused = users.add_key(Kind::Access, source, Timestamp(1)).await;
            assert!(matches!(refused, Err(UsersError::Refused(_))), "{source}");
        }
        for source in ["a", "wallet-gateway.eu_1", "2026-01-15", &"a".repeat(64)] {
            users.add_key(Kind::Access, source, Timestamp(1)).await.unwrap();
        }
        let error = users.revoke_key("AKIANOTHERE", Timestamp(1)).await.unwrap_err().to_string();
        assert!(error.contains("AKIANOTHERE") && error.contains("keys list"), "{error}");
    }

    #[tokio::test]
    async fn there_is_a_limit_and_revoking_makes_room() {
        let (_folder, users) = users().await;
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                    INSERT INTO keys (id, kind, source, tenant, secret, created_at)
                    SELECT 'K' || i, 'access', 's', 'default', 'x', 0 FROM n";
        sqlx::query(fill).bind(KEYS_MAX).execute(&users.pool).await.unwrap();
        let error = users.add_key(Kind::Access, "a", Timestamp(1)).await.unwrap_err().to_string();
        assert!(error.contains("revoke one"), "{error}");
        users.revoke_key("K7", Timestamp(1)).await.unwrap();
        users.add_key(Kind::Access, "a", Timestamp(1)).await.unwrap();
    }
}
