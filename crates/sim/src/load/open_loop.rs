//! How long do calls take that come on a schedule nobody waits for?
//!
//! Open loop: when each request is due is fixed in advance, and its latency counts from that moment, so that a server
//! that stalls is charged for everything that came meanwhile. With an interval of zero all requests are due at once:
//! that is the greatest rate the server sustains.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::LoadError;
use super::http::Connection;

/// A throttled request comes again after this.
const AGAIN_AFTER: Duration = Duration::from_millis(5);
/// Times that one request is sent at most.
const TRIES_MAX: u32 = 1_000;

/// What is sent when.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    /// Whole signed requests, in order.
    pub requests: &'a [Vec<u8>],
    /// Between one and the next.
    pub interval: Duration,
    /// Connections, each with one request at a time.
    pub connections: usize,
}

/// How it went.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// From the due time to the whole answer, sorted.
    pub latencies: Vec<Duration>,
    /// From the first due time to the last answer.
    pub wall: Duration,
    /// Answers that asked to come again later.
    pub throttled: u64,
}

/// Sends everything and waits for every answer.
///
/// # Errors
/// A connection broke, or an answer was neither success nor throttling.
pub fn run(address: SocketAddr, schedule: Schedule<'_>) -> Result<Outcome, LoadError> {
    let turn = Turn { next: AtomicUsize::new(0), failed: AtomicBool::new(false), start: Instant::now() };
    let outcomes: Vec<Result<Outcome, LoadError>> = std::thread::scope(|scope| {
        let spawn = |_| scope.spawn(|| connection(address, schedule, &turn));
        let threads: Vec<_> = (0..schedule.connections).map(spawn).collect();
        let panicked = |_| Err(LoadError::server("run a load connection", "it panicked"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let mut total = Outcome::default();
    for outcome in outcomes {
        let outcome = outcome?;
        total.latencies.extend(outcome.latencies);
        total.wall = total.wall.max(outcome.wall);
        total.throttled += outcome.throttled;
    }
    total.latencies.sort_unstable();
    Ok(total)
}

/// What the connections share.
struct Turn {
    next: AtomicUsize,
    failed: AtomicBool,
    start: Instant,
}

fn connection(address: SocketAddr, schedule: Schedule<'_>, turn: &Turn) -> Result<Outcome, LoadError> {
    let result = send_in_turn(address, schedule, turn);
    if result.is_err() {
        turn.failed.store(true, Ordering::Relaxed);
    }
    result
}

fn send_in_turn(address: SocketAddr, schedule: Schedule<'_>, turn: &Turn) -> Result<Outcome, LoadError> {
    let mut connection = Connection::open(address).map_err(LoadError::io("connect to", address))?;
    let mut outcome = Outcome::default();
    while !turn.failed.load(Ordering::Relaxed) {
        let place = turn.next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = schedule.requests.get(place) else { break };
        let due = turn.start + schedule.interval * u32::try_from(place).unwrap_or(u32::MAX);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        outcome.throttled += send(&mut connection, request)?;
        let now = Instant::now();
        outcome.latencies.push(now - due);
        outcome.wall = now - turn.start;
    }
    Ok(outcome)
}

/// Sends until the answer is not "later"; how often it was.
fn send(connection: &mut Connection, request: &[u8]) -> Result<u64, LoadError> {
    for throttled in 0..TRIES_MAX {
        let answer = connection.exchange(request).map_err(LoadError::io("send", "a call"))?;
        if answer.status == 200 {
            return Ok(u64::from(throttled));
        }
        if !answer.is_throttled() {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(LoadError::server("have a call accepted", format!("{} {text}", answer.status)));
        }
        std::thread::sleep(AGAIN_AFTER);
    }
    Err(LoadError::server("have a call accepted", "throttled every time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A server that answers one byte requests, each after `pause`.
    fn slow_server(answer: &'static str, pause: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut byte = [0];
            while stream.read_exact(&mut byte).is_ok() {
                std::thread::sleep(pause);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        address
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

    #[test]
    fn waiting_for_a_stalled_server_counts() {
        let address = slow_server(OK, Duration::from_millis(20));
        let requests = vec![vec![b'x']; 5];
        let schedule = Schedule { requests: &requests, interval: Duration::from_millis(1), connections: 1 };
        let outcome = run(address, schedule).unwrap();
        assert_eq!(outcome.latencies.len(), 5);
        // The last was due after 4 ms and answered after five pauses.
        assert!(*outcome.latencies.last().unwrap() >= Duration::from_millis(96), "{outcome:?}");
        assert!(outcome.wall >= Duration::from_millis(100));
    }

    #[test]
    fn a_refused_call_ends_the_run() {
        let address = slow_server("HTTP/1.1 400 Bad\r\ncontent-length: 2\r\n\r\n{}", Duration::ZERO);
        let requests = vec![vec![b'x']; 5];
        let schedule = Schedule { requests: &requests, interval: Duration::ZERO, connections: 1 };
        assert!(matches!(run(address, schedule), Err(LoadError::Server { .. })));
    }
}
