//! What does a query compute? Function calls over metrics, joined by arithmetic, and their value at one time.

/// What stands behind `SELECT`. AWS has single calls only.
#[derive(Clone, Debug, PartialEq)]
pub enum Select {
    /// `SUM(metric)`.
    Call(FunctionCall),
    /// A number that is written in the query; finite, from 0.
    Number(f64),
    /// Two of them, joined.
    Arithmetic {
        /// How.
        operator: ArithmeticOperator,
        /// Before the operator.
        left: Box<Select>,
        /// Behind it.
        right: Box<Select>,
    },
}

/// A function over all values of a group's metrics with this name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionCall {
    /// The function.
    pub function: Function,
    /// The metric's name.
    pub metric: Box<str>,
}

/// How many values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// The mean.
    Average,
    /// How many.
    Count,
    /// The largest.
    Maximum,
    /// The smallest.
    Minimum,
    /// The sum.
    Sum,
}

/// `+ - * /`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// The value of a select expression for one group at one time, given the value of each call there.
///
/// A call without a value makes the whole expression have none. There is one exception: where a group has data of one
/// metric of the query at that time and none of another, a `SUM` or `COUNT` of the other one is 0. So
/// `SUM(ok) / (SUM(ok) + SUM(failed))` is 1, not nothing, in a minute in which nothing failed. A division by 0 and a
/// result that is not finite are no value.
pub fn evaluate(select: &Select, value_of: &dyn Fn(&FunctionCall) -> Option<f64>) -> Option<f64> {
    let has_data = select.calls().into_iter().any(|call| value_of(call).is_some());
    let value_of = |call: &FunctionCall| {
        let is_counting = matches!(call.function, Function::Sum | Function::Count);
        value_of(call).or((has_data && is_counting).then_some(0.0))
    };
    select.value(&value_of).filter(|value| value.is_finite())
}

impl Select {
    /// Every call in it, from left to right, repeated as it is repeated.
    pub fn calls(&self) -> Vec<&FunctionCall> {
        match self {
            Self::Call(call) => vec![call],
            Self::Number(_) => Vec::new(),
            Self::Arithmetic { left, right, .. } => {
                let mut calls = left.calls();
                calls.extend(right.calls());
                calls
            }
        }
    }

    pub(super) fn joined(self, operator: ArithmeticOperator, right: Self) -> Self {
        Self::Arithmetic { operator, left: Box::new(self), right: Box::new(right) }
    }

    fn value(&self, value_of: &dyn Fn(&FunctionCall) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Call(call) => value_of(call),
            Self::Number(number) => Some(*number),
            Self::Arithmetic { operator, left, right } => {
                operator.apply(left.value(value_of)?, right.value(value_of)?)
            }
        }
    }
}

impl ArithmeticOperator {
    fn apply(self, left: f64, right: f64) -> Option<f64> {
        match self {
            Self::Add => Some(left + right),
            Self::Subtract => Some(left - right),
            Self::Multiply => Some(left * right),
            Self::Divide => (right != 0.0).then(|| left / right),
        }
    }

    /// How it is written.
    pub fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
        }
    }

    /// The stronger of two operators takes the operand between them.
    pub(super) fn strength(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 1,
            Self::Multiply | Self::Divide => 2,
        }
    }
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 5] = [Self::Average, Self::Count, Self::Maximum, Self::Minimum, Self::Sum];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "AVG",
            Self::Count => "COUNT",
            Self::Maximum => "MAX",
            Self::Minimum => "MIN",
            Self::Sum => "SUM",
        }
    }

    /// One value of all points of a series, as `ORDER BY` takes it; `None` if there is no point.
    pub fn scalar(self, points: &[f64]) -> Option<f64> {
        let sum = points.iter().sum::<f64>();
        let points = (!points.is_empty()).then_some(points)?;
        match self {
            Self::Average => Some(sum / points.len() as f64),
            Self::Count => Some(points.len() as f64),
            Self::Maximum => points.iter().copied().reduce(f64::max),
            Self::Minimum => points.iter().copied().reduce(f64::min),
            Self::Sum => Some(sum),
        }
    }
}
