//! What happens between `walletscope import FILE…` and its summary?
//!
//! Every file is read first, and if one of them holds what cannot be read, nothing of any is sent unless bad records
//! are to be skipped. Then the files go to the server that holds the data folder; where none runs, one is started for
//! as long as it takes. Ctrl-C and a kill leave a progress behind, from which the same command goes on.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;
use walletscope_model::Timestamp;
use walletscope_wire::import::Defaults;

use super::file;
use super::progress::{Job, Progress};
use super::read::{self, Chunk};
use super::report::{self, FileReport};
use super::send::{BackfillOf, Sender};
use crate::auth::{Credentials, is_source_name};
use crate::cli::Import;
use crate::observe::log::tell;
use crate::run::StopSignals;
use crate::settings::Settings;
use crate::start::{Server, StartError, start, system_now};

/// Chunks that are read ahead of the one that is being sent.
const CHUNKS_AHEAD: usize = 2;
/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;
const GROUP_BYTES_MAX: usize = 512;

/// Imports, and says what came of it.
pub async fn run(import: Import) -> ExitCode {
    let stop = Stop::on_signals();
    match Run::new(import, stop.clone()).and_then_run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if stop.is_asked() => {
            tell("walletscope import: stopped; the same command goes on from here");
            ExitCode::from(INTERRUPTED)
        }
        Err(reason) => {
            tell(format_args!("walletscope import: {reason}"));
            ExitCode::FAILURE
        }
    }
}

struct Run {
    import: Import,
    stop: Stop,
}

/// One file, read once.
struct Surveyed {
    path: PathBuf,
    job: Job,
    report: FileReport,
    /// What is known of an earlier run.
    progress: Option<Progress>,
    /// When the import began, by this run or an earlier one.
    begun: Timestamp,
}

impl Run {
    fn new(import: Import, stop: Stop) -> Self {
        Self { import, stop }
    }

    async fn and_then_run(self) -> Result<(), String> {
        if !is_source_name(&self.import.source) {
            return Err("cannot use --source: it takes 1 to 64 letters, digits, '.', '_' and '-'".to_owned());
        }
        if self.import.group.is_empty() || self.import.group.len() > GROUP_BYTES_MAX {
            return Err("cannot use --group: a log group has 1 to 512 characters".to_owned());
        }
        let settings = Settings::load(self.import.settings.clone()).map_err(|error| error.to_string())?;
        let folder = self.progress_folder(&settings);
        let run = Arc::new(self);
        let files = run.clone().survey(folder.clone()).await?;
        let reports: Vec<FileReport> = files.iter().map(|file| file.report.clone()).collect();
        eprint!("{}", report::bad_records(&reports));
        let bad: u64 = reports.iter().map(|file| file.bad).sum();
        if bad > 0 && !run.import.skip_bad {
            print!("{}", report::summary(&reports));
            return Err(format!(
                "nothing was sent: {bad} record(s) cannot be read; mend them, or leave them out with --skip-bad"
            ));
        }
        if run.import.dry_run {
            print!("{}", report::summary(&reports));
            println!("nothing was sent: --dry-run");
            return Ok(());
        }
        let target = Target::find(&run.import, &settings).await?;
        let sent = run.send_all(&target.api, files, &folder).await;
        target.close().await;
        let sent = sent?;
        print!("{}", report::summary(&reports));
        println!("{}", sent.in_words(bad));
        Ok(())
    }

    /// Where the progress is kept: beside the data that it is about.
    fn progress_folder(&self, settings: &Settings) -> PathBuf {
        self.import.state.clone().unwrap_or_else(|| settings.data.join("imports"))
    }

    /// Reads every file once.
    async fn survey(self: Arc<Self>, folder: PathBuf) -> Result<Vec<Surveyed>, String> {
        let now = system_now()();
        let reading = tokio::task::spawn_blocking(move || {
            let bar = spinner();
            let files = self.import.files.iter().map(|path| {
                bar.set_message(format!("reading {}", shown(path)));
                bar.tick();
                self.survey_one(path, &folder, now)
                    .map_err(|error| format!("cannot read {}: {error}", shown(path)))
            });
            let files = files.collect::<Result<Vec<_>, _>>();
            bar.finish_and_clear();
            files
        });
        reading.await.map_err(|error| error.to_string())?
    }

