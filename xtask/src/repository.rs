//! Which files are ours, and what do they say? One walk reads every text file of the checkout into memory, so that a
//! rule is a function of a value and a test can state a repository in three lines. Built, fetched and generated
//! folders are left out by name.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders that hold nothing written by hand, wherever they stand.
const FOREIGN_FOLDERS: [&str; 12] = [
    ".git",
    ".venv",
    "__pycache__",
    ".pytest_cache",
    "artifacts",
    "bin",
    "corpus",
    "dist",
    "node_modules",
    "proptest-regressions",
    "target",
    "test-results",
];

/// The checkout as rules see it.
pub struct Repository {
    /// Every file, sorted by path.
    pub files: Vec<File>,
}

/// One file.
pub struct File {
    /// Relative to the root, with forward slashes.
    pub path: String,
    pub text: String,
}

/// The checkout could not be read; without it no rule may claim to hold.
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot read {}: {}", self.path.display(), self.source)
    }
}

impl Repository {
    /// Reads all files below `root`; those that are not UTF-8 count as empty.
    pub fn read(root: &Path) -> Result<Repository, ReadError> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        Ok(Repository::new(files))
    }

    fn new(mut files: Vec<File>) -> Repository {
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Repository { files }
    }

    /// The text of one file, if it is there.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// True for a file or a folder that holds one.
    pub fn contains(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// Files whose name ends in `.` and the extension.
    pub fn with_extension<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.extension() == extension)
    }

    /// A repository stated in a test.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Repository {
        let file = |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Repository::new(files.iter().map(file).collect())
    }
}

impl File {
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

fn read_folder(folder: &Path, relative: &str, files: &mut Vec<File>) -> Result<(), ReadError> {
    let failed = |path: &Path, source| ReadError { path: path.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let entry = entry.map_err(|source| failed(folder, source))?;
        let kind = entry.file_type().map_err(|source| failed(&entry.path(), source))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
        if kind.is_dir() && !is_foreign(&path, &name) {
            read_folder(&entry.path(), &path, files)?;
        } else if kind.is_file() && !is_foreign(&path, &name) {
            match fs::read_to_string(entry.path()) {
                Ok(text) => files.push(File { path, text }),
                // Pictures and the like have no text for a rule, but links lead to them.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    files.push(File { path, text: String::new() });
                }
                // Another process may remove a file between the listing and the reading.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(failed(&entry.path(), source)),
            }
        }
    }
    Ok(())
}

/// In a worktree of git `.git` is a file. `src/bin` is Cargo's folder of programs and ours; any other `bin` is built.
fn is_foreign(path: &str, name: &str) -> bool {
    FOREIGN_FOLDERS.contains(&name) && !path.ends_with("src/bin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_checkout_is_read_without_what_was_built() {
        // Cargo runs tests in the crate; a path from the build may be of another checkout.
        let root = PathBuf::from("..");
        let repository = Repository::read(&root).expect("the checkout is readable");
        assert!(repository.text("xtask/src/main.rs").is_some());
        assert!(repository.contains("xtask/src"));
        assert!(!repository.contains("target"));
        assert!(!repository.contains(".git"));
    }

    #[test]
    fn a_missing_root_is_an_error_that_names_it() {
        let error = Repository::read(Path::new("/nonexistent/checkout")).err().expect("nothing is there");
        assert!(error.to_string().starts_with("cannot read /nonexistent/checkout: "));
    }

    #[test]
    fn folders_of_programs_are_ours_and_folders_of_binaries_are_not() {
        assert!(!is_foreign("crates/sim/src/bin", "bin"));
        assert!(is_foreign("bin", "bin"));
        assert!(is_foreign("tests/web-types/node_modules", "node_modules"));
        assert!(!is_foreign("docs", "docs"));
    }
}
