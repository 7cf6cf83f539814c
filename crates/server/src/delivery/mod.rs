//! How do log events get to where subscription filters send them?
//!
//! Every filter has a task of its own that reads the journal behind the entry up to which it is done ([`batch`]), sends
//! what it finds ([`endpoint`]) until it arrives or is given up ([`one_filter`]), and has the journal note how far it came.
//! So nothing that was acknowledged is left out, whenever the server is killed; what was sent just before may be sent
//! again, with the same ids of events. The journal keeps what filters have not read.

mod batch;
mod dead_letters;
mod endpoint;
mod keys;
mod one_filter;
mod patience;
mod status;
mod target;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use tokio::task::JoinHandle;
use walletscope_journal::JournalSize;
use walletscope_model::{Batch, Duration, Offset};
use walletscope_stream::GroupKey;
use walletscope_stream::subscription_filter::SubscriptionFilter;
use walletscope_wire::firehose::send::Envelope;

use crate::auth::Network;
use crate::observe::Telemetry;
use crate::pipeline::{Ingest, Now, Shared};

use batch::Record;
use dead_letters::DeadLetters;
use endpoint::{Delivery, Endpoint};
pub use keys::AccessKeys;
pub use patience::RETRY_FOR;
use status::Board;
pub use status::Status;
use target::Targets;

/// How often tasks are started for new filters.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(250);
const DEAD_LETTERS_FOLDER: &str = "dead-letters";

/// Where log events may be delivered to, and how long that is tried.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// Networks beside the public internet.
    pub networks: Vec<Network>,
    /// What endpoints want to hear.
    pub keys: AccessKeys,
    /// A delivery that did not arrive for so long is put aside.
    pub retry_for: Duration,
    /// Deliveries that were put aside.
    pub dead_letters: PathBuf,
}

impl DeliverySettings {
    /// To the public internet alone.
    pub fn usual(data: &std::path::Path) -> Self {
        Self {
            networks: Vec::new(),
            keys: AccessKeys::default(),
            retry_for: RETRY_FOR,
            dead_letters: data.join(DEAD_LETTERS_FOLDER),
        }
    }
}

/// Reads entries at and behind an offset, some at a time; none where the journal ends.
pub type ReadEntries = Arc<dyn Fn(Offset) -> Result<Vec<(Offset, Batch)>, String> + Send + Sync>;

/// What deliveries read and tell.
pub struct Surroundings {
    /// Knows the filters.
    pub shared: Arc<Shared>,
    /// Takes the notes of how far they came.
    pub ingest: Ingest,
    /// The journal.
    pub entries: ReadEntries,
    /// How much it holds.
    pub journal_size: Arc<dyn Fn() -> JournalSize + Send + Sync>,
    /// How much it may hold.
    pub journal_bytes_max: u64,
    /// Counts.
    pub telemetry: Arc<Telemetry>,
    /// The machine's clock.
    pub now: Now,
}

/// Delivers for every subscription filter.
pub struct Deliveries {
    context: Arc<Context>,
    starting: JoinHandle<()>,
}

/// What every task needs.
pub(crate) struct Context {
    around: Surroundings,
    endpoint: Endpoint,
    letters: DeadLetters,
    retry_for: Duration,
    board: Board,
}

/// Names a filter: its group, its name, and the entry that made it.
pub(crate) type FilterKey = (GroupKey, Box<str>, Offset);

impl Deliveries {
    /// Starts delivering.
    pub fn start(around: Surroundings, settings: &DeliverySettings) -> Self {
        let targets = Targets::new(&settings.networks);
        let context = Arc::new(Context {
            around,
            endpoint: Endpoint::new(targets, settings.keys.clone(), endpoint::system_lookup()),
            letters: DeadLetters::new(settings.dead_letters.clone()),
            retry_for: settings.retry_for,
            board: Board::default(),
        });
        let starting = tokio::spawn(start_each(context.clone()));
        Self { context, starting }
    }

    /// Whether a destination may be sent to, and somebody takes deliveries there. Sends what CloudWatch Logs sends when it
    /// asks that.
    ///
    /// # Errors
    /// No: why, in a sentence.
    pub async fn ask(&self, origin: &GroupKey, filter: &str, destination: &str) -> Result<(), String> {
        let now = (self.context.around.now)();
        self.context.endpoint.url(destination).map_err(|bad| bad.to_string())?;
        let key = (origin.clone(), filter.into(), Offset(0));
        let delivery = Delivery {
            request_id: one_filter::request_id(&key, Offset(0), Offset(now.0.unsigned_abs())),
            source_arn: one_filter::source_arn(origin, filter),
            records: vec![Record { bytes: Envelope::control(now).record(), events: 0 }],
        };
        let sent = self.context.endpoint.send(destination, &delivery, now).await;
        sent.map_err(|failure| failure.to_string())
    }

    /// Whether a destination means anything, without asking it.
    ///
    /// # Errors
    /// No: why, in a sentence.
    pub fn check(&self, destination: &str) -> Result<(), String> {
        self.context.endpoint.url(destination).map(drop).map_err(|bad| bad.to_string())
    }

    /// How the deliveries of a filter go; `None` for one that is just beginning.
    pub fn status(&self, group: &GroupKey, filter: &SubscriptionFilter) -> Option<Status> {
        let stored = &filter.stored;
        self.context.board.get(&(group.clone(), stored.definition.name.clone(), stored.incarnation))
    }

    /// Ends all deliveries where they stand; they go on from the last note.
    pub fn stop(&self) {
        self.starting.abort();
    }
}

/// Tasks end by themselves when their filter is gone, and all of them with this one.
async fn start_each(context: Arc<Context>) {
    let mut version = None;
    let mut running: BTreeMap<FilterKey, Running> = BTreeMap::new();
    loop {
        let catalog = context.around.shared.catalog.load_full();
        if version != Some(catalog.version()) {
            version = Some(catalog.version());
            running.retain(|_, task| !task.0.is_finished());
            for (group, filter) in catalog.subscription_filters.iter() {
                let stored = &filter.stored;
                let key = (group.clone(), stored.definition.name.clone(), stored.incarnation);
                running.entry(key).or_insert_with_key(|key| {
                    Running(tokio::spawn(one_filter::run(context.clone(), key.clone(), stored.delivered)))
                });
            }
            context.board.keep(|key| running.contains_key(key));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Ends its task with itself.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}
