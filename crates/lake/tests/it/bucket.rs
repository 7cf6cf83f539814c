//! An S3 service in this process, with a sky over it: it may be slow, fail, flap or be gone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use walletscope_lake::S3Place;

const ACCESS_KEY: &str = "AKIDBUCKET";
const SECRET_KEY: &str = "a-secret-of-the-test";
const BUCKET: &str = "lake-bucket";

/// A bucket of its own, gone with its last handle.
pub struct Bucket {
    pub sky: Arc<Sky>,
    endpoint: String,
    folder: tempfile::TempDir,
    serving: tokio::task::JoinHandle<()>,
}

/// What happens to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// Every request waits first.
    Slow(Duration),
    /// Every request is refused with an error of the server.
    Failing,
    /// One request of three is refused, and of another everything is done but the answer is an error.
    Flapping,
    /// Connections end without an answer.
    Gone,
}

/// The weather now, and how many requests it has hit.
pub struct Sky {
    weather: Mutex<Weather>,
    asked: AtomicU64,
    hit: AtomicU64,
}

impl Sky {
    pub fn turn(&self, weather: Weather) {
        *self.weather.lock().unwrap() = weather;
    }

    /// Requests that were not answered as they should be.
    pub fn hit(&self) -> u64 {
        self.hit.load(Ordering::SeqCst)
    }
}

impl Bucket {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let sky = Arc::new(Sky {
            weather: Mutex::new(Weather::Fair),
            asked: AtomicU64::new(0),
            hit: AtomicU64::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(serve(listener, builder.build(), sky.clone()));
        Self { sky, endpoint, folder, serving }
    }

    /// As settings name a prefix of it.
    pub fn place(&self, prefix: &str) -> S3Place {
        S3Place {
            bucket: BUCKET.to_owned(),
            prefix: prefix.to_owned(),
            region: "eu-central-1".to_owned(),
            endpoint: Some(self.endpoint.clone()),
            access_key_id: Some(ACCESS_KEY.to_owned()),
            secret_access_key: Some(SECRET_KEY.to_owned()),
        }
    }

    /// Where the objects lie as files.
    #[allow(dead_code, reason = "not every test that shares this file looks at them")]
    pub fn root(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: tokio::net::TcpListener, service: S3Service, sky: Arc<Sky>) {
    while let Ok((socket, _)) = listener.accept().await {
        let (service, sky) = (service.clone(), sky.clone());
        tokio::spawn(async move {
            let answer = service_fn(move |request| {
                let (service, sky) = (service.clone(), sky.clone());
                async move { answer(&service, &sky, request).await }
            });
            // A client that breaks off is no concern of the service.
            let _served =
                auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), answer).await;
        });
    }
}

async fn answer(
    service: &S3Service,
    sky: &Sky,
    request: Request<Incoming>,
) -> Result<Response<s3s::Body>, std::io::Error> {
    let weather = *sky.weather.lock().unwrap();
    let number = sky.asked.fetch_add(1, Ordering::SeqCst);
    let hit = || sky.hit.fetch_add(1, Ordering::SeqCst);
    let failed = || {
        let body = s3s::Body::from("<Error><Code>InternalError</Code></Error>".to_owned());
        Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).body(body).unwrap()
    };
    let ask = async || {
        service
            .call(request.map(s3s::Body::from))
            .await
            .map_err(|_| std::io::Error::other("the service failed"))
    };
    match weather {
        Weather::Fair => ask().await,
        Weather::Slow(delay) => {
            hit();
            tokio::time::sleep(delay).await;
            ask().await
        }
        Weather::Failing => {
            hit();
            Ok(failed())
        }
        Weather::Flapping if number.is_multiple_of(3) => ask().await,
        Weather::Flapping => {
            hit();
            if number % 3 == 1 {
                ask().await?;
            }
            Ok(failed())
        }
        Weather::Gone => {
            hit();
            Err(std::io::Error::other("gone"))
        }
    }
}
