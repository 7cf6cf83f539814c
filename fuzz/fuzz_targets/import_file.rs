//! Does any file panic the importer, read otherwise in small pieces, or give a record that cannot travel?
#![no_main]

use libfuzzer_sys::fuzz_target;
use walletscope_model::Timestamp;
use walletscope_wire::import::{Defaults, Found, HEAD_BYTES, Importer, check, decode, encode};

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (is_markdown, size, file) = input;
    let whole = read(file, is_markdown, usize::MAX);
    assert_eq!(read(file, is_markdown, usize::from(size) + 1), whole);
    for found in whole.into_iter().flatten() {
        if let Found::Record { record, .. } = found {
            let line = encode(&record).expect("every record is JSON");
            assert!(!line.contains('\n'));
            let arrived = decode(&line).expect("what is encoded is a record");
            assert_eq!(check(arrived).as_ref(), Ok(&record), "a record that was read may be stored");
        }
    }
});

fn read(file: &[u8], is_markdown: bool, size: usize) -> Option<Vec<Found>> {
    let now = Timestamp::from_seconds(1_795_348_800);
    let defaults = Defaults { group: "/g".into(), stream: "s".into(), now };
    let mut importer = Importer::new(&file[..file.len().min(HEAD_BYTES)], is_markdown, defaults).ok()?;
    file.chunks(size).for_each(|piece| importer.push(piece));
    importer.finish();
    Some(importer.take())
}
