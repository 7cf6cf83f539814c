//! What do clients do when an answer does not come?
//!
//! As stock SDKs: repeat the call with the same invocation id, for a while; later the application asks anew, which is
//! a new call with the same records. Some clients send no invocation id, and some repeat what was answered, because
//! the answer was lost.

use std::collections::BTreeMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use walletscope_journal::store::INVOCATION_AGE;
use walletscope_model::{Body, Timestamp};
use walletscope_server::pipeline::Submission;

use crate::history::{Call, SOURCES};

/// Everybody who calls.
pub(crate) struct Clients {
    clients: Vec<Client>,
    /// Whether answers get lost, so that calls are repeated.
    pub may_lose_answers: bool,
}

/// One call until it is answered.
struct Client {
    call: Call,
    has_invocation_id: bool,
    /// How often the application has asked anew.
    asked: u32,
    /// The earliest time at which it was sent with the present invocation id.
    sent_at: Option<Timestamp>,
    /// Sent, and neither answered nor broken off: a patient client does not repeat it.
    in_flight: bool,
    answered: bool,
}

/// Two clocks, because the machine's steps: a repeat must be recognised for a quarter of an hour by any of them.
#[derive(Clone, Copy)]
pub(crate) struct Time {
    /// When a call that is sent now is stored.
    pub sent: Timestamp,
    /// The latest time that the product has seen.
    pub furthest: Timestamp,
}

impl Clients {
    pub fn new(calls: Vec<Call>, may_lose_answers: bool, rng: &mut ChaCha8Rng) -> Self {
        let client = |call: Call| Client {
            // Commands are not idempotent without one, and every SDK that sends them has one.
            has_invocation_id: matches!(call.body, Body::Command(_)) || rng.random_bool(0.9),
            call,
            asked: 0,
            sent_at: None,
            in_flight: false,
            answered: false,
        };
        Self { clients: calls.into_iter().map(client).collect(), may_lose_answers }
    }

    /// Some calls to send as one group at this time: the next ones, and where answers get lost any others too.
    pub fn choose(&mut self, count: usize, time: Time, rng: &mut ChaCha8Rng) -> Vec<usize> {
        const WINDOW: usize = 8;
        let open: Vec<usize> = (0..self.clients.len()).filter(|client| self.is_open(*client)).collect();
        if !self.may_lose_answers {
            return open.into_iter().take(count).collect();
        }
        let mut chosen = Vec::new();
        let window = WINDOW.min(open.len());
        for _ in 0..count {
            let any = rng.random_range(0..self.clients.len());
            // An impatient client repeats a call that is still on its way, even within one group.
            let impatient = rng.random_bool(0.15) && self.may_repeat(any, time);
            if impatient {
                chosen.push(any);
            } else if window > 0 {
                let next = open[rng.random_range(0..window)];
                if !chosen.contains(&next) {
                    chosen.push(next);
                }
            }
        }
        chosen
    }

    /// The call as it is sent at this time.
    pub fn submission(&mut self, client: usize, time: Time) -> Submission {
        let answer = self.answer_of(client);
        let client_number = client;
        let client = &mut self.clients[client];
        let too_late = client.sent_at.is_some_and(|sent_at| time.furthest.since(sent_at) > INVOCATION_AGE);
        if too_late {
            client.asked += 1;
        }
        // The clock may have gone back since a first try that stored nothing.
        let earlier = client.sent_at.filter(|_| !too_late);
        client.sent_at = Some(earlier.map_or(time.sent, |sent_at| sent_at.min(time.sent)));
        client.in_flight = true;
        let invocation_id =
            if client.has_invocation_id { invocation_id(client_number, client.asked) } else { String::new() };
        Submission {
            origin: client.call.origin(),
            invocation_id: invocation_id.into(),
            body: client.call.body.clone(),
            answer,
        }
    }

    /// What a data-plane call is answered.
    pub fn answer_of(&self, client: usize) -> Vec<u8> {
        if self.is_command(client) { Vec::new() } else { format!("answer {}", client % 3).into_bytes() }
    }

    pub fn is_command(&self, client: usize) -> bool {
        matches!(self.clients[client].call.body, Body::Command(_))
    }

    /// The answer went out.
    pub fn answered(&mut self, client: usize, is_lost: bool) {
        self.clients[client].in_flight = false;
        self.clients[client].answered |= !is_lost;
    }

    /// Whoever waits for an answer waits no more.
    pub fn connections_broke(&mut self) {
        self.clients.iter_mut().for_each(|client| client.in_flight = false);
    }

    /// A refused call is not on its way any more.
    pub fn refused(&mut self, client: usize) {
        self.clients[client].in_flight = false;
    }

    pub fn all_answered(&self) -> bool {
        self.clients.iter().all(|client| client.answered)
    }

    /// Source and invocation id of each call that was sent, and whether it was answered.
    pub fn calls_made(&self) -> BTreeMap<(String, String), bool> {
        let mut calls = BTreeMap::new();
        for (number, client) in self.clients.iter().enumerate().filter(|(_, each)| each.has_invocation_id) {
            let source = SOURCES[client.call.source].name;
            for asked in 0..=client.asked {
                let is_last = asked == client.asked;
                calls.insert((source.to_owned(), invocation_id(number, asked)), is_last && client.answered);
            }
        }
        calls
    }

    fn is_open(&self, client: usize) -> bool {
        !self.clients[client].answered && !self.clients[client].in_flight
    }

    /// Whether a repeat at this time must be recognised: an SDK does not repeat later.
    fn may_repeat(&self, client: usize, time: Time) -> bool {
        let client = &self.clients[client];
        let is_young = |sent_at| time.furthest.since(sent_at) <= INVOCATION_AGE;
        client.has_invocation_id && client.sent_at.is_some_and(is_young)
    }
}

fn invocation_id(client: usize, asked: u32) -> String {
    format!("call-{client}-{asked}")
}
