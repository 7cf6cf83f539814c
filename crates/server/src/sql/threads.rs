//! Where do queries run, and how are they ended?
//!
//! On a runtime of their own: a query computes for seconds without a pause, and calls of sources must be answered
//! meanwhile. Whoever runs a query watches [`QueryThreads::stopping`], so that its reader is told why it ends.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;

/// Threads at least, so that one long query does not hold up all others.
const THREADS_MIN: usize = 2;
/// How long threads may take to end.
const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// The threads of queries.
pub struct QueryThreads {
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
    stopping: watch::Sender<bool>,
}

impl QueryThreads {
    /// Starts them.
    ///
    /// # Errors
    /// The machine has no thread to spare.
    pub fn start() -> std::io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(THREADS_MIN, usize::from).max(THREADS_MIN);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("query")
            .thread_stack_size(walletscope_query::limits::STACK_BYTES)
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Self { handle, runtime: Mutex::new(Some(runtime)), stopping: watch::Sender::new(false) })
    }

    /// Runs a query there; its end is its own to tell.
    pub fn spawn(&self, query: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(query));
    }

    /// Runs something there and waits for it.
    ///
    /// # Errors
    /// It panicked, or the threads have ended.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        self.handle.spawn(work).await
    }

    /// Runs something there for as long as it is waited for.
    ///
    /// # Errors
    /// It panicked, or the threads have ended.
    pub async fn run_while_awaited<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        let mut running = Awaited(self.handle.spawn(work));
        (&mut running.0).await
    }

    /// Becomes true when queries are to end.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Tells every query to end.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Ends the threads, and with them what still runs.
    pub async fn end(&self) {
        self.stop();
        if let Some(runtime) = self.take() {
            let _ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(STOP_TIME_MAX)).await;
        }
    }

    fn take(&self) -> Option<Runtime> {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Work that ends when nobody waits for it any more.
struct Awaited<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Awaited<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for QueryThreads {
    /// A runtime that is dropped waits for its threads, which a thread of another runtime must not do.
    fn drop(&mut self) {
        if let Some(runtime) = self.take() {
            runtime.shutdown_background();
        }
    }
}
