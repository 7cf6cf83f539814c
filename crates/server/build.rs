//! Which files of the web UI go into the binary?
//!
//! Everything in `web/dist` at the time of building, each file also compressed where that makes it smaller. Without
//! the folder the list is empty and the server says at `/` how to build the UI.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> io::Result<()> {
    // Read when this runs: checkouts that share a target folder also share this program.
    let dist = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../web/dist");
    // Cargo watches folders that exist; one that cannot be made is no worse than a UI that was not built.
    let _made = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed={}", dist.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut paths = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut paths)?;
    }
    paths.sort();
    let mut table = String::from("&[\n");
    for (number, path) in paths.iter().enumerate() {
        let name = path.strip_prefix(&dist).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let plain = fs::read(path)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain)?;
        let gzipped = encoder.finish()?;
        let gzipped = if gzipped.len() < plain.len() {
            let file = out.join(format!("ui_{number}.gz"));
            fs::write(&file, gzipped)?;
            format!("Some(include_bytes!({:?}))", file.display().to_string())
        } else {
            "None".to_owned()
        };
        // A copy, so that a UI that is built anew meanwhile does not pull the file away from the compiler.
        let copy = out.join(format!("ui_{number}.plain"));
        fs::write(&copy, &plain)?;
        let path = copy.display().to_string();
        let written = writeln!(
            table,
            "    File {{ path: {name:?}, plain: include_bytes!({path:?}), gzipped: {gzipped} }},"
        );
        written.map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    fs::write(out.join("ui_files.rs"), table)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
