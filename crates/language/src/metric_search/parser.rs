//! What does the text of a query say? One pass from left to right.
//!
//! `AND`, written or left out, binds stronger than `OR`, and `NOT` stronger than both; the guide says nothing of it, its
//! examples hold either way. A name in quotes before `=` is always a dimension, also `"Namespace"`.

use super::{
    Condition, DEPTH_MAX, Property, QUERY_CHARACTERS_MAX, Schema, SearchError, SearchProblem, SearchQuery,
    Wanted, tokens::PartialText,
};

pub(super) fn parse(text: &str) -> Result<SearchQuery, SearchError> {
    if text.chars().count() > QUERY_CHARACTERS_MAX {
        return Err(SearchError::new(text.len(), SearchProblem::TooLong));
    }
    let mut cursor = Cursor { text, position: 0 };
    cursor.skip_blanks();
    let schema = if cursor.passed('{') { Some(schema(&mut cursor)?) } else { None };
    let condition = if cursor.peek().is_some() { Some(any_of(&mut cursor, 0)?) } else { None };
    match cursor.peek() {
        Some(_) => Err(cursor.expected("a term or the end")),
        None if schema.is_none() && condition.is_none() => Err(SearchError::new(0, SearchProblem::Empty)),
        None => Ok(SearchQuery { schema, condition }),
    }
}

/// What is behind `{`, with `}` and the comma that may follow it. Names have commas between them, or blanks only.
fn schema(cursor: &mut Cursor<'_>) -> Result<Schema, SearchError> {
    let mut names: Vec<Box<str>> = Vec::new();
    loop {
        cursor.skip_blanks();
        let name = match cursor.peek() {
            Some('"') => cursor.quoted('"')?,
            _ => {
                cursor.unquoted(|character| !matches!(character, '{' | '}' | ',' | '(' | ')' | '=' | '\''))?
            }
        };
        if name.is_empty() {
            return Err(cursor.expected("a name of the schema"));
        }
        if names.is_empty() || !names[1..].contains(&name) {
            names.push(name);
        }
        cursor.skip_blanks();
        if cursor.passed('}') {
            break;
        }
        if !cursor.passed(',') && cursor.peek().is_none() {
            return Err(cursor.expected("`}`"));
        }
    }
    cursor.skip_blanks();
    cursor.passed(',');
    cursor.skip_blanks();
    let dimensions = names.split_off(1).into();
    Ok(Schema { namespace: names.swap_remove(0), dimensions })
}

fn any_of(cursor: &mut Cursor<'_>, depth: usize) -> Result<Condition, SearchError> {
    let mut parts = vec![all_of(cursor, depth)?];
    while cursor.passed_word("OR") {
        parts.push(all_of(cursor, depth)?);
    }
    Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Condition::Any(parts) })
}

fn all_of(cursor: &mut Cursor<'_>, depth: usize) -> Result<Condition, SearchError> {
    let mut parts = vec![one(cursor, depth)?];
    while cursor.passed_word("AND") || !(cursor.is_word("OR") || matches!(cursor.peek(), Some(')') | None)) {
        parts.push(one(cursor, depth)?);
    }
    Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Condition::All(parts) })
}

/// `NOT …`, `( … )` or a term. Nothing but blanks of what follows is passed.
fn one(cursor: &mut Cursor<'_>, depth: usize) -> Result<Condition, SearchError> {
    let start = cursor.position;
    if depth > DEPTH_MAX {
        return Err(SearchError::new(start, SearchProblem::TooDeep));
    }
    if cursor.passed_word("NOT") {
        return Ok(Condition::Not(Box::new(one(cursor, depth + 1)?)));
    }
    if cursor.passed('(') {
        cursor.skip_blanks();
        let inside = any_of(cursor, depth + 1)?;
        cursor.close("`)`")?;
        return Ok(inside);
    }
    if cursor.is_word("AND") || cursor.is_word("OR") {
        return Err(cursor.expected("a term"));
    }
    term(cursor)
}

