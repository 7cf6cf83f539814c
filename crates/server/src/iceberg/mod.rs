//! How do other engines find the lake's tables by URL?
//!
//! The read half of Iceberg's REST catalog
//! (<https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>): one namespace, the tables as
//! of their newest commit. Writers are turned away, because a commit of theirs would not know the journal. Data files
//! are read where they lie, by clients with access of their own: a folder of this machine, or a bucket.

mod answers;
mod error;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use walletscope_lake::catalog::NAMESPACE;
use walletscope_lake::{Lake, LakeTable};

use crate::auth::AuthState;
use answers::{ConfigAnswer, ListedNamespaces, ListedTables, LoadedTable, Namespace};
use error::IcebergError;

/// Where the catalog answers. Clients are given this address without the `/v1`.
pub const ROOT: &str = "/iceberg/v1";

/// The routes below `/iceberg/v1`, also with the namespace's name as the prefix that clients may be set to use.
pub fn router<S: Clone + Send + Sync + 'static>(lake: Arc<Lake>, auth: AuthState) -> Router<S> {
    let known = Router::new()
        .route(&format!("{ROOT}/config"), get(config).fallback(read_only))
        .merge(catalog(ROOT))
        .merge(catalog(&format!("{ROOT}/{NAMESPACE}")))
        .route(&format!("{ROOT}/{{*path}}"), get(no_such_path).fallback(read_only))
        .layer(from_fn_with_state(auth.clone(), require_caller))
        .with_state(lake);
    let token = Router::new().route(&format!("{ROOT}/oauth/tokens"), post(token::token)).with_state(auth);
    known.merge(token).layer(from_fn(never_store))
}

fn catalog(root: &str) -> Router<Arc<Lake>> {
    let namespace = format!("{root}/namespaces/{{namespace}}");
    let table = format!("{namespace}/tables/{{table}}");
    Router::new()
        .route(&format!("{root}/namespaces"), get(namespaces).fallback(read_only))
        .route(&namespace, get(namespace_of).head(namespace_exists).fallback(read_only))
        .route(&format!("{namespace}/tables"), get(tables).fallback(read_only))
        .route(&format!("{namespace}/views"), get(views).fallback(read_only))
        .route(&table, get(load).head(table_exists).fallback(read_only))
        .route(&format!("{table}/metrics"), post(metrics).fallback(read_only))
}

async fn require_caller(State(auth): State<AuthState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match auth.caller(&parts).await {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => IcebergError::Refused(refused).into_response(),
    }
}

/// Answers are of an instant.
async fn never_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn config() -> Json<ConfigAnswer> {
    Json(ConfigAnswer::new())
}

#[derive(Deserialize)]
struct Below {
    parent: Option<String>,
}

async fn namespaces(
    below: Result<Query<Below>, QueryRejection>,
) -> Result<Json<ListedNamespaces>, IcebergError> {
    let Query(below) = below.map_err(|_| IcebergError::BadRequest("parent may be given once"))?;
    match below.parent.as_deref() {
        None | Some("") => Ok(Json(ListedNamespaces { namespaces: vec![[NAMESPACE]] })),
        Some(NAMESPACE) => Ok(Json(ListedNamespaces { namespaces: Vec::new() })),
        Some(_) => Err(IcebergError::NoSuchNamespace),
    }
}

async fn namespace_of(_: OurNamespace) -> Json<Namespace> {
    Json(Namespace::new())
}

async fn namespace_exists(_: OurNamespace) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn tables(_: OurNamespace) -> Json<ListedTables> {
    Json(ListedTables::of(LakeTable::ALL))
}

async fn views(_: OurNamespace) -> Json<ListedTables> {
    Json(ListedTables::of([]))
}

#[derive(Deserialize)]
struct Wanted {
    /// `all`, or `refs` for the snapshots that a branch points at.
    snapshots: Option<String>,
}

async fn load(
    OurTable(table): OurTable,
    wanted: Result<Query<Wanted>, QueryRejection>,
    State(lake): State<Arc<Lake>>,
) -> Result<Json<LoadedTable>, IcebergError> {
    let refused = || IcebergError::BadRequest("snapshots is `all` or `refs`");
    let Query(wanted) = wanted.map_err(|_| refused())?;
    let only_referenced = match wanted.snapshots.as_deref() {
        None | Some("" | "all") => false,
        Some("refs") => true,
        Some(_) => return Err(refused()),
    };
    let state = lake.current(table);
    LoadedTable::of(&state, only_referenced)
        .map(Json)
        .map_err(|error| IcebergError::Failed(error.to_string()))
}

async fn table_exists(_: OurTable) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// What a client measured of its scan; nobody here reads it.
async fn metrics(_: OurTable) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn no_such_path() -> IcebergError {
    IcebergError::NoSuchPath
}

async fn read_only() -> IcebergError {
    IcebergError::ReadOnly
}

/// The path names the one namespace there is.
struct OurNamespace;

/// The path names one of the tables.
struct OurTable(LakeTable);

impl<S: Send + Sync> FromRequestParts<S> for OurNamespace {
    type Rejection = IcebergError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, IcebergError> {
        #[derive(Deserialize)]
        struct Named {
            namespace: String,
        }
        match Path::<Named>::from_request_parts(parts, state).await {
            Ok(Path(named)) if named.namespace == NAMESPACE => Ok(Self),
            Ok(_) | Err(_) => Err(IcebergError::NoSuchNamespace),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OurTable {
    type Rejection = IcebergError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, IcebergError> {
        #[derive(Deserialize)]
        struct Named {
            namespace: String,
            table: String,
        }
        match Path::<Named>::from_request_parts(parts, state).await {
            Ok(Path(named)) if named.namespace == NAMESPACE => {
                LakeTable::from_name(&named.table).map(Self).ok_or(IcebergError::NoSuchTable)
            }
            Ok(_) | Err(_) => Err(IcebergError::NoSuchNamespace),
        }
    }
}
