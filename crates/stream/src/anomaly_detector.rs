//! Which metrics are compared with what they normally say, and what was learnt of each?
//!
//! A detector is a definition and, once it was trained, a model
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AnomalyDetector.html>). Points are read and
//! models made elsewhere; what they came to enters as a command, so that every replay has the same models.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use walletscope_model::{AnomalyDetectorDefinition, AnomalyDetectorTarget, Offset, Origin, Timestamp};
use walletscope_series::band::Model;

use crate::catalog::Answer;

/// Detectors of all accounts and regions: each is trained once a day, one after the other.
pub const DETECTORS_MAX: usize = 1_000;

/// The name of a detector: account, region and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct DetectorKey {
    pub account: Box<str>,
    pub region: Box<str>,
    pub target: AnomalyDetectorTarget,
}

/// An anomaly detector.
#[derive(Clone, Debug, PartialEq)]
pub struct AnomalyDetector {
    /// What its author wrote.
    pub definition: Arc<AnomalyDetectorDefinition>,
    /// The entry that put this definition.
    pub incarnation: Offset,
    /// What it knows.
    pub learnt: Learnt,
}

/// What a detector knows of its metric.
#[derive(Clone, Debug, PartialEq)]
pub enum Learnt {
    /// It was never trained by this definition.
    Nothing,
    /// It was trained, and there were too few points.
    TooLittle {
        /// When.
        at: Timestamp,
    },
    /// What is normal.
    Model {
        /// When it was trained.
        at: Timestamp,
        /// Its model.
        model: Arc<Model>,
    },
}

/// Every anomaly detector.
#[derive(Clone, Debug, Default)]
pub struct AnomalyDetectors {
    /// Shared with published copies.
    all: Arc<BTreeMap<DetectorKey, AnomalyDetector>>,
    changed: BTreeSet<DetectorKey>,
}

impl DetectorKey {
    /// The detector of this target in the account and region of a call.
    pub fn new(origin: &Origin, target: AnomalyDetectorTarget) -> Self {
        Self { account: origin.account.clone(), region: origin.region.clone(), target }
    }

    /// The same for one key in every run, another one for every other key.
    pub fn id(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        let AnomalyDetectorTarget { namespace, metric, dimensions, statistic } = &self.target;
        let dimensions = dimensions.iter().flat_map(|(name, value)| [name, value]);
        for text in [&self.account, &self.region, namespace, metric, statistic].into_iter().chain(dimensions)
        {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        id
    }
}

impl Learnt {
    /// When it was trained last.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Nothing => None,
            Self::TooLittle { at } | Self::Model { at, .. } => Some(*at),
        }
    }
}

impl AnomalyDetectors {
    /// The detector of this name.
    pub fn get(&self, key: &DetectorKey) -> Option<&AnomalyDetector> {
        self.all.get(key)
    }

    /// Every detector, in order of account, region and target.
    pub fn iter(&self) -> impl Iterator<Item = (&DetectorKey, &AnomalyDetector)> {
        self.all.iter()
    }

    /// The same definition again changes nothing; another one has to be trained.
    pub(crate) fn put(
        &mut self,
        origin: &Origin,
        definition: &AnomalyDetectorDefinition,
        offset: Offset,
    ) -> Answer {
        let key = DetectorKey::new(origin, definition.target.clone());
        let known = self.all.get(&key);
        if known.is_some_and(|known| *known.definition == *definition) {
            return Answer::Done;
        }
        if known.is_none() && self.all.len() >= DETECTORS_MAX {
            return Answer::LimitReached;
        }
        let definition = Arc::new(definition.clone());
        let detector = AnomalyDetector { definition, incarnation: offset, learnt: Learnt::Nothing };
        Arc::make_mut(&mut self.all).insert(key.clone(), detector);
        self.changed.insert(key);
        Answer::Done
    }

    pub(crate) fn delete(&mut self, key: DetectorKey) -> Answer {
        if !self.all.contains_key(&key) {
            return Answer::NoSuchDetector;
        }
        Arc::make_mut(&mut self.all).remove(&key);
        self.changed.insert(key);
        Answer::Done
    }

    /// Notes what was learnt. What a detector learnt that was deleted or changed since is nothing.
    pub(crate) fn note(
        &mut self,
        key: DetectorKey,
        incarnation: Offset,
        at: Timestamp,
        model: Option<&[u8]>,
    ) -> Answer {
        let is_current = self.all.get(&key).is_some_and(|known| known.incarnation == incarnation);
        if !is_current {
            return Answer::NoSuchDetector;
        }
        let learnt = match model.map(Model::decode) {
            None => Learnt::TooLittle { at },
            Some(Ok(model)) => Learnt::Model { at, model: Arc::new(model) },
            Some(Err(_)) => return Answer::Refused,
        };
        if let Some(detector) = Arc::make_mut(&mut self.all).get_mut(&key) {
            detector.learnt = learnt;
        }
        self.changed.insert(key);
        Answer::Done
    }

    pub(crate) fn restore(&mut self, key: DetectorKey, detector: AnomalyDetector) {
        Arc::make_mut(&mut self.all).insert(key, detector);
    }

