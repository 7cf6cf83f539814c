//! `bench`: what the server takes, how long it needs and what it costs, on this machine.
//!
//! Starts servers of its own over temporary folders and prints a table; with `--out` it also replaces the figures in a
//! Markdown file. Exit code 0 where it ran, whatever the figures; 1 where it did not.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use walletscope_sim::lake::{day, live, raw, searches, windows};
use walletscope_sim::load::figures::{Figure, keep, machine};
use walletscope_sim::load::{LoadError, Server, idle, patterns, resident, stages, throughput};

/// The server's allocator, for what is measured in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Calls of 1,000 events that go through the stages.
const STAGE_CALLS: usize = 500;

/// Open-loop load, memory, idle cost and the cost per stage.
#[derive(Parser)]
struct Arguments {
    /// The server's binary, built for release.
    #[arg(long, env = "WALLETSCOPE_BIN", default_value = "bin/walletscope")]
    server: PathBuf,
    /// Only throughput and latency, and short.
    #[arg(long)]
    quick: bool,
    /// Replace the figures in this Markdown file.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Measure nothing: make a data folder here that knows two million attempts.
    #[arg(long, value_name = "DIR")]
    fill: Option<PathBuf>,
    /// The lake of many attempts: filled the first time, then kept.
    #[arg(long, value_name = "DIR", default_value = "target/bench/lake")]
    lake: PathBuf,
    /// How many attempts it is filled with.
    #[arg(long, value_name = "COUNT", default_value_t = raw::ATTEMPTS)]
    lake_attempts: u64,
    /// How long the simulated day is.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24))]
    hours: u32,
    /// A Python that has DuckDB.
    #[arg(long, value_name = "FILE", default_value = ".venv/bin/python")]
    python: PathBuf,
    /// Where the temporary folders are made; the disk that is measured.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Events and calls per second, latency, bare parsing.
    Throughput,
    /// Filter patterns, in this process.
    Patterns,
    /// CPU time per stage, in this process.
    Stages,
    /// A fresh server with nothing to do.
    Idle,
    /// Start after kill -9 under load.
    Restart,
    /// Two million settled attempts.
    Resident,
    /// A year of counted hours.
    Year,
    /// SQL beside calls that come in.
    Live,
    /// FilterLogEvents over ten million log events in files.
    Searches,
    /// SQL over a lake of many attempts, beside DuckDB over the same files.
    Lake,
    /// Only by name: a simulated day at 1,000 events a second and what it leaves behind.
    Day,
}

const PARTS: [Part; 10] = [
    Part::Throughput,
    Part::Patterns,
    Part::Stages,
    Part::Idle,
    Part::Restart,
    Part::Resident,
    Part::Year,
    Part::Live,
    Part::Searches,
    Part::Lake,
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), LoadError> {
    if let Some(folder) = &arguments.fill {
        let _late = resident::fill(&arguments.server, folder, &mut |line| println!("{line}"))?;
        return Ok(());
    }
    let name = format!("walletscope-bench-{}", std::process::id());
    let parent = arguments.data.clone().unwrap_or_else(std::env::temp_dir).join(name);
    std::fs::create_dir_all(&parent).map_err(LoadError::path("create", &parent))?;
    println!("{}", machine());
    let measured = measure(arguments, &parent);
    std::fs::remove_dir_all(&parent).map_err(LoadError::path("remove", &parent))?;
    let figures = measured?;
    match &arguments.out {
        Some(path) => keep(path, &figures, arguments.quick),
        None => Ok(()),
    }
}

fn measure(arguments: &Arguments, parent: &Path) -> Result<Vec<Figure>, LoadError> {
    let mut figures = Vec::new();
    let by_name = arguments.only.contains(&Part::Day).then_some(Part::Day);
    for part in PARTS.into_iter().filter(|part| is_wanted(arguments, *part)).chain(by_name) {
        let folder = parent.join(format!("{part:?}").to_lowercase());
        let measured = measure_part(part, arguments, &folder)?;
        measured.iter().for_each(|figure| println!("{}", figure.line()));
        figures.extend(measured);
    }
    Ok(figures)
}

fn is_wanted(arguments: &Arguments, part: Part) -> bool {
    match (arguments.only.is_empty(), arguments.quick) {
        (false, _) => arguments.only.contains(&part),
        (true, true) => part == Part::Throughput,
        (true, false) => true,
    }
}

fn measure_part(part: Part, arguments: &Arguments, folder: &Path) -> Result<Vec<Figure>, LoadError> {
    let binary = &arguments.server;
    match part {
        Part::Throughput => {
            let size = if arguments.quick { throughput::QUICK } else { throughput::FULL };
            let server = Server::start(binary, folder)?;
            let figures = throughput::measure(&server, size)?;
            server.stop()?;
            Ok(figures)
        }
        Part::Patterns => patterns::measure(),
        Part::Searches => searches::measure(binary, folder, &mut |line| println!("{line}")),
        Part::Stages => stages::measure(folder, STAGE_CALLS),
        Part::Idle => idle::measure(binary, folder),
        Part::Restart => idle::restart(binary, folder),
        Part::Resident => resident::measure(binary, folder, &mut |line| println!("{line}")),
        Part::Year => windows::measure(binary, folder),
        Part::Live => live::measure(binary, folder),
        Part::Day => day::measure(folder, arguments.hours, &mut |line| println!("{line}")),
        Part::Lake => {
            let (lake, attempts) = (&arguments.lake, arguments.lake_attempts);
            raw::measure(binary, lake, attempts, &arguments.python, &mut |line| println!("{line}"))
        }
    }
}
