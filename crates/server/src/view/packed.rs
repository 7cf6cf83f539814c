//! How small is a row in memory, without losing a digit?
//!
//! Times are kept as 48-bit differences from the start, in microseconds: ±4.4 years. A row with a time beyond that is
//! kept whole beside the packed ones ([`Packed::of`] says so), so every number that comes out is the one that went in.

use walletscope_model::{Decision, Duration, Outcome, Reason, Timestamp};
use walletscope_stream::{Flags, NodeKey, Row, StageTimes};

/// A row in 96 bytes; as it comes, it is 144.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    started_at: i64,
    bin: u32,
    key: [u8; 16],
    codes: [u16; 9],
    last_four: u16,
    first_arrival: Micros48,
    /// The end, or while PENDING since when the cardholder is waited for.
    ended_or_waits: Micros48,
    activated_at: Micros48,
    processing_time: Micros48,
    cardholder_wait: Micros48,
    flags: u8,
    outcome: Outcome,
    stages: StageTimes,
    reason: Option<Reason>,
    decision: Option<Decision>,
    tries: u8,
}

/// A difference of times; the smallest number means none.
type Micros48 = [u8; 6];

const NONE: i64 = -(1 << 47);
const LAST_FOUR_NONE: u16 = u16::MAX;

impl Packed {
    /// The packed row; `None` where a time is too far from the start.
    pub fn of(row: &Row) -> Option<Self> {
        let since = |at: Timestamp| pack(at.since(row.started_at).0);
        let option = |at: Option<Timestamp>| at.map_or(Some(pack_none()), since);
        Some(Self {
            started_at: row.started_at.0,
            bin: row.bin,
            key: row.key.0,
            codes: [
                row.tenant,
                row.wallet,
                row.issuer,
                row.network,
                row.device,
                row.country,
                row.channel,
                row.reason_code,
                row.vendor,
            ],
            last_four: row.last_four.unwrap_or(LAST_FOUR_NONE),
            first_arrival: since(row.first_arrival)?,
            ended_or_waits: option(row.ended_at.or(row.waits_since))?,
            activated_at: option(row.activated_at)?,
            processing_time: row.processing_time.map_or(Some(pack_none()), |time| pack(time.0))?,
            cardholder_wait: pack(row.cardholder_wait.0)?,
            flags: row.flags.bits(),
            outcome: row.outcome,
            stages: row.stages,
            reason: row.reason,
            decision: row.decision,
            tries: row.tries,
        })
    }

    /// The row. Inlined, so that a fold unpacks only what it reads.
    #[inline(always)]
    pub fn row(&self) -> Row {
        let at = |micros: Micros48| unpack(micros).map(|since| Timestamp(self.started_at + since));
        let is_pending = self.outcome == Outcome::Pending;
        let [tenant, wallet, issuer, network, device, country, channel, reason_code, vendor] = self.codes;
        Row {
            key: NodeKey(self.key),
            started_at: Timestamp(self.started_at),
            ended_at: at(self.ended_or_waits).filter(|_| !is_pending),
            waits_since: at(self.ended_or_waits).filter(|_| is_pending),
            activated_at: at(self.activated_at),
            first_arrival: at(self.first_arrival).unwrap_or_default(),
            processing_time: unpack(self.processing_time).map(Duration),
            cardholder_wait: Duration(unpack(self.cardholder_wait).unwrap_or_default()),
            tenant,
            wallet,
            issuer,
            network,
            device,
            country,
            channel,
            reason_code,
            vendor,
            bin: self.bin,
            last_four: (self.last_four != LAST_FOUR_NONE).then_some(self.last_four),
            outcome: self.outcome,
            stages: self.stages,
            reason: self.reason,
            decision: self.decision,
            tries: self.tries,
            flags: Flags::from_bits(self.flags),
        }
    }

    /// How the attempt stands.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// When the attempt started.
    pub fn started_at(&self) -> Timestamp {
        Timestamp(self.started_at)
    }

    /// The attempt.
    pub fn key(&self) -> NodeKey {
        NodeKey(self.key)
    }
}

fn pack(micros: i64) -> Option<Micros48> {
    let bytes = micros.to_le_bytes();
    let fits = (NONE + 1..=-(NONE + 1)).contains(&micros);
    fits.then(|| [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]])
}

fn pack_none() -> Micros48 {
    let bytes = NONE.to_le_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]]
}

#[inline]
fn unpack(bytes: Micros48) -> Option<i64> {
    let [a, b, c, d, e, f] = bytes;
    // The sign is the top bit of 48: shifted up and down again it fills the rest.
    let micros = i64::from_le_bytes([0, 0, a, b, c, d, e, f]) >> 16;
    (micros != NONE).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::Stage;

    fn legs() -> StageTimes {
        let mut stage_at = [None; Stage::COUNT];
        stage_at[Stage::Started as usize] = Some(Timestamp(0));
        stage_at[Stage::Provisioned as usize] = Some(Timestamp(1_245_000));
        StageTimes::of(&stage_at)
    }

    fn row() -> Row {
        Row {
            key: NodeKey([7; 16]),
            started_at: Timestamp(1_763_856_000_123_456),
            ended_at: Some(Timestamp(1_763_856_001_368_456)),
            waits_since: None,
            activated_at: None,
            first_arrival: Timestamp(1_763_855_999_000_001),
            processing_time: Some(Duration(1_245_000)),
            cardholder_wait: Duration(0),
            tenant: 1,
            wallet: 2,
            issuer: 3,
            network: 4,
            device: 5,
            country: 6,
            channel: 7,
            reason_code: 8,
            vendor: 9,
            bin: 42_424_242,
            last_four: Some(4_242),
            outcome: Outcome::Success,
            stages: legs(),
            reason: None,
            decision: Some(Decision::Yellow),
            tries: 3,
            flags: Flags { decided: true, settled: true, abandoned_at_step_up: true, ..Flags::default() },
        }
    }

    #[test]
    fn a_row_comes_out_as_it_went_in() {
        let usual = row();
        let month = Duration::from_seconds(31 * 86_400);
        for row in [
            usual,
            Row { activated_at: Some(usual.started_at.plus(month)), reason: Some(Reason::Unknown), ..usual },
            Row { ended_at: Some(usual.started_at.plus(Duration(-1))), last_four: None, ..usual },
            Row { ended_at: None, processing_time: None, cardholder_wait: month, ..usual },
            Row { processing_time: Some(Duration((1 << 47) - 1)), last_four: Some(0), ..usual },
            Row { outcome: Outcome::Pending, ended_at: None, waits_since: usual.ended_at, ..usual },
            Row { outcome: Outcome::Pending, ended_at: None, ..usual },
        ] {
            assert_eq!(Packed::of(&row).map(|packed| packed.row()), Some(row));
        }
        assert!(size_of::<Packed>() <= 96, "{}", size_of::<Packed>());
    }

    #[test]
    fn times_beyond_reach_are_refused() {
        for row in [
            Row { ended_at: Some(Timestamp(0)), ..row() },
            Row { processing_time: Some(Duration(1 << 47)), ..row() },
            Row { first_arrival: Timestamp(i64::MAX), ..row() },
        ] {
            assert!(Packed::of(&row).is_none());
        }
    }
}
