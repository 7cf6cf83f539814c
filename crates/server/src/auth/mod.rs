//! Who may call? Credentials, keys, sessions, and the layers that ask for them.
//!
//! Pure deciders (`host`, `origin`, `network`, `failures`, `profile`) stand beside those who do: `credentials` and
//! `users` keep files, `keyring` follows them, `door` and `sign_in` speak HTTP. Nothing outside this module sees a
//! secret but by [`Secret::expose`].

mod credentials;
mod door;
mod failures;
mod host;
mod keyring;
mod keys;
mod network;
mod origin;
mod profile;
mod saved;
mod secret;
mod session;
mod sign_in;
mod users;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::pipeline::Now;
use crate::settings::Settings;

pub use credentials::{Credentials, CredentialsError, FILE_NAME as CREDENTIALS_FILE, Warning};
pub use door::{Refused, check_host, open_on_this_machine, require_caller};
pub use failures::{FAILURES_MAX, FailureLimit, TooManyFailures, WINDOW};
pub use keyring::{KeyEntry, Keyring, Purpose, WATCH_EVERY};
pub(crate) use keys::is_source_name;
pub use keys::{FIRST_SOURCE, KEYS_MAX, Kind, ListedKey, NewKey, SOURCE_BYTES_MAX, TENANT};
pub use network::{ClientAddress, Network, NotANetwork};
pub use saved::SavedQuery;
pub use secret::{NoRandomness, Secret, TokenHash};
pub use session::{LINK_LIFE, SESSION_LIFE};
pub use sign_in::session_routes;
pub use users::{FILE_NAME as USERS_FILE, Users, UsersError};

/// What the layers carry.
pub type AuthState = Arc<Auth>;

/// Everything that decides who may call one server. Dropping it stops following the keys.
pub struct Auth {
    listen: SocketAddr,
    public_hosts: Vec<Box<str>>,
    trusted_proxies: Vec<Network>,
    hosts: host::HostRule,
    cookie_name: Box<str>,
    credentials: Credentials,
    warnings: Vec<Warning>,
    users: Users,
    keyring: Arc<Keyring>,
    failures: FailureLimit,
    now: Now,
    following: JoinHandle<()>,
}

/// Why it cannot be decided who may call.
#[derive(Debug)]
pub enum AuthError {
    /// The credentials file.
    Credentials(CredentialsError),
    /// The file of keys and sessions.
    Users(UsersError),
}

impl Auth {
    /// Opens or makes the credentials and the keys in the data folder, and follows the keys from then on. `listen` is
    /// the address that was bound, with its real port.
    ///
    /// # Errors
    /// A file cannot be read, made or understood.
    pub async fn open(settings: &Settings, listen: SocketAddr, now: Now) -> Result<Self, AuthError> {
        let (credentials, warnings) = Credentials::open(&settings.data).map_err(AuthError::Credentials)?;
        let users = Users::open(&settings.data).await.map_err(AuthError::Users)?;
        let keyring = Arc::new(Keyring::open(&credentials, &users).await.map_err(AuthError::Users)?);
        let following = tokio::spawn({
            let (keyring, users) = (keyring.clone(), users.clone());
            async move { keyring.follow(&users).await }
        });
        Ok(Self {
            listen,
            public_hosts: settings.public_hosts.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            hosts: host::HostRule::new(listen, &settings.public_hosts),
            // Cookies do not know ports, and several servers may run on one machine.
            cookie_name: format!("walletscope_session_{}", listen.port()).into(),
            credentials,
            warnings,
            users,
            keyring,
            failures: FailureLimit::default(),
            now,
            following,
        })
    }

    /// The good keys.
    pub fn keyring(&self) -> Arc<Keyring> {
        self.keyring.clone()
    }

    /// The first key pair and the API token.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The file of keys, sessions and saved queries.
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// What the operator should be told.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Counts wrong credentials by address; for doors that check credentials of their own.
    pub fn failures(&self) -> &FailureLimit {
        &self.failures
    }

    /// A new sign-in link. It is a secret that works once: for a terminal, never for a log.
    ///
    /// # Errors
    /// It could not be stored.
    pub async fn sign_in_link(&self) -> Result<String, AuthError> {
        let token = self.users.new_link((self.now)()).await.map_err(AuthError::Users)?;
        Ok(link(self.listen, &self.public_hosts, self.is_behind_tls(), &token))
    }

    /// Where clients find this server.
    pub fn url(&self) -> String {
        base(self.listen, &self.public_hosts, self.is_behind_tls())
    }

    fn is_behind_tls(&self) -> bool {
        !self.listen.ip().is_loopback() || !self.trusted_proxies.is_empty()
    }
}

/// A new sign-in link for the server of these settings, which may be running.
///
/// # Errors
/// The data folder holds no file of users that could be opened, or the link could not be stored.
pub async fn sign_in_link(settings: &Settings, now: &Now) -> Result<String, AuthError> {
    let users = Users::open(&settings.data).await.map_err(AuthError::Users)?;
    let token = users.new_link(now()).await.map_err(AuthError::Users)?;
    users.close().await;
    let is_behind_tls = !settings.listen.ip().is_loopback() || !settings.trusted_proxies.is_empty();
    Ok(link(settings.listen, &settings.public_hosts, is_behind_tls, &token))
}

fn link(listen: SocketAddr, public_hosts: &[Box<str>], is_behind_tls: bool, token: &Secret) -> String {
    format!("{}/sign-in?token={}", base(listen, public_hosts, is_behind_tls), token.expose())
}

/// By the first public name where there is one; else by this machine's own address.
fn base(listen: SocketAddr, public_hosts: &[Box<str>], is_behind_tls: bool) -> String {
    match public_hosts.first() {
        Some(name) if is_behind_tls => format!("https://{name}"),
        _ if listen.ip().is_unspecified() => format!("http://127.0.0.1:{}", listen.port()),
        _ => format!("http://{listen}"),
    }
}

impl Drop for Auth {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials(error) => error.fmt(formatter),
            Self::Users(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for AuthError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Credentials(error) => Some(error),
            Self::Users(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_where_a_browser_finds_the_server() {
        let cases: [(&str, &[&str], bool, &str); 6] = [
            ("127.0.0.1:7300", &[], false, "http://127.0.0.1:7300/sign-in?token=t"),
            ("[::1]:7300", &[], false, "http://[::1]:7300/sign-in?token=t"),
            ("0.0.0.0:7300", &[], true, "http://127.0.0.1:7300/sign-in?token=t"),
            ("0.0.0.0:7300", &["logs.example"], true, "https://logs.example/sign-in?token=t"),
            ("127.0.0.1:7300", &["logs.example"], true, "https://logs.example/sign-in?token=t"),
            ("127.0.0.1:7300", &["logs.example"], false, "http://127.0.0.1:7300/sign-in?token=t"),
        ];
        for (listen, names, is_behind_tls, expected) in cases {
            let names: Vec<Box<str>> = names.iter().map(|name| (*name).into()).collect();
            assert_eq!(link(listen.parse().unwrap(), &names, is_behind_tls, &Secret::new("t")), expected);
        }
    }
}
