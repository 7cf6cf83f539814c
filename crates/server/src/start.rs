//! In which order does a server start and stop?
//!
//! Folder, credentials, store, pipeline, doors, listener; stopping goes the other way. Nothing here is global: two
//! servers fit in one process.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::SystemTime;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use walletscope_journal::{EmbeddedStore, JournalSize, Options, Store, StoreError};
use walletscope_lake::LakeError;
use walletscope_model::{Batch, Body, Command, Offset, Origin, Timestamp};
use walletscope_query::SqlError;

use crate::api::{ApiContext, DefinitionsContext, JournalReader, LakeContext, LakePlace, LogsContext, Place};
use crate::auth::{Auth, AuthError, Credentials};
use crate::aws::Door;
use crate::bodies::Bodies;
use crate::delivery::{Deliveries, Surroundings};
use crate::doors::Doors;
use crate::import::{CHUNKS_MAX, FindCalls, ImportDoor};
use crate::intake::Intake;
use crate::lake::{self, LakeShared, LakeTables, Work};
use crate::listen::{LakeDoor, Routes, router, serve};
use crate::logs::Logs;
use crate::metrics::Trainer;
use crate::observe::Telemetry;
use crate::pipeline::{self, LakeSide, Now, Pipeline, PipelineError, Submission};
use crate::settings::Settings;
use crate::sql::{Limits, Sql};

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who may call.
    pub auth: Arc<Auth>,
    /// Searches over log events, for who is in the same process.
    pub logs: Arc<Logs>,
    pipeline: Arc<Pipeline>,
    lake: RunningLake,
    sql: Arc<Sql>,
    deliveries: Arc<Deliveries>,
    trainer: Trainer,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<()>,
}

/// The lake's thread and how to end it.
struct RunningLake {
    shared: Arc<LakeShared>,
    feeder: SyncSender<Work>,
    thread: std::thread::JoinHandle<()>,
}

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    /// The data folder could not be made.
    Folder(String, std::io::Error),
    /// Credentials or keys could not be read or made.
    Auth(AuthError),
    /// The store could not be opened.
    Store(StoreError),
    /// The state could not be restored.
    Pipeline(PipelineError),
    /// The lake could not be opened.
    Lake(LakeError),
    /// SQL could not be set up.
    Sql(SqlError),
    /// The address is taken or not ours.
    Listen(String, std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder, error) => write!(formatter, "cannot make the data folder {folder}: {error}"),
            Self::Auth(error) => write!(formatter, "{error}"),
            Self::Store(error) => write!(formatter, "{error}"),
            Self::Pipeline(error) => write!(formatter, "cannot restore the state: {error}"),
            Self::Lake(error) => write!(formatter, "{error}"),
            Self::Sql(error) => write!(formatter, "{error}"),
            Self::Listen(address, error) => {
                write!(
                    formatter,
                    "cannot listen on {address}: {error}; choose another with --listen ADDRESS:PORT"
                )
            }
        }
    }
}

impl std::error::Error for StartError {}

