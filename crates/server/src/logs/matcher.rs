//! How does a scan hold a filter pattern against messages?
//!
//! As a function that the scan gets as a filter: the reader of a file then reads no other column of an event that does
//! not match. It is the same compiled pattern as everywhere else, so the answer is the same too.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, ident,
};
use walletscope_language::filter_pattern::{Event, Mode, Pattern, PatternKind};
use walletscope_model::Timestamp;

/// The filter of a pattern over the columns of log events; `None` where every event matches.
pub fn filter(pattern: &Arc<Pattern>, mode: Mode) -> Option<Expr> {
    if pattern.kind() == PatternKind::Everything {
        return None;
    }
    let signature = Signature::any(3, Volatility::Immutable);
    let matches = ScalarUDF::new_from_impl(Matches { pattern: pattern.clone(), mode, signature });
    Some(matches.call(["message", "timestamp", "ingestion_time"].map(ident).to_vec()))
}

/// `matches_pattern(message, timestamp, ingestion_time)`.
#[derive(Debug)]
struct Matches {
    pattern: Arc<Pattern>,
    mode: Mode,
    signature: Signature,
}

/// A pattern is what its text says.
impl PartialEq for Matches {
    fn eq(&self, other: &Self) -> bool {
        self.pattern.text() == other.pattern.text() && self.mode == other.mode
    }
}

impl Eq for Matches {}

impl Hash for Matches {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pattern.text().hash(state);
        (self.mode == Mode::Strict).hash(state);
    }
}

impl ScalarUDFImpl for Matches {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        "matches_pattern"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let text = cast(&columns[0], &DataType::Utf8View)?;
        let (messages, happened, ingested) =
            (text.as_string_view(), times(&columns[1])?, times(&columns[2])?);
        let (happened, ingested) = (
            happened.as_primitive::<TimestampMicrosecondType>(),
            ingested.as_primitive::<TimestampMicrosecondType>(),
        );
        let matches = (0..messages.len()).map(|row| {
            let event = Event {
                message: messages.value(row),
                timestamp: Some(Timestamp(happened.value(row))),
                ingested_at: Some(Timestamp(ingested.value(row))),
            };
            self.pattern.matches(&event, self.mode)
        });
        let matches: BooleanArray = matches.map(Some).collect();
        Ok(ColumnarValue::Array(Arc::new(matches)))
    }
}

/// Microseconds, whatever zone a file writes beside them.
fn times(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(cast(column, &DataType::Timestamp(TimeUnit::Microsecond, None))?)
}
