//! What stands under `[default]` in an AWS shared-credentials file, and how is an entry added without touching the rest?
//!
//! The format is the one that AWS's clients read: `[profile]`, `name = value`, comment lines with `#` or `;`, indented
//! lines that belong to the entry above
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>). Only the entries asked for are looked at, so
//! whatever else a file holds stays as it is.

use std::fmt;

use super::secret::Secret;

const PROFILE: &str = "default";

/// A parsed file: its text, and where things are in it.
pub struct Profile<'a> {
    text: &'a str,
    entries: Vec<(&'static str, &'a str)>,
    /// Where a new entry goes; `None` where there is no `[default]`.
    insert_at: Option<usize>,
}

/// What is wrong with the file.
#[derive(Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: Wrong,
}

/// What may be wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing that the format knows.
    NotALine,
    /// An entry without a value.
    Empty(&'static str),
    /// A second entry of that name: clients disagree about which counts.
    Twice(&'static str),
    /// A value with blanks, control characters, or, in a key id, what separates the parts of a signature's scope.
    Character(&'static str),
}

impl<'a> Profile<'a> {
    /// Reads the text and finds these entries (lower case) under `[default]`.
    ///
    /// # Errors
    /// A line of `[default]` that is none of the format, or an entry asked for that is empty, there twice, or has a
    /// value that no request could carry.
    pub fn parse(text: &'a str, wanted: &[&'static str]) -> Result<Self, ProfileError> {
        let mut profile = Self { text, entries: Vec::new(), insert_at: None };
        let mut is_default = false;
        let mut end = 0;
        for (index, raw) in text.split_inclusive('\n').enumerate() {
            end += raw.len();
            let line = raw.trim_start_matches('\u{feff}').trim_end();
            if let Some(name) = section(line) {
                is_default = name == PROFILE;
            } else if is_default && is_entry(line) {
                profile.read_entry(line, wanted).map_err(|what| ProfileError { line: index + 1, what })?;
            }
            if is_default && !line.is_empty() {
                profile.insert_at = Some(end);
            }
        }
        Ok(profile)
    }

    /// An entry's value.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.entries.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }

    /// The text with these entries at the end of `[default]`, which is added where it is missing.
    pub fn with(&self, entries: &[(&'static str, Secret)]) -> String {
        if entries.is_empty() {
            return self.text.to_owned();
        }
        let line_end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let (before, after) = self.text.split_at(self.insert_at.unwrap_or(self.text.len()));
        let mut completed = before.to_owned();
        if !before.is_empty() && !before.ends_with('\n') {
            completed.push_str(line_end);
        }
        if self.insert_at.is_none() {
            if !before.trim().is_empty() {
                completed.push_str(line_end);
            }
            completed.push_str(&format!("[{PROFILE}]{line_end}"));
        }
        for (name, value) in entries {
            completed.push_str(&format!("{name} = {}{line_end}", value.expose()));
        }
        completed + after
    }

    fn read_entry(&mut self, line: &'a str, wanted: &[&'static str]) -> Result<(), Wrong> {
        let (name, value) = line.split_once(['=', ':']).ok_or(Wrong::NotALine)?;
        let name = name.trim().to_ascii_lowercase();
        let Some(name) = wanted.iter().copied().find(|wanted| *wanted == name) else {
            return Ok(());
        };
        let value = value.trim();
        if value.is_empty() {
            return Err(Wrong::Empty(name));
        }
        if self.get(name).is_some() {
            return Err(Wrong::Twice(name));
        }
        let separates = |character: char| name.ends_with("_id") && "/,=".contains(character);
        if !value.chars().all(|character| character.is_ascii_graphic() && !separates(character)) {
            return Err(Wrong::Character(name));
        }
        self.entries.push((name, value));
        Ok(())
    }
}

/// The name in `[name]`.
fn section(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.split(']').next().map(str::trim)
}

/// True for a line that should hold a name and a value: no comment, not blank, not the continuation of another.
fn is_entry(line: &str) -> bool {
    !line.is_empty() && !line.starts_with(['#', ';', ' ', '\t'])
}

impl fmt::Display for ProfileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: ", self.line)?;
        match &self.what {
            Wrong::NotALine => formatter.write_str("neither a [profile], a comment nor name = value"),
            Wrong::Empty(name) => {
                write!(
                    formatter,
                    "{name} has no value; give it one, or delete the line and the next start makes one"
                )
            }
            Wrong::Twice(name) => write!(formatter, "{name} is there twice; delete one of the lines"),
            Wrong::Character(name) => {
                write!(
                    formatter,
                    "{name} has a character that no request could carry; use letters, digits and marks"
                )
            }
        }
    }
}

