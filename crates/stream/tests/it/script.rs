//! Reads records from lines of text and writes attempts as lines of text.
//!
//! `12:00:00 START c=corr_1 r=r1 wallet=ApplePay` is one batch of one event: its time, its name, its fields. `at=`,
//! `src=` and `tenant=` tell when and where it came in; without `at=` it comes at its own time or, if later, now.
//! `json {…}` and `text …` give the message as it stands. `12:00:01 span r=r1 t=t1` and `12:00:01 audit r=r1 code=x` are
//! records of those signals, with `k=`, `status=` and `name=` besides. `tick 12:15`, `gap 12:00 13:00`, `end-backfill src=import`
//! and `restart` are what they say. `1d12:00` is noon of the next day.

use walletscope_model::{
    Abandoned, Attempt, AuditEvent, Batch, Body, Duration, Gap, LogBatch, LogEvent, Origin, Span, Stage,
    Timestamp,
};
use walletscope_stream::Clock;
use walletscope_stream::token::timeline;

use crate::world::World;

/// 2026-11-22T00:00:00Z.
pub const DAY: Timestamp = Timestamp::from_seconds(1_795_305_600);

/// Runs `input` and compares the attempts, one a line, with `expected`.
#[track_caller]
pub fn check(input: &str, expected: &str) {
    let mut world = run(input);
    let found = attempts(&mut world);
    assert_eq!(found.join("\n"), trimmed(expected), "for{input}");
    world.verify();
    world.restart();
    assert_eq!(attempts(&mut world), found, "after a restart, for{input}");
}

/// Runs `input` and compares the tokens, one a line, with `expected`.
#[track_caller]
pub fn check_tokens(input: &str, expected: &str) {
    let mut world = run(input);
    world.verify();
    assert_eq!(tokens(&world).join("\n"), trimmed(expected), "for{input}");
}

pub fn run(input: &str) -> World {
    let mut world = World::new(Clock { now: DAY, ..Clock::default() });
    for line in input.lines().map(str::trim).filter(|line| !line.is_empty()) {
        run_line(&mut world, line);
    }
    world
}

pub fn run_line(world: &mut World, line: &str) {
    let mut words = line.split_whitespace();
    let first = words.next().expect("not empty");
    let option = |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name));
    let signal = line.split_whitespace().nth(1).filter(|_| line.as_bytes()[0].is_ascii_digit());
    let body = match first {
        "restart" => return world.restart(),
        "commit" => return world.commit(),
        "tick" => Body::Tick,
        "gap" => {
            Body::Gap(Gap { from: time(words.next().expect("from")), to: time(words.next().expect("to")) })
        }
        "end-backfill" => Body::BackfillEnd,
        _ if signal == Some("span") => Body::Spans(vec![span(line)]),
        _ if signal == Some("audit") => Body::Audit(vec![audit_event(line)]),
        _ => Body::Logs(LogBatch {
            group: "/aws/lambda/provisioning".into(),
            stream: "a".into(),
            events: vec![LogEvent { timestamp: time(first), message: message(line), guarded: false }],
        }),
    };
    let arrival = match (&body, option("at=")) {
        (_, Some(at)) => time(at),
        (Body::Tick, None) => time(line.trim_start_matches("tick ")),
        (Body::Gap(gap), None) => gap.to,
        (Body::Logs(_) | Body::Spans(_) | Body::Audit(_), None) => time(first),
        _ => world.now(),
    };
    let appended_at = arrival.max(world.now());
    let (source, tenant) = (option("src=").unwrap_or("key"), option("tenant=").unwrap_or("bank"));
    let mut batch = batch(appended_at, source, tenant, body);
    if let Some(region) = option("region=") {
        batch.origin.region = region.into();
    }
    world.append(batch);
}

fn span(line: &str) -> Span {
    let value = value_in(line);
    Span {
        timestamp: time(line.split(' ').next().expect("a time")),
        trace_id: value("t").unwrap_or("-".into()),
        span_id: "5".into(),
        name: value("name").unwrap_or("GetItem".into()),
        correlation_id: value("c"),
        request_id: value("r"),
        token_reference_id: value("k"),
        ..Span::default()
    }
}

fn audit_event(line: &str) -> AuditEvent {
    let value = value_in(line);
    AuditEvent {
        timestamp: time(line.split(' ').next().expect("a time")),
        event_id: "e".into(),
        event_name: value("name").unwrap_or("ProvisionToken".into()),
        correlation_id: value("c"),
        request_id: value("r"),
        token_reference_id: value("k"),
        status: value("status"),
        error_code: value("code"),
        ..AuditEvent::default()
    }
}

fn value_in(line: &str) -> impl Fn(&str) -> Option<Box<str>> {
    let pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
    let pairs: Vec<(String, Box<str>)> = pairs.map(|(name, value)| (name.to_owned(), value.into())).collect();
    move |wanted| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
}

pub fn batch(appended_at: Timestamp, source: &str, tenant: &str, body: Body) -> Batch {
    let origin = Origin {
        account: "123456789012".into(),
        region: "eu-central-1".into(),
        source: source.into(),
        tenant: tenant.into(),
    };
    Batch { appended_at, origin, invocation_id: "".into(), body }
}

/// The attempts, sorted, one a line.
pub fn attempts(world: &mut World) -> Vec<String> {
    world.commit();
    let keys: Vec<_> = world.state.backing().rows.values().map(|row| row.key).collect();
    let mut lines: Vec<String> = keys.into_iter().map(|key| attempt_line(&world.attempt(key))).collect();
    lines.sort();
    lines
}

