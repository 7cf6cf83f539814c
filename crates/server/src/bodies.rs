//! How is a body read? Of a bounded size, in a bounded time, and within what all bodies may take in memory together.
//!
//! One bound for the whole server, because memory is: AWS calls and the doors without signatures read by it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::sync::{Semaphore, SemaphorePermit};
use walletscope_wire::aws::HTTP_BODY_MAX;

/// Bodies held in memory at a time, in KiB: more calls are throttled.
pub const BODIES_IN_FLIGHT_KIB_MAX: usize = 256 * 1024;
/// How long a client may take to send a body.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// What all bodies may take together.
pub struct Bodies {
    free_kib: Semaphore,
}

/// A body, and the memory that it takes for as long as it is held.
pub type HeldBody<'a> = (Bytes, SemaphorePermit<'a>);

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRead {
    /// Larger than [`HTTP_BODY_MAX`].
    TooLarge,
    /// It ended before its length.
    CutOff,
    /// It did not arrive within [`BODY_TIME_MAX`].
    TooSlow,
    /// Too many others are in memory.
    Busy,
}

impl Default for Bodies {
    fn default() -> Self {
        Self { free_kib: Semaphore::new(BODIES_IN_FLIGHT_KIB_MAX) }
    }
}

impl Bodies {
    /// Reads a body whose head says that it has `declared` bytes.
    ///
    /// # Errors
    /// It is too large, does not arrive, or has to wait for others.
    pub async fn read(&self, declared: Option<usize>, body: Body) -> Result<HeldBody<'_>, NotRead> {
        let bytes = declared.unwrap_or(HTTP_BODY_MAX);
        if bytes > HTTP_BODY_MAX {
            return Err(NotRead::TooLarge);
        }
        let held = self.hold(bytes)?;
        match tokio::time::timeout(BODY_TIME_MAX, axum::body::to_bytes(body, HTTP_BODY_MAX)).await {
            Ok(Ok(bytes)) => Ok((bytes, held)),
            Ok(Err(_)) if declared.is_none() => Err(NotRead::TooLarge),
            Ok(Err(_)) => Err(NotRead::CutOff),
            Err(_) => Err(NotRead::TooSlow),
        }
    }

    /// Memory for so many bytes that somebody else reads.
    ///
    /// # Errors
    /// Others take it.
    pub fn hold(&self, bytes: usize) -> Result<SemaphorePermit<'_>, NotRead> {
        let kib = u32::try_from(bytes / 1_024 + 1).unwrap_or(u32::MAX);
        self.free_kib.try_acquire_many(kib).map_err(|_| NotRead::Busy)
    }
}
