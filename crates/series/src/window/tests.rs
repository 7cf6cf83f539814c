use super::*;
use proptest::prelude::*;
use walletscope_model::attempt::{Aliases, AttemptId, CameFrom, Decisions, Facts, IdKind};
use walletscope_model::reason::Reason;
use walletscope_model::token::TokenSpan;

const START: Timestamp = Timestamp::from_seconds(1_000);

fn attempt(outcome: Outcome) -> Attempt {
    Attempt {
        id: AttemptId { tenant: "t".into(), kind: IdKind::Correlation, value: "corr_1".into() },
        outcome,
        stage: Stage::Started,
        started_at: START,
        ended_at: None,
        stage_at: [None; Stage::COUNT],
        reason: None,
        reason_code: None,
        abandoned: None,
        decisions: Decisions::default(),
        facts: Facts::default(),
        processing_time: None,
        cardholder_wait: Duration(0),
        tries: 1,
        records: 1,
        records_over_limit: 0,
        conflict: false,
        came_from: CameFrom::default(),
        overflow: false,
        aliases: Aliases::default(),
        first_arrival: START,
        last_arrival: START,
        settled: false,
        step_up_overdue: false,
    }
}

fn yellow_success(token_type: &str) -> Attempt {
    let mut attempt = attempt(Outcome::Success);
    attempt.ended_at = Some(Timestamp::from_seconds(1_090));
    attempt.stage_at[Stage::Decided as usize] = Some(Timestamp::from_seconds(1_001));
    attempt.stage_at[Stage::Activated as usize] = Some(Timestamp::from_seconds(1_100));
    attempt.decisions.final_decision = Some(Decision::Yellow);
    attempt.facts.token_type = Some(token_type.into());
    attempt.processing_time = Some(Duration(1_245_000));
    attempt
}

fn yellow_told_by_the_end() -> Attempt {
    let mut attempt = yellow_success("HCE");
    attempt.stage_at[Stage::Decided as usize] = None;
    attempt
}

fn failed(reason: Option<Reason>) -> Attempt {
    let mut attempt = attempt(Outcome::Failed);
    attempt.ended_at = Some(Timestamp::from_seconds(1_002));
    attempt.reason = reason;
    attempt.processing_time = Some(Duration(300_000));
    attempt
}

fn counted(increment: &Increment) -> Vec<Count> {
    Count::ALL.into_iter().filter(|&count| increment.has(count)).collect()
}

#[test]
fn an_attempt_adds_what_the_measures_say() {
    use Count::*;
    let cases = [
        (attempt(Outcome::Pending), vec![Requests, Pending], None),
        (attempt(Outcome::Abandoned), vec![Requests, Abandoned], None),
        (failed(Some(Reason::TspError)), vec![Requests, FailedTechnical], Some(vec![EventFailed])),
        (failed(Some(Reason::IssuerDeclined)), vec![Requests, FailedDeclined], Some(vec![EventFailed])),
        (failed(Some(Reason::InvalidRequest)), vec![Requests, FailedInvalid], Some(vec![EventFailed])),
        (failed(Some(Reason::DeviceNotSupported)), vec![Requests, FailedDevice], Some(vec![EventFailed])),
        (failed(None), vec![Requests, FailedTechnical], Some(vec![EventFailed])),
        (
            yellow_success("SECURE_ELEMENT"),
            vec![Requests, Success, Decided, Yellow, YellowActivated, Activated],
            Some(vec![EventSuccess]),
        ),
        // Without an event of the decision: who knows the colour knows that there was one.
        (
            yellow_told_by_the_end(),
            vec![Requests, Success, Decided, Yellow, YellowActivated, Activated],
            Some(vec![EventSuccess]),
        ),
        // Bulk migrations are requests and outcomes, but no part of the funnel.
        (yellow_success("STATIC"), vec![Requests, Success], Some(vec![EventSuccess])),
        (yellow_success("card_on_file"), vec![Requests, Success], Some(vec![EventSuccess])),
    ];
    for (attempt, cohort, event) in cases {
        let contribution = contribution(&attempt);
        assert_eq!(contribution.cohort_at, START);
        assert_eq!(counted(&contribution.cohort), cohort, "{:?} {:?}", attempt.outcome, attempt.reason);
        assert_eq!(contribution.event.map(|event| counted(&event.1)), event);
        assert_eq!(contribution.event.map(|event| event.0), attempt.ended_at);
    }
}

#[test]
fn durations_go_where_their_definition_says() {
    let [success, bulk, failed] =
        [yellow_success("HCE"), yellow_success("STATIC"), failed(Some(Reason::TspTimeout))]
            .map(|attempt| contribution(&attempt));
    let cases = [
        (success.cohort, [Some(1_245_000), None, Some(100_000_000), None]),
        (success.event.unwrap().1, [None, None, None, Some(1_245_000)]),
        (bulk.cohort, [Some(1_245_000), None, None, None]),
        (failed.cohort, [None, Some(300_000), None, None]),
        (failed.event.unwrap().1, [None; 4]),
    ];
    for (increment, expected) in cases {
        assert_eq!(Timing::ALL.map(|timing| increment.duration(timing).map(|duration| duration.0)), expected);
    }
}

