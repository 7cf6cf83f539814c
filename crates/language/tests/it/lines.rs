//! Tables of cases as text: one keyword a line, and the rest of the line as it stands.

/// One line of a table.
pub struct Line {
    /// Where it stands, for messages of tests.
    pub place: String,
    pub keyword: &'static str,
    pub rest: &'static str,
}

/// The lines of a table, without comments and empty ones.
pub fn lines(name: &str, table: &'static str) -> Vec<Line> {
    let numbered = (1..).zip(table.lines());
    let kept = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let line = |(number, line): (usize, &'static str)| {
        let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
        Line { place: format!("{name}:{number}"), keyword, rest }
    };
    kept.map(line).collect()
}
