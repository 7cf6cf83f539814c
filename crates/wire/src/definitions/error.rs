//! Where does it stand, and why can it not be read?
//!
//! A file with an error yields nothing: half of it applied would be worse than none. Each error knows its place and
//! carries the facts to mend it. What it says may repeat the file: guard it before showing it.

use std::fmt;
use std::sync::Arc;

/// A place in one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
}

impl At {
    /// The first character.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    pub(super) fn wrong(self, problem: Problem) -> Wrong {
        Wrong { at: self, problem }
    }

    pub(super) fn place(self, file: &Arc<str>) -> Place {
        Place { file: Arc::clone(file), line: self.line, column: self.column }
    }
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's name, as the caller gave it.
    pub file: Arc<str>,
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A problem with its place in the text that is being read.
#[derive(Debug, PartialEq)]
pub(super) struct Wrong {
    at: At,
    problem: Problem,
}

impl Wrong {
    pub(super) fn of_file(self, file: &Arc<str>) -> DefinitionError {
        DefinitionError { place: self.at.place(file), problem: self.problem }
    }
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq)]
pub struct DefinitionError {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at a place of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// The text has more than [`super::FILE_BYTES_MAX`] bytes.
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// The text has more than [`super::NODES_MAX`] values.
    TooManyNodes,
    /// Lists and mappings are nested deeper than [`super::DEPTH_MAX`].
    TooDeep,
    /// It is not YAML.
    NotYaml {
        /// The parser's words.
        reason: String,
    },
    /// A YAML alias (`*name`), which may repeat a value without end.
    Alias,
    /// A tag that means nothing here.
    Tag {
        /// As it was written.
        tag: String,
    },
    /// The name of a member is a list or a mapping.
    NameIsNoText,
    /// One mapping has a member twice.
    Twice {
        /// The member.
        member: Box<str>,
        /// Where it stands first.
        first_line: u64,
    },
    /// A document is of no kind that is known.
    UnknownDocument {
        /// Its first member, if it is a mapping with any.
        first_member: Option<Box<str>>,
    },
    /// `walletscope:` is not a version that this one reads.
    UnknownVersion {
        /// What it says.
        found: String,
    },
    /// A member is needed and absent.
    Missing {
        /// The member.
        member: String,
        /// Of what.
        of: &'static str,
        /// A member that is there, not known, and spelled alike.
        nearest: Option<Box<str>>,
    },
    /// A value is of another type.
    WrongType {
        /// The member.
        member: String,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A value is not allowed.
    Value {
        /// The member.
        member: String,
        /// Why not.
        reason: String,
    },
    /// A template's reference leads to nothing that is known before it is deployed.
    Unresolved {
        /// The reference.
        reference: String,
        /// Why.
        reason: String,
    },
    /// References lead back to where they began.
    Cycle {
        /// The names on the way.
        through: String,
    },
    /// A function of templates that is not read.
    Intrinsic {
        /// Its name.
        name: Box<str>,
    },
    /// What the references of a template stand for is too deep or too long.
    TooMuchResolved,
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.problem)
    }
}

impl std::error::Error for DefinitionError {}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => {
                write!(formatter, "the file has {bytes} bytes, over the limit of {}", super::FILE_BYTES_MAX)
            }
            Self::TooManyNodes => write!(formatter, "the file has more than {} values", super::NODES_MAX),
            Self::TooDeep => {
                write!(formatter, "lists and mappings are nested deeper than {} levels", super::DEPTH_MAX)
            }
            Self::NotYaml { reason } => write!(formatter, "this is not YAML: {reason}"),
            Self::Alias => write!(formatter, "aliases are not read: write the value out"),
            Self::Tag { tag } => write!(formatter, "the tag {tag} means nothing here"),
            Self::NameIsNoText => write!(formatter, "the name of a member must be a text"),
            Self::Twice { member, first_line } => {
                write!(formatter, "{member} stands here a second time, first on line {first_line}")
            }
            Self::UnknownDocument { first_member: None } => {
                write!(formatter, "the document holds no definitions: a mapping should stand here")
            }
            Self::UnknownDocument { first_member: Some(member) } => write!(
                formatter,
                "a document that begins with {member} is not known: definitions begin with walletscope: 1"
            ),
            Self::UnknownVersion { found } => {
                write!(formatter, "walletscope: {found} is not a version that is read; write walletscope: 1")
            }
            Self::Missing { member, of, nearest } => {
                write!(formatter, "{member} of {of} is missing")?;
                nearest.as_ref().map_or(Ok(()), |near| write!(formatter, "; {near} stands there instead"))
            }
            Self::WrongType { member, expected, found } => {
                write!(formatter, "{member} should be {expected}, and is {found}")
            }
            Self::Value { member, reason } => write!(formatter, "{member} cannot be this: {reason}"),
            Self::Unresolved { reference, reason } => {
                write!(formatter, "what {reference} stands for is not known: {reason}")
            }
            Self::Cycle { through } => write!(formatter, "references lead in a circle: {through}"),
            Self::Intrinsic { name } => write!(formatter, "the function {name} is not read"),
            Self::TooMuchResolved => {
                write!(formatter, "what the references of this template stand for is too deep or too long")
            }
        }
    }
}
