//! What does a server cost that has nothing to do, and how soon is it back after kill -9 under load?

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::figures::{Figure, megabytes};
use super::open_loop::{self, Schedule};
use super::throughput::{EVENTS_LARGE, Maker, create_stream};
use super::usage::{self, Usage};
use super::{LoadError, Server};

/// How long an idle server is watched.
pub const WATCHED_FOR: Duration = Duration::from_secs(20);
/// Resident bytes of an idle server at most.
pub const RESIDENT_MAX: u64 = 60_000_000;
/// Share of one core that an idle server may use.
pub const CPU_SHARE_MAX: f64 = 0.005;
/// A server answers again within this after kill -9 under load.
pub const READY_MAX: Duration = Duration::from_secs(3);

const SETTLE_MAX: Duration = Duration::from_secs(20);
const LOAD_FOR: Duration = Duration::from_secs(4);
const LOAD_CALLS: usize = 800;

/// Watches a fresh server over an empty folder.
///
/// # Errors
/// It did not start or went away.
pub fn measure(binary: &Path, folder: &Path) -> Result<Vec<Figure>, LoadError> {
    let server = Server::start(binary, folder)?;
    let before = usage::settle(server.pid(), SETTLE_MAX)?;
    std::thread::sleep(WATCHED_FOR);
    let used = Usage::of(server.pid())?.since(&before);
    let share = used.cpu.as_secs_f64() / WATCHED_FOR.as_secs_f64();
    let (syncs, is_sure) = match count_syncs(server.pid(), folder) {
        Some(count) => (format!("{count} in {} s", WATCHED_FOR.as_secs()), count == 0),
        None => (format!("strace is missing; {} bytes written", used.written_bytes), used.written_bytes == 0),
    };
    let figures = vec![
        Figure::new("idle: resident memory", megabytes(used.resident_bytes), "VmRSS of a fresh server")
            .promised("below 60 MB", used.resident_bytes < RESIDENT_MAX),
        Figure::new(
            "idle: CPU",
            format!("{:.2} %", share * 100.0),
            "user and system time of all threads ÷ 20 s, of one core",
        )
        .promised("below 0.5 %", share < CPU_SHARE_MAX),
        Figure::new("idle: syncs", syncs, "fsync, fdatasync, msync and sync_file_range, seen by strace")
            .promised("none", is_sure),
    ];
    server.stop()?;
    Ok(figures)
}

/// Loads a server as fast as it takes, kills it and starts it again.
///
/// # Errors
/// It did not start again.
pub fn restart(binary: &Path, folder: &Path) -> Result<Vec<Figure>, LoadError> {
    let server = Server::start(binary, folder)?;
    create_stream(&server)?;
    let requests = Maker::new(&server).requests(LOAD_CALLS, EVENTS_LARGE);
    let address = server.address;
    let schedule = Schedule { requests: &requests, interval: Duration::ZERO, connections: 8 };
    let was_loaded = std::thread::scope(|scope| {
        let load = scope.spawn(|| open_loop::run(address, schedule));
        std::thread::sleep(LOAD_FOR);
        let was_loaded = !load.is_finished();
        server.kill();
        // The connections broke: that the load failed is what was wanted.
        let _broken = load.join();
        was_loaded
    });
    let server = Server::start(binary, folder)?;
    let ready_after = server.ready_after;
    server.stop()?;
    let value =
        format!("{:.2} s{}", ready_after.as_secs_f64(), if was_loaded { "" } else { ", load had ended" });
    let figure = Figure::new("start after kill -9 under load", value, "process start to the ready line")
        .promised("below 3 s", ready_after < READY_MAX && was_loaded);
    Ok(vec![figure])
}

/// How often the process syncs in [`WATCHED_FOR`]; `None` without strace or the right to use it.
fn count_syncs(pid: u32, folder: &Path) -> Option<usize> {
    let path: PathBuf = folder.with_extension("strace");
    let mut strace = Command::new("strace")
        .args(["-f", "-e", "trace=fsync,fdatasync,msync,sync_file_range", "-p", &pid.to_string(), "-o"])
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    std::thread::sleep(WATCHED_FOR);
    let ended_early = !matches!(strace.try_wait(), Ok(None));
    let asked = rustix::process::kill_process(
        rustix::process::Pid::from_child(&strace),
        rustix::process::Signal::INT,
    );
    let _detached = strace.wait();
    if ended_early || asked.is_err() {
        return None;
    }
    let text = std::fs::read_to_string(&path).ok()?;
    let _removed = std::fs::remove_file(&path);
    Some(text.lines().filter(|line| line.contains("sync") && line.contains('(')).count())
}
