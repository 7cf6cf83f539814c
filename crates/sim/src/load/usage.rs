//! What has a process used so far? Read from `/proc`, Linux only.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::LoadError;

/// What a process has used since it began, its ended threads included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// User and system time of all threads; the kernel tells hundredths of a second.
    pub cpu: Duration,
    /// That of the threads that write the lake, of those that still run.
    pub lake_cpu: Duration,
    /// Bytes it caused to be sent to the disk.
    pub written_bytes: u64,
    /// Resident bytes now.
    pub resident_bytes: u64,
}

impl Usage {
    /// Reads what process `pid` has used.
    ///
    /// # Errors
    /// It is gone, or `/proc` is not there.
    pub fn of(pid: u32) -> Result<Self, LoadError> {
        let stat = read(pid, "stat")?;
        let io = read(pid, "io")?;
        let status = read(pid, "status")?;
        let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
        let time = |ticks: u64| Duration::from_nanos(ticks * (1_000_000_000 / ticks_per_second));
        Ok(Self {
            cpu: time(cpu_ticks(&stat)),
            lake_cpu: time(lake_ticks(pid)?),
            written_bytes: number_after(&io, "write_bytes:"),
            resident_bytes: number_after(&status, "VmRSS:") * 1_024,
        })
    }

    /// What it used since `start`.
    pub fn since(&self, start: &Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(start.cpu),
            lake_cpu: self.lake_cpu.saturating_sub(start.lake_cpu),
            written_bytes: self.written_bytes.saturating_sub(start.written_bytes),
            resident_bytes: self.resident_bytes,
        }
    }
}

/// Waits until process `pid` uses less than a hundredth of a core for half a second, `wait_max` at most: work that
/// was put off belongs to the load that caused it.
///
/// # Errors
/// As [`Usage::of`].
pub fn settle(pid: u32, wait_max: Duration) -> Result<Usage, LoadError> {
    const LOOK_EVERY: Duration = Duration::from_millis(500);
    const QUIET_CPU: Duration = Duration::from_millis(10);
    let mut usage = Usage::of(pid)?;
    let mut waited = Duration::ZERO;
    while waited < wait_max {
        std::thread::sleep(LOOK_EVERY);
        waited += LOOK_EVERY;
        let next = Usage::of(pid)?;
        let is_quiet = next.since(&usage).cpu <= QUIET_CPU;
        usage = next;
        if is_quiet {
            break;
        }
    }
    Ok(usage)
}

/// CPU time of the calling thread.
pub fn thread_cpu() -> Duration {
    clock(ClockId::ThreadCPUTime)
}

/// CPU time of this process.
pub fn process_cpu() -> Duration {
    clock(ClockId::ProcessCPUTime)
}

fn clock(id: ClockId) -> Duration {
    let time = clock_gettime(id);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn read(pid: u32, file: &str) -> Result<String, LoadError> {
    let path = format!("/proc/{pid}/{file}");
    std::fs::read_to_string(&path).map_err(LoadError::io("read", path))
}

/// Fields 14 and 15 of the line; the second field, the name, may hold spaces and parentheses.
fn cpu_ticks(stat: &str) -> u64 {
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// The threads of the lake have names that begin so.
const LAKE_THREADS: &str = "lake";

fn lake_ticks(pid: u32) -> Result<u64, LoadError> {
    let path = format!("/proc/{pid}/task");
    let threads = std::fs::read_dir(&path).map_err(LoadError::io("list", path))?;
    // A thread may end between the listing and the reading.
    let stats =
        threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    let is_lake =
        |stat: &String| stat.split_once('(').is_some_and(|(_, name)| name.starts_with(LAKE_THREADS));
    Ok(stats.filter(is_lake).map(|stat| cpu_ticks(&stat)).sum())
}

fn number_after(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_files_are_read() {
        let stat = "7 (a )b) S 1 7 7 0 -1 4194304 1 2 3 4 15 27 1 1 20 0 9 0 100 1 1";
        assert_eq!(cpu_ticks(stat), 42);
        assert_eq!(cpu_ticks(""), 0);
        assert_eq!(number_after("Name:\tx\nVmRSS:\t   12 kB\n", "VmRSS:"), 12);
        assert_eq!(number_after("cancelled_write_bytes: 4\nwrite_bytes: 3\n", "write_bytes:"), 3);
        assert_eq!(number_after("", "VmRSS:"), 0);
    }
}
