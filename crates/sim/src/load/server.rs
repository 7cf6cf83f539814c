//! How is the real binary started, killed and stopped?
//!
//! By the contract for scripts alone: `serve --data DIR --listen 127.0.0.1:0`, one ready line, `DIR/credentials`,
//! SIGTERM. A server that is dropped is killed, so a tool that fails leaves nothing behind.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use walletscope_server::client;

use super::LoadError;
use super::http;

/// The region of every call.
pub const REGION: &str = "us-east-1";
/// A server that is not ready by then has failed.
pub const READY_MAX: Duration = Duration::from_secs(60);
/// A server that did not stop by then has failed.
pub const STOP_MAX: Duration = Duration::from_secs(60);

/// A running server of ours.
pub struct Server {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// How long it took from the start of the process to the ready line.
    pub ready_after: Duration,
    /// The key it accepts.
    pub credentials: client::Credentials,
    /// The token of its JSON API.
    pub token: String,
}

impl Server {
    /// Starts `binary` over `folder` on a free port of loopback; its standard error goes to a file beside the folder.
    ///
    /// # Errors
    /// It did not become ready, or left no credentials.
    pub fn start(binary: &Path, folder: &Path) -> Result<Self, LoadError> {
        let log_path = folder.with_extension("stderr");
        let log = OpenOptions::new().create(true).append(true).open(&log_path);
        let log = log.map_err(LoadError::path("write the server's standard error to", &log_path))?;
        let started_at = Instant::now();
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            // Deliveries of the bench stay on this machine.
            .env("WALLETSCOPE_DELIVERY_NETWORK", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(LoadError::path("start", binary))?;
        let ready = ready_line(child.stdout.take(), started_at).and_then(|(address, ready_after)| {
            let (credentials, token) = read_credentials(&folder.join("credentials"))?;
            Ok((address, ready_after, credentials, token))
        });
        match ready {
            Ok((address, ready_after, credentials, token)) => {
                Ok(Self { child, folder: folder.to_owned(), address, ready_after, credentials, token })
            }
            Err(error) => {
                end(&mut child);
                let said = std::fs::read_to_string(&log_path).unwrap_or_default();
                let last = said.lines().next_back().unwrap_or("nothing on standard error");
                Err(LoadError::server("start the server", format!("{error}; it said: {last}")))
            }
        }
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `http://address`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// GET of the JSON API: the status and the JSON, and how long it took.
    ///
    /// # Errors
    /// No answer, or one that is not JSON.
    pub fn get(&self, path: &str) -> Result<(u16, serde_json::Value, Duration), LoadError> {
        let asked_at = Instant::now();
        let answer = http::get(self.address, path, &self.token).map_err(LoadError::io("get", path))?;
        let took = asked_at.elapsed();
        let json = serde_json::from_slice(&answer.body).map_err(|error| {
            LoadError::server("read the JSON of an API answer", format!("{path}: {error}"))
        })?;
        Ok((answer.status, json, took))
    }

    /// POST of the JSON API: what came back and how long it took.
    ///
    /// # Errors
    /// No answer, or one that is no success.
    pub fn post(&self, path: &str, json: &serde_json::Value) -> Result<(String, Duration), LoadError> {
        let asked_at = Instant::now();
        let answer = http::post(self.address, path, &self.token, &json.to_string());
        let answer = answer.map_err(LoadError::io("post", path))?;
        let took = asked_at.elapsed();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status != 200 {
            return Err(LoadError::server(
                "have a call answered",
                format!("{path}: {} {text}", answer.status),
            ));
        }
        Ok((text, took))
    }

    /// Kills it as a power cut would: no signal handler runs.
    pub fn kill(mut self) {
        end(&mut self.child);
    }

    /// Asks it to stop and waits; how long that took.
    ///
    /// # Errors
    /// It did not end by itself with exit code 0.
    pub fn stop(mut self) -> Result<Duration, LoadError> {
        let asked_at = Instant::now();
        let refused = |error: rustix::io::Errno| LoadError::server("signal the server", error);
        kill_process(Pid::from_child(&self.child), Signal::TERM).map_err(refused)?;
        while asked_at.elapsed() < STOP_MAX {
            match self.child.try_wait().map_err(LoadError::io("wait for", "the server"))? {
                Some(status) if status.success() => return Ok(asked_at.elapsed()),
                Some(status) => return Err(LoadError::server("stop the server", status)),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        Err(LoadError::server(
            "stop the server",
            format!("still there {} s after SIGTERM", STOP_MAX.as_secs()),
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Kills and waits; both do nothing on a process that ended.
fn end(child: &mut Child) {
    let _killed = child.kill();
    let _waited = child.wait();
}

fn ready_line(stdout: Option<ChildStdout>, started_at: Instant) -> Result<(SocketAddr, Duration), LoadError> {
    let failed = |found: &str| LoadError::server("read the ready line", found);
    let lines = lines_of(stdout.ok_or_else(|| failed("no standard output"))?);
    let line = lines.recv_timeout(READY_MAX).map_err(|_| failed("none came"))?;
    let ready_after = started_at.elapsed();
    let address = line.strip_prefix("ready http://").and_then(|address| address.trim().parse().ok());
    Ok((address.ok_or_else(|| failed(&line))?, ready_after))
}

/// Reads on after the ready line, so that a server that prints more never blocks.
fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Only the first line is read.
            let _unread = sender.send(line);
        }
    });
    receiver
}

fn read_credentials(path: &Path) -> Result<(client::Credentials, String), LoadError> {
    let text = std::fs::read_to_string(path).map_err(LoadError::path("read", path))?;
    let entry = |name: &'static str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        let value = pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned());
        value.ok_or_else(|| LoadError::server("read the server's credentials", format!("no {name}")))
    };
    let credentials = client::Credentials {
        access_key: entry("aws_access_key_id")?,
        secret: entry("aws_secret_access_key")?,
    };
    Ok((credentials, entry("walletscope_api_token")?))
}
