//! What is a secret, how is one made, and how are two compared?
//!
//! Secrets never show in `Debug`, have no `Display`, and are compared in constant time. Chance comes from the
//! operating system, the only place in the server where it does.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

/// The operating system gave no random bytes.
#[derive(Debug)]
pub struct NoRandomness(getrandom::Error);

/// A text that only its owner and this process may see.
#[derive(Clone)]
pub struct Secret(Box<str>);

/// What is stored of a token that never needs to be shown again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl Secret {
    /// A secret that somebody else chose.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself: to sign, to write to a file of mode 0600, to show once at its making. Never to log.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash that stands for this secret where it only needs to be recognised.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// A secret access key as AWS makes them: 40 characters of base64, 240 random bits.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random_secret_access_key() -> Result<Self, NoRandomness> {
        Ok(Self(STANDARD.encode(random::<30>()?).into()))
    }

    /// A token: the prefix, which says what it opens, and 43 URL-safe characters, 256 random bits.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random_token(prefix: &str) -> Result<Self, NoRandomness> {
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)).into()))
    }
}

impl TokenHash {
    /// BLAKE3. Our tokens have 256 random bits, so a slow password hash would add nothing.
    pub fn of(token: &str) -> Self {
        Self(*blake3::hash(token.as_bytes()).as_bytes())
    }

    /// From storage; `None` unless it has 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// For storage.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Equality that takes the same time wherever the two differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// An id of `prefix` and 16 random characters of base32; `AKIA` makes it look like the access keys that AWS makes.
///
/// # Errors
/// [`NoRandomness`].
pub fn random_id(prefix: &str) -> Result<Box<str>, NoRandomness> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let characters = random::<16>()?.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    Ok(prefix.chars().chain(characters).collect::<String>().into())
}

fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenHash(…)")
    }
}

impl fmt::Display for NoRandomness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the operating system gave no random bytes for a new secret: {}", self.0)
    }
}

impl std::error::Error for NoRandomness {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_secrets_have_their_form_and_differ() {
        let base64 = |character: char| character.is_ascii_alphanumeric() || "+/".contains(character);
        let url_safe = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        for _ in 0..100 {
            let id = random_id("AKIA").unwrap();
            assert_eq!(id.len(), 20, "{id}");
            assert!(
                id.chars()
                    .all(|character| character.is_ascii_uppercase() || ('2'..='7').contains(&character))
            );
            let key = Secret::random_secret_access_key().unwrap();
            assert!(key.expose().len() == 40 && key.expose().chars().all(base64));
            let token = Secret::random_token("ws_").unwrap();
            assert!(token.expose().len() == 46 && token.expose()[3..].chars().all(url_safe));
            assert_ne!(token.expose(), Secret::random_token("ws_").unwrap().expose());
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "Secret(…) TokenHash(…)");
    }

    #[test]
    fn hashes_match_only_their_own() {
        let hash = TokenHash::of("ws_a");
        assert!(hash.matches(&Secret::new("ws_a").hash()));
        for other in ["ws_b", "", "ws_a ", "WS_A"] {
            assert!(!hash.matches(&TokenHash::of(other)), "{other}");
        }
        assert!(TokenHash::from_bytes(hash.as_bytes()).is_some_and(|read| read == hash));
        assert!(TokenHash::from_bytes(&hash.as_bytes()[1..]).is_none());
    }
}
