//! What do clock and calendar say at the start of each bucket, in UTC?

use walletscope_language::metric_math::Function;

use super::{Grid, Series};

const DAY_SECONDS: i64 = 86_400;

/// A part of a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// From 1 for Monday to 7 for Sunday.
    Weekday,
    /// 1 to 31.
    Day,
    /// 1 to 12.
    Month,
    Year,
    /// Seconds since 1970.
    Epoch,
}

impl Field {
    pub fn of_function(function: Function) -> Option<Self> {
        match function {
            Function::Minute => Some(Self::Minute),
            Function::Hour => Some(Self::Hour),
            Function::Day => Some(Self::Weekday),
            Function::Date => Some(Self::Day),
            Function::Month => Some(Self::Month),
            Function::Year => Some(Self::Year),
            Function::Epoch => Some(Self::Epoch),
            _ => None,
        }
    }

    /// A series of the same period with a point in every bucket, whether the given one has points or not.
    pub fn of_buckets(self, series: Series, grid: Grid) -> Series {
        let points = grid.buckets(series.period_seconds).map(|time| (time, self.at(time) as f64));
        series.with_points(points)
    }

    /// At a time in seconds since the epoch.
    pub fn at(self, time: i64) -> i64 {
        let day = time.div_euclid(DAY_SECONDS);
        match self {
            Self::Minute => time.div_euclid(60).rem_euclid(60),
            Self::Hour => time.div_euclid(3_600).rem_euclid(24),
            // The epoch was a Thursday.
            Self::Weekday => (day + 3).rem_euclid(7) + 1,
            Self::Day => date(day).2,
            Self::Month => date(day).1,
            Self::Year => date(day).0,
            Self::Epoch => time,
        }
    }
}

/// Year, month and day of the month of a day since 1970-01-01, in the Gregorian calendar. Years are counted from
/// March, so that the leap day comes last; four centuries have 146,097 days.
fn date(day: i64) -> (i64, i64, i64) {
    const FOUR_CENTURIES_DAYS: i64 = 146_097;
    // 0000-03-01.
    let day = day + 719_468;
    let day_of_era = day.rem_euclid(FOUR_CENTURIES_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, twice and a bit.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = day.div_euclid(FOUR_CENTURIES_DAYS) * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}
