//! What is the cheapest client that still speaks HTTP/1.1?
//!
//! One connection, one request at a time, bytes made beforehand: on a machine whose cores the client shares with the
//! server, a client that formats, hashes and signs while it measures would measure itself.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest wait for an answer.
pub const ANSWER_MAX: Duration = Duration::from_secs(300);
/// The largest answer.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the server asked to come again later.
    pub fn is_throttled(&self) -> bool {
        self.status == 429
            || self.status == 503
            || (self.status == 400 && String::from_utf8_lossy(&self.body).contains("Throttling"))
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        Ok(Self { stream, received: Vec::with_capacity(4_096) })
    }

    /// Sends a whole request and reads its answer.
    ///
    /// # Errors
    /// The connection broke, or the answer has neither `content-length` nor chunks.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request)?;
        self.received.clear();
        let head_end = loop {
            if let Some(end) = head_end(&self.received) {
                break end;
            }
            self.read_more()?;
        };
        let head = String::from_utf8_lossy(&self.received[..head_end]).to_ascii_lowercase();
        let (status, length) = parse_head(&head)?;
        let body = match length {
            Length::Bytes(length) => self.take(head_end, length)?,
            Length::Chunks => self.chunks(head_end)?,
        };
        Ok(Answer { status, body })
    }

    /// Bytes from `start` on, read first where they are not there yet.
    fn take(&mut self, start: usize, length: usize) -> io::Result<Vec<u8>> {
        while self.received.len() < start + length {
            self.read_more()?;
        }
        Ok(self.received[start..start + length].to_vec())
    }

    fn chunks(&mut self, mut at: usize) -> io::Result<Vec<u8>> {
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "a chunk without its length");
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                match self.received[at..].windows(2).position(|two| two == b"\r\n") {
                    Some(end) => break at + end,
                    None => self.read_more()?,
                }
            };
            let digits = std::str::from_utf8(&self.received[at..line_end]).map_err(|_| malformed())?;
            let length = usize::from_str_radix(digits, 16).map_err(|_| malformed())?;
            let chunk = self.take(line_end + 2, length + 2)?;
            if length == 0 {
                return Ok(body);
            }
            if body.len() + length > ANSWER_BYTES_MAX {
                return Err(malformed());
            }
            body.extend_from_slice(&chunk[..length]);
            at = line_end + 2 + length + 2;
        }
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1_024];
        let count = self.stream.read(&mut chunk)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.received.extend_from_slice(&chunk[..count]);
        Ok(())
    }
}

/// GET with a bearer token, on a connection of its own.
///
/// # Errors
/// As [`Connection::exchange`].
pub fn get(address: SocketAddr, path: &str, token: &str) -> io::Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n");
    Connection::open(address)?.exchange(request.as_bytes())
}

/// POST of JSON with a bearer token, on a connection of its own.
///
/// # Errors
/// As [`Connection::exchange`].
pub fn post(address: SocketAddr, path: &str, token: &str, json: &str) -> io::Result<Answer> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: \
         application/json\r\ncontent-length: {}\r\n\r\n{json}",
        json.len()
    );
    Connection::open(address)?.exchange(request.as_bytes())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Bytes(usize),
    Chunks,
}

fn head_end(received: &[u8]) -> Option<usize> {
    received.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn parse_head(head: &str) -> io::Result<(u16, Length)> {
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "an answer without status or length");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
    if head.lines().any(|line| line.starts_with("transfer-encoding: chunked")) {
        return Ok((status, Length::Chunks));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).ok_or_else(malformed)?;
    if length > ANSWER_BYTES_MAX {
        return Err(malformed());
    }
    Ok((status, Length::Bytes(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_whole_or_not_at_all() {
        for (head, expected) in [
            ("http/1.1 200 ok\r\ncontent-length: 12\r\n\r\n", Some((200, Length::Bytes(12)))),
            ("http/1.1 400 bad request\r\nx: y\r\ncontent-length:0\r\n\r\n", Some((400, Length::Bytes(0)))),
            ("http/1.1 200 ok\r\ntransfer-encoding: chunked\r\n\r\n", Some((200, Length::Chunks))),
            ("http/1.1 ok\r\ncontent-length: 1\r\n\r\n", None),
            ("http/1.1 200 ok\r\ncontent-length: 99999999999\r\n\r\n", None),
        ] {
            assert_eq!(parse_head(head).ok(), expected, "{head}");
        }
        assert_eq!(head_end(b"a\r\n\r\nb"), Some(5));
        assert_eq!(head_end(b"a\r\n\r"), None);
    }
}
