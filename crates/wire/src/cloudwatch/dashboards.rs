//! What do clients ask about dashboards? Shapes and limits of PutDashboard, GetDashboard, ListDashboards and
//! DeleteDashboards.
//!
//! A body is kept as it came. It must be a JSON object, and its `widgets` a list of objects that have a type; what a
//! widget shows is judged by whoever draws it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parameters::{self, check_len, invalid, invalid_token_value, null_as_absent, too_many};
use super::{DASHBOARD_INVALID_INPUT, DASHBOARD_NOT_FOUND, missing_parameter};
use crate::aws::{AwsError, ErrorDetail, Timestamp};

/// Longest name and prefix, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>).
pub const DASHBOARD_NAME_LEN_MAX: usize = 255;
/// Largest body, in bytes: ours, the model has no limit.
pub const DASHBOARD_BODY_BYTES_MAX: usize = 1_048_576;
/// Largest inflated request of PutDashboard, in bytes: a form writes three bytes for most of what JSON is made of.
pub(crate) const REQUEST_BYTES_MAX: usize = 4 * DASHBOARD_BODY_BYTES_MAX;
/// Most entries of a page
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListDashboards.html>).
pub const DASHBOARDS_PAGE_MAX: usize = 1000;
/// Most names of one DeleteDashboards
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteDashboards.html>).
pub const DELETED_DASHBOARDS_MAX: usize = 100;
/// Most tags of a dashboard
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>).
pub const TAGS_MAX: usize = 50;
/// Longest key of a tag, in characters.
const TAG_KEY_LEN_MAX: usize = 128;
/// Longest value of a tag, in characters.
const TAG_VALUE_LEN_MAX: usize = 256;
/// Most faults of a body that one refusal lists: ours.
const FAULTS_MAX: usize = 100;

/// Creates a dashboard, or replaces the one of that name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PutDashboardRequest {
    /// Required; 1 to 255 letters, digits, `-` and `_`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboard_name: Option<String>,
    /// Required; JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboard_body: Option<String>,
    /// At most 50, of a new dashboard; those of one that exists are ignored.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub tags: Vec<TagShape>,
}

/// A tag as it stands in the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagShape {
    /// Required; 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Required; at most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What is odd about an accepted dashboard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutDashboardResponse {
    /// Empty when nothing is; never absent.
    pub dashboard_validation_messages: Vec<ErrorDetail>,
}

/// Reads one dashboard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetDashboardRequest {
    /// Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboard_name: Option<String>,
}

/// One dashboard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetDashboardResponse {
    /// ARN, without a region: dashboards are global.
    pub dashboard_arn: String,
    /// As it was given.
    pub dashboard_body: String,
    /// Its name.
    pub dashboard_name: String,
}

/// Lists dashboards by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListDashboardsRequest {
    /// Only those whose name starts so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboard_name_prefix: Option<String>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One page of dashboards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDashboardsResponse {
    /// The dashboards.
    pub dashboard_entries: Vec<DashboardEntry>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One dashboard of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DashboardEntry {
    /// Its name.
    pub dashboard_name: String,
    /// ARN, without a region.
    pub dashboard_arn: String,
    /// When it was put.
    pub last_modified: Timestamp,
    /// Bytes of its body.
    pub size: i64,
}

/// Deletes dashboards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteDashboardsRequest {
    /// Required; 1 to 100.
    #[serde(deserialize_with = "null_as_absent")]
    pub dashboard_names: Vec<String>,
}

/// Dashboards were deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteDashboardsResponse {}

/// A valid PutDashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutDashboard {
    /// 1 to 255 letters, digits, `-` and `_`.
    pub name: String,
    /// A JSON object of at most [`DASHBOARD_BODY_BYTES_MAX`] bytes, as given.
    pub body: String,
    /// At most [`TAGS_MAX`] pairs, sorted, no key twice.
    pub tags: Vec<(String, String)>,
}

/// A valid ListDashboards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDashboards {
    /// Only those whose name starts so; empty: all.
    pub prefix: String,
    /// Where the last page ended, not judged but for its length.
    pub next_token: Option<String>,
}

/// `ResourceNotFound` of GetDashboard, in the service's words.
pub fn dashboard_not_found(name: &str) -> AwsError {
    AwsError::new(&DASHBOARD_NOT_FOUND, format!("Dashboard {name} does not exist"))
}

/// `InvalidParameterInput` of a body that holds what may be a card number. The words are ours.
pub fn dashboard_holds_card_number() -> AwsError {
    invalid_body(vec![fault("/".to_owned(), "Should NOT hold a card number".to_owned())])
}

impl PutDashboardRequest {
    /// Checks name, body and tags.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue`, or `InvalidParameterInput` with a list of what is wrong with the
    /// body.
    pub fn validate(self) -> Result<PutDashboard, AwsError> {
        let name = dashboard_name(self.dashboard_name)?;
        let body = self.dashboard_body.filter(|body| !body.is_empty());
        let body = body.ok_or_else(|| missing_parameter("DashboardBody"))?;
        let faults = body_faults(&body);
        if !faults.is_empty() {
            return Err(invalid_body(faults));
        }
        Ok(PutDashboard { name, body, tags: tags(self.tags)? })
    }
}

