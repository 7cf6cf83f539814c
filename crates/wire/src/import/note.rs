//! What was found, what was put right, and what cannot be read?
//!
//! Nothing is put right in silence: each [`Normalisation`] says what was done and what AWS would have done with the
//! same text, and each finding knows its line.

use super::record::Record;

/// One thing that was found in a file, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A record, as it is stored but for the guard.
    Record {
        /// The line on which it begins; the row of a table without lines.
        line: u64,
        /// The record.
        record: Record,
    },
    /// Something was put right.
    Note {
        /// Where.
        line: u64,
        /// What.
        what: Normalisation,
    },
    /// Something could not be read.
    Bad {
        /// Where.
        line: u64,
        /// Why. May repeat what the file says: guard it before showing it.
        reason: String,
    },
}

/// Takes what is found.
#[derive(Debug, Default)]
pub struct Sink(Vec<Found>);

impl Sink {
    /// Everything that was found since the last call.
    pub fn take(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.0)
    }

    pub(super) fn record(&mut self, line: u64, record: Record) {
        self.0.push(Found::Record { line, record });
    }

    pub(super) fn note(&mut self, line: u64, what: Normalisation) {
        self.0.push(Found::Note { line, what });
    }

    pub(super) fn bad(&mut self, line: u64, reason: impl Into<String>) {
        self.0.push(Found::Bad { line, reason: reason.into() });
    }
}

/// A way in which what is written differs from what AWS takes, and was read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Normalisation {
    Comments,
    TrailingComma,
    SeveralDocuments,
    LogsInDocument,
    MessageObject,
    GroupAssumed,
    TimeForm,
    TimeWithoutZone,
    OldTime,
    RowAsEvent,
    EventAsMessage,
    MetricTimeOfLog,
    MetricTimeOfImport,
    NumberAsText,
    DimensionsAsObject,
    SegmentNames,
    SegmentInTrace,
    TraceIdLength,
    SegmentIdLength,
    SegmentIdMade,
    TraceTimeSkew,
    RelativeUrl,
    NamespaceMapped,
    QueryAsCall,
    MetadataWrapped,
    FlagsFromStatus,
    EventIdMade,
    IdentityUnknown,
    EventSourceUnknown,
    RequestorIdLength,
}

impl Normalisation {
    /// How many there are.
    pub const COUNT: usize = TEXTS.len();

    /// Every one, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        TEXTS.iter().map(|row| row.0)
    }

    /// A stable word.
    pub fn code(self) -> &'static str {
        TEXTS[self as usize].1
    }

    /// What was done.
    pub fn done(self) -> &'static str {
        TEXTS[self as usize].2
    }

    /// What AWS does with the same.
    pub fn aws(self) -> &'static str {
        TEXTS[self as usize].3
    }
}

use Normalisation as N;

