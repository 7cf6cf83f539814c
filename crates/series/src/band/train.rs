//! How does a history become a model?
//!
//! Level and scatter are found in turns, since each is needed to weigh the points for the other; then the scatter is
//! held against the points once more, side by side, and spikes are looked for if there are any. Nothing here is random
//! and all sums run in the order of the points: on one machine the same points give the same model, bit for bit.

use super::calibrate::{self, Residuals};
use super::curve::{Row, Shape, WEEK_SECONDS};
use super::history::History;
use super::incidents;
use super::level::{self, Sample};
use super::model::{Curve, Model, Unit};
use super::scatter;
use super::spikes::{self, Observation, Spike};
use std::ops::Range;

/// Turns of level and scatter.
const TURNS: usize = 4;

/// How points are to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Training {
    /// Length of a point in seconds, above zero.
    pub period_seconds: i64,
    /// What is added to a moment to get the local time that day and week follow, in seconds.
    pub timezone_offset_seconds: i64,
    /// Epoch seconds whose points are not to be learnt from: incidents, releases, holidays.
    pub excluded: Vec<Range<i64>>,
    /// Narrow spikes that come at the same times each day are normal.
    pub has_periodic_spikes: bool,
    /// A period without a point between the first and the last stands for zero; otherwise nothing is known of it.
    pub missing_is_zero: bool,
}

/// What `points` (epoch seconds of the start and value, in any order) normally say. `None` if too little is left of
/// them: fewer than [`super::POINTS_MIN`], or a stretch shorter than [`super::SPAN_SECONDS_MIN`]; also if the period is
/// not above zero, or values are so large that their squares have no number. Values that are no numbers are left out.
pub fn train(points: &[(i64, f64)], training: &Training) -> Option<Model> {
    let history = History::of(points, training)?;
    let mut fit = Fit::start(&history, training)?;
    for _ in 0..TURNS {
        fit.take_turn()?;
    }
    let (above, below) = calibrate::factors(Residuals {
        points: &fit.counting(),
        coefficients: fit.coefficients.len(),
        weeks: history.knows_weeks().then(|| history.span_seconds as f64 / WEEK_SECONDS as f64),
    });
    let model = Model {
        period_seconds: training.period_seconds,
        timezone_offset_seconds: training.timezone_offset_seconds,
        trained: (history.points.first()?.0, history.last_at()),
        unit: fit.unit,
        is_non_negative: history.is_non_negative,
        level: rounded(fit.shape, &fit.coefficients),
        scatter: rounded(fit.scatter_shape, &fit.scatter_coefficients),
        above,
        below,
        spikes: fit.spikes(),
    };
    model.is_finite().then_some(model)
}

/// Where the turns stand. What is said of each sample is in the order of the samples.
struct Fit<'training> {
    training: &'training Training,
    unit: Unit,
    samples: Vec<Sample>,
    /// Local seconds of the samples.
    locals: Vec<i64>,
    shape: Shape,
    prior: Vec<f64>,
    coefficients: Vec<f64>,
    /// The level's curve at each sample.
    curve: Vec<f64>,
    scatter_shape: Shape,
    scatter_coefficients: Vec<f64>,
    /// The scatter's row of each sample.
    rows: Vec<Row>,
    /// One deviation at each sample.
    deviation: Vec<f64>,
    /// How many deviations off each sample is.
    deviations: Vec<f64>,
    /// Samples that nothing is learnt from: incidents and spikes.
    is_aside: Vec<bool>,
}

impl<'training> Fit<'training> {
    /// The coarse level and one dispersion for all.
    fn start(history: &History, training: &'training Training) -> Option<Self> {
        let unit = level::unit_of(history);
        let shape = level::shape_of(history, training);
        let weekly = if history.knows_weeks() { scatter::KNOTS.1 } else { 0 };
        let scatter_shape = Shape::fitting(scatter::KNOTS.0, weekly, training.period_seconds);
        let local = |point: &(i64, f64)| point.0.saturating_add(training.timezone_offset_seconds);
        let locals: Vec<i64> = history.points.iter().map(local).collect();
        let count = locals.len();
        let mut fit = Self {
            training,
            unit,
            samples: level::samples(history, training, unit, shape),
            shape,
            prior: level::precisions(shape, history),
            coefficients: Vec::new(),
            curve: level::coarse(history, training, unit)?,
            scatter_shape,
            scatter_coefficients: Vec::new(),
            rows: locals.iter().map(|&local| scatter_shape.row(local, 0.0)).collect(),
            deviation: Vec::new(),
            deviations: Vec::new(),
            is_aside: vec![false; count],
            locals,
        };
        fit.disperse();
        Some(fit)
    }