    fn survey_one(&self, path: &Path, folder: &Path, now: Timestamp) -> io::Result<Surveyed> {
        if !path.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such file"));
        }
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name the files in it"));
        }
        let (content, bytes) = file::hash(path)?;
        let job = Job {
            content: content.to_hex().to_string(),
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            source: self.import.source.clone(),
            group: self.import.group.clone(),
            target: self.import.server.clone().unwrap_or_default(),
        };
        let progress = if self.import.again { None } else { Progress::read(folder, &job)? };
        let begun = progress.as_ref().map_or(now, |progress| Timestamp(progress.begun));
        let is_stopped = || self.stop.is_asked();
        let mut report = read::survey(path, &self.defaults(&job, begun), &is_stopped)?;
        report.bytes = bytes;
        Ok(Surveyed { path: path.to_owned(), job, report, progress, begun })
    }

    fn defaults(&self, job: &Job, now: Timestamp) -> Defaults {
        // A stream's name may hold anything but these two.
        let stream: String =
            job.name.chars().map(|c| if matches!(c, ':' | '*') { '_' } else { c }).take(400).collect();
        Defaults { group: self.import.group.as_str().into(), stream: format!("import/{stream}").into(), now }
    }

    async fn send_all(
        self: &Arc<Self>,
        api: &Sender,
        files: Vec<Surveyed>,
        folder: &Path,
    ) -> Result<Sent, String> {
        let total = files.iter().map(|file| file.report.total()).sum();
        let bar = ProgressBar::new(total);
        let style = "{wide_bar} {human_pos}/{human_len} records, {per_sec}, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        let mut sent = Sent::default();
        let done = self.send_each(api, files, folder, &bar, &mut sent).await;
        bar.finish_and_clear();
        let done = done?;
        // One that was killed in between has still to say so.
        if done.iter().any(|(_, progress)| !progress.is_ended) {
            api.end_backfill(BackfillOf::Source(&self.import.source))
                .await
                .map_err(|error| error.to_string())?;
            for (job, mut progress) in done {
                progress.is_ended = true;
                progress.write(folder, &job).map_err(|error| cannot_remember(folder, &error))?;
            }
        }
        Ok(sent)
    }

    async fn send_each(
        self: &Arc<Self>,
        api: &Sender,
        files: Vec<Surveyed>,
        folder: &Path,
        bar: &ProgressBar,
        sent: &mut Sent,
    ) -> Result<Vec<(Job, Progress)>, String> {
        let mut done: Vec<(Job, Progress)> = Vec::new();
        for mut file in files {
            // The same content under the same name, once more in one command line.
            if let Some((_, progress)) = done.iter().find(|(job, _)| *job == file.job) {
                file.progress = Some(progress.clone());
            }
            let progress = self.send_one(api, &file, folder, bar, sent).await;
            let progress = progress.map_err(|error| format!("{}: {error}", shown(&file.path)))?;
            done.push((file.job, progress));
        }
        Ok(done)
    }

    async fn send_one(
        self: &Arc<Self>,
        api: &Sender,
        file: &Surveyed,
        folder: &Path,
        bar: &ProgressBar,
        sent: &mut Sent,
    ) -> Result<Progress, String> {
        let total = file.report.total();
        if let Some(progress) = file.progress.clone().filter(|progress| progress.is_complete) {
            sent.before += progress.records;
            bar.inc(total);
            return Ok(progress);
        }
        let mut progress = match &file.progress {
            Some(progress) => progress.clone(),
            None => {
                let mut progress = Progress::begin(&file.job, file.begun);
                let empty = api.chunk(&self.import.source, "", None, "".into()).await;
                progress.offset = empty.map_err(|error| error.to_string())?.offset;
                progress.write(folder, &file.job).map_err(|error| cannot_remember(folder, &error))?;
                progress
            }
        };
        let resumed = file.progress.as_ref().map(|progress| progress.offset);
        let mut sending = Sending {
            progress: &mut progress,
            resumed,
            sent,
            bar,
            seen: Progress::begin(&file.job, Timestamp(0)),
        };
        let (mut chunks, reading) = self.chunks(file);
        while let Some(chunk) = chunks.recv().await {
            if self.stop.is_asked() {
                return Err("stopped".to_owned());
            }
            sending.chunk(api, &file.job, &self.import.source, chunk).await?;
            sending.progress.write(folder, &file.job).map_err(|error| cannot_remember(folder, &error))?;
        }
        reading.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let records = progress.records;
        if records != total {
            return Err(format!(
                "it changed while it was read: {records} records of {total} were sent; import it again"
            ));
        }
        progress.is_complete = true;
        progress.write(folder, &file.job).map_err(|error| cannot_remember(folder, &error))?;
        Ok(progress)
    }

    /// Reads a file on a thread of its own, a few chunks ahead.
    fn chunks(
        self: &Arc<Self>,
        file: &Surveyed,
    ) -> (mpsc::Receiver<Chunk>, tokio::task::JoinHandle<io::Result<()>>) {
        let (send, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let (run, path) = (self.clone(), file.path.clone());
        let defaults = self.defaults(&file.job, file.begun);
        let reading = tokio::task::spawn_blocking(move || {
            let is_stopped = || run.stop.is_asked();
            read::chunks(&path, &defaults, &is_stopped, |chunk| {
                send.blocking_send(chunk).map_err(|_| io::Error::new(io::ErrorKind::Interrupted, "stopped"))
            })
        });
        (chunks, reading)
    }
}

