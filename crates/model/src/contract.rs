//! Which event means what, and which field fills which column?
//!
//! The event contract as data: traffic writes by it, the join and the filters read by it, and
//! `docs/formats/events.md` is checked against it. Event names compare exactly. Field names compare without case,
//! `_` and `-` (`wallet_provider`, `WalletProvider` and `walletProvider` are one); where a record carries several
//! spellings of one field, the exact one that comes first among [`Field`]'s names wins, wherever it stands in the record;
//! without an exact one, the first in the record.

use std::sync::LazyLock;

use crate::attempt::Stage;

/// What a provisioning event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// The attempt reached this stage.
    Stage(Stage),
    /// The attempt ended without a token.
    Failure,
    /// The cardholder or the wallet gave up.
    Abandoned,
    /// The token changed after provisioning; attempts do not.
    Lifecycle(Lifecycle),
}

/// A change of a token after its activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Lifecycle {
    Suspended,
    Resumed,
    Deleted,
}

/// Every event of the contract: name, meaning, and one sentence for the documentation.
pub const EVENTS: [(&str, EventKind, &str); 14] = [
    (
        "TOKEN_PROVISION_START",
        EventKind::Stage(Stage::Started),
        "A wallet asks for a token; another time or requestId is a retry.",
    ),
    ("TOKEN_PROVISION_ELIGIBLE", EventKind::Stage(Stage::Eligible), "The card may be provisioned."),
    (
        "TOKEN_PROVISION_DECISION",
        EventKind::Stage(Stage::Decided),
        "GREEN, YELLOW or RED; wallet, network, issuer and final decision kept apart.",
    ),
    (
        "TOKEN_STEP_UP_SENT",
        EventKind::Stage(Stage::StepUpSent),
        "The cardholder was asked to prove identity (ID&V).",
    ),
    ("TOKEN_STEP_UP_VERIFIED", EventKind::Stage(Stage::StepUpVerified), "The cardholder proved identity."),
    ("TOKEN_CREATED", EventKind::Stage(Stage::TokenCreated), "The token service made the token."),
    (
        "TOKEN_PROVISION_SUCCESS",
        EventKind::Stage(Stage::Provisioned),
        "The token is on the device: the attempt's SUCCESS.",
    ),
    (
        "TOKEN_PROVISION_FAILURE",
        EventKind::Failure,
        "The attempt FAILED; reasonCode says why. IDV_ABANDONED is an abandonment instead.",
    ),
    (
        "TOKEN_PROVISION_ABANDONED",
        EventKind::Abandoned,
        "The cardholder or wallet gave up at the current stage.",
    ),
    ("TOKEN_ACTIVATED", EventKind::Stage(Stage::Activated), "The token can pay."),
    ("TOKEN_FIRST_TAP", EventKind::Stage(Stage::FirstTap), "The token paid for the first time."),
    ("TOKEN_SUSPENDED", EventKind::Lifecycle(Lifecycle::Suspended), "The token may not pay for now."),
    ("TOKEN_RESUMED", EventKind::Lifecycle(Lifecycle::Resumed), "The token may pay again."),
    ("TOKEN_DELETED", EventKind::Lifecycle(Lifecycle::Deleted), "The token is gone."),
];

/// A field of an event that the join reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Field {
    Event,
    CorrelationId,
    RequestId,
    TraceId,
    TokenReferenceId,
    Wallet,
    Issuer,
    Network,
    Bin,
    LastFour,
    Par,
    TokenRequestorId,
    DeviceType,
    DeviceName,
    DeviceId,
    Country,
    ClientIp,
    UserAgent,
    Channel,
    TokenType,
    StepUpMethod,
    StepUpVendor,
    WalletRecommendation,
    NetworkDecision,
    IssuerDecision,
    FinalDecision,
    OverrideBy,
    ReasonCode,
    ProcessingTime,
    ProcessingTimeMs,
    TokenState,
}

