//! What was read, what was put right, what was refused? Told in tables that fit a terminal.
//!
//! Names of files and reasons come from outside: every line passes the guard before it is printed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use walletscope_guard::guard;
use walletscope_wire::import::{Normalisation, Record};

/// Bad records that are shown one by one.
pub(super) const BAD_SHOWN_MAX: usize = 20;
/// The signals, in the order of the columns.
const SIGNALS: [&str; 4] = ["log", "metric", "span", "audit"];

/// What is in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileReport {
    /// Its name without folders.
    pub name: String,
    /// How it is written.
    pub format: &'static str,
    /// Its size on disk.
    pub bytes: u64,
    /// Records by signal.
    pub records: [u64; SIGNALS.len()],
    /// How often each thing was put right, and the first line of it.
    pub notes: BTreeMap<Normalisation, (u64, u64)>,
    /// Records that cannot be read.
    pub bad: u64,
    /// The first of them: line and reason.
    pub bad_shown: Vec<(u64, String)>,
}

impl FileReport {
    /// An empty report.
    pub fn new(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, ..Self::default() }
    }

    /// Counts a record.
    pub fn count(&mut self, record: &Record) {
        let place = SIGNALS.iter().position(|signal| *signal == record.signal());
        self.records[place.unwrap_or_default()] += 1;
    }

    /// Counts something that was put right.
    pub fn add_note(&mut self, line: u64, what: Normalisation) {
        self.notes.entry(what).or_insert((0, line)).0 += 1;
    }

    /// Counts a bad record, and keeps the first ones.
    pub fn add_bad(&mut self, line: u64, reason: &str) {
        const REASON_CHARS_MAX: usize = 200;
        self.bad += 1;
        if self.bad_shown.len() < BAD_SHOWN_MAX {
            // Guarded whole, then cut short: the other order would hide a card number's end from the guard.
            let guarded = guard(reason).text;
            self.bad_shown.push((line, guarded.chars().take(REASON_CHARS_MAX).collect()));
        }
    }

    /// All its records.
    pub fn total(&self) -> u64 {
        self.records.iter().sum()
    }
}

/// The bad records of all files, one a line, and how many are not shown.
pub(super) fn bad_records(files: &[FileReport]) -> String {
    let mut text = String::new();
    let all = files.iter().flat_map(|file| file.bad_shown.iter().map(move |bad| (&file.name, bad)));
    let (mut shown, total) = (0, files.iter().map(|file| file.bad).sum::<u64>());
    for (name, (line, reason)) in all.take(BAD_SHOWN_MAX) {
        put(&mut text, format_args!("{name}:{line}: {reason}"));
        shown += 1;
    }
    if total > shown {
        put(&mut text, format_args!("and {} more", total - shown));
    }
    guard(&text).text.into_owned()
}

/// Records by signal for each file, then what was put right.
pub(super) fn summary(files: &[FileReport]) -> String {
    let mut rows = vec![
        ["file", "format", "records", "log", "metric", "span", "audit", "size", "bad"].map(str::to_owned),
    ];
    let mut sum = FileReport { name: "all".to_owned(), ..FileReport::default() };
    for file in files {
        rows.push(row(file));
        sum.bytes += file.bytes;
        sum.bad += file.bad;
        sum.records.iter_mut().zip(file.records).for_each(|(sum, count)| *sum += count);
    }
    if files.len() > 1 {
        rows.push(row(&sum));
    }
    let mut text = table(&rows, 2);
    let notes = notes(files);
    if !notes.is_empty() {
        text.push_str("\nput right on the way (AWS would not have done so):\n");
        text.push_str(&notes);
    }
    guard(&text).text.into_owned()
}

fn row(file: &FileReport) -> [String; 9] {
    let [logs, metrics, spans, audit] = file.records.map(|count| count.to_string());
    let total = file.total().to_string();
    [
        file.name.clone(),
        file.format.to_owned(),
        total,
        logs,
        metrics,
        spans,
        audit,
        size(file.bytes),
        file.bad.to_string(),
    ]
}

/// `12 × comments were left out; AWS takes no comments in JSON (brief.md:430)`.
fn notes(files: &[FileReport]) -> String {
    let mut text = String::new();
    for what in Normalisation::all() {
        let with: Vec<_> = files.iter().filter_map(|file| Some((file, file.notes.get(&what)?))).collect();
        let Some((file, (_, line))) = with.first() else { continue };
        let count: u64 = with.iter().map(|(_, (count, _))| count).sum();
        put(
            &mut text,
            format_args!("{count:>8} × {}; AWS {} (first: {}:{line})", what.done(), what.aws(), file.name),
        );
    }
    text
}

/// Cells in columns; from the column `numbers` on they are right-aligned.
fn table<const N: usize>(rows: &[[String; N]], numbers: usize) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column < numbers { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        put(&mut text, format_args!("{}", cells.collect::<Vec<_>>().join("  ").trim_end()));
    }
    text
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_024.0;
    let mut unit = 0;
    while size >= 1_024.0 && unit + 1 < UNITS.len() {
        size /= 1_024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text never fails.
    let _written = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_what_was_put_right_are_told_in_columns() {
        let mut first =
            FileReport { name: "a.json".into(), format: "JSON lines", bytes: 1_536, ..FileReport::default() };
        first.records = [10, 0, 3, 1];
        first.add_note(7, Normalisation::Comments);
        first.add_note(9, Normalisation::Comments);
        let mut second =
            FileReport { name: "b.csv".into(), format: "CSV", bytes: 5, ..FileReport::default() };
        second.records = [1, 0, 0, 0];
        second.add_bad(3, "card 4111111111111111");
        let files = [first, second];
        assert_eq!(
            summary(&files),
            "file    format      records  log  metric  span  audit     size  bad\n\
             a.json  JSON lines       14   10       0     3      1  1.5 KiB    0\n\
             b.csv   CSV               1    1       0     0      0      5 B    1\n\
             all                      15   11       0     3      1  1.5 KiB    1\n\
             \nput right on the way (AWS would not have done so):\n       \
             2 × comments were left out; AWS takes no comments in JSON (first: a.json:7)\n"
        );
        assert_eq!(bad_records(&files), "b.csv:3: card 41111111****1111\n");
    }

    #[test]
    fn the_first_bad_records_are_shown_and_the_others_counted() {
        let mut file = FileReport { name: "a".into(), ..FileReport::default() };
        (0..25).for_each(|line| file.add_bad(line, "no"));
        let text = bad_records(&[file]);
        assert_eq!(text.lines().count(), BAD_SHOWN_MAX + 1);
        assert!(text.ends_with("a:19: no\nand 5 more\n"), "{text}");
    }
}