/// Reads the machine's clock. The only place that does.
pub fn system_now() -> Now {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// Starts a server.
///
/// # Errors
/// Something that it needs is missing or taken; nothing is left running.
pub async fn start(settings: &Settings, now: Now) -> Result<Server, StartError> {
    start_by(settings, now, true).await
}

/// Starts a server that keeps the rules which its folder was last run by.
///
/// # Errors
/// As [`start`].
pub async fn start_as_it_is(settings: &Settings, now: Now) -> Result<Server, StartError> {
    start_by(settings, now, false).await
}

async fn start_by(settings: &Settings, now: Now, sets_rules: bool) -> Result<Server, StartError> {
    make_folder(&settings.data)?;
    make_folder(&store_folder(settings))?;
    let listener = listen(settings.listen).await?;
    let address =
        listener.local_addr().map_err(|error| StartError::Listen(settings.listen.to_string(), error))?;
    let auth = Arc::new(Auth::open(settings, address, now.clone()).await.map_err(StartError::Auth)?);
    let lake = open_lake(settings, now.clone()).await?;
    let side = LakeSide { feeder: lake.feeder.clone(), shared: lake.shared.clone() };
    let (store, pipeline) = open_pipeline(settings, now.clone(), side).await?;
    let pipeline = Arc::new(pipeline);
    if sets_rules {
        set_rules(settings, &pipeline).await?;
    }
    let telemetry = Arc::new(Telemetry::default());
    let api = crate::api::router(ApiContext {
        shared: pipeline.shared.clone(),
        journal: Arc::new(StoreReader(store.clone())),
        now: now.clone(),
        place: place(settings, &auth),
        telemetry: telemetry.clone(),
    });
    let tables = LakeTables { lake: lake.shared.clone(), shared: pipeline.shared.clone(), now: now.clone() };
    let sql = open_sql(settings, tables, &auth, now.clone())?;
    let logs = open_logs(settings, &lake, &pipeline, &sql, now.clone());
    let trainer = train(sets_rules, &pipeline, now.clone());
    let deliveries = deliver(sets_rules, settings, &store, &pipeline, telemetry.clone(), now.clone());
    let api = api.merge(crate::api::logs_router(LogsContext {
        logs: logs.clone(),
        ingest: pipeline.ingest.clone(),
        shared: pipeline.shared.clone(),
        account: settings.account.clone(),
        region: settings.region.clone(),
        deliveries: deliveries.clone(),
        now: now.clone(),
    }));
    let api = api.merge(crate::api::definitions_router(DefinitionsContext {
        ingest: pipeline.ingest.clone(),
        shared: pipeline.shared.clone(),
        account: settings.account.clone(),
        region: settings.region.clone(),
        sql: sql.clone(),
    }));
    let api = api.merge(crate::api::lake_router(LakeContext {
        sql: sql.clone(),
        lake: lake.shared.clone(),
        place: lake_place(settings),
        shared: pipeline.shared.clone(),
        journal_size: journal_size(&store),
        journal_bytes_max: settings.journal.bytes,
        now: now.clone(),
    }));
    let common = Common { logs: logs.clone(), deliveries: deliveries.clone(), telemetry, now };
    let routes = routes(settings, &store, &pipeline, &auth, &lake, common);
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(serve(listener, router(routes, api), async {
        // A dropped sender stops the server as well.
        let _stopped = stopped.await;
    }));
    Ok(Server { address, auth, logs, pipeline, lake, sql, deliveries, trainer, stop, serving })
}

impl Server {
    /// Resolves with the reason when the pipeline failed.
    pub async fn failed(&self) -> String {
        let mut fatal = self.pipeline.shared.fatal.subscribe();
        match fatal.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the pipeline is gone".to_owned(),
        }
    }

    /// Lets running calls finish, then makes everything durable.
    pub async fn stop(self) {
        let Self { pipeline, lake, sql, deliveries, trainer, stop, serving, .. } = self;
        // Readers of a long answer are told why it ends, instead of being waited for.
        sql.threads().stop();
        // The listener may have stopped by itself.
        let _sent = stop.send(());
        let _served = serving.await;
        sql.threads().end().await;
        deliveries.stop().await;
        trainer.stop().await;
        let _joined = tokio::task::spawn_blocking(move || pipeline.stop()).await;
        let RunningLake { shared, feeder, thread } = lake;
        let _ended = tokio::task::spawn_blocking(move || (feeder.send(Work::Stop), thread.join())).await;
        shared.lake.close().await;
    }

    /// What recovery found.
    pub fn started(&self) -> pipeline::Started {
        self.pipeline.started
    }
}

fn place(settings: &Settings, auth: &Auth) -> Place {
    let file = Credentials::path(&settings.data);
    let file = std::path::absolute(&file).unwrap_or(file);
    Place {
        account: settings.account.clone(),
        region: settings.region.clone(),
        url: auth.url().into(),
        credentials_file: file.display().to_string().into(),
    }
}

