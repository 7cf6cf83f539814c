//! Metric filters in the stream: which data follow from which entry, and when a minute's default value is told.

use walletscope_model::{
    Batch, Body, Command, DerivedDatum, LogBatch, LogEvent, MetricFilterDefinition, MetricValue, Offset,
    Origin, Provenance, Rules, SubscriptionFilterDefinition, Timestamp,
};
use walletscope_stream::{Answer, Clock, Effect};

use crate::script::DAY;
use crate::world::World;

const GROUP: &str = "/aws/lambda/token-provisioning-service";
/// The brief's three filters: name, pattern, metric, value.
const BRIEFS: [(&str, &str, &str, &str); 3] = [
    (
        "success",
        r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", ...]"#,
        "SuccessfulTokenProvisioning",
        "1",
    ),
    (
        "failure",
        r#"[timestamp, requestId, event="TOKEN_PROVISION_FAILURE", ...]"#,
        "FailedTokenProvisioning",
        "1",
    ),
    (
        "latency",
        r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]"#,
        "TokenProvisioningLatency",
        "$processingTime",
    ),
];
const START: &str = r#"{"requestId":"r1","correlationId":"c1","event":"TOKEN_PROVISION_START","walletProvider":"ApplePay","issuer":"ABC_Bank"}"#;
const SUCCESS: &str = r#"{"requestId":"r1","correlationId":"c1","event":"TOKEN_PROVISION_SUCCESS","tokenReferenceId":"t1","status":"ACTIVE","processingTime":1.245}"#;

fn at(seconds: i64) -> Timestamp {
    Timestamp(DAY.0 + seconds * 1_000_000)
}

fn origin() -> Origin {
    Origin {
        account: "123456789012".into(),
        region: "eu-central-1".into(),
        source: "AKIDEXAMPLE".into(),
        tenant: "default".into(),
    }
}

fn world() -> World {
    let mut world = World::new(Clock { now: DAY, ..Clock::default() });
    let create = Command::CreateLogGroup { name: GROUP.into(), retention_days: None, tags: Vec::new() };
    assert_eq!(order(&mut world, create), Answer::Done);
    world
}

fn append(world: &mut World, seconds: i64, body: Body) -> Vec<Effect> {
    world.append(Batch { appended_at: at(seconds), origin: origin(), invocation_id: "".into(), body })
}

fn order(world: &mut World, command: Command) -> Answer {
    let effects = append(world, 0, Body::Command(command));
    let answer = effects.iter().find_map(|effect| match effect {
        Effect::Answer(answer) => Some(*answer),
        _ => None,
    });
    answer.expect("commands are answered")
}

fn filter(name: &str, pattern: &str, metric: &str, value: &str) -> MetricFilterDefinition {
    MetricFilterDefinition {
        name: name.into(),
        pattern: pattern.into(),
        namespace: "TokenProvisioning".into(),
        metric: metric.into(),
        value: value.into(),
        default_value: None,
        unit: None,
        dimensions: Vec::new(),
    }
}

fn put(world: &mut World, filter: MetricFilterDefinition) -> Answer {
    order(world, Command::PutMetricFilter { group: GROUP.into(), filter: filter.into() })
}

/// Data as lines: minute, metric, dimensions, values with counts.
fn lines(effects: &[Effect]) -> Vec<String> {
    let derived = effects.iter().filter_map(|effect| match effect {
        Effect::Derived(data) => Some(data),
        _ => None,
    });
    let line = |DerivedDatum { datum, provenance, origin: whose }: &DerivedDatum| {
        assert_eq!(*provenance, Provenance::Filter);
        assert!(whose.as_ref().is_none_or(|whose| *whose == origin()));
        let MetricValue::Values(values) = &datum.value else { panic!("{datum:?}") };
        let dimensions: Vec<String> =
            datum.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let seconds = datum.timestamp.since(DAY).0 / 1_000_000;
        format!("{seconds} {} [{}] {values:?}", datum.name, dimensions.join(","))
    };
    derived.flatten().filter(|datum| !is_silence(datum)).map(line).collect()
}

/// How long a source is silent follows from no filter.
fn is_silence(datum: &DerivedDatum) -> bool {
    datum.provenance == Provenance::Source
}

fn log(world: &mut World, seconds: i64, events: &[(i64, &str)]) -> Vec<String> {
    let event = |(seconds, message): &(i64, &str)| LogEvent {
        timestamp: at(*seconds),
        message: (*message).into(),
        guarded: false,
    };
    let events = events.iter().map(event).collect();
    lines(&append(world, seconds, Body::Logs(LogBatch { group: GROUP.into(), stream: "s".into(), events })))
}

