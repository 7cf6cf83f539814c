//! What can go wrong in the world on command, and whom does it touch when?

use crate::world::{ISSUERS, Network, STEP_UP_METHODS};
use std::fmt;
use walletscope_model::time::Timestamp;

/// Something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// An issuer hardly answers: most of its attempts fail with ISSUER_TIMEOUT, the rest are slow.
    IssuerOutage {
        /// Name of the issuer.
        issuer: Box<str>,
    },
    /// A vendor delivers hardly any one-time password: its step-ups end in IDV_TIMEOUT or are abandoned.
    OtpVendorDown {
        /// Name of the vendor.
        vendor: Box<str>,
    },
    /// Somebody tries card numbers of one BIN from a few devices: more traffic, mostly CVC_MISMATCH.
    BinAttack {
        /// The BIN.
        bin: Box<str>,
    },
    /// A network's token service is slow: its attempts take four times as long, some fail with TSP_TIMEOUT.
    TspSlow {
        /// Name of the network.
        network: Box<str>,
    },
}

/// Why an incident cannot be switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentError {
    /// No issuer of this name.
    UnknownIssuer(Box<str>),
    /// No step-up vendor of this name.
    UnknownVendor(Box<str>),
    /// No issuer has this BIN.
    UnknownBin(Box<str>),
    /// No network of this name.
    UnknownNetwork(Box<str>),
    /// More than [`INCIDENTS_MAX`] incidents at once.
    TooMany,
}

/// How many incidents one generator remembers.
pub const INCIDENTS_MAX: usize = 64;

/// The incidents of one run, each from its start (included) to its end (not included).
#[derive(Default)]
pub struct Incidents(Vec<(Timestamp, Timestamp, Known)>);

/// An incident by positions in the tables of the world.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    IssuerOutage(usize),
    OtpVendorDown(&'static str),
    BinAttack(Target),
    TspSlow(Network),
}

/// The BIN under attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Position in [`ISSUERS`].
    pub issuer: usize,
    /// Position in the issuer's BINs.
    pub bin: usize,
}

impl Incidents {
    pub fn add(&mut self, incident: &Incident, from: Timestamp, to: Timestamp) -> Result<(), IncidentError> {
        if self.0.len() >= INCIDENTS_MAX {
            return Err(IncidentError::TooMany);
        }
        self.0.push((from, to, known(incident)?));
        Ok(())
    }

    pub fn issuer_is_out(&self, issuer: usize, at: Timestamp) -> bool {
        self.at(at).any(|known| known == Known::IssuerOutage(issuer))
    }

    pub fn vendor_is_down(&self, vendor: &str, at: Timestamp) -> bool {
        self.at(at).any(|known| matches!(known, Known::OtpVendorDown(down) if down == vendor))
    }

    pub fn tsp_is_slow(&self, network: Network, at: Timestamp) -> bool {
        self.at(at).any(|known| known == Known::TspSlow(network))
    }

    pub fn attacks(&self, at: Timestamp) -> impl Iterator<Item = Target> {
        self.at(at).filter_map(|known| if let Known::BinAttack(target) = known { Some(target) } else { None })
    }

    fn at(&self, at: Timestamp) -> impl Iterator<Item = Known> {
        self.0.iter().filter(move |(from, to, _)| *from <= at && at < *to).map(|incident| incident.2)
    }
}

fn known(incident: &Incident) -> Result<Known, IncidentError> {
    match incident {
        Incident::IssuerOutage { issuer } => ISSUERS
            .iter()
            .position(|row| row.name == &**issuer)
            .map(Known::IssuerOutage)
            .ok_or_else(|| IncidentError::UnknownIssuer(issuer.clone())),
        Incident::OtpVendorDown { vendor } => STEP_UP_METHODS
            .iter()
            .flat_map(|method| method.vendors)
            .find(|row| row.0 == &**vendor)
            .map(|row| Known::OtpVendorDown(row.0))
            .ok_or_else(|| IncidentError::UnknownVendor(vendor.clone())),
        Incident::BinAttack { bin } => target(bin).map(Known::BinAttack).ok_or_else(|| {
            // The digits of a refused BIN are not repeated: they may be a whole card number.
            IncidentError::UnknownBin(bin.chars().take(8).collect::<String>().into())
        }),
        Incident::TspSlow { network } => Network::ALL
            .into_iter()
            .find(|known| known.name() == &**network)
            .map(Known::TspSlow)
            .ok_or_else(|| IncidentError::UnknownNetwork(network.clone())),
    }
}

