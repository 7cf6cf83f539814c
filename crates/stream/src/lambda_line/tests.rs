use proptest::prelude::*;

use super::*;

const ID: &str = "0c90003a-8970-474c-b696-fca5336ef4f5";
const AT: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// What a line says, and the metrics that follow from it in the log group of the function `provision`.
fn check(message: &str, said: &str, metrics: &str) {
    let line = read(message);
    assert_eq!(line.as_ref().map_or_else(|| "nothing".to_owned(), show), said, "{message}");
    let data = line.map(|line| data(&line, "/aws/lambda/provision", AT)).unwrap_or_default();
    for datum in &data {
        assert_eq!(&*datum.namespace, "Walletscope/Lambda");
        assert_eq!(datum.dimensions, [("FunctionName".into(), "provision".into())]);
        assert_eq!((datum.timestamp, datum.storage_resolution_seconds), (AT, 60));
    }
    let shown = data.iter().map(|datum| match &datum.value {
        MetricValue::Values(values) => format!("{}={}", datum.name, values[0].0),
        MetricValue::Statistics { .. } => unreachable!("a line tells single values"),
    });
    assert_eq!(shown.collect::<Vec<_>>().join(" "), metrics, "{message}");
}

/// The variant, what is there of its fields, and whether it is the end of an invocation.
fn show(line: &LambdaLine<'_>) -> String {
    let debug = format!("{line:?}").replace(ID, "ID");
    let kind = debug.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
    let id = line.request_id().map_or("-", |id| if *id == ID { "ID" } else { id });
    format!("{kind} {id}{}", if line.is_crash() { " crash" } else { "" })
}

#[test]
fn text_lines_tell_what_an_invocation_took() {
    check(&format!("START RequestId: {ID} Version: $LATEST\n"), "Start ID", "");
    check(&format!("END RequestId: {ID}\n"), "End ID", "");
    let usual = "Duration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 93 MB\t";
    let usual_data = "Duration=12.34 BilledDuration=13 MemorySize=512 MaxMemoryUsed=93";
    for (rest, crash, data) in [
        ("\n", "", ""),
        ("Init Duration: 174.05 ms\t\n", "", " InitDuration=174.05 ColdStarts=1"),
        ("Restore Duration: 398.97 ms\tBilled Restore Duration: 182 ms\t\n", "", ""),
        ("Status: timeout\n", " crash", " Timeouts=1"),
        ("Status: error\tError Type: Runtime.ExitError\n", " crash", " Errors=1"),
        (
            "Init Duration: 9.5 ms\t\nXRAY TraceId: 1-66d978e5-56c7378e556e94b5461da07c\tSegmentId: 29c3839e6ecb5895\tSampled: true\t\nStatus: timeout\n",
            " crash",
            " InitDuration=9.5 ColdStarts=1 Timeouts=1",
        ),
    ] {
        let line = format!("REPORT RequestId: {ID}\t{usual}{rest}");
        check(&line, &format!("Report ID{crash}"), &format!("{usual_data}{data}"));
        check(&line.replace(['\t', '\n'], " "), &format!("Report ID{crash}"), &format!("{usual_data}{data}"));
    }
}

