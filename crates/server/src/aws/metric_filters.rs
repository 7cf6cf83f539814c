//! How do metric filters of CloudWatch Logs behave here?
//!
//! Putting and deleting are commands that the stream's step answers; what a text means is judged before, by the same
//! function that the step compiles filters with. Trying a pattern on messages stores nothing and says both what AWS
//! would and what the lenient reading finds (`docs/protocols/filter-patterns.md`).

use std::collections::BTreeMap;

use walletscope_language::filter_pattern::{Event, Mode, Note, Pattern};
use walletscope_model::{Body, Command, MetricFilterDefinition};
use walletscope_stream::Answer;
use walletscope_stream::metric_filter::{FilterError, MetricFilter, compile, mode_of};
use walletscope_wire::aws::{AwsError, Double, NoOutput, Response};
use walletscope_wire::logs::{self, INVALID_PARAMETER};

use super::logs::{cut_page, group_key, is_own, page_size, parse_token, refused};
use super::{Caller, Door, Prepared};

/// Messages of a test are counted from here; AWS's reference does not say.
const FIRST_EVENT_NUMBER: i64 = 1;

pub(crate) fn put(
    door: &Door,
    caller: &Caller,
    request: &logs::PutMetricFilterRequest,
) -> Result<Prepared, AwsError> {
    let transformation = request.validate()?;
    let guard = |text: &str, field| door.guard(caller, field, text);
    let dimensions = transformation.dimensions.iter();
    let filter = MetricFilterDefinition {
        name: guard(&request.filter_name, "filter_name"),
        pattern: guard(&request.filter_pattern, "filter_pattern"),
        namespace: guard(&transformation.metric_namespace, "metric_namespace"),
        metric: guard(&transformation.metric_name, "metric_name"),
        value: guard(&transformation.metric_value, "metric_value"),
        default_value: transformation.default_value.map(|Double(value)| value),
        unit: transformation.unit.as_deref().map(Into::into),
        dimensions: dimensions
            .map(|(name, place)| (guard(name, "dimension_name"), guard(place, "dimension_value")))
            .collect(),
    };
    compile(&filter, mode(door, caller)).map_err(|error| invalid(&error))?;
    let group = guard(&request.log_group_name, "log_group_name");
    Ok(Prepared::Execute(
        Body::Command(Command::PutMetricFilter { group, filter: Box::new(filter) }),
        |answer| match answer {
            Answer::Done => Ok(Response::PutMetricFilter(NoOutput)),
            answer => Err(refused(answer)),
        },
    ))
}

