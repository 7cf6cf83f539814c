//! CloudWatch metric math: which tree is this text, and can it mean anything?
//!
//! [`parse`] reads an expression such as `100 * SUM(METRICS("errors")) / requests` and checks everything that the text
//! alone tells: names, numbers of arguments and the kinds of values (a scalar `S`, a time series `TS`, an array of them
//! `TS[]`). What an id is only the caller knows, so an id counts as `TS` or `TS[]`; [`Expression::kinds_with`] checks
//! again with what the caller knows. Values are computed elsewhere, in the crate `series`. The language is that of
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>; the query inside of
//! `SEARCH('…')` is passed on as it is. Our users' guide is `docs/protocols/metric-math.md`.
//!
//! ```
//! use walletscope_language::metric_math::{Kinds, parse};
//!
//! let expression = parse("100*errors/(errors + requests)")?;
//! assert_eq!(expression.ids(), ["errors", "requests"]);
//! assert_eq!(expression.to_string(), "100 * errors / (errors + requests)");
//! assert_eq!(expression.kinds_with(&|_| Kinds::SERIES)?, Kinds::SERIES);
//! assert_eq!(parse("AVG(SEARCH('x', 'Sum')) * avg(m1)").unwrap_err().position, 26);
//! # Ok::<(), walletscope_language::metric_math::MathError>(())
//! ```

mod check;
mod display;
mod error;
mod function;
mod kind;
mod operator;
mod parser;
mod tokens;

#[cfg(test)]
mod tests;

pub use error::{MathError, Problem};
pub use function::{Function, Word};
pub use kind::{Kind, Kinds};
pub use operator::Operator;

/// An expression has at most so many characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>).
pub const TEXT_LENGTH_MAX: usize = 2_048;
/// So deep may parentheses, brackets, calls and signs stand inside each other. AWS names no limit.
pub const DEPTH_MAX: usize = 64;

/// An expression that was read and checked. It is printed so that it reads as the same again.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
    kinds: Kinds,
}

/// A part of an expression that has a value. Equal parts mean the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Node {
    /// The byte of the text at which it begins.
    pub position: usize,
    /// What it is.
    pub term: Term,
}

/// The forms that a part of an expression takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A number without sign; finite.
    Number(f64),
    /// The id of a metric or of another expression.
    Id(Box<str>),
    /// `[…]` with at least one element.
    Array(Vec<Node>),
    /// `-…`
    Negative(Box<Node>),
    /// Operators of one precedence, at least one of them. They apply from left to right, but `^` from right to left.
    Chain {
        /// What stands before the first operator.
        first: Box<Node>,
        /// The operators with what stands behind each.
        rest: Vec<Link>,
    },
    /// `NAME(…)`, its arguments of the number and form that the function takes.
    Call {
        /// Which function.
        function: Function,
        /// In the order of the text.
        arguments: Vec<Argument>,
    },
}

/// An operator and what stands behind it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The byte at which the operator begins.
    pub position: usize,
    /// Which one.
    pub operator: Operator,
    /// Its right side.
    pub operand: Node,
}

/// What stands between the commas of a call.
#[derive(Clone, Debug)]
pub enum Argument {
    /// An expression.
    Value(Node),
    /// A text in quotes, where a function takes one.
    Text {
        /// The byte at which the opening quote stands.
        position: usize,
        /// What it says. Only a quote of the enclosing sort loses its backslash; all others belong to whoever reads it.
        text: Box<str>,
    },
    /// A word such as `REPEAT`, where a function takes one.
    Word(Word),
}

/// A call of `SEARCH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search<'e> {
    /// The byte at which the query's opening quote stands.
    pub position: usize,
    /// The search itself, in its own grammar.
    pub query: &'e str,
    /// As written, such as `Sum` or `p90`.
    pub statistic: &'e str,
    /// Above zero; `None` where the expression leaves it to the call.
    pub period_seconds: Option<u32>,
}

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expression, MathError> {
    let length = text.chars().count();
    if length > TEXT_LENGTH_MAX {
        return Err(MathError::new(text.len(), Problem::TooLong { length }));
    }
    let root = parser::parse(text)?;
    let kinds = check::result_kinds(&root, &|_| Kinds::SERIES_OR_ARRAY)?;
    Ok(Expression { root, kinds })
}

impl Expression {
    /// The whole tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// What the result may be, while nothing is known of the ids.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// What the result may be, if `kinds_of` tells what each id is. Fails where the ids do not fit, or if the result
    /// can only be a scalar.
    pub fn kinds_with(&self, kinds_of: &dyn Fn(&str) -> Kinds) -> Result<Kinds, MathError> {
        check::result_kinds(&self.root, kinds_of)
    }

    /// Every part that has a value, in the order of the text, each before its own parts.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        let mut open = vec![&self.root];
        std::iter::from_fn(move || {
            let node = open.pop()?;
            let start = open.len();
            node.push_parts(&mut open);
            open[start..].reverse();
            Some(node)
        })
    }

    /// The metrics and expressions that it refers to, each once, in the order of the text.
    pub fn ids(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        for node in self.nodes() {
            if let Term::Id(id) = &node.term
                && !ids.contains(&&**id)
            {
                ids.push(&**id);
            }
        }
        ids
    }

    /// Whether it calls `function`.
    pub fn uses(&self, function: Function) -> bool {
        self.nodes()
            .any(|node| matches!(&node.term, Term::Call { function: called, .. } if *called == function))
    }

    /// Every call of `SEARCH`, in the order of the text.
    pub fn searches(&self) -> Vec<Search<'_>> {
        self.nodes().filter_map(Node::search).collect()
    }
}

impl Node {
    /// The call of `SEARCH` that it is.
    pub fn search(&self) -> Option<Search<'_>> {
        let Term::Call { function: Function::Search, arguments } = &self.term else { return None };
        let [Argument::Text { position, text: query }, Argument::Text { text: statistic, .. }, period @ ..] =
            arguments.as_slice()
        else {
            return None;
        };
        let period_seconds = match period {
            // Whole, above zero and small enough: the parser has seen to it.
            [Argument::Value(Node { term: Term::Number(seconds), .. })] => Some(*seconds as u32),
            _ => None,
        };
        Some(Search { position: *position, query, statistic, period_seconds })
    }

    fn push_parts<'e>(&'e self, parts: &mut Vec<&'e Self>) {
        match &self.term {
            Term::Number(_) | Term::Id(_) => {}
            Term::Array(elements) => parts.extend(elements),
            Term::Negative(operand) => parts.push(operand),
            Term::Chain { first, rest } => {
                parts.push(first);
                parts.extend(rest.iter().map(|link| &link.operand));
            }
            Term::Call { arguments, .. } => parts.extend(arguments.iter().filter_map(Argument::node)),
        }
    }
}

impl Argument {
    /// The expression that it is.
    pub fn node(&self) -> Option<&Node> {
        match self {
            Self::Value(node) => Some(node),
            Self::Text { .. } | Self::Word(_) => None,
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.term == other.term
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        (self.operator, &self.operand) == (other.operator, &other.operand)
    }
}

impl PartialEq for Argument {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(node), Self::Value(other)) => node == other,
            (Self::Text { text, .. }, Self::Text { text: other, .. }) => text == other,
            (Self::Word(word), Self::Word(other)) => word == other,
            _ => false,
        }
    }
}
