//! How are the fields of a record kept in one piece?
//!
//! A record carries about ten short values and there are millions of records, so one text holds them all: per field
//! its number, the length of its value in two digits of seven bits, and the value. All of it is UTF-8, so a value
//! is borrowed without a check, and the text is what the state stores.

use walletscope_model::contract::Field;

/// Fields of the contract with their values, in the order in which the record carries them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fields(Box<str>);

/// Bytes before a value: the field's number and two digits of its length.
const HEAD: usize = 3;
const DIGIT_BITS: usize = 7;
const DIGIT_MAX: usize = (1 << DIGIT_BITS) - 1;
/// Bytes of a value at most, far beyond [`crate::interpret::VALUE_BYTES_MAX`]; a longer one would be cut.
const VALUE_BYTES_MAX: usize = (1 << (2 * DIGIT_BITS)) - 1;

impl Fields {
    /// Keeps these fields.
    pub fn of<'a>(fields: impl Iterator<Item = (Field, &'a str)> + Clone) -> Self {
        let bytes = fields.clone().map(|(_, value)| HEAD + value.len()).sum();
        let mut text = String::with_capacity(bytes);
        for (field, value) in fields {
            let value = &value[..value.floor_char_boundary(VALUE_BYTES_MAX)];
            text.push(char::from(field as u8));
            text.push(char::from((value.len() >> DIGIT_BITS) as u8));
            text.push(char::from((value.len() & DIGIT_MAX) as u8));
            text.push_str(value);
        }
        Self(text.into())
    }

    /// The fields that [`Self::stored`] gave; `None` where the text is damaged or names a field of a newer version.
    pub fn restore(text: Box<str>) -> Option<Self> {
        let mut rest = &*text;
        while !rest.is_empty() {
            let (_, _, after) = next(rest)?;
            rest = after;
        }
        Some(Self(text))
    }

    /// The text to store.
    pub fn stored(&self) -> &str {
        &self.0
    }

    /// The value of a field, if the record carries it.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.iter().find(|(known, _)| *known == field).map(|(_, value)| value)
    }

    /// Every field with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (field, value, after) = next(rest)?;
            rest = after;
            Some((field, value))
        })
    }
}

/// The first field of a text, its value, and what follows.
fn next(text: &str) -> Option<(Field, &str, &str)> {
    let [number, high, low] = *text.as_bytes().first_chunk::<HEAD>()?;
    let length = usize::from(high) << DIGIT_BITS | usize::from(low);
    let (value, after) = text.get(HEAD..)?.split_at_checked(length)?;
    Some((Field::from_number(number)?, value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_were_in_their_order() {
        let long = "ü".repeat(8_000);
        let pairs = [
            (Field::Wallet, "ApplePay"),
            (Field::Issuer, ""),
            (Field::Country, &*long),
            (Field::Wallet, "x"),
        ];
        let fields = Fields::of(pairs.into_iter());
        assert!(fields.iter().eq(pairs));
        assert_eq!((fields.get(Field::Wallet), fields.get(Field::Bin)), (Some("ApplePay"), None));
        assert_eq!(Fields::restore(fields.stored().into()), Some(fields));
        assert_eq!(Fields::of([].into_iter()), Fields::default());
    }

    #[test]
    fn a_damaged_text_is_refused() {
        let fields = Fields::of([(Field::Wallet, "ApplePay")].into_iter());
        for end in 1..fields.stored().len() {
            assert_eq!(Fields::restore(fields.stored()[..end].into()), None, "cut at {end}");
        }
        assert_eq!(Fields::restore("\u{7f}\0\0".into()), None, "no field has this number");
        assert_eq!(Fields::restore("\u{5}\0\u{1}ü".into()), None, "the length ends inside a letter");
    }
}