/// One file on its way.
struct Sending<'a> {
    progress: &'a mut Progress,
    /// The offset behind which chunks of a killed run may be stored, until one is found that is not.
    resumed: Option<u64>,
    sent: &'a mut Sent,
    bar: &'a ProgressBar,
    /// What this run has read of the file so far.
    seen: Progress,
}

impl Sending<'_> {
    async fn chunk(&mut self, api: &Sender, job: &Job, source: &str, chunk: Chunk) -> Result<(), String> {
        let digest = self.seen.digest_with(&chunk.lines);
        self.seen.digest.clone_from(&digest);
        if chunk.number < self.progress.chunks {
            self.sent.before += chunk.records;
            self.bar.inc(chunk.records);
            if chunk.number + 1 == self.progress.chunks && digest != self.progress.digest {
                return Err(
                    "the first part of the file reads differently from when it was sent, by another version \
                            of walletscope probably; import it anew with --again"
                        .to_owned(),
                );
            }
            return Ok(());
        }
        let key = job.key(self.progress.begun, chunk.number, &digest);
        let answer = api.chunk(source, &key, self.resumed, chunk.lines.into()).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.repeated == 0 {
            self.resumed = None;
            self.sent.now += chunk.records;
        } else {
            self.sent.before += chunk.records;
        }
        self.progress.chunks += 1;
        self.progress.records += chunk.records;
        self.progress.digest = digest;
        self.progress.offset = answer.offset;
        self.bar.inc(chunk.records);
        Ok(())
    }
}

/// How many records were stored.
#[derive(Default)]
struct Sent {
    now: u64,
    before: u64,
}

impl Sent {
    fn in_words(&self, bad: u64) -> String {
        let mut words = format!("stored {} record(s)", self.now);
        if self.before > 0 {
            words += &format!("; {} were stored by an earlier run", self.before);
        }
        if bad > 0 {
            words += &format!("; {bad} bad record(s) were left out");
        }
        words
    }
}

/// The server that the records go to.
struct Target {
    api: Sender,
    own: Option<Server>,
}

impl Target {
    async fn find(import: &Import, settings: &Settings) -> Result<Self, String> {
        let token = |credentials: &Credentials| credentials.api_token.expose().to_owned();
        let known = Credentials::read(&settings.data).map(|credentials| token(&credentials));
        if let Some(url) = &import.server {
            let token = match import.api_token() {
                Some(token) => token.to_owned(),
                None => {
                    known.map_err(|error| format!("{error}; or give the token in WALLETSCOPE_API_TOKEN"))?
                }
            };
            let refused = |_| {
                format!(
                    "cannot use --server {url}: write http://HOST:PORT; where a proxy ends TLS, go to the \
                     server itself, on its machine"
                )
            };
            return Ok(Self { api: Sender::new(url, &token).map_err(refused)?, own: None });
        }
        let url = format!("http://{}", settings.listen);
        if let Ok(token) = &known {
            let api = Sender::new(&url, token).map_err(|error| error.to_string())?;
            let file = Credentials::path(&settings.data);
            let file = std::path::absolute(&file).unwrap_or(file);
            if api.credentials_file().await.is_some_and(|known| Path::new(&known) == file) {
                return Ok(Self { api, own: None });
            }
        }
        Self::start(settings, &url).await
    }

    /// A server of our own, on a port of its own, for as long as the import takes.
    async fn start(settings: &Settings, url: &str) -> Result<Self, String> {
        let settings = Settings { listen: ([127, 0, 0, 1], 0).into(), ..settings.clone() };
        let server = start(&settings, system_now()).await.map_err(|error| match error {
            StartError::Store(_) | StartError::Lake(_) => format!(
                "{error}; if a server holds {}, it does not answer at {url}: name it with --server URL",
                settings.data.display()
            ),
            other => other.to_string(),
        })?;
        tell(format_args!(
            "no server runs over {}: one does until the import is done",
            settings.data.display()
        ));
        let token = server.auth.credentials().api_token.expose().to_owned();
        let api = Sender::new(&format!("http://{}", server.address), &token);
        Ok(Self { api: api.map_err(|error| error.to_string())?, own: Some(server) })
    }

    async fn close(self) {
        if let Some(server) = self.own {
            server.stop().await;
        }
    }
}

/// Whether somebody wants it to end.
#[derive(Clone)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ctrl-C and SIGTERM ask once; the second time ends the process as it would without us.
    fn on_signals() -> Self {
        let stop = Self(Arc::default());
        let asked = stop.clone();
        let mut signals = StopSignals::catch();
        tokio::spawn(async move {
            signals.received().await;
            asked.0.store(true, Ordering::Relaxed);
            signals.received().await;
            std::process::exit(i32::from(INTERRUPTED));
        });
        stop
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}

fn shown(path: &Path) -> String {
    walletscope_guard::guard(&path.display().to_string()).text.into_owned()
}

fn cannot_remember(folder: &Path, error: &io::Error) -> String {
    format!(
        "cannot remember the progress in {}: {error}; choose another folder with --state",
        folder.display()
    )
}