#[test]
fn rates_follow_the_definitions() {
    let mut window = Window::default();
    let counts = [
        (Count::Requests, 110),
        (Count::Success, 60),
        (Count::FailedTechnical, 15),
        (Count::FailedDeclined, 20),
        (Count::FailedInvalid, 4),
        (Count::FailedDevice, 1),
        (Count::Abandoned, 11),
        (Count::Decided, 80),
        (Count::Yellow, 20),
        (Count::YellowActivated, 18),
    ];
    counts.iter().for_each(|&(count, value)| window.add_count(count, value));
    let rates = [
        (window.success_rate(), 0.6, 100),
        (window.failure_rate(), 0.4, 100),
        (window.technical_failure_rate(), 0.2, 75),
        (window.decline_rate(), 0.2, 100),
        (window.step_up_rate(), 0.25, 80),
        (window.abandonment_rate(), 0.1, 110),
        (window.step_up_conversion(), 0.9, 20),
    ];
    for (rate, value, n) in rates {
        assert_eq!((rate.value, rate.n), (Some(value), n));
    }
    assert_eq!(Window::default().success_rate().value, None);
}

#[test]
fn averages_are_exact_and_quantiles_within_one_percent() {
    let mut durations = Durations::default();
    assert_eq!((durations.average_seconds(), durations.quantile_seconds(0.5)), (None, None));
    durations.add(Duration(1_000_000), 1);
    durations.add(Duration(1_490_000), 1);
    assert_eq!(durations.average_seconds(), Some(1.245));
    let median = durations.quantile_seconds(0.5).unwrap();
    assert!((median - 1.0).abs() <= 0.01, "{median}");
    durations.add(Duration(-7), 1);
    assert_eq!((durations.sum_micros, durations.quantile_seconds(0.0)), (2_490_000, Some(0.0)));
}

#[test]
fn active_tokens_change_when_a_token_enters_or_leaves_active() {
    use TokenState::*;
    let check = |states: &[TokenState], expected: &[(i64, i64)]| {
        let span = |(index, &state): (usize, &TokenState)| TokenSpan {
            valid_from: Timestamp(index as i64),
            valid_to: None,
            state,
            event: "".into(),
            reason: None,
            disputed_by: Vec::new(),
        };
        let spans = states.iter().enumerate().map(span).collect();
        let changes = active_token_changes(&TokenTimeline { reference: "tok_1".into(), spans });
        let changes: Vec<(i64, i64)> = changes.into_iter().map(|(at, change)| (at.0, change)).collect();
        assert_eq!(changes, expected, "{states:?}");
    };
    check(&[], &[]);
    check(&[Inactive], &[]);
    check(&[Inactive, Active], &[(1, 1)]);
    check(&[Active, Active, Suspended, Active, Deleted], &[(0, 1), (2, -1), (3, 1), (4, -1)]);
}

#[test]
fn numbers_of_counts_timings_and_resolutions_are_in_order() {
    Count::ALL.into_iter().enumerate().for_each(|(number, count)| assert_eq!(count as usize, number));
    Timing::ALL.into_iter().enumerate().for_each(|(number, timing)| assert_eq!(timing as usize, number));
    let starts = Resolution::ALL.map(|resolution| resolution.start_of(Timestamp(3_725_999_999)).seconds());
    assert_eq!(starts, [3_725, 3_720, 3_600, 0]);
}

fn any_increment() -> impl Strategy<Value = Increment> {
    let duration = prop::option::of((0_i64..100_000_000).prop_map(Duration));
    (0_u16..1 << Count::LEN, [duration.clone(), duration.clone(), duration.clone(), duration])
        .prop_map(|(counts, durations)| Increment { counts, durations })
}

fn window_of(steps: &[(Increment, i64)]) -> Window {
    let mut window = Window::default();
    steps.iter().for_each(|(increment, factor)| window.add_scaled(increment, *factor));
    window
}

fn merged(left: &Window, right: &Window) -> Window {
    let mut sum = left.clone();
    sum.merge(right);
    sum
}

proptest! {
    /// Contributions that are taken back leave no trace, wherever in the sequence that happens.
    #[test]
    fn any_order_of_adding_and_taking_back_gives_equal_windows(
        (kept, shuffled) in (prop::collection::vec(any_increment(), 0..12), prop::collection::vec(any_increment(), 0..12))
            .prop_flat_map(|(kept, undone)| {
                let mut steps: Vec<(Increment, i64)> = kept.iter().map(|&increment| (increment, 1)).collect();
                steps.extend(undone.iter().flat_map(|&increment| [(increment, 1), (increment, -1)]));
                (Just(kept), Just(steps).prop_shuffle())
            }),
    ) {
        let expected: Vec<(Increment, i64)> = kept.into_iter().map(|increment| (increment, 1)).collect();
        let window = window_of(&shuffled);
        prop_assert_eq!(&window, &window_of(&expected));
        let negated: Vec<(Increment, i64)> = expected.iter().map(|&(increment, _)| (increment, -1)).collect();
        prop_assert!(merged(&window, &window_of(&negated)).is_zero());
    }

    #[test]
    fn merge_is_commutative_and_associative(
        windows in prop::array::uniform3(prop::collection::vec((any_increment(), -2_i64..3), 0..8)),
    ) {
        let [one, two, three] = windows.map(|steps| window_of(&steps));
        prop_assert_eq!(merged(&one, &two), merged(&two, &one));
        prop_assert_eq!(merged(&merged(&one, &two), &three), merged(&one, &merged(&two, &three)));
        prop_assert_eq!(merged(&one, &Window::default()), one);
    }
}
