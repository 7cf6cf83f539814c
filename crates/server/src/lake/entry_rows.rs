//! Which rows of the append-only tables does a journal entry make?
//!
//! A pure function of the entry and of what followed from it when it was applied, both of which are written down, so that
//! a restart makes the same rows again. Nothing here is
//! guarded: entries are, before they are written.

use walletscope_lake::{LakeTable, RowBuilder};
use walletscope_model::contract::{self, Field};
use walletscope_model::{
    Batch, Body, DerivedDatum, Duration, IdKind, LogBatch, LogEvent, MetricBatch, MetricDatum, MetricValue,
    Offset, Origin, Provenance, Timestamp,
};
use walletscope_stream::interpret::{Said, What, interpret};
use walletscope_stream::token::asserted_state;

use super::replay::JournalEntry;
use super::witness_rows;
use crate::logs::uuid::tells_others;

/// Values kept as they are; a datum with more of them is kept as a sketch.
const VALUES_MAX: usize = 8;

/// A builder per append-only table.
pub struct EntryRows {
    builders: Vec<RowBuilder>,
}

impl Default for EntryRows {
    fn default() -> Self {
        Self { builders: LakeTable::ALL.map(RowBuilder::new).into() }
    }
}

/// What every row of an entry carries.
#[derive(Clone, Copy)]
pub(super) struct Carried<'a> {
    origin: &'a Origin,
    appended_at: Timestamp,
    offset: Offset,
    index: u32,
}

impl EntryRows {
    /// Adds an entry's rows to the tables that `wants` names; `placeholders` are words that are no ids.
    pub fn push(
        &mut self,
        entry: &JournalEntry,
        placeholders: &[Box<str>],
        wants: impl Fn(LakeTable) -> bool,
    ) {
        let JournalEntry { offset, batch, derived } = entry;
        let offset = *offset;
        if wants(LakeTable::MetricPoints) {
            self.push_derived(batch, derived, offset);
        }
        match &batch.body {
            Body::Logs(logs) => self.push_logs(batch, logs, offset, placeholders, wants),
            Body::Metrics(metrics) if wants(LakeTable::MetricPoints) => {
                self.push_metrics(batch, metrics, offset)
            }
            Body::Spans(spans) if wants(LakeTable::Spans) => {
                let rows = self.builder(LakeTable::Spans);
                each(batch, offset, spans, |record, carried| witness_rows::span(rows, record, carried));
            }
            Body::Audit(events) if wants(LakeTable::AuditEvents) => {
                let rows = self.builder(LakeTable::AuditEvents);
                each(batch, offset, events, |record, carried| {
                    witness_rows::audit_event(rows, record, carried)
                });
            }
            Body::Spans(_)
            | Body::Audit(_)
            | Body::Metrics(_)
            | Body::Command(_)
            | Body::Tick
            | Body::Gap(_)
            | Body::BackfillEnd => {}
        }
    }

    /// About how many bytes the rows so far take in memory.
    pub fn bytes(&self) -> usize {
        self.builders.iter().map(RowBuilder::bytes).sum()
    }

    /// The rows of a table so far; the builder is empty again.
    pub fn take(&mut self, table: LakeTable) -> arrow::array::RecordBatch {
        self.builder(table).finish()
    }

    fn builder(&mut self, table: LakeTable) -> &mut RowBuilder {
        &mut self.builders[table as usize]
    }

    fn push_logs(
        &mut self,
        batch: &Batch,
        logs: &LogBatch,
        offset: Offset,
        placeholders: &[Box<str>],
        wants: impl Fn(LakeTable) -> bool,
    ) {
        if ![LakeTable::LogEvents, LakeTable::Events, LakeTable::TokenStates].into_iter().any(&wants) {
            return;
        }
        for (index, event) in logs.events.iter().enumerate() {
            let said = interpret(&event.message, placeholders);
            let carried = Carried::new(batch, offset, index);
            if wants(LakeTable::LogEvents) {
                log_event(self.builder(LakeTable::LogEvents), logs, event, &said, carried);
            }
            if let What::Event(_) = said.what {
                if wants(LakeTable::Events) {
                    provisioning_event(self.builder(LakeTable::Events), logs, event, &said, carried);
                }
                if wants(LakeTable::TokenStates) {
                    token_state(self.builder(LakeTable::TokenStates), event, &said, carried);
                }
            }
        }
    }

    fn push_metrics(&mut self, batch: &Batch, metrics: &MetricBatch, offset: Offset) {
        for (index, datum) in metrics.data.iter().enumerate() {
            let carried = Carried::new(batch, offset, index);
            metric_point(self.builder(LakeTable::MetricPoints), datum, Provenance::Put, carried);
        }
    }