impl GetDashboardRequest {
    /// The name.
    ///
    /// # Errors
    /// `MissingParameter` or `InvalidParameterValue`.
    pub fn validate(self) -> Result<String, AwsError> {
        dashboard_name(self.dashboard_name)
    }
}

impl ListDashboardsRequest {
    /// Checks prefix and token.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub fn validate(self) -> Result<ListDashboards, AwsError> {
        let prefix = self.dashboard_name_prefix.unwrap_or_default();
        check_len(&prefix, "DashboardNamePrefix", DASHBOARD_NAME_LEN_MAX)?;
        // The reference allows dots in a prefix, though no name has one.
        if !prefix.chars().all(|char| is_name_char(char) || char == '.') {
            return Err(bad_characters("DashboardNamePrefix"));
        }
        Ok(ListDashboards {
            prefix,
            next_token: parameters::next_token(self.next_token, invalid_token_value)?,
        })
    }
}

impl DeleteDashboardsRequest {
    /// The names, as given.
    ///
    /// # Errors
    /// `MissingParameter` or `InvalidParameterValue`.
    pub fn validate(self) -> Result<Vec<String>, AwsError> {
        match self.dashboard_names.len() {
            0 => Err(missing_parameter("DashboardNames")),
            1..=DELETED_DASHBOARDS_MAX => {
                self.dashboard_names.into_iter().map(|name| dashboard_name(Some(name))).collect()
            }
            _ => Err(too_many("DashboardNames", DELETED_DASHBOARDS_MAX)),
        }
    }
}

fn dashboard_name(name: Option<String>) -> Result<String, AwsError> {
    let name = parameters::text(name, "DashboardName", DASHBOARD_NAME_LEN_MAX)?;
    if name.chars().all(is_name_char) { Ok(name) } else { Err(bad_characters("DashboardName")) }
}

fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '-' || char == '_'
}

fn bad_characters(field: &str) -> AwsError {
    // The service ends this text with a line break.
    invalid(format!(
        "The value for field {field} contains invalid characters. It can only contain alphanumerics, dash (-) \
         and underscore (_).\n"
    ))
}

/// What is wrong with a body; nothing if it may be kept.
fn body_faults(body: &str) -> Vec<ErrorDetail> {
    let whole = |message: String| vec![fault("/".to_owned(), message)];
    if body.len() > DASHBOARD_BODY_BYTES_MAX {
        return whole(format!("Should NOT be larger than {DASHBOARD_BODY_BYTES_MAX} bytes"));
    }
    let body: Value = match serde_json::from_str(body) {
        Ok(body) => body,
        // serde's own text may quote the body; its place may not.
        Err(error) => {
            return whole(format!("Should be JSON (line {}, column {})", error.line(), error.column()));
        }
    };
    match body {
        Value::Object(members) => match members.get("widgets") {
            Some(Value::Array(widgets)) => widget_faults(widgets),
            Some(_) => vec![fault("/widgets".to_owned(), "Should be array".to_owned())],
            None => whole("Should have required property 'widgets'".to_owned()),
        },
        _ => whole("Should be object".to_owned()),
    }
}

fn widget_faults(widgets: &[Value]) -> Vec<ErrorDetail> {
    let message = |widget: &Value| match widget {
        Value::Object(members) => match members.get("type") {
            Some(Value::String(_)) => None,
            Some(_) => Some("Property 'type' should be string"),
            None => Some("Should have required property 'type'"),
        },
        _ => Some("Should be object"),
    };
    let faults = widgets
        .iter()
        .enumerate()
        .filter_map(|(place, widget)| Some(fault(format!("/widgets/{place}"), message(widget)?.to_owned())));
    faults.take(FAULTS_MAX).collect()
}

fn fault(data_path: String, message: String) -> ErrorDetail {
    ErrorDetail { data_path, message }
}

/// The service writes its list into the text as well, as indented JSON with these two members.
fn invalid_body(faults: Vec<ErrorDetail>) -> AwsError {
    let quoted = |text: &str| Value::from(text).to_string();
    let items: Vec<String> = faults
        .iter()
        .map(|fault| {
            let (path, message) = (quoted(&fault.data_path), quoted(&fault.message));
            format!("  {{\n    \"dataPath\": {path},\n    \"message\": {message}\n  }}")
        })
        .collect();
    let message = format!(
        "The dashboard body is invalid, there are {} validation errors:\n[\n{}\n]",
        faults.len(),
        items.join(",\n")
    );
    AwsError::new(&DASHBOARD_INVALID_INPUT, message).with_details(faults)
}

fn tags(shapes: Vec<TagShape>) -> Result<Vec<(String, String)>, AwsError> {
    if shapes.len() > TAGS_MAX {
        return Err(too_many("Tags", TAGS_MAX));
    }
    let mut tags = Vec::with_capacity(shapes.len());
    for (place, shape) in shapes.into_iter().enumerate() {
        let member = format!("Tags.member.{}", place + 1);
        let key = parameters::text(shape.key, &format!("{member}.Key"), TAG_KEY_LEN_MAX)?;
        let path = format!("{member}.Value");
        let value = shape.value.ok_or_else(|| missing_parameter(&path))?;
        check_len(&value, &path, TAG_VALUE_LEN_MAX)?;
        tags.push((key, value));
    }
    tags.sort_unstable();
    if tags.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(invalid("No key in Tags may be given twice."));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests;
