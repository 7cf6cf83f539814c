//! Which access key does an endpoint want?
//!
//! Definitions of filters are read back by whoever may describe them, so secrets are not in them: they are in a file of
//! the operator's, one line for each endpoint with its origin and its key.

use reqwest::Url;

use crate::auth::Secret;

/// The access keys of endpoints.
#[derive(Clone, Debug, Default)]
pub struct AccessKeys(Vec<(String, Secret)>);

impl AccessKeys {
    /// Reads lines such as `https://siem.example key`; blank lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// The number of a line, from 1, that is none of these.
    pub fn read(text: &str) -> Result<Self, usize> {
        let mut keys = Vec::new();
        for (number, line) in (1_usize..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (origin, key) = line.split_once(char::is_whitespace).ok_or(number)?;
            let url = Url::parse(origin).map_err(|_| number)?;
            let is_key = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
            let is_origin = url.has_host() && url.path() == "/" && url.query().is_none();
            let key = Some(key.trim()).filter(|key| is_key(key) && is_origin).ok_or(number)?;
            keys.push((url.origin().ascii_serialization(), Secret::new(key)));
        }
        Ok(Self(keys))
    }

    /// The key of the endpoint at this URL.
    pub fn of(&self, url: &Url) -> Option<&Secret> {
        let wanted = url.origin().ascii_serialization();
        self.0.iter().find(|(origin, _)| *origin == wanted).map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_its_scheme_host_and_port() {
        let keys = AccessKeys::read("# ours\n\nhttps://siem.example\tone\nhttps://siem.example:8443/  two\n")
            .unwrap();
        let of = |url: &str| keys.of(&Url::parse(url).unwrap()).map(Secret::expose);
        assert_eq!(of("https://siem.example/firehose?a=b"), Some("one"));
        assert_eq!(of("https://siem.example:443/"), Some("one"));
        assert_eq!(of("https://siem.example:8443/x"), Some("two"));
        assert_eq!(of("http://siem.example/"), None);
        assert_eq!(of("https://other.siem.example/"), None);
        assert!(!format!("{keys:?}").contains("one"), "{keys:?}");
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (text, line) in [
            ("https://siem.example", 1),
            ("\nsiem.example key", 2),
            ("https://siem.example/path key", 1),
            ("https://siem.example two words", 1),
            ("https://siem.example k\u{e9}y", 1),
        ] {
            assert_eq!(AccessKeys::read(text).err(), Some(line), "{text}");
        }
    }
}