/// What nobody's entry tells is the filter's author's.
fn tick(world: &mut World, seconds: i64) -> Vec<String> {
    let entry =
        Batch { appended_at: at(seconds), origin: Origin::own(), invocation_id: "".into(), body: Body::Tick };
    let effects = world.append(entry);
    let has_origin = |effect: &Effect| match effect {
        Effect::Derived(data) => {
            data.iter().filter(|datum| !is_silence(datum)).all(|datum| datum.origin == Some(origin()))
        }
        _ => true,
    };
    assert!(effects.iter().all(has_origin), "{effects:?}");
    lines(&effects)
}

#[test]
fn the_filters_of_the_brief_make_points_of_its_events() {
    let mut world = world();
    for (name, pattern, metric, value) in BRIEFS {
        assert_eq!(put(&mut world, filter(name, pattern, metric, value)), Answer::Done);
    }
    assert_eq!(
        log(&mut world, 70, &[(61, START), (62, SUCCESS)]),
        ["60 TokenProvisioningLatency [] [(1.245, 1.0)]", "60 SuccessfulTokenProvisioning [] [(1.0, 1.0)]"]
    );
    assert_eq!(world.state.next_due().map(|due| due > at(70)), Some(true), "the attempt's own timer alone");
}

#[test]
fn a_strict_account_reads_them_as_aws_does() {
    let mut world = world();
    for (name, pattern, metric, value) in BRIEFS {
        assert_eq!(put(&mut world, filter(name, pattern, metric, value)), Answer::Done);
    }
    let rules = |accounts: &[&str]| Rules {
        strict_accounts: accounts.iter().map(|account| (*account).into()).collect(),
        ..Rules::default()
    };
    order(&mut world, Command::SetRules(rules(&["123456789012"])));
    assert_eq!(log(&mut world, 70, &[(62, SUCCESS)]), [""; 0]);
    world.commit();
    world.restart();
    assert_eq!(log(&mut world, 71, &[(62, SUCCESS)]), [""; 0], "after a restart");
    order(&mut world, Command::SetRules(rules(&[])));
    assert_eq!(log(&mut world, 72, &[(62, SUCCESS)]).len(), 2, "lenient again");
}

