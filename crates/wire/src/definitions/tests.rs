//! Whole files, one row each: text in, definitions and lints out, or the error.

mod brief;
mod own;
mod shorthand;
mod template;

use super::*;
use proptest::prelude::*;

fn context() -> Context {
    Context { account: "123456789012".into(), region: "eu-central-1".into() }
}

/// What a file holds, one line each: definitions as `LINE KIND NAME: …`, then lints as `LINE lint CODE`.
fn read_lines(file_name: &str, text: &str) -> Vec<String> {
    match read(file_name, text, &context()) {
        Ok(reading) => {
            let definitions = reading.definitions.iter().map(shown);
            let lints =
                reading.lints.iter().map(|lint| format!("{} lint {}", lint.place.line, lint.code.code()));
            definitions.chain(lints).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(read_lines("f.yaml", text), expected, "{text}");
}

/// The sentences of a file's lints of one code.
fn sentences(text: &str, code: LintCode) -> Vec<String> {
    let reading = read("f.yaml", text, &context()).expect("a reading");
    reading.lints.into_iter().filter(|lint| lint.code == code).map(|lint| lint.sentence).collect()
}

fn shown(definition: &Definition) -> String {
    let Definition { place, name, kind } = definition;
    let text = match kind {
        Kind::MetricFilter(MetricFilter { log_group, filter }) => {
            let dimensions: String =
                filter.dimensions.iter().map(|(name, at)| format!(" {name}={at}")).collect();
            let default = filter.default_value.map_or(String::new(), |value| format!(" else {value}"));
            let unit = filter.unit.as_deref().unwrap_or("None");
            format!(
                "{log_group} {} -> {} {} {} {unit}{default}{dimensions}",
                filter.pattern, filter.namespace, filter.metric, filter.value
            )
        }
        Kind::LogGroup(group) => {
            group.retention_days.map_or("for ever".into(), |days| format!("{days} days"))
        }
        Kind::Dashboard(dashboard) => dashboard.body.to_string(),
        Kind::SavedQuery(query) => {
            let language = query.language.map_or("?", QueryLanguage::name);
            format!("{language} {:?} {}", query.query, query.log_groups.join(" "))
        }
        Kind::AnomalyDetector(detector) => {
            let excluded =
                detector.excluded.iter().map(|(from, to)| format!(" without {}..{}", from.0, to.0));
            let zone = detector.time_zone.as_deref().unwrap_or("UTC");
            format!("{zone} spikes {:?}{}", detector.has_periodic_spikes, excluded.collect::<String>())
        }
        Kind::Alarm(alarm) => alarm.raw.to_string(),
        Kind::Skipped(skipped) => format!("{}: {}", skipped.what, skipped.reason),
    };
    format!("{} {} {name}: {}", place.line, kind.word(), text.trim_end())
}

#[test]
fn what_holds_nothing_or_something_else() {
    check("", &[]);
    check("# a comment\n---\n---\n", &[]);
    for (text, expected) in [
        (
            "apiVersion: v1\nkind: Pod\n",
            "f.yaml:1:1: a document that begins with apiVersion is not known: definitions begin with walletscope: 1",
        ),
        (
            "metricFilters: []\n",
            "f.yaml:1:1: a document that begins with metricFilters is not known: definitions begin with walletscope: 1",
        ),
        ("[1]\n", "f.yaml:1:1: the document holds no definitions: a mapping should stand here"),
        ("text\n", "f.yaml:1:1: the document holds no definitions: a mapping should stand here"),
        ("{}\n", "f.yaml:1:1: the document holds no definitions: a mapping should stand here"),
        (
            "walletscope: 1\n---\nx: 1\n",
            "f.yaml:3:1: a document that begins with x is not known: definitions begin with walletscope: 1",
        ),
        ("walletscope: 1\nlogGroups: !Ref x\n", "f.yaml:2:12: the tag !Ref means nothing here"),
        (
            "walletscope: 1\nlogGroups:\n  - logGroupName: a\n   retentionInDays: 1\n",
            "f.yaml:4:4: this is not YAML: while parsing a block collection, did not find expected '-' indicator",
        ),
    ] {
        check(text, &[expected]);
    }
}

#[test]
fn a_file_may_hold_documents_of_every_form() {
    check(
        "walletscope: 1\nlogGroups: [{logGroupName: a}]\n---\nResources:\n  G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: b}}\n---\nQuickSightQuery: {Q: SELECT 1}\n",
        &["2 log group a: for ever", "5 log group b: for ever", "7 saved query Q: ? \"SELECT 1\""],
    );
}

#[test]
fn files_are_read_for_themselves_and_compared_with_each_other() {
    let own = "walletscope: 1\nlogGroups:\n  - logGroupName: a\n";
    let (reading, errors) = read_all([("1.yaml", own), ("2.yaml", "x: ["), ("3.yaml", own)], &context());
    assert_eq!(reading.definitions.len(), 2);
    let errors: Vec<_> = errors.iter().map(|error| error.place.to_string()).collect();
    assert_eq!(errors, ["2.yaml:2:1"]);
    let lints: Vec<_> = reading.lints.iter().map(|lint| (lint.place.to_string(), &*lint.sentence)).collect();
    let sentence = "the log group a is defined a second time, first at 1.yaml:3:5; the last one holds";
    assert_eq!(lints, [("3.yaml:3:5".to_owned(), sentence)]);
}

/// Pieces of which files are made, right and wrong.
const PIECES: [&str; 24] = [
    "Resources:",
    "walletscope: 1",
    "logGroups:",
    "MetricFilters:",
    "metrics:",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "A: ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "!Sub ",
    "'${A}'",
    "!Ref ",
    "Type: AWS::Logs::LogGroup",
    "Properties: ",
    "LogGroupName: ",
    "---\n",
    "\"",
    "|",
];

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}", pieces in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let pieces: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        for text in [&text, &pieces] {
            if let Err(error) = read("f", text, &context()) {
                let lines = text.lines().count() as u64 + 1;
                prop_assert!((1..=lines).contains(&error.place.line), "{text:?}: {error}");
            }
        }
    }
}
