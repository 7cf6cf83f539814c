//! What is a column?

/// A column of a table of the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// snake_case, the name in every engine.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Never null.
    pub is_required: bool,
    /// An id that people look up: it gets a bloom filter.
    pub is_id: bool,
    /// One sentence for people, with the unit.
    pub meaning: &'static str,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// 64-bit whole number.
    Long,
    /// 32-bit whole number.
    Int,
    /// 64-bit floating point.
    Double,
    /// Yes or no.
    Flag,
    /// Microseconds since 1970, UTC.
    Time,
    /// Days since 1970.
    Date,
    /// Bytes.
    Bytes,
    /// A list of texts.
    Texts,
    /// A list of doubles.
    Doubles,
}

pub(super) const fn column(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, is_required: false, is_id: false, meaning }
}

pub(super) const fn required(column: Column) -> Column {
    Column { is_required: true, ..column }
}

pub(super) const fn id(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Text, is_required: false, is_id: true, meaning }
}
