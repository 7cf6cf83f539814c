//! How does a browser get in without a password? By a link with a random token that works once and soon ends; it
//! becomes a session, a cookie that only this server reads.
//!
//! Only hashes are stored, in the file of users, so a link made by the command line works on the running server and
//! is used up for both. Expiry is decided here by the time that the caller gives.

use sqlx::Row;
use walletscope_model::{Duration, Timestamp};

use super::secret::{Secret, TokenHash};
use super::users::{Users, UsersError};

/// How long a sign-in link works.
pub const LINK_LIFE: Duration = Duration::from_seconds(15 * 60);
/// How long a session lasts.
pub const SESSION_LIFE: Duration = Duration::from_seconds(30 * 86_400);
/// Links that were not used; the oldest goes first.
pub const LINKS_MAX: i64 = 100;
/// Sessions; the oldest goes first.
pub const SESSIONS_MAX: i64 = 1_000;

impl Users {
    /// Makes the token of a sign-in link.
    ///
    /// # Errors
    /// The write failed.
    pub async fn new_link(&self, now: Timestamp) -> Result<Secret, UsersError> {
        let token = Secret::random_token("").map_err(UsersError::NoRandomness)?;
        sqlx::query("INSERT INTO sign_in_links (token_hash, expires_at) VALUES (?, ?)")
            .bind(token.hash().as_bytes())
            .bind(now.plus(LINK_LIFE).0)
            .execute(&self.pool)
            .await
            .map_err(self.failed("make a sign-in link"))?;
        let prune = "DELETE FROM sign_in_links WHERE expires_at <= ? OR token_hash NOT IN
                     (SELECT token_hash FROM sign_in_links ORDER BY expires_at DESC LIMIT ?)";
        let pruned = sqlx::query(prune).bind(now.0).bind(LINKS_MAX).execute(&self.pool).await;
        pruned.map_err(self.failed("drop old sign-in links"))?;
        Ok(token)
    }

    /// Uses a link up and begins a session; `None` where the link is unknown, used or over.
    ///
    /// # Errors
    /// The write failed; the link may be used up then.
    pub async fn sign_in(&self, link: &str, now: Timestamp) -> Result<Option<Secret>, UsersError> {
        // One statement finds and deletes, so of two requests with one link only one gets a row.
        let used = sqlx::query("DELETE FROM sign_in_links WHERE token_hash = ? RETURNING expires_at")
            .bind(TokenHash::of(link).as_bytes())
            .fetch_optional(&self.pool)
            .await
            .map_err(self.failed("use a sign-in link"))?;
        let Some(used) = used else { return Ok(None) };
        let expires_at: i64 = used.try_get("expires_at").map_err(self.failed("use a sign-in link"))?;
        if expires_at <= now.0 {
            return Ok(None);
        }
        self.begin_session(now).await.map(Some)
    }

    /// True while the session with this cookie lasts.
    ///
    /// # Errors
    /// The read failed.
    pub async fn has_session(&self, cookie: &str, now: Timestamp) -> Result<bool, UsersError> {
        let select = "SELECT 1 FROM sessions WHERE token_hash = ? AND expires_at > ?";
        let hash = TokenHash::of(cookie);
        let found = sqlx::query(select).bind(hash.as_bytes()).bind(now.0).fetch_optional(&self.pool).await;
        found.map(|row| row.is_some()).map_err(self.failed("look for a session"))
    }

    /// Ends the session with this cookie, if there is one.
    ///
    /// # Errors
    /// The write failed.
    pub async fn end_session(&self, cookie: &str) -> Result<(), UsersError> {
        let hash = TokenHash::of(cookie);
        let delete = sqlx::query("DELETE FROM sessions WHERE token_hash = ?").bind(hash.as_bytes());
        delete.execute(&self.pool).await.map(drop).map_err(self.failed("end a session"))
    }

