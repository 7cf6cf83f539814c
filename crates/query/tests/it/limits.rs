//! What happens at the limits: of a text's size and depth, of memory, of queries at the same time?

use std::time::Duration;

use walletscope_lake::LakeTable;
use walletscope_query::Limits;

use crate::slt::world;
use crate::world::{World, ask, question, rows};

#[tokio::test]
async fn texts_beyond_the_limits_are_refused_before_they_are_planned() {
    let engine = world().engine();
    let many_operators = format!("SELECT {}1", "1+".repeat(60_000));
    let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    let deep_queries = format!("SELECT * FROM {}attempts{}", "(SELECT * FROM ".repeat(300), ")".repeat(300));
    let long = format!("SELECT '{}'", "x".repeat(200_000));
    for sql in [many_operators, deep, deep_queries, long] {
        let error = engine.answer(&question(&sql)).await.err().unwrap();
        assert_eq!(error.code, "too_large", "{error}");
        assert!(error.hint.is_some());
    }
}

/// A runtime's thread has a stack of 2 MiB; here less of it holds the deepest texts that are allowed.
#[test]
fn the_deepest_allowed_texts_are_answered_or_refused_on_a_small_stack() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_stack_size(3 << 19)
        .enable_all()
        .build()
        .unwrap();
    let task = runtime.spawn(async {
        let engine = world().engine();
        let sum = "processing_time + ".repeat(990);
        let sql = format!("SELECT sum({sum} 1) FROM attempts WHERE attempt_id = 'a6'");
        assert_eq!(ask(&engine, &sql).await.unwrap(), [["1981"]]);
        let alternatives = "issuer = status OR ".repeat(490);
        let sql = format!("SELECT count(*) FROM attempts WHERE {alternatives} true");
        assert_eq!(ask(&engine, &sql).await.unwrap(), [["7"]]);
        for depth in [5, 10, 20, 60, 65, 500] {
            for (open, close) in
                [("(", ")"), ("(SELECT ", ")"), ("CASE WHEN true THEN ", " END"), ("abs(", ")")]
            {
                let sql = format!("SELECT {}1{}", open.repeat(depth), close.repeat(depth));
                match ask(&engine, &sql).await {
                    Ok(rows) => assert!(rows == [["1"]], "{sql}: {rows:?}"),
                    Err(error) => assert!(error.code == "too_large" && depth > 10, "{sql}: {error}"),
                }
            }
            // Signs are nested without parentheses: the parser's own limit holds them.
            let _ = ask(&engine, &format!("SELECT {}1", "- ".repeat(depth))).await;
            let sql = format!(
                "SELECT * FROM {}attempts{}",
                "(SELECT * FROM ".repeat(depth),
                ") AS y".repeat(depth)
            );
            match ask(&engine, &sql).await {
                Ok(rows) => assert!(rows.len() == 7 && depth <= 10, "{sql}"),
                Err(error) => assert!(error.code == "too_large" && depth > 10, "{sql}: {error}"),
            }
        }
    });
    runtime.block_on(task).unwrap();
}

#[tokio::test]
async fn a_query_beyond_memory_spills_or_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        memory_bytes: 20 << 20,
        spill_folder: Some(folder.path().to_owned()),
        partitions: 2,
        ..Limits::default()
    };
    let engine = World::default().engine_with(limits);
    let sorted = "SELECT count(*) FROM (SELECT x, md5(CAST(x AS VARCHAR)) AS h FROM generate_series(1, 600000) AS t(x) \
                  ORDER BY h) AS s";
    assert_eq!(ask(&engine, sorted).await.unwrap(), [["600000"]]);
    let collected =
        "SELECT cardinality(array_agg(md5(CAST(x AS VARCHAR)))) FROM generate_series(1, 2000000) AS t(x)";
    let error = ask(&engine, collected).await.unwrap_err();
    assert!(error.message.contains("more memory than it may take"), "{error}");
    assert!(error.hint.is_some());
}

#[tokio::test]
async fn queries_wait_for_their_turn_and_dropping_one_gives_it_back() {
    let limits = Limits { running: 1, waiting: 1, partitions: 1, ..Limits::default() };
    let engine = std::sync::Arc::new(world().engine_with(limits));
    let first = engine.answer(&question("SELECT 1")).await.unwrap();
    let waiting = tokio::spawn({
        let engine = std::sync::Arc::clone(&engine);
        async move { ask(&engine, "SELECT 2").await }
    });
    while engine.waiting() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let refused = engine.answer(&question("SELECT 3")).await.err().unwrap();
    assert!(refused.message.contains("wait already") && refused.hint.is_some(), "{refused}");
    drop(first);
    assert_eq!(waiting.await.unwrap().unwrap(), [["2"]]);
    assert_eq!(ask(&engine, "SELECT 4").await.unwrap(), [["4"]]);
}

#[tokio::test]
async fn an_answer_says_who_answered_at_which_head_and_how_far_it_came() {
    let engine = world().engine();
    let sql = "SELECT a.issuer FROM attempts a JOIN log_events l ON a.request_id = l.request_id \
               WHERE a.attempt_id IN (SELECT event_id FROM audit_events)";
    let answer = engine.answer(&question(sql)).await.unwrap();
    let mut tables = answer.answered_by.clone();
    tables.sort();
    assert_eq!(tables, ["audit_events", "log_events", "token_provisioning_logs"]);
    assert_eq!(answer.head, 4711);
    let answer = engine.answer(&question("SELECT issuer FROM attempts")).await.unwrap();
    assert_eq!(answer.answered_by, [LakeTable::Attempts.name()]);
    let plan = std::sync::Arc::clone(&answer.plan);
    assert_eq!(rows(answer).await.unwrap().len(), 7);
    let _ = walletscope_query::progress(&plan);
}
