//! Which wallets, issuers, devices and vendors exist in the generated world?
//!
//! Tables only. Issuers and vendors are invented; BINs are published test BINs; token requestor ids are the public
//! ones, and a pair of wallet and network without a public one has none. Weights are relative within a table.

/// A wallet and its share of the traffic.
pub struct Wallet {
    /// The name in `walletProvider`.
    pub name: &'static str,
    /// Relative weight.
    pub weight: u32,
    /// The usual `tokenType`.
    pub token_type: &'static str,
    /// Token requestor id by network.
    pub token_requestor_ids: &'static [(Network, &'static str)],
    /// What it runs on.
    pub devices: &'static [Device],
}

/// A device model.
pub struct Device {
    /// The name for people.
    pub name: &'static str,
    /// PHONE, WATCH, TABLET.
    pub kind: &'static str,
    /// The client software.
    pub user_agent: &'static str,
    /// Relative weight within its wallet.
    pub weight: u32,
}

/// An issuer with its own latency.
pub struct Issuer {
    /// The name in `issuer`.
    pub name: &'static str,
    /// Relative weight over the whole day.
    pub weight: u32,
    /// Where its cardholders live.
    pub home: Country,
    /// Its cards.
    pub bins: &'static [(&'static str, Network)],
    /// Median service time of a provisioning in milliseconds.
    pub latency_median_millis: i64,
    /// Spread of the logarithm of the service time.
    pub latency_sigma: f64,
    /// Its service logs every stage; others leave out what can be guessed.
    pub logs_every_stage: bool,
}

/// A country by its ISO 3166 code and the clock most of its people live by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166 alpha-2.
    pub code: &'static str,
    /// Minutes that its clocks are ahead of UTC.
    pub offset_minutes: i64,
}

/// A card network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Network {
    Visa,
    Mastercard,
    Amex,
    Discover,
    Jcb,
}

/// A way of asking the cardholder for proof (ID&V).
pub struct StepUpMethod {
    /// The name in `stepUpMethod`.
    pub name: &'static str,
    /// Relative weight.
    pub weight: u32,
    /// Median time until the cardholder answers, in milliseconds.
    pub wait_median_millis: i64,
    /// Spread of the logarithm of that time.
    pub wait_sigma: f64,
    /// Who delivers it, by weight.
    pub vendors: &'static [(&'static str, u32)],
}

impl Network {
    /// All of them.
    pub const ALL: [Self; 5] = [Visa, Mastercard, Amex, Discover, Jcb];

    /// The name in `network`.
    pub fn name(self) -> &'static str {
        ["VISA", "MASTERCARD", "AMEX", "DISCOVER", "JCB"][self as usize]
    }

    /// The four characters that begin its payment account references.
    pub fn account_mark(self) -> &'static str {
        ["V001", "5001", "AMEX", "DISC", "JCB1"][self as usize]
    }
}

use Network::{Amex, Discover, Jcb, Mastercard, Visa};

const fn device(name: &'static str, kind: &'static str, user_agent: &'static str, weight: u32) -> Device {
    Device { name, kind, user_agent, weight }
}

const fn country(code: &'static str, offset_minutes: i64) -> Country {
    Country { code, offset_minutes }
}

/// The wallets.
pub const WALLETS: [Wallet; 5] = [
    Wallet {
        name: "ApplePay",
        weight: 55,
        token_type: "SECURE_ELEMENT",
        token_requestor_ids: &[(Visa, "40010030273"), (Mastercard, "50110030273"), (Amex, "30010030273")],
        devices: &[
            device("iPhone 17 Pro", "PHONE", "ApplePay/iOS/26.1", 24),
            device("iPhone 17", "PHONE", "ApplePay/iOS/26.1", 20),
            device("iPhone 16", "PHONE", "ApplePay/iOS/26.0", 18),
            device("iPhone 15", "PHONE", "ApplePay/iOS/18.7", 12),
            device("iPhone SE", "PHONE", "ApplePay/iOS/18.6", 5),
            device("Apple Watch Series 11", "WATCH", "ApplePay/watchOS/26.1", 14),
            device("iPad Air", "TABLET", "ApplePay/iPadOS/26.1", 7),
        ],
    },
    Wallet {
        name: "GooglePay",
        weight: 30,
        token_type: "HCE",
        token_requestor_ids: &[(Visa, "40010075001")],
        devices: &[
            device("Pixel 10", "PHONE", "GooglePay/Android/16", 22),
            device("Pixel 9a", "PHONE", "GooglePay/Android/16", 18),
            device("Galaxy S25", "PHONE", "GooglePay/Android/16", 24),
            device("Galaxy A56", "PHONE", "GooglePay/Android/15", 20),
            device("Pixel Watch 4", "WATCH", "GooglePay/WearOS/6", 10),
            device("Pixel Tablet", "TABLET", "GooglePay/Android/16", 6),
        ],
    },
    Wallet {
        name: "SamsungPay",
        weight: 9,
        token_type: "SECURE_ELEMENT",
        token_requestor_ids: &[(Visa, "40010043095")],
        devices: &[
            device("Galaxy S25 Ultra", "PHONE", "SamsungPay/Android/16", 45),
            device("Galaxy Z Flip7", "PHONE", "SamsungPay/Android/16", 30),
            device("Galaxy Watch8", "WATCH", "SamsungPay/WearOS/6", 25),
        ],
    },
    Wallet {
        name: "GarminPay",
        weight: 4,
        token_type: "SECURE_ELEMENT",
        token_requestor_ids: &[(Visa, "40010069887"), (Mastercard, "50183038325")],
        devices: &[
            device("Forerunner 970", "WATCH", "GarminPay/Connect/5.18", 60),
            device("Venu 4", "WATCH", "GarminPay/Connect/5.18", 40),
        ],
    },
    Wallet {
        name: "FitbitPay",
        weight: 2,
        token_type: "SECURE_ELEMENT",
        token_requestor_ids: &[(Visa, "40010077056"), (Mastercard, "50174158869")],
        devices: &[
            device("Versa 4", "WATCH", "FitbitPay/App/4.53", 55),
            device("Charge 6", "WATCH", "FitbitPay/App/4.53", 45),
        ],
    },
];