/// The waits of the join are definitions: changed settings enter by the journal.
async fn set_rules(settings: &Settings, pipeline: &Pipeline) -> Result<(), StartError> {
    if pipeline.shared.view.load().clock.rules == settings.rules {
        return Ok(());
    }
    let submission = Submission {
        origin: Origin::own(),
        invocation_id: "".into(),
        body: Body::Command(Command::SetRules(settings.rules.clone())),
        answer: Vec::new(),
    };
    let taken = pipeline.ingest.submit(submission).await;
    taken.map(drop).map_err(|_| StartError::Store(StoreError::Poisoned))
}

/// What is kept is personal data: a folder of ours is for nobody else, whatever the umask says. One that exists is used
/// as it is.
fn make_folder(folder: &Path) -> Result<(), StartError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| StartError::Folder(folder.display().to_string(), error))
}

/// Where the journal and the state lie.
pub(crate) fn store_folder(settings: &Settings) -> PathBuf {
    settings.data.join("store")
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen(address.to_string(), error))
}

/// What a query spills lies in the data folder, so that it needs no room elsewhere. What queries of a killed server left
/// there is nobody's: the data folder has one server.
fn open_sql(settings: &Settings, tables: LakeTables, auth: &Auth, now: Now) -> Result<Arc<Sql>, StartError> {
    let spill_folder = settings.data.join("spill");
    if let Err(error) = std::fs::remove_dir_all(&spill_folder)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(StartError::Folder(spill_folder.display().to_string(), error));
    }
    make_folder(&spill_folder)?;
    let limits = Limits { spill_folder: Some(spill_folder), ..Limits::default() };
    let sql = Sql::open(tables, auth.users().clone(), limits, now);
    sql.map(Arc::new).map_err(StartError::Sql)
}

fn open_logs(
    settings: &Settings,
    lake: &RunningLake,
    pipeline: &Pipeline,
    sql: &Arc<Sql>,
    now: Now,
) -> Arc<Logs> {
    let tables = LakeTables { lake: lake.shared.clone(), shared: pipeline.shared.clone(), now: now.clone() };
    Arc::new(Logs::new(tables, sql.clone(), settings.rules.placeholders.clone(), now))
}

/// Subscription filters go on where they stood, unless somebody only looks at the folder.
fn deliver(
    delivers: bool,
    settings: &Settings,
    store: &EmbeddedStore,
    pipeline: &Pipeline,
    telemetry: Arc<Telemetry>,
    now: Now,
) -> Arc<Deliveries> {
    const BYTES_AT_A_TIME: usize = 1 << 20;
    let entries = {
        let store = store.clone();
        Arc::new(move |from| store.entries(from, BYTES_AT_A_TIME).map_err(|error| error.to_string()))
    };
    let around = Surroundings {
        shared: pipeline.shared.clone(),
        ingest: pipeline.ingest.clone(),
        entries,
        journal_size: journal_size(store),
        telemetry,
        now,
    };
    Arc::new(match delivers {
        true => Deliveries::start(around, &settings.delivery),
        false => Deliveries::idle(around, &settings.delivery),
    })
}

/// Anomaly detectors are trained, unless somebody only looks at the folder.
fn train(trains: bool, pipeline: &Pipeline, now: Now) -> Trainer {
    match trains {
        true => Trainer::start(pipeline.shared.clone(), pipeline.ingest.clone(), now),
        false => Trainer::idle(),
    }
}

fn lake_place(settings: &Settings) -> LakePlace {
    match &settings.lake.s3 {
        Some(place) => LakePlace::Bucket(format!("s3://{}/{}", place.bucket, place.prefix)),
        None => {
            let folder = &settings.lake.folder;
            LakePlace::Folder(std::path::absolute(folder).unwrap_or_else(|_| folder.clone()))
        }
    }
}

fn journal_size(store: &EmbeddedStore) -> Arc<dyn Fn() -> JournalSize + Send + Sync> {
    let store = store.clone();
    Arc::new(move || store.size())
}

