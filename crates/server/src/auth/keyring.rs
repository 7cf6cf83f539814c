//! Whose key is this? The running server's view of every good key, looked up without waiting.
//!
//! A snapshot is replaced as a whole whenever the file of keys changes, which is looked for once a second. Lookups
//! tell nothing by their time: ids are no secrets, and tokens are found by their hash, in a map with its own random
//! seed, and then compared in constant time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::credentials::Credentials;
use super::keys::{FIRST_SOURCE, StoredKey, TENANT};
use super::secret::{Secret, TokenHash};
use super::users::{Users, UsersError};
use crate::api::Caller;

/// How often the file is looked at: the longest that a revoked key works on, but for the read itself.
pub const WATCH_EVERY: Duration = Duration::from_secs(1);

/// The good keys of one server.
pub struct Keyring {
    first: (Box<str>, KeyEntry),
    api_token: TokenHash,
    stored: ArcSwap<Stored>,
}

/// An access key's secret, and whose telemetry it brings.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    /// What its holder signs with.
    pub secret: Secret,
    /// The source.
    pub source: Box<str>,
    /// The tenant.
    pub tenant: Box<str>,
}

/// What a bearer token is presented for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The JSON API.
    Api,
    /// The doors that take telemetry without signatures.
    Ingest,
}

#[derive(Default)]
struct Stored {
    access: HashMap<Box<str>, KeyEntry>,
    ingest: HashMap<TokenHash, (Box<str>, Box<str>)>,
}

impl Keyring {
    /// The keys of the credentials file and of the file of users.
    ///
    /// # Errors
    /// The keys could not be read.
    pub async fn open(credentials: &Credentials, users: &Users) -> Result<Self, UsersError> {
        let first = KeyEntry {
            secret: credentials.secret_access_key.clone(),
            source: FIRST_SOURCE.into(),
            tenant: TENANT.into(),
        };
        let keyring = Self {
            first: (credentials.access_key_id.clone(), first),
            api_token: credentials.api_token.hash(),
            stored: ArcSwap::default(),
        };
        keyring.reload(users).await?;
        Ok(keyring)
    }

    /// The secret of an access key that is good now. The credentials file goes before the file of users.
    pub fn secret(&self, access_key_id: &str) -> Option<KeyEntry> {
        if *self.first.0 == *access_key_id {
            return Some(self.first.1.clone());
        }
        self.stored.load().access.get(access_key_id).cloned()
    }

    /// Who sends this bearer token, if it is good for this purpose now.
    pub fn bearer(&self, token: &str, purpose: Purpose) -> Option<Caller> {
        let hash = TokenHash::of(token);
        match purpose {
            Purpose::Api => {
                let caller = || Caller { tenant: TENANT.into(), name: "api token".into(), is_browser: false };
                self.api_token.matches(&hash).then(caller)
            }
            Purpose::Ingest => {
                let stored = self.stored.load();
                let (known, (source, tenant)) = stored.ingest.get_key_value(&hash)?;
                let caller = || Caller { tenant: tenant.clone(), name: source.clone(), is_browser: false };
                known.matches(&hash).then(caller)
            }
        }
    }

    /// Reads the keys anew.
    ///
    /// # Errors
    /// They could not be read; the view stays as it was.
    pub async fn reload(&self, users: &Users) -> Result<(), UsersError> {
        let mut stored = Stored::default();
        for key in users.good_keys().await? {
            match key {
                StoredKey::Access { id, secret, source, tenant } => {
                    stored.access.insert(id, KeyEntry { secret, source, tenant });
                }
                StoredKey::Ingest { hash, source, tenant } => {
                    stored.ingest.insert(hash, (source, tenant));
                }
            }
        }
        self.stored.store(Arc::new(stored));
        Ok(())
    }

