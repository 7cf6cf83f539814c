//! Which records does one attempt leave, when everything that may go wrong with them does?
//!
//! A scene is the life of one attempt as sources that forget ids, share ids, repeat themselves, contradict
//! themselves and have bad clocks would tell it. Ids come from small pools, so that attempts meet in them.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use walletscope_model::{Duration, LogEvent, Timestamp};

use crate::history::{Record, SOURCES};

/// Ids of one history that several attempts use.
pub(crate) struct Pools {
    pub requests: Vec<String>,
    pub traces: Vec<String>,
    pub tokens: Vec<String>,
}

/// What one attempt's records are made of.
struct Scene<'a> {
    rng: &'a mut ChaCha8Rng,
    tenant: &'static str,
    /// By kind: correlation, request, trace, token; several of a kind where the attempt has several.
    ids: [Vec<String>; 4],
    facts: Vec<(&'static str, String)>,
    records: Vec<Record>,
}

const ID_FIELDS: [[&str; 3]; 4] = [
    ["correlationId", "correlation_id", "CorrelationID"],
    ["requestId", "requestID", "request-id"],
    ["traceId", "xrayTraceId", "trace_id"],
    ["tokenReferenceId", "tokenRef", "token_unique_reference"],
];
const WALLETS: [&str; 3] = ["ApplePay", "GooglePay", "SamsungPay"];
const ISSUERS: [&str; 3] = ["DEMO_Bank", "Bank B", "Банк"];
const COLOURS: [&str; 4] = ["GREEN", "YELLOW", "RED", "purple"];
const REASONS: [&str; 6] =
    ["ISSUER_DECLINED", "TSP_TIMEOUT", "IDV_ABANDONED", "DEVICE_NOT_SUPPORTED", "E-42", "INVALID_REQUEST"];
const NO_IDS: [&str; 6] =
    ["-", "null", "Unknown", "00000000-0000-0000-0000-000000000000", "41111111****1111", " "];

/// The records of the attempt with this number, which begins about then, in no useful order.
pub(crate) fn records(rng: &mut ChaCha8Rng, pools: &Pools, number: usize, begin: Timestamp) -> Vec<Record> {
    let tenant = SOURCES.choose(rng).map_or("", |source| source.tenant);
    let ids = ids(rng, pools, number);
    let mut scene = Scene { rng, tenant, ids, facts: Vec::new(), records: Vec::new() };
    scene.facts = scene.draw_facts();
    scene.course(begin);
    scene.token_life(begin);
    scene.noise(begin);
    scene.records
}

fn ids(rng: &mut ChaCha8Rng, pools: &Pools, number: usize) -> [Vec<String>; 4] {
    let mut of_kind = |name: &str, pool: &[String], some: f64, shared: f64, count: usize| {
        let mut ids = Vec::new();
        while ids.len() < count && rng.random_bool(some) {
            let own = format!("{name}-{number}-{}", ids.len());
            let id = if rng.random_bool(shared) { pool.choose(rng).cloned() } else { None };
            ids.push(id.unwrap_or(own));
        }
        ids
    };
    [
        of_kind("corr", &[], 0.75, 0.0, 1),
        of_kind("req", &pools.requests, 0.8, 0.25, 3),
        of_kind("trace", &pools.traces, 0.5, 0.25, 2),
        of_kind("token", &pools.tokens, 0.6, 0.15, 2),
    ]
}

