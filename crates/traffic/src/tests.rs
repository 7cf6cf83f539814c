use super::*;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use walletscope_model::contract::{EVENTS, FIELDS, Field, event_kind};
use walletscope_model::reason::Reason;
use walletscope_model::telemetry::MetricValue;
use walletscope_model::time::{Duration, Timestamp};

/// 2026-11-22T00:00:00Z.
const FROM: Timestamp = Timestamp::from_seconds(1_795_305_600);
const DAY: Duration = Duration::from_seconds(86_400);

fn traffic(seed: u64, attempts_per_second: f64) -> Traffic {
    Traffic::new(Config { seed, attempts_per_second, day: Day::Curve }, FROM)
}

fn after(seconds: i64) -> Timestamp {
    FROM.plus(Duration::from_seconds(seconds))
}

/// The JSON object of a message; text lines have none.
fn object(message: &str) -> Option<Map<String, Value>> {
    if message.starts_with('{') { Some(serde_json::from_str(message).unwrap()) } else { None }
}

/// What a naive reader counts: attempts by correlationId, their first end.
#[derive(Default)]
struct Tally {
    starts: BTreeMap<String, Map<String, Value>>,
    ends: BTreeMap<String, String>,
    /// Seconds that successes report.
    times: BTreeMap<String, f64>,
    crashed: usize,
}

impl Tally {
    fn of(emissions: &[Emission]) -> Self {
        let mut tally = Self::default();
        for emission in emissions {
            tally.read(&emission.message);
        }
        tally
    }

