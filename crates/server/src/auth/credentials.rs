//! Which first key pair and API token does this server have?
//!
//! They are in `DIR/credentials`, an AWS shared-credentials file, so that any SDK can read its keys by
//! `AWS_SHARED_CREDENTIALS_FILE`. A file that exists is used as it is: other profiles, comments and line ends stay,
//! and only entries that are missing from `[default]` are added. The hard part is to never lose or show a secret:
//! the file is written beside, synced and moved into place, and is 0600 from its first byte on.

use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::profile::{Profile, ProfileError};
use super::secret::{NoRandomness, Secret, random_id};

/// The file's name in the data folder.
pub const FILE_NAME: &str = "credentials";
/// The longest credentials file that is read.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

const ACCESS_KEY_ID: &str = "aws_access_key_id";
const SECRET_ACCESS_KEY: &str = "aws_secret_access_key";
const API_TOKEN: &str = "walletscope_api_token";
const ENTRIES: [&str; 3] = [ACCESS_KEY_ID, SECRET_ACCESS_KEY, API_TOKEN];

/// The first key pair and the token of the API.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What SDKs send as their access key.
    pub access_key_id: Box<str>,
    /// What they sign with.
    pub secret_access_key: Secret,
    /// The bearer token of the JSON API.
    pub api_token: Secret,
}

/// What an operator should know, though the server starts.
#[derive(Debug, PartialEq, Eq)]
pub enum Warning {
    /// Others could read the file until now.
    WasOpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits before.
        mode: u32,
    },
    /// Others can read the file, and its mode could not be changed.
    IsOpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Why it could not be changed.
        why: io::ErrorKind,
    },
}

/// Why there are no credentials.
#[derive(Debug)]
pub enum CredentialsError {
    /// The file or its folder could not be read or written.
    Io {
        /// What was tried: `read`, `create`, …
        attempted: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The file is over [`FILE_BYTES_MAX`] or not UTF-8.
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The file is text, but not a credentials file that AWS's clients would read.
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: ProfileError,
    },
    /// An entry that must be there is not: only [`Credentials::read`] says so.
    Missing {
        /// The file.
        path: PathBuf,
        /// The entry's name.
        entry: &'static str,
    },
    /// A new secret could not be made.
    NoRandomness(NoRandomness),
}

impl Credentials {
    /// The file's path in a data folder.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join(FILE_NAME)
    }

    /// Reads `folder/credentials`; makes the folder, the file and the entries that are missing.
    ///
    /// # Errors
    /// The file cannot be read, written or understood; it is then unchanged.
    pub fn open(folder: &Path) -> Result<(Self, Vec<Warning>), CredentialsError> {
        create_folder(folder)?;
        let path = folder.join(FILE_NAME);
        let text = match read_text(&path)? {
            Some(text) => text,
            None => {
                create(&path, &completed("", &path)?)?;
                // Another server may have been first; then its file is the one.
                read_text(&path)?.unwrap_or_default()
            }
        };
        let warnings = close_to_others(&path)?.into_iter().collect();
        let completed = completed(&text, &path)?;
        if completed != text {
            replace(&path, &completed)?;
        }
        Ok((Self::parse(&completed, &path)?, warnings))
    }

    /// Reads `folder/credentials` and changes nothing: for clients of a server that runs elsewhere.
    ///
    /// # Errors
    /// The file is not there, not readable, or an entry is missing.
    pub fn read(folder: &Path) -> Result<Self, CredentialsError> {
        let path = folder.join(FILE_NAME);
        let text = read_text(&path)?.ok_or_else(|| failed("read", &path)(io::ErrorKind::NotFound.into()))?;
        Self::parse(&text, &path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, CredentialsError> {
        let profile = Profile::parse(text, &ENTRIES).map_err(malformed(path))?;
        let entry = |name: &'static str| {
            let missing = || CredentialsError::Missing { path: path.to_owned(), entry: name };
            profile.get(name).ok_or_else(missing)
        };
        Ok(Self {
            access_key_id: entry(ACCESS_KEY_ID)?.into(),
            secret_access_key: Secret::new(entry(SECRET_ACCESS_KEY)?),
            api_token: Secret::new(entry(API_TOKEN)?),
        })
    }
}