#[test]
fn every_field_of_a_report_is_read_in_both_formats() {
    let text = format!(
        "REPORT RequestId: {ID}\tDuration: 127.10 ms\tBilled Duration: 154 ms\tMemory Size: 2048 MB\tMax Memory Used: 212 MB\tInit Duration: 1.5 ms\tRestore Duration: 325.93 ms\tBilled Restore Duration: 26 ms\tStatus: error\tError Type: Runtime.OutOfMemory\nXRAY TraceId: 1-66d978e5-56c7378e556e94b5461da07c\tSegmentId: 29c3839e6ecb5895\tSampled: true\n"
    );
    let json = format!(
        r#"{{"time":"2026-11-22T12:00:03.000Z","type":"platform.report","record":{{"requestId":"{ID}","status":"error","errorType":"Runtime.OutOfMemory","metrics":{{"durationMs":127.10,"billedDurationMs":154,"memorySizeMB":2048,"maxMemoryUsedMB":212,"initDurationMs":1.5,"restoreDurationMs":325.93,"billedRestoreDurationMs":26}},"tracing":{{"spanId":"29c3839e6ecb5895","type":"X-Amzn-Trace-Id","value":"Root=1-66d978e5-56c7378e556e94b5461da07c;Parent=35465b3a9e2f7c6a;Sampled=1"}}}}}}"#
    );
    let report = Report {
        request_id: ID.into(),
        duration_millis: Some(127.1),
        billed_duration_millis: Some(154.0),
        memory_size_megabytes: Some(2048.0),
        memory_used_max_megabytes: Some(212.0),
        init_duration_millis: Some(1.5),
        restore_duration_millis: Some(325.93),
        billed_restore_duration_millis: Some(26.0),
        status: Some(Status::Error),
        error_type: Some("Runtime.OutOfMemory".into()),
        trace_id: Some("1-66d978e5-56c7378e556e94b5461da07c".into()),
        segment_id: Some("29c3839e6ecb5895".into()),
        sampled: Some(true),
    };
    assert_eq!(read(&text), Some(LambdaLine::Report(report.clone())));
    assert_eq!(read(&json), Some(LambdaLine::Report(report)));
}

