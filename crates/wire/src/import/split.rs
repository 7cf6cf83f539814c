//! Where does one document, line or row end and the next begin? Bytes in, in pieces of any size; whole units out.
//!
//! A file may be larger than memory, so nothing but the unit under way is kept. The hard part is to go on behind
//! damage: a text that is not closed ends with its line, a unit beyond the limit is left out and told, and what stands
//! between documents and is none is told as well.

/// The longest document, line or row, in bytes.
pub const UNIT_BYTES_MAX: usize = 64 << 20;

const STRAY: &str = "this is no JSON object";

/// What ends a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The bracket that closes a JSON object. Arrays around objects are looked through, so that a long one need not
    /// fit into memory.
    Documents,
    /// The end of the line.
    Lines,
    /// The end of the line, unless it stands in double quotes.
    Rows,
}

/// One unit, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The line on which it begins.
    pub line: u64,
    /// Whether it stands in an array that was looked through.
    pub is_in_list: bool,
    /// The line of the first comment before it, where comments are no units.
    pub comment: Option<u64>,
    /// Its text, or why there is none.
    pub text: Result<String, &'static str>,
}

/// Cuts bytes into units.
#[derive(Debug)]
pub struct Splitter {
    mode: Mode,
    limit: usize,
    buffer: Vec<u8>,
    /// The next byte of the buffer to look at.
    at: usize,
    /// The line of that byte.
    line: u64,
    /// Where in the buffer the unit under way begins, and on which line.
    begin: Option<(usize, u64)>,
    state: State,
    depth: usize,
    lists: usize,
    is_too_long: bool,
    comment: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Plain,
    Quoted,
    Escaped,
    LineComment,
    BlockComment,
    /// Something that is no document, up to the end of its line.
    Stray,
}

impl Splitter {
    /// A splitter whose first byte stands on line `line`.
    pub fn new(mode: Mode, line: u64) -> Self {
        Self {
            mode,
            limit: UNIT_BYTES_MAX,
            buffer: Vec::new(),
            at: 0,
            line,
            begin: None,
            state: State::Plain,
            depth: 0,
            lists: 0,
            is_too_long: false,
            comment: None,
        }
    }

    /// Takes the next bytes and hands over every unit that ended.
    pub fn push(&mut self, bytes: &[u8], found: &mut Vec<Unit>) {
        self.buffer.extend_from_slice(bytes);
        self.scan(false, found);
        let keep_from = self.begin.map_or(self.at, |(begin, _)| begin);
        self.buffer.drain(..keep_from);
        self.at -= keep_from;
        if let Some((begin, _)) = &mut self.begin {
            *begin = 0;
        }
    }

    /// Nothing follows: hands over what is left.
    pub fn finish(&mut self, found: &mut Vec<Unit>) {
        self.scan(true, found);
        if self.begin.is_some() {
            let problem = match (self.mode, self.state) {
                (Mode::Documents, State::Stray) => Some(STRAY),
                (Mode::Documents, _) => Some("the document has no end"),
                (Mode::Rows, State::Quoted) => Some("the row ends inside quotes"),
                _ => None,
            };
            self.end(found, problem);
        }
        if self.lists > 0 {
            self.lists = 0;
            let text = Err("an array has no end");
            found.push(Unit { line: self.line, is_in_list: true, comment: None, text });
        }
        self.state = State::Plain;
        self.depth = 0;
    }

