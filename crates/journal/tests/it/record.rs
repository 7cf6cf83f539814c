//! Do entries read back, stay readable over versions, and fail politely?

use proptest::prelude::*;
use walletscope_journal::record::{BODY_BYTES_MAX, RECORDS_MAX};
use walletscope_journal::{Kind, RecordError, decode, decode_header, encode};
use walletscope_model::{
    AnomalyDetectorDefinition, AnomalyDetectorTarget, AuditEvent, Batch, Body, Command, Duration, Gap,
    LogBatch, LogEvent, MetricBatch, MetricDatum, MetricFilterDefinition, MetricValue, Offset, Origin, Rules,
    Span, SubscriptionFilterDefinition, Timestamp,
};

fn batch(body: Body) -> Batch {
    let origin = Origin {
        account: "123456789012".into(),
        region: "eu-central-1".into(),
        source: "AKIDEXAMPLE".into(),
        tenant: "default".into(),
    };
    let appended_at = Timestamp(1_705_312_513_245_000);
    Batch { appended_at, origin, invocation_id: "0f3c9a".into(), body }
}

fn logs(count: usize) -> Body {
    let event = |index: usize| LogEvent {
        timestamp: Timestamp::from_millis(1_705_312_513_245 + index as i64),
        message: format!(r#"{{"event":"TOKEN_PROVISION_START","correlationId":"corr_{index}"}}"#).into(),
        guarded: index % 3 == 1,
    };
    let events = (0..count).map(event).collect();
    Body::Logs(LogBatch { group: "/aws/lambda/provision".into(), stream: "2024/01/15/[1]ä".into(), events })
}

fn datum(name: &str, value: MetricValue) -> MetricDatum {
    MetricDatum {
        namespace: "TokenService".into(),
        name: name.into(),
        dimensions: vec![("Issuer".into(), "DEMO_Bank".into()), ("Wallet".into(), "ApplePay".into())],
        timestamp: Timestamp::from_seconds(1_705_312_513),
        unit: Some("Milliseconds".into()),
        storage_resolution_seconds: 60,
        value,
    }
}

fn metrics() -> Body {
    let statistics = MetricValue::Statistics { sample_count: 3.0, sum: 7.5, minimum: -1.0, maximum: 5.5 };
    let values = MetricValue::Values(vec![(0.0, 1.0), (1.245, 4.0)]);
    let bare = MetricDatum { dimensions: vec![], unit: None, ..datum("Count", MetricValue::Values(vec![])) };
    Body::Metrics(MetricBatch { data: vec![datum("Latency", values), datum("Latency", statistics), bare] })
}

/// One span with every field, and one with none that it may lack.
fn spans() -> Body {
    let mut full = Span {
        timestamp: Timestamp(1_696_419_812_925_000),
        end_time: Some(Timestamp(-1)),
        error: true,
        fault: true,
        throttle: true,
        http_status: Some(u16::MAX),
        parent_id: Some("".into()),
        namespace: Some("".into()),
        http_method: Some("".into()),
        http_url: Some("".into()),
        user_agent: Some("".into()),
        client_ip: Some("".into()),
        operation: Some("".into()),
        resource: Some("".into()),
        wallet_provider: Some("".into()),
        issuer: Some("".into()),
        correlation_id: Some("".into()),
        request_id: Some("".into()),
        token_reference_id: Some("".into()),
        annotations: Some("".into()),
        metadata: Some("".into()),
        ..Span::default()
    };
    for (column, text) in full.texts_mut() {
        *text = format!("{column} ä").into();
    }
    Body::Spans(vec![full, Span { timestamp: Timestamp(-1), ..Span::default() }])
}

/// As [`spans`].
fn audit() -> Body {
    let mut full = AuditEvent {
        timestamp: Timestamp(1_705_314_312_000_000),
        processing_time: Some(Duration(1_245_000)),
        event_type: Some("".into()),
        aws_region: Some("".into()),
        source_ip_address: Some("".into()),
        user_agent: Some("".into()),
        user_identity: Some("".into()),
        request_id: Some("".into()),
        token_reference_id: Some("".into()),
        correlation_id: Some("".into()),
        wallet_provider: Some("".into()),
        issuer: Some("".into()),
        status: Some("".into()),
        error_code: Some("".into()),
        error_message: Some("".into()),
        request_parameters: Some("".into()),
        response_elements: Some("".into()),
        additional_data: Some("".into()),
        ..AuditEvent::default()
    };
    for (column, text) in full.texts_mut() {
        *text = format!("{column} ä").into();
    }
    Body::Audit(vec![full, AuditEvent::default()])
}

/// Every other command, with the name of its fixture.
fn commands() -> Vec<(&'static str, Command)> {
    let group = || Box::<str>::from("/aws/lambda/provision");
    let rules = Rules {
        abandon_after: Duration(1),
        step_up_mark_after: Duration(2),
        step_up_abandon_after: Duration(3),
        settle_after: Duration(4),
        evict_after: Duration(-5),
        placeholders: Vec::new(),
        strict_accounts: Vec::new(),
    };
    let words = Rules { placeholders: vec!["tbd".into()], ..rules.clone() };
    let strict = Rules { strict_accounts: vec!["*".into()], ..rules.clone() };
    let tags = || vec![("team".into(), "wallets".into())];
    let filter = MetricFilterDefinition {
        name: "success".into(),
        pattern: "[timestamp, requestId, event=\"TOKEN_PROVISION_SUCCESS\", ...]".into(),
        namespace: "TokenProvisioning".into(),
        metric: "SuccessfulTokenProvisioning".into(),
        value: "1".into(),
        default_value: Some(0.0),
        unit: Some("Count".into()),
        dimensions: vec![("Issuer".into(), "$issuer".into())],
    };
    let subscription = SubscriptionFilterDefinition {
        name: "siem".into(),
        pattern: "{ $.event = \"TOKEN_PROVISION_FAILURE\" }".into(),
        destination: "https://siem.example/firehose".into(),
        role_arn: Some("arn:aws:iam::123456789012:role/logs".into()),
        distribution: "Random".into(),
    };
    let delivered = Command::NoteDelivered {
        group: group(),
        filter: "siem".into(),
        incarnation: Offset(7),
        through: Offset(300),
    };
    let create = Command::CreateLogGroup { name: group(), retention_days: Some(30), tags: tags() };
    vec![
        ("create_log_group", create),
        ("delete_log_group", Command::DeleteLogGroup { name: group() }),
        ("create_log_stream", Command::CreateLogStream { group: group(), name: "s".into() }),
        ("delete_log_stream", Command::DeleteLogStream { group: group(), name: "s".into() }),
        ("set_retention", Command::SetRetention { group: group(), days: Some(30) }),
        ("set_no_retention", Command::SetRetention { group: group(), days: None }),
        ("tag_log_group", Command::TagLogGroup { group: group(), tags: tags() }),
        ("untag_log_group", Command::UntagLogGroup { group: group(), names: vec!["team".into()] }),
        ("put_metric_filter", Command::PutMetricFilter { group: group(), filter: filter.into() }),
        ("delete_metric_filter", Command::DeleteMetricFilter { group: group(), name: "success".into() }),
        (
            "put_subscription_filter",
            Command::PutSubscriptionFilter { group: group(), filter: subscription.into() },
        ),
        (
            "delete_subscription_filter",
            Command::DeleteSubscriptionFilter { group: group(), name: "siem".into() },
        ),
        ("note_delivered", delivered),
        ("set_rules", Command::SetRules(rules)),
        ("set_rules_placeholders", Command::SetRules(words)),
        ("set_rules_strict", Command::SetRules(strict)),
    ]
}

/// Commands about CloudWatch's dashboards and anomaly detectors.
fn definitions() -> Vec<(&'static str, Command)> {
    let target = AnomalyDetectorTarget {
        namespace: "TokenServices".into(),
        metric: "TokenProvisioningLatency".into(),
        dimensions: vec![("Issuer".into(), "DEMO_Bank".into())],
        statistic: "p90".into(),
    };
    let detector = AnomalyDetectorDefinition {
        target: target.clone(),
        excluded: vec![(Timestamp(-1), Timestamp(1_705_312_513_245_000))],
        timezone: Some("Europe/Berlin".into()),
        has_periodic_spikes: true,
        adaptation_speed: "NORMAL".into(),
        outlier_filtering_strength: "STRICT".into(),
    };
    let trained = |model: Option<&[u8]>| Command::NoteTrained {
        target: target.clone().into(),
        incarnation: Offset(9),
        trained_at: Timestamp(-7),
        model: model.map(Box::from),
    };
    let dashboard = Command::PutDashboard {
        name: "provisioning".into(),
        body: r#"{"widgets":[{"type":"text","properties":{"markdown":"ä"}}]}"#.into(),
        tags: vec![("team".into(), "wallets".into())],
    };
    vec![
        ("put_dashboard", dashboard),
        ("delete_dashboards", Command::DeleteDashboards { names: vec!["a".into(), "b".into()] }),
        ("put_anomaly_detector", Command::PutAnomalyDetector(detector.into())),
        ("delete_anomaly_detector", Command::DeleteAnomalyDetector(target.clone().into())),
        ("note_trained", trained(Some(&[1, 0, 255]))),
        ("note_not_trained", trained(None)),
    ]
}

/// Every kind of body, with the name of its fixture.
fn bodies() -> Vec<(&'static str, Kind, Body)> {
    let gap = Gap { from: Timestamp(-1), to: Timestamp(1_705_312_513_245_000) };
    let mut bodies = vec![
        ("logs_small", Kind::Logs, logs(3)),
        ("logs_compressed", Kind::Logs, logs(40)),
        ("metrics", Kind::Metrics, metrics()),
        ("tick", Kind::Tick, Body::Tick),
        ("gap", Kind::Gap, Body::Gap(gap)),
        ("backfill_end", Kind::BackfillEnd, Body::BackfillEnd),
        ("spans", Kind::Spans, spans()),
        ("audit", Kind::Audit, audit()),
    ];
    let commands = commands().into_iter().chain(definitions());
    bodies.extend(commands.map(|(name, command)| (name, Kind::Command, Body::Command(command))));
    bodies
}

#[test]
fn every_kind_reads_back() {
    for (name, kind, body) in bodies() {
        let batch = batch(body);
        let entry = encode(&batch).unwrap();
        assert_eq!(decode(&entry).as_ref(), Ok(&batch), "{name}");
        let header = decode_header(&entry).unwrap();
        assert_eq!(header.kind, kind, "{name}");
        assert_eq!((header.appended_at, header.origin), (batch.appended_at, batch.origin), "{name}");
        assert_eq!(header.invocation_id, batch.invocation_id, "{name}");
    }
}

/// Entries written by version 1 are read for ever. `WRITE_FIXTURES=1` writes those of a new version.
#[test]
fn entries_of_version_1_are_read_and_written_as_ever() {
    for (name, _, body) in bodies() {
        // Relative to the crate, where Cargo runs tests: a path from the build may be of another checkout.
        let path = format!("fixtures/v1_{name}.bin");
        let entry = encode(&batch(body.clone())).unwrap();
        if std::env::var_os("WRITE_FIXTURES").is_some() {
            std::fs::write(&path, &entry).unwrap();
        }
        let fixture = std::fs::read(&path).unwrap();
        assert_eq!(decode(&fixture), Ok(batch(body)), "{name}");
        // A new release of the compressor may write other frames of the same body.
        if name != "logs_compressed" {
            assert_eq!(entry, fixture, "{name}");
        }
    }
}

#[test]
fn an_entry_is_what_the_grammar_says() {
    let mut expected = b"WJ\x01\x05\x00".to_vec();
    expected.extend(1_705_312_513_245_000_i64.to_le_bytes());
    for text in ["123456789012", "eu-central-1", "AKIDEXAMPLE", "default", "0f3c9a"] {
        expected.extend((text.len() as u16).to_le_bytes());
        expected.extend(text.bytes());
    }
    // Field 1 zigzag −1 → 1, field 2 zigzag 2 → 4.
    expected.extend([4, 0, 0, 0, 0x08, 0x01, 0x10, 0x04]);
    let gap = Gap { from: Timestamp(-1), to: Timestamp(2) };
    assert_eq!(encode(&batch(Body::Gap(gap))), Ok(expected));
}

#[test]
fn broken_entries_are_refused() {
    let tick = encode(&batch(Body::Tick)).unwrap();
    let with = |at: usize, byte: u8| {
        let mut bytes = tick.clone();
        bytes[at] = byte;
        bytes
    };
    for (note, bytes, expected) in [
        ("empty", vec![], RecordError::NotAnEntry),
        ("magic", with(0, b'X'), RecordError::NotAnEntry),
        ("version 2", with(2, 2), RecordError::UnknownVersion(2)),
        ("kind 0", with(3, 0), RecordError::UnknownKind(0)),
        ("kind 9", with(3, 9), RecordError::UnknownKind(9)),
        ("flag", with(4, 2), RecordError::UnknownFlags(2)),
        ("not a frame", with(4, 1), RecordError::Malformed("compressed body")),
        ("utf-8", with(15, 0xff), RecordError::Malformed("account")),
        ("more", [tick.clone(), vec![0]].concat(), RecordError::Malformed("body length")),
        (
            "a tick with a body",
            [&tick[..tick.len() - 4], &[1, 0, 0, 0, 8]].concat(),
            RecordError::LeftOver("header"),
        ),
    ] {
        assert_eq!(decode(&bytes), Err(expected), "{note}");
    }
    let whole = encode(&batch(logs(40))).unwrap();
    for length in 0..whole.len() {
        assert!(decode(&whole[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn a_frame_that_inflates_beyond_its_length_is_refused() {
    let mut bomb = encode(&batch(logs(40))).unwrap();
    let plain = encode(&batch(Body::Tick)).unwrap().len() - 4;
    for claimed in [0_u32, 1, 100, BODY_BYTES_MAX as u32, BODY_BYTES_MAX as u32 + 1, u32::MAX] {
        bomb[plain..plain + 4].copy_from_slice(&claimed.to_le_bytes());
        assert!(decode(&bomb).is_err(), "{claimed}");
    }
}

#[test]
fn batches_over_the_limits_are_refused_before_they_are_written() {
    let event = LogEvent { timestamp: Timestamp(0), message: "".into(), guarded: false };
    let many = LogBatch { group: "g".into(), stream: "s".into(), events: vec![event; RECORDS_MAX + 1] };
    let long =
        LogEvent { timestamp: Timestamp(0), message: "x".repeat(BODY_BYTES_MAX).into(), guarded: false };
    let large = LogBatch { group: "g".into(), stream: "s".into(), events: vec![long] };
    let mut header = batch(Body::Tick);
    header.invocation_id = "x".repeat(65_536).into();
    for (part, batch) in
        [("records", batch(Body::Logs(many))), ("body", batch(Body::Logs(large))), ("header string", header)]
    {
        let error = encode(&batch).unwrap_err();
        assert!(matches!(error, RecordError::TooLarge { part: named, .. } if named == part), "{error}");
    }
}

fn any_logs() -> impl Strategy<Value = Body> {
    let event = (any::<i64>(), ".{0,40}", any::<bool>()).prop_map(|(micros, message, guarded)| LogEvent {
        timestamp: Timestamp(micros),
        message: message.into(),
        guarded,
    });
    (".{0,9}", ".{0,9}", prop::collection::vec(event, 0..60)).prop_map(|(group, stream, events)| {
        Body::Logs(LogBatch { group: group.into(), stream: stream.into(), events })
    })
}

/// Times, a number, flags and texts of one record.
type Values = ([i64; 2], u16, [bool; 5], Vec<Option<Box<str>>>);

/// Any times, numbers and texts, each text there or not.
fn any_witnesses() -> impl Strategy<Value = Body> {
    let text = || prop::option::of(".{0,9}".prop_map(Box::<str>::from));
    let values = (any::<[i64; 2]>(), any::<u16>(), any::<[bool; 5]>(), prop::collection::vec(text(), 7));
    let bodies = prop::collection::vec(values, 0..20);
    (bodies, any::<bool>()).prop_map(|(records, is_audit)| {
        let at = |texts: &[Option<Box<str>>], place: usize| texts[place].clone();
        let span = |(times, status, flags, texts): &Values| Span {
            timestamp: Timestamp(times[0]),
            trace_id: at(texts, 0).unwrap_or_default(),
            end_time: flags[0].then_some(Timestamp(times[1])),
            http_status: flags[1].then_some(*status),
            error: flags[2],
            fault: flags[3],
            throttle: flags[4],
            http_url: at(texts, 1),
            correlation_id: at(texts, 2),
            request_id: at(texts, 3),
            token_reference_id: at(texts, 4),
            annotations: at(texts, 5),
            metadata: at(texts, 6),
            ..Span::default()
        };
        let event = |(times, _, flags, texts): &Values| AuditEvent {
            timestamp: Timestamp(times[0]),
            event_id: at(texts, 0).unwrap_or_default(),
            processing_time: flags[0].then_some(Duration(times[1])),
            request_id: at(texts, 1),
            token_reference_id: at(texts, 2),
            status: at(texts, 3),
            error_code: at(texts, 4),
            request_parameters: at(texts, 5),
            response_elements: at(texts, 6),
            ..AuditEvent::default()
        };
        if is_audit {
            Body::Audit(records.iter().map(event).collect())
        } else {
            Body::Spans(records.iter().map(span).collect())
        }
    })
}

proptest! {
    #[test]
    fn any_log_events_read_back(body in any_logs()) {
        let batch = batch(body);
        prop_assert_eq!(decode(&encode(&batch).unwrap()), Ok(batch));
    }

    #[test]
    fn any_spans_and_audit_events_read_back(body in any_witnesses()) {
        let batch = batch(body);
        prop_assert_eq!(decode(&encode(&batch).unwrap()), Ok(batch));
    }

    #[test]
    fn arbitrary_bytes_are_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0_u8..10) {
        let _ = decode(&bytes);
        // The same behind a good header, so that the body's decoder sees them.
        let mut entry = encode(&batch(Body::Tick)).unwrap();
        entry[3] = kind;
        entry.truncate(entry.len() - 4);
        entry.extend((bytes.len() as u32).to_le_bytes());
        entry.extend(&bytes);
        let _ = decode(&entry);
    }

    #[test]
    fn a_changed_byte_is_never_a_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), body in any_logs()) {
        let mut entry = encode(&batch(body)).unwrap();
        let at = at.index(entry.len());
        entry[at] = byte;
        let _ = decode(&entry);
    }
}
