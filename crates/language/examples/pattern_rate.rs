//! How many events a second does one core hold against a pattern? Prints a line for each pattern, over messages as a
//! token service writes them; patterns times events per second is what a server with that many filters can spend.
//! Run by hand: `cargo run --release -p walletscope-language --example pattern_rate`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use walletscope_language::filter_pattern::{Event, MetricFilter, MetricTransformation, Mode, Pattern};

const RUN: Duration = Duration::from_millis(500);
const EVENTS: usize = 1_000;

const PATTERNS: &[(&str, Mode)] = &[
    ("", Mode::Strict),
    ("ERROR", Mode::Strict),
    ("?TOKEN_PROVISION_FAILURE ?TOKEN_DECLINED ?ERROR", Mode::Strict),
    (r"%corr_[0-9a-f]+ff%", Mode::Strict),
    (r#"{ $.event = "TOKEN_PROVISION_SUCCESS" }"#, Mode::Strict),
    (r#"{ $.event = "TOKEN_PROVISION_SUCCESS" && $.processingTime > 1.5 }"#, Mode::Strict),
    (r#"{ ($.event = *SUCCESS || $.event = *FAILURE) && $.issuer NOT EXISTS }"#, Mode::Strict),
    (r"{ $.* = %DNITHE[0-9a-f]+% }", Mode::Strict),
    (r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", ...]"#, Mode::Strict),
    (r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", ...]"#, Mode::Lenient),
    (r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]"#, Mode::Lenient),
];

fn main() {
    let messages: Vec<String> = (0..EVENTS).map(message).collect();
    let bytes = messages.iter().map(String::len).sum::<usize>() / EVENTS;
    println!("{EVENTS} messages of {bytes} bytes in the middle");
    for (text, mode) in PATTERNS {
        let pattern = Pattern::parse(text).expect("a pattern");
        measure(&format!("{mode:?} {text}"), &messages, |event| pattern.matches(event, *mode));
    }
    let (text, mode) = PATTERNS[PATTERNS.len() - 1];
    let transformation =
        MetricTransformation { metric_value: "$processingTime".into(), ..MetricTransformation::default() };
    let pattern = Pattern::parse(text).expect("a pattern");
    let filter = MetricFilter::new(pattern, &transformation, mode).expect("a filter");
    measure(&format!("{mode:?} {text}, points"), &messages, |event| filter.decide(event).is_ok());
}

/// A start or a success, turn by turn; every tenth is a line of text.
fn message(number: usize) -> String {
    let ids = format!(
        r#""requestId":"a1b2c3d4-5678-90ab-cdef-{number:012x}","correlationId":"corr_{number:012x}""#
    );
    let took = 1.0 + (number % 997) as f64 / 1e3;
    match number {
        _ if number % 10 == 9 => {
            format!("2026-11-22T12:00:00.000Z {number:012x} INFO provisioned in {took} s")
        }
        _ if number.is_multiple_of(2) => format!(
            r#"{{"level":"INFO","event":"TOKEN_PROVISION_START","walletProvider":"ApplePay","issuer":"Bank_{}","bin":"411111","tokenRequestorId":"50123456789","deviceType":"MOBILE","userAgent":"ApplePay/iOS/16.0",{ids}}}"#,
            number % 7
        ),
        _ => format!(
            r#"{{"level":"INFO","event":"TOKEN_PROVISION_SUCCESS","tokenReferenceId":"DNITHE{number:012x}","processingTime":{took},{ids}}}"#
        ),
    }
}

fn measure(name: &str, messages: &[String], mut matches: impl FnMut(&Event<'_>) -> bool) {
    let (started, started_work) = (Instant::now(), work_seconds());
    let (mut rounds, mut matched) = (0_u32, 0_usize);
    while started.elapsed() < RUN {
        matched = messages.iter().filter(|message| matches(black_box(&Event::new(message)))).count();
        rounds += 1;
    }
    let events = f64::from(rounds) * messages.len() as f64;
    let work = work_seconds().zip(started_work).map(|(now, before)| now - before);
    let seconds = work.unwrap_or_else(|| started.elapsed().as_secs_f64());
    println!(
        "{:>9.0} events/s {:>5.0} ns {matched:>4} match  {name}",
        events / seconds,
        seconds / events * 1e9
    );
}

/// CPU time of this process's only thread, where Linux tells it: other work on the machine does not count.
fn work_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}