    /// What is far off by the median distance is set aside if it is an incident; the rest has one dispersion.
    fn disperse(&mut self) {
        let median = scatter::median_dispersion(self.distances().into_iter());
        self.scatter_coefficients = scatter::start(self.scatter_shape, median);
        self.measure();
        self.set_aside();
        let counting = self.distances().into_iter().zip(&self.is_aside).filter(|(_, is_aside)| !**is_aside);
        let mean = scatter::mean_dispersion(counting.map(|(point, _)| point));
        self.scatter_coefficients = scatter::start(self.scatter_shape, mean.max(median));
        self.measure();
    }

    /// One turn: the level by the scatter, the scatter by the level, and what then is an incident.
    fn take_turn(&mut self) -> Option<()> {
        let trusts = self.deviations.iter().zip(&self.is_aside);
        let trusts = trusts.map(|(&off, &is_aside)| if is_aside { 0.0 } else { incidents::trust(off) });
        let round = self.curve.iter().zip(&self.deviation).zip(trusts);
        let round = round.map(|((&curve, &deviation), trust)| (curve, deviation, trust));
        self.coefficients = level::refit(self.unit.scale, &self.samples, round, &mut self.prior)?;
        self.curve = self.samples.iter().map(|sample| sample.row.dot(&self.coefficients)).collect();
        self.measure();
        let points =
            self.rows.iter().zip(&self.deviations).zip(&self.is_aside).filter(|(_, is_aside)| !**is_aside);
        let points = points.map(|((row, &off), _)| (row, incidents::counted(off)));
        self.scatter_coefficients = scatter::refit(self.scatter_shape, &self.scatter_coefficients, points)?;
        self.measure();
        self.set_aside();
        Some(())
    }

    /// Distance and covariate of each sample by the curve.
    fn distances(&self) -> Vec<(f64, f64)> {
        let scale = self.unit.scale;
        let distance = |(sample, &curve): (&Sample, &f64)| {
            (scale.distance(sample.value, scale.level(curve)), scale.covariate(curve))
        };
        self.samples.iter().zip(&self.curve).map(distance).collect()
    }

    /// How far off each sample is, by both curves.
    fn measure(&mut self) {
        let scale = self.unit.scale;
        self.deviation.clear();
        self.deviations.clear();
        for ((row, &curve), sample) in self.rows.iter_mut().zip(&self.curve).zip(&self.samples) {
            row.set_covariate(scale.covariate(curve));
            let level = scale.level(curve);
            let deviation = scale.deviation(row.dot(&self.scatter_coefficients), level);
            self.deviation.push(deviation);
            self.deviations.push(scale.distance(sample.value, level) / deviation);
        }
    }

    fn set_aside(&mut self) {
        let period_seconds = self.training.period_seconds;
        self.is_aside = incidents::incidents(period_seconds, &self.locals, &self.deviations);
        if self.training.has_periodic_spikes {
            let in_spikes = incidents::in_spikes(&self.spikes(), period_seconds, &self.locals);
            self.is_aside.iter_mut().zip(in_spikes).for_each(|(is_aside, is_in)| *is_aside |= is_in);
        }
    }

    /// Of the samples that count: local second, and how many deviations off they are as the bounds see them.
    fn counting(&self) -> Vec<(i64, f64)> {
        let unit = self.unit;
        let seen = |index: usize| {
            let level = unit.scale.level(self.curve[index]);
            let distance = unit.scale.distance_at_least(self.samples[index].value, level, unit.grain);
            (self.locals[index], distance / self.deviation[index])
        };
        (0..self.samples.len()).filter(|&index| !self.is_aside[index]).map(seen).collect()
    }

    fn spikes(&self) -> Vec<Spike> {
        if !self.training.has_periodic_spikes {
            return Vec::new();
        }
        let observation = |index: usize| Observation {
            local: self.locals[index],
            value: self.samples[index].value,
            level: self.unit.scale.level(self.curve[index]),
            deviations: self.deviations[index],
        };
        let observations: Vec<_> = (0..self.samples.len()).map(observation).collect();
        spikes::find(self.unit.scale, self.training.period_seconds, &observations)
    }
}

fn rounded(shape: Shape, coefficients: &[f64]) -> Curve {
    Curve { shape, coefficients: coefficients.iter().map(|&value| f64::from(value as f32)).collect() }
}
