//! Which rows do spans and audit events make? One each, column by column.

use walletscope_lake::RowBuilder;
use walletscope_model::{AuditEvent, Span};

use super::entry_rows::Carried;

/// Adds the row of a span.
pub(super) fn span(rows: &mut RowBuilder, span: &Span, carried: Carried<'_>) {
    rows.begin(span.timestamp)
        .text("trace_id", Some(&span.trace_id))
        .text("span_id", Some(&span.span_id))
        .text("parent_id", span.parent_id.as_deref())
        .text("name", Some(&span.name))
        .text("namespace", span.namespace.as_deref())
        .time("end_time", span.end_time)
        .double("duration", span.duration().map(|took| took.as_seconds()))
        .flag("error", span.error)
        .flag("fault", span.fault)
        .flag("throttle", span.throttle)
        .text("http_method", span.http_method.as_deref())
        .text("http_url", span.http_url.as_deref())
        .int("http_status", span.http_status.map(u32::from))
        .text("user_agent", span.user_agent.as_deref())
        .text("client_ip", span.client_ip.as_deref())
        .text("operation", span.operation.as_deref())
        .text("resource", span.resource.as_deref())
        .text("wallet_provider", span.wallet_provider.as_deref())
        .text("issuer", span.issuer.as_deref())
        .text("correlation_id", span.correlation_id.as_deref())
        .text("request_id", span.request_id.as_deref())
        .text("annotations", span.annotations.as_deref())
        .text("metadata", span.metadata.as_deref());
    carried.put(rows);
    rows.text("token_reference_id", span.token_reference_id.as_deref()).end();
}

/// Adds the row of an audit event.
pub(super) fn audit_event(rows: &mut RowBuilder, event: &AuditEvent, carried: Carried<'_>) {
    rows.begin(event.timestamp)
        .text("event_id", Some(&event.event_id))
        .text("event_source", Some(&event.event_source))
        .text("event_name", Some(&event.event_name))
        .text("event_type", event.event_type.as_deref())
        .text("aws_region", event.aws_region.as_deref())
        .text("source_ip_address", event.source_ip_address.as_deref())
        .text("user_agent", event.user_agent.as_deref())
        .text("user_identity", event.user_identity.as_deref())
        .text("request_id", event.request_id.as_deref())
        .text("token_reference_id", event.token_reference_id.as_deref())
        .text("correlation_id", event.correlation_id.as_deref())
        .text("wallet_provider", event.wallet_provider.as_deref())
        .text("issuer", event.issuer.as_deref())
        .text("status", event.status.as_deref())
        .double("processing_time", event.processing_time.map(|took| took.as_seconds()))
        .text("error_code", event.error_code.as_deref())
        .text("error_message", event.error_message.as_deref())
        .text("request_parameters", event.request_parameters.as_deref())
        .text("response_elements", event.response_elements.as_deref());
    carried.put(rows);
    rows.text("additional_data", event.additional_data.as_deref()).end();
}

#[cfg(test)]
mod tests {
    use super::super::entry_rows::EntryRows;
    use super::super::replay::JournalEntry;
    use walletscope_lake::LakeTable;
    use walletscope_model::{AuditEvent, Batch, Body, Offset, Origin, Span, Timestamp};

    #[test]
    fn every_column_has_its_place() {
        let entry = |body| {
            let batch =
                Batch { appended_at: Timestamp(3), origin: Origin::own(), invocation_id: "".into(), body };
            let mut rows = EntryRows::default();
            rows.push(
                &JournalEntry { offset: Offset(7), batch: batch.into(), derived: Vec::new() },
                &[],
                |_| true,
            );
            rows
        };
        let span = Span { http_status: Some(200), end_time: Some(Timestamp(2)), ..Span::default() };
        let mut rows = entry(Body::Spans(vec![span, Span::default()]));
        let spans = rows.take(LakeTable::Spans);
        assert_eq!((spans.num_rows(), spans.num_columns()), (2, LakeTable::Spans.columns().len()));
        assert_eq!(rows.take(LakeTable::AuditEvents).num_rows(), 0);
        let mut rows = entry(Body::Audit(vec![AuditEvent::default()]));
        assert_eq!(rows.take(LakeTable::AuditEvents).num_rows(), 1);
    }
}