/// The tokens' lives, sorted, one a line.
pub fn tokens(world: &World) -> Vec<String> {
    let nodes = world.state.backing().nodes.values();
    let mut lines: Vec<String> = nodes
        .filter_map(timeline)
        .map(|timeline| {
            let spans: Vec<String> = timeline
                .spans
                .iter()
                .map(|span| {
                    let disputes: String =
                        span.disputed_by.iter().map(|state| format!("!{}", state.name())).collect();
                    format!("{} {}{disputes}", clock_time(span.valid_from), span.state.name())
                })
                .collect();
            format!("{}: {}", timeline.reference, spans.join(", "))
        })
        .collect();
    lines.sort();
    lines
}

/// Everything of an attempt that is not usual.
fn attempt_line(attempt: &Attempt) -> String {
    let mut line = format!("{} {} {}", attempt.id.kind.name(), attempt.id.value, attempt.outcome.name());
    if &*attempt.id.tenant != "bank" {
        line = format!("{} {line}", attempt.id.tenant);
    }
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line += &format!(" {name}{value}");
        }
    };
    say("", Some(attempt.stage.name().into()));
    say("", Some(clock_time(attempt.started_at)));
    say("- ", attempt.ended_at.map(clock_time));
    say("took=", attempt.processing_time.map(seconds));
    say("wait=", Some(attempt.cardholder_wait).filter(|wait| wait.0 != 0).map(seconds));
    say("reason=", attempt.reason.map(|reason| reason.code().into()));
    say("code=", attempt.reason_code.as_deref().map(str::to_owned));
    say("gave_up=", attempt.abandoned.map(place));
    say("tries=", (attempt.tries != 1).then(|| attempt.tries.to_string()));
    say("records=", Some(attempt.records.to_string()));
    say("over=", (attempt.records_over_limit != 0).then(|| attempt.records_over_limit.to_string()));
    let facts = &attempt.facts;
    for (name, value) in [
        ("wallet=", &facts.wallet),
        ("issuer=", &facts.issuer),
        ("device=", &facts.device_name),
        ("override=", &attempt.decisions.override_by),
    ] {
        say(name, value.as_deref().map(str::to_owned));
    }
    let decisions = &attempt.decisions;
    for (name, decision) in [
        ("wallet_says=", decisions.wallet_recommendation),
        ("network_says=", decisions.network_decision),
        ("issuer_says=", decisions.issuer_decision),
        ("final=", decisions.final_decision),
    ] {
        say(name, decision.map(|decision| decision.name().into()));
    }
    let aliases = &attempt.aliases;
    for (name, ids) in
        [("r=", &aliases.request_ids), ("t=", &aliases.trace_ids), ("k=", &aliases.token_reference_ids)]
    {
        say(name, (!ids.is_empty()).then(|| ids.join(",")));
    }
    for (name, is_so) in [
        ("conflict", attempt.conflict),
        ("overflow", attempt.overflow),
        ("overdue", attempt.step_up_overdue),
        ("settled", attempt.settled),
    ] {
        say(name, is_so.then(String::new));
    }
    line
}

fn place(abandoned: Abandoned) -> String {
    match abandoned {
        Abandoned::AtStepUp => "step_up".into(),
        Abandoned::After(stage) => Stage::name(stage).into(),
    }
}

fn seconds(duration: Duration) -> String {
    duration.as_seconds().to_string()
}

/// `12:00`, `12:00:01`, `12:00:01.5`, `3d12:00`.
pub fn time(text: &str) -> Timestamp {
    let (days, clock) = text.split_once('d').unwrap_or(("0", text));
    let parts = clock.split(':').map(|part| part.parse::<f64>().unwrap_or_else(|_| panic!("a time: {text}")));
    let scaled = parts.zip([3_600.0, 60.0, 1.0]).map(|(part, scale)| (part * scale * 1e6) as i64);
    let days: i64 = days.parse().expect("days");
    DAY.plus(Duration(days * 86_400_000_000 + scaled.sum::<i64>()))
}

/// The reverse of [`time`].
fn clock_time(time: Timestamp) -> String {
    let since = time.since(DAY).0;
    let days = since.div_euclid(86_400_000_000);
    let clock = time.rfc3339()[11..].trim_end_matches('Z').trim_end_matches(".000").to_owned();
    if days == 0 { clock } else { format!("{days}d{clock}") }
}

/// `c=x` → `"correlationId":"x"`; the event's short name → the contract's.
fn message(line: &str) -> Box<str> {
    let (_time, rest) = line.split_once(' ').expect("a message");
    for raw in ["json ", "text "] {
        if let Some(message) = rest.strip_prefix(raw) {
            return message.replace("\\t", "\t").into();
        }
    }
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let event = event_name(words.next().expect("an event"));
    let mut message = format!("{{\"event\":\"{event}\"");
    for word in words {
        let (name, value) = word.split_once('=').expect("name=value");
        let name = match name {
            "c" => "correlationId",
            "r" => "requestId",
            "t" => "traceId",
            "k" => "tokenReferenceId",
            "reason" => "reasonCode",
            "at" | "src" | "tenant" => continue,
            other => other,
        };
        message += &format!(",\"{name}\":\"{value}\"");
    }
    (message + "}").into()
}

/// The contract's name of an event from its last word.
pub fn event_name(short: &str) -> String {
    let prefix = match short {
        "CREATED" | "ACTIVATED" | "FIRST_TAP" | "SUSPENDED" | "RESUMED" | "DELETED" | "STEP_UP_SENT"
        | "STEP_UP_VERIFIED" => "TOKEN_",
        "START" | "ELIGIBLE" | "DECISION" | "SUCCESS" | "FAILURE" | "ABANDONED" => "TOKEN_PROVISION_",
        _ => "",
    };
    format!("{prefix}{short}")
}

fn trimmed(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