impl Scene<'_> {
    /// From START to the end, with what may be missing missing.
    fn course(&mut self, begin: Timestamp) {
        let mut at = begin;
        let mut stages = vec!["TOKEN_PROVISION_START"];
        for (stage, chance) in [
            ("TOKEN_PROVISION_ELIGIBLE", 0.3),
            ("TOKEN_PROVISION_DECISION", 0.6),
            ("TOKEN_STEP_UP_SENT", 0.35),
            ("TOKEN_STEP_UP_VERIFIED", 0.25),
            ("TOKEN_CREATED", 0.4),
        ] {
            if self.rng.random_bool(chance) {
                stages.push(stage);
            }
        }
        let ends: &[&str] = match self.rng.random_range(0..12) {
            0..4 => &["TOKEN_PROVISION_SUCCESS"],
            4..7 => &["TOKEN_PROVISION_FAILURE"],
            7 => &["TOKEN_PROVISION_ABANDONED"],
            8 => &["TOKEN_PROVISION_FAILURE", "TOKEN_PROVISION_SUCCESS"],
            9 => &["TOKEN_PROVISION_ABANDONED", "TOKEN_PROVISION_FAILURE", "TOKEN_PROVISION_FAILURE"],
            _ => &[],
        };
        stages.extend(ends);
        if self.rng.random_bool(0.3) {
            stages.extend(["TOKEN_ACTIVATED", "TOKEN_FIRST_TAP"]);
        }
        if self.rng.random_bool(0.25) {
            // A retry: another START.
            stages.insert(1, "TOKEN_PROVISION_START");
        }
        if self.rng.random_bool(0.1) {
            stages.remove(0);
        }
        for stage in stages {
            self.event(stage, at);
            at = at.plus(self.step());
        }
    }

    /// What happens to the tokens later, at times that may be equal or before the rest.
    fn token_life(&mut self, begin: Timestamp) {
        for token in self.ids[3].clone() {
            let mut at = begin.plus(self.step());
            while self.rng.random_bool(0.5) {
                let events = ["TOKEN_SUSPENDED", "TOKEN_RESUMED", "TOKEN_DELETED", "TOKEN_ACTIVATED"];
                let event = self.pick(&events);
                let mut message = format!(r#"{{"event":"{event}","tokenReferenceId":"{token}""#);
                if self.rng.random_bool(0.2) {
                    let state = self.pick(&["ACTIVE", "expired", "INACTIVE", "nonsense"]);
                    message += &format!(r#","tokenState":"{state}""#);
                }
                if self.rng.random_bool(0.3)
                    && let Some(correlation) = self.ids[0].first()
                {
                    message += &format!(r#","correlationId":"{correlation}""#);
                }
                self.push(at, message + "}");
                if self.rng.random_bool(0.7) {
                    at = at.plus(self.step());
                }
            }
        }
    }

    /// Lines of the Lambda runtime, unknown JSON, broken JSON and text.
    fn noise(&mut self, begin: Timestamp) {
        while self.rng.random_bool(0.45) {
            let at = begin.plus(self.step());
            let id = self.any_id(1).unwrap_or_else(|| "lost".to_owned());
            let message = match self.rng.random_range(0..9) {
                0 => format!("START RequestId: {id} Version: $LATEST"),
                1 => format!("REPORT RequestId: {id}\tDuration: 12.00 ms"),
                2 => format!("REPORT RequestId: {id}\tDuration: 3000.00 ms\tStatus: timeout"),
                3 => format!("2026-11-22T12:00:03.000Z {id} Task timed out after 3.00 seconds"),
                4 => format!("RequestId: {id} Error: Runtime exited with error: exit status 1"),
                5 => format!(r#"{{"event":"CACHE_MISS","requestID":"{id}","n":[1,{{"a":null}}]}}"#),
                6 => format!(r#"{{"event":"TOKEN_PROVISION_SUCCESS","correlationId":"{id}""#),
                7 => "plain text \u{1f4b3} without any id".to_owned(),
                _ => {
                    let correlation = self.any_id(0).unwrap_or_default();
                    let trace = self.any_id(2).unwrap_or_default();
                    format!(r#"{{"correlationId":"{correlation}","traceId":"{trace}","requestId":"{id}"}}"#)
                }
            };
            self.push(at, message);
        }
    }

    /// One event of the contract, with some of the ids and some of the facts.
    fn event(&mut self, name: &str, at: Timestamp) {
        let mut members = vec![("event".to_owned(), name.to_owned())];
        let only = self.rng.random_bool(0.25).then(|| self.rng.random_range(0..4));
        for (kind, fields) in ID_FIELDS.iter().enumerate() {
            let carried = match only {
                Some(only) => kind == only,
                None => self.rng.random_bool(0.75),
            };
            let id = if carried { self.any_id(kind) } else { None };
            let id = id.or_else(|| self.rng.random_bool(0.06).then(|| self.pick(&NO_IDS).to_owned()));
            if let Some(id) = id {
                members.push((self.pick(fields).to_owned(), id));
            }
        }
        for (field, value) in self.facts.clone() {
            if self.rng.random_bool(if name.ends_with("START") { 0.9 } else { 0.15 }) {
                members.push((field.to_owned(), value));
            }
        }
        self.details(name, &mut members);
        let body: Vec<String> =
            members.iter().map(|(field, value)| format!(r#""{field}":"{value}""#)).collect();
        let json = format!("{{{}}}", body.join(","));
        let runtime_line = self.rng.random_bool(0.1).then(|| self.any_id(1)).flatten();
        match runtime_line {
            Some(id) => self.push(at, format!("2026-11-22T12:00:00.000Z\t{id}\tINFO\t{json}")),
            None => self.push(at, json),
        }
    }

    fn details(&mut self, name: &str, members: &mut Vec<(String, String)>) {
        let mut say = |field: &str, value: &str| members.push((field.to_owned(), value.to_owned()));
        if name.ends_with("FAILURE") && self.rng.random_bool(0.9) {
            say("reasonCode", REASONS.choose(self.rng).unwrap_or(&""));
        }
        if name.ends_with("DECISION") || self.rng.random_bool(0.05) {
            for field in ["finalDecision", "issuerDecision", "networkDecision", "walletRecommendation"] {
                if self.rng.random_bool(0.6) {
                    say(field, COLOURS.choose(self.rng).unwrap_or(&""));
                }
            }
        }
        if (name.ends_with("SUCCESS") || name.ends_with("FAILURE")) && self.rng.random_bool(0.4) {
            say("processingTime", ["1.245", "0.0000019", "-3", "soon"].choose(self.rng).unwrap_or(&""));
        }
    }

    /// Columns of this attempt; now and then two events of it disagree, because a fact is drawn twice.
    fn draw_facts(&mut self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        for (field, values, chance) in [
            ("walletProvider", &WALLETS[..], 0.9),
            ("issuer", &ISSUERS[..], 0.9),
            ("wallet", &WALLETS[..], 0.1),
            ("network", &["VISA", "MASTERCARD"][..], 0.5),
            ("userAgent", &["ApplePay/iOS/16.0", "curl"][..], 0.3),
            ("bin", &["411111", "41111111", "4111"][..], 0.3),
            ("lastFour", &["0007", "x"][..], 0.3),
            ("country", &["IN", "DE"][..], 0.3),
            ("tokenType", &["STATIC", "HCE"][..], 0.3),
            ("channel", &["PUSH_PROVISION", "MANUAL_PROVISION"][..], 0.3),
        ] {
            if self.rng.random_bool(chance) {
                facts.push((field, self.pick(values).to_owned()));
            }
        }
        facts
    }

    fn push(&mut self, at: Timestamp, message: String) {
        let sources: Vec<usize> =
            (0..SOURCES.len()).filter(|source| SOURCES[*source].tenant == self.tenant).collect();
        let source = sources.choose(self.rng).copied().unwrap_or_default();
        let event = LogEvent { timestamp: at, message: message.into(), guarded: false };
        self.records.push(Record { source, event });
    }

    fn any_id(&mut self, kind: usize) -> Option<String> {
        self.ids[kind].choose(self.rng).cloned()
    }

    fn pick<'v>(&mut self, values: &[&'v str]) -> &'v str {
        values.choose(self.rng).copied().unwrap_or("")
    }

    /// How long until the next event: none, moments, minutes; now and then backwards.
    fn step(&mut self) -> Duration {
        Duration(match self.rng.random_range(0..10) {
            0 | 1 => 0,
            2..6 => self.rng.random_range(0..5_000_000),
            6..9 => self.rng.random_range(0..20 * 60_000_000),
            _ => -self.rng.random_range(0..120_000_000),
        })
    }
}