/// In the order of [`Normalisation`]: code, what was done, what AWS does.
const TEXTS: [(Normalisation, &str, &str, &str); 30] = [
    (N::Comments, "comments", "comments were left out", "takes no comments in JSON"),
    (N::TrailingComma, "trailing-comma", "a comma before a closing bracket was left out", "refuses the JSON"),
    (
        N::SeveralDocuments,
        "several-documents",
        "several JSON documents in one text were read one by one",
        "takes one document a call",
    ),
    (
        N::LogsInDocument,
        "logs-in-document",
        "log events and metrics in one document became records of both",
        "takes them by PutLogEvents and PutMetricData",
    ),
    (
        N::MessageObject,
        "message-object",
        "a message that is an object became compact JSON, its members in order",
        "refuses it: message must be a string",
    ),
    (
        N::GroupAssumed,
        "group-assumed",
        "events that name no log group or stream went into those of --group and the file's name",
        "refuses them: both are required",
    ),
    (
        N::TimeForm,
        "time-form",
        "a time in another form than the API's was read",
        "refuses it: log events take milliseconds, spans and metrics seconds, audit events RFC 3339",
    ),
    (N::TimeWithoutZone, "time-without-zone", "a time without a zone was read as UTC", "refuses it"),
    (
        N::OldTime,
        "old-time",
        "records older than AWS takes were kept at their own time",
        "drops log events and refuses metrics over 14 days old, and keeps traces for 30 days",
    ),
    (
        N::RowAsEvent,
        "row-as-event",
        "each row of a table became a JSON message with the contract's names",
        "takes no tables",
    ),
    (
        N::EventAsMessage,
        "event-as-message",
        "an event with a time of its own became a log event of that time",
        "takes it as the message of a log event only",
    ),
    (
        N::MetricTimeOfLog,
        "metric-time-of-log",
        "a metric without a time took that of the newest log event of its document",
        "takes the time of arrival",
    ),
    (
        N::MetricTimeOfImport,
        "metric-time-of-import",
        "a metric without a time took the time of the import",
        "does the same",
    ),
    (N::NumberAsText, "number-as-text", "a number in quotes was read as a number", "refuses it"),
    (
        N::DimensionsAsObject,
        "dimensions-as-object",
        "dimensions as an object were read as a list of names and values",
        "refuses them",
    ),
    (
        N::SegmentNames,
        "segment-names",
        "members of a segment in other spellings (StartTime) were read as X-Ray's (start_time)",
        "leaves the segment unprocessed",
    ),
    (
        N::SegmentInTrace,
        "segment-in-trace",
        "a segment that stands inside its trace as an object was read",
        "has each segment as a text, its Document",
    ),
    (
        N::TraceIdLength,
        "trace-id-length",
        "a trace id whose last part has not 24 digits was kept as written; it is never merged with a padded one",
        "leaves the segment unprocessed: InvalidTraceId",
    ),
    (
        N::SegmentIdLength,
        "segment-id-length",
        "a segment id of other than 16 digits was kept as written",
        "leaves the segment unprocessed: InvalidId",
    ),
    (
        N::SegmentIdMade,
        "segment-id-made",
        "a segment without an id got one made from its trace and place",
        "leaves the segment unprocessed: MissingId",
    ),
    (
        N::TraceTimeSkew,
        "trace-time-skew",
        "the time in a trace id is more than a day from its segments; theirs were kept",
        "does the same without saying so",
    ),
    (N::RelativeUrl, "relative-url", "a URL without a host was kept as written", "expects a full URL"),
    (
        N::NamespaceMapped,
        "namespace-mapped",
        "a namespace such as aws.dynamodb was read as aws; the original is in the metadata",
        "knows aws and remote alone",
    ),
    (
        N::QueryAsCall,
        "query-as-call",
        "a call that stands under SQL was read as operation and resource; the original is in the metadata",
        "has them as aws.operation and aws.table_name",
    ),
    (
        N::MetadataWrapped,
        "metadata-wrapped",
        "metadata without namespaces went under the namespace default",
        "keeps metadata by namespace",
    ),
    (
        N::FlagsFromStatus,
        "flags-from-status",
        "error, fault and throttle follow from the HTTP status",
        "takes what the segment says, which is nothing",
    ),
    (
        N::EventIdMade,
        "event-id-made",
        "an audit event without eventID got one made from its content",
        "refuses the event",
    ),
    (
        N::IdentityUnknown,
        "identity-unknown",
        "an audit event without userIdentity got one of type Unknown",
        "refuses the event",
    ),
    (
        N::EventSourceUnknown,
        "event-source-unknown",
        "an audit event of a service that AWS does not have was kept as one of category ActivityAuditLog",
        "refuses the event source and the type AwsApiCall",
    ),
    (
        N::RequestorIdLength,
        "requestor-id-length",
        "a token requestor id of other than 11 digits was kept as written",
        "does not look at it",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_normalisation_has_its_row() {
        for (place, row) in TEXTS.iter().enumerate() {
            assert_eq!(row.0 as usize, place, "{}", row.1);
            assert!(Normalisation::all().filter(|other| other.code() == row.1).count() == 1, "{}", row.1);
        }
    }
}