    /// What ends its units.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    fn scan(&mut self, is_last: bool, found: &mut Vec<Unit>) {
        while let Some(byte) = self.buffer.get(self.at).copied() {
            let next = self.buffer.get(self.at + 1).copied();
            let needs_next = matches!(byte, b'/' | b'*') && self.mode == Mode::Documents;
            if needs_next && next.is_none() && !is_last {
                break;
            }
            match self.mode {
                Mode::Documents => self.document_byte(byte, next, found),
                Mode::Lines => self.line_byte(byte, found),
                Mode::Rows => self.row_byte(byte, found),
            }
            self.line += u64::from(byte == b'\n');
            self.at += 1;
            self.limit_length();
        }
    }

    fn line_byte(&mut self, byte: u8, found: &mut Vec<Unit>) {
        if self.begin.is_none() {
            self.begin = Some((self.at, self.line));
        }
        if byte == b'\n' {
            self.end(found, None);
        }
    }

    fn row_byte(&mut self, byte: u8, found: &mut Vec<Unit>) {
        if self.begin.is_none() {
            self.begin = Some((self.at, self.line));
        }
        match (byte, self.state) {
            (b'"', State::Plain) => self.state = State::Quoted,
            (b'"', _) => self.state = State::Plain,
            (b'\n', State::Plain) => self.end(found, None),
            _ => {}
        }
    }

    fn document_byte(&mut self, byte: u8, next: Option<u8>, found: &mut Vec<Unit>) {
        match self.state {
            State::Plain => self.plain_byte(byte, next, found),
            State::Quoted => match byte {
                b'\\' => self.state = State::Escaped,
                // A text ends with its line at the latest: what follows may be whole.
                b'"' | b'\n' => self.state = State::Plain,
                _ => {}
            },
            State::Escaped => self.state = if byte == b'\n' { State::Plain } else { State::Quoted },
            State::LineComment if byte == b'\n' => self.state = State::Plain,
            State::BlockComment if byte == b'*' && next == Some(b'/') => {
                self.at += 1;
                self.state = State::Plain;
            }
            State::LineComment | State::BlockComment => {}
            State::Stray if byte == b'\n' => {
                self.state = State::Plain;
                self.end(found, Some(STRAY));
            }
            State::Stray => {}
        }
    }

    fn plain_byte(&mut self, byte: u8, next: Option<u8>, found: &mut Vec<Unit>) {
        match (byte, next) {
            (b'/', Some(b'/' | b'*')) => {
                if self.depth == 0 {
                    self.comment.get_or_insert(self.line);
                }
                let is_block = next == Some(b'*');
                self.at += usize::from(is_block);
                self.state = if is_block { State::BlockComment } else { State::LineComment };
            }
            (b'"', _) if self.depth > 0 => self.state = State::Quoted,
            (b'{', _) if self.depth == 0 => {
                self.begin = Some((self.at, self.line));
                self.depth = 1;
            }
            (b'{' | b'[', _) if self.depth > 0 => self.depth += 1,
            (b'}' | b']', _) if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.at += 1;
                    self.end(found, None);
                    self.at -= 1;
                }
            }
            _ if self.depth > 0 => {}
            (b'[', _) => self.lists += 1,
            (b']', _) if self.lists > 0 => self.lists -= 1,
            (b',' | b' ' | b'\t' | b'\r' | b'\n', _) => {}
            _ => {
                self.begin = Some((self.at, self.line));
                self.state = State::Stray;
            }
        }
    }

    /// Hands over the unit that ends before `self.at`.
    fn end(&mut self, found: &mut Vec<Unit>, problem: Option<&'static str>) {
        let Some((begin, line)) = self.begin.take() else { return };
        let is_too_long = std::mem::take(&mut self.is_too_long);
        let bytes = &self.buffer[begin..self.at];
        let text = match problem {
            _ if is_too_long => Err("it is longer than 64 MiB"),
            Some(problem) => Err(problem),
            None => std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "it is not UTF-8"),
        };
        found.push(Unit { line, is_in_list: self.lists > 0, comment: self.comment.take(), text });
    }

    /// Forgets what is too long already; its end is still looked for.
    fn limit_length(&mut self) {
        if let Some((begin, _)) = &mut self.begin
            && self.at - *begin > self.limit
        {
            *begin = self.at;
            self.is_too_long = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units as `line:text` and `line!problem`, the same for every size of pieces.
    fn split(mode: Mode, text: &str) -> Vec<String> {
        let all = |size: usize| {
            let mut splitter = Splitter { limit: 40, ..Splitter::new(mode, 1) };
            let mut found = Vec::new();
            text.as_bytes().chunks(size).for_each(|piece| splitter.push(piece, &mut found));
            splitter.finish(&mut found);
            let shown = found.iter().map(|unit| match &unit.text {
                Ok(text) => format!("{}:{}", unit.line, text.trim_end_matches(['\r', '\n'])),
                Err(problem) => format!("{}!{problem}", unit.line),
            });
            shown.collect::<Vec<_>>()
        };
        let whole = all(usize::MAX);
        for size in 1..text.len() {
            assert_eq!(all(size), whole, "pieces of {size}: {text}");
        }
        whole
    }

    #[test]
    fn documents_end_with_their_bracket_and_arrays_are_looked_through() {
        for (text, expected) in [
            ("", vec![]),
            ("{}{\"a\":\"}\"}\n\n{ }", vec!["1:{}", "1:{\"a\":\"}\"}", "3:{ }"]),
            ("// {\n/* { */ {\"a\": // }\n [1]}", vec!["2:{\"a\": // }\n [1]}"]),
            ("[{\"a\":1},\n{\"b\":[{}]}]", vec!["1:{\"a\":1}", "2:{\"b\":[{}]}"]),
            ("{\"a\":\"\\\"}\"}", vec!["1:{\"a\":\"\\\"}\"}"]),
            ("{\"a\"", vec!["1!the document has no end"]),
            ("[{}", vec!["1:{}", "1!an array has no end"]),
            ("{}\nhello {\n{}", vec!["1:{}", "2!this is no JSON object", "3:{}"]),
            ("{}\n]", vec!["1:{}", "2!this is no JSON object"]),
            ("{\"a\":\"x\n}\n{}", vec!["1:{\"a\":\"x\n}", "3:{}"]),
            ("/* */", vec![]),
            ("/", vec!["1!this is no JSON object"]),
        ] {
            assert_eq!(split(Mode::Documents, text), expected, "{text}");
        }
    }

    #[test]
    fn lines_and_rows_end_with_their_line() {
        assert_eq!(split(Mode::Lines, "a\r\n\nb\"\nc"), ["1:a", "2:", "3:b\"", "4:c"]);
        assert_eq!(split(Mode::Rows, "a,\"b\n\"\"c\"\nd"), ["1:a,\"b\n\"\"c\"", "3:d"]);
        assert_eq!(split(Mode::Rows, "a,\"b\nc"), ["1!the row ends inside quotes"]);
    }

    #[test]
    fn what_is_too_long_is_left_out_and_told() {
        let long = format!("{{\"a\":\"{}\"}}\n{{}}", "x".repeat(50));
        assert_eq!(split(Mode::Documents, &long), ["1!it is longer than 64 MiB", "2:{}"]);
        assert_eq!(
            split(Mode::Lines, &format!("{}\nb", "x".repeat(50))),
            ["1!it is longer than 64 MiB", "2:b"]
        );
    }

    #[test]
    fn other_encodings_are_told() {
        let mut splitter = Splitter::new(Mode::Lines, 1);
        let mut found = Vec::new();
        splitter.push(b"\xff\xfe\na\n", &mut found);
        assert_eq!(
            found[0],
            Unit { line: 1, is_in_list: false, comment: None, text: Err("it is not UTF-8") }
        );
        assert_eq!(found[1].line, 2);
    }
}
