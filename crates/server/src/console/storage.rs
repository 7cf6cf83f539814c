//! How full is the disk and how does each table do, as a table on a terminal?

use serde::Deserialize;

use super::answer::Column;
use super::fault::Fault;
use super::table::grid;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Storage {
    head: u64,
    disk: Disk,
    journal: Journal,
    tables: Vec<Table>,
    memory: Memory,
    maintenance: Maintenance,
    bytes_written_per_byte_received: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Disk {
    path: String,
    total_bytes: Option<u64>,
    free_bytes: Option<u64>,
    days_left: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Journal {
    bytes: u64,
    entries: u64,
    first: u64,
    head: u64,
    limit_bytes: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    bytes: u64,
    limit_bytes: u64,
    throttles: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    name: String,
    rows: u64,
    hot_rows: u64,
    bytes: u64,
    files: u64,
    files_max_per_day: u64,
    snapshots: u64,
    freshness_seconds: Option<f64>,
    bytes_per_day: Option<f64>,
    compaction_debt: Debt,
    newest: Option<String>,
}

#[derive(Deserialize)]
struct Debt {
    files: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Maintenance {
    running: Option<String>,
    last_run: Option<String>,
    last_error: Option<String>,
}

/// The answer of `/api/v1/storage`, for people.
pub(super) fn text(answer: &[u8]) -> Result<String, Fault> {
    let storage: Storage = serde_json::from_slice(answer)
        .map_err(|error| Fault::new(format!("the server's answer means nothing: {error}")))?;
    let (disk, journal) = (&storage.disk, &storage.journal);
    let free = match (disk.free_bytes, disk.total_bytes) {
        (Some(free), Some(total)) => format!("{} of {} free", bytes(free as f64), bytes(total as f64)),
        _ => "its size is not known".to_owned(),
    };
    let left = disk.days_left.map_or(String::new(), |days| format!(", full in {days:.1} days at this rate"));
    let mut text = format!("files    {}: {free}{left}\n", disk.path);
    text.push_str(&format!(
        "journal  {} of {}, {} entries, {} to {}; queries see up to {}\n",
        bytes(journal.bytes as f64),
        bytes(journal.limit_bytes as f64),
        journal.entries,
        journal.first,
        journal.head,
        storage.head
    ));
    let memory = &storage.memory;
    text.push_str(&format!(
        "memory   {} of {} for rows that are in no file yet{}\n",
        bytes(memory.bytes as f64),
        bytes(memory.limit_bytes as f64),
        if memory.throttles { "; calls are throttled until a flush succeeds" } else { "" }
    ));
    if let Some(ratio) = storage.bytes_written_per_byte_received {
        text.push_str(&format!("written  {ratio:.2} bytes for each byte received, since the start\n"));
    }
    let maintenance = &storage.maintenance;
    let running = maintenance.running.as_deref().unwrap_or("nothing");
    let last = maintenance.last_run.as_deref().unwrap_or("never");
    text.push_str(&format!("work     running: {running}; maintained last: {last}\n"));
    if let Some(error) = &maintenance.last_error {
        text.push_str(&format!("error    {error}\n"));
    }
    text.push('\n');
    text.push_str(&grid(&COLUMNS.map(column), &storage.tables.iter().map(Table::cells).collect::<Vec<_>>()));
    Ok(text)
}

const COLUMNS: [&str; 11] = [
    "table",
    "rows",
    "hot rows",
    "size",
    "files",
    "a day",
    "snapshots",
    "waits",
    "to compact",
    "size a day",
    "newest",
];

fn column(name: &str) -> Column {
    let r#type = if matches!(name, "table" | "newest") { "text" } else { "bigint" };
    Column { name: name.to_owned(), r#type: r#type.to_owned() }
}

impl Table {
    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.rows.to_string(),
            self.hot_rows.to_string(),
            bytes(self.bytes as f64),
            self.files.to_string(),
            self.files_max_per_day.to_string(),
            self.snapshots.to_string(),
            self.freshness_seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.0} s")),
            self.compaction_debt.files.to_string(),
            self.bytes_per_day.map_or_else(|| "–".to_owned(), bytes),
            self.newest.clone().unwrap_or_else(|| "–".to_owned()),
        ]
    }
}

/// Bytes with three digits or so.
fn bytes(number: f64) -> String {
    let (mut number, mut unit) = (number, "B");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if number < 1_024.0 {
            break;
        }
        (number, unit) = (number / 1_024.0, next);
    }
    if unit == "B" { format!("{number:.0} B") } else { format!("{number:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        for (number, expected) in [(0.0, "0 B"), (1_023.0, "1023 B"), (1_536.0, "1.5 KiB"), (5e12, "4.5 TiB")]
        {
            assert_eq!(bytes(number), expected);
        }
    }
}
