//! What does a Rust file contain, apart from its comments and strings? The rules need four answers: the code with
//! comments and literals blanked, the code without its tests, where functions begin and end, and which paths are
//! named. A lexer of that little is enough; a parser would be a heavy dependency for a developer tool. The hard part
//! is telling a lifetime from a character literal, and nested comments and raw strings from code.

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// First line, counted from 1.
    pub line: usize,
    /// Lines from the `fn` to its closing brace, both counted.
    pub line_count: usize,
}

/// A `::` path as written, or as a `use` tree spells it out.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedPath {
    pub path: String,
    /// Counted from 1.
    pub line: usize,
}

/// The same bytes with every comment, string and character literal replaced by blanks; line breaks stay.
pub fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_or_comment_end(bytes, at);
        if end > at {
            blank(&mut code, at, end);
            at = end;
        } else {
            at = next_token(bytes, at);
        }
    }
    String::from_utf8(code).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Blanks every item that is compiled only for tests. Takes and returns text as [`code_only`] makes it.
pub fn without_tests(code: &str) -> String {
    let mut remaining = code.as_bytes().to_vec();
    for marker in ["#[cfg(test)]", "#[cfg(all(test", "#[test]"] {
        let mut from = 0;
        while let Some(found) = code[from..].find(marker) {
            let start = from + found;
            let end = item_end(code.as_bytes(), start);
            blank(&mut remaining, start, end);
            from = end.max(start + marker.len());
        }
    }
    String::from_utf8(remaining).unwrap_or_default()
}

/// All functions with a body, in the order of their first lines. Takes text as [`code_only`] makes it.
pub fn functions(code: &str) -> Vec<Function> {
    let bytes = code.as_bytes();
    let mut functions = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        if start > 0 && is_word(bytes[start - 1]) {
            continue;
        }
        let name = word_at(code, start + "fn ".len());
        let end = item_end(bytes, start);
        if !name.is_empty() && bytes.get(end - 1) == Some(&b'}') {
            let line = line_of(code, start);
            functions.push(Function {
                name: name.to_owned(),
                line,
                line_count: line_of(code, end - 1) - line + 1,
            });
        }
    }
    functions
}

/// Every path with at least one `::`, and every leaf of every `use` tree. Takes text as [`code_only`] makes it.
pub fn paths(code: &str) -> Vec<NamedPath> {
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(found) =
        code[at..].find(|character: char| character.is_ascii_alphabetic() || character == '_')
    {
        let start = at + found;
        let word = word_at(code, start);
        at = start + word.len();
        // `use<'a>` on a return type captures a lifetime and imports nothing.
        if word == "use" && !code[at..].starts_with('<') {
            let end = code[at..].find(';').map_or(code.len(), |length| at + length);
            let line = line_of(code, start);
            use_leaves("", code[at..end].trim(), &mut |path| paths.push(NamedPath { path, line }));
            at = end;
        } else if code[at..].starts_with("::") {
            let path = path_at(code, start);
            at = start + path.len();
            paths.push(NamedPath { path: path.to_owned(), line: line_of(code, start) });
        }
    }
    paths
}

/// The line of a byte offset, counted from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_at(code: &str, start: usize) -> &str {
    let length = code.as_bytes()[start..].iter().take_while(|byte| is_word(**byte)).count();
    &code[start..start + length]
}

fn path_at(code: &str, start: usize) -> &str {
    let mut end = start + word_at(code, start).len();
    while code[end..].starts_with("::") && !word_at(code, end + 2).is_empty() {
        end += 2 + word_at(code, end + 2).len();
    }
    &code[start..end]
}

