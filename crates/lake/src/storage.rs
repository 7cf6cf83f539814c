//! Where do the lake's files lie, and when are they really there?
//!
//! A [`Warehouse`] is a folder of this machine or a prefix of an S3 bucket. A [`put`](Files::put) that returned `Ok`
//! survives power loss: the folder's files are synced, and so are their directories, before the catalog points at
//! them. Files are written once under names of their own and never changed, so readers need no lock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as ObjectPath;
use object_store::{ClientConfigKey, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};

use crate::error::LakeError;

/// How often a request to a bucket is tried again before its caller is told.
const S3_RETRIES_MAX: usize = 4;
/// Nothing is tried again after this long: the lake's jobs have pauses of their own, and a query's reader waits.
const S3_RETRY_TIME_MAX: Duration = Duration::from_secs(20);
/// How long a request to a bucket may take with its body. The largest body is that of a flush after a long outage.
const S3_REQUEST_TIME_MAX: &str = "120 seconds";

/// Reads and writes whole files by their path relative to the warehouse. Called from any thread of the runtime.
#[async_trait]
pub trait Files: Send + Sync {
    /// Writes a new file; durable when it returns.
    ///
    /// # Errors
    /// Nothing, or an unreferenced part of the file, was written.
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError>;

    /// Reads a whole file.
    ///
    /// # Errors
    /// It is not there or could not be read.
    async fn get(&self, path: &str) -> Result<Bytes, LakeError>;

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// It may still be there.
    async fn delete(&self, path: &str) -> Result<(), LakeError>;

    /// Every file below a folder.
    ///
    /// # Errors
    /// The folder could not be listed; one that does not exist is empty.
    async fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError>;
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Relative to the warehouse.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// When it was last written, in milliseconds since 1970.
    pub modified_ms: i64,
}

/// Where the files lie, for ourselves and for other engines.
#[derive(Clone)]
pub struct Warehouse {
    /// Reads and writes them.
    pub files: Arc<dyn Files>,
    /// What stands before every path in the tables' metadata, without a slash at its end: `file:///…` or `s3://…`.
    pub url: String,
    /// How scans read byte ranges of them.
    pub objects: Arc<dyn ObjectStore>,
    /// What stands before every path in `objects`, without slashes at its ends.
    pub object_prefix: String,
    /// The scheme and authority under which scans know `objects`, such as `file:///` or `s3://bucket/`.
    pub object_url: String,
}

/// Where an S3 warehouse lies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct S3Place {
    pub bucket: String,
    pub prefix: String,
    /// Where the environment (`AWS_REGION`) names none.
    pub region: String,
    /// `None` for the environment's (`AWS_ENDPOINT_URL`), or else AWS's own.
    pub endpoint: Option<String>,
    /// `None` for what the environment offers: `AWS_ACCESS_KEY_ID`, a web identity, or the role of the container or
    /// machine.
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
}

impl Warehouse {
    /// A folder of this machine; made if it is not there.
    ///
    /// # Errors
    /// The folder could not be made.
    pub fn local(folder: &Path) -> Result<Self, LakeError> {
        let failed = |error: std::io::Error| LakeError::storage("make the folder", &folder.display(), error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        let path = folder.to_str().ok_or_else(|| {
            LakeError::storage("use the folder", &folder.display(), "its path is not UTF-8; choose another")
        })?;
        Ok(Self {
            files: Arc::new(LocalFiles { root: folder.clone() }),
            url: format!("file://{path}"),
            objects: Arc::new(object_store::local::LocalFileSystem::new()),
            object_prefix: path.trim_matches('/').to_owned(),
            object_url: "file:///".to_owned(),
        })
    }

    /// A prefix of a bucket.
    ///
    /// # Errors
    /// The settings are not usable.
    pub fn s3(place: &S3Place) -> Result<Self, LakeError> {
        let retry = RetryConfig {
            max_retries: S3_RETRIES_MAX,
            retry_timeout: S3_RETRY_TIME_MAX,
            ..RetryConfig::default()
        };
        let timeout = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&place.bucket)
            .with_retry(retry)
            .with_config(timeout, S3_REQUEST_TIME_MAX);
        if builder.get_config_value(&AmazonS3ConfigKey::Region).is_none() {
            builder = builder.with_region(&place.region);
        }
        if let Some(endpoint) = &place.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let (Some(id), Some(secret)) = (&place.access_key_id, &place.secret_access_key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        let store =
            builder.build().map_err(|error| LakeError::storage("use the bucket", &place.bucket, error))?;
        let objects: Arc<dyn ObjectStore> = Arc::new(store);
        let prefix = place.prefix.trim_matches('/').to_owned();
        let url = format!("s3://{}/{prefix}", place.bucket);
        Ok(Self {
            files: Arc::new(ObjectFiles { objects: objects.clone(), prefix: prefix.clone() }),
            url: url.trim_end_matches('/').to_owned(),
            objects,
            object_prefix: prefix,
            object_url: format!("s3://{}/", place.bucket),
        })
    }

    /// The URL of a path, as metadata writes it.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    /// The path of a URL of this warehouse.
    ///
    /// # Errors
    /// The URL lies elsewhere.
    pub fn path_of<'a>(&self, url: &'a str) -> Result<&'a str, LakeError> {
        let path = url.strip_prefix(&self.url).and_then(|rest| rest.strip_prefix('/'));
        path.ok_or_else(|| {
            let reason =
                format!("it lies outside of {}; a moved folder is opened by `walletscope restore`", self.url);
            LakeError::storage("find", &url, reason)
        })
    }

    /// The path of a file as scans know it.
    pub fn object_path(&self, path: &str) -> String {
        if self.object_prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.object_prefix) }
    }
}

