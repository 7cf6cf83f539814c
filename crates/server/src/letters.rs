//! How are bytes written where no digit may stand? Four bits a letter, `a` to `p`: digits can look like a card number, and
//! an id or a cursor that the guard cuts is none any more.

use std::borrow::Borrow;

/// Two letters for each byte.
pub fn write(bytes: impl IntoIterator<Item = impl Borrow<u8>>) -> String {
    let letter = |bits: u8| char::from(b'a' + bits);
    bytes.into_iter().flat_map(|byte| [letter(byte.borrow() >> 4), letter(byte.borrow() & 15)]).collect()
}

/// What [`write`] wrote of so many bytes.
pub fn read<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != 2 * BYTES {
        return None;
    }
    let bits = |letter: u8| (b'a'..=b'p').contains(&letter).then(|| letter - b'a');
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = bits(pair[0])? << 4 | bits(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_nothing_else_is_read() {
        assert_eq!(write([0x00, 0x9f, 0xff]), "aajppp");
        assert_eq!(read("aajppp"), Some([0x00, 0x9f, 0xff]));
        for other in ["", "aajpp", "aajpppp", "aajppq", "AAJPPP", "aajp\u{e9}"] {
            assert_eq!(read::<3>(other), None, "{other}");
        }
    }
}