#[test]
fn json_events_tell_the_same_as_text() {
    let event = |kind: &str, record: &str| {
        let record = record.replace("ID", ID);
        format!(r#"{{"time":"2026-11-22T12:00:03.000Z","type":"platform.{kind}","record":{record}}}"#)
    };
    check(&event("start", r#"{"requestId":"ID","version":"8"}"#), "Start ID", "");
    check(
        &event(
            "report",
            r#"{"requestId":"ID","metrics":{"durationMs":5000.0,"billedDurationMs":5000,"memorySizeMB":128,"maxMemoryUsedMB":94},"status":"timeout"}"#,
        ),
        "Report ID crash",
        "Duration=5000 BilledDuration=5000 MemorySize=128 MaxMemoryUsed=94 Timeouts=1",
    );
    check(
        &event(
            "report",
            r#"{"requestId":"ID","status":"failure","metrics":{"durationMs":1,"initDurationMs":2}}"#,
        ),
        "Report ID crash",
        "Duration=1 InitDuration=2 ColdStarts=1 Errors=1",
    );
    check(&event("report", r#"{"status":"success"}"#), "Report -", "");
    check(
        &event(
            "report",
            r#"{"requestId":"ID","metrics":{"durationMs":"12","billedDurationMs":-1,"memorySizeMB":1e999}}"#,
        ),
        "Report ID",
        "",
    );
    // The report tells the invocation's numbers; the runtime's end would tell them twice.
    check(
        &event("runtimeDone", r#"{"requestId":"ID","status":"timeout","metrics":{"durationMs":5001.182}}"#),
        "RuntimeDone ID crash",
        "",
    );
    check(&event("runtimeDone", r#"{"requestId":"ID","status":"success"}"#), "RuntimeDone ID", "");
    check(&event("initStart", r#"{"phase":"init","runtimeVersion":"nodejs:22.v122"}"#), "InitStart -", "");
    check(
        &event("initReport", r#"{"phase":"init","status":"error","metrics":{"durationMs":565.4}}"#),
        "InitReport -",
        "",
    );
    check(&event("telemetrySubscription", r#"{"name":"x"}"#), "nothing", "");
    check(&event("report", "\"text\""), "nothing", "");
    check(&event("report", "{\"requestId\":\"ID\""), "nothing", "");
    check(r#"{"type":"order","record":{"requestId":"ID","status":"timeout"}}"#, "nothing", "");
}

#[test]
fn lines_around_an_invocation_are_read() {
    let init = "INIT_START Runtime Version: python:3.13.v17\tRuntime Version ARN: arn:aws:lambda:eu-central-1::runtime:0a1b\n";
    assert_eq!(
        read(init),
        Some(LambdaLine::InitStart {
            runtime_version: Some("python:3.13.v17".into()),
            runtime_version_arn: Some("arn:aws:lambda:eu-central-1::runtime:0a1b".into()),
        })
    );
    let failed = "INIT_REPORT Init Duration: 83.58 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError\n";
    assert_eq!(
        read(failed),
        Some(LambdaLine::InitReport {
            duration_millis: Some(83.58),
            phase: Some("invoke".into()),
            status: Some(Status::Error),
            error_type: Some("Runtime.ImportModuleError".into()),
        })
    );
    assert_eq!(
        read(&format!("2026-11-22T12:00:03.000Z {ID} Task timed out after 3.00 seconds\n\n")),
        Some(LambdaLine::TimedOut { request_id: ID.into(), after_seconds: Some(3.0) })
    );
    assert_eq!(
        read(&format!("RequestId: {ID} Error: Runtime exited with error: exit status 1\n")),
        Some(LambdaLine::Notice {
            request_id: ID.into(),
            error: Some("Runtime exited with error: exit status 1")
        })
    );
}

#[test]
fn what_lambda_did_not_write_is_nothing() {
    for message in [
        "",
        "START",
        "START the engine",
        "END of file",
        "REPORT card",
        "REPORT: RequestId: x",
        "start RequestId: x",
        "INIT_START now",
        "INIT_REPORT Phase: init",
        "[ERROR] RequestId: x",
        "x y Task timed out after 3.00 seconds",
        "2026-11-22T12:00:03.000Z x Task timed out",
        "{\"type\":\"platform.report\"}",
        "{\"type\":\"platform.report\",\"record\":{}",
    ] {
        check(message, "nothing", "");
    }
}

#[test]
fn numbers_that_measure_nothing_are_left_out() {
    for word in ["NaN", "inf", "-1", "1e300", "", "0x10", "1,5"] {
        check(
            &format!("REPORT RequestId: {ID}\tDuration: {word} ms\tMemory Size: 128 MB"),
            "Report ID",
            "MemorySize=128",
        );
    }
}

#[test]
fn a_function_is_named_by_its_own_log_group_alone() {
    for (group, expected) in [
        ("/aws/lambda/provision", Some("provision")),
        ("/aws/lambda/us-east-1.edge", Some("us-east-1.edge")),
        ("/aws/lambda/", None),
        ("/aws/lambda/a/b", None),
        ("/aws/lambda-insights", None),
        ("provision", None),
    ] {
        assert_eq!(function_name(group), expected, "{group}");
        let line = read("REPORT RequestId: r\tDuration: 1 ms").expect("a report");
        assert_eq!(data(&line, group, AT)[0].dimensions.len(), usize::from(expected.is_some()), "{group}");
    }
    assert_eq!(function_name(&format!("/aws/lambda/{}", "x".repeat(256))), None);
}

#[test]
fn hostile_lines_cost_time_in_their_length_alone() {
    let deep = "[".repeat(500_000);
    for message in [
        format!(r#"{{"type":"platform.report","record":{{"metrics":{deep}}}}}"#),
        format!("REPORT RequestId: {}", "a: ".repeat(300_000)),
        format!("REPORT RequestId: {}", "9".repeat(1_000_000)),
        format!("INIT_REPORT {}", ": ".repeat(500_000)),
        format!("[ERROR] {}", "RequestId: ".repeat(90_000)),
    ] {
        let data = read(&message).map(|line| data(&line, "/aws/lambda/f", AT)).unwrap_or_default();
        assert!(data.is_empty());
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_every_number_is_one(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "REPORT ", "START ", "END ", "INIT_REPORT ", "INIT_START ", "[ERROR] ", "RequestId: ", "Duration: ",
                "Billed ", "Init Duration: ", "Status: ", "timeout", "error", " Error: ", "3.00", " ms", "\t", "\n", "é",
                "2026-11-22T12:00:03.000Z ", "x ", "Task timed out after ", ": ", "1e999", "{", "}", "\"type\":",
                "\"platform.report\"", ",", "\"record\":", "\"metrics\":", "\"durationMs\":", "\"status\":", "-", "\\",
            ]),
            0..20,
        )
    ) {
        let message = words.concat();
        if let Some(line) = read(&message) {
            for datum in data(&line, "/aws/lambda/f", AT) {
                let MetricValue::Values(values) = datum.value else { panic!("single values") };
                prop_assert!(values[0].0.is_finite() && values[0].0 >= 0.0);
            }
        }
    }
}
