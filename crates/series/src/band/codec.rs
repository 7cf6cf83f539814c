//! Which bytes hold a model?
//!
//! All numbers little-endian: version (1 byte), flags (1 byte: 1 relative, 2 not negative), period and time-zone offset
//! (i64 each), first and last second of training (i64 each), centre, size, grain, factors above and below (f64 each); the two
//! curves, each knots of the day and of the week (1 byte each) and its coefficients (f32 each); the number of spikes
//! (1 byte), each with slot (u16), change and deviation (f32 each). Nothing may follow.

use super::curve::Shape;
use super::model::{Curve, Model, Scale, Unit};
use super::spikes::{SPIKES_MAX, Spike};
use std::fmt;

/// The first byte.
pub const VERSION: u8 = 1;
/// No model has more bytes.
pub const ENCODED_LEN_MAX: usize = 2 + 9 * 8 + 2 * (2 + 4 * COEFFICIENTS_MAX) + 1 + 10 * SPIKES_MAX;
/// Coefficients of a curve.
const COEFFICIENTS_MAX: usize = 2 + 2 * KNOTS_MAX as usize;
/// Knots of a day or a week.
const KNOTS_MAX: u8 = 64;

const FLAG_RELATIVE: u8 = 1;
const FLAG_NON_NEGATIVE: u8 = 2;

/// Why bytes are no model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// A version that this code does not know, or none.
    Version(Option<u8>),
    /// They end too early.
    Truncated,
    /// So many bytes follow the model.
    TooLong(usize),
    /// What stands there, at this offset's end, is no such number.
    Invalid {
        /// Of the first byte behind it.
        offset: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(Some(version)) => write!(formatter, "band model of unknown version {version}"),
            Self::Version(None) => write!(formatter, "band model without a byte"),
            Self::Truncated => write!(formatter, "band model ends too early"),
            Self::TooLong(extra) => write!(formatter, "band model followed by {extra} bytes"),
            Self::Invalid { offset } => {
                write!(formatter, "band model with an impossible number before byte {offset}")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

impl Model {
    /// The model as bytes, at most [`ENCODED_LEN_MAX`].
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.flags()];
        for whole in [self.period_seconds, self.timezone_offset_seconds, self.trained.0, self.trained.1] {
            bytes.extend(whole.to_le_bytes());
        }
        for number in [self.unit.centre, self.unit.size, self.unit.grain, self.above, self.below] {
            bytes.extend(number.to_le_bytes());
        }
        for curve in [&self.level, &self.scatter] {
            bytes.extend([curve.shape.daily, curve.shape.weekly]);
            bytes.extend(curve.coefficients.iter().flat_map(|&value| (value as f32).to_le_bytes()));
        }
        bytes.push(self.spikes.len() as u8);
        for spike in &self.spikes {
            bytes.extend(spike.slot.to_le_bytes());
            bytes.extend((spike.change as f32).to_le_bytes());
            bytes.extend((spike.deviation as f32).to_le_bytes());
        }
        bytes
    }

    /// The model that [`Model::encode`] wrote.
    ///
    /// # Errors
    /// Bytes that it never wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some((&VERSION, _)) = bytes.split_first() else {
            return Err(DecodeError::Version(bytes.first().copied()));
        };
        let mut reader = Reader { bytes, offset: 1 };
        let flags = reader.byte()?;
        reader.check(flags <= (FLAG_RELATIVE | FLAG_NON_NEGATIVE))?;
        let period_seconds = reader.whole()?;
        reader.check(period_seconds > 0)?;
        let timezone_offset_seconds = reader.whole()?;
        let trained = (reader.whole()?, reader.whole()?);
        let unit = reader.unit(flags)?;
        let (above, below) = (reader.positive()?, reader.positive()?);
        let (level, scatter) = (reader.curve()?, reader.curve()?);
        let spikes = reader.spikes(unit.scale)?;
        let extra = bytes.len() - reader.offset;
        if extra > 0 {
            return Err(DecodeError::TooLong(extra));
        }
        let is_non_negative = flags & FLAG_NON_NEGATIVE != 0;
        Ok(Self {
            period_seconds,
            timezone_offset_seconds,
            trained,
            unit,
            is_non_negative,
            level,
            scatter,
            above,
            below,
            spikes,
        })
    }

    /// True if every number can be encoded and read again.
    pub(super) fn is_finite(&self) -> bool {
        let coefficients = self.level.coefficients.iter().chain(&self.scatter.coefficients);
        let spikes = self.spikes.iter().flat_map(|spike| [&spike.change, &spike.deviation]);
        let rest = [&self.unit.centre, &self.unit.size, &self.unit.grain, &self.above, &self.below];
        coefficients.chain(spikes).chain(rest).all(|number| number.is_finite())
    }

    fn flags(&self) -> u8 {
        let relative = if self.unit.scale == Scale::Relative { FLAG_RELATIVE } else { 0 };
        relative | if self.is_non_negative { FLAG_NON_NEGATIVE } else { 0 }
    }
}

