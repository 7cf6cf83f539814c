//! What does GetMetricData take and answer? Up to 500 queries over one time range.
//!
//! The service collects all that is wrong with such a request into one `ValidationError`, a line for each; so does
//! `validate`. What queries are is in `metric_query.rs`.

use serde::{Deserialize, Serialize};

use super::metric_query::{self, MetricDataQuery, MetricDataQueryShape};
use super::missing_parameter;
use super::parameters::{self, Refusals, invalid, invalid_next_token, null_as_absent};
use crate::aws::{AwsError, Double, Timestamp};

/// Most queries of a request
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
pub const QUERIES_MAX: usize = 500;
/// Most data points of a page, and the default
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
pub const PAGE_DATAPOINTS_MAX: usize = 100_800;

/// Reads metrics and what is computed of them. Required members are optional here, so that all that are absent are
/// reported at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetMetricDataRequest {
    /// Required; 1 to 500.
    #[serde(deserialize_with = "null_as_absent")]
    pub metric_data_queries: Vec<MetricDataQueryShape>,
    /// Required, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Required, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `TimestampDescending` (the default) or `TimestampAscending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_by: Option<String>,
    /// Page size in data points; absent and above: 100,800.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_datapoints: Option<i32>,
    /// How labels tell the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_options: Option<LabelOptions>,
}

/// How labels tell the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LabelOptions {
    /// `+hhmm` or `-hhmm`; absent: `+0000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// One page of series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMetricDataResponse {
    /// The series.
    pub metric_data_results: Vec<MetricDataResult>,
    /// What is to be said of the request as a whole; never absent.
    pub messages: Vec<MessageData>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One series: as many times as values, in the order of the request's [`ScanBy`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricDataResult {
    /// The id of its query.
    pub id: String,
    /// What to call it.
    pub label: String,
    /// When each period begins.
    pub timestamps: Vec<Timestamp>,
    /// The value of each period.
    pub values: Vec<Double>,
    /// Whether it is whole.
    pub status_code: StatusCode,
    /// What is to be said of it; absent when there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageData>,
}

/// Whether a series is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusCode {
    /// All data points of the range are there.
    Complete,
    /// More of it is on the next page.
    PartialData,
    /// It could not be computed.
    InternalError,
    /// The caller may not see it.
    Forbidden,
}

/// Something to be said of a series or a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageData {
    /// Such as `MultipleUnits`.
    pub code: String,
    /// In words.
    pub value: String,
}

/// A valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetMetricData {
    /// 1 to [`QUERIES_MAX`], ids unique.
    pub queries: Vec<MetricDataQuery>,
    /// Milliseconds since the epoch, inclusive, as given: how far it is rounded down depends on the time of day.
    pub start_millis: i64,
    /// Milliseconds since the epoch, exclusive, after the start.
    pub end_millis: i64,
    /// The order of data points.
    pub scan_by: ScanBy,
    /// 1 to [`PAGE_DATAPOINTS_MAX`].
    pub datapoints_max: usize,
    /// Where the last page ended, not judged but for its length.
    pub next_token: Option<String>,
    /// Offset of the time of labels from UTC.
    pub label_offset_seconds: i32,
}

/// The order of data points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanBy {
    /// The newest first.
    TimestampDescending,
    /// The oldest first.
    TimestampAscending,
}

const SCAN_BY: [(&str, ScanBy); 2] = [
    ("TimestampDescending", ScanBy::TimestampDescending),
    ("TimestampAscending", ScanBy::TimestampAscending),
];

impl GetMetricDataRequest {
    /// Checks everything but the meaning of statistics, expressions and token.
    ///
    /// # Errors
    /// One `ValidationError` with a line for each violation, or `InvalidNextToken`.
    pub fn validate(self) -> Result<GetMetricData, AwsError> {
        let next_token = parameters::next_token(self.next_token, invalid_next_token)?;
        let mut refusals = Refusals::default();
        let queries =
            metric_query::queries(self.metric_data_queries, "MetricDataQueries", QUERIES_MAX, &mut refusals);
        let range = time_range(self.start_time, self.end_time, &mut refusals);
        let scan_by = self
            .scan_by
            .map_or(Ok(ScanBy::TimestampDescending), |word| parameters::one_of(&word, "ScanBy", &SCAN_BY));
        let scan_by = refusals.keep(scan_by);
        let datapoints_max = refusals.keep(datapoints_max(self.max_datapoints));
        let timezone = self.label_options.and_then(|options| options.timezone);
        let label_offset_seconds =
            refusals.keep(timezone.map_or(Ok(0), |timezone| offset_seconds(&timezone)));
        let valid = || {
            let (start_millis, end_millis) = range?;
            Some(GetMetricData {
                queries,
                start_millis,
                end_millis,
                scan_by: scan_by?,
                datapoints_max: datapoints_max?,
                next_token,
                label_offset_seconds: label_offset_seconds?,
            })
        };
        refusals.into_validated(valid())
    }
}

fn time_range(
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    refusals: &mut Refusals,
) -> Option<(i64, i64)> {
    let start = refusals.keep(start.ok_or_else(|| missing_parameter("StartTime")));
    let end = refusals.keep(end.ok_or_else(|| missing_parameter("EndTime")));
    let (start, end) = (start?.epoch_millis, end?.epoch_millis);
    refusals.keep(match start.cmp(&end) {
        std::cmp::Ordering::Less => Ok((start, end)),
        std::cmp::Ordering::Equal => {
            Err(invalid("The parameter StartTime must not equal parameter EndTime."))
        }
        std::cmp::Ordering::Greater => Err(invalid("The parameter EndTime must be greater than StartTime.")),
    })
}

fn datapoints_max(max_datapoints: Option<i32>) -> Result<usize, AwsError> {
    let Some(max_datapoints) = max_datapoints else { return Ok(PAGE_DATAPOINTS_MAX) };
    match usize::try_from(max_datapoints) {
        Ok(1..) => Ok((max_datapoints as usize).min(PAGE_DATAPOINTS_MAX)),
        _ => Err(invalid("The parameter MaxDatapoints must be greater than 0.")),
    }
}

/// Reads `+hhmm` or `-hhmm`.
fn offset_seconds(timezone: &str) -> Result<i32, AwsError> {
    let parse = || {
        let (sign, digits) = match timezone.split_at_checked(1)? {
            ("+", digits) => (1, digits),
            ("-", digits) => (-1, digits),
            _ => return None,
        };
        let in_form = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: i32 = digits.parse().ok().filter(|_| in_form)?;
        let (hours, minutes) = (number / 100, number % 100);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    };
    let bad = || invalid("The value for parameter LabelOptions.Timezone must be + or - followed by hhmm.");
    parse().ok_or_else(bad)
}

#[cfg(test)]
mod tests;