    fn push_derived(&mut self, batch: &Batch, derived: &[DerivedDatum], offset: Offset) {
        // Behind the data that the entry holds itself: no two rows of a table have one place.
        let first = if let Body::Metrics(metrics) = &batch.body { metrics.data.len() } else { 0 };
        for (index, DerivedDatum { datum, provenance, origin }) in (first..).zip(derived) {
            let mut carried = Carried::new(batch, offset, index);
            carried.origin = origin.as_ref().unwrap_or(&batch.origin);
            metric_point(self.builder(LakeTable::MetricPoints), datum, *provenance, carried);
        }
    }
}

impl<'a> Carried<'a> {
    fn new(batch: &'a Batch, offset: Offset, index: usize) -> Self {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Self { origin: &batch.origin, appended_at: batch.appended_at, offset, index }
    }

    /// The columns that end every signal's row, and the end.
    fn end(self, rows: &mut RowBuilder) {
        self.put(rows);
        rows.end();
    }

    /// The columns that every signal's row ended with at first; those that came later follow them.
    pub(super) fn put(self, rows: &mut RowBuilder) {
        let origin = self.origin;
        rows.text("account", known(&origin.account))
            .text("region", known(&origin.region))
            .text("source", known(&origin.source))
            .text("tenant", Some(&origin.tenant))
            .time("ingestion_time", Some(self.appended_at))
            .long("_offset", self.offset.0)
            .int("_index", Some(self.index));
    }
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn each<'a, T>(batch: &'a Batch, offset: Offset, records: &[T], mut add: impl FnMut(&T, Carried<'a>)) {
    for (index, record) in records.iter().enumerate() {
        add(record, Carried::new(batch, offset, index));
    }
}

fn log_event(
    rows: &mut RowBuilder,
    logs: &LogBatch,
    event: &LogEvent,
    said: &Said<'_>,
    carried: Carried<'_>,
) {
    rows.begin(event.timestamp)
        .text("log_group", Some(&logs.group))
        .text("log_stream", Some(&logs.stream))
        .text("message", Some(&event.message))
        .text("event", event_name(said));
    ids(rows, said);
    rows.flag("guarded", event.guarded);
    carried.put(rows);
    // Those that `ids` has written.
    let ids = [IdKind::Correlation, IdKind::Request, IdKind::Trace, IdKind::TokenReference];
    rows.flag("has_other_ids", tells_others(&event.message, ids.map(|kind| id(said, kind)))).end();
}

fn provisioning_event(
    rows: &mut RowBuilder,
    logs: &LogBatch,
    event: &LogEvent,
    said: &Said<'_>,
    carried: Carried<'_>,
) {
    rows.begin(event.timestamp).text("event", event_name(said));
    ids(rows, said);
    rows.text("wallet_provider", field(said, Field::Wallet))
        .text("issuer", field(said, Field::Issuer))
        .double("processing_time", processing_time(said));
    const TEXTS: [(&str, Field); 22] = [
        ("network", Field::Network),
        ("bin", Field::Bin),
        ("last_four", Field::LastFour),
        ("par", Field::Par),
        ("token_requestor_id", Field::TokenRequestorId),
        ("token_type", Field::TokenType),
        ("device_type", Field::DeviceType),
        ("device_name", Field::DeviceName),
        ("device_id", Field::DeviceId),
        ("device_country", Field::Country),
        ("client_ip", Field::ClientIp),
        ("user_agent", Field::UserAgent),
        ("channel", Field::Channel),
        ("step_up_method", Field::StepUpMethod),
        ("step_up_vendor", Field::StepUpVendor),
        ("wallet_recommendation", Field::WalletRecommendation),
        ("network_decision", Field::NetworkDecision),
        ("issuer_decision", Field::IssuerDecision),
        ("final_decision", Field::FinalDecision),
        ("override_by", Field::OverrideBy),
        ("reason_code", Field::ReasonCode),
        ("token_state", Field::TokenState),
    ];
    for (column, of) in TEXTS {
        rows.text(column, field(said, of));
    }
    rows.text("log_group", Some(&logs.group));
    carried.end(rows);
}

fn token_state(rows: &mut RowBuilder, event: &LogEvent, said: &Said<'_>, carried: Carried<'_>) {
    let (Some(reference), Some(state)) = (id(said, IdKind::TokenReference), asserted_state(said)) else {
        return;
    };
    rows.begin(event.timestamp)
        .text("token_reference_id", Some(reference))
        .text("state", Some(state.name()))
        .time("valid_from", Some(event.timestamp))
        .time("valid_to", None)
        .text("event", event_name(said))
        .text("reason", field(said, Field::ReasonCode))
        .text("correlation_id", id(said, IdKind::Correlation))
        .text("wallet_provider", field(said, Field::Wallet))
        .text("issuer", field(said, Field::Issuer));
    carried.end(rows);
}

fn metric_point(rows: &mut RowBuilder, datum: &MetricDatum, provenance: Provenance, carried: Carried<'_>) {
    let dimension = |wanted: Field| {
        let of = |(name, _): &&(Box<str>, Box<str>)| Field::from_name(name) == Some(wanted);
        datum.dimensions.iter().find(of).map(|(_, value)| &**value)
    };
    let (count, sum, minimum, maximum) = statistics(&datum.value);
    let kept = match &datum.value {
        MetricValue::Values(values) if values.len() <= VALUES_MAX => Some(values),
        _ => None,
    };
    rows.begin(datum.timestamp)
        .text("namespace", Some(&datum.namespace))
        .text("metric_name", Some(&datum.name))
        .text("dimensions", Some(&dimensions_json(&datum.dimensions)))
        .text("wallet_provider", dimension(Field::Wallet))
        .text("issuer", dimension(Field::Issuer))
        .text("unit", datum.unit.as_deref())
        .int("storage_resolution", Some(u32::from(datum.storage_resolution_seconds)))
        .double("sample_count", Some(count))
        .double("sum", Some(sum))
        .double("minimum", Some(minimum))
        .double("maximum", Some(maximum))
        .doubles("values", kept.map(|values| values.iter().map(|(value, _)| *value)))
        .doubles("counts", kept.map(|values| values.iter().map(|(_, count)| *count)))
        .binary("sketch", sketch(&datum.value).as_deref())
        .text("provenance", Some(provenance.name()));
    carried.end(rows);
}

/// Count, sum, minimum and maximum.
fn statistics(value: &MetricValue) -> (f64, f64, f64, f64) {
    match value {
        MetricValue::Statistics { sample_count, sum, minimum, maximum } => {
            (*sample_count, *sum, *minimum, *maximum)
        }
        MetricValue::Values(values) => {
            let start = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
            values.iter().fold(start, |(count, sum, low, high), (value, times)| {
                (count + times, sum + value * times, low.min(*value), high.max(*value))
            })
        }
    }
}

/// A DDSketch of more values than are kept, as JSON: relative error 1 %.
fn sketch(value: &MetricValue) -> Option<Vec<u8>> {
    let MetricValue::Values(values) = value else { return None };
    if values.len() <= VALUES_MAX {
        return None;
    }
    let mut sketch = sketches_ddsketch::DDSketch::new(sketches_ddsketch::Config::defaults());
    for (value, times) in values {
        // Counts that are not whole are rounded; none of them is lost.
        for _ in 0..times.round().clamp(0.0, SKETCH_COUNT_MAX) as u64 {
            sketch.add(*value);
        }
    }
    serde_json::to_vec(&sketch).ok()
}

/// One value counts this often in a sketch at most: sums and counts beside it are exact.
const SKETCH_COUNT_MAX: f64 = 10_000.0;

fn dimensions_json(dimensions: &[(Box<str>, Box<str>)]) -> String {
    let members =
        dimensions.iter().map(|(name, value)| (name.to_string(), serde_json::Value::from(&**value)));
    serde_json::Value::Object(members.collect()).to_string()
}

fn event_name(said: &Said<'_>) -> Option<&'static str> {
    match said.what {
        What::Event(kind) => Some(contract::event_name(kind)),
        What::Crash | What::FailedCall | What::Other => None,
    }
}

fn ids(rows: &mut RowBuilder, said: &Said<'_>) {
    rows.text("correlation_id", id(said, IdKind::Correlation))
        .text("request_id", id(said, IdKind::Request))
        .text("trace_id", id(said, IdKind::Trace))
        .text("token_reference_id", id(said, IdKind::TokenReference));
}

fn id<'a>(said: &'a Said<'_>, kind: IdKind) -> Option<&'a str> {
    said.ids[kind as usize].as_deref()
}

fn field<'a>(said: &'a Said<'_>, wanted: Field) -> Option<&'a str> {
    said.fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| &**value)
}

fn processing_time(said: &Said<'_>) -> Option<f64> {
    let seconds = field(said, Field::ProcessingTime).and_then(Duration::parse_seconds);
    let time = seconds.or_else(|| field(said, Field::ProcessingTimeMs).and_then(Duration::parse_millis));
    time.map(|time| time.0 as f64 / 1e6)
}
