//! What does a disk remember of what was written to it, when the power goes?
//!
//! One log of bytes in memory. What was synced stays; of what was written after, a crash keeps a prefix of any
//! length, and what of it lies in the last sector may be garbage. Frames carry their length and a checksum, so that
//! opening can tell where the last whole one ends. Write errors happen when a test asks for them, before or after the
//! bytes reach the disk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::Rng;

/// Bytes before a frame's payload: length, then checksum.
const HEAD_BYTES: usize = 4 + 8;

/// A disk; clones are the same disk.
#[derive(Clone, Default)]
pub struct SimDisk(Arc<Mutex<Platter>>);

/// When a write is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing of it reaches the disk.
    BeforeWrite,
    /// All of it reaches the disk, and whether it stays there is open.
    AfterWrite,
}

/// The write failed, as [`SimDisk::fail_next`] asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteFailed;

#[derive(Default)]
struct Platter {
    bytes: Vec<u8>,
    synced: usize,
    fault: Option<Fault>,
}

impl SimDisk {
    /// Adds a frame that a crash may lose.
    ///
    /// # Errors
    /// A fault was asked for.
    pub fn write(&self, payload: &[u8]) -> Result<(), WriteFailed> {
        let mut platter = self.lock();
        let fault = platter.fault.take();
        if fault != Some(Fault::BeforeWrite) {
            put_frame(&mut platter.bytes, payload);
        }
        fault.map_or(Ok(()), |_| Err(WriteFailed))
    }

    /// Adds a frame, and makes it and all before it durable.
    ///
    /// # Errors
    /// A fault was asked for; nothing is known to be durable.
    pub fn write_synced(&self, payload: &[u8]) -> Result<(), WriteFailed> {
        self.write(payload)?;
        let mut platter = self.lock();
        platter.synced = platter.bytes.len();
        Ok(())
    }

    /// Makes the next write fail.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Takes back a fault that has not happened yet.
    pub fn work_again(&self) {
        self.lock().fault = None;
    }

    /// The power goes: keeps the synced bytes and some of those after, the last of them perhaps spoilt.
    pub fn crash(&self, rng: &mut impl Rng) {
        const SECTOR_BYTES: usize = 512;
        let mut platter = self.lock();
        let synced = platter.synced;
        let kept = match rng.random_range(0..4) {
            0 => synced,
            1 => platter.bytes.len(),
            _ => rng.random_range(synced..=platter.bytes.len()),
        };
        let is_cut = kept < platter.bytes.len();
        platter.bytes.truncate(kept);
        if is_cut && rng.random_bool(0.5) {
            let from = synced.max(kept.saturating_sub(rng.random_range(0..SECTOR_BYTES)));
            platter.bytes[from..].iter_mut().for_each(|byte| *byte = rng.random());
        }
        platter.fault = None;
    }

    /// The whole frames, after cutting off what follows the last of them. What is left counts as synced: it survived.
    pub fn open(&self) -> Vec<Vec<u8>> {
        let mut platter = self.lock();
        let mut frames = Vec::new();
        let mut end = 0;
        while let Some(payload) = frame_at(&platter.bytes[end..]) {
            end += HEAD_BYTES + payload.len();
            frames.push(payload.to_vec());
        }
        assert!(end >= platter.synced, "sim-disk-1: a synced frame is never lost");
        platter.bytes.truncate(end);
        platter.synced = end;
        platter.fault = None;
        frames
    }

    fn lock(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put_frame(bytes: &mut Vec<u8>, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a frame of the simulator is far below 4 GiB");
    bytes.extend(length.to_le_bytes());
    bytes.extend(checksum(payload));
    bytes.extend(payload);
}

/// The payload of the frame that starts here; `None` where it is cut or spoilt.
fn frame_at(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let payload = rest.get(..u32::from_le_bytes(*length) as usize)?;
    (checksum(payload) == *sum).then_some(payload)
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::hash(payload).as_bytes()[..8]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_crash_keeps_the_synced_prefix_and_only_whole_frames_after_it() {
        let mut kept_counts = std::collections::BTreeSet::new();
        for seed in 0..500 {
            let disk = SimDisk::default();
            let all: Vec<Vec<u8>> = (0..6_u8).map(|number| vec![number; 40 * usize::from(number)]).collect();
            for payload in &all[..2] {
                disk.write_synced(payload).unwrap();
            }
            for payload in &all[2..] {
                disk.write(payload).unwrap();
            }
            disk.crash(&mut ChaCha8Rng::seed_from_u64(seed));
            let kept = disk.open();
            assert_eq!(kept, all[..kept.len()], "a prefix");
            assert!(kept.len() >= 2, "with everything that was synced");
            assert_eq!(disk.open(), kept, "opening again changes nothing");
            kept_counts.insert(kept.len());
        }
        assert_eq!(kept_counts.into_iter().collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_failed_write_leaves_nothing_or_something_unsynced() {
        for (fault, kept_if_lucky) in [(Fault::BeforeWrite, 1), (Fault::AfterWrite, 2)] {
            let disk = SimDisk::default();
            disk.write_synced(b"first").unwrap();
            disk.fail_next(fault);
            assert_eq!(disk.write_synced(b"second"), Err(WriteFailed));
            assert_eq!(disk.open().len(), kept_if_lucky);
        }
    }
}
