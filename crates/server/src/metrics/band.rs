//! What is normal at the moments that a request asks for?
//!
//! Where an anomaly detector was trained on points as long as those that are asked for, its model says so. All else gets a
//! model for the one request, of the two weeks before the end that is asked for: it learns how far values of just that
//! length scatter, which no model of another length can say.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use walletscope_language::metric_math::{Node, Term};
use walletscope_model::{AnomalyDetectorDefinition, AnomalyDetectorTarget};
use walletscope_series::band::{Band, Model, Training, train};
use walletscope_series::math::{self, Series};
use walletscope_stream::anomaly_detector::{AnomalyDetector, DetectorKey, Learnt};

use super::asked::{Meaning, Refusal};
use super::evaluate::Sources;
use super::time_zone::offset_seconds;

/// How far back a model looks.
pub const HISTORY_SECONDS: i64 = 14 * 86_400;
/// The length of the points that detectors are trained on.
pub const TRAINED_PERIOD_SECONDS: u32 = 300;
/// Models that one request may have trained; each takes milliseconds.
pub const TRAININGS_MAX: usize = 100;
/// Buckets that one band may have: as many as a page of GetMetricData has points.
pub const BUCKETS_MAX: u64 = 100_800;

/// What was trained for one request.
#[derive(Default)]
pub(super) struct Trained {
    /// By the place of the query whose series it is of; `None` where there were too few points.
    models: RefCell<BTreeMap<usize, Option<Arc<Model>>>>,
    count: Cell<usize>,
}

/// How a detector's points are to be read at a time, in seconds since 1970; by default those of no detector.
pub(super) fn training_of(
    definition: Option<&AnomalyDetectorDefinition>,
    period_seconds: u32,
    at: i64,
) -> Training {
    let period_seconds = i64::from(period_seconds);
    let Some(definition) = definition else { return Training { period_seconds, ..Training::default() } };
    let zone = definition.timezone.as_deref();
    let excluded = definition.excluded.iter();
    Training {
        period_seconds,
        timezone_offset_seconds: zone.and_then(|zone| offset_seconds(zone, at)).unwrap_or(0),
        excluded: excluded.map(|(from, to)| from.seconds()..to.seconds()).collect(),
        has_periodic_spikes: definition.has_periodic_spikes,
        missing_is_zero: false,
    }
}

impl Sources<'_, '_> {
    /// The upper and the lower limit in each bucket that is asked for; in none where too little is known.
    pub(super) fn limits(
        &self,
        of: &Node,
        series: &Series,
        deviations: f64,
    ) -> Result<(Series, Series), Refusal> {
        let buckets = self.evaluation.buckets(series.period_seconds);
        if buckets.count() > BUCKETS_MAX {
            let problem = format!("ANOMALY_DETECTION_BAND: the range has more than {BUCKETS_MAX} periods");
            return Err(self.refused(problem));
        }
        let mut limits = [Vec::new(), Vec::new()];
        if let Some(model) = self.model(of, series)? {
            let mut at = buckets.from;
            while at < buckets.to {
                let Band { lower, upper } = model.band(at, deviations);
                for (limit, value) in limits.iter_mut().zip([upper, lower]) {
                    limit.extend(value.is_finite().then_some((at, value)));
                }
                at += buckets.period;
            }
        }
        let limit = |points| Series { label: series.label.clone(), points, ..*series };
        let [upper, lower] = limits;
        Ok((limit(upper), limit(lower)))
    }

    fn model(&self, of: &Node, series: &Series) -> Result<Option<Arc<Model>>, Refusal> {
        let Term::Id(id) = &of.term else { return self.trained(of, series, None) };
        let Some(place) = self.evaluation.asked.places.get(&**id).copied() else { return Ok(None) };
        if let Some(known) = self.evaluation.trained.models.borrow().get(&place) {
            return Ok(known.clone());
        }
        let detector = self.detector(place);
        let model = match detector.map(|detector| &detector.learnt) {
            Some(Learnt::Model { model, .. }) if series.period_seconds == TRAINED_PERIOD_SECONDS => {
                Some(model.clone())
            }
            _ => self.trained(of, series, detector.map(|detector| &*detector.definition))?,
        };
        self.evaluation.trained.models.borrow_mut().insert(place, model.clone());
        Ok(model)
    }

    /// The detector about the metric of a query. Data of one unit alone are another metric than the detector's.
    fn detector(&self, place: usize) -> Option<&AnomalyDetector> {
        let Meaning::Metric(stat, _) = &self.evaluation.asked.queries[place].meaning else { return None };
        if stat.unit.is_some() {
            return None;
        }
        let metrics = self.evaluation.metrics;
        let dimensions = stat.dimensions.iter();
        let target = AnomalyDetectorTarget {
            namespace: stat.namespace.as_str().into(),
            metric: stat.name.as_str().into(),
            dimensions: dimensions
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            statistic: stat.statistic.as_str().into(),
        };
        let (account, region) = (metrics.account.clone(), metrics.region.clone());
        metrics.catalog.anomaly_detectors.get(&DetectorKey { account, region, target })
    }

    /// A model for this request alone.
    fn trained(
        &self,
        of: &Node,
        series: &Series,
        definition: Option<&AnomalyDetectorDefinition>,
    ) -> Result<Option<Arc<Model>>, Refusal> {
        let count = &self.evaluation.trained.count;
        count.set(count.get() + 1);
        if count.get() > TRAININGS_MAX {
            let problem = format!("ANOMALY_DETECTION_BAND: a request may have {TRAININGS_MAX} bands");
            return Err(self.refused(problem));
        }
        let mut points = match self.evaluation.history() {
            None => series.points.clone(),
            Some(history) => {
                let inputs = Sources { evaluation: history, place: self.place };
                let period_seconds = self.evaluation.asked.queries[self.place].period_seconds;
                let value = math::evaluate_part(of, history.grid(period_seconds), &inputs);
                let value = value.map_err(|error| self.not_computed(error))?;
                value.into_series().into_iter().next().map(|series| series.points).unwrap_or_default()
            }
        };
        // A bucket that has not ended says too little.
        let now = self.evaluation.metrics.view.clock.now.seconds();
        points.retain(|(at, _)| at + i64::from(series.period_seconds) <= now);
        let at = points.last().map_or(now, |(at, _)| *at);
        Ok(train(&points, &training_of(definition, series.period_seconds, at)).map(Arc::new))
    }
}
