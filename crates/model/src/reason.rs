//! Why did an attempt fail, of which class is that, and who has to act?
//!
//! One table, [`Reason::ALL`]; every surface reads words, class and owner from here. Codes of other dialects map to
//! [`Reason::Unknown`] and are kept beside it as they came.

/// Why an attempt ended without a token. Stable names; see `docs/formats/events.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Reason {
    IssuerDeclined,
    CvcMismatch,
    CardNotEligible,
    RiskDeclined,
    TokenLimitReached,
    IdvFailed,
    IdvTimeout,
    IdvAbandoned,
    TspError,
    TspTimeout,
    IssuerTimeout,
    DeviceNotSupported,
    InvalidRequest,
    InternalError,
    Unknown,
}

/// Whether a failure is an outage or a correct answer. The technical failure rate counts `Technical` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum FailureClass {
    Technical,
    Declined,
    Invalid,
    Device,
}

/// Who can mend the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Owner {
    Issuer,
    IssuerRules,
    TokenServiceProvider,
    IdvVendor,
    Wallet,
    Cardholder,
    Ours,
}

struct Row(Reason, &'static str, &'static str, FailureClass, Owner);

const TABLE: [Row; 15] = {
    use {FailureClass as Class, Reason as R};
    [
        Row(R::IssuerDeclined, "ISSUER_DECLINED", "Issuer declined", Class::Declined, Owner::Issuer),
        Row(R::CvcMismatch, "CVC_MISMATCH", "Security code mismatch", Class::Declined, Owner::Issuer),
        Row(R::CardNotEligible, "CARD_NOT_ELIGIBLE", "Card not eligible", Class::Declined, Owner::Issuer),
        Row(R::RiskDeclined, "RISK_DECLINED", "Declined by risk rules", Class::Declined, Owner::IssuerRules),
        Row(
            R::TokenLimitReached,
            "TOKEN_LIMIT_REACHED",
            "Token limit reached",
            Class::Declined,
            Owner::TokenServiceProvider,
        ),
        Row(R::IdvFailed, "IDV_FAILED", "Verification failed", Class::Declined, Owner::IdvVendor),
        Row(R::IdvTimeout, "IDV_TIMEOUT", "Verification timed out", Class::Technical, Owner::IdvVendor),
        Row(R::IdvAbandoned, "IDV_ABANDONED", "Verification abandoned", Class::Declined, Owner::Cardholder),
        Row(R::TspError, "TSP_ERROR", "Token service error", Class::Technical, Owner::TokenServiceProvider),
        Row(
            R::TspTimeout,
            "TSP_TIMEOUT",
            "Token service timed out",
            Class::Technical,
            Owner::TokenServiceProvider,
        ),
        Row(R::IssuerTimeout, "ISSUER_TIMEOUT", "Issuer timed out", Class::Technical, Owner::Issuer),
        Row(
            R::DeviceNotSupported,
            "DEVICE_NOT_SUPPORTED",
            "Device not supported",
            Class::Device,
            Owner::Wallet,
        ),
        Row(R::InvalidRequest, "INVALID_REQUEST", "Invalid request", Class::Invalid, Owner::Wallet),
        Row(R::InternalError, "INTERNAL_ERROR", "Internal error", Class::Technical, Owner::Ours),
        Row(R::Unknown, "UNKNOWN", "Unknown reason", Class::Technical, Owner::Ours),
    ]
};

impl Reason {
    /// Every reason, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The reason of this stable name, compared exactly; any other code is [`Reason::Unknown`].
    pub fn from_code(code: &str) -> Self {
        TABLE.iter().find(|row| row.1 == code).map_or(Self::Unknown, |row| row.0)
    }

    /// The stable name, such as `ISSUER_DECLINED`.
    pub fn code(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The words for people, such as `Issuer declined`.
    pub fn words(self) -> &'static str {
        TABLE[self as usize].2
    }

    /// The class; [`Reason::IdvAbandoned`] never counts as a failure, so its class is never counted.
    pub fn class(self) -> FailureClass {
        TABLE[self as usize].3
    }

    /// Who has to act.
    pub fn owner(self) -> Owner {
        TABLE[self as usize].4
    }
}

impl FailureClass {
    /// Every class, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Technical, Self::Declined, Self::Invalid, Self::Device];

    /// The stable lower-case name.
    pub fn name(self) -> &'static str {
        ["technical", "declined", "invalid", "device"][self as usize]
    }
}

impl Owner {
    /// Every owner, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Issuer,
        Self::IssuerRules,
        Self::TokenServiceProvider,
        Self::IdvVendor,
        Self::Wallet,
        Self::Cardholder,
        Self::Ours,
    ];

    /// The words for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::IssuerRules => "issuer rules",
            Self::TokenServiceProvider => "TSP",
            Self::IdvVendor => "ID&V vendor",
            Self::Wallet => "wallet",
            Self::Cardholder => "cardholder",
            Self::Ours => "ours",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_numbers_and_names_read_back() {
        for (number, reason) in Reason::all().enumerate() {
            assert_eq!(reason as usize, number);
            assert_eq!(Reason::from_code(reason.code()), reason);
        }
        assert_eq!(Reason::from_code("issuer_declined"), Reason::Unknown);
    }
}