    /// What changed since the last call, to be written down; `None` for what is gone.
    pub(crate) fn take_changes(&mut self) -> Vec<(DetectorKey, Option<AnomalyDetector>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let each = changed.map(|key| {
            let detector = self.all.get(&key).cloned();
            (key, detector)
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use walletscope_series::band::{Training, train};

    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(1_795_348_800);

    fn definition(metric: &str, timezone: Option<&str>) -> AnomalyDetectorDefinition {
        AnomalyDetectorDefinition {
            target: AnomalyDetectorTarget {
                namespace: "N".into(),
                metric: metric.into(),
                dimensions: vec![("Issuer".into(), "A".into())],
                statistic: "Sum".into(),
            },
            excluded: Vec::new(),
            timezone: timezone.map(Into::into),
            has_periodic_spikes: false,
            adaptation_speed: "NORMAL".into(),
            outlier_filtering_strength: "MODERATE".into(),
        }
    }

    fn key(metric: &str) -> DetectorKey {
        DetectorKey::new(&Origin::own(), definition(metric, None).target)
    }

    fn model() -> Vec<u8> {
        let points: Vec<_> = (0..600).map(|number| (number * 300, 5.0 + (number % 7) as f64)).collect();
        let model = train(&points, &Training { period_seconds: 300, ..Training::default() });
        model.expect("two days are enough").encode()
    }

    fn put(detectors: &mut AnomalyDetectors, metric: &str, timezone: Option<&str>, offset: u64) -> Answer {
        detectors.put(&Origin::own(), &definition(metric, timezone), Offset(offset))
    }

    #[test]
    fn a_model_is_of_the_definition_that_it_was_trained_by() {
        let mut detectors = AnomalyDetectors::default();
        assert_eq!(put(&mut detectors, "a", None, 3), Answer::Done);
        assert_eq!(detectors.get(&key("a")).map(|known| &known.learnt), Some(&Learnt::Nothing));
        assert_eq!(detectors.note(key("a"), Offset(3), AT, Some(&model())), Answer::Done);
        let learnt = |detectors: &AnomalyDetectors| detectors.get(&key("a")).unwrap().learnt.clone();
        let expected = Arc::new(Model::decode(&model()).unwrap());
        assert_eq!(learnt(&detectors), Learnt::Model { at: AT, model: expected });
        let published = detectors.clone();
        assert_eq!(put(&mut detectors, "a", None, 8), Answer::Done);
        assert_eq!(learnt(&detectors).at(), Some(AT), "the same again");
        assert_eq!(put(&mut detectors, "a", Some("Europe/Berlin"), 9), Answer::Done);
        assert_eq!((learnt(&detectors), learnt(&published).at()), (Learnt::Nothing, Some(AT)));
        let stale = detectors.note(key("a"), Offset(3), AT, Some(&model()));
        assert_eq!((stale, learnt(&detectors)), (Answer::NoSuchDetector, Learnt::Nothing));
        assert_eq!(detectors.note(key("a"), Offset(9), AT, None), Answer::Done);
        assert_eq!(learnt(&detectors), Learnt::TooLittle { at: AT });
        assert_eq!(detectors.take_changes().len(), 1);
    }

    #[test]
    fn bytes_that_are_no_model_are_refused() {
        let mut detectors = AnomalyDetectors::default();
        put(&mut detectors, "a", None, 3);
        for bytes in [&[][..], &[99], &model()[1..], &model()[..40]] {
            assert_eq!(detectors.note(key("a"), Offset(3), AT, Some(bytes)), Answer::Refused);
        }
        assert_eq!(detectors.get(&key("a")).unwrap().learnt, Learnt::Nothing);
    }

    #[test]
    fn what_is_deleted_takes_its_model_along() {
        let mut detectors = AnomalyDetectors::default();
        put(&mut detectors, "a", None, 3);
        detectors.note(key("a"), Offset(3), AT, Some(&model()));
        assert_eq!(detectors.delete(key("b")), Answer::NoSuchDetector);
        assert_eq!(detectors.delete(key("a")), Answer::Done);
        assert_eq!(detectors.note(key("a"), Offset(3), AT, Some(&model())), Answer::NoSuchDetector);
        assert_eq!(detectors.take_changes(), [(key("a"), None)]);
        put(&mut detectors, "a", None, 9);
        assert_eq!(detectors.get(&key("a")).unwrap().learnt, Learnt::Nothing);
    }

    #[test]
    fn there_are_not_too_many() {
        let mut detectors = AnomalyDetectors::default();
        for number in 0..DETECTORS_MAX {
            assert_eq!(put(&mut detectors, &format!("m{number}"), None, 1), Answer::Done);
        }
        assert_eq!(put(&mut detectors, "more", None, 2), Answer::LimitReached);
        assert_eq!(put(&mut detectors, "m3", Some("UTC"), 3), Answer::Done, "one that exists may change");
    }

    #[test]
    fn ids_tell_targets_apart() {
        let one = key("a");
        assert_eq!(one.id(), key("a").id());
        let changed = |change: fn(&mut DetectorKey)| {
            let mut key = one.clone();
            change(&mut key);
            key.id()
        };
        for other in [
            changed(|key| key.account = "2".into()),
            changed(|key| key.region = "r".into()),
            changed(|key| key.target.metric = "b".into()),
            changed(|key| key.target.statistic = "Average".into()),
            changed(|key| key.target.dimensions.clear()),
            changed(|key| key.target.dimensions = vec![("Issue".into(), "rA".into())]),
        ] {
            assert_ne!(other, one.id());
        }
    }
}