async fn open_lake(settings: &Settings, now: Now) -> Result<RunningLake, StartError> {
    let shared = lake::open(&settings.lake, now()).await.map_err(StartError::Lake)?;
    let placeholders = settings.rules.placeholders.clone();
    let (feeder, thread) = lake::start(shared.clone(), settings.lake.clone(), placeholders, now)
        .map_err(|error| StartError::Folder("for the lake's thread".to_owned(), error))?;
    Ok(RunningLake { shared, feeder, thread })
}

async fn open_pipeline(
    settings: &Settings,
    now: Now,
    lake: LakeSide,
) -> Result<(EmbeddedStore, Pipeline), StartError> {
    let folder = store_folder(settings);
    let options = Options { retention: settings.retention(), ..Options::default() };
    let opening = tokio::task::spawn_blocking(move || {
        let store = EmbeddedStore::open(&folder, options).map_err(StartError::Store)?;
        let pipeline = pipeline::start(store.clone(), now, Some(lake)).map_err(StartError::Pipeline)?;
        Ok((store, pipeline))
    });
    opening.await.unwrap_or_else(|_| Err(StartError::Store(StoreError::Poisoned)))
}

/// What several doors use.
struct Common {
    logs: Arc<Logs>,
    deliveries: Arc<Deliveries>,
    telemetry: Arc<Telemetry>,
    now: Now,
}

fn routes(
    settings: &Settings,
    store: &EmbeddedStore,
    pipeline: &Pipeline,
    auth: &Arc<Auth>,
    lake: &RunningLake,
    common: Common,
) -> Routes {
    let Common { logs, deliveries, telemetry, now } = common;
    let bodies = Arc::new(Bodies::default());
    let shared = pipeline.shared.clone();
    let lake_door = LakeDoor::new(
        lake.shared.clone(),
        lake.feeder.clone(),
        store.clone(),
        pipeline.shared.clone(),
        now.clone(),
    );
    let intake =
        || Intake { ingest: pipeline.ingest.clone(), shared: shared.clone(), telemetry: telemetry.clone() };
    let door = Door::new(
        intake(),
        auth.keyring(),
        &settings.account,
        now.clone(),
        (logs, deliveries),
        bodies.clone(),
    );
    let doors = Doors {
        intake: intake(),
        auth: auth.clone(),
        account: settings.account.clone(),
        region: settings.region.clone(),
        now,
        bodies,
    };
    let import = ImportDoor {
        intake: intake(),
        find_calls: find_calls(store.clone()),
        account: settings.account.clone(),
        region: settings.region.clone(),
        chunks: Semaphore::new(CHUNKS_MAX),
    };
    Routes {
        door: Arc::new(door),
        auth: auth.clone(),
        shared,
        telemetry,
        journal_size: journal_size(store),
        ingest: pipeline.ingest.clone(),
        lake: lake_door,
        import: Arc::new(import),
        doors: Arc::new(doors),
    }
}

/// Looks for calls of a source among the entries behind an offset.
fn find_calls(store: impl Store) -> FindCalls {
    const BYTES_AT_A_TIME: usize = 8 << 20;
    Arc::new(move |after, source, wanted| {
        let mut found = BTreeSet::new();
        let mut next = Offset(after.0 + 1);
        while found.len() < wanted.len() {
            let entries = store.entries(next, BYTES_AT_A_TIME).map_err(|error| error.to_string())?;
            let Some((last, _)) = entries.last() else { break };
            next = Offset(last.0 + 1);
            for (_, entry) in &entries {
                let header = walletscope_journal::decode_header(entry).map_err(|error| error.to_string())?;
                if *header.origin.source == *source && wanted.contains(&header.invocation_id) {
                    found.insert(header.invocation_id);
                }
            }
        }
        Ok(found)
    })
}

/// Reads entries back for pages about one request.
struct StoreReader<S>(S);

impl<S: Store> JournalReader for StoreReader<S> {
    fn entry(&self, offset: Offset) -> Result<Option<Batch>, String> {
        let bytes = self.0.entry(offset).map_err(|error| error.to_string())?;
        bytes.map(|bytes| walletscope_journal::decode(&bytes).map_err(|error| error.to_string())).transpose()
    }
}
