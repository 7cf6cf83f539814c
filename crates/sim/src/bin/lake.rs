//! `lake`: fills a lake with invented attempts and asks it what people ask.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use walletscope_lake::{Lake, LakeTable, Warehouse};
use walletscope_query::{Engine, Limits};
use walletscope_server::start::system_now;
use walletscope_sim::lake::fill::{fill, request_id};
use walletscope_sim::lake::questions::{Files, ask};

/// Fills a lake with invented attempts, unless it has some, and times the questions that people ask.
#[derive(Parser)]
struct Arguments {
    /// Folder of the lake; kept for the next time
    folder: PathBuf,
    /// How many attempts to invent
    #[arg(long, default_value_t = 20_000_000)]
    attempts: u64,
    /// Over how many days
    #[arg(long, default_value_t = 60)]
    days: u64,
    /// How often each question is asked
    #[arg(long, default_value_t = 5)]
    times: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("lake: {reason}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let now = system_now()();
    let warehouse =
        Warehouse::local(&arguments.folder.join("warehouse")).map_err(|error| error.to_string())?;
    let lake = Lake::open(&arguments.folder, warehouse, now).await.map_err(|error| error.to_string())?;
    if lake.current(LakeTable::Attempts).rows() == 0 {
        let started = std::time::Instant::now();
        fill(&lake, arguments.attempts, arguments.days, now, 1).await.map_err(|error| error.to_string())?;
        println!("filled in {:.0} s", started.elapsed().as_secs_f64());
    }
    let state = lake.current(LakeTable::Attempts);
    let bytes: u64 = state.files().iter().map(|file| file.bytes).sum();
    let (rows, files) = (state.rows(), state.files().len());
    println!("{rows} attempts in {files} files, {:.1} bytes each", bytes as f64 / rows.max(1) as f64);
    let limits = Limits::default();
    let engine = Engine::new(Arc::new(Files(Arc::new(lake))), limits).map_err(|error| error.message)?;
    for timed in ask(&engine, &request_id(rows / 3), now, arguments.times).await? {
        let mut sorted = timed.millis.clone();
        sorted.sort_by(f64::total_cmp);
        let median = sorted[sorted.len() / 2];
        println!(
            "{:34} {:6} rows  first {:8.1} ms  median {median:8.1} ms",
            timed.name, timed.rows, timed.millis[0]
        );
    }
    Ok(())
}