#[test]
fn events_of_one_entry_are_one_datum_for_each_minute_and_set_of_dimensions() {
    let mut world = world();
    let mut by_issuer = filter("by-issuer", "{ $.ms = * }", "Time", "$.ms");
    by_issuer.dimensions = vec![("Wallet".into(), "$.wallet".into()), ("Issuer".into(), "$.issuer".into())];
    assert_eq!(put(&mut world, by_issuer), Answer::Done);
    let event = |issuer: &str, ms: &str| format!(r#"{{"wallet":"ApplePay","issuer":"{issuer}","ms":{ms}}}"#);
    let (a, b, c) = (event("A", "5"), event("B", "7"), event("A", "\"much\""));
    let events: Vec<(i64, &str)> =
        vec![(1, &a), (2, &b), (59, &a), (60, &a), (61, &c), (62, "no JSON"), (63, r#"{"ms":1}"#)];
    assert_eq!(
        log(&mut world, 70, &events),
        [
            "0 Time [Issuer=A,Wallet=ApplePay] [(5.0, 2.0)]",
            "0 Time [Issuer=B,Wallet=ApplePay] [(7.0, 1.0)]",
            "60 Time [Issuer=A,Wallet=ApplePay] [(5.0, 1.0)]",
        ]
    );
}

#[test]
fn a_minute_with_events_and_no_match_has_the_default_value_when_it_is_over() {
    let mut world = world();
    let with_default =
        MetricFilterDefinition { default_value: Some(0.0), ..filter("errors", "ERROR", "Errors", "1") };
    assert_eq!(put(&mut world, with_default), Answer::Done);
    assert_eq!(tick(&mut world, 59), [""; 0], "a minute without events has no value");
    assert_eq!(log(&mut world, 61, &[(61, "fine")]), [""; 0]);
    assert_eq!(world.state.next_due(), Some(at(120)));
    world.commit();
    assert_eq!(log(&mut world, 100, &[(61, "fine too")]), [""; 0]);
    world.restart();
    assert_eq!(world.state.next_due(), Some(at(120)), "after a restart");
    assert_eq!(tick(&mut world, 119), [""; 0]);
    assert_eq!(tick(&mut world, 120), ["60 Errors [] [(0.0, 1.0)]"]);
    assert_eq!(world.state.next_due(), Some(at(180)), "its source's alone");
    assert_eq!(log(&mut world, 130, &[(121, "fine"), (122, "ERROR")]), ["120 Errors [] [(1.0, 1.0)]"]);
    assert_eq!(log(&mut world, 140, &[(140, "fine")]), [""; 0]);
    // The next entry comes hours later: the minute of before is told with it, and its own is waited with.
    assert_eq!(log(&mut world, 7_205, &[(7_200, "fine")]), [""; 0], "the minute of 130 s had a match");
    assert_eq!(
        log(&mut world, 7_270, &[(7_270, "ERROR")]),
        ["7200 Errors [] [(0.0, 1.0)]", "7260 Errors [] [(1.0, 1.0)]"]
    );
}

#[test]
fn filters_come_change_and_go_with_their_group() {
    let mut world = world();
    let errors = || filter("errors", "ERROR", "Errors", "1");
    let missing = Command::PutMetricFilter { group: "/none".into(), filter: errors().into() };
    assert_eq!(order(&mut world, missing), Answer::NoSuchGroup);
    assert_eq!(put(&mut world, filter("errors", "{ $.a", "Errors", "1")), Answer::Refused);
    assert_eq!(put(&mut world, errors()), Answer::Done);
    assert_eq!(put(&mut world, filter("errors", "ERROR", "Failures", "2")), Answer::Done);
    assert_eq!(log(&mut world, 1, &[(1, "ERROR")]), ["0 Failures [] [(2.0, 1.0)]"]);
    let delete = |name: &str| Command::DeleteMetricFilter { group: GROUP.into(), name: name.into() };
    assert_eq!(order(&mut world, delete("other")), Answer::NoSuchFilter);
    assert_eq!(order(&mut world, delete("errors")), Answer::Done);
    assert_eq!(log(&mut world, 2, &[(2, "ERROR")]), [""; 0]);
    put(&mut world, errors());
    assert_eq!(order(&mut world, Command::DeleteLogGroup { name: GROUP.into() }), Answer::Done);
    let create = Command::CreateLogGroup { name: GROUP.into(), retention_days: None, tags: Vec::new() };
    assert_eq!(order(&mut world, create), Answer::Done);
    assert_eq!(log(&mut world, 3, &[(3, "ERROR")]), [""; 0], "the new group has none");
    world.commit();
    world.restart();
    assert_eq!(log(&mut world, 4, &[(4, "ERROR")]), [""; 0], "nor after a restart");
}

#[test]
fn a_subscription_keeps_its_place_over_restarts_and_goes_with_its_group() {
    let mut world = world();
    let put = |name: &str| Command::PutSubscriptionFilter {
        group: GROUP.into(),
        filter: Box::new(SubscriptionFilterDefinition {
            name: name.into(),
            pattern: "ERROR".into(),
            destination: "https://siem.example/".into(),
            role_arn: None,
            distribution: "ByLogStream".into(),
        }),
    };
    let delivered = |world: &World| {
        let mut filters = world.state.catalog.subscription_filters.iter();
        filters.next().map(|(_, filter)| (filter.stored.incarnation, filter.stored.delivered))
    };
    assert_eq!(order(&mut world, put("siem")), Answer::Done);
    let (incarnation, from) = delivered(&world).unwrap();
    assert_eq!(incarnation, from, "it is for what comes behind it");
    let note = |incarnation, through| Command::NoteDelivered {
        group: GROUP.into(),
        filter: "siem".into(),
        incarnation,
        through,
    };
    let through = Offset(from.0 + 1);
    assert_eq!(order(&mut world, note(incarnation, through)), Answer::Done);
    world.commit();
    world.restart();
    assert_eq!(delivered(&world), Some((incarnation, through)));
    assert_eq!(order(&mut world, Command::DeleteLogGroup { name: GROUP.into() }), Answer::Done);
    let create = Command::CreateLogGroup { name: GROUP.into(), retention_days: None, tags: Vec::new() };
    assert_eq!(order(&mut world, create), Answer::Done);
    world.commit();
    world.restart();
    assert_eq!(delivered(&world), None);
    assert_eq!(order(&mut world, put("siem")), Answer::Done);
    let stale = note(incarnation, Offset(1_000));
    assert_eq!(order(&mut world, stale), Answer::NoSuchSubscription, "of the filter of before");
    let delete = || Command::DeleteSubscriptionFilter { group: GROUP.into(), name: "siem".into() };
    assert_eq!(order(&mut world, delete()), Answer::Done);
    assert_eq!(order(&mut world, delete()), Answer::NoSuchSubscription);
}

#[test]
fn a_group_has_a_hundred_filters_and_five_with_regular_expressions() {
    let mut world = world();
    for number in 0..5 {
        assert_eq!(put(&mut world, filter(&format!("re{number}"), "%a.b%", "M", "1")), Answer::Done);
    }
    assert_eq!(put(&mut world, filter("re5", "%a.b%", "M", "1")), Answer::LimitReached);
    assert_eq!(put(&mut world, filter("re4", "%c.d%", "M", "1")), Answer::Done, "it takes the place of one");
    for number in 5..100 {
        assert_eq!(put(&mut world, filter(&format!("f{number}"), "ERROR", "M", "1")), Answer::Done);
    }
    assert_eq!(put(&mut world, filter("one-more", "ERROR", "M", "1")), Answer::LimitReached);
}