/// A folder. Every put syncs the file and the directories that were made for it.
struct LocalFiles {
    root: PathBuf,
}

#[async_trait]
impl Files for LocalFiles {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError> {
        let target = self.root.join(path);
        let root = self.root.clone();
        blocking("write", path, move || write_synced(&root, &target, &bytes)).await
    }

    async fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        let target = self.root.join(path);
        blocking("read", path, move || std::fs::read(target).map(Bytes::from)).await
    }

    async fn delete(&self, path: &str) -> Result<(), LakeError> {
        let target = self.root.join(path);
        blocking("delete", path, move || match std::fs::remove_file(target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    async fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        let (root, target) = (self.root.clone(), self.root.join(folder));
        blocking("list", folder, move || {
            let mut found = Vec::new();
            list_below(&root, &target, &mut found)?;
            Ok(found)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    what: &'static str,
    path: &str,
    run: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, LakeError> {
    let outcome = tokio::task::spawn_blocking(run).await;
    let outcome = outcome.unwrap_or_else(|_| Err(std::io::Error::other("the thread panicked")));
    outcome.map_err(|error| LakeError::storage(what, &path, error))
}

/// Written beside and renamed over, so that no reader sees half of it.
fn write_synced(root: &Path, target: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = target.parent().unwrap_or(root);
    let made = missing_below(root, folder);
    std::fs::create_dir_all(folder)?;
    let beside = target.with_extension("part");
    let written = (|| {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, target)
    })();
    if written.is_err() {
        // Best effort: what stays is collected as an orphan.
        let _removed = std::fs::remove_file(&beside);
        return written;
    }
    std::fs::File::open(folder)?.sync_all()?;
    for folder in made {
        if let Some(parent) = folder.parent() {
            std::fs::File::open(parent)?.sync_all()?;
        }
    }
    Ok(())
}

/// The folders from `folder` up to `root` that are not there yet.
fn missing_below(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let above = folder.ancestors().take_while(|each| *each != root && !each.exists());
    above.map(Path::to_owned).collect()
}

fn list_below(root: &Path, folder: &Path, found: &mut Vec<Listed>) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        if metadata.is_dir() {
            list_below(root, &entry.path(), found)?;
        } else if let Ok(path) = entry.path().strip_prefix(root) {
            let since = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            found.push(Listed {
                path: path.to_string_lossy().into_owned(),
                size: metadata.len(),
                modified_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            });
        }
    }
    Ok(())
}

/// A prefix of a bucket; a put is durable when the service has answered.
struct ObjectFiles {
    objects: Arc<dyn ObjectStore>,
    prefix: String,
}

impl ObjectFiles {
    fn path(&self, path: &str) -> ObjectPath {
        ObjectPath::from(if self.prefix.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.prefix)
        })
    }
}

#[async_trait]
impl Files for ObjectFiles {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError> {
        let put = self.objects.put(&self.path(path), PutPayload::from_bytes(bytes)).await;
        put.map(drop).map_err(|error| LakeError::storage("write", &path, error))
    }

    async fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        let failed = |error| LakeError::storage("read", &path, error);
        self.objects.get(&self.path(path)).await.map_err(failed)?.bytes().await.map_err(failed)
    }

    async fn delete(&self, path: &str) -> Result<(), LakeError> {
        match self.objects.delete(&self.path(path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(LakeError::storage("delete", &path, error)),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        let failed = |error| LakeError::storage("list", &folder, error);
        let found: Vec<_> =
            self.objects.list(Some(&self.path(folder))).try_collect().await.map_err(failed)?;
        let relative = |path: &ObjectPath| {
            let path = path.as_ref();
            path.strip_prefix(&self.prefix).unwrap_or(path).trim_start_matches('/').to_owned()
        };
        let listed = found.into_iter().map(|object| Listed {
            path: relative(&object.location),
            size: object.size,
            modified_ms: object.last_modified.timestamp_millis(),
        });
        Ok(listed.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_keeps_lists_and_forgets_files() {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::local(&folder.path().join("lake")).unwrap();
        let files = &warehouse.files;
        assert_eq!(files.list("t").await.unwrap(), []);
        files.put("t/data/a.parquet", Bytes::from_static(b"abc")).await.unwrap();
        files.put("t/data/a.parquet", Bytes::from_static(b"abcd")).await.unwrap();
        assert_eq!(&files.get("t/data/a.parquet").await.unwrap()[..], b"abcd");
        let listed = files.list("t").await.unwrap();
        assert_eq!((listed.len(), &*listed[0].path, listed[0].size), (1, "t/data/a.parquet", 4));
        files.delete("t/data/a.parquet").await.unwrap();
        files.delete("t/data/a.parquet").await.unwrap();
        assert!(files.get("t/data/a.parquet").await.is_err());
        let url = warehouse.url_of("t/x");
        assert_eq!(warehouse.path_of(&url).unwrap(), "t/x");
        assert!(warehouse.path_of("file:///elsewhere/t/x").is_err());
    }
}
