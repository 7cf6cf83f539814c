//! An endpoint that takes every delivery of a subscription filter and keeps nothing of it: where the log events of a bench
//! go besides. In this process, so that what it uses is not the server's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::LoadError;

/// Listens until the process ends.
pub struct Sink {
    address: SocketAddr,
    deliveries: Arc<AtomicU64>,
}

impl Sink {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// There is none.
    pub fn start() -> Result<Self, LoadError> {
        let bound = TcpListener::bind("127.0.0.1:0").map_err(LoadError::io("listen on", "loopback"))?;
        let address = bound.local_addr().map_err(LoadError::io("listen on", "loopback"))?;
        let deliveries = Arc::new(AtomicU64::new(0));
        let counted = deliveries.clone();
        std::thread::spawn(move || {
            for connection in bound.incoming().flatten() {
                let counted = counted.clone();
                // A connection that breaks is the server's to make again.
                std::thread::spawn(move || drop(take_all(connection, &counted)));
            }
        });
        Ok(Self { address, deliveries })
    }

    /// The destination of a filter.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many deliveries came so far, questions whether somebody listens included.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Ordering::Relaxed)
    }
}

fn take_all(mut connection: TcpStream, counted: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    loop {
        let (mut length, mut request_id) = (0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim().to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap_or(0),
                Some(("x-amz-firehose-request-id", value)) => value.clone_into(&mut request_id),
                _ => {}
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        counted.fetch_add(1, Ordering::Relaxed);
        let body = format!(r#"{{"requestId":"{request_id}","timestamp":1}}"#);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        connection.write_all((head + &body).as_bytes())?;
    }
}
