//! What do the points of a series say: how many, which is the highest, when was it?

use super::{ABSENT, LabelFacts, LiveValue, Place, duration_text, number_text, time_text};

impl LiveValue {
    pub(super) fn render(self, facts: &LabelFacts<'_>) -> String {
        self.text(facts).unwrap_or_else(|| ABSENT.to_owned())
    }

    /// `None` if there is no point that it could be read from.
    fn text(self, facts: &LabelFacts<'_>) -> Option<String> {
        let points = facts.points;
        let sum: f64 = points.iter().map(|point| point.1).sum();
        let count = points.len();
        Some(match self {
            Self::Count => count.to_string(),
            Self::Sum => number_text((count > 0).then_some(sum)?),
            Self::Average => number_text((count > 0).then_some(sum / count as f64)?),
            Self::Value(place) => number_text(place.find(points)?.1),
            Self::Time(place) => time_text(place.find(points)?.0, facts.timezone_offset_minutes),
            Self::TimeRelative(place) => {
                duration_text(facts.now.saturating_sub(place.find(points)?.0).unsigned_abs())
            }
            Self::ValueRange(one, other) => number_text((other.find(points)?.1 - one.find(points)?.1).abs()),
            Self::TimeRange(one, other) => {
                let seconds = other.find(points)?.0.saturating_sub(one.find(points)?.0);
                duration_text(seconds.unsigned_abs())
            }
        })
    }
}

impl Place {
    fn find(self, points: &[(i64, f64)]) -> Option<(i64, f64)> {
        let older = |one: &(i64, f64), other: &(i64, f64)| one.0.cmp(&other.0);
        let lower = |one: &(i64, f64), other: &(i64, f64)| one.1.total_cmp(&other.1);
        let points = points.iter().copied();
        match self {
            Self::First => points.min_by(older),
            Self::Last => points.max_by(older),
            Self::Lowest => points.min_by(|one, other| lower(one, other).then(older(one, other))),
            Self::Highest => points.max_by(|one, other| lower(one, other).then(older(other, one))),
        }
    }
}
