//! What would this series normally say at this moment, and how far off is still normal?
//!
//! [`train`] learns a [`Model`] from the points of some days: level, trend, the shape of the day, what each day of the
//! week changes in it, and how wide the values scatter at each time of the week. A model is a plain value of some
//! hundred bytes ([`Model::encode`]) that answers for any moment; it is never updated in place, since training anew
//! takes milliseconds and depends on nothing but the points. What it learns and how well is told in
//! `docs/formats/anomaly-bands.md`. It knows nothing of alarms but the figures in [`SUGGESTED`].

mod calibrate;
mod codec;
mod curve;
mod history;
mod incidents;
mod least_squares;
mod level;
mod model;
mod scatter;
mod spikes;
mod train;

#[cfg(test)]
mod tests;

pub use codec::{DecodeError, ENCODED_LEN_MAX, VERSION};
pub use history::{HISTORY_SECONDS_MAX, POINTS_MAX, POINTS_MIN, SPAN_SECONDS_MIN};
pub use model::{Band, Model};
pub use train::{Training, train};

/// An alarm on a band: so many of the newest points outside, by so many deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suggestion {
    /// Length of a point in seconds.
    pub period_seconds: i64,
    /// How many points have to be outside; "datapoints to alarm".
    pub points_outside: usize,
    /// Of how many; "evaluation periods".
    pub points: usize,
    /// Half the height of the band in deviations.
    pub deviations: f64,
}

/// The alarm to propose for a band on 5-minute points. Two points must be outside, since an incident is to be found
/// within ten minutes and one point outside is chance: at three deviations one point in 370 is. Of three rather than
/// of two, because it costs next to nothing in false alarms and an incident that flickers stays one alarm. It is false
/// less than once in five months; at the default of two deviations 2 of 3 points are outside about fifteen times a
/// month, and only 3 of 3, which need a quarter of an hour, are outside less than once.
pub const SUGGESTED: Suggestion =
    Suggestion { period_seconds: 300, points_outside: 2, points: 3, deviations: 3.0 };
