//! Which UUIDs does a text hold (<https://www.rfc-editor.org/rfc/rfc9562>)?
//!
//! AWS's request ids are UUIDs, and most sources' correlation ids. The lake knows the ids of an event's contract in columns
//! of their own, which are found without reading any message. So a search for a UUID reads the messages of those events
//! alone that tell another one ([`tells_others`]).

/// Letters of a UUID.
const LEN: usize = 36;
/// Where its dashes are.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// Every UUID in a text, those inside of longer words too.
pub fn uuids(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('-').filter_map(|(dash, _)| {
        let start = dash.checked_sub(DASHES[0])?;
        let part = text.get(start..start + LEN)?;
        let is_letter = |(place, byte): (usize, u8)| match DASHES.contains(&place) {
            true => byte == b'-',
            false => byte.is_ascii_hexdigit(),
        };
        part.bytes().enumerate().all(is_letter).then_some(part)
    })
}

/// Whether a message tells a UUID that is none of these ids. `true` also where JSON may write one in other letters.
pub fn tells_others(message: &str, ids: [Option<&str>; 4]) -> bool {
    message.contains("\\u") || uuids(message).any(|uuid| !ids.contains(&Some(uuid)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "8f3a91c2-77ab-10de-9c3e-0123456789ab";
    const TWO: &str = "00000000-0000-4000-8000-FFFFFFFFFFFF";

    #[test]
    fn uuids_are_found_wherever_they_stand() {
        let all = |text: &str| uuids(text).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all(&format!("RequestId: {ONE}\tid={TWO}")), [ONE, TWO]);
        assert_eq!(all(&format!("abc{ONE}def")), [ONE]);
        assert_eq!(all(&format!("{ONE}{TWO}")), [ONE, TWO]);
        for none in [
            "",
            "-",
            "a-b-c-d-e",
            "2026-11-26",
            &ONE[1..],
            &ONE[..35],
            &ONE.replace('8', "g"),
            "\u{e9}-\u{e9}",
        ] {
            assert_eq!(all(none), Vec::<String>::new(), "{none}");
        }
        // Before a dash there may be no room, and letters of several bytes.
        assert_eq!(all(&format!("\u{e9}\u{e9}\u{e9}-{ONE}-\u{e9}")), [ONE]);
    }

    #[test]
    fn what_is_in_no_column_is_another() {
        let ids = [None, Some(ONE), None, None];
        assert!(!tells_others(&format!(r#"{{"requestId":"{ONE}"}}"#), ids));
        assert!(tells_others(&format!(r#"{{"requestId":"{ONE}","session":"{TWO}"}}"#), ids));
        assert!(tells_others(&ONE.to_uppercase(), ids));
        assert!(tells_others(r#"{"requestId":"8\u00663a91c2-77ab-10de-9c3e-0123456789ab"}"#, ids));
        assert!(!tells_others("no id at all", ids));
    }
}
