//! What does the API say when it cannot answer?
//!
//! One JSON shape for every error: a stable code, a sentence and the parameter at fault. What a client sent is echoed
//! only through the guard, so that a card number in a query never comes back; what the log keeps of a failed read is
//! not shown.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_guard::guard;

use crate::logs::SearchError;

/// Characters of a client's text that an error repeats at most.
const ECHO_CHARS_MAX: usize = 64;

/// Why a question has no answer.
#[derive(Debug)]
pub enum ApiError {
    /// The parameter does not exist.
    UnknownParameter {
        /// As the client wrote it.
        parameter: String,
        /// The ones that do.
        allowed: Vec<&'static str>,
    },
    /// The value means nothing.
    BadValue {
        /// Which parameter.
        parameter: &'static str,
        /// As the client wrote it.
        value: String,
        /// What would mean something.
        allowed: String,
    },
    /// The parameter may be given once.
    Repeated {
        /// Which one.
        parameter: &'static str,
    },
    /// The value is or holds a card number, which names nothing here.
    CardNumber {
        /// Which one.
        parameter: &'static str,
    },
    /// The text is no filter pattern.
    BadPattern {
        /// Which parameter holds it.
        parameter: &'static str,
        /// What is wrong with it.
        problem: String,
        /// At which of its characters, from 0.
        at: usize,
    },
    /// A query over metrics means nothing.
    BadQuery {
        /// The query's id; empty where it is about all of them.
        id: String,
        /// What is wrong with it.
        problem: String,
        /// At which character of its text, from 0.
        at: Option<usize>,
    },
    /// The body is not what it should be.
    BadBody {
        /// What it should be.
        message: &'static str,
    },
    /// The range begins before what is kept for these filters.
    NotKept {
        /// What is kept, and which filters are in the way.
        reason: String,
    },
    /// No attempt is known by this id.
    UnknownId {
        /// As the client wrote it.
        id: String,
    },
    /// There is no such resource.
    NoSuchPath,
    /// The resource can only be read.
    OnlyGet,
    /// The path takes other methods.
    WrongMethod,
    /// Nobody said who is asking.
    NoCaller,
    /// Too many live streams are open.
    TooManyStreams {
        /// How many may be.
        streams_max: usize,
    },
    /// Too many searches wait.
    TooManySearches,
    /// The server is stopping.
    Stopping,
    /// The state could not be read.
    Failed {
        /// Why, for the log.
        reason: String,
    },
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// A stable word.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The parameter at fault, where there is one.
    pub parameter: Option<String>,
    /// The character of a filter pattern or expression at which it stops making sense, from 0; of such errors only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<usize>,
}

impl ApiError {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::UnknownParameter { .. }
            | Self::BadValue { .. }
            | Self::Repeated { .. }
            | Self::CardNumber { .. }
            | Self::BadPattern { .. }
            | Self::BadQuery { .. }
            | Self::BadBody { .. }
            | Self::NotKept { .. } => StatusCode::BAD_REQUEST,
            Self::UnknownId { .. } | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::OnlyGet | Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoCaller => StatusCode::UNAUTHORIZED,
            Self::TooManyStreams { .. } | Self::TooManySearches => StatusCode::TOO_MANY_REQUESTS,
            Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the client is told.
    pub fn body(&self) -> ErrorBody {
        let (code, parameter) = match self {
            Self::UnknownParameter { parameter, .. } => ("unknown_parameter", Some(echo(parameter))),
            Self::BadValue { parameter, .. } => ("bad_value", Some((*parameter).to_owned())),
            Self::Repeated { parameter } => ("repeated_parameter", Some((*parameter).to_owned())),
            Self::CardNumber { parameter } => ("card_number", Some((*parameter).to_owned())),
            Self::BadPattern { parameter, .. } => ("bad_pattern", Some((*parameter).to_owned())),
            Self::BadQuery { id, .. } => ("bad_query", (!id.is_empty()).then(|| echo(id))),
            Self::BadBody { .. } => ("bad_body", None),
            Self::NotKept { .. } => ("range_not_kept", Some("from".to_owned())),
            Self::UnknownId { .. } => ("unknown_id", None),
            Self::NoSuchPath => ("no_such_path", None),
            Self::OnlyGet | Self::WrongMethod => ("method_not_allowed", None),
            Self::NoCaller => ("unauthenticated", None),
            Self::TooManyStreams { .. } => ("too_many_streams", None),
            Self::TooManySearches => ("throttled", None),
            Self::Stopping => ("stopping", None),
            Self::Failed { .. } => ("failed", None),
        };
        let at = match self {
            Self::BadPattern { at, .. } => Some(*at),
            Self::BadQuery { at, .. } => *at,
            _ => None,
        };
        ErrorBody { error: ErrorDetail { code, message: self.message(), parameter, at } }
    }

