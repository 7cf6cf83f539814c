//! Which server is asked? The one that is named, the one that runs over the data folder, or one of our own over a folder
//! that nobody has open.
//!
//! A running server writes its address into its folder; a folder is held by a lock, so that of two processes only one can
//! open it. Our own server listens on this machine alone, at a port that nobody was told.

use std::path::{Path, PathBuf};

use walletscope_journal::StoreError;
use walletscope_model::Duration;

use crate::auth::{Credentials, Secret};
use crate::cli::PlaceArguments;
use crate::client::ApiClient;
use crate::settings::{Given, Settings};
use crate::start::{Server, StartError, start_as_it_is, system_now};

/// The file in the data folder that holds the running server's address.
const ADDRESS_FILE: &str = "address";
/// Where a server listens that was told nothing.
const URL_DEFAULT: &str = "http://127.0.0.1:7300";
/// Our own server writes nothing to the lake that it need not.
const NEVER: Duration = Duration::from_seconds(3_650 * 86_400);

/// A server to ask.
pub(super) struct Place {
    client: ApiClient,
    own: Option<Server>,
}

impl Place {
    /// Finds it.
    ///
    /// # Errors
    /// There is none, or no token for it; the text says what to do.
    pub(super) async fn find(arguments: &PlaceArguments) -> Result<Self, String> {
        let folder = &arguments.data;
        if let Some(url) = &arguments.server {
            return Ok(Self { client: client(url, token(arguments)?)?, own: None });
        }
        let written = std::fs::read_to_string(folder.join(ADDRESS_FILE)).ok();
        let urls = [written.as_deref().map(str::trim), arguments.api_token.is_some().then_some(URL_DEFAULT)];
        for url in urls.into_iter().flatten() {
            let client = client(url, token(arguments)?)?;
            if client.is_there().await {
                return Ok(Self { client, own: None });
            }
        }
        if !Credentials::path(folder).exists() {
            return Err(format!(
                "{} is no data folder of a server; name one with --data DIR, or a server with --server URL and \
                 WALLETSCOPE_API_TOKEN",
                folder.display()
            ));
        }
        Self::open(folder).await
    }

    /// Opens the folder itself.
    async fn open(folder: &Path) -> Result<Self, String> {
        let given = Given {
            data: Some(folder.to_owned()),
            listen: Some("127.0.0.1:0".to_owned()),
            ..from_environment()
        };
        let mut settings = Settings::load(given).map_err(|error| error.to_string())?;
        settings.lake.flush_after = NEVER;
        settings.lake.merge_after = NEVER;
        settings.lake.keep = None;
        let server = start_as_it_is(&settings, system_now()).await.map_err(|error| match error {
            StartError::Store(StoreError::Locked { folder }) => {
                format!(
                    "{folder} is held by a server that does not answer; name its address with --server URL"
                )
            }
            error => error.to_string(),
        })?;
        let client =
            client(&format!("http://{}", server.address), server.auth.credentials().api_token.clone())?;
        Ok(Self { client, own: Some(server) })
    }

    /// Asks it.
    pub(super) fn client(&self) -> &ApiClient {
        &self.client
    }

    /// Ends a server of our own.
    pub(super) async fn leave(self) {
        if let Some(server) = self.own {
            server.stop().await;
        }
    }
}

/// Where the lake's files lie and their keys are known from the environment, as a server's are; what else is set there
/// is a running server's.
fn from_environment() -> Given {
    #[derive(clap::Parser)]
    struct Environment {
        #[command(flatten)]
        given: Given,
    }
    let given = <Environment as clap::Parser>::try_parse_from(["walletscope"])
        .map(|read| read.given)
        .unwrap_or_default();
    Given {
        config: given.config,
        region: given.region,
        lake_s3: given.lake_s3,
        lake_s3_endpoint: given.lake_s3_endpoint,
        placeholder_id: given.placeholder_id,
        journal_keep: given.journal_keep,
        journal_size: given.journal_size,
        ..Given::default()
    }
}

fn client(url: &str, token: Secret) -> Result<ApiClient, String> {
    ApiClient::new(url, token).map_err(|error| error.to_string())
}

fn token(arguments: &PlaceArguments) -> Result<Secret, String> {
    if let Some(token) = &arguments.api_token {
        return Ok(Secret::new(token.as_str()));
    }
    let credentials = Credentials::read(&arguments.data);
    credentials.map(|credentials| credentials.api_token).map_err(|error| error.to_string())
}

/// A running server's address in its folder, for as long as this lives.
pub struct Announced(PathBuf);

impl Announced {
    /// Writes the address; one that cannot be written is only not found.
    pub fn write(folder: &Path, url: &str) -> Self {
        let path = folder.join(ADDRESS_FILE);
        if let Err(error) = std::fs::write(&path, format!("{url}\n")) {
            tracing::warn!(%error, "the address could not be written into the data folder");
        }
        Self(path)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // Somebody may have removed it.
        let _removed = std::fs::remove_file(&self.0);
    }
}
