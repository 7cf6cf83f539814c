//! By which columns can attempts be told apart?
//!
//! A column gives each row a number, 0 where it has no value, and a number its value as a filter takes it.

use walletscope_model::{Decision, FailureClass, Outcome, Owner, Reason};
use walletscope_stream::{Dictionary, Dimension, Row};

use super::coverage::Coverage;
use super::error::ApiError;
use super::query::{Query, bad_value};

/// A column to break down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Values of the dictionary.
    Coded(Dimension),
    /// The reason it was taken for.
    Reason,
    /// The class of a failure.
    Class,
    /// Who can mend a failure.
    Owner,
    /// The final decision's colour.
    Decision,
    /// One of four.
    Outcome,
    /// First digits of the card number.
    Bin,
}

const COLUMNS: [(&str, Column); 13] = [
    ("wallet", Column::Coded(Dimension::Wallet)),
    ("issuer", Column::Coded(Dimension::Issuer)),
    ("network", Column::Coded(Dimension::Network)),
    ("device", Column::Coded(Dimension::Device)),
    ("country", Column::Coded(Dimension::Country)),
    ("channel", Column::Coded(Dimension::Channel)),
    ("vendor", Column::Coded(Dimension::Vendor)),
    ("reason", Column::Reason),
    ("class", Column::Class),
    ("owner", Column::Owner),
    ("decision", Column::Decision),
    ("outcome", Column::Outcome),
    ("bin", Column::Bin),
];

impl Column {
    /// The column that `by` names, and its name.
    ///
    /// # Errors
    /// It is missing or means nothing.
    pub fn read(query: &Query) -> Result<(&'static str, Self), ApiError> {
        let names = COLUMNS.map(|(name, _)| name);
        let by = query.word("by", &names)?.ok_or_else(|| bad_value("by", "", &names.join(", ")))?;
        COLUMNS
            .into_iter()
            .find(|(name, _)| *name == by)
            .ok_or_else(|| bad_value("by", by, &names.join(", ")))
    }

    /// The dimension by which stored hours, which know no other, tell it apart; `None` where no hours are asked.
    ///
    /// # Errors
    /// Hours are asked and do not know the column.
    pub fn of_hours(self, coverage: &Coverage) -> Result<Option<Dimension>, ApiError> {
        match self {
            Self::Coded(dimension @ (Dimension::Wallet | Dimension::Issuer)) => Ok(Some(dimension)),
            _ if !coverage.has_hours() => Ok(None),
            _ => Err(ApiError::NotKept {
                reason: "only wallet and issuer can be broken down over ranges that begin over 31 days ago"
                    .to_owned(),
            }),
        }
    }

    /// A number for the row's value; 0 for none.
    pub fn number(self, row: &Row) -> u32 {
        match self {
            Self::Coded(Dimension::Wallet) => u32::from(row.wallet),
            Self::Coded(Dimension::Issuer) => u32::from(row.issuer),
            Self::Coded(Dimension::Network) => u32::from(row.network),
            Self::Coded(Dimension::Device) => u32::from(row.device),
            Self::Coded(Dimension::Country) => u32::from(row.country),
            Self::Coded(Dimension::Vendor) => u32::from(row.vendor),
            Self::Coded(_) => u32::from(row.channel),
            Self::Reason => row.reason.map_or(0, |reason| reason as u32 + 1),
            Self::Class => row.failure_class().map_or(0, |class| class as u32 + 1),
            Self::Owner => row.failure_owner().map_or(0, |owner| owner as u32 + 1),
            Self::Decision => row.decision.map_or(0, |decision| decision as u32 + 1),
            Self::Outcome => row.outcome as u32 + 1,
            Self::Bin => row.bin,
        }
    }

    /// The value of a number; `None` for 0.
    pub fn value(self, number: u32, dictionary: &Dictionary) -> Option<String> {
        let place = (number as usize).checked_sub(1)?;
        match self {
            Self::Coded(dimension) => {
                let code = u16::try_from(number).ok()?;
                dictionary.value(dimension, code).map(str::to_owned)
            }
            Self::Reason => Reason::all().nth(place).map(|reason| reason.code().to_owned()),
            Self::Class => FailureClass::ALL.get(place).map(|class| class.name().to_owned()),
            Self::Owner => Owner::ALL.get(place).map(|owner| owner.name().to_owned()),
            Self::Decision => Decision::ALL.get(place).map(|decision| decision.name().to_owned()),
            Self::Outcome => Outcome::ALL.get(place).map(|outcome| outcome.name().to_owned()),
            Self::Bin => Some(format!("{number:06}")),
        }
    }

    /// The words for people, where they differ from the value.
    pub fn words(self, number: u32) -> Option<&'static str> {
        let place = (number as usize).checked_sub(1)?;
        if self == Self::Reason { Reason::all().nth(place).map(Reason::words) } else { None }
    }
}
