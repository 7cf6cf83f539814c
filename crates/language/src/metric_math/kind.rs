//! What sort of value is it: a number, a time series, several of them?

use std::fmt;

/// The sorts of values, in AWS's abbreviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `S`, one number.
    Scalar = 1,
    /// `TS`, one time series.
    Series = 2,
    /// `TS[]`, an ordered list of time series.
    Array = 4,
}

/// The sorts that a value may be of, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kind {
    /// From the simplest to the most complex.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::Series, Self::Array];
}

impl Kinds {
    /// No sort at all: nothing fits.
    pub const NONE: Self = Self(0);
    /// One number.
    pub const SCALAR: Self = Self(Kind::Scalar as u8);
    /// One time series, as a metric is.
    pub const SERIES: Self = Self(Kind::Series as u8);
    /// A list of time series.
    pub const ARRAY: Self = Self(Kind::Array as u8);
    /// What an expression may yield, hence what an id may be.
    pub const SERIES_OR_ARRAY: Self = Self(Kind::Series as u8 | Kind::Array as u8);

    /// Whether a value may be of this sort.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & kind as u8 != 0
    }

    /// The sorts, from the simplest to the most complex.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }

    /// The sorts of both.
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What comes out, if `result` tells it of values whose sorts are known, and `arguments` are known as far as they
    /// are. Sorts that do not fit together yield nothing; [`Kinds::NONE`] if none fit.
    pub(crate) fn of_result(arguments: &[Self], result: &dyn Fn(&[Kind]) -> Option<Kind>) -> Self {
        fn combine(known: &mut Vec<Kind>, open: &[Kinds], result: &dyn Fn(&[Kind]) -> Option<Kind>) -> Kinds {
            let Some((next, open)) = open.split_first() else {
                return result(known).map_or(Kinds::NONE, Kinds::from);
            };
            next.iter().fold(Kinds::NONE, |found, kind| {
                known.push(kind);
                let found = found.or(combine(known, open, result));
                known.pop();
                found
            })
        }
        combine(&mut Vec::with_capacity(arguments.len()), arguments, result)
    }
}

impl From<Kind> for Kinds {
    fn from(kind: Kind) -> Self {
        Self(kind as u8)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scalar => "S",
            Self::Series => "TS",
            Self::Array => "TS[]",
        })
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, kind) in self.iter().enumerate() {
            write!(formatter, "{}{kind}", if index == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}