/// The text with every entry that is missing from `[default]`.
fn completed(text: &str, path: &Path) -> Result<String, CredentialsError> {
    let profile = Profile::parse(text, &ENTRIES).map_err(malformed(path))?;
    let mut missing = Vec::new();
    for name in ENTRIES.into_iter().filter(|name| profile.get(name).is_none()) {
        let value = match name {
            ACCESS_KEY_ID => Ok(Secret::new(random_id("AKIA").map_err(CredentialsError::NoRandomness)?)),
            SECRET_ACCESS_KEY => Secret::random_secret_access_key(),
            _ => Secret::random_token("ws_"),
        };
        missing.push((name, value.map_err(CredentialsError::NoRandomness)?));
    }
    Ok(profile.with(&missing))
}

fn create_folder(folder: &Path) -> Result<(), CredentialsError> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", folder))
}

fn read_text(path: &Path) -> Result<Option<String>, CredentialsError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
        Ok(found) if found.len() > FILE_BYTES_MAX => {
            return Err(CredentialsError::NotText { path: path.to_owned() });
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(failed("read", path))?;
    String::from_utf8(bytes).map(Some).map_err(|_| CredentialsError::NotText { path: path.to_owned() })
}

/// Puts a new file in place unless one is there already.
fn create(path: &Path, text: &str) -> Result<(), CredentialsError> {
    let beside = write_beside(path, text)?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside).map_err(failed("remove", &beside))?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("create", path)(error)),
        Ok(()) => sync_folder_of(path),
    }
}

/// Puts a new text in the place of the file, or of the one that it links to.
fn replace(path: &Path, text: &str) -> Result<(), CredentialsError> {
    let path = fs::canonicalize(path).map_err(failed("find", path))?;
    let beside = write_beside(&path, text)?;
    fs::rename(&beside, &path).map_err(failed("replace", &path))?;
    sync_folder_of(&path)
}

fn write_beside(path: &Path, text: &str) -> Result<PathBuf, CredentialsError> {
    let beside = path.with_extension(format!("new.{}", std::process::id()));
    let write = || -> io::Result<()> {
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(failed("write", &beside))?;
    Ok(beside)
}

fn sync_folder_of(path: &Path) -> Result<(), CredentialsError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

/// Takes the file from group and others, as far as this process may.
fn close_to_others(path: &Path) -> Result<Option<Warning>, CredentialsError> {
    let mode = fs::metadata(path).map_err(failed("read", path))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(None);
    }
    let path = path.to_owned();
    Ok(Some(match fs::set_permissions(&path, Permissions::from_mode(0o600)) {
        Ok(()) => Warning::WasOpenToOthers { path, mode },
        Err(error) => Warning::IsOpenToOthers { path, mode, why: error.kind() },
    }))
}

fn failed(attempted: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CredentialsError {
    let path = path.to_owned();
    move |source| CredentialsError::Io { attempted, path, source }
}

fn malformed(path: &Path) -> impl Fn(ProfileError) -> CredentialsError {
    let path = path.to_owned();
    move |source| CredentialsError::Malformed { path: path.clone(), source }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WasOpenToOthers { path, mode } => write!(
                formatter,
                "{} had mode {mode:03o}, so others could read its secrets; it is 600 now. If others use this machine, \
                 delete the file and start again for new secrets",
                path.display()
            ),
            Self::IsOpenToOthers { path, mode, why } => write!(
                formatter,
                "{} has mode {mode:03o}, so others can read its secrets, and the mode could not be changed ({why}); \
                 give it mode 600",
                path.display()
            ),
        }
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { attempted, path, source } => {
                write!(formatter, "cannot {attempted} {}: {source}", path.display())?;
                match source.kind() {
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        formatter.write_str("; --data names a folder that this user can write to")
                    }
                    io::ErrorKind::NotFound => {
                        formatter.write_str("; `walletscope serve` makes the file at its first start")
                    }
                    _ => Ok(()),
                }
            }
            Self::NotText { path } => write!(
                formatter,
                "cannot read {}: it is not UTF-8 text of at most {FILE_BYTES_MAX} bytes; move it away, and the next \
                 start makes a new one",
                path.display()
            ),
            Self::Malformed { path, source } => write!(formatter, "cannot use {}: {source}", path.display()),
            Self::Missing { path, entry } => write!(
                formatter,
                "{} has no {entry} in [default]; `walletscope serve` adds it at its next start",
                path.display()
            ),
            Self::NoRandomness(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for CredentialsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Malformed { source, .. } => Some(source),
            Self::NoRandomness(error) => Some(error),
            Self::NotText { .. } | Self::Missing { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