/// Spells out `a::{b, c::d}` as `a::b` and `a::c::d`; a `self` leaf is its parent.
fn use_leaves(prefix: &str, tree: &str, each: &mut dyn FnMut(String)) {
    let Some((head, group)) = tree.split_once('{') else {
        let leaf = tree.split_whitespace().next().unwrap_or("");
        if leaf == "self" {
            each(prefix.trim_end_matches("::").to_owned());
        } else if !leaf.is_empty() {
            each(format!("{prefix}{}", leaf.trim_start_matches("::")));
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    for branch in split_outside_braces(group) {
        use_leaves(&prefix, branch.trim(), each);
    }
}

fn split_outside_braces(group: &str) -> Vec<&str> {
    let (mut branches, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                branches.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.push(&group[start..]);
    branches
}

/// Where the item that starts at `start` ends: behind its closing brace, or behind its semicolon if it has no body.
/// Attributes before the item belong to it.
fn item_end(code: &[u8], start: usize) -> usize {
    let (mut round, mut braces) = (0_i32, 0_i32);
    for (offset, byte) in code[start..].iter().enumerate() {
        match byte {
            b'(' | b'[' => round += 1,
            b')' | b']' => round -= 1,
            b'{' => braces += 1,
            b'}' => {
                braces -= 1;
                if braces == 0 && round == 0 {
                    return start + offset + 1;
                }
                if braces < 0 {
                    return start + offset;
                }
            }
            b';' if braces == 0 && round == 0 => return start + offset + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(code: &mut [u8], start: usize, end: usize) {
    for byte in &mut code[start..end] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// The end of the comment or literal that starts at `at`, or `at` itself where none does.
fn literal_or_comment_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment_end(bytes, at),
        [b'"', ..] => quoted_end(bytes, at, b'"'),
        [b'\'', b'\\', ..] => quoted_end(bytes, at, b'\''),
        [b'\'', first, ..] => {
            let close = 1 + character_length(*first);
            if rest.get(close) == Some(&b'\'') { at + close + 1 } else { at }
        }
        [b'r', ..] | [b'b' | b'c', b'r', ..] => raw_string_end(bytes, at),
        _ => at,
    }
}

/// Steps over a whole word, so that the `r` at its end cannot begin a raw string.
fn next_token(bytes: &[u8], at: usize) -> usize {
    let word = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
    at + word.max(1)
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], start: usize) -> usize {
    let prefix = bytes[start..].iter().take_while(|byte| matches!(byte, b'b' | b'c' | b'r')).count();
    let hashes = bytes[start + prefix..].iter().take_while(|byte| **byte == b'#').count();
    let open = start + prefix + hashes;
    if bytes.get(open) != Some(&b'"') {
        return start;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = &bytes[open + 1..];
    let length = body.windows(close.len()).position(|window| window == close.as_slice());
    length.map_or(bytes.len(), |length| open + 1 + length + close.len())
}

fn character_length(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_code_is_not() {
        let cases = [
            ("let a = 1; // b", "let a = 1;     "),
            ("/* a /* b */ c */ d", "                  d"),
            ("f(\"a\\\"b\") g", "f(      ) g"),
            ("f(r#\"a \" b\"#) g", "f(          ) g"),
            ("br\"x\" y", "      y"),
            ("'a' 'b 'c", "    'b 'c"),
            ("'\\'' x", "     x"),
            ("'é' x", "     x"),
            ("for r in bar", "for r in bar"),
            ("\"open", "     "),
            ("/* open", "       "),
            ("a\n\"b\nc\"\nd", "a\n  \n  \nd"),
        ];
        for (text, expected) in cases {
            assert_eq!(code_only(text), expected, "{text}");
        }
    }

    #[test]
    fn code_that_only_tests_compile_is_left_out() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { c(); } }\nfn d() {}\n#[cfg(test)]\nmod e;\nfn f() {}";
        let kept: Vec<String> =
            functions(&without_tests(code)).into_iter().map(|function| function.name).collect();
        assert_eq!(kept, ["a", "d", "f"]);
    }

    #[test]
    fn functions_are_measured_from_the_fn_to_the_brace() {
        let code = "trait T { fn no_body(&self); }\nfn one() {}\npub fn three(a: [u8; 2]) {\n    if a {}\n}\nlet x: fn (u8);";
        let found: Vec<_> =
            functions(code).into_iter().map(|found| (found.name, found.line, found.line_count)).collect();
        assert_eq!(found, [("one".to_owned(), 2, 1), ("three".to_owned(), 3, 3)]);
    }

    #[test]
    fn paths_come_from_code_and_from_use_trees() {
        let cases: [(&str, &[&str]); 6] = [
            ("use std::fs;", &["std::fs"]),
            (
                "use std::{env, time::{self, Instant as Then}};",
                &["std::env", "std::time", "std::time::Instant"],
            ),
            ("let x = std::env::var(y);", &["std::env::var"]),
            ("use a::b::*;", &["a::b::*"]),
            ("let plain = word;", &[]),
            ("use ::tokio::net;", &["tokio::net"]),
        ];
        for (code, expected) in cases {
            let found: Vec<String> = paths(code).into_iter().map(|named| named.path).collect();
            assert_eq!(found, expected, "{code}");
        }
    }
}
