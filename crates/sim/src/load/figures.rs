//! How are measured figures shown and kept?
//!
//! A figure is a name, a value with its unit, what it counts and, where the product promises something, whether it
//! was kept. The same rows are printed and written between two marks of a Markdown file, so that a run replaces the
//! figures of the one before and nothing else.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::LoadError;

/// Where the figures begin in the file.
pub const BEGIN_MARK: &str = "<!-- figures of the newest run: begin -->";
/// Where they end.
pub const END_MARK: &str = "<!-- figures of the newest run: end -->";

/// One measured figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What was measured.
    pub name: &'static str,
    /// The value with its unit.
    pub value: String,
    /// The promise and whether it was kept.
    pub promise: Option<(String, bool)>,
    /// What exactly is counted.
    pub counts: &'static str,
}

impl Figure {
    /// A figure that nothing is promised of.
    pub fn new(name: &'static str, value: impl Into<String>, counts: &'static str) -> Self {
        Self { name, value: value.into(), promise: None, counts }
    }

    /// The same with a promise.
    #[must_use]
    pub fn promised(mut self, promise: impl Into<String>, is_kept: bool) -> Self {
        self.promise = Some((promise.into(), is_kept));
        self
    }

    /// One line of text.
    pub fn line(&self) -> String {
        let promise = match &self.promise {
            Some((promise, true)) => format!("  ({promise}: kept)"),
            Some((promise, false)) => format!("  ({promise}: MISSED)"),
            None => String::new(),
        };
        format!("{:<44} {}{promise}", self.name, self.value)
    }

    fn row(&self) -> String {
        let promise = match &self.promise {
            Some((promise, is_kept)) => {
                format!("{promise}: {}", if *is_kept { "kept" } else { "**missed**" })
            }
            None => String::new(),
        };
        format!("| {} | {} | {promise} | {} |", self.name, self.value, self.counts)
    }
}

/// The middle one; of an even number the lower of the two.
pub fn median<T: Copy + PartialOrd>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|left, right| left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal));
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// The value below which this share of the sorted values lies, by nearest rank.
pub fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or_default()
}

/// `12.3 ms`.
pub fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// `123,456`.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number <= -0.5 { format!("-{text}") } else { text }
}

/// `123 MB`, of a million bytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// Puts the figures between the marks of a Markdown file; a file without marks gets them at its end.
///
/// # Errors
/// The file cannot be read or written.
pub fn keep(path: &Path, figures: &[Figure], is_quick: bool) -> Result<(), LoadError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.map_err(LoadError::path("read", path))?,
    };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(LoadError::path("create", parent))?;
    }
    std::fs::write(path, replaced(&text, &section(figures, is_quick))).map_err(LoadError::path("write", path))
}

fn replaced(text: &str, section: &str) -> String {
    let section = format!("{BEGIN_MARK}\n{section}{END_MARK}");
    match (text.find(BEGIN_MARK), text.find(END_MARK)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{section}{}", &text[..begin], &text[end + END_MARK.len()..])
        }
        _ if text.is_empty() => format!("# Benchmarks\n\n{section}\n"),
        _ => format!("{}\n\n{section}\n", text.trim_end()),
    }
}

fn section(figures: &[Figure], is_quick: bool) -> String {
    let mut text = format!("\n{}\n\n", machine());
    if is_quick {
        text.push_str("A quick run: short, and not everything.\n\n");
    }
    text.push_str("| Figure | Value | Promise | What is counted |\n|---|---|---|---|\n");
    for figure in figures {
        text.push_str(&figure.row());
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Machine, date and commit in a sentence.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu_info = read("/proc/cpuinfo");
    let cpu = cpu_info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cpu = cpu.trim_start_matches(|each: char| each.is_whitespace() || each == ':');
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = read("/proc/meminfo");
    let kilobytes =
        memory.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    let disk = output("df", &["--output=source,fstype", &std::env::temp_dir().to_string_lossy()]);
    let disk = disk.lines().nth(1).unwrap_or("unknown").split_whitespace().collect::<Vec<_>>().join(" ");
    let date = output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]);
    let commit = output("git", &["describe", "--always", "--dirty"]);
    format!(
        "{date}, commit {commit}; {cpu}, {cores} cores shared with the load client, {:.0} GB of memory, Linux {}, data \
         on {disk}.",
        kilobytes as f64 / 1e6,
        kernel.trim()
    )
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text =
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if text.is_empty() { "unknown".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_replaces_the_figures_before_and_nothing_else() {
        let first = replaced("# Title\n\nWords.\n", "one\n");
        assert_eq!(first, format!("# Title\n\nWords.\n\n{BEGIN_MARK}\none\n{END_MARK}\n"));
        let text = format!("{first}\nMore words.\n");
        let second = replaced(&text, "two\n");
        assert_eq!(second, text.replace("one", "two"));
        assert!(replaced("", "one\n").starts_with("# Benchmarks\n"));
        let crossed = format!("{END_MARK}{BEGIN_MARK}");
        assert!(replaced(&crossed, "one\n").starts_with(&crossed));
    }

    #[test]
    fn numbers_are_read_easily_and_quantiles_are_ranks() {
        for (number, expected) in [
            (0.0, "0"),
            (999.4, "999"),
            (1_000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
            (-12_000.0, "-12,000"),
        ] {
            assert_eq!(grouped(number), expected);
        }
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!([0.5, 0.99, 1.0, 0.0].map(|share| quantile(&sorted, share).as_millis()), [50, 99, 100, 1]);
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
        assert_eq!((median(&[3, 1, 2]), median(&[2.0, 1.0]), median::<u8>(&[])), (Some(2), Some(1.0), None));
    }
}
