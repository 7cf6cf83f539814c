//! Which values do an attempt's columns take from its events?
//!
//! The earliest event that carries a field fills its column; START usually does. A device's name falls back to the
//! user agent's platform, never to a guess.

use walletscope_model::attempt::Facts;
use walletscope_model::contract::Field;

use crate::node::Evidence;

/// The columns; `events` are in canonical order.
pub fn facts(events: &[&Evidence]) -> Facts {
    let first = |field| events.iter().find_map(|event| event.field(field));
    let column = |field| first(field).map(Into::into);
    let device = first(Field::DeviceName).or_else(|| first(Field::UserAgent).and_then(platform));
    Facts {
        wallet: column(Field::Wallet),
        issuer: column(Field::Issuer),
        network: column(Field::Network),
        bin: column(Field::Bin),
        last_four: column(Field::LastFour),
        par: column(Field::Par),
        token_requestor_id: column(Field::TokenRequestorId),
        device_type: column(Field::DeviceType),
        device_name: device.map(Into::into),
        device_id: column(Field::DeviceId),
        country: column(Field::Country),
        client_ip: column(Field::ClientIp),
        user_agent: column(Field::UserAgent),
        channel: column(Field::Channel),
        token_type: column(Field::TokenType),
        step_up_method: column(Field::StepUpMethod),
        step_up_vendor: column(Field::StepUpVendor),
    }
}

/// `ApplePay/iOS/16.0` → `iOS/16.0`.
fn platform(user_agent: &str) -> Option<&str> {
    let (_wallet, platform) = user_agent.split_once('/')?;
    platform.contains('/').then_some(platform)
}
