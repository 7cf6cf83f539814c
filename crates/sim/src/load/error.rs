//! Why did a load tool give up?

use std::path::Path;

use walletscope_journal::StoreError;
use walletscope_server::pipeline::PipelineError;

/// Why a load tool gave up. What the server did wrong under a crash is not an error but a violation.
#[derive(Debug)]
pub enum LoadError {
    /// A file, folder or process could not be used.
    Io {
        /// What was attempted.
        attempted: &'static str,
        /// On what.
        on: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The server did not start, stop or answer as agreed.
    Server {
        /// What was attempted.
        attempted: &'static str,
        /// What came instead.
        found: String,
    },
    /// The data folder could not be opened or read.
    Store(StoreError),
    /// The pipeline in this process failed.
    Pipeline(PipelineError),
}

impl LoadError {
    /// An I/O error's context, for `map_err`.
    pub fn io(attempted: &'static str, on: impl ToString) -> impl FnOnce(std::io::Error) -> Self {
        let on = on.to_string();
        move |source| Self::Io { attempted, on, source }
    }

    /// As [`Self::io`], on a path.
    pub fn path(attempted: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(attempted, path.display())
    }

    /// The server broke an agreement.
    pub fn server(attempted: &'static str, found: impl ToString) -> Self {
        Self::Server { attempted, found: found.to_string() }
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io { attempted, on, source } => write!(formatter, "cannot {attempted} {on}: {source}"),
            Self::Server { attempted, found } => write!(formatter, "cannot {attempted}: {found}"),
            Self::Store(error) => write!(formatter, "{error}"),
            Self::Pipeline(error) => write!(formatter, "{error}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PipelineError> for LoadError {
    fn from(error: PipelineError) -> Self {
        Self::Pipeline(error)
    }
}
