//! A lake of invented attempts: the right columns, widths and spreads, in seconds per million.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use walletscope_lake::{Lake, LakeError, LakeTable, RowBuilder};
use walletscope_model::{Offset, Timestamp};

const DAY_MICROS: i64 = 86_400_000_000;
/// Rows of one commit.
const ROWS_PER_COMMIT: u64 = 500_000;
const WALLETS: [&str; 5] = ["ApplePay", "GooglePay", "SamsungPay", "GarminPay", "FitbitPay"];
const ISSUERS: u32 = 12;
const REASONS: [(&str, &str, &str); 4] = [
    ("ISSUER_DECLINED", "declined", "issuer"),
    ("TSP_TIMEOUT", "technical", "TSP"),
    ("IDV_TIMEOUT", "technical", "ID&V vendor"),
    ("CVC_MISMATCH", "declined", "issuer"),
];
const DEVICES: [&str; 6] = ["iPhone 17", "Pixel 11", "Galaxy S27", "Venu 4", "Charge 7", "iPhone 16"];
const COUNTRIES: [&str; 6] = ["US", "DE", "GB", "BR", "JP", "FR"];

/// Writes `attempts` over the `days` before `until`, oldest first. The watermark stays where it is: no journal has them.
///
/// # Errors
/// The lake could not be written.
pub async fn fill(
    lake: &Lake,
    attempts: u64,
    days: u64,
    until: Timestamp,
    seed: u64,
) -> Result<(), LakeError> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut written, last_day) = (0, until.0.div_euclid(DAY_MICROS));
    for day in 0..days {
        let start = (last_day - i64::try_from(days - day).unwrap_or(0)) * DAY_MICROS;
        let mut left = attempts * (day + 1) / days - attempts * day / days;
        while left > 0 {
            let count = left.min(ROWS_PER_COMMIT);
            let mut rows = RowBuilder::new(LakeTable::Attempts);
            for number in 0..count {
                push(&mut rows, start, written + number, &mut random);
            }
            written += count;
            left -= count;
            lake.append(LakeTable::Attempts, vec![rows.finish()], Offset(0), until).await?;
        }
    }
    Ok(())
}

/// The request id of the attempt of this number: what a lookup asks for.
pub fn request_id(number: u64) -> String {
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let low = (number ^ 0x5bd1_e995).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    uuid::Uuid::from_u64_pair(high, low).to_string()
}

fn push(rows: &mut RowBuilder, day_start: i64, number: u64, random: &mut ChaCha8Rng) {
    let at = Timestamp(day_start + random.random_range(0..DAY_MICROS));
    let after = |millis: i64| Some(Timestamp(at.0 + millis * 1_000));
    let fate = random.random_range(0..100);
    let processing = 0.3 + random.random::<f64>().powi(3) * 4.0;
    let processing = (processing * 1e3).round() / 1e3;
    let (status, event) = match fate {
        0..93 => ("SUCCESS", "TOKEN_PROVISION_SUCCESS"),
        93..98 => ("FAILED", "TOKEN_PROVISION_FAILURE"),
        _ => ("ABANDONED", "TOKEN_PROVISION_ABANDONED"),
    };
    let is_success = status == "SUCCESS";
    let reason = (status == "FAILED").then(|| REASONS[random.random_range(0..REASONS.len())]);
    let wallet = WALLETS[(random.random::<f64>().powi(2) * 5.0) as usize];
    let issuer = format!("ISSUER_{:02}", (random.random::<f64>().powi(2) * f64::from(ISSUERS)) as u32);
    let correlation = format!("corr_{:016x}", random.random::<u64>());
    let end = i64::try_from((processing * 1e3) as u64).unwrap_or(0);
    rows.begin(at)
        .text("attempt_id", Some(&format!("default:corr:{correlation}")))
        .text("status", Some(status))
        .text("event", Some(event))
        .text("wallet_provider", Some(wallet))
        .text("issuer", Some(&issuer))
        .text("network", Some(if number.is_multiple_of(3) { "MASTERCARD" } else { "VISA" }))
        .double("processing_time", (status != "ABANDONED").then_some(processing))
        .time("ended_at", after(end))
        .text("stage", Some(if is_success { "activated" } else { "decided" }))
        .text("reason", reason.map(|reason| reason.0))
        .text("reason_code", reason.map(|reason| reason.0))
        .text("failure_class", reason.map(|reason| reason.1))
        .text("failure_owner", reason.map(|reason| reason.2))
        .text("abandoned_at", (status == "ABANDONED").then_some("step_up"));
    for decision in ["wallet_recommendation", "network_decision", "issuer_decision", "final_decision"] {
        rows.text(decision, Some(if number.is_multiple_of(6) { "YELLOW" } else { "GREEN" }));
    }
    rows.text("override_by", None)
        .text("correlation_id", Some(&correlation))
        .text("request_id", Some(&request_id(number)))
        .text("trace_id", Some(&format!("1-{:08x}-{:024x}", at.0 / 1_000_000, random.random::<u128>() >> 32)))
        .text(
            "token_reference_id",
            is_success.then(|| format!("trm_{:016x}", random.random::<u64>())).as_deref(),
        )
        .texts("other_ids", None::<std::iter::Empty<&str>>);
    push_facts(rows, number, random);
    for (stage, millis) in [("eligible_at", 40), ("decided_at", 190)] {
        rows.time(stage, after(millis));
    }
    rows.time("step_up_sent_at", None).time("step_up_verified_at", None);
    for stage in ["token_created_at", "provisioned_at", "activated_at"] {
        rows.time(stage, after(end).filter(|_| is_success));
    }
    rows.time("first_tap_at", None)
        .double("cardholder_wait", Some(0.0))
        .int("tries", Some(1))
        .int("records", Some(9))
        .flag("conflict", false)
        .flag("overflow", false)
        .flag("decided", true)
        .flag("bulk", false)
        .flag("settled", true)
        .time("first_arrival", after(80))
        .time("last_arrival", after(end + 90))
        .text("account", None)
        .text("region", None)
        .text("source", None)
        .text("tenant", Some("default"))
        .long("_offset", 0)
        .end();
}

fn push_facts(rows: &mut RowBuilder, number: u64, random: &mut ChaCha8Rng) {
    let device = DEVICES[random.random_range(0..DEVICES.len())];
    rows.text("bin", Some(&format!("4242{:02}", random.random_range(0..20))))
        .text("last_four", Some(&format!("{:04}", random.random_range(0..10_000))))
        .text("par", Some(&format!("V001{:021}", random.random::<u64>())))
        .text("token_requestor_id", Some("40010030273"))
        .text("token_type", Some("SECURE_ELEMENT"))
        .text("device_type", Some("PHONE"))
        .text("device_name", Some(device))
        .text("device_id", Some(&format!("dev_{:016x}", random.random::<u64>())))
        .text("device_country", Some(COUNTRIES[random.random_range(0..COUNTRIES.len())]))
        .text("client_ip", Some(&format!("198.51.100.{}", number % 250)))
        .text("user_agent", Some("ApplePay/iOS/26.1"))
        .text("channel", Some("PUSH_PROVISION"))
        .text("step_up_method", None)
        .text("step_up_vendor", None);
}
