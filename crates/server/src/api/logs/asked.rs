//! Which log events does a call mean?

use std::sync::Arc;

use axum::http::Uri;
use utoipa::IntoParams;
use walletscope_language::filter_pattern::{Mode, Pattern};
use walletscope_model::Timestamp;
use walletscope_series::Range;

use super::LogsState;
use crate::api::Caller;
use crate::api::error::ApiError;
use crate::api::query::{Query, RANGE_DEFAULT, bad_value};
use crate::logs::Selection;

/// Names of log groups or log streams that one call may give.
const NAMES_MAX: usize = 100;

/// The parameters that say which events, whenever they happened.
const WHICH: &[&str] = &["group", "stream", "pattern", "mode"];
/// Those that say when.
const WHEN: &[&str] = &["from", "to"];

/// Which log events.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(in crate::api) struct WhichParameters {
    /// Name of a log group; may be repeated. Without it, every group of the account.
    group: Option<Vec<String>>,
    /// Name of a log stream; may be repeated.
    stream: Option<Vec<String>>,
    /// A filter pattern of CloudWatch Logs.
    pattern: Option<String>,
    /// `lenient` (the default) or `strict`: only what AWS means by the pattern.
    mode: Option<String>,
}

/// What a call means.
pub(super) struct Asked {
    /// Its parameters.
    pub(super) query: Query,
    /// Which events.
    pub(super) selection: Selection,
    /// When they happened; the last three hours where nothing is said.
    pub(super) range: Range,
}

/// Reads a call about a range, with its `further` parameters.
pub(super) fn read(
    state: &LogsState,
    caller: &Caller,
    uri: &Uri,
    further: &[&'static str],
) -> Result<Asked, ApiError> {
    let query = Query::read(uri, &[WHICH, WHEN, further])?;
    let selection = selection(state, caller, &query)?;
    let range = query.range(state.now(), RANGE_DEFAULT)?;
    Ok(Asked { selection, range: whole_millis(range), query })
}

/// Reads a call about what is yet to come.
pub(super) fn read_live(state: &LogsState, caller: &Caller, uri: &Uri) -> Result<Selection, ApiError> {
    selection(state, caller, &Query::read(uri, &[WHICH])?)
}

fn selection(state: &LogsState, caller: &Caller, query: &Query) -> Result<Selection, ApiError> {
    Ok(Selection {
        tenant: caller.tenant.clone(),
        account: (&*state.account).into(),
        region: None,
        groups: names(query, "group")?,
        streams: names(query, "stream")?,
        stream_prefixes: Vec::new(),
        entry: None,
        pattern: Arc::new(pattern(query)?),
        mode: match query.word("mode", &["lenient", "strict"])? {
            Some("strict") => Mode::Strict,
            _ => Mode::Lenient,
        },
    })
}

fn names(query: &Query, parameter: &'static str) -> Result<Vec<Box<str>>, ApiError> {
    let names: Vec<Box<str>> = query.each(parameter).map(Into::into).collect();
    match names.get(NAMES_MAX) {
        Some(beyond) => Err(bad_value(parameter, beyond, &format!("{NAMES_MAX} names at most"))),
        None => Ok(names),
    }
}

/// A card number was cut out of every message, so that a pattern with one would find nothing.
fn pattern(query: &Query) -> Result<Pattern, ApiError> {
    const PARAMETER: &str = "pattern";
    let text = query.one(PARAMETER)?.unwrap_or_default();
    if query.is_cut(PARAMETER) {
        return Err(ApiError::CardNumber { parameter: PARAMETER });
    }
    Pattern::parse(text).map_err(|error| ApiError::BadPattern {
        parameter: PARAMETER,
        at: text.get(..error.position).unwrap_or(text).chars().count(),
        problem: error.problem.to_string(),
    })
}

/// Events are told in milliseconds by most sources: a range that ends `now` includes those of this millisecond.
fn whole_millis(range: Range) -> Range {
    let ceil = |at: Timestamp| {
        Timestamp(at.0.div_euclid(1_000).saturating_add(i64::from(at.0.rem_euclid(1_000) > 0)) * 1_000)
    };
    Range { from: ceil(range.from), to: ceil(range.to) }
}
