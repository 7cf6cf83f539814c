//! Is the end of the engine's log torn by a power cut, and may it be cut off?
//!
//! fjall cuts off a last batch that is incomplete, but refuses to open where the last batch is complete in form and
//! wrong in content. A power cut makes such batches: the log's file is allocated ahead and its pages reach the disk
//! in any order. Here the refusal is told apart from damage to what was durable, by one fact of the embedded store:
//! an append is written only after the one before it is synced. So behind a batch that was never synced there is at
//! most one append, the one whose sync the power cut interrupted; where two follow, the batch was durable once, the
//! disk has lost it, and opening stays refused.
//!
//! Grammar of the log, version 3 of fjall, integers little-endian:
//!
//! ```text
//! batch := 1:u8 items:u32 sequence:u64 (item | clear)* end
//! item  := 2:u8 type:u8 compression:u8 keyspace:u64 key_bytes:u16 value_bytes:u32 stored_bytes:u32 key stored
//! clear := 4:u8 keyspace:u64
//! end   := 3:u8 xxh3_of_the_items:u64 "FJL" 3:u8
//! ```

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::segments::Extent;

const LOG_EXTENSION: &str = "jnl";
const MAGIC: [u8; 4] = *b"FJL\x03";

/// Cuts what a power cut tore off the newest log in `folder`; how many bytes went, `None` where nothing may go.
///
/// # Errors
/// Where the log cannot be read or cut.
pub(crate) fn cut_torn_end(folder: &Path) -> io::Result<Option<u64>> {
    let Some(path) = newest_log(folder)? else { return Ok(None) };
    let log = fs::read(&path)?;
    let Some(length) = whole_length(&log) else { return Ok(None) };
    let file = OpenOptions::new().write(true).open(&path)?;
    file.set_len(length as u64)?;
    file.sync_all()?;
    Ok(Some((log.len() - length) as u64))
}

/// Length of the log up to its first wrong batch; `None` where there is none or it was durable once.
fn whole_length(log: &[u8]) -> Option<usize> {
    let mut rest = log;
    while let Some(batch) = take_batch(&mut rest) {
        if !batch.whole {
            let mut appends_after = 0;
            let start = log.len() - rest.len() - batch.length;
            while let Some(later) = take_batch(&mut rest) {
                appends_after += usize::from(later.append);
            }
            return (appends_after <= 1).then_some(start);
        }
    }
    None
}

struct LogBatch {
    length: usize,
    /// The checksum holds.
    whole: bool,
    /// It is an append of ours: its last item is a segment's row.
    append: bool,
}

/// The next batch that is complete in form.
fn take_batch(rest: &mut &[u8]) -> Option<LogBatch> {
    let mut at = *rest;
    let ([1], _count, _sequence) = (take::<1>(&mut at)?, take::<4>(&mut at)?, take::<8>(&mut at)?) else {
        return None;
    };
    let items = at;
    let mut append = false;
    loop {
        let items_length = items.len() - at.len();
        match take(&mut at)? {
            [2] => append = take_item(&mut at)?,
            [4] => drop(take::<8>(&mut at)?),
            [3] => {
                let checksum = u64::from_le_bytes(take(&mut at)?);
                if take(&mut at)? != MAGIC {
                    return None;
                }
                let whole = xxhash_rust::xxh3::xxh3_64(&items[..items_length]) == checksum;
                let length = rest.len() - at.len();
                *rest = at;
                return Some(LogBatch { length, whole, append });
            }
            _ => return None,
        }
    }
}

/// Skips an item; whether it is a segment's row.
fn take_item(at: &mut &[u8]) -> Option<bool> {
    let (_type, _compression, _keyspace) = (take::<1>(at)?, take::<1>(at)?, take::<8>(at)?);
    let key_bytes = usize::from(u16::from_le_bytes(take(at)?));
    let _value_bytes = take::<4>(at)?;
    let stored_bytes = u32::from_le_bytes(take(at)?) as usize;
    let (key, after) = at.split_at_checked(key_bytes)?;
    let (stored, after) = after.split_at_checked(stored_bytes)?;
    *at = after;
    Some(Extent::is_row(key, stored))
}

fn take<const N: usize>(at: &mut &[u8]) -> Option<[u8; N]> {
    let (array, after) = at.split_first_chunk()?;
    *at = after;
    Some(*array)
}

fn newest_log(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut newest: Option<(u64, PathBuf)> = None;
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        let is_log = path.extension().is_some_and(|extension| extension == LOG_EXTENSION);
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(number) =
            number.filter(|number| is_log && newest.as_ref().is_none_or(|(last, _)| last < number))
        {
            newest = Some((number, path));
        }
    }
    Ok(newest.map(|(_, path)| path))
}