/// One row of the field table.
pub struct FieldRow {
    /// The field.
    pub field: Field,
    /// The attempt's column that it fills, snake_case; empty for fields that only steer the join.
    pub column: &'static str,
    /// Accepted names, canonical first.
    pub names: &'static [&'static str],
    /// One sentence for the documentation.
    pub meaning: &'static str,
}

const fn row(
    field: Field,
    column: &'static str,
    names: &'static [&'static str],
    meaning: &'static str,
) -> FieldRow {
    FieldRow { field, column, names, meaning }
}

/// Every field of the contract, in the order of [`Field`]'s numbers.
pub const FIELDS: [FieldRow; 31] = [
    row(Field::Event, "", &["event", "eventName", "eventType"], "Name of the event, one of the table above."),
    row(Field::CorrelationId, "correlation_id", &["correlationId"], "Names the attempt."),
    row(Field::RequestId, "request_ids", &["requestId"], "The invocation; an alias of the attempt."),
    row(Field::TraceId, "trace_ids", &["traceId", "xrayTraceId"], "The trace; an alias of the attempt."),
    row(
        Field::TokenReferenceId,
        "token_reference_ids",
        &["tokenReferenceId", "tokenRef", "tokenUniqueReference"],
        "The token; never the token's number.",
    ),
    row(Field::Wallet, "wallet_provider", &["walletProvider", "wallet"], "ApplePay, GooglePay…"),
    row(Field::Issuer, "issuer", &["issuer", "issuerName"], "The card's issuer."),
    row(Field::Network, "network", &["network", "cardNetwork", "scheme"], "VISA, MASTERCARD, AMEX…"),
    row(Field::Bin, "bin", &["bin", "cardBin"], "First 6 or 8 digits of the card number."),
    row(
        Field::LastFour,
        "last_four",
        &["lastFour", "last4", "panLastFour"],
        "Last four digits of the card number.",
    ),
    row(Field::Par, "par", &["par", "paymentAccountReference"], "Payment account reference."),
    row(
        Field::TokenRequestorId,
        "token_requestor_id",
        &["tokenRequestorId", "trid"],
        "EMVCo token requestor id, 11 digits.",
    ),
    row(Field::DeviceType, "device_type", &["deviceType"], "PHONE, WATCH, TABLET…"),
    row(
        Field::DeviceName,
        "device_name",
        &["deviceName", "device", "deviceModel"],
        "Model for people, such as iPhone 17.",
    ),
    row(Field::DeviceId, "device_id", &["deviceId"], "Opaque device id, for eventual success."),
    row(
        Field::Country,
        "device_country",
        &["deviceCountry", "country"],
        "ISO 3166 alpha-2 country of the device; never guessed.",
    ),
    row(Field::ClientIp, "client_ip", &["clientIp", "sourceIpAddress"], "Address of the device."),
    row(
        Field::UserAgent,
        "user_agent",
        &["userAgent"],
        "Client software; device name where no other says it.",
    ),
    row(
        Field::Channel,
        "channel",
        &["channel", "provisioningPath", "path"],
        "MANUAL_PROVISION, PUSH_PROVISION, ACCOUNT_ON_FILE…",
    ),
    row(Field::TokenType, "token_type", &["tokenType"], "SECURE_ELEMENT, HCE, CARD_ON_FILE, STATIC…"),
    row(
        Field::StepUpMethod,
        "step_up_method",
        &["stepUpMethod", "idvMethod"],
        "OTP_SMS, OTP_EMAIL, APP_TO_APP, CALL_CENTER.",
    ),
    row(Field::StepUpVendor, "step_up_vendor", &["stepUpVendor", "idvVendor"], "Who delivers the step-up."),
    row(
        Field::WalletRecommendation,
        "wallet_recommendation",
        &["walletRecommendation"],
        "The wallet's colour.",
    ),
    row(Field::NetworkDecision, "network_decision", &["networkDecision"], "The network's colour."),
    row(Field::IssuerDecision, "issuer_decision", &["issuerDecision"], "The issuer's colour."),
    row(Field::FinalDecision, "final_decision", &["finalDecision", "decision"], "The colour that counted."),
    row(Field::OverrideBy, "override_by", &["overrideBy"], "Who overrode the issuer."),
    row(
        Field::ReasonCode,
        "reason_code",
        &["reasonCode", "reason", "failureReason", "errorCode"],
        "Why it failed; see the reason table.",
    ),
    row(
        Field::ProcessingTime,
        "processing_time",
        &["processingTime", "processingTimeSeconds"],
        "Service time in seconds.",
    ),
    row(Field::ProcessingTimeMs, "processing_time", &["processingTimeMs"], "Service time in milliseconds."),
    row(
        Field::TokenState,
        "",
        &["tokenState", "tokenStatus"],
        "State of the token after this event, where it differs from the event's usual one.",
    ),
];

