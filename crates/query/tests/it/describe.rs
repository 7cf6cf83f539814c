//! Does the description name what a query finds, each with its meaning?

use crate::slt::world;
use crate::world::{ask, question};

#[tokio::test]
async fn every_table_and_function_is_described() {
    let mut question = question("");
    question.views.insert("mine".to_owned(), "SELECT issuer AS i, requests() FROM attempts GROUP BY 1".to_owned());
    question.views.insert("broken".to_owned(), "SELECT nothing".to_owned());
    let engine = world().engine();
    let description = engine.describe(&question).await.unwrap();
    let tables: Vec<_> = description.tables.iter().map(|table| (table.name.as_str(), table.kind)).collect();
    assert_eq!(
        tables,
        [
            ("TokenProvisioning", "metrics"),
            ("TokenServices", "metrics"),
            ("attempts", "view"),
            ("audit_events", "table"),
            ("broken", "view"),
            ("log_events", "table"),
            ("measures_by_day", "view"),
            ("measures_by_hour", "view"),
            ("metric_points", "table"),
            ("mine", "view"),
            ("spans", "table"),
            ("token_provisioning_events", "table"),
            ("token_provisioning_logs", "table"),
            ("token_states", "table"),
        ]
    );
    for table in &description.tables {
        assert!(!table.meaning.is_empty(), "{}", table.name);
        for column in &table.columns {
            let is_known = table.name == "mine" || !column.meaning.is_empty();
            assert!(is_known && column.type_word != "other", "{}.{column:?}", table.name);
        }
    }
    let mine = description.tables.iter().find(|table| table.name == "mine").unwrap();
    let columns: Vec<_> = mine.columns.iter().map(|column| (column.name.as_str(), column.type_word)).collect();
    assert_eq!(columns, [("i", "text"), ("requests", "bigint")]);
    for name in ["date_add", "success_rate", "count", "row_number", "date_trunc", "json_extract_scalar"] {
        let function = description.functions.iter().find(|function| function.name == name);
        let function = function.unwrap_or_else(|| panic!("{name}"));
        assert!(function.signature.starts_with(name) && !function.meaning.is_empty(), "{function:?}");
    }
}

/// A described function is one that the engine takes: called with nothing it complains about that, not about the name.
#[tokio::test]
async fn every_described_function_exists() {
    let engine = world().engine();
    let description = engine.describe(&question("")).await.unwrap();
    assert!(description.functions.len() > 200, "{}", description.functions.len());
    for function in description.functions {
        if let Err(error) = ask(&engine, &format!("SELECT \"{}\"(1, 2, 3, 4, 5, 6, 7)", function.name)).await {
            assert!(!error.message.contains("there is no function"), "{}: {error}", function.name);
        }
    }
}
