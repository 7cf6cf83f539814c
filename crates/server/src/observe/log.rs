//! What does a process say of itself while it runs? Lines on standard error, every one through the guard.
//!
//! Standard output belongs to scripts: it carries the `ready` line and what a command was asked for. The log is the one
//! thing that all servers of a process share, so only `main` installs it; everybody else just writes events.

use std::fmt::Display;
use std::io::{self, Write};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use walletscope_guard::guard;

/// The environment variable that says what is logged.
pub const VARIABLE: &str = "WALLETSCOPE_LOG";
/// Ours from `info` on, what we are built of from `warn` on.
pub const FILTER_DEFAULT: &str = "warn,walletscope=info";

/// A filter that means nothing.
#[derive(Debug)]
pub struct BadFilter(tracing_subscriber::filter::ParseError);

/// Logs to standard error from now on, by the filter of [`VARIABLE`].
///
/// # Errors
/// The filter means nothing.
pub fn install() -> Result<(), BadFilter> {
    let filter = std::env::var(VARIABLE).unwrap_or_else(|_| FILTER_DEFAULT.to_owned());
    let filter = EnvFilter::try_new(filter).map_err(BadFilter)?;
    // A second log of one process would come from its tests, and the first one stays.
    let _installed = tracing::subscriber::set_global_default(subscriber(filter, io::stderr));
    Ok(())
}

/// Writes events that `filter` admits, one a line, without card numbers.
pub fn subscriber<M>(filter: EnvFilter, target: M) -> impl Subscriber + Send + Sync
where
    M: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Guarded(target)).finish()
}

/// Tells the person at the terminal something, on standard error and without card numbers.
pub fn tell(text: impl Display) {
    eprintln!("{}", guard(&text.to_string()).text);
}

/// Makes writers that guard what passes.
struct Guarded<M>(M);

/// Guards each piece as a whole: the subscriber writes an event in one piece, so no card number is torn in two.
struct GuardedWriter<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Guarded<M> {
    type Writer = GuardedWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        GuardedWriter(self.0.make_writer())
    }
}

impl<W: Write> Write for GuardedWriter<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.write_all(guard(&String::from_utf8_lossy(piece)).text.as_bytes())?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Display for BadFilter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{VARIABLE} cannot be used: {}; write a level or parts of the program with levels, such as {FILTER_DEFAULT}",
            self.0
        )
    }
}

impl std::error::Error for BadFilter {}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Writes into a text that the test reads.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(piece)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let target = kept.clone();
        let subscriber = subscriber(EnvFilter::new(filter), move || target.clone());
        tracing::subscriber::with_default(subscriber, log);
        let written = kept.0.lock().unwrap();
        String::from_utf8(written.clone()).unwrap()
    }

    #[test]
    fn no_card_number_is_logged_in_a_message_a_field_or_an_error() {
        let text = logged("info", || {
            let error = io::Error::other("no such id: 5555-5555-5555-4444");
            tracing::info!(card = "378282246310005", %error, "card 4111111111111111 came");
        });
        assert!(text.contains("came") && text.contains("no such id"), "{text}");
        for number in ["378282246310005", "5555-5555-5555-4444", "4111111111111111"] {
            assert!(!text.contains(number), "{text}");
        }
    }

    #[test]
    fn by_default_others_are_heard_only_when_they_warn() {
        let text = logged(FILTER_DEFAULT, || {
            tracing::info!(target: "walletscope_journal::store", "ours");
            tracing::debug!(target: "walletscope_server", "ours too closely");
            tracing::info!(target: "hyper", "theirs");
            tracing::warn!(target: "hyper", "their warning");
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains(" ours\n") && text.contains(" their warning\n"), "{text}");
    }
}
