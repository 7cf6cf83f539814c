//! Dashboards and anomaly detectors in the stream: what commands make of them, over restarts and replays.

use walletscope_model::{
    AnomalyDetectorDefinition, AnomalyDetectorTarget, Batch, Body, Command, Offset, Origin, Timestamp,
};
use walletscope_series::band::{Training, train};
use walletscope_stream::anomaly_detector::{DetectorKey, Learnt};
use walletscope_stream::{Answer, Clock, Effect};

use crate::script::DAY;
use crate::world::World;

fn origin(region: &str) -> Origin {
    Origin { account: "123456789012".into(), region: region.into(), ..Origin::own() }
}

fn order_in(world: &mut World, region: &str, command: Command) -> Answer {
    let body = Body::Command(command);
    let origin = origin(region);
    let effects = world.append(Batch { appended_at: DAY, origin, invocation_id: "".into(), body });
    let answer = effects.iter().find_map(|effect| match effect {
        Effect::Answer(answer) => Some(*answer),
        _ => None,
    });
    answer.expect("commands are answered")
}

fn order(world: &mut World, command: Command) -> Answer {
    order_in(world, "eu-central-1", command)
}

fn world() -> World {
    World::new(Clock { now: DAY, ..Clock::default() })
}

fn dashboard(name: &str, body: &str) -> Command {
    Command::PutDashboard { name: name.into(), body: body.into(), tags: Vec::new() }
}

fn delete(names: &[&str]) -> Command {
    Command::DeleteDashboards { names: names.iter().map(|name| Box::from(*name)).collect() }
}

fn dashboards(world: &World) -> Vec<(String, String)> {
    let all = world.state.catalog.dashboards.of_account("123456789012");
    all.map(|(name, dashboard)| (name.to_owned(), dashboard.body.to_string())).collect()
}

#[test]
fn dashboards_stay_over_restarts_and_are_of_every_region() {
    let mut world = world();
    assert_eq!(order(&mut world, dashboard("a", "{}")), Answer::Done);
    world.commit();
    assert_eq!(order_in(&mut world, "us-east-1", dashboard("a", "{ }")), Answer::Done);
    assert_eq!(order(&mut world, dashboard("b", "{}")), Answer::Done);
    let expected = [("a".to_owned(), "{ }".to_owned()), ("b".to_owned(), "{}".to_owned())];
    assert_eq!(dashboards(&world), expected);
    world.restart();
    assert_eq!(dashboards(&world), expected, "replayed");
    world.commit();
    world.restart();
    assert_eq!(dashboards(&world), expected, "restored");
    assert_eq!(order(&mut world, delete(&["a", "c"])), Answer::NoSuchDashboard);
    assert_eq!(dashboards(&world), expected);
    let version = world.state.catalog.version();
    assert_eq!(order(&mut world, delete(&["b", "a"])), Answer::Done);
    assert!(world.state.catalog.version() > version, "readers copy");
    world.commit();
    world.restart();
    assert_eq!(dashboards(&world), []);
}

fn target() -> AnomalyDetectorTarget {
    AnomalyDetectorTarget {
        namespace: "TokenServices".into(),
        metric: "TokenProvisioningRequests".into(),
        dimensions: vec![("Issuer".into(), "A".into())],
        statistic: "Sum".into(),
    }
}

fn detector(timezone: Option<&str>) -> Command {
    Command::PutAnomalyDetector(Box::new(AnomalyDetectorDefinition {
        target: target(),
        excluded: vec![(Timestamp(0), Timestamp(1))],
        timezone: timezone.map(Into::into),
        has_periodic_spikes: false,
        adaptation_speed: "NORMAL".into(),
        outlier_filtering_strength: "MODERATE".into(),
    }))
}

fn learnt(world: &World) -> Option<(Offset, Learnt)> {
    let key = DetectorKey::new(&origin("eu-central-1"), target());
    let detector = world.state.catalog.anomaly_detectors.get(&key)?;
    Some((detector.incarnation, detector.learnt.clone()))
}

fn note(incarnation: Offset, model: Option<&[u8]>) -> Command {
    let (target, model) = (Box::new(target()), model.map(Box::from));
    Command::NoteTrained { target, incarnation, trained_at: DAY, model }
}

#[test]
fn what_a_detector_learnt_is_the_same_in_every_replay() {
    let points: Vec<_> = (0..600).map(|number| (number * 300, 5.0 + (number % 7) as f64)).collect();
    let model = train(&points, &Training { period_seconds: 300, ..Training::default() });
    let bytes = model.expect("two days are enough").encode();
    let mut world = world();
    assert_eq!(order(&mut world, detector(None)), Answer::Done);
    let (incarnation, _) = learnt(&world).expect("it is there");
    assert_eq!(order_in(&mut world, "us-east-1", note(incarnation, Some(&bytes))), Answer::NoSuchDetector);
    assert_eq!(order(&mut world, note(incarnation, Some(&bytes))), Answer::Done);
    let told = learnt(&world);
    assert!(matches!(told, Some((_, Learnt::Model { at: DAY, .. }))), "{told:?}");
    world.restart();
    assert_eq!(learnt(&world), told, "replayed");
    world.commit();
    world.restart();
    assert_eq!(learnt(&world), told, "restored");
    assert_eq!(order(&mut world, detector(Some("Europe/Berlin"))), Answer::Done);
    assert_eq!(
        order(&mut world, note(incarnation, Some(&bytes))),
        Answer::NoSuchDetector,
        "of another definition"
    );
    assert!(matches!(learnt(&world), Some((_, Learnt::Nothing))));
    assert_eq!(order(&mut world, Command::DeleteAnomalyDetector(target().into())), Answer::Done);
    world.commit();
    world.restart();
    assert_eq!(learnt(&world), None);
    assert_eq!(order(&mut world, Command::DeleteAnomalyDetector(target().into())), Answer::NoSuchDetector);
}
