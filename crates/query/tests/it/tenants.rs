//! Does a tenant see its own rows and no others, whatever way it asks?

use walletscope_lake::LakeTable;

use crate::world::{World, ask, question, rows};

fn world() -> World {
    let mut world = World::default();
    for table in LakeTable::ALL {
        world = world.row(table, r#"{"tenant":"acme"}"#).row(table, r#"{"tenant":"rival"}"#);
    }
    world
}

#[tokio::test]
async fn no_way_of_asking_shows_another_tenants_rows() {
    let engine = world().engine();
    for (sql, expected) in [
        ("SELECT tenant FROM token_provisioning_logs", vec!["acme"]),
        ("SELECT tenant FROM attempts", vec!["acme"]),
        ("SELECT tenant FROM walletscope.attempts WHERE tenant = 'rival'", vec![]),
        ("SELECT tenant FROM awsdatacatalog.default.attempts WHERE tenant <> 'x' OR true", vec!["acme"]),
        ("SELECT a.tenant || b.tenant FROM attempts a, attempts b", vec!["acmeacme"]),
        ("SELECT b.tenant FROM attempts a RIGHT JOIN attempts b ON false", vec!["acme"]),
        ("WITH x AS (SELECT * FROM log_events) SELECT tenant FROM x", vec!["acme"]),
        ("SELECT (SELECT max(tenant) FROM spans)", vec!["acme"]),
        ("SELECT (SELECT min(tenant) FROM audit_events)", vec!["acme"]),
        ("SELECT tenant FROM metric_points UNION ALL SELECT tenant FROM token_states", vec!["acme", "acme"]),
        ("SELECT tenant FROM token_provisioning_events EXCEPT SELECT 'acme'", vec![]),
        (
            "SELECT 'seen' FROM attempts WHERE EXISTS (SELECT 1 FROM spans s WHERE s.tenant = 'rival')",
            vec![],
        ),
        ("SELECT tenant FROM mine", vec!["acme"]),
    ] {
        let mut question = question(sql);
        question.views.insert("mine".to_owned(), "SELECT * FROM attempts".to_owned());
        let found = rows(engine.answer(&question).await.unwrap()).await.unwrap();
        assert_eq!(found.concat(), expected, "{sql}");
    }
}

#[tokio::test]
async fn every_table_is_filtered() {
    let engine = world().engine();
    for table in LakeTable::ALL {
        let sql = format!("SELECT tenant, count(*) FROM {} GROUP BY 1", table.name());
        assert_eq!(ask(&engine, &sql).await.unwrap(), [["acme", "1"]], "{sql}");
    }
}

#[tokio::test]
async fn a_view_cannot_take_the_place_of_a_table() {
    let engine = world().engine();
    let mut question = question("SELECT count(*) FROM attempts");
    question.views.insert("attempts".to_owned(), "SELECT 1 WHERE false".to_owned());
    let found = rows(engine.answer(&question).await.unwrap()).await.unwrap();
    assert_eq!(found, [["1"]]);
}

#[tokio::test]
async fn a_tenant_named_like_sql_is_a_name() {
    let engine = world().engine();
    let mut question = question("SELECT count(*) FROM attempts");
    question.tenant = "acme' OR '1'='1".to_owned();
    let found = rows(engine.answer(&question).await.unwrap()).await.unwrap();
    assert_eq!(found, [["0"]]);
}
