//! How many reads of metrics run at a time?
//!
//! A read takes a thread and perhaps all points of a few hundred series; more than a few at a time would only slow each
//! other. Further callers wait, and beyond those are told to come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Reads at a time.
pub const READS_MAX: usize = 4;
/// Callers that wait for one.
pub const WAITING_MAX: usize = 64;

/// The places of readers.
pub struct MetricReads {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Default for MetricReads {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(READS_MAX)), waiting: AtomicUsize::new(0) }
    }
}

impl MetricReads {
    /// Waits for a place; `None` where too many wait.
    pub async fn enter(self: Arc<Self>) -> Option<OwnedSemaphorePermit> {
        /// Counts one that waits until it is dropped, however it ends.
        struct Waits<'a>(&'a AtomicUsize);
        impl Drop for Waits<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::AcqRel);
            }
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waits = Waits(&self.waiting);
        if before >= WAITING_MAX {
            return None;
        }
        self.permits.clone().acquire_owned().await.ok()
    }
}
