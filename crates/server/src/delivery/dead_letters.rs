//! Where does a delivery go that never arrived?
//!
//! Into a file, exactly as it would have been sent, so that it can be sent by hand later. Log events are in the lake in any
//! case: what is kept here is the work of finding what the endpoint lacks. All of them together have a bound; the oldest
//! files go first.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use walletscope_model::Timestamp;
use walletscope_stream::GroupKey;

use crate::letters;

/// Bytes of all files.
const BYTES_MAX: u64 = 1 << 30;
/// Letters of a name that stay in a folder's name.
const NAME_LEN_MAX: usize = 60;

/// Keeps deliveries that were given up.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    folder: PathBuf,
}

impl DeadLetters {
    /// In this folder, made when first used.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps the body of a delivery; it is on the disk when this returns.
    ///
    /// # Errors
    /// It could not be written.
    pub fn put(
        &self,
        (group, filter): (&GroupKey, &str),
        request_id: &str,
        now: Timestamp,
        body: &[u8],
    ) -> io::Result<()> {
        let folder = self.folder.join(folder_name(group, filter));
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let name = format!("{}-{request_id}.json", now.seconds());
        let unfinished = folder.join(format!("{name}.part"));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(body)?;
        file.sync_all()?;
        fs::rename(&unfinished, folder.join(name))?;
        File::open(&folder)?.sync_all()?;
        make_room(&self.folder, BYTES_MAX)
    }
}

/// Names that a person recognises, and letters that no two filters share.
fn folder_name(group: &GroupKey, filter: &str) -> String {
    let GroupKey { account, region, name } = group;
    let hash = blake3::hash([account, region, name, filter].join("\0").as_bytes());
    let clean = |text: &str| -> String {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        text.chars().take(NAME_LEN_MAX).map(|letter| if is_plain(letter) { letter } else { '_' }).collect()
    };
    format!("{}.{}.{}", clean(name), clean(filter), letters::write(&hash.as_bytes()[..8]))
}

/// Deletes the oldest files of all filters until the rest is small enough.
fn make_room(folder: &Path, bytes_max: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for filter in fs::read_dir(folder)? {
        for file in fs::read_dir(filter?.path())? {
            let file = file?;
            files.push((file.file_name(), file.path(), file.metadata()?.len()));
        }
    }
    // Names begin with seconds of ten digits until the year 2286.
    files.sort();
    let mut bytes: u64 = files.iter().map(|(_, _, length)| length).sum();
    for (_, path, length) in files {
        if bytes <= bytes_max {
            break;
        }
        fs::remove_file(path)?;
        bytes -= length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_a_file_and_filters_have_folders_of_their_own() {
        let place = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(place.path().join("dead-letters"));
        let group = |name: &str| GroupKey { account: "1".into(), region: "eu".into(), name: name.into() };
        let at = Timestamp::from_seconds(1_795_348_800);
        letters.put((&group("/a/b"), "f"), "one", at, b"{}").unwrap();
        letters.put((&group("/a/b"), "f"), "one", at, b"{}").unwrap();
        letters.put((&group("/a_b"), "f"), "one", at, b"{}").unwrap();
        letters.put((&group("/a/b"), &"../\u{e9}\n".repeat(100)), "two", at, b"{}").unwrap();
        let folders: Vec<_> = fs::read_dir(place.path().join("dead-letters")).unwrap().flatten().collect();
        assert_eq!(folders.len(), 3);
        for folder in folders {
            let files: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
            assert_eq!(files.len(), 1, "{files:?}");
            assert_eq!(fs::read(files[0].path()).unwrap(), b"{}");
        }
    }

    #[test]
    fn the_oldest_go_where_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["one/1-c", "two/2-b", "one/3-a"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, [0; 10]).unwrap();
        }
        make_room(folder.path(), 20).unwrap();
        let is_there = |name: &str| folder.path().join(name).exists();
        assert_eq!(["one/1-c", "two/2-b", "one/3-a"].map(is_there), [false, true, true]);
    }
}
