//! What comes next in the text: numbers, names, texts in quotes, signs.

use super::error::{MathError, Problem};
use super::operator::Operator;

/// The smallest piece of the text that means something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64),
    /// Letters, digits and underscores, a letter or underscore first.
    Name(&'t str),
    Text(Box<str>),
    /// `-` is always [`Operator::Subtract`] here.
    Operator(Operator),
    /// One of `( ) [ ] ,`.
    Mark(char),
    End,
}

/// A text and how far it was read. One token is read ahead.
pub(super) struct Tokens<'t> {
    text: &'t str,
    /// Where the next token begins.
    position: usize,
    /// Where it ends.
    end: usize,
    next: Token<'t>,
}

impl<'t> Tokens<'t> {
    pub fn new(text: &'t str) -> Result<Self, MathError> {
        let mut tokens = Self { text, position: 0, end: 0, next: Token::End };
        tokens.pass()?;
        Ok(tokens)
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn peek(&self) -> &Token<'t> {
        &self.next
    }

    /// Gives the next token and reads the one behind it.
    pub fn pass(&mut self) -> Result<Token<'t>, MathError> {
        let rest = &self.text[self.end..];
        self.position = self.text.len() - rest.trim_start().len();
        let (token, length) =
            token(&self.text[self.position..]).map_err(|problem| MathError::new(self.position, problem))?;
        self.end = self.position + length;
        Ok(std::mem::replace(&mut self.next, token))
    }

    /// Passes this mark if it comes next.
    pub fn passed(&mut self, mark: char) -> Result<bool, MathError> {
        let is_next = self.next == Token::Mark(mark);
        if is_next {
            self.pass()?;
        }
        Ok(is_next)
    }

    pub fn expected(&self, expected: &'static str) -> MathError {
        let written = &self.text[self.position..self.end];
        let found = (!written.is_empty()).then(|| written.into());
        MathError::new(self.position, Problem::Expected { expected, found })
    }
}

/// The token at the start of `rest` and its length in bytes.
fn token(rest: &str) -> Result<(Token<'_>, usize), Problem> {
    let Some(character) = rest.chars().next() else { return Ok((Token::End, 0)) };
    match character {
        '0'..='9' | '.' => number(rest),
        'a'..='z' | 'A'..='Z' | '_' => Ok(name(rest)),
        '"' | '\'' => quoted(rest, character),
        '(' | ')' | '[' | ']' | ',' => Ok((Token::Mark(character), 1)),
        _ => symbol(rest).ok_or(Problem::InvalidCharacter { character }),
    }
}

/// Digits with or without a point, then perhaps an exponent.
fn number(rest: &str) -> Result<(Token<'_>, usize), Problem> {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    if rest[length..].starts_with('.') {
        let fraction = digits(length + 1);
        if length + fraction == 0 {
            return Err(Problem::InvalidCharacter { character: '.' });
        }
        length += 1 + fraction;
    }
    if rest[length..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        length += if exponent == 0 { 0 } else { 1 + sign + exponent };
    }
    match rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err(Problem::NumberTooLarge),
    }
}

fn name(rest: &str) -> (Token<'_>, usize) {
    let belongs = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let length = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
    let token = match &rest[..length] {
        "AND" => Token::Operator(Operator::And),
        "OR" => Token::Operator(Operator::Or),
        name => Token::Name(name),
    };
    (token, length)
}

fn symbol(rest: &str) -> Option<(Token<'_>, usize)> {
    // `&&` and `||` are other spellings; longer symbols come before those that they begin with.
    const SYMBOLS: [(&str, Operator); 13] = [
        ("&&", Operator::And),
        ("||", Operator::Or),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("+", Operator::Add),
        ("-", Operator::Subtract),
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("^", Operator::Power),
    ];
    let (symbol, operator) = SYMBOLS.into_iter().find(|(symbol, _)| rest.starts_with(symbol))?;
    Some((Token::Operator(operator), symbol.len()))
}

/// A text in quotes. A backslash is dropped before a quote of the enclosing sort; before another backslash or anything
/// else it stays with what it stands before, since searches have escapes of their own.
fn quoted(rest: &str, quote: char) -> Result<(Token<'_>, usize), Problem> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                let (_, escaped) = characters.next().ok_or(Problem::UnclosedQuote)?;
                if escaped != quote {
                    text.push('\\');
                }
                text.push(escaped);
            }
            _ if character == quote => return Ok((Token::Text(text.into()), at + 1)),
            _ => text.push(character),
        }
    }
    Err(Problem::UnclosedQuote)
}
