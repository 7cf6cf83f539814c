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
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use walletscope_journal::JournalSize;
use walletscope_model::{Duration, Offset};
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
/// Filters that read the journal at a time: what is read takes many times its size in memory.
const READERS_MAX: usize = 2;
/// Endpoints that are asked at a time whether they take deliveries, and how long one may think.
const QUESTIONS_MAX: usize = 8;
const QUESTION_TIME_MAX: StdDuration = StdDuration::from_secs(10);
/// How long a stop waits for what is being sent.
const STOP_TIME_MAX: StdDuration = StdDuration::from_secs(5);
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

/// Reads entries at and behind an offset as they are written down, some at a time; none where the journal ends.
pub type ReadEntries = Arc<dyn Fn(Offset) -> Result<Vec<(Offset, Vec<u8>)>, String> + Send + Sync>;

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
    /// Counts.
    pub telemetry: Arc<Telemetry>,
    /// The machine's clock.
    pub now: Now,
}

/// Delivers for every subscription filter.
pub struct Deliveries {
    context: Arc<Context>,
    starting: Mutex<Option<JoinHandle<()>>>,
    /// Questions whether somebody listens, at a time.
    questions: Semaphore,
}

/// What every task needs.
pub(crate) struct Context {
    around: Surroundings,
    endpoint: Endpoint,
    letters: DeadLetters,
    retry_for: Duration,
    board: Board,
    /// Filters that read the journal, at a time.
    readers: Semaphore,
    stopping: watch::Sender<bool>,
}

/// Names a filter: its group, its name, and the entry that made it.
pub(crate) type FilterKey = (GroupKey, Box<str>, Offset);

impl Deliveries {
    /// Begins to deliver.
    pub fn start(around: Surroundings, settings: &DeliverySettings) -> Self {
        let idle = Self::idle(around, settings);
        let starting = tokio::spawn(start_each(idle.context.clone()));
        *idle.starting.lock().unwrap_or_else(PoisonError::into_inner) = Some(starting);
        idle
    }

    /// Delivers nothing: for a server that only looks at its folder.
    pub fn idle(around: Surroundings, settings: &DeliverySettings) -> Self {
        let targets = Targets::new(&settings.networks);
        let context = Arc::new(Context {
            around,
            endpoint: Endpoint::new(targets, settings.keys.clone(), endpoint::system_lookup()),
            letters: DeadLetters::new(settings.dead_letters.clone()),
            retry_for: settings.retry_for,
            board: Board::default(),
            readers: Semaphore::new(READERS_MAX),
            stopping: watch::Sender::new(false),
        });
        Self { context, starting: Mutex::default(), questions: Semaphore::new(QUESTIONS_MAX) }
    }

    /// Whether a destination may be sent to, and somebody takes deliveries there. Sends what CloudWatch Logs sends when it
    /// asks that.
    ///
    /// # Errors
    /// No: why, in a sentence.
    pub async fn ask(&self, group: &GroupKey, filter: &str, destination: &str) -> Result<(), String> {
        let Ok(_turn) = self.questions.try_acquire() else {
            return Err("too many destinations are asked at once; try again".to_owned());
        };
        let now = (self.context.around.now)();
        let key = (group.clone(), filter.into(), Offset(0));
        let record = Envelope::control(now).record();
        let delivery = Delivery {
            request_id: one_filter::request_id(&key, Offset(0), Offset(now.0.unsigned_abs())),
            source_arn: one_filter::source_arn(group, filter),
            records: vec![Record { bytes: record, events: 0, offset: Offset(0) }],
        };
        let asked = self.context.endpoint.send(destination, &delivery, now);
        match tokio::time::timeout(QUESTION_TIME_MAX, asked).await {
            Ok(sent) => sent.map_err(|failure| failure.to_string()),
            Err(_) => Err("the endpoint did not answer in time".to_owned()),
        }
    }

    /// How the deliveries of a filter go; `None` for one that is just beginning.
    pub fn status(&self, group: &GroupKey, filter: &SubscriptionFilter) -> Option<Status> {
        let stored = &filter.stored;
        self.context.board.get(&(group.clone(), stored.definition.name.clone(), stored.incarnation))
    }

    /// Lets deliveries that are being sent arrive, for some seconds, and notes them; ends all others where they stand.
    pub async fn stop(&self) {
        self.context.stopping.send_replace(true);
        let starting = self.starting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(starting) = starting {
            // A task that panicked has nothing more to note.
            let _ended = starting.await;
        }
    }
}

impl Context {
    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits, but no longer than until the server stops.
    async fn pause(&self, length: StdDuration) {
        let mut stopping = self.stopping.subscribe();
        // Either way the pause is over.
        let _ended = tokio::time::timeout(length, stopping.wait_for(|stopping| *stopping)).await;
    }
}

/// Starts a task for each filter, and another where one ended that should not have. Tasks end by themselves when their
/// filter is gone or the server stops.
async fn start_each(context: Arc<Context>) {
    let mut running: BTreeMap<FilterKey, Running> = BTreeMap::new();
    while !context.is_stopping() {
        let catalog = context.around.shared.catalog.load_full();
        running.retain(|_, task| !task.0.is_finished());
        for (group, filter) in catalog.subscription_filters.iter() {
            let stored = &filter.stored;
            let key = (group.clone(), stored.definition.name.clone(), stored.incarnation);
            running.entry(key).or_insert_with_key(|key| {
                let known = context.board.get(key).map_or(Offset(0), |status| status.delivered);
                let from = stored.delivered.max(known);
                Running(tokio::spawn(one_filter::run(context.clone(), key.clone(), from)))
            });
        }
        context.board.keep(|key| running.contains_key(key));
        context.pause(LOOK_EVERY).await;
    }
    let all = async {
        for task in running.values_mut() {
            // Its end is all that counts.
            let _ended = (&mut task.0).await;
        }
    };
    let _in_time = tokio::time::timeout(STOP_TIME_MAX, all).await;
}

/// Ends its task with itself.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}
