//! What does a subscription of CloudWatch Logs deliver? Envelopes of log events, one or more in a record.

use std::borrow::Cow;

use serde::Deserialize;
use walletscope_model::{LogEvent, Timestamp};

use super::Content;
use super::record::{Budget, Damage};
use crate::import::{log_message, log_place};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    message_type: Cow<'a, str>,
    owner: Box<str>,
    log_group: Box<str>,
    log_stream: Box<str>,
    #[serde(borrow)]
    log_events: Vec<Event<'a>>,
}

/// Its id is not read: a delivery that comes again has the same request id.
#[derive(Deserialize)]
struct Event<'a> {
    timestamp: i64,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// Adds the events of every envelope.
pub(super) fn read(text: &str, budget: &mut Budget, contents: &mut Vec<Content>) -> Result<(), Damage> {
    for envelope in serde_json::Deserializer::from_str(text).into_iter::<Envelope<'_>>() {
        let envelope = envelope.map_err(|_| Damage::Bad("a document is no envelope of CloudWatch Logs"))?;
        match &*envelope.message_type {
            "CONTROL_MESSAGE" => contents.push(Content::Control),
            "DATA_MESSAGE" => contents.push(logs(envelope, budget)?),
            _ => {
                return Err(Damage::Bad(
                    "an envelope's messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE",
                ));
            }
        }
    }
    Ok(())
}

fn logs(envelope: Envelope<'_>, budget: &mut Budget) -> Result<Content, Damage> {
    let Envelope { message_type: _, owner, log_group: group, log_stream: stream, log_events } = envelope;
    check_account(&owner)?;
    log_place(&group, &stream).map_err(|_| {
        Damage::Bad("an envelope names a log group or stream that CloudWatch Logs does not allow")
    })?;
    budget.take(log_events.len())?;
    let event = |Event { timestamp, message }: Event<'_>| {
        let timestamp = Timestamp::from_millis(timestamp);
        if timestamp < Timestamp::default() {
            return Err(Damage::Bad("a log event is of before 1970"));
        }
        log_message(&message)
            .map_err(|_| Damage::Bad("the message of a log event is empty or over 1 MiB"))?;
        Ok(LogEvent { timestamp, message: message.into(), guarded: false })
    };
    let events = log_events.into_iter().map(event).collect::<Result<_, _>>()?;
    Ok(Content::Logs { owner, group, stream, events })
}

/// The number of an AWS account: twelve digits.
pub(super) fn check_account(account: &str) -> Result<(), Damage> {
    match account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(()),
        false => Err(Damage::Bad("an account number has not twelve digits")),
    }
}
