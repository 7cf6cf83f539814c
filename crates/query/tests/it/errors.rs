//! Does every wrong text say what is wrong, where, and what comes nearest?

use walletscope_query::{Intent, Limits, SavedView, SqlError, intent};

use crate::slt::world;
use crate::world::{ask, question};

/// A text with `^` before the place that the error has to point at, the code, and parts of message and hint.
struct Case(&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    // Syntax.
    Case("^", "syntax", "there is no statement", "SELECT"),
    Case("SELECT issuer FROM attempts WHERE^", "syntax", "expected an expression", "double quotes"),
    Case("^SELCT issuer FROM attempts", "syntax", "expected an SQL statement", "did you mean SELECT?"),
    Case(
        "SELECT issuer FROM attempts\n ^GRUOP BY issuer",
        "syntax",
        "expected the end",
        "did you mean GROUP?",
    ),
    Case(
        "SELECT issuer FROM attempts a ^GRUOP BY issuer",
        "syntax",
        "expected the end",
        "did you mean GROUP?",
    ),
    Case("SELECT (1 + 2^", "syntax", "expected )", "double quotes"),
    Case("SELECT ^'open", "syntax", "unterminated string literal", ""),
    Case("SELECT 1; ^SELECT 2", "unsupported", "more than one statement", "one statement at a time"),
    Case(
        "SELECT * FROM attempts LATERAL VIEW ^explode(other_ids) t AS x",
        "unsupported",
        "LATERAL VIEW",
        "UNNEST",
    ),
    // What writes.
    Case("^INSERT INTO attempts SELECT * FROM attempts", "read_only", "INSERT INTO is refused", "import"),
    Case("^DELETE FROM attempts", "read_only", "DELETE FROM is refused", "WHERE"),
    Case("^UPDATE attempts SET status = 'x'", "read_only", "UPDATE ATTEMPTS is refused", "WHERE"),
    Case("^CREATE TABLE x AS SELECT 1", "read_only", "CREATE TABLE is refused", "CREATE VIEW name AS"),
    Case("^DROP TABLE attempts", "read_only", "DROP TABLE is refused", "DROP VIEW"),
    Case("^TRUNCATE TABLE attempts", "read_only", "TRUNCATE TABLE is refused", "WHERE"),
    Case("^SET time_zone = 'x'", "read_only", "SET", "UTC"),
    Case("^SHOW DATABASES", "unsupported", "SHOW DATABASES is not supported", "SHOW TABLES"),
    Case("^SELECT 1 INTO x", "read_only", "INTO", "CREATE VIEW"),
    Case("^EXPLAIN DELETE FROM attempts", "read_only", "DELETE FROM is refused", "WHERE"),
    Case("^SELECT 1 FROM attempts FOR UPDATE", "read_only", "FOR UPDATE is refused", "leave"),
    Case("^CREATE VIEW x AS SELECT 1", "read_only", "kept by the server", "statement of its own"),
    // Tables and columns.
    Case("SELECT 1 FROM ^attemps", "unknown_table", "there is no table attemps", "did you mean attempts?"),
    Case("SELECT 1 FROM ^other.attempts", "unknown_table", "other.attempts", "attempts"),
    Case("SELECT 1 FROM ^zzz", "unknown_table", "zzz", "SHOW TABLES"),
    Case("SELECT 1\nFROM attempts a\nJOIN ^spanz s ON true", "unknown_table", "spanz", "spans"),
    Case("DESCRIBE ^attemptz", "unknown_table", "attemptz", "attempts"),
    Case(
        "SELECT * FROM ^read_csv('/etc/passwd')",
        "unsupported",
        "no table function read_csv",
        "generate_series",
    ),
    Case("SELECT ^walet_provider FROM attempts", "unknown_column", "walet_provider", "wallet_provider"),
    Case("SELECT issuer\nFROM attempts\nWHERE ^isuer = 'x'", "unknown_column", "isuer", "issuer"),
    Case("SELECT ^a.zzz FROM attempts a", "unknown_column", "a.zzz", "the columns here are timestamp"),
    Case(
        "SELECT count(*) FROM attempts GROUP BY ^walet_provider",
        "unknown_column",
        "walet_provider",
        "wallet",
    ),
    Case("SELECT 1 FROM attempts ORDER BY ^isuer", "unknown_column", "isuer", "issuer"),
    Case("SELECT ^status FROM attempts a, attempts b", "unsupported", "more than one table here", "t.status"),
    Case(
        "SELECT ^success_rate() FROM spans",
        "unknown_column",
        "counts the rows of attempts",
        "FROM attempts",
    ),
    // Functions.
    Case("SELECT ^dat_add('day', 1, now())", "unsupported", "no function dat_add", "date_add"),
    Case("SELECT issuer, ^sucess_rate() FROM attempts", "unsupported", "sucess_rate", "success_rate"),
    Case("SELECT ^transform(other_ids, 1) FROM attempts", "unsupported", "transform", "UNNEST"),
    Case("SELECT ^year(1, 2)", "unsupported", "year takes 1 arguments, not 2", "year"),
    Case("SELECT ^date_add('fortnight', 1, now())", "unsupported", "'fortnight' is no unit of time", ""),
    Case("SELECT ^requests(1) FROM attempts", "unsupported", "requests takes 0 arguments", ""),
    Case("SELECT ^count_if(DISTINCT true)", "unsupported", "neither DISTINCT", "FILTER"),
    Case("SELECT ^date_diff(now(), now())", "unsupported", "a unit and two times", "date_diff('day'"),
    // Meaning.
    Case("SELECT ^issuer, count(*) FROM attempts", "unsupported", "GROUP BY", "any_value"),
    Case("^SELECT 'x' + true", "unsupported", "", ""),
    Case("^SELECT 1 UNION SELECT 1, 2", "unsupported", "different number of columns", "both sides"),
    Case("^SELECT 1 FROM attempts FETCH FIRST 1 ROWS WITH TIES", "unsupported", "WITH TIES", "rank()"),
];

