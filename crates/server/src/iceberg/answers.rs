//! What does the catalog answer? Shapes of Iceberg's REST specification, by its own names.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use walletscope_lake::catalog::NAMESPACE;
use walletscope_lake::{LakeError, LakeTable, TableState};

/// What a client must know before it asks for more.
#[derive(Serialize)]
pub(super) struct ConfigAnswer {
    defaults: BTreeMap<&'static str, &'static str>,
    overrides: BTreeMap<&'static str, &'static str>,
    endpoints: [&'static str; 8],
}

impl ConfigAnswer {
    /// Names the endpoints, so that a client knows of itself that it cannot write.
    pub(super) fn new() -> Self {
        Self {
            defaults: BTreeMap::new(),
            overrides: BTreeMap::new(),
            endpoints: [
                "GET /v1/{prefix}/namespaces",
                "GET /v1/{prefix}/namespaces/{namespace}",
                "HEAD /v1/{prefix}/namespaces/{namespace}",
                "GET /v1/{prefix}/namespaces/{namespace}/tables",
                "GET /v1/{prefix}/namespaces/{namespace}/views",
                "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
                "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
                "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
            ],
        }
    }
}

/// Namespaces, each as its levels.
#[derive(Serialize)]
pub(super) struct ListedNamespaces {
    pub(super) namespaces: Vec<[&'static str; 1]>,
}

/// The one namespace.
#[derive(Serialize)]
pub(super) struct Namespace {
    namespace: [&'static str; 1],
    properties: BTreeMap<&'static str, &'static str>,
}

impl Namespace {
    pub(super) fn new() -> Self {
        let comment = "Payment-token provisioning: attempts and the telemetry that they follow from.";
        Self { namespace: [NAMESPACE], properties: BTreeMap::from([("comment", comment)]) }
    }
}

/// Tables of the namespace.
#[derive(Serialize)]
pub(super) struct ListedTables {
    identifiers: Vec<Identifier>,
}

#[derive(Serialize)]
struct Identifier {
    namespace: [&'static str; 1],
    name: &'static str,
}

impl ListedTables {
    pub(super) fn of(tables: impl IntoIterator<Item = LakeTable>) -> Self {
        let identifier = |table: LakeTable| Identifier { namespace: [NAMESPACE], name: table.name() };
        Self { identifiers: tables.into_iter().map(identifier).collect() }
    }
}

/// A table as of its newest commit.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LoadedTable {
    metadata_location: String,
    metadata: Value,
    config: BTreeMap<&'static str, &'static str>,
}

impl LoadedTable {
    pub(super) fn of(state: &TableState, only_referenced: bool) -> Result<Self, LakeError> {
        let mut metadata = state.document()?;
        if only_referenced {
            let current = state.metadata.current_snapshot_id();
            if let Some(Value::Array(snapshots)) = metadata.get_mut("snapshots") {
                snapshots.retain(|snapshot| snapshot["snapshot-id"].as_i64() == current);
            }
        }
        Ok(Self { metadata_location: state.location.clone(), metadata, config: BTreeMap::new() })
    }
}