/// `value`, `property=value` or `property=(value OR value)`.
fn term(cursor: &mut Cursor<'_>) -> Result<Condition, SearchError> {
    let start = cursor.position;
    let is_quoted = matches!(cursor.peek(), Some('"' | '\''));
    let text = cursor.value()?;
    if !cursor.passed('=') {
        return wanted(text, is_quoted, start).map(Condition::Anywhere);
    }
    cursor.skip_blanks();
    let property = match &*text {
        "MetricName" if !is_quoted => Property::MetricName,
        "Namespace" if !is_quoted => Property::Namespace,
        ":aws.AccountId" if !is_quoted => Property::Account,
        _ => Property::Dimension(text),
    };
    if !cursor.passed('(') {
        return Ok(Condition::Property(property, vec![property_value(cursor)?]));
    }
    cursor.skip_blanks();
    let mut values = vec![property_value(cursor)?];
    while cursor.passed_word("OR") {
        values.push(property_value(cursor)?);
    }
    cursor.close("`OR` or `)`")?;
    Ok(Condition::Property(property, values))
}

fn property_value(cursor: &mut Cursor<'_>) -> Result<Wanted, SearchError> {
    let start = cursor.position;
    let is_quoted = matches!(cursor.peek(), Some('"' | '\''));
    let text = cursor.value()?;
    wanted(text, is_quoted, start)
}

fn wanted(text: Box<str>, is_quoted: bool, position: usize) -> Result<Wanted, SearchError> {
    if is_quoted {
        return Ok(Wanted::Exact(text));
    }
    let partial = PartialText::new(&text).ok_or(SearchError::new(position, SearchProblem::NothingToFind))?;
    Ok(Wanted::Partial(partial))
}

/// A place in the text that moves forward. Whoever passes something of a condition leaves it behind the blanks.
struct Cursor<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        self.position = self.text.len() - self.rest().trim_start().len();
    }

    fn passed(&mut self, wanted: char) -> bool {
        let is_next = self.rest().starts_with(wanted);
        self.position += if is_next { wanted.len_utf8() } else { 0 };
        is_next
    }

    /// Whether an operator comes next, as a whole word that is no property.
    fn is_word(&self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word);
        behind.is_some_and(|behind| {
            let is_whole = behind.chars().next().is_none_or(|next| !belongs_to_word(next));
            is_whole && !behind.trim_start().starts_with('=')
        })
    }

    fn passed_word(&mut self, word: &str) -> bool {
        let is_next = self.is_word(word);
        if is_next {
            self.position += word.len();
            self.skip_blanks();
        }
        is_next
    }

    fn close(&mut self, expected: &'static str) -> Result<(), SearchError> {
        if !self.passed(')') {
            return Err(self.expected(expected));
        }
        self.skip_blanks();
        Ok(())
    }

    /// Passes a term's text, in quotes or without.
    fn value(&mut self) -> Result<Box<str>, SearchError> {
        let text = match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => self.unquoted(belongs_to_word)?,
        };
        self.skip_blanks();
        Ok(text)
    }

    /// Passes a text in quotes. A backslash takes the special meaning from quotes, parentheses and itself; before anything
    /// else it is one, since Grafana escapes quotes only.
    fn quoted(&mut self, quote: char) -> Result<Box<str>, SearchError> {
        let mut quoted = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.position += at + 1;
                return Ok(quoted.into());
            }
            let escaped = characters.next_if(|next| character == '\\' && is_escaped(next.1));
            quoted.push(escaped.map_or(character, |escaped| escaped.1));
        }
        Err(SearchError::new(self.position, SearchProblem::UnclosedQuote))
    }

    /// Passes at least one character without quotes, with the same escapes.
    fn unquoted(&mut self, belongs: impl Fn(char) -> bool) -> Result<Box<str>, SearchError> {
        let mut unquoted = String::new();
        let mut characters = self.rest().char_indices().peekable();
        let mut length = 0;
        while let Some((at, character)) =
            characters.next_if(|next| belongs(next.1) && !next.1.is_whitespace() && next.1 != '"')
        {
            let escaped = characters.next_if(|next| character == '\\' && is_escaped(next.1));
            let (at, character) = escaped.unwrap_or((at, character));
            unquoted.push(character);
            length = at + character.len_utf8();
        }
        if length == 0 {
            return Err(self.expected("a name or a term"));
        }
        self.position += length;
        Ok(unquoted.into())
    }

    fn expected(&self, expected: &'static str) -> SearchError {
        SearchError::new(self.position, SearchProblem::Expected { expected, found: self.peek() })
    }
}

/// What a term without quotes may hold.
fn belongs_to_word(character: char) -> bool {
    !character.is_whitespace() && !matches!(character, '"' | '\'' | '(' | ')' | '=' | '{' | '}')
}

/// What a backslash takes the special meaning from.
pub(super) fn is_escaped(character: char) -> bool {
    matches!(character, '"' | '\'' | '\\' | '(' | ')')
}