fn place(text: &str) -> (String, Option<(u64, u64)>) {
    let Some(at) = text.find('^') else { return (text.to_owned(), None) };
    let before = &text[..at];
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    (text.replacen('^', "", 1), Some((line, column)))
}

#[tokio::test]
async fn every_wrong_text_says_what_where_and_what_comes_nearest() {
    let engine = world().engine();
    let mut wrong = Vec::new();
    for Case(text, code, message, hint) in CASES {
        let (sql, place) = place(text);
        let error = match engine.answer(&question(&sql)).await {
            Ok(_) => {
                wrong.push(format!("{sql}: it runs"));
                continue;
            }
            Err(error) => error,
        };
        let found_place = error.line.zip(error.column);
        let found_hint = error.hint.clone().unwrap_or_default();
        if error.code != *code
            || !error.message.to_lowercase().contains(&message.to_lowercase())
            || !found_hint.contains(hint)
            || found_place != place
        {
            wrong.push(format!("{sql}\n  wanted {code} {place:?} {message} / {hint}\n  found {error:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[tokio::test]
async fn errors_while_running_are_told_in_plain_words() {
    let engine = world().engine();
    for (sql, message) in [
        ("SELECT CAST(issuer AS INT) FROM attempts", "cannot cast string 'DEMO_Bank'"),
        ("SELECT 1 / (count(*) - 7) FROM attempts", "divide by zero"),
        ("SELECT date_parse(status, '%Y') FROM attempts", "does not match the pattern"),
    ] {
        let error = ask(&engine, sql).await.unwrap_err();
        assert_eq!(error.code, "failed", "{error}");
        assert!(error.message.to_lowercase().contains(&message.to_lowercase()), "{error}");
        assert!(!error.message.contains("Arrow error"), "{error}");
    }
}

#[test]
fn views_are_intents() {
    let limits = Limits::default();
    let view = |name: &str, sql: &str, replaces| {
        Ok::<_, SqlError>(Intent::SaveView(SavedView {
            name: name.to_owned(),
            sql: sql.to_owned(),
            replaces,
        }))
    };
    assert_eq!(intent("create view Mine as select 1", &limits), view("mine", "SELECT 1", false));
    assert_eq!(
        intent("CREATE OR REPLACE VIEW \"My V\" AS SELECT 1;", &limits),
        view("My V", "SELECT 1", true)
    );
    let dropped = Intent::DropView { name: "mine".to_owned(), if_exists: true };
    assert_eq!(intent("DROP VIEW IF EXISTS walletscope.mine", &limits), Ok(dropped));
    assert_eq!(intent("SELECT 1", &limits), Ok(Intent::Ask));
    assert_eq!(intent("CREATE VIEW attempts AS SELECT 1", &limits).unwrap_err().code, "unsupported");
    assert_eq!(intent("CREATE MATERIALIZED VIEW v AS SELECT 1", &limits).unwrap_err().code, "read_only");
    assert_eq!(intent("CREATE VIEW v AS INSERT INTO x SELECT 1", &limits).unwrap_err().code, "read_only");
}

#[tokio::test]
async fn errors_of_saved_views_name_the_view() {
    let engine = world().engine();
    let mut question = question("SELECT * FROM broken");
    question.views.insert("broken".to_owned(), "SELECT nothing FROM attempts".to_owned());
    question.views.insert("round".to_owned(), "SELECT * FROM round".to_owned());
    let error = engine.answer(&question).await.err().unwrap();
    assert!(error.message.contains("in the view broken") && error.code == "unknown_column", "{error}");
    question.sql = "SELECT * FROM round".to_owned();
    let error = engine.answer(&question).await.err().unwrap();
    assert!(error.message.contains("defined by itself"), "{error}");
    // Lists leave out what is broken.
    question.sql = "SHOW TABLES".to_owned();
    assert!(engine.answer(&question).await.is_ok());
}
