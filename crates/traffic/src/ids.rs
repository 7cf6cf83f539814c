//! Which ids does the generator write?
//!
//! Every id is a function of seed, start time and a counter, so ids repeat only where all three do: a generator that
//! is started again later never speaks of an earlier attempt. Attempt ids keep all 64 bits of a bijection of the
//! counter, hence never collide within a run. Letters outnumber digits, so that no id looks like a card number.

use walletscope_model::time::Timestamp;

/// The namer of one run.
#[derive(Clone, Copy)]
pub struct Ids {
    key: u64,
}

/// What a number counts; each kind has ids of its own.
#[derive(Clone, Copy)]
enum Kind {
    Correlation = 1,
    Request,
    Trace,
    TokenReference,
    Device,
    Account,
    Stream,
    Dice,
    Card,
}

impl Ids {
    pub fn new(seed: u64, from: Timestamp) -> Self {
        Self { key: mix(mix(seed) ^ from.0 as u64) }
    }

    /// `corr_` and 16 letters and digits.
    pub fn correlation(self, attempt: u64) -> String {
        let mut text = String::with_capacity(21);
        self.push_correlation(&mut text, attempt);
        text
    }

    /// [`Self::correlation`] without a string of its own.
    pub fn push_correlation(self, text: &mut String, attempt: u64) {
        self.push_base32(text, "corr_", Kind::Correlation, attempt, 16);
    }

    /// `trm_` and 16 letters and digits.
    pub fn token_reference(self, attempt: u64) -> String {
        let mut text = String::with_capacity(20);
        self.push_token_reference(&mut text, attempt);
        text
    }

    /// [`Self::token_reference`] without a string of its own.
    pub fn push_token_reference(self, text: &mut String, attempt: u64) {
        self.push_base32(text, "trm_", Kind::TokenReference, attempt, 16);
    }

    /// `dev_` and 16 letters and digits.
    pub fn device(self, device: u64) -> String {
        let mut text = String::with_capacity(20);
        self.push_base32(&mut text, "dev_", Kind::Device, device, 16);
        text
    }

    /// A payment account reference: 29 capital letters and digits, the first four the network's mark.
    pub fn account(self, mark: &str, card: u64) -> String {
        let mut text = String::with_capacity(29);
        self.push_base32(&mut text, mark, Kind::Account, card, 25);
        text.make_ascii_uppercase();
        text
    }

    /// A random-looking UUID, as Lambda names its invocations.
    pub fn request(self, invocation: u64) -> String {
        let mut text = String::with_capacity(36);
        self.push_request(&mut text, invocation);
        text
    }

    /// [`Self::request`] without a string of its own.
    pub fn push_request(self, text: &mut String, invocation: u64) {
        push_uuid(text, self.words(Kind::Request, invocation));
    }

    /// An X-Ray trace id of this second.
    pub fn trace(self, invocation: u64, at: Timestamp) -> String {
        let [high, low] = self.words(Kind::Trace, invocation);
        format!("1-{:08x}-{:08x}{low:016x}", at.seconds() as u32, high as u32)
    }

    /// The 32 hexadecimal digits that end a log stream's name.
    pub fn stream(self, number: u64) -> String {
        let [high, low] = self.words(Kind::Stream, number);
        format!("{high:016x}{low:016x}")
    }

    /// The last four digits of a card.
    pub fn last_four(self, card: u64) -> String {
        format!("{:04}", self.words(Kind::Card, card)[0] % 10_000)
    }

    /// A seed for the chance of one thing.
    pub fn dice_seed(self, number: u64) -> u64 {
        self.words(Kind::Dice, number)[0]
    }

    fn words(self, kind: Kind, number: u64) -> [u64; 2] {
        let first = mix(self.key.wrapping_mul(2 * kind as u64 + 1).wrapping_add(number));
        [first, mix(first ^ self.key)]
    }

    fn push_base32(self, text: &mut String, prefix: &str, kind: Kind, number: u64, length: usize) {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let [mut first, mut second] = self.words(kind, number);
        text.push_str(prefix);
        for place in 0..length {
            // Thirteen letters of five bits hold the first word whole.
            let word = if place < 13 { &mut first } else { &mut second };
            text.push(char::from(LETTERS[(*word & 31) as usize]));
            *word >>= 5;
        }
    }
}

/// The mixer of SplitMix64, a bijection of 64-bit words (<https://doi.org/10.1145/2714064.2660195>).
pub fn mix(word: u64) -> u64 {
    let mut word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The words as a version 4 UUID (<https://www.rfc-editor.org/rfc/rfc9562#section-5.4>).
fn push_uuid(text: &mut String, [high, low]: [u64; 2]) {
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 0b10 << 62);
    let groups = [(high >> 32, 8), (high >> 16, 4), (high, 4), (low >> 48, 4), (low, 12)];
    for (index, (word, digits)) in groups.into_iter().enumerate() {
        if index > 0 {
            text.push('-');
        }
        for place in (0..digits).rev() {
            text.push(char::from(b"0123456789abcdef"[(word >> (4 * place) & 15) as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const FROM: Timestamp = Timestamp::from_seconds(1_795_348_800);

    #[test]
    fn ids_have_their_shapes() {
        let ids = Ids::new(7, FROM);
        assert_eq!(ids.correlation(3).len(), 21);
        assert_eq!(ids.account("V001", 3).len(), 29);
        assert_eq!(ids.trace(3, FROM).len(), 35);
        assert!(ids.trace(3, FROM).starts_with("1-6b02d940-"), "{}", ids.trace(3, FROM));
        assert_eq!(ids.last_four(3).len(), 4);
        let request = ids.request(3);
        assert_eq!((request.len(), &request[14..15]), (36, "4"));
        assert!("89ab".contains(&request[19..20]), "{request}");
    }

    #[test]
    fn ids_repeat_only_with_seed_start_and_number() {
        let of = |seed, from| (0..20_000).map(move |number| Ids::new(seed, from).correlation(number));
        assert!(of(1, FROM).eq(of(1, FROM)));
        let all: BTreeSet<String> =
            of(1, FROM).chain(of(2, FROM)).chain(of(1, Timestamp(FROM.0 + 1_000))).collect();
        assert_eq!(all.len(), 60_000);
    }
}
