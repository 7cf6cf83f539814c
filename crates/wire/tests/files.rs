//! No file makes the importer panic, and whatever it reads travels: files after arbitrary changes, in pieces of any
//! size. The fuzz target `import_file` asks the same of any bytes at all.

use proptest::prelude::*;
use walletscope_model::Timestamp;
use walletscope_wire::import::{Defaults, Found, HEAD_BYTES, Importer, check, decode, encode};

const FILES: [&str; 6] = [
    r#"{"Id":"1-5f2aef12-6b4f7a9c8d2e1f3a2b1c0d9","Segments":[{"Id":"8b39","Name":"x","StartTime":1696419812.925,"EndTime":1.5,"Http":{"Response":{"Status":500}},"Metadata":{"a":1},"Subsegments":[{"Name":"y","StartTime":1,"Namespace":"aws.dynamodb","SQL":{"Query":"GetItem on T table"}}]}]} // one
{"eventTime":"2024-01-15T10:25:12Z","eventSource":"s","eventName":"n","requestParameters":{"trid":"5"},"responseElements":{"processingTime":1.245}}"#,
    r#"{"Metrics":[{"MetricName":"M","Namespace":"N","Dimensions":[{"Name":"A","Value":"B"}],"Value":"1.5"}],"CloudWatch Logs":{"logGroup":"/g","logStream":"s","events":[{"timestamp":1705312512000,"message":{"a":[1.50,null]}},]}}"#,
    "{\"timestamp\":1705312512000,\"message\":\"a\"}\n{\"time\":\"2024-01-15 10:25:12\",\"event\":\"TOKEN_CREATED\"}\n// c\n[1]\n",
    "timestamp;event;\"colour\"\r\n2024-01-15T10:25:12Z;TOKEN_CREATED;\"r\"\"e;d\n\"\r\n1705312512;;x\n",
    "2024-01-15T10:25:12Z 2024/01/15/[$LATEST]a {\"event\":\"TOKEN_CREATED\"}\n  more\n2024-01-15T10:25:12Z\tr\tINFO\tx\n",
    "# A\n```json\n{\"timestamp\":1705312512000,\"message\":\"a\"}\n```\n```sql\n```\n   ```jsonl\n{\"a\n",
];

fn read(file: &[u8], is_markdown: bool, size: usize) -> Option<Vec<Found>> {
    let defaults =
        Defaults { group: "/g".into(), stream: "s".into(), now: Timestamp::from_seconds(1_795_348_800) };
    let mut importer = Importer::new(&file[..file.len().min(HEAD_BYTES)], is_markdown, defaults).ok()?;
    file.chunks(size).for_each(|piece| importer.push(piece));
    importer.finish();
    Some(importer.take())
}

fn drive(file: &[u8], is_markdown: bool, size: usize) {
    let whole = read(file, is_markdown, usize::MAX);
    assert_eq!(read(file, is_markdown, size), whole);
    for found in whole.into_iter().flatten() {
        if let Found::Record { record, .. } = found {
            let line = encode(&record).expect("every record is JSON");
            assert!(!line.contains('\n'));
            let arrived = decode(&line).expect("what is encoded is a record");
            assert_eq!(check(arrived).as_ref(), Ok(&record), "what was read may be stored");
        }
    }
}

/// One change: a byte replaced, a run removed, or a run repeated.
fn changed(bytes: &[u8], place: usize, kind: u8, byte: u8) -> Vec<u8> {
    let place = place % bytes.len().max(1);
    let end = (place + usize::from(byte % 16) + 1).min(bytes.len());
    let (before, run, after) = (&bytes[..place], &bytes[place..end], &bytes[end..]);
    match kind % 3 {
        0 => [before, &[byte], after].concat(),
        1 => [before, after].concat(),
        _ => [before, run, run, after].concat(),
    }
}

proptest! {
    #[test]
    fn changed_files_never_panic(place: usize, kind: u8, byte: u8, again: usize, size in 1_usize..60) {
        for file in FILES {
            let once = changed(file.as_bytes(), place, kind, byte);
            drive(&once, file.starts_with('#'), size);
            drive(&changed(&once, again, byte, kind), false, size);
        }
    }

    #[test]
    fn arbitrary_files_never_panic(file in proptest::collection::vec(any::<u8>(), 0..400), is_markdown: bool, size in 1_usize..60) {
        drive(&file, is_markdown, size);
    }
}
