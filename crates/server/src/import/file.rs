//! What is in this file, once it is unpacked? Its first bytes tell, never its name.
//!
//! Gzip and zstd are taken off, one around the other too, as log exports pack twice. Text is read in pieces; a Parquet
//! file needs its end first, so a packed one is held in memory, up to a limit.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use axum::body::Bytes;
use flate2::read::MultiGzDecoder;

/// Layers of packing that are taken off.
const LAYERS_MAX: usize = 3;
/// A packed Parquet file, unpacked, in bytes.
const PACKED_PARQUET_MAX: u64 = 1 << 30;
const READ_BYTES: usize = 256 * 1024;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const PARQUET: &[u8] = b"PAR1";

/// The contents of a file.
pub(super) enum Contents {
    /// Text, or what claims to be.
    Text(Box<dyn Read>),
    /// A Parquet file as it lies on the disk.
    Parquet(File),
    /// A Parquet file that was packed.
    Unpacked(Bytes),
}

/// Opens a file.
///
/// # Errors
/// It cannot be read or unpacked.
pub(super) fn open(path: &Path) -> io::Result<Contents> {
    let file = File::open(path)?;
    let mut reader: Box<dyn Read> = Box::new(BufReader::with_capacity(READ_BYTES, file));
    for layer in 0..=LAYERS_MAX {
        let (head, whole) = peek(reader, PARQUET.len())?;
        reader = whole;
        if head == PARQUET {
            return if layer == 0 { Ok(Contents::Parquet(File::open(path)?)) } else { unpacked(reader) };
        }
        if layer == LAYERS_MAX {
            break;
        }
        if head.starts_with(GZIP) {
            reader = Box::new(MultiGzDecoder::new(reader));
        } else if head == ZSTD {
            reader = Box::new(zstd::stream::read::Decoder::new(reader)?);
        } else {
            break;
        }
    }
    Ok(Contents::Text(reader))
}

/// The BLAKE3 hash of a file's bytes, and how many there are.
///
/// # Errors
/// It cannot be read.
pub(super) fn hash(path: &Path) -> io::Result<(blake3::Hash, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((hasher.finalize(), bytes));
        }
        hasher.update(&piece[..read]);
        bytes += read as u64;
    }
}

/// Whether a file is Markdown by its name, packed or not.
pub(super) fn is_markdown(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    name.ends_with(".md") || name.ends_with(".markdown")
}

/// The first bytes, and everything again.
pub(super) fn peek(mut reader: Box<dyn Read>, bytes: usize) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut head = Vec::with_capacity(bytes);
    reader.by_ref().take(bytes as u64).read_to_end(&mut head)?;
    let whole = Cursor::new(head.clone()).chain(reader);
    Ok((head, Box::new(whole)))
}

fn unpacked(reader: Box<dyn Read>) -> io::Result<Contents> {
    let mut bytes = Vec::new();
    reader.take(PACKED_PARQUET_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > PACKED_PARQUET_MAX {
        return Err(io::Error::other("a packed Parquet file is over 1 GiB; unpack it first"));
    }
    Ok(Contents::Unpacked(bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn text_of(bytes: &[u8]) -> io::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        match open(&path)? {
            Contents::Text(mut reader) => {
                let mut text = String::new();
                reader.read_to_string(&mut text)?;
                Ok(text)
            }
            Contents::Parquet(_) => Ok("a Parquet file".to_owned()),
            Contents::Unpacked(bytes) => Ok(format!("{} unpacked bytes", bytes.len())),
        }
    }

    #[test]
    fn packing_is_taken_off_by_content() {
        let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        let two_members = [gzip(b"hel"), gzip(b"lo")].concat();
        for (bytes, expected) in [
            (b"hello".to_vec(), "hello"),
            (b"".to_vec(), ""),
            (b"\x1f".to_vec(), "\x1f"),
            (gzip(b"hello"), "hello"),
            (two_members, "hello"),
            (zstd(b"hello"), "hello"),
            (gzip(&zstd(&gzip(b"hello"))), "hello"),
            (b"PAR1...".to_vec(), "a Parquet file"),
            (gzip(b"PAR1..."), "7 unpacked bytes"),
        ] {
            assert_eq!(text_of(&bytes).unwrap(), expected);
        }
        assert!(text_of(&gzip(b"hello")[..12]).is_err(), "cut");
    }
}
