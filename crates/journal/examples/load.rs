//! What does a state insert cost, all in?
//!
//! Appends entries and commits two rows an event, as the product does at full load, until the folder holds the given
//! number of nodes and as many rows; then prints CPU, memory and what went to the disk, the engine's background work
//! included. `cargo run --release -p walletscope-journal --example load -- FOLDER [NODES] [EVENTS_A_COMMIT]`

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use walletscope_journal::{Append, Change, EmbeddedStore, Options, Store, StoreError, Table, encode};
use walletscope_model::{Batch, Body, LogBatch, LogEvent, Offset, Origin, Timestamp};

/// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NODE_BYTES: usize = 300;
const ROW_BYTES: usize = 60;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("usage: load FOLDER [NODES] [EVENTS_A_COMMIT]")?;
    let nodes: u64 = arguments.get(1).map_or(Ok(2_000_000), |text| text.parse())?;
    let events: u64 = arguments.get(2).map_or(Ok(1_000), |text| text.parse())?;
    record_speed()?;

    let entry = encode(&batch(1_000, 1))?;
    let start = Meter::now();
    for round in 0..nodes / events {
        black_box((changes(round, events), entry.clone()));
    }
    let making = Meter::now().since(&start);

    let store = open(folder)?;
    let start = Meter::now();
    let entry_bytes = entry.len() as u64;
    let mut payload = 0;
    for round in 0..nodes / events {
        let offset = Offset(store.head().0 + 1);
        if round % (1_000 / events).max(1) == 0 {
            store.append(vec![Append { offset, bytes: entry.clone(), invocation: None }])?;
            payload += entry_bytes;
        }
        store.commit(changes(round, events), store.head())?;
        payload += events * (NODE_BYTES + ROW_BYTES + 32) as u64;
    }
    report("loaded", &Meter::now().since(&start), &making, 2 * nodes, payload);
    let busy = settle();
    let now = Meter::now().since(&start);
    report("settled", &now, &making, 2 * nodes, payload);
    println!("background work went on for {busy:.1?}");
    if nodes > 0 {
        reads(&store, nodes)?;
    }
    let before = Meter::now();
    std::thread::sleep(Duration::from_secs(5));
    println!("idle for 5 s: {:?} CPU", Meter::now().since(&before).cpu);
    drop(store);

    drop(open(folder)?);
    Ok(())
}

fn open(folder: &str) -> Result<EmbeddedStore, StoreError> {
    let start = Meter::now();
    let store = EmbeddedStore::open(Path::new(folder), Options::default())?;
    let opening = Meter::now().since(&start);
    println!("opened in {:.0?}, {:.0?} CPU, at offset {}", opening.wall, opening.cpu, store.head().0);
    Ok(store)
}

/// How fast a batch of brief-like events is encoded and decoded.
fn record_speed() -> Result<(), Box<dyn std::error::Error>> {
    for count in [10, 1_000] {
        let batches: Vec<Batch> = (0..16).map(|seed| batch(count, seed)).collect();
        let mut entries = vec![Vec::new(); 16];
        let rounds = 640_000 / count;
        let time = |work: &mut dyn FnMut(usize)| {
            let start = Meter::now();
            (0..rounds).for_each(work);
            Meter::now().since(&start).cpu / rounds as u32
        };
        let mut failed = None;
        let encoding = time(&mut |round| match encode(&batches[round % 16]) {
            Ok(entry) => entries[round % 16] = entry,
            Err(error) => failed = Some(error),
        });
        if let Some(error) = failed {
            return Err(error.into());
        }
        let decoding = time(&mut |round| drop(black_box(walletscope_journal::decode(&entries[round % 16]))));
        let bytes = batches[0].body_bytes();
        println!(
            "{count} events of {} B: encode {encoding:.1?}, decode {decoding:.1?}, {} B in {} B",
            bytes / count,
            bytes,
            entries[0].len()
        );
    }
    Ok(())
}

/// The bytes of a batch's messages.
trait BodyBytes {
    fn body_bytes(&self) -> usize;
}

impl BodyBytes for Batch {
    fn body_bytes(&self) -> usize {
        match &self.body {
            Body::Logs(logs) => logs.events.iter().map(|event| event.message.len()).sum(),
            _ => 0,
        }
    }
}

