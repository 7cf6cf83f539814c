//! Which series does a metric belong to, what is it called, and which series come first?

use std::cmp::Ordering;
use std::fmt;

use super::{Direction, Query, SERIES_MAX, Select};
use crate::metric_identity::MetricIdentity;

/// What a metric has as one label of `GROUP BY`. Sorts as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupValue<'a> {
    /// The dimension's value.
    Known(&'a str),
    /// The metric has no such dimension.
    Other,
}

impl Query {
    /// The group of a metric: one value for each label of `GROUP BY`, in its order. All metrics of a query without
    /// `GROUP BY` are one group, whose values are none.
    pub fn group_of<'a>(&self, metric: &MetricIdentity<'a>) -> Vec<GroupValue<'a>> {
        let value = |label: &str| metric.dimension(label).map_or(GroupValue::Other, GroupValue::Known);
        self.group_by.iter().map(|label| value(label)).collect()
    }

    /// The label of a group's series: its values with blanks between them. Without `GROUP BY` it is the metric's name, and
    /// where there is arithmetic, its text. AWS's guide does not say how labels are written.
    pub fn label_of(&self, group: &[GroupValue<'_>]) -> String {
        match &self.select {
            _ if !group.is_empty() => {
                let values: Vec<&str> = group.iter().map(GroupValue::text).collect();
                values.join(" ")
            }
            Select::Call(call) => call.metric.to_string(),
            select => select.to_string(),
        }
    }

    /// Which series are answered, and in which order, as places in `series`: groups or labels, and what the function of
    /// `ORDER BY` makes of their points ([`Function::scalar`](super::Function::scalar)).
    ///
    /// Without `ORDER BY` they come in the order of groups. With it, those that are equal come in the order of groups, and
    /// those without a point last, whichever the direction. At most `LIMIT`, and never more than [`SERIES_MAX`].
    pub fn answered<G: Ord>(&self, series: &[(G, Option<f64>)]) -> Vec<usize> {
        let mut places: Vec<usize> = (0..series.len()).collect();
        places.sort_by(|&one, &other| {
            let by_value = self
                .order
                .map_or(Ordering::Equal, |order| compare(series[one].1, series[other].1, order.direction));
            by_value.then_with(|| series[one].0.cmp(&series[other].0))
        });
        places.truncate(self.limit.map_or(SERIES_MAX, usize::from));
        places
    }
}

fn compare(one: Option<f64>, other: Option<f64>, direction: Direction) -> Ordering {
    match (one, other, direction) {
        (Some(one), Some(other), Direction::Ascending) => one.total_cmp(&other),
        (Some(one), Some(other), Direction::Descending) => other.total_cmp(&one),
        _ => one.is_none().cmp(&other.is_none()),
    }
}

impl<'a> GroupValue<'a> {
    /// As it stands in labels.
    pub fn text(&self) -> &'a str {
        match self {
            Self::Known(value) => value,
            Self::Other => "Other",
        }
    }
}

impl Ord for GroupValue<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |value: &Self| *value == Self::Other;
        self.text().cmp(other.text()).then_with(|| key(self).cmp(&key(other)))
    }
}

impl PartialOrd for GroupValue<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for GroupValue<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}
