//! What do `walletscope backup` and `walletscope restore` do?
//!
//! A server that has the folder open is asked for its part and sends it while it works on; else the folder is opened
//! here. Keys and users are copied from the folder itself: they never go over a connection. The backup holds secrets
//! and personal data, so its file is for its owner alone, and appears under its name when it is whole.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::runtime::Handle;
use walletscope_journal::{EmbeddedStore, Options};
use walletscope_model::Timestamp;

use super::archive::{finish, write_file};
use super::export::Source;
use super::{BackupError, restore};
use crate::auth::{CREDENTIALS_FILE, Credentials, USERS_FILE, Users};
use crate::keep_lake::{hold, server, unanswered};
use crate::lake;
use crate::settings::Settings;
use crate::start::{store_folder, system_now};

/// Takes a backup into a file, or into a new file of a folder; the file's path and size.
///
/// # Errors
/// There is none, and nothing of it is left.
pub async fn backup(settings: &Settings, target: &Path) -> Result<(PathBuf, u64), BackupError> {
    let now = system_now()();
    let path = if target.is_dir() {
        target.join(format!("walletscope-{}.tar", compact(now)))
    } else {
        target.to_owned()
    };
    if path.exists() {
        return Err(BackupError::Refused(format!("{} exists; name another file", path.display())));
    }
    let beside = path.with_extension("part");
    let written = write(settings, &beside, now).await;
    let written = written.and_then(|bytes| {
        std::fs::rename(&beside, &path).map_err(|error| BackupError::File("name the backup", error))?;
        Ok((path, bytes))
    });
    if written.is_err() {
        // Best effort: what stays is no backup by its name.
        let _removed = std::fs::remove_file(&beside);
    }
    written
}

/// Makes a data folder of a backup; what it held.
///
/// # Errors
/// Nothing was restored.
pub async fn restore(settings: &Settings, path: &Path) -> Result<super::About, BackupError> {
    let (settings, path) = (settings.clone(), path.to_owned());
    let runtime = Handle::current();
    blocking(move || restore::restore(&path, &settings, &runtime, system_now()())).await
}

async fn write(settings: &Settings, path: &Path, now: Timestamp) -> Result<u64, BackupError> {
    let failed = |error| BackupError::File("write the backup", error);
    let mut file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    match hold(settings).map_err(BackupError::Refused)? {
        Some(held) => {
            // The store takes the lock itself.
            drop(held);
            let file = file.try_clone().map_err(failed)?;
            alone(settings, file, now).await?;
        }
        None => ask_server(settings, &mut file).await?,
    }
    write_keys(settings, path, &mut file).await?;
    let path = path.to_owned();
    blocking(move || {
        finish(&path, &mut file)?;
        file.metadata().map(|metadata| metadata.len()).map_err(failed)
    })
    .await
}

async fn alone(settings: &Settings, mut file: File, now: Timestamp) -> Result<(), BackupError> {
    let folder = store_folder(settings);
    let options = Options { retention: settings.retention(), ..Options::default() };
    let store = blocking(move || Ok(EmbeddedStore::open(&folder, options)?)).await?;
    let shared = lake::open(&settings.lake, now).await?;
    let source = Source { store, lake: shared.lake.clone(), runtime: Handle::current() };
    blocking(move || source.export(now, &mut file)).await?;
    shared.lake.close().await;
    Ok(())
}

async fn ask_server(settings: &Settings, file: &mut File) -> Result<(), BackupError> {
    let failed = |error| BackupError::Refused(unanswered(settings, &error));
    let client = server(settings).map_err(BackupError::Refused)?;
    let mut answer = client.post("/api/v1/backup", "{}".to_owned()).await.map_err(failed)?;
    while let Some(bytes) = answer.next().await.map_err(failed)? {
        file.write_all(&bytes).map_err(|error| BackupError::File("write the backup", error))?;
    }
    Ok(())
}

/// The file of users is copied by SQLite, so that what a server writes meanwhile is in it whole or not at all.
async fn write_keys(settings: &Settings, path: &Path, file: &mut File) -> Result<(), BackupError> {
    let failed = |error| BackupError::File("copy keys and users", error);
    let credentials = std::fs::read(Credentials::path(&settings.data)).map_err(failed)?;
    let copy = path.with_extension("users");
    let users = Users::open(&settings.data).await.map_err(|error| BackupError::Refused(error.to_string()))?;
    let copied = users.copy_to(&copy).await;
    users.close().await;
    let bytes = copied.map_err(|error| BackupError::Refused(error.to_string()));
    let bytes = bytes.and_then(|()| std::fs::read(&copy).map_err(failed));
    // Best effort: the copy holds hashes of tokens, and was made for its owner alone.
    let _removed = std::fs::remove_file(&copy);
    write_file(file, CREDENTIALS_FILE, &credentials).map_err(failed)?;
    write_file(file, USERS_FILE, &bytes?).map_err(failed)
}

async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let ran = tokio::task::spawn_blocking(run).await;
    ran.unwrap_or_else(|error| Err(BackupError::Refused(format!("it panicked: {error}"))))
}

/// `20261122T120430Z`.
fn compact(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.split('.').next().unwrap_or(&text).trim_end_matches('Z');
    format!("{}Z", seconds.replace(['-', ':'], ""))
}
