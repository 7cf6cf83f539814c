//! How is one delivery sent? A POST to a destination whose address was looked at, and nowhere else.
//!
//! Names are resolved by [`Guarded`], which hands on admitted addresses only: they are the ones that are connected to, so a
//! name that means another address a moment later leads nowhere. Redirects are not followed, and no proxy of the
//! environment is asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url, redirect};
use walletscope_model::Timestamp;
use walletscope_wire::firehose::send;

use super::batch::Record;
use super::keys::AccessKeys;
use super::target::{BadTarget, Targets};

/// How long a connection may take to open.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long one try may take.
const TRY_TIME_MAX: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read; the protocol's is 100 bytes long.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Finds the addresses of a name.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Sends deliveries.
pub struct Endpoint {
    targets: Targets,
    keys: AccessKeys,
    lookup: Lookup,
    /// With TLS and without, made when first used: reading the machine's certificates takes a while.
    clients: [OnceLock<Result<Client, String>>; 2],
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Equal over the tries.
    pub request_id: String,
    /// A delivery stream that stands for the filter.
    pub source_arn: String,
    /// Envelopes of log events.
    pub records: Vec<Record>,
}

/// Why a delivery did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The endpoint says that it is too large.
    TooLarge,
    /// Anything else; trying again may help.
    Other(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge => {
                write!(formatter, "the endpoint answered 413: the delivery is too large for it")
            }
            Self::Other(reason) => write!(formatter, "{reason}"),
        }
    }
}

impl Delivery {
    /// What is sent at this time.
    pub fn body(&self, now: Timestamp) -> Vec<u8> {
        send::body(&self.request_id, now, self.records.iter().map(|record| &*record.bytes))
    }

    /// How many log events.
    pub fn events(&self) -> u64 {
        self.records.iter().map(|record| record.events).sum()
    }
}

/// Asks the machine's resolver.
pub fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

impl Endpoint {
    /// Sends to what `targets` admits, with the keys of the endpoints.
    pub fn new(targets: Targets, keys: AccessKeys, lookup: Lookup) -> Self {
        Self { targets, keys, lookup, clients: Default::default() }
    }

    /// The URL of a destination.
    ///
    /// # Errors
    /// As [`Targets::url`].
    pub fn url(&self, destination: &str) -> Result<Url, BadTarget> {
        self.targets.url(destination)
    }

    /// Where a destination is, for a log: what stands behind it may be a secret.
    pub fn origin(&self, destination: &str) -> String {
        self.url(destination).map_or_else(|bad| bad.to_string(), |url| url.origin().ascii_serialization())
    }

