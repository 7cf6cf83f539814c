//! Which conditions must hold together? `&&` binds stronger than `||`.
//!
//! An expression knows its conditions by number only; what they are is the business of the pattern that holds them.

use super::cursor::Cursor;
use super::error::PatternError;

/// Conditions joined by `&&` and `||`. Depth is bounded by the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Condition(u16),
    /// At least two.
    All(Vec<Expression>),
    /// At least two.
    Any(Vec<Expression>),
}

impl Expression {
    /// Passes operands joined by `&&` and `||`; `operand` passes one of them.
    pub fn parse(
        cursor: &mut Cursor<'_>,
        operand: &mut dyn FnMut(&mut Cursor<'_>) -> Result<Self, PatternError>,
    ) -> Result<Self, PatternError> {
        let mut any = Vec::new();
        loop {
            let mut all = vec![operand(cursor)?];
            while joined(cursor, "&&") {
                all.push(operand(cursor)?);
            }
            any.push(if all.len() == 1 { all.swap_remove(0) } else { Self::All(all) });
            if !joined(cursor, "||") {
                return Ok(if any.len() == 1 { any.swap_remove(0) } else { Self::Any(any) });
            }
        }
    }

    /// Whether it holds, given which conditions do. Asks for no more conditions than it needs.
    pub fn holds(&self, condition_holds: &mut dyn FnMut(u16) -> bool) -> bool {
        match self {
            Self::Condition(condition) => condition_holds(*condition),
            Self::All(parts) => parts.iter().all(|part| part.holds(condition_holds)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(condition_holds)),
        }
    }

    /// Every condition, in the order of the pattern.
    pub fn conditions(&self) -> Vec<u16> {
        match self {
            Self::Condition(condition) => vec![*condition],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::conditions).collect(),
        }
    }

    /// The conditions that make it hold or fail: of alternatives that fail all, of those that hold the ones that do.
    pub fn decisive(&self, condition_holds: &dyn Fn(u16) -> bool) -> Vec<u16> {
        match self {
            Self::Condition(condition) => vec![*condition],
            Self::All(parts) | Self::Any(parts) => {
                let holds = self.holds(&mut |condition| condition_holds(condition));
                let agree = parts
                    .iter()
                    .filter(|part| part.holds(&mut |condition| condition_holds(condition)) == holds);
                agree.flat_map(|part| part.decisive(condition_holds)).collect()
            }
        }
    }
}

fn joined(cursor: &mut Cursor<'_>, operator: &str) -> bool {
    cursor.skip_blanks();
    let is_joined = cursor.passed(operator);
    if is_joined {
        cursor.skip_blanks();
    }
    is_joined
}
