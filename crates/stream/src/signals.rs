//! What do a span and an audit event say to the join: which ids, which content, and is it an end?
//!
//! Both are second witnesses: they are shown with their attempt, assert the ids that they carry, and make neither an
//! attempt nor a stage, fact or decision. The one end that they know is an audited call that failed. The hard part is
//! an audited call about a token that is there already: it is an invocation of its own and must not claim the token.

use walletscope_model::{AuditEvent, IdKind, Span, Timestamp};

use crate::interpret::{What, is_id};
use crate::node::ContentHash;

/// What a record that is no log event says.
pub(crate) struct Witness<'a> {
    pub time: Timestamp,
    pub hash: ContentHash,
    pub what: What,
    /// By [`IdKind`]'s number.
    pub ids: [Option<&'a str>; 4],
}

/// What a span says; `placeholders` are no ids.
pub(crate) fn of_span<'a>(span: &'a Span, placeholders: &[Box<str>]) -> Witness<'a> {
    let trace_id = Some(&*span.trace_id);
    let ids = [span.correlation_id.as_deref(), span.request_id.as_deref(), trace_id];
    Witness {
        time: span.timestamp,
        hash: span_hash(span),
        what: What::Other,
        ids: known([ids[0], ids[1], ids[2], span.token_reference_id.as_deref()], placeholders),
    }
}

/// What an audit event says; `placeholders` are no ids.
///
/// A call about a token that tells no provisioning status and names no attempt (a suspension, say) is of an invocation
/// of its own: it is at home at the token, its request id is no alias, and its failure is nobody's end. The reasons
/// are those of [`crate::step`] for a first tap.
pub(crate) fn of_audit<'a>(event: &'a AuditEvent, placeholders: &[Box<str>]) -> Witness<'a> {
    let ids = [event.correlation_id.as_deref(), event.request_id.as_deref(), None];
    let mut ids = known([ids[0], ids[1], ids[2], event.token_reference_id.as_deref()], placeholders);
    let has = |kind: IdKind| ids[kind as usize].is_some();
    let is_later = has(IdKind::TokenReference) && !has(IdKind::Correlation) && event.status.is_none();
    if is_later {
        ids[IdKind::Request as usize] = None;
    }
    let names_attempt = ids[IdKind::Correlation as usize].or(ids[IdKind::Request as usize]).is_some();
    let what = if event.is_error() && names_attempt { What::FailedCall } else { What::Other };
    Witness { time: event.timestamp, hash: audit_hash(event), what, ids }
}

fn known<'a>(ids: [Option<&'a str>; 4], placeholders: &[Box<str>]) -> [Option<&'a str>; 4] {
    ids.map(|id| id.filter(|value| is_id(value, placeholders)))
}

/// Taken apart by name: a new field is content and belongs into the hash.
fn span_hash(span: &Span) -> ContentHash {
    let Span {
        timestamp,
        trace_id,
        span_id,
        parent_id,
        name,
        namespace,
        end_time,
        error,
        fault,
        throttle,
        http_method,
        http_url,
        http_status,
        user_agent,
        client_ip,
        operation,
        resource,
        wallet_provider,
        issuer,
        correlation_id,
        request_id,
        token_reference_id,
        annotations,
        metadata,
    } = span;
    let mut content = Content::new(b'S', *timestamp);
    [trace_id, span_id, name].into_iter().for_each(|text| content.text(Some(text)));
    content.number(end_time.map(|at| at.0));
    content.number(http_status.map(i64::from));
    content.number(Some(i64::from(*error) | i64::from(*fault) << 1 | i64::from(*throttle) << 2));
    let optional = [
        parent_id,
        namespace,
        http_method,
        http_url,
        user_agent,
        client_ip,
        operation,
        resource,
        wallet_provider,
        issuer,
        correlation_id,
        request_id,
        token_reference_id,
        annotations,
        metadata,
    ];
    optional.into_iter().for_each(|text| content.text(text.as_deref()));
    content.finish()
}

