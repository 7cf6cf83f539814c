//! What does a backup look like, and is this one whole?
//!
//! A tar file, so that anybody can look into it. Its last file holds a digest of the names and contents of all before
//! it; a file that was cut short has none. Rows inside are lengths and bytes, little-endian.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::BackupError;

/// The last file of a backup.
pub const DIGEST_FILE: &str = "complete.sha256";
const BLOCK_BYTES: usize = 512;
/// Rows come in files of about this size.
pub const CHUNK_BYTES: usize = 8 << 20;
const READ_BYTES: usize = 1 << 16;

/// Writes one file into a tar stream; nothing marks the stream's end before [`finish`].
///
/// # Errors
/// The name is too long, or what is written to fails.
pub fn write_file(out: &mut impl Write, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    out.write_all(header.as_bytes())?;
    out.write_all(bytes)?;
    let over = bytes.len() % BLOCK_BYTES;
    if over > 0 {
        out.write_all(&[0; BLOCK_BYTES][over..])?;
    }
    Ok(())
}

/// Reads back what was written to the file so far, and ends it with its digest; everything is on the disk then.
///
/// # Errors
/// It cannot be read or written.
pub fn finish(path: &Path, file: &mut File) -> Result<(), BackupError> {
    let failed = |error| BackupError::File("finish the backup", error);
    file.flush().map_err(failed)?;
    let mut digest = Sha256::new();
    each_file(path, |name, content| {
        note(&mut digest, name, content).map_err(failed)?;
        Ok(true)
    })?;
    write_file(file, DIGEST_FILE, hex(&digest.finalize()).as_bytes()).map_err(failed)?;
    file.write_all(&[0; 2 * BLOCK_BYTES]).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// Refuses an archive that is not whole.
///
/// # Errors
/// It is not, or could not be read.
pub fn check(path: &Path) -> Result<(), BackupError> {
    let failed =
        |error| BackupError::Archive(format!("it is cut short or damaged ({error}); take another one"));
    let mut digest = Sha256::new();
    let mut told = None;
    each_file(path, |name, content| {
        if name == DIGEST_FILE {
            let mut text = String::new();
            content.take(READ_BYTES as u64).read_to_string(&mut text).map_err(failed)?;
            told = Some(text);
            return Ok(false);
        }
        note(&mut digest, name, content).map_err(failed)?;
        Ok(true)
    })?;
    match told {
        None => Err(BackupError::Archive("its end is missing; take another one".to_owned())),
        Some(told) if told != hex(&digest.finalize()) => {
            Err(BackupError::Archive("its content is not what was written; take another one".to_owned()))
        }
        Some(_) => Ok(()),
    }
}

/// Goes through the files of an archive until `visit` says that it is enough.
///
/// # Errors
/// The archive cannot be read, or `visit` failed.
pub fn each_file(
    path: &Path,
    mut visit: impl FnMut(&str, &mut dyn Read) -> Result<bool, BackupError>,
) -> Result<(), BackupError> {
    let file = File::open(path).map_err(|error| BackupError::File("read the backup", error))?;
    let failed =
        |error| BackupError::Archive(format!("it is cut short or damaged ({error}); take another one"));
    let mut archive = tar::Archive::new(std::io::BufReader::with_capacity(READ_BYTES, file));
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let name = entry.path().map_err(failed)?.to_string_lossy().into_owned();
        if !visit(&name, &mut entry)? {
            break;
        }
    }
    Ok(())
}

fn note(digest: &mut Sha256, name: &str, content: &mut dyn Read) -> std::io::Result<()> {
    digest.update(name.as_bytes());
    let mut buffer = vec![0; READ_BYTES];
    let mut length = 0_u64;
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        length += read as u64;
        digest.update(&buffer[..read]);
    }
    digest.update(length.to_le_bytes());
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds a row to a chunk: the length of each part, then the part.
pub fn write_row(chunk: &mut Vec<u8>, parts: [&[u8]; 2]) {
    for part in parts {
        // Keys and values have limits far below four gigabytes.
        chunk.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        chunk.extend_from_slice(part);
    }
}

/// The rows of a chunk.
///
/// # Errors
/// The chunk ends in the middle of one.
pub fn read_rows(mut chunk: &[u8]) -> Result<Vec<[&[u8]; 2]>, BackupError> {
    let cut = || BackupError::Archive("a row is cut short".to_owned());
    let mut rows = Vec::new();
    while !chunk.is_empty() {
        rows.push([read_part(&mut chunk).ok_or_else(cut)?, read_part(&mut chunk).ok_or_else(cut)?]);
    }
    Ok(rows)
}

fn read_part<'a>(chunk: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = chunk.split_first_chunk::<4>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *chunk = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_was_cut_or_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar");
        let mut file = File::create(&path).unwrap();
        write_file(&mut file, "a", b"first").unwrap();
        write_file(&mut file, &format!("lake/{}/{}", "t".repeat(90), "f".repeat(90)), &[7; 1_000]).unwrap();
        assert!(check(&path).is_err(), "it has no end");
        finish(&path, &mut file).unwrap();
        check(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 2_048]).unwrap();
        assert!(check(&path).is_err());
        let mut changed = whole;
        changed[BLOCK_BYTES] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(check(&path).is_err());
    }

    #[test]
    fn rows_read_back_and_a_cut_one_does_not() {
        let mut chunk = Vec::new();
        write_row(&mut chunk, [b"key", b"value"]);
        write_row(&mut chunk, [b"", b""]);
        assert_eq!(read_rows(&chunk).unwrap(), [[&b"key"[..], b"value"], [b"", b""]]);
        assert!(read_rows(&chunk[..chunk.len() - 1]).is_err());
    }
}
