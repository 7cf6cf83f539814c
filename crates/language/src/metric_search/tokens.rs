//! Which words are in a name? The tokens by which CloudWatch finds parts of names
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>).
//!
//! What is neither letter nor digit separates. In between a token is a run of digits, a run of capitals, or small
//! letters with at most one capital before them: `SDBFailure` is `SDB`, `Failure`. The guide does not say that a letter
//! behind a digit begins a token; here it does, because it changes the kind of character.
//!
//! A search term finds a name in one of two ways. Either both are the same without separators and case, or the tokens of
//! the term stand one after the other in the name. The case rule of the guide is told by examples (`count` and `COUNT`
//! find `CustomCount1`, `couNT` and `count1` do not, `network/errors` finds `NetworkErrors2`), and this rule gives all
//! of them: a part of the term between separators is compared without case if it is one token, else as it is written.

/// A search term that finds parts of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartialText {
    text: Box<str>,
    /// In order; not empty.
    tokens: Box<[Token]>,
    /// Letters and digits alone, lower case.
    joined: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    text: Box<str>,
    /// It is all that stands between two separators.
    is_alone: bool,
}

impl PartialText {
    /// `None` if there is neither letter nor digit in the text.
    pub fn new(text: &str) -> Option<Self> {
        let parts = text.split(|character: char| !character.is_alphanumeric());
        let tokens: Vec<Token> = parts.flat_map(tokens_of_part).collect();
        let joined: String = joined(text).collect();
        (!tokens.is_empty()).then(|| Self { text: text.into(), tokens: tokens.into(), joined: joined.into() })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it finds this name or value.
    pub fn finds(&self, name: &str) -> bool {
        joined(name).eq(self.joined.chars()) || self.follows_in(name)
    }

    /// Whether its tokens stand in the name one after the other.
    fn follows_in(&self, name: &str) -> bool {
        let mut rest = Some(name);
        while let Some(name) = rest {
            if self.begins(name) {
                return true;
            }
            rest = split_first(name).map(|(_, behind)| behind);
        }
        false
    }

    /// Whether its tokens are the first ones of the name.
    fn begins(&self, name: &str) -> bool {
        let mut there = tokens(name);
        self.tokens.iter().all(|token| there.next().is_some_and(|text| token.is(text)))
    }
}

impl Token {
    fn is(&self, text: &str) -> bool {
        if self.is_alone { lower(&self.text).eq(lower(text)) } else { *self.text == *text }
    }
}

/// The tokens of a part without separators.
fn tokens_of_part(part: &str) -> Vec<Token> {
    let texts: Vec<&str> = tokens(part).collect();
    let is_alone = texts.len() == 1;
    texts.into_iter().map(|text| Token { text: text.into(), is_alone }).collect()
}

/// The tokens of a name as they are written in it.
pub(super) fn tokens(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let (token, behind) = split_first(rest)?;
        rest = behind;
        Some(token)
    })
}

/// The first token and what is behind it.
fn split_first(name: &str) -> Option<(&str, &str)> {
    let name = name.trim_start_matches(|character: char| !character.is_alphanumeric());
    let first = name.chars().next()?;
    if first.is_numeric() {
        return Some(name.split_at(length_while(name, char::is_numeric)));
    }
    let capitals = length_while(name, char::is_uppercase);
    let small = length_while(&name[capitals..], is_small);
    let last_capital = name[..capitals].chars().next_back().map_or(0, char::len_utf8);
    let length = match (capitals > last_capital, small > 0) {
        // The last of several capitals belongs to the small letters behind it.
        (true, true) => capitals - last_capital,
        (true, false) => capitals,
        (false, _) => capitals + small,
    };
    Some(name.split_at(length))
}

/// A letter that is no capital; scripts without case have small letters only.
fn is_small(character: char) -> bool {
    character.is_alphanumeric() && !character.is_numeric() && !character.is_uppercase()
}

fn length_while(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character)).unwrap_or(text.len())
}

/// Letters and digits alone, lower case.
fn joined(text: &str) -> impl Iterator<Item = char> {
    lower(text).filter(|character| character.is_alphanumeric())
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_guide() {
        let cases: &[(&str, &[&str])] = &[
            ("CustomCount1", &["Custom", "Count", "1"]),
            ("SDBFailure", &["SDB", "Failure"]),
            ("Project2-trial333", &["Project", "2", "trial", "333"]),
            ("Network-Errors_2", &["Network", "Errors", "2"]),
            ("couNT", &["cou", "NT"]),
            ("AWS/EC2", &["AWS", "EC", "2"]),
            ("i-0a1b", &["i", "0", "a", "1", "b"]),
            ("ÄpfelÜber", &["Äpfel", "Über"]),
            ("日本x", &["日本x"]),
            ("--", &[]),
            ("", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(tokens(name).collect::<Vec<_>>(), *expected, "{name}");
        }
    }

    #[test]
    fn partial_texts_find_what_the_guide_says() {
        let cases = [
            ("count", "CustomCount1", true),
            ("Count", "CustomCount1", true),
            ("COUNT", "CustomCount1", true),
            ("couNT", "CustomCount1", false),
            ("CustomCount", "CustomCount1", true),
            ("Count1", "CustomCount1", true),
            ("customcount", "CustomCount1", false),
            ("count1", "CustomCount1", false),
            ("customcount1", "CustomCount1", true),
            ("1", "CustomCount1", true),
            ("Custom1", "CustomCount1", false),
            ("Cust", "CustomCount1", false),
            ("network/errors", "Network-Errors-2", true),
            ("network+errors", "NetworkErrors2", true),
            ("network-errors", "NetworkErrors2", true),
            ("Network_Errors", "Network-Errors-2", true),
            ("errors-network", "Network-Errors-2", false),
            ("Errors-2-x", "Network-Errors-2", false),
            ("AWS", "AWS/EC2", true),
            ("EC2", "AWS/EC2", true),
            ("AWS", "AWSome", false),
            ("micro", "t2.micro", true),
            ("ReadOps", "VolumeReadOps", true),
            ("failure", "SDBFailure", true),
            ("sdb", "SDBFailure", true),
            ("333", "Project2-trial333", true),
            ("33", "Project2-trial333", false),
            ("äpfel", "ÄpfelÜber", true),
        ];
        for (term, name, expected) in cases {
            let term = PartialText::new(term).expect("letters");
            assert_eq!(term.finds(name), expected, "{} in {name}", term.text());
        }
        assert_eq!(PartialText::new("-/ "), None);
    }
}