fn target(wanted: &str) -> Option<Target> {
    ISSUERS.iter().enumerate().find_map(|(issuer, row)| {
        row.bins.iter().position(|bin| bin.0 == wanted).map(|bin| Target { issuer, bin })
    })
}

impl fmt::Display for IncidentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer(name) => {
                write!(formatter, "no issuer of the generated world is named {name:?}")
            }
            Self::UnknownVendor(name) => {
                write!(formatter, "no step-up vendor of the generated world is named {name:?}")
            }
            Self::UnknownBin(bin) => {
                write!(formatter, "no issuer of the generated world has the BIN {bin:?}")
            }
            Self::UnknownNetwork(name) => {
                write!(formatter, "no network of the generated world is named {name:?}")
            }
            Self::TooMany => write!(formatter, "a generator takes at most {INCIDENTS_MAX} incidents"),
        }
    }
}

impl std::error::Error for IncidentError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_last_from_start_to_before_end_and_touch_only_their_own() {
        let mut incidents = Incidents::default();
        let (from, to) = (Timestamp(10), Timestamp(20));
        for incident in [
            Incident::IssuerOutage { issuer: "ACME_CU".into() },
            Incident::OtpVendorDown { vendor: "PINGPOST".into() },
            Incident::BinAttack { bin: "555555".into() },
            Incident::TspSlow { network: "VISA".into() },
        ] {
            incidents.add(&incident, from, to).unwrap();
        }
        for (micros, is_on) in [(9, false), (10, true), (19, true), (20, false)] {
            let at = Timestamp(micros);
            assert_eq!(incidents.issuer_is_out(1, at), is_on);
            assert_eq!(incidents.vendor_is_down("PINGPOST", at), is_on);
            assert_eq!(incidents.attacks(at).next().is_some(), is_on);
            assert_eq!(incidents.tsp_is_slow(Network::Visa, at), is_on);
            assert!(!incidents.issuer_is_out(0, at) && !incidents.vendor_is_down("TEXTHAWK", at));
            assert!(!incidents.tsp_is_slow(Network::Mastercard, at));
        }
        assert_eq!(incidents.attacks(from).next(), Some(Target { issuer: 0, bin: 1 }));
    }

    #[test]
    fn what_does_not_exist_is_refused_by_name() {
        let cases = [
            (
                Incident::IssuerOutage { issuer: "acme_cu".into() },
                IncidentError::UnknownIssuer("acme_cu".into()),
            ),
            (Incident::OtpVendorDown { vendor: "".into() }, IncidentError::UnknownVendor("".into())),
            (
                Incident::BinAttack { bin: "4242424242424242".into() },
                IncidentError::UnknownBin("42424242".into()),
            ),
            (Incident::TspSlow { network: "Visa".into() }, IncidentError::UnknownNetwork("Visa".into())),
        ];
        let mut incidents = Incidents::default();
        for (incident, expected) in cases {
            assert_eq!(incidents.add(&incident, Timestamp(0), Timestamp(1)), Err(expected));
        }
        let incident = Incident::IssuerOutage { issuer: "ACME_CU".into() };
        for _ in 0..INCIDENTS_MAX {
            incidents.add(&incident, Timestamp(0), Timestamp(1)).unwrap();
        }
        assert_eq!(incidents.add(&incident, Timestamp(0), Timestamp(1)), Err(IncidentError::TooMany));
    }
}
