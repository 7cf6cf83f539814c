//! How far did this import come? One small file for each file imported, so that a killed import goes on.
//!
//! It is found by what is imported and where to, and remembers how many chunks are durable, a digest of them, and an
//! offset of the journal behind which the next one must lie. It is replaced as a whole after each chunk. The chunk
//! under way when the process died is the hard part: only the server knows whether it is stored, and is asked.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use walletscope_model::Timestamp;

/// What is imported, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// The BLAKE3 hash of the file, in hex.
    pub content: String,
    /// The name without folders: the default log stream's name comes from it.
    pub name: String,
    /// The source.
    pub source: String,
    /// The log group of events that name none.
    pub group: String,
    /// The server, or nothing for the one whose data folder holds the progress.
    pub target: String,
}

/// How far it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// Of this format.
    version: u32,
    /// For people.
    pub file: String,
    /// When the import began, in microseconds since 1970: what has no time of its own gets this one, each time.
    pub begun: i64,
    /// Chunks that are durable.
    pub chunks: u64,
    /// Their digest, in hex.
    pub digest: String,
    /// What is stored after them lies behind this offset.
    pub offset: u64,
    /// Records in them.
    pub records: u64,
    /// Nothing is missing.
    pub is_complete: bool,
    /// The source's history was declared complete since.
    pub is_ended: bool,
}

const VERSION: u32 = 1;

impl Job {
    fn path(&self, folder: &Path) -> PathBuf {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.content, &self.name, &self.source, &self.group, &self.target] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        folder.join(format!("{}.json", &hasher.finalize().to_hex()[..32]))
    }

    /// What names a chunk of this job to the server. Importing a file once more is another job.
    pub fn key(&self, begun: i64, chunk: u64, digest: &str) -> String {
        format!("{} {begun} {chunk} {digest}", self.content)
    }
}

impl Progress {
    /// Of an import that begins now.
    pub fn begin(job: &Job, now: Timestamp) -> Self {
        Self {
            version: VERSION,
            file: walletscope_guard::guard(&job.name).text.into_owned(),
            begun: now.0,
            chunks: 0,
            digest: String::new(),
            offset: 0,
            records: 0,
            is_complete: false,
            is_ended: false,
        }
    }

    /// What is known of a job; `None` for a new one.
    ///
    /// # Errors
    /// The file is there and cannot be read or understood.
    pub fn read(folder: &Path, job: &Job) -> io::Result<Option<Self>> {
        let path = job.path(folder);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let progress: Self = serde_json::from_str(&text).map_err(|error| {
            io::Error::other(format!(
                "{} cannot be understood: {error}; remove it to begin anew",
                path.display()
            ))
        })?;
        if progress.version != VERSION {
            let message = format!("{} is of another version; remove it to begin anew", path.display());
            return Err(io::Error::other(message));
        }
        Ok(Some(progress))
    }

    /// Writes it down; when this returns it survives a power cut.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write(&self, folder: &Path, job: &Job) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = job.path(folder);
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(serde_json::to_string(self).map_err(io::Error::other)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(beside, path)
    }

    /// The digest with one more chunk.
    pub fn digest_with(&self, lines: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.digest.as_bytes()).update(b"\n").update(lines.as_bytes());
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_found_by_what_is_imported_and_where_to() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("imports");
        let job = Job {
            content: "ab".into(),
            name: "a".into(),
            source: "import".into(),
            group: "/g".into(),
            target: "".into(),
        };
        assert_eq!(Progress::read(&folder, &job).unwrap(), None);
        let mut progress = Progress::begin(&job, Timestamp(7));
        progress.digest = progress.digest_with("a\n");
        progress.chunks = 1;
        progress.write(&folder, &job).unwrap();
        assert_eq!(Progress::read(&folder, &job).unwrap(), Some(progress.clone()));
        for other in [
            Job { content: "aba".into(), name: "".into(), ..job.clone() },
            Job { source: "x".into(), ..job.clone() },
            Job { group: "/h".into(), ..job.clone() },
            Job { target: "http://h".into(), ..job.clone() },
        ] {
            assert_eq!(Progress::read(&folder, &other).unwrap(), None, "{other:?}");
        }
        assert_ne!(progress.digest_with("b\n"), progress.digest_with("c\n"));
        fs::write(job.path(&folder), "{").unwrap();
        assert!(Progress::read(&folder, &job).unwrap_err().to_string().contains("remove it"));
    }
}