fn batch(count: usize, seed: u64) -> Batch {
    let mut random = Random(seed + 1);
    let mut event = |index: usize| {
        let (one, two) = (random.next(), random.next());
        let message = format!(
            r#"{{"event":"TOKEN_PROVISION_SUCCESS","correlationId":"corr_{one:016x}","requestId":"{two:08x}-{:04x}-4a5b-8c9d-{one:012x}","walletProvider":"ApplePay","issuer":"DEMO_Bank","network":"VISA","bin":"{}","lastFour":"{:04}","processingTimeMs":{}}}"#,
            two >> 48,
            400_000 + one % 1_000,
            two % 10_000,
            one % 5_000
        );
        let timestamp = Timestamp::from_millis(1_705_312_513_245 + index as i64 * 3 + (one % 50) as i64);
        LogEvent { timestamp, message: message.into(), guarded: false }
    };
    let events = (0..count).map(&mut event).collect();
    let body = Body::Logs(LogBatch { group: "/aws/lambda/provision".into(), stream: "s".into(), events });
    let origin = Origin {
        account: "123456789012".into(),
        region: "eu-central-1".into(),
        source: "AKIDEXAMPLE".into(),
        tenant: "default".into(),
    };
    Batch { appended_at: Timestamp::from_seconds(1_705_312_514), origin, invocation_id: "call".into(), body }
}

/// Two rows an event: a node under a random key and an attempt's row in the order of time.
fn changes(round: u64, events: u64) -> Vec<Change> {
    let mut changes = Vec::with_capacity(2 * events as usize);
    for index in 0..events {
        let number = round * events + index;
        changes.push(Change::Put {
            table: Table::Nodes,
            key: node_key(number),
            value: value(number, NODE_BYTES),
        });
        let key = [number.to_be_bytes(), Random(number).next().to_be_bytes()].concat();
        changes.push(Change::Put { table: Table::Attempts, key, value: value(number, ROW_BYTES) });
    }
    changes
}

fn node_key(number: u64) -> Vec<u8> {
    let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    [random.next().to_be_bytes(), random.next().to_be_bytes()].concat()
}

/// Half noise, half the same in every value: ids beside enumerations and times.
fn value(seed: u64, bytes: usize) -> Vec<u8> {
    let mut random = Random(seed + 7);
    let mut value = vec![b'.'; bytes];
    for chunk in value[..bytes / 2].chunks_exact_mut(8) {
        chunk.copy_from_slice(&random.next().to_le_bytes());
    }
    value
}

fn reads(store: &EmbeddedStore, nodes: u64) -> Result<(), StoreError> {
    const READS: u64 = 20_000;
    let start = Instant::now();
    for read in 0..READS {
        assert!(store.get(Table::Nodes, &node_key(read * 7_919 % nodes))?.is_some());
    }
    let found = start.elapsed() / READS as u32;
    let start = Instant::now();
    for read in 0..READS {
        assert!(store.get(Table::Nodes, &node_key(nodes + read))?.is_none());
    }
    println!("a random node is read in {found:.1?}, a missing one in {:.1?}", start.elapsed() / READS as u32);
    Ok(())
}

/// Waits until the engine's threads have been quiet for two seconds.
fn settle() -> Duration {
    let start = Instant::now();
    let mut quiet_since = Instant::now();
    let mut last = Meter::now();
    while quiet_since.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(250));
        let now = Meter::now();
        if now.since(&last).cpu > Duration::from_millis(10) {
            quiet_since = Instant::now();
        }
        last = now;
    }
    quiet_since - start
}

fn report(what: &str, meter: &Meter, making: &Meter, inserts: u64, payload: u64) {
    let cpu = meter.cpu.saturating_sub(making.cpu);
    println!(
        "{what}: {:.1?} wall, {:.2} µs CPU an insert, {:.1} bytes to the disk for one of payload, RSS {} MB, peak {} MB",
        meter.wall,
        cpu.as_secs_f64() * 1e6 / inserts as f64,
        meter.written as f64 / payload as f64,
        status("VmRSS:") / 1_024,
        status("VmHWM:") / 1_024
    );
}

/// What this process has used so far.
struct Meter {
    at: Instant,
    wall: Duration,
    cpu: Duration,
    written: u64,
}

impl Meter {
    fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        // Fields 14 and 15 of the line, in hundredths of a second.
        let cpu = Duration::from_millis(10 * (ticks(11) + ticks(12)));
        let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
        let written =
            io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok()).unwrap_or(0);
        Self { at: Instant::now(), wall: Duration::ZERO, cpu, written }
    }

    fn since(&self, start: &Self) -> Self {
        Self {
            at: self.at,
            wall: self.at - start.at,
            cpu: self.cpu.saturating_sub(start.cpu),
            written: self.written - start.written,
        }
    }
}

/// A number of kilobytes from the status of this process.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// A small fixed generator, so that every run does the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
