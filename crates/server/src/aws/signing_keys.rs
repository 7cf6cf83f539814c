//! Which signing keys were derived already? Four HMACs saved per call.
//!
//! A derived key is good for one access key, day, region and service. The secret is looked up for every call, so a
//! revoked key is refused at once; a changed one derives anew.

use std::collections::HashMap;

use walletscope_wire::aws::sigv4::{Scope, SigningKey};

/// Keys kept at most; then all are forgotten, which costs four HMACs each.
const KEYS_MAX: usize = 1_024;

/// Derived keys by scope, with the secret they came from.
#[derive(Default)]
pub struct SigningKeys {
    keys: HashMap<Scope, (Box<str>, SigningKey)>,
}

impl SigningKeys {
    /// The signing key of a scope.
    pub fn of(&mut self, scope: &Scope, secret: &str) -> SigningKey {
        if let Some((known, key)) = self.keys.get(scope)
            && **known == *secret
        {
            return key.clone();
        }
        if self.keys.len() >= KEYS_MAX {
            self.keys.clear();
        }
        let key = SigningKey::derive(secret.as_bytes(), scope);
        self.keys.insert(scope.clone(), (secret.into(), key.clone()));
        key
    }
}
