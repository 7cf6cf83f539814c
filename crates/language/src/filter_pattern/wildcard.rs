//! Does a whole text look like this one with asterisks? An asterisk stands for any text, none included; there is no way
//! to mean an asterisk itself.

use memchr::memmem::Finder;

/// A text with asterisks, taken apart at them. Matching is one pass: each piece is taken where it first occurs.
#[derive(Clone, Debug)]
pub(crate) struct Wildcard {
    first: Box<str>,
    /// What follows the first asterisk: the pieces between asterisks, and the last one. `None` without any asterisk.
    rest: Option<(Box<[Finder<'static>]>, Box<str>)>,
}

impl Wildcard {
    pub fn new(text: &str) -> Self {
        let Some((first, rest)) = text.split_once('*') else {
            return Self { first: text.into(), rest: None };
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let pieces = middle.split('*').filter(|piece| !piece.is_empty());
        let finders = pieces.map(|piece| Finder::new(piece).into_owned()).collect();
        Self { first: first.into(), rest: Some((finders, last.into())) }
    }

    /// The longest piece without asterisks, which is in every text that matches.
    pub fn longest_piece(&self) -> &str {
        let rest = self.rest.iter().flat_map(|(pieces, last)| {
            // A needle is a piece of a text, cut at characters.
            let pieces = pieces.iter().map(|piece| str::from_utf8(piece.needle()).unwrap_or(""));
            pieces.chain([&**last])
        });
        rest.fold(&*self.first, |longest, piece| if piece.len() > longest.len() { piece } else { longest })
    }

    pub fn matches(&self, text: &str) -> bool {
        let Some((pieces, last)) = &self.rest else { return *self.first == *text };
        let between = text.strip_prefix(&*self.first).and_then(|text| text.strip_suffix(&**last));
        let Some(mut between) = between.map(str::as_bytes) else { return false };
        pieces.iter().all(|piece| match piece.find(between) {
            Some(at) => {
                between = &between[at + piece.needle().len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_piece_is_in_every_text_that_matches() {
        let cases = [("abc", "abc"), ("*", ""), ("a*bcd*ef", "bcd"), ("ab*c*def", "def"), ("é*a", "é")];
        for (wildcard, expected) in cases {
            assert_eq!(Wildcard::new(wildcard).longest_piece(), expected, "{wildcard}");
        }
    }

    #[test]
    fn asterisks_stand_for_any_text() {
        let cases = [
            ("a", &["a"][..], &["", "b", "aa", "A"][..]),
            ("", &[""], &["a"]),
            ("*", &["", "a", "a b"], &[]),
            ("**", &["", "a"], &[]),
            ("4*", &["4", "404", "4.5"], &["14", ""]),
            ("*.html*", &["a.html", ".html", "GET /index.html HTTP/1.0"], &["html", "a.htm"]),
            ("ab*ba", &["abba", "abxba"], &["aba", "ab", "abbaa"]),
            ("a*b*c", &["abc", "axbxc", "abbcc"], &["ac", "acb", "abcd"]),
            ("*a*a*", &["aa", "xaxax"], &["a", "xax"]),
            ("é*", &["é", "éa"], &["e"]),
        ];
        for (wildcard, matching, others) in cases {
            let compiled = Wildcard::new(wildcard);
            assert!(matching.iter().all(|text| compiled.matches(text)), "{wildcard} {matching:?}");
            assert!(!others.iter().any(|text| compiled.matches(text)), "{wildcard} {others:?}");
        }
    }
}
