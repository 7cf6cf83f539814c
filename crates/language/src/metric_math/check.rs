//! Do the sorts of values fit together? From the leaves up, each part gets the sorts that it may have.

use super::error::{MathError, Problem};
use super::kind::Kinds;
use super::{Argument, Function, Link, Node, Term};

/// What an expression may yield; an error if it can only be a number.
pub(super) fn result_kinds(root: &Node, kinds_of: &dyn Fn(&str) -> Kinds) -> Result<Kinds, MathError> {
    let kinds = kinds(root, kinds_of)?;
    if kinds == Kinds::SCALAR {
        return Err(MathError::new(root.position, Problem::ScalarResult));
    }
    Ok(kinds)
}

fn kinds(node: &Node, kinds_of: &dyn Fn(&str) -> Kinds) -> Result<Kinds, MathError> {
    match &node.term {
        Term::Number(_) => Ok(Kinds::SCALAR),
        Term::Id(id) => Ok(kinds_of(id)),
        Term::Array(elements) => {
            for element in elements {
                let found = kinds(element, kinds_of)?;
                if found == Kinds::SCALAR {
                    let takes = "TS and TS[]";
                    let problem = Problem::WrongKinds { of: "[…]", takes, found: vec![found] };
                    return Err(MathError::new(element.position, problem));
                }
            }
            Ok(Kinds::ARRAY)
        }
        Term::Negative(operand) => kinds(operand, kinds_of),
        Term::Chain { first, rest } => chain_kinds(first, rest, kinds_of),
        Term::Call { function, arguments } => call_kinds(node.position, *function, arguments, kinds_of),
    }
}

fn chain_kinds(first: &Node, rest: &[Link], kinds_of: &dyn Fn(&str) -> Kinds) -> Result<Kinds, MathError> {
    let mut operands = vec![kinds(first, kinds_of)?];
    for link in rest {
        operands.push(kinds(&link.operand, kinds_of)?);
    }
    let is_from_right = rest.iter().any(|link| link.operator.is_right_associative());
    let mut steps: Vec<_> = rest.iter().zip(operands.split_off(1)).collect();
    if !is_from_right {
        return steps.into_iter().try_fold(operands[0], |left, (link, right)| between(link, left, right));
    }
    let mut result = None;
    while let Some((link, right)) = steps.pop() {
        let left = steps.last().map_or(operands[0], |(_, left)| *left);
        result = Some(between(link, left, result.unwrap_or(right))?);
    }
    Ok(result.unwrap_or(operands[0]))
}

fn between(link: &Link, left: Kinds, right: Kinds) -> Result<Kinds, MathError> {
    let operator = link.operator;
    let result = Kinds::of_result(&[left, right], &|kinds| operator.result(*kinds.first()?, *kinds.get(1)?));
    if result == Kinds::NONE {
        let found = vec![left, right];
        let problem = Problem::WrongKinds { of: operator.symbol(), takes: operator.takes(), found };
        return Err(MathError::new(link.position, problem));
    }
    Ok(result)
}

fn call_kinds(
    position: usize,
    function: Function,
    arguments: &[Argument],
    kinds_of: &dyn Fn(&str) -> Kinds,
) -> Result<Kinds, MathError> {
    let values = arguments.iter().filter_map(Argument::node);
    let found: Vec<Kinds> = values.map(|node| kinds(node, kinds_of)).collect::<Result<_, _>>()?;
    let result = Kinds::of_result(&found, &|kinds| function.result(kinds));
    if result == Kinds::NONE {
        let problem = Problem::WrongKinds { of: function.name(), takes: function.takes(), found };
        return Err(MathError::new(position, problem));
    }
    Ok(result)
}