/// The meaning of an event name, compared exactly.
pub fn event_kind(name: &str) -> Option<EventKind> {
    EVENTS.iter().find(|event| event.0 == name).map(|event| event.1)
}

/// The contract's name of an event.
pub fn event_name(kind: EventKind) -> &'static str {
    EVENTS.iter().find(|event| event.1 == kind).map_or("", |event| event.0)
}

impl Field {
    /// The field that `name` spells, ignoring case, `_` and `-`.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAME_MAX: usize = 32;
        let of_length = |length: usize| NAMES_BY_LENGTH.get(length).map_or(&[][..], Vec::as_slice);
        if let Some(spelling) = of_length(name.len()).iter().find(|spelling| spelling.name == name) {
            return Some(spelling.field);
        }
        let mut folded = [0_u8; NAME_MAX];
        let mut length = 0;
        for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')) {
            *folded.get_mut(length)? = byte;
            length += 1;
        }
        let folded = &folded[..length];
        let spelling =
            of_length(length).iter().find(|spelling| spelling.name.as_bytes().eq_ignore_ascii_case(folded));
        spelling.map(|spelling| spelling.field)
    }

    /// The row of this field.
    pub fn row(self) -> &'static FieldRow {
        &FIELDS[self as usize]
    }

    /// The field with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        FIELDS.get(usize::from(number)).map(|row| row.field)
    }

    /// The canonical spelling, as traffic writes it.
    pub fn name(self) -> &'static str {
        self.row().names[0]
    }
}

/// One accepted name of a field.
struct Spelling {
    name: &'static str,
    field: Field,
}

/// Every accepted name by its length: a few candidates for each key of a record.
static NAMES_BY_LENGTH: LazyLock<Vec<Vec<Spelling>>> = LazyLock::new(|| {
    let mut by_length: Vec<Vec<Spelling>> = Vec::new();
    for (name, field) in FIELDS.iter().flat_map(|row| row.names.iter().map(|name| (*name, row.field))) {
        by_length.resize_with(by_length.len().max(name.len() + 1), Vec::new);
        by_length[name.len()].push(Spelling { name, field });
    }
    by_length
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_finds_its_field() {
        for (number, row) in FIELDS.iter().enumerate() {
            assert_eq!(row.field as usize, number, "{:?}", row.field);
            for name in row.names {
                assert_eq!(Field::from_name(name), Some(row.field), "{name}");
            }
        }
        for (name, field) in [
            ("wallet_provider", Some(Field::Wallet)),
            ("WalletProvider", Some(Field::Wallet)),
            ("requestID", Some(Field::RequestId)),
            ("CardBin", Some(Field::Bin)),
            ("processing-time-ms", Some(Field::ProcessingTimeMs)),
            ("level", None),
            ("", None),
            ("a_very_long_name_that_no_field_of_the_contract_has_at_all", None),
        ] {
            assert_eq!(Field::from_name(name), field, "{name}");
        }
    }

    #[test]
    fn every_event_reads_back() {
        for (name, kind, _) in EVENTS {
            assert_eq!(event_kind(name), Some(kind));
            assert_eq!(event_name(kind), name);
        }
        assert_eq!(event_kind("token_provision_start"), None);
    }
}
