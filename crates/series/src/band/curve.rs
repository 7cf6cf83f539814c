//! Which smooth curve over the week has these coefficients?
//!
//! A curve is a constant, a multiple of one covariate given from outside, a shape of the day and a shape of the week
//! on top of it, both closed cubic B-splines with equally spaced knots. A row names the coefficients that matter at
//! one moment, ten at most, so that fitting touches no others.

/// Seconds of a day.
pub(super) const DAY_SECONDS: i64 = 86_400;
/// Seconds of a week.
pub(super) const WEEK_SECONDS: i64 = 7 * DAY_SECONDS;
/// The epoch was a Thursday; with this the week begins on Monday.
const EPOCH_WEEKDAY_SECONDS: i64 = 3 * DAY_SECONDS;

/// The first column: the constant.
pub(super) const CONSTANT: usize = 0;
/// The second column: the covariate.
pub(super) const COVARIATE: usize = 1;
/// Where the knots of the day begin.
pub(super) const FIRST_KNOT: usize = 2;
/// Columns that one moment touches.
const TOUCHED: usize = FIRST_KNOT + 2 * SPLINE;
/// Knots that a cubic spline touches at a moment.
const SPLINE: usize = 4;

/// How finely a curve can follow the day and the week; zero knots leave a part out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Knots of the day.
    pub(super) daily: u8,
    /// Knots of the week.
    pub(super) weekly: u8,
}

/// The columns that one moment touches and their values; unused places have value zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) columns: [u16; TOUCHED],
    pub(super) values: [f64; TOUCHED],
}

impl Shape {
    /// At most so many knots, and no more than a day and a week have points.
    pub(super) fn fitting(daily: u8, weekly: u8, period_seconds: i64) -> Self {
        let at_most =
            |knots: u8, cycle: i64| (cycle / period_seconds).clamp(1, i64::from(knots).max(1)) as u8;
        Self {
            daily: if daily == 0 { 0 } else { at_most(daily, DAY_SECONDS) },
            weekly: if weekly == 0 { 0 } else { at_most(weekly, WEEK_SECONDS) },
        }
    }

    /// How many coefficients a curve has.
    pub(super) fn len(self) -> usize {
        FIRST_KNOT + usize::from(self.daily) + usize::from(self.weekly)
    }

    /// Where the knots of the week begin.
    pub(super) fn first_weekly(self) -> usize {
        FIRST_KNOT + usize::from(self.daily)
    }

    /// What matters at `local`, in seconds of local time since the epoch.
    pub(super) fn row(self, local: i64, covariate: f64) -> Row {
        let mut row = Row { columns: [0; TOUCHED], values: [0.0; TOUCHED] };
        row.columns[COVARIATE] = COVARIATE as u16;
        row.values[CONSTANT] = 1.0;
        row.values[COVARIATE] = covariate;
        let (day, week) = row_parts(&mut row);
        spline(day, share_of(local, DAY_SECONDS), self.daily, FIRST_KNOT);
        let since_monday = local.saturating_add(EPOCH_WEEKDAY_SECONDS);
        spline(week, share_of(since_monday, WEEK_SECONDS), self.weekly, self.first_weekly());
        row
    }
}

impl Row {
    /// Column and value of each place.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.columns.iter().zip(&self.values).map(|(&column, &value)| (usize::from(column), value))
    }

    /// The curve's value with these coefficients, as many as the shape has.
    pub(super) fn dot(&self, coefficients: &[f64]) -> f64 {
        self.entries().map(|(column, value)| value * coefficients[column]).sum()
    }

    /// The same moment with another covariate.
    pub(super) fn set_covariate(&mut self, covariate: f64) {
        self.values[COVARIATE] = covariate;
    }
}

/// One spline's places in a row.
type Places<'row> = (&'row mut [u16], &'row mut [f64]);

fn row_parts(row: &mut Row) -> (Places<'_>, Places<'_>) {
    let (day_columns, week_columns) = row.columns[FIRST_KNOT..].split_at_mut(SPLINE);
    let (day_values, week_values) = row.values[FIRST_KNOT..].split_at_mut(SPLINE);
    ((day_columns, day_values), (week_columns, week_values))
}

/// How far `local` is into its cycle, from 0 to below 1.
fn share_of(local: i64, cycle: i64) -> f64 {
    local.rem_euclid(cycle) as f64 / cycle as f64
}

/// The uniform cubic B-spline: smooth to the second derivative, and its four weights sum to one. With fewer than four
/// knots a knot is met more than once, which sums up to what it should be.
fn spline(places: Places<'_>, share: f64, knots: u8, first: usize) {
    if knots == 0 {
        return;
    }
    let position = share * f64::from(knots);
    let knot = position as usize;
    let t = position - knot as f64;
    let weights = [
        (1.0 - t).powi(3) / 6.0,
        (3.0 * t.powi(3) - 6.0 * t.powi(2) + 4.0) / 6.0,
        (-3.0 * t.powi(3) + 3.0 * t.powi(2) + 3.0 * t + 1.0) / 6.0,
        t.powi(3) / 6.0,
    ];
    let knots = usize::from(knots);
    for (place, weight) in weights.into_iter().enumerate() {
        places.0[place] = (first + (knot + place + knots - 1) % knots) as u16;
        places.1[place] = weight;
    }
}