    /// Tries once.
    ///
    /// # Errors
    /// It did not arrive, or nobody can know.
    pub async fn send(&self, destination: &str, delivery: &Delivery, now: Timestamp) -> Result<(), Failure> {
        let other = |reason: String| Failure::Other(reason);
        // The settings may have changed since the filter was put.
        let url = self.url(destination).map_err(|bad| other(bad.to_string()))?;
        let client = self.client(url.scheme() == "http").map_err(other)?;
        let key = self.keys.of(&url);
        let Delivery { request_id, source_arn, .. } = delivery;
        let mut request = client.post(url).header("content-type", "application/json");
        for (name, value) in send::headers(request_id, source_arn, key.map(|key| key.expose())) {
            request = request.header(name, value);
        }
        let sent = request.body(delivery.body(now)).send().await;
        let mut response = sent.map_err(|error| other(words(&error)))?;
        let status = response.status().as_u16();
        if status == 413 {
            return Err(Failure::TooLarge);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| other(words(&error)))? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES_MAX {
                return Err(other(format!("the endpoint answered {status} with more than 64 KiB")));
            }
        }
        send::check_answer(status, &body, request_id).map_err(other)
    }

    fn client(&self, is_plain: bool) -> Result<&Client, String> {
        let made = self.clients[usize::from(is_plain)].get_or_init(|| {
            let names = Guarded { targets: self.targets.clone(), is_plain, lookup: self.lookup.clone() };
            Client::builder()
                .user_agent(concat!("walletscope/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .no_proxy()
                .https_only(!is_plain)
                .connect_timeout(CONNECT_TIME_MAX)
                .timeout(TRY_TIME_MAX)
                .dns_resolver(Arc::new(names))
                .build()
                .map_err(|error| format!("cannot set up HTTP: {error}"))
        });
        made.as_ref().map_err(Clone::clone)
    }
}

/// Resolves names to addresses that may be connected to.
struct Guarded {
    targets: Targets,
    is_plain: bool,
    lookup: Lookup,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (targets, is_plain) = (self.targets.clone(), self.is_plain);
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found = found.await?;
            let admitted: Vec<_> = found
                .into_iter()
                .filter(|address| targets.admits(*address, is_plain))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if admitted.is_empty() {
                return Err(BadTarget::Private.to_string().into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// The innermost reason, which is the one that helps, without the URL.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "the endpoint did not answer in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if error.is_connect() {
        format!("cannot connect to the endpoint: {innermost}")
    } else {
        format!("the connection to the endpoint broke: {innermost}")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use walletscope_model::Offset;

    use super::*;

    const NOW: Timestamp = Timestamp(1_705_312_513_245_000);

    /// An endpoint on this machine that counts what it gets and answers the same to all.
    async fn listener(answer: (StatusCode, &'static str, &'static str)) -> (SocketAddr, Arc<AtomicUsize>) {
        let received = Arc::new(AtomicUsize::new(0));
        let counted = received.clone();
        let (status, location, body) = answer;
        let handler = move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            (status, [("location", location)], body)
        };
        let app = Router::new().fallback(post(handler));
        let bound = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = bound.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(bound, app).await });
        (address, received)
    }

    /// A resolver that gives one answer after the other, the last for ever.
    fn answers(answers: &[&'static [&'static str]]) -> Lookup {
        let left = Arc::new(Mutex::new(answers.to_vec()));
        Arc::new(move |_| {
            let mut left = left.lock().unwrap();
            let answer = if left.len() > 1 { left.remove(0) } else { left[0] };
            let addresses = answer.iter().map(|address| address.parse().unwrap()).collect();
            Box::pin(async move { Ok(addresses) })
        })
    }

    fn delivery() -> Delivery {
        Delivery {
            request_id: "id-1".into(),
            source_arn: "arn".into(),
            records: vec![Record { bytes: b"x".to_vec(), events: 1, offset: Offset(1) }],
        }
    }

    fn endpoint(allowed: &[&str], lookup: Lookup) -> Endpoint {
        let allowed: Vec<_> = allowed.iter().map(|network| network.parse().unwrap()).collect();
        Endpoint::new(Targets::new(&allowed), AccessKeys::default(), lookup)
    }

    const TAKEN: &str = r#"{"requestId":"id-1","timestamp":1}"#;

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
        let (address, received) = listener((StatusCode::OK, "", TAKEN)).await;
        let url = format!("http://siem.example:{}/", address.port());
        // Allowed, the same delivery arrives: what is refused below is refused for its address alone.
        let open = endpoint(&["127.0.0.0/8"], answers(&[&["127.0.0.1"]]));
        assert_eq!(open.send(&url, &delivery(), NOW).await, Ok(()));
        assert_eq!(received.load(Ordering::SeqCst), 1);
        let shut = endpoint(&["10.0.0.0/8"], answers(&[&["127.0.0.1"]]));
        let Err(Failure::Other(reason)) = shut.send(&url, &delivery(), NOW).await else { panic!() };
        assert!(reason.contains("--delivery-network"), "{reason}");
        let shut = endpoint(&[], answers(&[&["127.0.0.1"]]));
        let secure = url.replace("http:", "https:");
        let Err(Failure::Other(reason)) = shut.send(&secure, &delivery(), NOW).await else { panic!() };
        assert!(reason.contains("--delivery-network"), "{reason}");
        assert_eq!(received.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_is_looked_at_each_time() {
        let (address, received) = listener((StatusCode::OK, "", TAKEN)).await;
        let url = format!("http://siem.example:{}/", address.port());
        // The first answer is admitted but nobody listens there; the second would be this machine.
        let rebinding = endpoint(&["127.9.9.9"], answers(&[&["127.9.9.9"], &["127.0.0.1"]]));
        for expected in ["cannot connect", "--delivery-network"] {
            let Err(Failure::Other(reason)) = rebinding.send(&url, &delivery(), NOW).await else { panic!() };
            assert!(reason.contains(expected), "{reason}");
        }
        // Both at once: only the admitted one is tried.
        let both = endpoint(&["127.9.9.9"], answers(&[&["127.0.0.1", "127.9.9.9"]]));
        assert!(both.send(&url, &delivery(), NOW).await.is_err());
        assert_eq!(received.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_redirect_is_a_failed_delivery() {
        let (inner, received) = listener((StatusCode::OK, "", TAKEN)).await;
        let location: &'static str =
            Box::leak(format!("http://127.0.0.1:{}/", inner.port()).into_boxed_str());
        for status in [StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT] {
            let (outer, _) = listener((status, location, TAKEN)).await;
            let open = endpoint(&["127.0.0.1"], answers(&[&["127.0.0.1"]]));
            let sent = open.send(&format!("http://{outer}/"), &delivery(), NOW).await;
            assert_eq!(sent, Err(Failure::Other(format!("the endpoint answered {}", status.as_u16()))));
        }
        assert_eq!(received.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn answers_that_are_none_are_failures() {
        let open = endpoint(&["127.0.0.1"], system_lookup());
        let long: &'static str = Box::leak("x".repeat(ANSWER_BYTES_MAX + 1).into_boxed_str());
        for (status, body, expected) in [
            (StatusCode::OK, "{}", "without the JSON"),
            (StatusCode::OK, long, "more than 64 KiB"),
            (StatusCode::UNAUTHORIZED, TAKEN, "answered 401"),
            (StatusCode::PAYLOAD_TOO_LARGE, TAKEN, "413"),
        ] {
            let (address, _) = listener((status, "", body)).await;
            let failure = open.send(&format!("http://{address}/"), &delivery(), NOW).await.unwrap_err();
            assert!(failure.to_string().contains(expected), "{failure}");
        }
    }
}
