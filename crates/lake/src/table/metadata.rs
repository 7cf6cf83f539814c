//! What does the metadata of a new table say?
//!
//! Written out as JSON of the Iceberg table specification, version 2 (<https://iceberg.apache.org/spec/#table-metadata>),
//! because field ids are a promise here and builders number them anew.

use std::sync::Arc;

use iceberg::spec::TableMetadataRef;
use serde_json::{Value, json};
use walletscope_model::Timestamp;

use super::TIMESTAMP_ID;
use crate::error::LakeError;
use crate::tables::{Column, Kind, LakeTable};

/// The metadata of an empty table at `location`.
pub(super) fn new(table: LakeTable, location: &str, now: Timestamp) -> Result<TableMetadataRef, LakeError> {
    let now_ms = now.0 / 1_000;
    let sort_fields: Vec<Value> = table.sort_columns().iter().map(|name| {
        json!({"transform": "identity", "source-id": table.place(name) + 1, "direction": "asc", "null-order": "nulls-first"})
    }).collect();
    let document = json!({
        "format-version": 2,
        "table-uuid": uuid::Uuid::new_v4().to_string(),
        "location": location,
        "last-sequence-number": 0,
        "last-updated-ms": now_ms,
        "last-column-id": table.element_id(table.columns().len()),
        "current-schema-id": 0,
        "schemas": [schema(table)],
        "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": [
            {"name": "timestamp_day", "transform": "day", "source-id": TIMESTAMP_ID, "field-id": 1000},
        ]}],
        "last-partition-id": 1000,
        "default-sort-order-id": 1,
        "sort-orders": [{"order-id": 1, "fields": sort_fields}],
        "properties": {
            "write.format.default": "parquet",
            "write.parquet.compression-codec": "zstd",
            "write.metadata.previous-versions-max": "10",
            "comment": table.meaning(),
            super::WATERMARK_PROPERTY: "0",
        },
        "current-snapshot-id": -1,
        "refs": {},
        "snapshots": [],
        "statistics": [],
        "snapshot-log": [],
        "metadata-log": [],
    });
    serde_json::from_value(document).map(Arc::new).map_err(|error| LakeError::damaged(&table.name(), error))
}

fn schema(table: LakeTable) -> Value {
    let field = |(place, column): (usize, &Column)| {
        json!({
            "id": place + 1,
            "name": column.name,
            "required": column.is_required,
            "type": iceberg_type(table, place + 1, column.kind),
            "doc": column.meaning,
        })
    };
    let fields: Vec<Value> = table.columns().iter().enumerate().map(field).collect();
    json!({"type": "struct", "schema-id": 0, "fields": fields})
}

fn iceberg_type(table: LakeTable, id: usize, kind: Kind) -> Value {
    let list = |element: &str| {
        json!({"type": "list", "element-id": table.element_id(id), "element": element, "element-required": true})
    };
    match kind {
        Kind::Text => json!("string"),
        Kind::Long => json!("long"),
        Kind::Int => json!("int"),
        Kind::Double => json!("double"),
        Kind::Flag => json!("boolean"),
        Kind::Time => json!("timestamptz"),
        Kind::Date => json!("date"),
        Kind::Bytes => json!("binary"),
        Kind::Texts => list("string"),
        Kind::Doubles => list("double"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_every_table_is_read_by_the_library() {
        for table in LakeTable::ALL {
            let metadata = new(table, "file:///lake/t", Timestamp(1_700_000_000_000_000)).unwrap();
            let schema = metadata.current_schema();
            for (place, column) in table.columns().iter().enumerate() {
                let id = schema.field_id_by_name(column.name).unwrap();
                assert_eq!(usize::try_from(id).unwrap(), place + 1);
            }
        }
    }
}
