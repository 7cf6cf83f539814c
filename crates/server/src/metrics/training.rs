//! Who trains the anomaly detectors, and when?
//!
//! One task looks for a detector that was never trained or whose model is old, reads two weeks of its metric, and has the
//! journal note what it learnt: models enter by the journal as everything does, so that a replay has the same bands. Too
//! few points are noted as well, and tried again sooner. One detector is trained at a time, on a thread that may block.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use walletscope_language::statistic::Statistic;
use walletscope_model::{AnomalyDetectorDefinition, Body, Command, Duration, Origin, Timestamp};
use walletscope_series::band::{Model, train};
use walletscope_series::statistic_of;
use walletscope_stream::anomaly_detector::{AnomalyDetector, DetectorKey, Learnt};
use walletscope_stream::{Answer, BackingError, Catalog};

use super::band::{HISTORY_SECONDS, TRAINED_PERIOD_SECONDS, training_of};
use super::read::Buckets;
use super::seen::Metrics;
use crate::pipeline::{Ingest, Now, Reply, Shared, Submission};
use crate::view::View;

/// How often detectors are looked through, so that a new one is trained within seconds.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// How long nothing is trained after it failed.
const TRY_AGAIN_AFTER: StdDuration = StdDuration::from_secs(60);
/// A model is replaced when it is so old.
const TRAINED_FOR: Duration = Duration::from_seconds(86_400);
/// A detector with too few points is tried again after so long.
const TOO_LITTLE_FOR: Duration = Duration::from_seconds(3_600);

/// Trains anomaly detectors for as long as it is not stopped.
pub struct Trainer {
    stopping: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What the task reads and tells.
struct Task {
    shared: Arc<Shared>,
    ingest: Ingest,
    now: Now,
    stopping: watch::Receiver<bool>,
}

impl Trainer {
    /// Begins to train.
    pub fn start(shared: Arc<Shared>, ingest: Ingest, now: Now) -> Self {
        let idle = Self::idle();
        let task = Task { shared, ingest, now, stopping: idle.stopping.subscribe() };
        *idle.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokio::spawn(task.run()));
        idle
    }

    /// Trains nothing: for a server that only looks at its folder.
    pub fn idle() -> Self {
        Self { stopping: watch::Sender::new(false), task: Mutex::default() }
    }

    /// Waits for what is being trained.
    pub async fn stop(&self) {
        self.stopping.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A task that panicked has nothing more to note.
            let _ended = task.await;
        }
    }
}

impl Task {
    async fn run(mut self) {
        while !*self.stopping.borrow() {
            let pause = match self.train_next().await {
                Ok(true) => continue,
                Ok(false) => LOOK_EVERY,
                Err(reason) => {
                    tracing::error!(reason, "an anomaly detector could not be trained");
                    TRY_AGAIN_AFTER
                }
            };
            // Either way the pause is over.
            let _ended = tokio::time::timeout(pause, self.stopping.wait_for(|stopping| *stopping)).await;
        }
    }

    /// Whether there was one to train.
    async fn train_next(&self) -> Result<bool, String> {
        let (catalog, view) = (self.shared.catalog.load_full(), self.shared.view.load_full());
        let now = (self.now)();
        let Some((key, detector)) = next_due(&catalog, &view, now) else { return Ok(false) };
        let (key, incarnation) = (key.clone(), detector.incarnation);
        let definition = detector.definition.clone();
        let metrics = Metrics { view, catalog, account: key.account.clone(), region: key.region.clone() };
        let training = tokio::task::spawn_blocking(move || learn(&metrics, &definition, now));
        let model = match training.await {
            Ok(learnt) => learnt.map_err(|error| error.0)?,
            Err(error) => return Err(error.to_string()),
        };
        let origin = Origin { account: key.account, region: key.region, ..Origin::own() };
        let command = Command::NoteTrained {
            target: Box::new(key.target),
            incarnation,
            trained_at: now,
            model: model.map(|model| model.encode().into()),
        };
        let body = Body::Command(command);
        let submission = Submission { origin, invocation_id: "".into(), body, answer: Vec::new() };
        match self.ingest.submit(submission).await {
            // One that was deleted or changed meanwhile is nobody's.
            Ok(Reply::Stepped(Answer::Done | Answer::NoSuchDetector)) => Ok(true),
            Ok(reply) => Err(format!("its model was not taken: {reply:?}")),
            Err(refusal) => Err(format!("its model was not taken: {refusal:?}")),
        }
    }
}

/// The detector that waits for the longest time, those first that were never trained. What was put before a detector is
/// published before it is trained.
fn next_due<'c>(
    catalog: &'c Catalog,
    view: &View,
    now: Timestamp,
) -> Option<(&'c DetectorKey, &'c AnomalyDetector)> {
    let detectors = catalog.anomaly_detectors.iter();
    let due = detectors.filter(|(_, detector)| {
        detector.incarnation <= view.applied && due_at(&detector.learnt).is_none_or(|due| due <= now)
    });
    due.min_by_key(|(_, detector)| due_at(&detector.learnt))
}

/// When a detector is to be trained; `None`: at once.
fn due_at(learnt: &Learnt) -> Option<Timestamp> {
    match learnt {
        Learnt::Nothing => None,
        Learnt::TooLittle { at } => Some(at.plus(TOO_LITTLE_FOR)),
        Learnt::Model { at, .. } => Some(at.plus(TRAINED_FOR)),
    }
}

/// What the points of the two weeks before `now` say; `None` where there are too few.
fn learn(
    metrics: &Metrics,
    definition: &AnomalyDetectorDefinition,
    now: Timestamp,
) -> Result<Option<Model>, BackingError> {
    let target = &definition.target;
    // Only statistics that mean something are taken.
    let Ok(statistic) = Statistic::parse(&target.statistic) else { return Ok(None) };
    let period = i64::from(TRAINED_PERIOD_SECONDS);
    // The bucket that has not ended yet is left out.
    let to = now.seconds().div_euclid(period) * period;
    let source = metrics.source_of(&target.namespace, &target.metric, &target.dimensions, None);
    let points = metrics.points_of(&source, Buckets { from: to - HISTORY_SECONDS, to, period })?;
    let divisor = points.divisor;
    let value = |(at, point)| Some((at, statistic_of(&statistic, &point, divisor)?));
    let values: Vec<(i64, f64)> = points.points.into_iter().filter_map(value).collect();
    Ok(train(&values, &training_of(Some(definition), TRAINED_PERIOD_SECONDS, to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_as_long_as_a_model_holds_and_too_little_is_looked_at_again_within_an_hour() {
        let at = Timestamp::from_seconds(1_795_348_800);
        assert_eq!(due_at(&Learnt::Nothing), None);
        let due = due_at(&Learnt::TooLittle { at });
        assert_eq!(due, Some(Timestamp::from_seconds(1_795_352_400)));
        let points: Vec<_> = (0..600).map(|number| (number * 300, (number % 7) as f64)).collect();
        let model = train(&points, &training_of(None, TRAINED_PERIOD_SECONDS, 0)).unwrap();
        let due = due_at(&Learnt::Model { at, model: Arc::new(model) });
        assert_eq!(due, Some(Timestamp::from_seconds(1_795_435_200)));
    }
}
