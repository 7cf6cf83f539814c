//! Which tree do the tokens make? One function for chains of operators, one for signs, one for what they join.

use super::error::{MathError, Problem};
use super::function::{NOT_SUPPORTED, Parameter};
use super::operator::Operator;
use super::tokens::{Token, Tokens};
use super::{Argument, DEPTH_MAX, Function, Link, Node, Term, Word};

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Result<Node, MathError> {
    let mut parser = Parser { tokens: Tokens::new(text)?, depth: 0 };
    let root = parser.expression()?;
    match parser.tokens.peek() {
        Token::End => Ok(root),
        _ => Err(parser.tokens.expected("an operator or the end")),
    }
}

struct Parser<'t> {
    tokens: Tokens<'t>,
    /// How many parentheses, brackets, calls and signs are open.
    depth: usize,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Node, MathError> {
        self.chain(0)
    }

    /// Operands with operators of one precedence between them; what binds more tightly is inside of the operands. A
    /// sign binds more tightly than everything but `^`.
    fn chain(&mut self, precedence: u8) -> Result<Node, MathError> {
        let first = self.operand(precedence)?;
        let mut rest = Vec::new();
        while let Token::Operator(operator) = *self.tokens.peek()
            && operator.precedence() == precedence
        {
            let position = self.tokens.position();
            self.tokens.pass()?;
            // Behind `^` a sign may stand without parentheses: `2^-1`.
            let is_signed = precedence == Operator::PRECEDENCE_MAX && self.is_at_sign();
            let operand = if is_signed { self.negative()? } else { self.operand(precedence)? };
            rest.push(Link { position, operator, operand });
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Node { position: first.position, term: Term::Chain { first: Box::new(first), rest } })
    }

    fn operand(&mut self, precedence: u8) -> Result<Node, MathError> {
        match precedence {
            Operator::PRECEDENCE_MAX => self.primary(),
            // The last level above which only `^` is left.
            _ if precedence + 1 == Operator::PRECEDENCE_MAX && self.is_at_sign() => self.negative(),
            _ => self.chain(precedence + 1),
        }
    }

    fn is_at_sign(&self) -> bool {
        *self.tokens.peek() == Token::Operator(Operator::Subtract)
    }

    /// `-` and what it stands before, `^` included.
    fn negative(&mut self) -> Result<Node, MathError> {
        let position = self.tokens.position();
        self.tokens.pass()?;
        let operand = self.deeper(position, |parser| {
            if parser.is_at_sign() { parser.negative() } else { parser.chain(Operator::PRECEDENCE_MAX) }
        })?;
        Ok(Node { position, term: Term::Negative(Box::new(operand)) })
    }

    fn primary(&mut self) -> Result<Node, MathError> {
        let position = self.tokens.position();
        match self.tokens.peek() {
            Token::Number(number) => {
                let term = Term::Number(*number);
                self.tokens.pass()?;
                Ok(Node { position, term })
            }
            Token::Name(name) => self.named(position, name),
            Token::Mark('(') => {
                self.tokens.pass()?;
                let inner = self.deeper(position, Self::expression)?;
                self.pass_mark(')', "an operator or `)`")?;
                Ok(Node { position, ..inner })
            }
            Token::Mark('[') => {
                self.tokens.pass()?;
                let elements = self.deeper(position, |parser| parser.listed(Self::expression))?;
                self.pass_mark(']', "an operator, `,` or `]`")?;
                Ok(Node { position, term: Term::Array(elements) })
            }
            _ => Err(self.tokens.expected("a value")),
        }
    }

    /// An id or a call.
    fn named(&mut self, position: usize, name: &str) -> Result<Node, MathError> {
        let refused = |problem| Err(MathError::new(position, problem));
        if let Some(function) = NOT_SUPPORTED.into_iter().find(|function| *function == name) {
            return refused(Problem::NotSupported { function });
        }
        let function = Function::named(name);
        if function.is_none() && !name.starts_with(|first: char| first.is_ascii_lowercase()) {
            return refused(Problem::UnknownFunction { name: name.into() });
        }
        self.tokens.pass()?;
        let is_call = self.tokens.passed('(')?;
        match function {
            Some(function) if is_call => {
                let arguments = self.deeper(position, |parser| parser.arguments(function))?;
                Ok(Node { position, term: Term::Call { function, arguments } })
            }
            Some(_) => Err(self.tokens.expected("`(`")),
            None if is_call => refused(Problem::UnknownFunction { name: name.into() }),
            None => Ok(Node { position, term: Term::Id(name.into()) }),
        }
    }

    /// Everything behind the opening parenthesis of a call.
    fn arguments(&mut self, function: Function) -> Result<Vec<Argument>, MathError> {
        let signature = function.signature();
        let wrong = |position| {
            let problem = Problem::WrongArguments { function: signature.name, takes: signature.takes };
            MathError::new(position, problem)
        };
        let mut parameters = signature.parameters.iter();
        let arguments = match self.tokens.peek() {
            Token::Mark(')') => Vec::new(),
            _ => self.listed(|parser| {
                let position = parser.tokens.position();
                let parameter = parameters.next().ok_or_else(|| wrong(position))?;
                parser.argument(*parameter)?.ok_or_else(|| wrong(position))
            })?,
        };
        let end = self.tokens.position();
        self.pass_mark(')', "an operator, `,` or `)`")?;
        if arguments.len() < signature.required { Err(wrong(end)) } else { Ok(arguments) }
    }

    /// What stands in the place of one parameter; `None` if it is of another form.
    fn argument(&mut self, parameter: Parameter) -> Result<Option<Argument>, MathError> {
        let position = self.tokens.position();
        match (parameter, self.tokens.peek()) {
            (Parameter::Text, Token::Text(text)) => {
                let text = text.clone();
                self.tokens.pass()?;
                Ok(Some(Argument::Text { position, text }))
            }
            (Parameter::Text | Parameter::Word(_), Token::End) => Err(self.tokens.expected("an argument")),
            (Parameter::Text, _)
            | (Parameter::Value | Parameter::Id | Parameter::Seconds, Token::Text(_)) => Ok(None),
            (Parameter::Word(words) | Parameter::ValueOrWord(words), Token::Name(name)) => {
                let word = Word::named(name).filter(|word| words.contains(word));
                match (word, parameter) {
                    (Some(word), _) => {
                        self.tokens.pass()?;
                        Ok(Some(Argument::Word(word)))
                    }
                    (None, Parameter::Word(_)) => Ok(None),
                    (None, _) => Ok(Some(Argument::Value(self.expression()?))),
                }
            }
            (Parameter::Word(_), _) | (Parameter::ValueOrWord(_), Token::Text(_)) => Ok(None),
            (Parameter::Value | Parameter::ValueOrWord(_), _) => {
                Ok(Some(Argument::Value(self.expression()?)))
            }
            (Parameter::Id | Parameter::Seconds, _) => {
                let node = self.expression()?;
                let fits = match &node.term {
                    Term::Id(_) => parameter == Parameter::Id,
                    Term::Number(seconds) => parameter == Parameter::Seconds && is_period(*seconds),
                    _ => false,
                };
                Ok(fits.then_some(Argument::Value(node)))
            }
        }
    }

    /// One or more, with commas between.
    fn listed<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, MathError>,
    ) -> Result<Vec<T>, MathError> {
        let mut all = vec![one(self)?];
        while self.tokens.passed(',')? {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn pass_mark(&mut self, mark: char, expected: &'static str) -> Result<(), MathError> {
        if self.tokens.passed(mark)? { Ok(()) } else { Err(self.tokens.expected(expected)) }
    }

    /// Parses what stands inside of something that began at `position`.
    fn deeper<T>(
        &mut self,
        position: usize,
        parse: impl FnOnce(&mut Self) -> Result<T, MathError>,
    ) -> Result<T, MathError> {
        if self.depth == DEPTH_MAX {
            return Err(MathError::new(position, Problem::TooDeep));
        }
        self.depth += 1;
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }
}

/// Whether a number can be the length of a period in seconds.
fn is_period(seconds: f64) -> bool {
    seconds >= 1.0 && seconds <= f64::from(u32::MAX) && seconds.fract() == 0.0
}
