//! Who asks for a token: which card, in which wallet, on which device, from where?

use crate::day_curve::Day;
use crate::dice::Dice;
use crate::ids::Ids;
use crate::incident::Target;
use crate::world::{ABROAD, CHANNELS, Country, Device, ISSUERS, Issuer, Network, WALLETS, Wallet};
use std::collections::VecDeque;
use walletscope_model::time::Timestamp;

/// Somebody at a device with a card. Positions in the tables of the world and numbers that ids are made of: small,
/// because visitors wait in queues.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    pub card: Card,
    /// Position in [`WALLETS`].
    pub wallet: u8,
    /// Position in the wallet's devices.
    pub device: u8,
    pub device_number: u64,
    pub country: Country,
    pub channel: &'static str,
    /// STATIC or CARD_ON_FILE for a migration; else the wallet's own.
    pub token_type: &'static str,
    pub is_attacker: bool,
}

/// A card.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    pub number: u64,
    /// Position in [`ISSUERS`].
    pub issuer: u8,
    /// Position in the issuer's BINs.
    pub bin: u8,
}

/// The cards that were seen lately; some of them come again with another device.
#[derive(Default)]
pub struct RecentCards(VecDeque<Card>);

const RECENT_CARDS_MAX: usize = 4_096;
const COMES_AGAIN_PERMILLE: u32 = 60;
const IS_ABROAD_PERMILLE: u32 = 40;
/// Share of a night's attempts (01:00 to 02:59 at the issuer's) that are bulk migrations.
const IS_MIGRATION_PERMILLE: u32 = 350;
const ATTACKER_DEVICES: u64 = 5;

/// A person at this time.
pub fn person(dice: &mut Dice, number: u64, at: Timestamp, day: Day, recent: &mut RecentCards) -> Visitor {
    let card = match recent.any(dice) {
        Some(card) if dice.permille(COMES_AGAIN_PERMILLE) => card,
        _ => new_card(dice, number, at, day),
    };
    recent.remember(card);
    let wallet = dice.index(WALLETS.iter().map(|wallet| wallet.weight));
    let home = ISSUERS[usize::from(card.issuer)].home;
    let mut visitor = Visitor {
        card,
        wallet: wallet as u8,
        device: dice.index(WALLETS[wallet].devices.iter().map(|device| device.weight)) as u8,
        device_number: number,
        country: if dice.permille(IS_ABROAD_PERMILLE) { dice.pick(&ABROAD) } else { home },
        channel: dice.pick(&CHANNELS),
        token_type: WALLETS[wallet].token_type,
        is_attacker: false,
    };
    if day.is_night(at, home.offset_minutes) && dice.permille(IS_MIGRATION_PERMILLE) {
        visitor.channel = "ACCOUNT_ON_FILE";
        visitor.token_type = dice.pick(&[("CARD_ON_FILE", 3), ("STATIC", 1)]);
    }
    visitor
}

/// Somebody who tries cards of one BIN from a few devices far from home.
pub fn attacker(dice: &mut Dice, number: u64, target: Target) -> Visitor {
    const GOOGLE_PAY: usize = 1;
    Visitor {
        card: Card { number, issuer: target.issuer as u8, bin: target.bin as u8 },
        wallet: GOOGLE_PAY as u8,
        device: dice.below(2) as u8,
        // Far away from the numbers of visitors, so that these devices are nobody else's.
        device_number: u64::MAX - dice.below(ATTACKER_DEVICES),
        country: ABROAD[dice.below(2) as usize * 4].0,
        channel: "MANUAL_PROVISION",
        token_type: WALLETS[GOOGLE_PAY].token_type,
        is_attacker: true,
    }
}

fn new_card(dice: &mut Dice, number: u64, at: Timestamp, day: Day) -> Card {
    let busy = |issuer: &Issuer| issuer.weight * day.permille(at, issuer.home.offset_minutes);
    let issuer = dice.index(ISSUERS.iter().map(busy));
    let bin = dice.below(ISSUERS[issuer].bins.len() as u64);
    Card { number, issuer: issuer as u8, bin: bin as u8 }
}

impl Visitor {
    pub fn wallet(&self) -> &'static Wallet {
        &WALLETS[usize::from(self.wallet)]
    }

    pub fn device(&self) -> &'static Device {
        &self.wallet().devices[usize::from(self.device)]
    }

    pub fn issuer(&self) -> &'static Issuer {
        &ISSUERS[usize::from(self.card.issuer)]
    }

    pub fn network(&self) -> Network {
        self.issuer().bins[usize::from(self.card.bin)].1
    }

    pub fn bin(&self) -> &'static str {
        self.issuer().bins[usize::from(self.card.bin)].0
    }

    /// The wallet's token requestor id at the card's network, where one is public.
    pub fn token_requestor_id(&self) -> Option<&'static str> {
        let network = self.network();
        self.wallet().token_requestor_ids.iter().find(|row| row.0 == network).map(|row| row.1)
    }

    pub fn is_migration(&self) -> bool {
        matches!(self.token_type, "CARD_ON_FILE" | "STATIC")
    }

    /// Attackers count upwards through the last four digits.
    pub fn last_four(&self, ids: Ids) -> String {
        if self.is_attacker {
            format!("{:04}", self.card.number % 10_000)
        } else {
            ids.last_four(self.card.number)
        }
    }

    /// An address of the blocks reserved for documentation (<https://www.rfc-editor.org/rfc/rfc5737>).
    pub fn client_ip(&self) -> String {
        let word = crate::ids::mix(self.device_number);
        let block = ["192.0.2", "198.51.100", "203.0.113"][(word >> 32) as usize % 3];
        format!("{block}.{}", word % 254 + 1)
    }
}

impl RecentCards {
    fn any(&self, dice: &mut Dice) -> Option<Card> {
        self.0.get(dice.below(self.0.len() as u64) as usize).copied()
    }

    fn remember(&mut self, card: Card) {
        if self.0.len() >= RECENT_CARDS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(card);
    }
}