    /// Follows the file for ever: whoever changes it, this view has the change within [`WATCH_EVERY`].
    ///
    /// While the file cannot be read, the view stays as it was and each failure is logged: a full disk must not lock
    /// every source out.
    pub async fn follow(&self, users: &Users) {
        loop {
            if let Err(error) = self.follow_one_connection(users).await {
                tracing::warn!(%error, "cannot look for changed keys; those read before stay in force");
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    /// SQLite counts the changes by others for each connection, so the one that asks must stay the same.
    async fn follow_one_connection(&self, users: &Users) -> Result<(), UsersError> {
        let failed = || users.failed("look for changed keys");
        let mut connection = users.pool.acquire().await.map_err(failed())?;
        let mut seen = None;
        loop {
            let version =
                sqlx::query_scalar::<_, i64>("PRAGMA data_version").fetch_one(&mut *connection).await;
            let version = version.map_err(failed())?;
            if seen != Some(version) {
                self.reload(users).await?;
                seen = Some(version);
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use walletscope_model::Timestamp;

    use super::super::keys::Kind;
    use super::*;

    async fn opened() -> (tempfile::TempDir, Credentials, Users, Keyring) {
        let folder = tempfile::tempdir().unwrap();
        let (credentials, _) = Credentials::open(folder.path()).unwrap();
        let users = Users::open(folder.path()).await.unwrap();
        let keyring = Keyring::open(&credentials, &users).await.unwrap();
        (folder, credentials, users, keyring)
    }

    #[tokio::test]
    async fn the_first_pair_and_token_are_known_and_nothing_else_is() {
        let (_folder, credentials, _users, keyring) = opened().await;
        let entry = keyring.secret(&credentials.access_key_id).unwrap();
        assert_eq!(entry.secret.expose(), credentials.secret_access_key.expose());
        assert_eq!((&*entry.source, &*entry.tenant), ("default", "default"));
        let token = credentials.api_token.expose();
        assert_eq!(&*keyring.bearer(token, Purpose::Api).unwrap().tenant, "default");
        assert!(keyring.bearer(token, Purpose::Ingest).is_none());
        assert!(keyring.secret(&credentials.access_key_id.to_lowercase()).is_none());
        for wrong in ["", "ws_", &token[..45], &format!("{token} "), credentials.secret_access_key.expose()] {
            assert!(keyring.bearer(wrong, Purpose::Api).is_none(), "{wrong}");
            assert!(keyring.secret(wrong).is_none(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_key_opens_its_own_purpose_until_it_is_revoked() {
        let (_folder, _, users, keyring) = opened().await;
        let access = users.add_key(Kind::Access, "a", Timestamp(1)).await.unwrap();
        let ingest = users.add_key(Kind::Ingest, "b", Timestamp(1)).await.unwrap();
        keyring.reload(&users).await.unwrap();
        let entry = keyring.secret(&access.id).unwrap();
        assert_eq!((entry.secret.expose(), &*entry.source), (access.secret.expose(), "a"));
        assert_eq!(&*keyring.bearer(ingest.secret.expose(), Purpose::Ingest).unwrap().name, "b");
        assert!(keyring.bearer(ingest.secret.expose(), Purpose::Api).is_none());
        assert!(keyring.secret(&ingest.id).is_none());
        for id in [&access.id, &ingest.id] {
            users.revoke_key(id, Timestamp(2)).await.unwrap();
        }
        keyring.reload(&users).await.unwrap();
        assert!(keyring.secret(&access.id).is_none());
        assert!(keyring.bearer(ingest.secret.expose(), Purpose::Ingest).is_none());
    }

    #[tokio::test]
    async fn changes_of_another_process_are_seen_within_seconds() {
        let (folder, _, users, keyring) = opened().await;
        let keyring = Arc::new(keyring);
        let following = tokio::spawn({
            let keyring = keyring.clone();
            async move { keyring.follow(&users).await }
        });
        let command_line = Users::open(folder.path()).await.unwrap();
        let key = command_line.add_key(Kind::Access, "a", Timestamp(1)).await.unwrap();
        until(|| keyring.secret(&key.id).is_some()).await;
        command_line.revoke_key(&key.id, Timestamp(2)).await.unwrap();
        until(|| keyring.secret(&key.id).is_none()).await;
        following.abort();
    }

    async fn until(is_so: impl Fn() -> bool) {
        let waiting = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("the change is seen");
    }
}
