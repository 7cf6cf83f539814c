//! How does a backup become a data folder again?
//!
//! Beside the folder that is wanted, which appears only when it is whole. The journal and the state go back as they
//! were; the lake's tables get metadata for their new place, over unchanged data files.

use std::collections::VecDeque;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use tokio::runtime::Handle;
use walletscope_journal::{
    Append, Change, EmbeddedStore, Invocation, Options, Retention, Store, Table, decode_header,
};
use walletscope_lake::restore::Copied;
use walletscope_lake::{LakeTable, Warehouse};
use walletscope_model::{Offset, Timestamp};

use super::archive::{DIGEST_FILE, check, each_file, read_rows};
use super::{ABOUT_FILE, About, BackupError, VERSION};
use crate::auth::{CREDENTIALS_FILE, USERS_FILE};
use crate::lake::warehouse;
use crate::settings::Settings;

/// Makes the data folder of these settings; blocks for as long as that takes, on a thread that may.
///
/// # Errors
/// The backup cannot be used, or the folder is not empty; nothing is there that was not before.
pub fn restore(
    path: &Path,
    settings: &Settings,
    runtime: &Handle,
    now: Timestamp,
) -> Result<About, BackupError> {
    if std::fs::read_dir(&settings.data).is_ok_and(|mut entries| entries.next().is_some()) {
        let folder = settings.data.display();
        return Err(BackupError::Refused(format!(
            "{folder} is not empty; name a folder that is, or none, with --data"
        )));
    }
    check(path)?;
    let made = settings.data.exists();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.data)
        .map_err(|error| BackupError::File("make the data folder", error))?;
    let restored = Restoring::new(settings, runtime, now).and_then(|restoring| restoring.all(path));
    if restored.is_err() {
        // Best effort: a half-restored folder must not look like a server's.
        let _removed = remove_inside(&settings.data, made);
    }
    restored
}

/// A folder on its way.
struct Restoring<'a> {
    settings: &'a Settings,
    runtime: &'a Handle,
    now: Timestamp,
    warehouse: Warehouse,
    about: Option<About>,
    store: Option<EmbeddedStore>,
    marks: VecDeque<Invocation>,
}

impl<'a> Restoring<'a> {
    fn new(settings: &'a Settings, runtime: &'a Handle, now: Timestamp) -> Result<Self, BackupError> {
        let warehouse = warehouse(&settings.lake)?;
        for table in LakeTable::ALL {
            if !runtime.block_on(warehouse.files.list(table.name()))?.is_empty() {
                let why = format!("there is a lake in {} already; name another place for it", warehouse.url);
                return Err(BackupError::Refused(why));
            }
        }
        Ok(Self { settings, runtime, now, warehouse, about: None, store: None, marks: VecDeque::new() })
    }