pub(crate) fn delete(
    door: &Door,
    caller: &Caller,
    request: &logs::DeleteMetricFilterRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = door.guard(caller, "log_group_name", &request.log_group_name);
    let name = door.guard(caller, "filter_name", &request.filter_name);
    Ok(Prepared::Execute(Body::Command(Command::DeleteMetricFilter { group, name }), |answer| match answer {
        Answer::Done => Ok(Response::DeleteMetricFilter(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn describe(
    door: &Door,
    caller: &Caller,
    request: &logs::DescribeMetricFiltersRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let catalog = door.catalog();
    let group = request.log_group_name.as_deref().map(|name| group_key(caller, name));
    if group.as_ref().is_some_and(|key| catalog.group(key).is_none()) {
        return Err(logs::group_not_found());
    }
    let after = parse_token(request.next_token.as_deref())?
        .map(|token| token.split_once('\n').unwrap_or((token, "")));
    let prefix = request.filter_name_prefix.as_deref().unwrap_or_default();
    let is_wanted = |asked: &Option<String>, is: &str| asked.as_deref().is_none_or(|asked| asked == is);
    let wanted = catalog.metric_filters.iter().filter(|(key, filter)| {
        let definition = &filter.definition;
        is_own(caller, key)
            && group.as_ref().is_none_or(|group| group == *key)
            && definition.name.starts_with(prefix)
            && is_wanted(&request.metric_name, &definition.metric)
            && is_wanted(&request.metric_namespace, &definition.namespace)
            && after.is_none_or(|after| (&*key.name, &*definition.name) > after)
    });
    let page = page_size(request.limit);
    let mut metric_filters: Vec<_> =
        wanted.take(page + 1).map(|(key, filter)| filter_answer(&key.name, filter)).collect();
    let next_token = cut_page(&mut metric_filters, page, |filter| {
        format!("{}\n{}", filter.log_group_name, filter.filter_name)
    });
    Ok(Prepared::Answer(Response::DescribeMetricFilters(logs::DescribeMetricFiltersResponse {
        metric_filters,
        next_token,
    })))
}

pub(crate) fn test(
    door: &Door,
    caller: &Caller,
    request: &logs::TestMetricFilterRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let pattern =
        Pattern::parse(&request.filter_pattern).map_err(|error| invalid(&FilterError::Pattern(error)))?;
    let mode = mode(door, caller);
    let (mut matches, mut verdicts) = (Vec::new(), Vec::new());
    for (event_number, message) in (FIRST_EVENT_NUMBER..).zip(&request.log_event_messages) {
        // What was sent comes back without card numbers, and is judged as it would be stored.
        let message = door.guard(caller, "log_message", message);
        let [lenient, strict] = [Mode::Lenient, Mode::Strict].map(|mode| reading(&pattern, &message, mode));
        let own = if mode == Mode::Strict { &strict } else { &lenient };
        if own.matches {
            matches.push(logs::MetricFilterMatch {
                event_number,
                event_message: message.to_string(),
                extracted_values: own.extracted_values.clone(),
            });
        }
        verdicts.push(logs::Verdict { event_number, lenient, strict });
    }
    Ok(Prepared::Answer(Response::TestMetricFilter(logs::TestMetricFilterResponse { matches, verdicts })))
}

/// What one reading of a pattern says of a message.
fn reading(pattern: &Pattern, message: &str, mode: Mode) -> logs::Reading {
    let event = Event::new(message);
    let found = pattern.find(&event, mode);
    let values = found.iter().flat_map(|found| found.values());
    let explanation = pattern.explain(&event, mode);
    let mut why = vec![explanation.sentence];
    why.extend(explanation.notes.into_iter().map(|note| note_words(note).to_owned()));
    logs::Reading {
        matches: found.is_some(),
        extracted_values: values
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect::<BTreeMap<_, _>>(),
        why,
    }
}

/// What a reader may not expect, in a sentence.
pub(crate) fn note_words(note: Note) -> &'static str {
    match note {
        Note::OptionalTermsIgnored => "Terms behind ? have no effect beside others.",
        Note::ReadByName { matches_by_position: true } => {
            "The message is a JSON object and was read by the names of its fields; AWS reads by position, and it matches there too."
        }
        Note::ReadByName { matches_by_position: false } => {
            "The message is a JSON object and was read by the names of its fields; AWS reads by position, where it does not match."
        }
        Note::MatchesByName => {
            "In lenient mode it would match: the message is a JSON object, and there its fields are read by name."
        }
    }
}

fn mode(door: &Door, caller: &Caller) -> Mode {
    mode_of(&door.rules(), &caller.origin.account)
}

pub(super) fn invalid(error: &FilterError) -> AwsError {
    let message = match error {
        FilterError::Pattern(error) => error.aws_message(),
        FilterError::Transformation(error) => error.aws_message(),
    };
    AwsError::new(&INVALID_PARAMETER, message)
}

fn filter_answer(group: &str, filter: &MetricFilter) -> logs::MetricFilter {
    let definition = &filter.definition;
    let dimensions = definition.dimensions.iter();
    logs::MetricFilter {
        filter_name: definition.name.to_string(),
        filter_pattern: definition.pattern.to_string(),
        metric_transformations: vec![logs::MetricTransformation {
            metric_name: definition.metric.to_string(),
            metric_namespace: definition.namespace.to_string(),
            metric_value: definition.value.to_string(),
            default_value: definition.default_value.map(Double),
            dimensions: dimensions.map(|(name, place)| (name.to_string(), place.to_string())).collect(),
            unit: definition.unit.as_deref().map(str::to_owned),
        }],
        creation_time: filter.created_at.millis(),
        log_group_name: group.to_owned(),
        apply_on_transformed_logs: false,
    }
}
