//! Which stages was an attempt seen at, and how long did it take from each to the next?
//!
//! Percentiles need no exact times, only the sketch's bin of each, so a leg is kept in twelve bits: millions of rows
//! hold every leg, and a sketch of them is the one that the exact times would have made.

use walletscope_model::{Duration, Stage, Timestamp};
use walletscope_series::sketch::{BIN_COUNT, bin_of, representative};

/// The legs of an attempt. Every attempt has started, so that stage has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes([u8; Self::BYTES]);

/// How an attempt came to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// It was not seen there.
    Unseen,
    /// No earlier stage was seen, or nothing tells when it was there.
    First,
    /// By the sources' clocks it was there before the stage that comes first.
    Backwards,
    /// So long after the stage seen before: what stands for every duration of the sketch's bin.
    After(Duration),
}

const UNSEEN: u16 = 0;
const FIRST: u16 = 1;
const BACKWARDS: u16 = 2;
/// Bin 0 is written so; the others follow.
const BIN_ZERO: u16 = 3;
const BITS: usize = 12;
const _: () = assert!(BIN_COUNT + BIN_ZERO as usize <= 1 << BITS);

impl StageTimes {
    /// Bytes that it takes wherever it is kept.
    pub const BYTES: usize = (Stage::COUNT - 1) * BITS / 8;

    /// The legs between the earliest times of the stages.
    pub fn of(stage_at: &[Option<Timestamp>; Stage::COUNT]) -> Self {
        let mut times = Self::default();
        let mut before = stage_at[Stage::Started as usize];
        for stage in Stage::ALL.into_iter().skip(1) {
            let Some(at) = stage_at[stage as usize] else { continue };
            let code = match before.map(|before| at.since(before).0) {
                None => FIRST,
                Some(..0) => BACKWARDS,
                Some(micros) => BIN_ZERO + bin_of(micros).unsigned_abs(),
            };
            times.put(stage, code);
            before = Some(at);
        }
        times
    }

    /// The same, with `stage` reached at an unknown time where it was not seen: no leg begins or ends there.
    pub fn reached(mut self, stage: Stage) -> Self {
        if !self.has(stage) {
            self.put(stage, FIRST);
        }
        self
    }

    /// How it came to a stage; `First` for the start.
    pub fn leg(self, stage: Stage) -> Leg {
        match self.code(stage) {
            UNSEEN => Leg::Unseen,
            FIRST => Leg::First,
            BACKWARDS => Leg::Backwards,
            code => Leg::After(Duration(representative((code - BIN_ZERO).cast_signed()))),
        }
    }

    /// Whether it was seen there; always so of the start.
    pub fn has(self, stage: Stage) -> bool {
        self.code(stage) != UNSEEN
    }

    /// The furthest stage.
    pub fn furthest(self) -> Stage {
        Stage::ALL.into_iter().rev().find(|stage| self.has(*stage)).unwrap_or(Stage::Started)
    }

    /// As it is kept.
    pub fn bytes(self) -> [u8; Self::BYTES] {
        self.0
    }

    /// From what was kept; `None` for bytes that nothing was kept as.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Option<Self> {
        let times = Self(bytes);
        let is_known = |stage: &Stage| usize::from(times.code(*stage)) < BIN_COUNT + usize::from(BIN_ZERO);
        Stage::ALL.iter().all(is_known).then_some(times)
    }

    fn code(self, stage: Stage) -> u16 {
        let Some(place) = (stage as usize).checked_sub(1) else { return FIRST };
        let [low, high] = [self.0[place / 2 * 3 + place % 2], self.0[place / 2 * 3 + place % 2 + 1]];
        if place.is_multiple_of(2) {
            u16::from(low) | u16::from(high & 15) << 8
        } else {
            u16::from(low >> 4) | u16::from(high) << 4
        }
    }

    fn put(&mut self, stage: Stage, code: u16) {
        let Some(place) = (stage as usize).checked_sub(1) else { return };
        let [low, high] = code.to_le_bytes();
        let pair = &mut self.0[place / 2 * 3..place / 2 * 3 + 3];
        if place.is_multiple_of(2) {
            pair[0] = low;
            pair[1] = pair[1] & 0xf0 | high;
        } else {
            pair[1] = pair[1] & 0x0f | low << 4;
            pair[2] = low >> 4 | high << 4;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seconds: [Option<f64>; Stage::COUNT]) -> StageTimes {
        StageTimes::of(&seconds.map(|at| at.map(|at| Timestamp((at * 1e6) as i64))))
    }

    #[test]
    fn every_leg_stands_for_itself() {
        let seen = [Some(1.0), Some(1.0), None, Some(3.5), Some(2.0), None, Some(1e9), None, Some(1e9)];
        let legs = times(seen);
        let after = |micros: i64| Leg::After(Duration(representative(bin_of(micros))));
        let expected = [
            Leg::First,
            after(0),
            Leg::Unseen,
            after(2_500_000),
            Leg::Backwards,
            Leg::Unseen,
            after(999_999_998_000_000),
            Leg::Unseen,
            after(0),
        ];
        assert_eq!(Stage::ALL.map(|stage| legs.leg(stage)), expected);
        assert_eq!(legs.furthest(), Stage::FirstTap);
        assert_eq!(StageTimes::from_bytes(legs.bytes()), Some(legs));
    }

    #[test]
    fn what_comes_first_has_no_leg() {
        let legs = times([None, None, Some(5.0), None, None, None, Some(7.0), None, None]);
        assert_eq!(legs.leg(Stage::Decided), Leg::First);
        assert!(matches!(legs.leg(Stage::Provisioned), Leg::After(_)));
        assert_eq!(StageTimes::default().furthest(), Stage::Started);
        assert_eq!(StageTimes::from_bytes([0xff; StageTimes::BYTES]), None);
    }

    #[test]
    fn the_longest_leg_fits() {
        let mut stage_at = [None; Stage::COUNT];
        stage_at[0] = Some(Timestamp(0));
        stage_at[8] = Some(Timestamp(i64::MAX));
        assert!(matches!(StageTimes::of(&stage_at).leg(Stage::FirstTap), Leg::After(_)));
    }
}