fn audit_hash(event: &AuditEvent) -> ContentHash {
    let AuditEvent {
        timestamp,
        event_id,
        event_source,
        event_name,
        event_type,
        aws_region,
        source_ip_address,
        user_agent,
        user_identity,
        request_id,
        token_reference_id,
        correlation_id,
        wallet_provider,
        issuer,
        status,
        processing_time,
        error_code,
        error_message,
        request_parameters,
        response_elements,
        additional_data,
    } = event;
    let mut content = Content::new(b'A', *timestamp);
    [event_id, event_source, event_name].into_iter().for_each(|text| content.text(Some(text)));
    content.number(processing_time.map(|took| took.0));
    let optional = [
        event_type,
        aws_region,
        source_ip_address,
        user_agent,
        user_identity,
        request_id,
        token_reference_id,
        correlation_id,
        wallet_provider,
        issuer,
        status,
        error_code,
        error_message,
        request_parameters,
        response_elements,
        additional_data,
    ];
    optional.into_iter().for_each(|text| content.text(text.as_deref()));
    content.finish()
}

/// The bytes that make a record what it is: the signal's letter, its time, and each value behind its length, so that no
/// two records run together.
struct Content(blake3::Hasher);

impl Content {
    const NOTHING: u64 = u64::MAX;

    fn new(signal: u8, time: Timestamp) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[signal]).update(&time.0.to_le_bytes());
        Self(hasher)
    }

    fn text(&mut self, text: Option<&str>) {
        let length = text.map_or(Self::NOTHING, |text| text.len() as u64);
        self.0.update(&length.to_le_bytes()).update(text.unwrap_or_default().as_bytes());
    }

    fn number(&mut self, number: Option<i64>) {
        self.0.update(&[u8::from(number.is_some())]).update(&number.unwrap_or_default().to_le_bytes());
    }

    fn finish(self) -> ContentHash {
        ContentHash::first_of(&self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::Duration;

    fn text(value: &str) -> Option<Box<str>> {
        Some(value.into())
    }

    #[test]
    fn every_value_is_content() {
        let span = Span { trace_id: "t".into(), name: "n".into(), ..Span::default() };
        let mut spans = vec![span.clone()];
        spans.push(Span { timestamp: Timestamp(1), ..span.clone() });
        spans.push(Span { end_time: Some(Timestamp(0)), ..span.clone() });
        spans.push(Span { http_status: Some(0), ..span.clone() });
        spans.push(Span { error: true, ..span.clone() });
        spans.push(Span { fault: true, ..span.clone() });
        spans.push(Span { throttle: true, ..span.clone() });
        spans.push(Span { operation: text(""), ..span.clone() });
        spans.push(Span { operation: text("x"), ..span.clone() });
        spans.push(Span { resource: text("x"), ..span.clone() });
        spans.push(Span { trace_id: "tn".into(), name: "".into(), ..span });
        let mut hashes: Vec<_> = spans.iter().map(span_hash).collect();
        let event = AuditEvent { event_id: "t".into(), ..AuditEvent::default() };
        hashes.push(audit_hash(&event));
        hashes.push(audit_hash(&AuditEvent { processing_time: Some(Duration(0)), ..event.clone() }));
        hashes.push(audit_hash(&AuditEvent { error_code: text("x"), ..event }));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn a_call_about_a_token_that_is_there_is_at_home_at_the_token() {
        let event = AuditEvent {
            request_id: text("r1"),
            token_reference_id: text("k1"),
            error_code: text("AccessDenied"),
            ..AuditEvent::default()
        };
        let check = |event: AuditEvent, what: What, ids: [Option<&str>; 4]| {
            let witness = of_audit(&event, &["tbd".into()]);
            assert_eq!((witness.what, witness.ids), (what, ids), "{event:?}");
        };
        check(event.clone(), What::Other, [None, None, None, Some("k1")]);
        check(
            AuditEvent { status: text("error"), error_code: None, ..event.clone() },
            What::FailedCall,
            [None, Some("r1"), None, Some("k1")],
        );
        check(
            AuditEvent { correlation_id: text("c1"), ..event.clone() },
            What::FailedCall,
            [Some("c1"), Some("r1"), None, Some("k1")],
        );
        check(
            AuditEvent { token_reference_id: text("***"), ..event.clone() },
            What::FailedCall,
            [None, Some("r1"), None, None],
        );
        check(
            AuditEvent { request_id: text("TBD"), token_reference_id: None, ..event },
            What::Other,
            [None; 4],
        );
    }
}