    fn message(&self) -> String {
        match self {
            Self::UnknownParameter { parameter, allowed } => {
                format!("unknown parameter {:?}; allowed are {}", echo(parameter), allowed.join(", "))
            }
            Self::BadValue { parameter, value, allowed } => {
                format!("{parameter} cannot be {:?}; allowed is {allowed}", echo(value))
            }
            Self::Repeated { parameter } => format!("{parameter} may be given once"),
            Self::CardNumber { parameter } => format!(
                "{parameter} holds a card number, which is never kept; search for the first 6 or 8 digits, a space \
                 and the last four"
            ),
            // It may repeat a part of the pattern.
            Self::BadPattern { problem, .. } | Self::BadQuery { problem, .. } => {
                guard(problem).text.into_owned()
            }
            Self::BadBody { message } => (*message).to_owned(),
            Self::NotKept { reason } => reason.clone(),
            Self::UnknownId { id } => {
                let id = echo(id);
                format!(
                    "no attempt that is kept has the id {id:?}; older ones are in the table token_provisioning_logs, by SQL"
                )
            }
            Self::NoSuchPath => "there is no such path; see /api/v1/openapi.json".to_owned(),
            Self::OnlyGet => "the API is read with GET".to_owned(),
            Self::WrongMethod => "this path takes another method; see /api/v1/openapi.json".to_owned(),
            Self::NoCaller => "the call carries no credentials".to_owned(),
            Self::TooManyStreams { streams_max } => {
                format!("{streams_max} live streams are open already; close one or try again later")
            }
            Self::TooManySearches => "too many searches wait already; try again in a moment".to_owned(),
            Self::Stopping => "the server is stopping".to_owned(),
            Self::Failed { .. } => "the state could not be read".to_owned(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Failed { reason } = &self {
            tracing::error!(reason, "an API call failed");
        }
        (self.status(), Json(self.body())).into_response()
    }
}

impl From<walletscope_stream::BackingError> for ApiError {
    fn from(error: walletscope_stream::BackingError) -> Self {
        Self::Failed { reason: error.0 }
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Busy => Self::TooManySearches,
            SearchError::Stopping => Self::Stopping,
            SearchError::Failed(reason) => Self::Failed { reason },
        }
    }
}

/// A client's text as an error may repeat it: guarded whole, then cut short. The other order would hide a card
/// number's end from the guard.
fn echo(text: &str) -> String {
    let guarded = guard(text).text;
    let mut characters = guarded.chars();
    let short: String = characters.by_ref().take(ECHO_CHARS_MAX).collect();
    if characters.next().is_some() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_echoed_holds_no_card_number() {
        let pan = "4111111111111111";
        let long = format!("{}{pan}", "x".repeat(ECHO_CHARS_MAX - 8));
        for error in [
            ApiError::UnknownParameter { parameter: pan.to_owned(), allowed: vec!["from"] },
            ApiError::BadValue { parameter: "bin", value: pan.to_owned(), allowed: "digits".to_owned() },
            ApiError::BadValue { parameter: "bin", value: long, allowed: "digits".to_owned() },
            ApiError::UnknownId { id: pan.to_owned() },
        ] {
            let text = serde_json::to_string(&error.body()).unwrap();
            assert!(!text.contains("11111111111"), "{text}");
        }
    }

    #[test]
    fn short_clean_texts_are_echoed_whole() {
        assert_eq!(echo("corr_xyz789"), "corr_xyz789");
        assert_eq!(echo(&"é".repeat(ECHO_CHARS_MAX + 1)).chars().count(), ECHO_CHARS_MAX + 1);
    }
}