    async fn begin_session(&self, now: Timestamp) -> Result<Secret, UsersError> {
        let cookie = Secret::random_token("").map_err(UsersError::NoRandomness)?;
        sqlx::query("INSERT INTO sessions (token_hash, created_at, expires_at) VALUES (?, ?, ?)")
            .bind(cookie.hash().as_bytes())
            .bind(now.0)
            .bind(now.plus(SESSION_LIFE).0)
            .execute(&self.pool)
            .await
            .map_err(self.failed("begin a session"))?;
        let prune = "DELETE FROM sessions WHERE expires_at <= ? OR token_hash NOT IN
                     (SELECT token_hash FROM sessions ORDER BY created_at DESC LIMIT ?)";
        let pruned = sqlx::query(prune).bind(now.0).bind(SESSIONS_MAX).execute(&self.pool).await;
        pruned.map_err(self.failed("drop old sessions"))?;
        Ok(cookie)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000_000);

    async fn users() -> (tempfile::TempDir, Users) {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::open(folder.path()).await.unwrap();
        (folder, users)
    }

    #[tokio::test]
    async fn a_link_works_once() {
        let (_folder, users) = users().await;
        let link = users.new_link(START).await.unwrap();
        let session = users.sign_in(link.expose(), START).await.unwrap().unwrap();
        assert!(users.has_session(session.expose(), START).await.unwrap());
        assert!(users.sign_in(link.expose(), START).await.unwrap().is_none());
        for wrong in ["", "x", link.expose()] {
            assert!(users.sign_in(wrong, START).await.unwrap().is_none());
            assert!(!users.has_session(wrong, START).await.unwrap());
        }
    }

    #[tokio::test]
    async fn of_many_at_once_one_gets_in() {
        let (_folder, users) = users().await;
        let link = users.new_link(START).await.unwrap();
        let tries = (0..8).map(|_| {
            let (users, link) = (users.clone(), link.clone());
            tokio::spawn(async move { users.sign_in(link.expose(), START).await.unwrap().is_some() })
        });
        let mut signed_in = 0;
        for task in tries.collect::<Vec<_>>() {
            signed_in += usize::from(task.await.unwrap());
        }
        assert_eq!(signed_in, 1);
    }

    #[tokio::test]
    async fn links_and_sessions_end_on_time() {
        let (_folder, users) = users().await;
        let before = |life: Duration| START.plus(Duration(life.0 - 1));
        let (early, late) = (users.new_link(START).await.unwrap(), users.new_link(START).await.unwrap());
        assert!(users.sign_in(late.expose(), START.plus(LINK_LIFE)).await.unwrap().is_none());
        let session = users.sign_in(early.expose(), before(LINK_LIFE)).await.unwrap().unwrap();
        let begun = before(LINK_LIFE);
        let end = begun.plus(SESSION_LIFE);
        assert!(users.has_session(session.expose(), Timestamp(end.0 - 1)).await.unwrap());
        assert!(!users.has_session(session.expose(), end).await.unwrap());
    }

    #[tokio::test]
    async fn a_session_ends_when_asked_and_others_stay() {
        let (_folder, users) = users().await;
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let link = users.new_link(START).await.unwrap();
            sessions.push(users.sign_in(link.expose(), START).await.unwrap().unwrap());
        }
        users.end_session(sessions[0].expose()).await.unwrap();
        assert!(!users.has_session(sessions[0].expose(), START).await.unwrap());
        assert!(users.has_session(sessions[1].expose(), START).await.unwrap());
    }

    #[tokio::test]
    async fn unused_links_do_not_pile_up() {
        let (_folder, users) = users().await;
        let first = users.new_link(START).await.unwrap();
        for second in 1..=LINKS_MAX {
            users.new_link(START.plus(Duration::from_seconds(second))).await.unwrap();
        }
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sign_in_links");
        assert_eq!(count.fetch_one(&users.pool).await.unwrap(), LINKS_MAX);
        assert!(users.sign_in(first.expose(), START).await.unwrap().is_none());
    }
}