    fn read(&mut self, message: &str) {
        let Some(fields) = object(message) else {
            let is_crash = message.contains("Status: timeout") || message.contains("Status: error");
            self.crashed += usize::from(is_crash);
            return;
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let correlation = text("correlationId");
        match &*text("event") {
            "TOKEN_PROVISION_START" => {
                self.starts.entry(correlation).or_insert(fields);
            }
            "TOKEN_PROVISION_SUCCESS" => {
                let seconds = fields.get("processingTime").and_then(Value::as_f64);
                seconds.map(|seconds| self.times.insert(correlation.clone(), seconds));
                self.ends.insert(correlation, "SUCCESS".into());
            }
            "TOKEN_PROVISION_FAILURE" => drop(self.ends.insert(correlation, text("reasonCode"))),
            "TOKEN_PROVISION_ABANDONED" => drop(self.ends.insert(correlation, "ABANDONED".into())),
            _ => {}
        }
    }

    /// Successes and failures (abandonments are neither) of the attempts whose START `holds`.
    fn ended(&self, holds: impl Fn(&Map<String, Value>) -> bool) -> (usize, usize) {
        let ends = self.ends.iter().filter(|end| self.starts.get(end.0).is_some_and(&holds));
        ends.fold((0, 0), |(success, failed), end| match &**end.1 {
            "SUCCESS" => (success + 1, failed),
            "ABANDONED" | "IDV_ABANDONED" => (success, failed),
            _ => (success, failed + 1),
        })
    }

    fn success_rate(&self, holds: impl Fn(&Map<String, Value>) -> bool) -> f64 {
        let (success, failed) = self.ended(holds);
        success as f64 / (success + failed) as f64
    }

    fn count_of(&self, end: &str) -> usize {
        self.ends.values().filter(|&other| other == end).count()
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_however_time_is_sliced() {
    let run = |seed: u64, slice_micros: i64| {
        let mut traffic = traffic(seed, 3.0);
        traffic.set_incident(&Incident::BinAttack { bin: "424242".into() }, after(100), after(400)).unwrap();
        let (mut emissions, mut at) = (Vec::new(), FROM);
        while at < after(1_800) {
            at = at.plus(Duration(slice_micros)).min(after(1_800));
            emissions.extend(traffic.next_until(at));
        }
        (emissions, traffic.take_metric_data())
    };
    let whole = run(1, 1_800_000_000);
    assert!(whole.0.len() > 10_000, "{}", whole.0.len());
    for slice_micros in [250_000, 7_777_777] {
        assert!(run(1, slice_micros) == whole, "slices of {slice_micros} µs");
    }
    assert!(run(2, 1_800_000_000) != whole);
}

#[test]
fn a_restart_at_another_time_repeats_no_id() {
    let correlations = |from: Timestamp| {
        let mut traffic = Traffic::new(Config { seed: 1, attempts_per_second: 5.0, day: Day::Curve }, from);
        let emissions = traffic.next_until(from.plus(Duration::from_seconds(600)));
        Tally::of(&emissions).starts.into_keys().collect::<BTreeSet<String>>()
    };
    let (first, second) = (correlations(FROM), correlations(after(1)));
    assert!(first.len() > 1_000 && first.is_disjoint(&second));
}

#[test]
fn an_even_day_shows_each_issuer_at_every_hour() {
    // From 07:00 UTC, when it is night at DEMO_Bank's.
    let hour_at_night = |day| {
        let mut traffic = Traffic::new(Config { seed: 1, attempts_per_second: 5.0, day }, after(7 * 3_600));
        let starts = Tally::of(&traffic.next_until(after(8 * 3_600))).starts;
        let of_demo_bank = starts.values().filter(|start| start["issuer"] == "DEMO_Bank").count();
        (starts.len() as f64 / 18_000.0, of_demo_bank as f64 / starts.len() as f64)
    };
    let (even_rate, even_share) = hour_at_night(Day::Even);
    assert!((even_rate - 1.0).abs() < 0.05, "{even_rate}");
    assert!((0.15..0.3).contains(&even_share), "{even_share}");
    let (_, share) = hour_at_night(Day::Curve);
    assert!(share < even_share / 3.0, "{share} {even_share}");
}

#[test]
fn events_come_in_time_order_and_within_the_time_asked_for() {
    let mut traffic = traffic(3, 2.0);
    let (mut last, mut until) = (FROM, FROM);
    for seconds in [1, 60, 61, 3_600, 3_600, 7_200] {
        let from = until;
        until = after(seconds);
        for emission in traffic.next_until(until) {
            assert!(last <= emission.at && from <= emission.at && emission.at < until);
            assert_eq!(emission.at.0 % 1_000, 0);
            last = emission.at;
        }
    }
    assert!(traffic.next_until(FROM).is_empty());
    assert!(traffic.pending_len() < PENDING_MAX);
}

#[test]
fn events_of_one_instant_keep_the_order_of_writing() {
    let mut traffic = traffic(11, 2.0);
    let mut ended = BTreeSet::new();
    let mut reported = 0;
    for emission in traffic.next_until(after(1_800)) {
        // END and REPORT carry one time.
        if let Some(request_id) = emission.message.strip_prefix("END RequestId: ") {
            ended.insert(request_id.trim_end().to_owned());
        } else if let Some(rest) = emission.message.strip_prefix("REPORT RequestId: ") {
            assert!(ended.contains(&rest[..36]), "{}", emission.message);
            reported += 1;
        }
    }
    assert!(reported > 1_000, "{reported}");
}

#[test]
fn every_event_is_written_by_the_contract() {
    let mut traffic = traffic(4, 0.3);
    let emissions = traffic.next_until(after(2 * 86_400));
    let (mut events, mut fields_seen) = (BTreeSet::new(), BTreeSet::new());
    for emission in &emissions {
        assert_eq!(&*emission.group, LOG_GROUP);
        assert!(
            emission.stream.starts_with("2026/11/2") && emission.stream.len() == 52,
            "{}",
            emission.stream
        );
        let Some(fields) = object(&emission.message) else { continue };
        let Some(name) = fields["event"].as_str().filter(|name| event_kind(name).is_some()) else { continue };
        events.insert(name.to_owned());
        let order: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(order[..3], ["level", "requestId", "event"], "{}", emission.message);
        for key in &order[1..] {
            let field = Field::from_name(key).unwrap();
            assert_eq!(field.name(), *key);
            fields_seen.insert(field);
        }
        if fields.contains_key("correlationId") {
            assert_eq!(order.last(), Some(&"correlationId"));
        }
    }
    assert_eq!(events.len(), EVENTS.len(), "{events:?}");
    let unseen: Vec<Field> =
        FIELDS.iter().map(|row| row.field).filter(|field| !fields_seen.contains(field)).collect();
    assert_eq!(unseen, [Field::ProcessingTimeMs], "seconds are written, never milliseconds");
}

#[test]
fn a_quiet_day_has_the_promised_numbers() {
    let mut traffic = traffic(5, 0.5);
    let emissions = traffic.next_until(FROM.plus(DAY));
    let tally = Tally::of(&emissions);
    let attempts = tally.starts.len() as f64;
    assert!((attempts / 43_200.0 - 1.0).abs() < 0.04, "{attempts} attempts");
    let success_rate = tally.success_rate(|_| true);
    assert!((0.94..0.96).contains(&success_rate), "{success_rate}");
    let per_attempt = emissions.len() as f64 / attempts;
    assert!((6.0..11.0).contains(&per_attempt), "{per_attempt} events per attempt");
    let ended = tally.ended(|_| true);
    let silent =
        attempts as usize - ended.0 - ended.1 - tally.count_of("ABANDONED") - tally.count_of("IDV_ABANDONED");
    assert!(silent > 100 && tally.crashed > 20, "{silent} without an end, {} crashes", tally.crashed);
    for reason in Reason::all() {
        assert!(tally.count_of(reason.code()) > 10, "{} {}", reason.code(), tally.count_of(reason.code()));
    }
    assert!(tally.count_of("ABANDONED") > 100);
    for (wallet, share) in [("ApplePay", 0.55), ("GooglePay", 0.30), ("FitbitPay", 0.02)] {
        let of_wallet = tally.starts.values().filter(|start| start["walletProvider"] == wallet).count();
        assert!((of_wallet as f64 / attempts / share - 1.0).abs() < 0.15, "{wallet}: {of_wallet}");
    }
    let issuers: BTreeSet<&str> =
        tally.starts.values().filter_map(|start| start["issuer"].as_str()).collect();
    assert_eq!(issuers.len(), world::ISSUERS.len());
}

#[test]
fn retries_batches_and_returning_visitors_occur() {
    let mut traffic = traffic(6, 2.0);
    let emissions = traffic.next_until(after(4 * 3_600));
    let (mut requests, mut correlations) = (BTreeMap::new(), BTreeMap::new());
    let mut visits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let starts = emissions.iter().filter_map(|emission| object(&emission.message));
    for start in starts.filter(|fields| fields["event"] == "TOKEN_PROVISION_START") {
        let text = |name: &str| start[name].as_str().unwrap().to_owned();
        let (request, correlation) = (text("requestId"), text("correlationId"));
        requests.entry(request.clone()).or_insert_with(BTreeSet::new).insert(correlation.clone());
        correlations.entry(correlation.clone()).or_insert_with(BTreeSet::new).insert(request);
        visits.entry(text("par") + &text("deviceId")).or_default().insert(correlation);
    }
    let shared = requests.values().filter(|correlations| correlations.len() > 1).count();
    let retried = correlations.values().filter(|requests| requests.len() > 1).count();
    let returned = visits.values().filter(|correlations| correlations.len() > 1).count();
    assert!(shared > 50 && retried > 100 && returned > 50, "{shared} {retried} {returned}");
}

#[test]
fn incidents_are_plain_to_see_while_they_last() {
    let (from, to) = (after(3_600), after(7_200));
    let run = |incident: Option<Incident>| {
        let mut traffic = traffic(7, 2.0);
        if let Some(incident) = incident {
            traffic.set_incident(&incident, from, to).unwrap();
        }
        let before = Tally::of(&traffic.next_until(from));
        (before, Tally::of(&traffic.next_until(to.plus(Duration::from_seconds(900)))))
    };
    let (quiet_before, quiet) = run(None);
    let of_demo_bank = |start: &Map<String, Value>| start["issuer"] == "DEMO_Bank";
    let of_bin = |start: &Map<String, Value>| start["bin"] == "424242";
    assert!(quiet.success_rate(of_demo_bank) > 0.93);

    let (before, outage) = run(Some(Incident::IssuerOutage { issuer: "DEMO_Bank".into() }));
    assert_eq!(before.starts, quiet_before.starts, "nothing changes before it begins");
    assert!(outage.success_rate(of_demo_bank) < 0.5, "{}", outage.success_rate(of_demo_bank));
    assert!(outage.success_rate(|start| !of_demo_bank(start)) > 0.93);
    assert!(outage.count_of("ISSUER_TIMEOUT") > 20 * quiet.count_of("ISSUER_TIMEOUT").max(1));

    let (_, down) = run(Some(Incident::OtpVendorDown { vendor: "PINGPOST".into() }));
    assert!(
        down.count_of("IDV_TIMEOUT") > 5 * quiet.count_of("IDV_TIMEOUT").max(1),
        "{}",
        down.count_of("IDV_TIMEOUT")
    );
    assert!(down.success_rate(|_| true) < quiet.success_rate(|_| true) - 0.02);

    let (_, attack) = run(Some(Incident::BinAttack { bin: "424242".into() }));
    let starts_of_bin = |tally: &Tally| tally.starts.values().filter(|start| of_bin(start)).count();
    assert!(starts_of_bin(&attack) > 4 * starts_of_bin(&quiet));
    assert!(attack.success_rate(of_bin) < 0.4, "{}", attack.success_rate(of_bin));
    assert!(attack.count_of("CVC_MISMATCH") > 10 * quiet.count_of("CVC_MISMATCH"));
    let others = |tally: &Tally| tally.starts.keys().cloned().collect::<BTreeSet<String>>();
    assert!(others(&attack).is_superset(&others(&quiet)), "the other visitors still come");
}

#[test]
fn a_slow_token_service_shows_in_the_times_of_its_network_alone() {
    let mut traffic = traffic(12, 2.0);
    traffic.set_incident(&Incident::TspSlow { network: "VISA".into() }, FROM, after(7_200)).unwrap();
    let tally = Tally::of(&traffic.next_until(after(7_200)));
    let median_seconds = |is_visa: bool| {
        let of_network = tally.times.iter().filter(|(correlation, _)| {
            tally.starts.get(*correlation).is_some_and(|start| (start["network"] == "VISA") == is_visa)
        });
        let mut seconds: Vec<f64> = of_network.map(|(_, seconds)| *seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    };
    assert!(median_seconds(true) > 3.0 && median_seconds(false) < 1.5);
    assert!(tally.count_of("TSP_TIMEOUT") > 100, "{}", tally.count_of("TSP_TIMEOUT"));
}

#[test]
fn a_changed_rate_neither_loses_nor_repeats_what_began_before() {
    let run = |change: Option<f64>| {
        let mut traffic = traffic(13, 0.02);
        let before = traffic.next_until(after(86_400));
        change.inspect(|rate| traffic.set_rate(*rate));
        (before, traffic.next_until(after(2 * 86_400)))
    };
    let (before, busy) = run(Some(0.2));
    let (same, quiet) = run(None);
    assert!(before == same);
    let starts = |emissions: &[Emission]| Tally::of(emissions).starts.len();
    assert!((1_550..1_900).contains(&starts(&before)), "{}", starts(&before));
    assert!((1_550..1_900).contains(&starts(&quiet)), "{}", starts(&quiet));
    assert!((16_500..18_100).contains(&starts(&busy)), "{}", starts(&busy));
    // Taps, suspensions and deletions of the first day's tokens come all the same on the second.
    let tokens = |emissions: &[Emission]| -> BTreeSet<String> {
        let objects = emissions.iter().filter_map(|emission| object(&emission.message));
        objects.filter_map(|fields| Some(fields.get("tokenReferenceId")?.as_str()?.to_owned())).collect()
    };
    let old = tokens(&before);
    let late = old.intersection(&tokens(&quiet)).count();
    assert!(late > 200 && late == old.intersection(&tokens(&busy)).count(), "{late}");
    // A wallet that gets no answer asks again within seconds; later no START is of an attempt of the first day.
    let later: Vec<Emission> =
        busy.into_iter().filter(|emission| emission.at >= after(86_400 + 60)).collect();
    let (first, second) = (Tally::of(&before), Tally::of(&later));
    assert!(first.starts.keys().all(|id| !second.starts.contains_key(id)));
}

#[test]
fn metric_data_agree_with_the_log() {
    let mut traffic = traffic(8, 2.0);
    let tally = Tally::of(&traffic.next_until(after(3_600)));
    let data = traffic.take_metric_data();
    let of = |name: &str| data.iter().filter(|datum| &*datum.name == name).count();
    assert_eq!(of("TokenProvisioningRequests"), tally.starts.len());
    assert_eq!(of("TokenProvisioningLatency"), tally.count_of("SUCCESS"));
    assert!(data.is_sorted_by_key(|datum| datum.timestamp));
    for datum in &data {
        assert_eq!(&*datum.namespace, "TokenServices");
        let names: Vec<&str> = datum.dimensions.iter().map(|dimension| &*dimension.0).collect();
        assert_eq!(names, ["Issuer", "WalletProvider"]);
        assert!(matches!(&datum.value, MetricValue::Values(values) if values.len() == 1));
    }
    assert!(traffic.take_metric_data().is_empty());
}

/// Whole numbers of card length must not occur anywhere, spaced or not.
#[test]
fn no_message_holds_a_card_number() {
    let mut traffic = traffic(9, 1.0);
    for emission in traffic.next_until(after(6 * 3_600)) {
        let mut run = String::new();
        for character in emission.message.chars().chain(['.']) {
            match character {
                '0'..='9' => run.push(character),
                _ => {
                    let is_card_length = (13..=19).contains(&run.len());
                    assert!(
                        !(is_card_length && passes_luhn(&run) && !is_trace(&emission.message, &run)),
                        "{run}"
                    );
                    run.clear();
                }
            }
        }
    }
}

/// A trace id is 24 hexadecimal digits: by chance many of them are decimal.
fn is_trace(message: &str, run: &str) -> bool {
    object(message)
        .and_then(|fields| fields.get("traceId")?.as_str().map(|trace| trace.contains(run)))
        .unwrap_or(false)
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
            (0, digit) => digit,
            (_, digit) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[test]
fn unusable_rates_give_silence_not_a_hang() {
    for attempts_per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut traffic = traffic(10, attempts_per_second);
        assert!(traffic.next_until(after(3_600)).is_empty(), "{attempts_per_second}");
    }
    assert!(!traffic(10, 1e9).next_until(after(1)).is_empty());
}
