//! How long after it was put does a live tail show an event?
//!
//! Each event is put alone, at another moment of the tail's second; the delay is from the answer of the put to the line that
//! shows the event.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use walletscope_model::{LogBatch, LogEvent};
use walletscope_server::start::system_now;

use super::calls::{self, PUT_LOG_EVENTS};
use super::figures::{Figure, millis, quantile};
use super::http::Connection;
use super::throughput::{create_stream_in, sign};
use super::{LoadError, Server};

const GROUP: &str = "/load/tailed";
const EVENTS: usize = 30;
const DELAY_MAX: Duration = Duration::from_secs(1);
/// A tail that shows nothing for so long has failed.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Measures on a server that is running and has nothing else to do.
///
/// # Errors
/// The server refused a call, or the tail did not show an event.
pub fn measure(server: &Server) -> Result<Figure, LoadError> {
    create_stream_in(server, GROUP)?;
    let tailing = LoadError::io("follow", "the live tail");
    let mut lines = follow(server).map_err(tailing)?;
    let mut connection =
        Connection::open(server.address).map_err(LoadError::io("connect to", server.address))?;
    let mut delays = Vec::new();
    for number in 0..EVENTS {
        std::thread::sleep(Duration::from_millis(37 * (number as u64 % 11)));
        let message = format!("event {number} of the tail");
        let event = LogEvent { timestamp: system_now()(), message: message.as_str().into(), guarded: false };
        let batch = LogBatch { group: GROUP.into(), stream: "bench".into(), events: vec![event] };
        let request = sign(server, PUT_LOG_EVENTS, "", &calls::put_log_events(&batch));
        let answer = connection.exchange(&request).map_err(LoadError::io("send", "an event"))?;
        if answer.status != 200 {
            return Err(LoadError::server("put an event", String::from_utf8_lossy(&answer.body)));
        }
        let put_at = Instant::now();
        loop {
            let mut line = String::new();
            let read = lines.read_line(&mut line).map_err(LoadError::io("read", "the live tail"))?;
            if read == 0 {
                return Err(LoadError::server("follow the live tail", "it ended"));
            }
            if line.contains(&message) {
                break;
            }
        }
        delays.push(put_at.elapsed());
    }
    delays.sort();
    let [half, most] = [0.5, 1.0].map(|share| quantile(&delays, share));
    Ok(Figure::new(
        "live tail: delay of an event",
        format!("{} in the middle, {} at most", millis(half), millis(most)),
        "30 events put one by one; from the answer of the put to the line of the tail, which tells once a second",
    )
    .promised("below 1 s", most < DELAY_MAX))
}

fn follow(server: &Server) -> std::io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let group = GROUP.replace('/', "%2F");
    let head = format!(
        "GET /api/v1/logs/tail?group={group} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        server.address, server.token
    );
    stream.write_all(head.as_bytes())?;
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    while !line.contains("session") {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(lines)
}