    fn all(mut self, path: &Path) -> Result<About, BackupError> {
        each_file(path, |name, content| {
            if name == DIGEST_FILE {
                return Ok(false);
            }
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes).map_err(|error| BackupError::File("read the backup", error))?;
            self.take(name, bytes)?;
            Ok(true)
        })?;
        let about = self.about.take().ok_or_else(|| nothing_like("it does not say what it holds"))?;
        let store = self.store.take().ok_or_else(|| nothing_like("it has no state"))?;
        if store.head() != Offset(about.head) {
            return Err(nothing_like("its journal is not whole"));
        }
        store.commit(Vec::new(), Offset(about.applied))?;
        store.persist()?;
        drop(store);
        self.lake(&about)?;
        Ok(about)
    }

    fn take(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), BackupError> {
        match name.split_once('/') {
            None if name == ABOUT_FILE => self.begin(&bytes),
            None if name == USERS_FILE || name == CREDENTIALS_FILE => {
                write_private(&self.settings.data.join(name), &bytes)
            }
            Some(("state", rest)) => self.rows(rest, &bytes),
            Some(("invocations", _)) => self.invocations(&bytes),
            Some(("journal", _)) => self.entries(&bytes),
            Some(("lake", path))
                if path.split('/').all(|part| !part.is_empty() && part != ".." && part != ".") =>
            {
                self.runtime.block_on(self.warehouse.files.put(path, bytes.into())).map_err(BackupError::Lake)
            }
            _ => Err(nothing_like(&format!("it holds a file that is no part of a backup: {name}"))),
        }
    }

    fn begin(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let about: About = serde_json::from_slice(bytes).map_err(|error| nothing_like(&error.to_string()))?;
        if about.version != VERSION {
            let found = about.version;
            return Err(nothing_like(&format!(
                "it is of version {found}, this program reads version {VERSION}"
            )));
        }
        let folder = self.settings.data.join("store");
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| BackupError::File("make the store", error))?;
        // Whatever is in the backup goes in; the server's own limits count from its start on.
        let retention = Retention { bytes: u64::MAX, ..self.settings.retention() };
        let options = Options { retention, ..Options::default() };
        self.store = Some(EmbeddedStore::make_at(&folder, Offset(about.first.max(1)), options)?);
        self.about = Some(about);
        Ok(())
    }

    fn rows(&mut self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let store = self.store.as_ref().ok_or_else(|| nothing_like("rows come before what says whose"))?;
        let table = name.split_once('/').map(|(table, _)| table);
        let table = Table::ALL.into_iter().find(|each| Some(each.name()) == table);
        let table = table
            .ok_or_else(|| nothing_like(&format!("it holds rows of a table that is unknown: {name}")))?;
        let put = |[key, value]: [&[u8]; 2]| Change::Put { table, key: key.to_vec(), value: value.to_vec() };
        store
            .commit(read_rows(bytes)?.into_iter().map(put).collect(), store.applied())
            .map_err(BackupError::Store)
    }

    fn invocations(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        for [key, answer] in read_rows(bytes)? {
            let (at, key) =
                key.split_first_chunk::<8>().ok_or_else(|| nothing_like("a mark is cut short"))?;
            let key = key.try_into().map_err(|_| nothing_like("a mark is of another length"))?;
            self.marks.push_back(Invocation {
                key,
                answer: answer.to_vec(),
                at: Timestamp(i64::from_le_bytes(*at)),
            });
        }
        Ok(())
    }

    /// Marks go in with entries of their time, one with each, as they were written.
    fn entries(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let store = self.store.as_ref().ok_or_else(|| nothing_like("entries come before what says whose"))?;
        let mut group = Vec::new();
        for [offset, entry] in read_rows(bytes)? {
            let offset =
                <[u8; 8]>::try_from(offset).map_err(|_| nothing_like("an offset is of another length"))?;
            let header = decode_header(entry).map_err(|error| nothing_like(&error.to_string()))?;
            let is_of_its_time = self.marks.front().is_some_and(|mark| mark.at <= header.appended_at);
            let invocation = if is_of_its_time { self.marks.pop_front() } else { None };
            group.push(Append {
                offset: Offset(u64::from_le_bytes(offset)),
                bytes: entry.to_vec(),
                invocation,
            });
        }
        store.append(group).map_err(BackupError::Store)
    }

    fn lake(&self, about: &About) -> Result<(), BackupError> {
        let mut tables = Vec::new();
        for (name, table) in &about.tables {
            let known = LakeTable::from_name(name);
            let known =
                known.ok_or_else(|| nothing_like(&format!("it holds a table that is unknown: {name}")))?;
            tables.push(Copied { table: known, location: table.location.clone() });
        }
        let folder = &self.settings.lake.folder;
        let restoring = walletscope_lake::restore::restore(
            folder,
            self.warehouse.clone(),
            &about.warehouse,
            &tables,
            self.now,
        );
        let lake = self.runtime.block_on(restoring)?;
        for (name, table) in &about.tables {
            let rows = LakeTable::from_name(name).map(|known| lake.current(known).rows());
            if rows != Some(table.rows) {
                return Err(nothing_like(&format!("{name} has not the rows that it had")));
            }
        }
        self.runtime.block_on(lake.close());
        Ok(())
    }
}

fn nothing_like(why: &str) -> BackupError {
    BackupError::Archive(why.to_owned())
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let failed = |error| BackupError::File("write keys and users", error);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

/// Empties the folder, and removes it where it is ours.
fn remove_inside(folder: &Path, was_there: bool) -> std::io::Result<()> {
    std::fs::remove_dir_all(folder)?;
    if was_there { DirBuilder::new().mode(0o700).create(folder) } else { Ok(()) }
}
