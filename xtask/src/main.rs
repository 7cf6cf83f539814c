//! Developer commands: what `cargo run -p xtask -- <command>` can do.
//!
//! This file only chooses the command. A command is a module; it returns whether it succeeded, and `main` turns
//! that into the exit code.

mod repository;
mod rust_source;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use repository::Repository;

const HELP: &str = "\
Developer commands of Walletscope.

usage: cargo run -p xtask -- <command>

  tidy    check the repository's own rules: crate edges, pure crates, sizes, names, words, links, event contract,
          Logs operations
  help    print this text
";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => run_tidy(),
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Some(unknown) => {
            eprint!("xtask: there is no command `{unknown}`\n\n{HELP}");
            ExitCode::from(2)
        }
        None => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}

fn run_tidy() -> ExitCode {
    let root = repository_root();
    let repository = match Repository::read(&root) {
        Ok(repository) => repository,
        Err(error) => {
            eprintln!("tidy: {error}");
            return ExitCode::from(2);
        }
    };
    let findings = tidy::check(&repository);
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} findings in {} files", findings.len(), repository.files.len());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Cargo tells a program that it runs where its manifest is; the repository is the folder above.
fn repository_root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from("."), |manifest_folder| PathBuf::from(manifest_folder).join(".."))
}
