//! Where does a statement end?
//!
//! At a `;` that stands in no text, no quoted name and no comment. Nothing more is understood here: the server parses.

/// The statements of a text. Each but the first is moved to its place by blank lines and spaces, so that the places in
/// errors are those of the whole text.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut from = 0;
    for end in ends(text).chain([text.len()]) {
        let statement = &text[from..end];
        if !is_blank(statement) {
            let (lines, last) = text[..from]
                .rsplit_once('\n')
                .map_or((0, &text[..from]), |(before, last)| (before.matches('\n').count() + 1, last));
            statements.push("\n".repeat(lines) + &" ".repeat(last.chars().count()) + statement);
        }
        from = (end + 1).min(text.len());
    }
    statements
}

/// Whether the text ends behind a `;` that ends a statement.
pub(super) fn is_complete(text: &str) -> bool {
    ends(text).last().is_some_and(|end| is_blank(&text[end + 1..]))
}

/// Whether nothing but spaces and comments is there.
fn is_blank(text: &str) -> bool {
    !Scan::new(text).any(|(_, part)| {
        matches!(part, Part::Code(character) if !character.is_whitespace()) || part == Part::Quoted
    })
}

fn ends(text: &str) -> impl Iterator<Item = usize> {
    Scan::new(text).filter(|(_, part)| *part == Part::Code(';')).map(|(place, _)| place)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Code(char),
    Quoted,
    Comment,
}

/// Every character with what it is part of.
struct Scan<'a> {
    characters: std::iter::Peekable<std::str::CharIndices<'a>>,
    inside: Inside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Code,
    Quotes(char),
    Line,
    Block(usize),
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self { characters: text.char_indices().peekable(), inside: Inside::Code }
    }

    fn next_is(&mut self, expected: char) -> bool {
        self.characters.next_if(|(_, character)| *character == expected).is_some()
    }
}

impl Iterator for Scan<'_> {
    type Item = (usize, Part);

    fn next(&mut self) -> Option<(usize, Part)> {
        let (place, character) = self.characters.next()?;
        let part = match (self.inside, character) {
            (Inside::Code, '\'' | '"' | '`') => {
                self.inside = Inside::Quotes(character);
                Part::Quoted
            }
            (Inside::Code, '-') if self.next_is('-') => {
                self.inside = Inside::Line;
                Part::Comment
            }
            (Inside::Code, '/') if self.next_is('*') => {
                self.inside = Inside::Block(1);
                Part::Comment
            }
            (Inside::Code, character) => Part::Code(character),
            // A doubled quote ends and begins again, which is the same.
            (Inside::Quotes(quote), character) => {
                if character == quote {
                    self.inside = Inside::Code;
                }
                Part::Quoted
            }
            (Inside::Line, character) => {
                if character == '\n' {
                    self.inside = Inside::Code;
                }
                Part::Comment
            }
            (Inside::Block(depth), character) => {
                if character == '*' && self.next_is('/') {
                    self.inside = if depth == 1 { Inside::Code } else { Inside::Block(depth - 1) };
                } else if character == '/' && self.next_is('*') {
                    self.inside = Inside::Block(depth + 1);
                }
                Part::Comment
            }
        };
        Some((place, part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_at_a_semicolon_that_is_one() {
        for (text, expected) in [
            ("", vec![]),
            (" ; -- nothing ;\n;", vec![]),
            ("SELECT 1", vec!["SELECT 1"]),
            (
                "SELECT ';', \";\", `;` -- ;\n /* ; /* ; */ ; */;",
                vec!["SELECT ';', \";\", `;` -- ;\n /* ; /* ; */ ; */"],
            ),
            ("a;\n b;c", vec!["a", "  \n b", "  \n   c"]),
            ("SELECT 'it''s;'; x", vec!["SELECT 'it''s;'", "                  x"]),
        ] {
            let found = split(text);
            let trimmed: Vec<_> = found.iter().map(|statement| statement.trim()).collect();
            let wanted: Vec<_> = expected.iter().map(|statement: &&str| statement.trim()).collect();
            assert_eq!(trimmed, wanted, "{text:?}");
        }
    }

    #[test]
    fn places_are_those_of_the_whole_text() {
        let text = "SELECT 1;\nSELECT 2; SELECT é;";
        let statements = split(text);
        let place = |statement: &str, of: &str| {
            let line = statement.lines().position(|line| line.contains(of)).unwrap();
            (line, statement.lines().nth(line).unwrap().chars().position(|one| of.starts_with(one)).unwrap())
        };
        assert_eq!(place(&statements[1], "2"), (1, 7));
        assert_eq!(place(&statements[2], "é"), (1, 17));
    }

    #[test]
    fn an_open_statement_is_not_complete() {
        for (text, expected) in [
            ("SELECT 1", false),
            ("SELECT 1;", true),
            ("SELECT 1; -- done\n", true),
            ("SELECT ';", false),
            ("SELECT 1; SELECT", false),
            ("", false),
        ] {
            assert_eq!(is_complete(text), expected, "{text:?}");
        }
    }
}