impl std::error::Error for ProfileError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let profile = Profile::parse(text, &["a", "b_id"]).unwrap();
        let missing: Vec<_> = ["a", "b_id"]
            .into_iter()
            .filter(|name| profile.get(name).is_none())
            .map(|name| (name, Secret::new("NEW")))
            .collect();
        assert_eq!(profile.with(&missing), expected, "{text:?}");
    }

    #[test]
    fn entries_are_added_where_they_are_missing_and_nothing_else_changes() {
        let cases = [
            ("", "[default]\na = NEW\nb_id = NEW\n"),
            ("\n", "\n[default]\na = NEW\nb_id = NEW\n"),
            ("[default]", "[default]\na = NEW\nb_id = NEW\n"),
            ("[default]\na=1", "[default]\na=1\nb_id = NEW\n"),
            ("[default]\r\na=1", "[default]\r\na=1\r\nb_id = NEW\r\n"),
            ("# only a comment", "# only a comment\n\n[default]\na = NEW\nb_id = NEW\n"),
            ("[x]\na=1\nb_id=2\n", "[x]\na=1\nb_id=2\n\n[default]\na = NEW\nb_id = NEW\n"),
            ("[default]\nA : 1\n\n\n[x]\nb_id=2\n", "[default]\nA : 1\nb_id = NEW\n\n\n[x]\nb_id=2\n"),
            (
                "[default]\na=1\n; b_id=9\n  b_id=8\n[x]",
                "[default]\na=1\n; b_id=9\n  b_id=8\nb_id = NEW\n[x]",
            ),
            ("\u{feff}[default]\na=1\nb_id=2", "\u{feff}[default]\na=1\nb_id=2"),
            ("[x]\nno entry at all\n[default]\na=1\nb_id=2", "[x]\nno entry at all\n[default]\na=1\nb_id=2"),
            ("[default-2]\na=1\n", "[default-2]\na=1\n\n[default]\na = NEW\nb_id = NEW\n"),
        ];
        for (text, expected) in cases {
            check(text, expected);
            check(expected, expected);
        }
    }

    #[test]
    fn values_keep_their_own_equal_signs_and_lose_only_outer_blanks() {
        let profile = Profile::parse("[ default ]\na =  x=y:z==  \n", &["a"]).unwrap();
        assert_eq!(profile.get("a"), Some("x=y:z=="));
    }

    #[test]
    fn what_clients_would_read_differently_is_refused() {
        let cases = [
            ("[default]\nword\n", 2, Wrong::NotALine),
            ("[default]\na =  \n", 2, Wrong::Empty("a")),
            ("[default]\na=1\n\n[x]\n[default]\na=1\n", 6, Wrong::Twice("a")),
            ("[default]\na=two words\n", 2, Wrong::Character("a")),
            ("[default]\nb_id=A/B\n", 2, Wrong::Character("b_id")),
            ("[default]\na=é\n", 2, Wrong::Character("a")),
        ];
        for (text, line, what) in cases {
            assert_eq!(
                Profile::parse(text, &["a", "b_id"]).err(),
                Some(ProfileError { line, what }),
                "{text:?}"
            );
        }
    }
}