const fn issuer(
    name: &'static str,
    weight: u32,
    home: Country,
    bins: &'static [(&'static str, Network)],
    latency: (i64, f64),
    logs_every_stage: bool,
) -> Issuer {
    let (latency_median_millis, latency_sigma) = latency;
    Issuer { name, weight, home, bins, latency_median_millis, latency_sigma, logs_every_stage }
}

/// The issuers.
pub const ISSUERS: [Issuer; 12] = [
    issuer(
        "DEMO_Bank",
        22,
        country("US", -360),
        &[("424242", Visa), ("555555", Mastercard)],
        (1_050, 0.35),
        true,
    ),
    issuer("ACME_CU", 8, country("US", -300), &[("400005", Visa)], (1_450, 0.40), false),
    issuer("EXAMPLE_Savings", 12, country("GB", 0), &[("411111", Visa)], (820, 0.30), true),
    issuer("FICTIVE_Bank", 10, country("DE", 60), &[("510510", Mastercard)], (950, 0.30), true),
    issuer("UTOPIA_Bank", 8, country("FR", 60), &[("401288", Visa)], (1_120, 0.35), true),
    issuer("ATLANTIS_CU", 5, country("ES", 60), &[("545454", Mastercard)], (1_280, 0.40), false),
    issuer("ELDORADO_Card", 9, country("BR", -180), &[("520082", Mastercard)], (1_600, 0.45), true),
    issuer("AVALON_Card", 9, country("US", -480), &[("378282", Amex), ("371449", Amex)], (700, 0.25), true),
    issuer("SHANGRILA_Bank", 6, country("IN", 330), &[("222300", Mastercard)], (1_350, 0.45), true),
    issuer("NEVERLAND_CU", 4, country("CA", -300), &[("601111", Discover)], (1_180, 0.35), false),
    issuer("LAPUTA_Card", 5, country("JP", 540), &[("353011", Jcb)], (640, 0.25), true),
    issuer("CAMELOT_Bank", 4, country("AU", 600), &[("400000", Visa)], (1_240, 0.35), true),
];

/// Where devices are that are not at home, by weight.
pub const ABROAD: [(Country, u32); 8] = [
    (country("MX", -360), 3),
    (country("IT", 60), 3),
    (country("PT", 0), 2),
    (country("AE", 240), 2),
    (country("SG", 480), 2),
    (country("TH", 420), 2),
    (country("US", -300), 4),
    (country("GB", 0), 3),
];

/// The ways a card comes into a wallet, by weight.
pub const CHANNELS: [(&str, u32); 5] = [
    ("MANUAL_PROVISION", 45),
    ("PUSH_PROVISION", 30),
    ("ACCOUNT_ON_FILE", 17),
    ("CONTACTLESS_TAP", 5),
    ("CHIP_DIP", 3),
];

/// The step-up methods.
pub const STEP_UP_METHODS: [StepUpMethod; 4] = [
    StepUpMethod {
        name: "OTP_SMS",
        weight: 60,
        wait_median_millis: 28_000,
        wait_sigma: 0.6,
        vendors: &[("PINGPOST", 65), ("TEXTHAWK", 35)],
    },
    StepUpMethod {
        name: "OTP_EMAIL",
        weight: 18,
        wait_median_millis: 75_000,
        wait_sigma: 0.8,
        vendors: &[("MAILDOVE", 100)],
    },
    StepUpMethod {
        name: "APP_TO_APP",
        weight: 17,
        wait_median_millis: 14_000,
        wait_sigma: 0.5,
        vendors: &[("ISSUER_APP", 100)],
    },
    StepUpMethod {
        name: "CALL_CENTER",
        weight: 5,
        wait_median_millis: 1_500_000,
        wait_sigma: 0.9,
        vendors: &[("VOICEDESK", 100)],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_belong_to_one_issuer_and_look_like_their_network() {
        let mut seen = Vec::new();
        for (bin, network) in ISSUERS.iter().flat_map(|issuer| issuer.bins) {
            assert!(!seen.contains(bin), "{bin}");
            seen.push(bin);
            let first = match network {
                Visa => "4",
                Mastercard => {
                    if bin.starts_with('2') {
                        "22"
                    } else {
                        "5"
                    }
                }
                Amex => "37",
                Discover => "60",
                Jcb => "35",
            };
            assert!(bin.starts_with(first) && bin.len() == 6, "{bin}");
        }
    }

    #[test]
    fn token_requestor_ids_name_their_network() {
        for (network, id) in WALLETS.iter().flat_map(|wallet| wallet.token_requestor_ids) {
            let first = match network {
                Visa => "400",
                Mastercard => "501",
                _ => "300",
            };
            assert!(id.len() == 11 && id.starts_with(first), "{id}");
        }
    }
}