struct Reader<'bytes> {
    bytes: &'bytes [u8],
    offset: usize,
}

impl Reader<'_> {
    fn take<const LEN: usize>(&mut self) -> Result<[u8; LEN], DecodeError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let taken = rest.first_chunk::<LEN>().copied().ok_or(DecodeError::Truncated)?;
        self.offset += LEN;
        Ok(taken)
    }

    /// Whether what was just read can be.
    fn check(&self, is_valid: bool) -> Result<(), DecodeError> {
        if is_valid { Ok(()) } else { Err(DecodeError::Invalid { offset: self.offset }) }
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn whole(&mut self) -> Result<i64, DecodeError> {
        self.take().map(i64::from_le_bytes)
    }

    fn number(&mut self) -> Result<f64, DecodeError> {
        let number = f64::from_le_bytes(self.take()?);
        self.check(number.is_finite()).map(|()| number)
    }

    fn short_number(&mut self) -> Result<f64, DecodeError> {
        let number = f32::from_le_bytes(self.take()?);
        self.check(number.is_finite()).map(|()| f64::from(number))
    }

    fn positive(&mut self) -> Result<f64, DecodeError> {
        let number = self.number()?;
        self.check(number > 0.0).map(|()| number)
    }

    fn unit(&mut self, flags: u8) -> Result<Unit, DecodeError> {
        let scale = if flags & FLAG_RELATIVE != 0 { Scale::Relative } else { Scale::Absolute };
        let (centre, size, grain) = (self.number()?, self.positive()?, self.number()?);
        self.check(grain >= 0.0)?;
        Ok(Unit { scale, centre, size, grain })
    }

    fn curve(&mut self) -> Result<Curve, DecodeError> {
        let shape = Shape { daily: self.byte()?, weekly: self.byte()? };
        self.check(shape.daily <= KNOTS_MAX && shape.weekly <= KNOTS_MAX)?;
        let coefficients = (0..shape.len()).map(|_| self.short_number()).collect::<Result<_, _>>()?;
        Ok(Curve { shape, coefficients })
    }

    fn spikes(&mut self, scale: Scale) -> Result<Vec<Spike>, DecodeError> {
        let count = usize::from(self.byte()?);
        self.check(count <= SPIKES_MAX)?;
        let mut spikes = Vec::<Spike>::with_capacity(count);
        for _ in 0..count {
            let slot = u16::from_le_bytes(self.take()?);
            self.check(spikes.last().is_none_or(|before| before.slot < slot))?;
            let (change, deviation) = (self.short_number()?, self.short_number()?);
            self.check(deviation >= 0.0 && (change > 0.0 || scale == Scale::Absolute))?;
            spikes.push(Spike { slot, change, deviation });
        }
        Ok(spikes)
    }
}
