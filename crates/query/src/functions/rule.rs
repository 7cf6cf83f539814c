//! What is a scalar function of ours?
//!
//! A name, which types it takes and gives, and what it does to whole arrays. The types are decided while planning, so a
//! function sees only what its `takes` promised.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

type Takes = fn(&[DataType]) -> Result<Vec<DataType>, String>;
type Gives = fn(&[DataType], &[Option<&str>]) -> Result<DataType, String>;
type Run = fn(&[ArrayRef], &DataType) -> Result<ArrayRef, String>;

/// A scalar function.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    name: &'static str,
    signature: Signature,
    /// The types that the arguments are cast to; an error says what is wanted instead.
    takes: Takes,
    /// The type of the result, by the types of the arguments and those that are constant texts.
    gives: Gives,
    /// The result, by the arguments, all of one length and texts as views, and its type.
    run: Run,
}

impl Rule {
    pub(super) fn new(name: &'static str, takes: Takes, gives: Gives, run: Run) -> Self {
        Self { name, signature: Signature::user_defined(Volatility::Immutable), takes, gives, run }
    }
}

// Names are unique among the rules.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rule {}

impl Hash for Rule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Rule {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        (self.takes)(types).map_err(|reason| plan_datafusion_err!("{}: {reason}", self.name))
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let constants = vec![None; types.len()];
        (self.gives)(types, &constants).map_err(|reason| plan_datafusion_err!("{}: {reason}", self.name))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<_> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let text = |value: &Option<&ScalarValue>| {
            value.and_then(|value| value.try_as_str().flatten().map(str::to_owned))
        };
        let texts: Vec<_> = args.scalar_arguments.iter().map(text).collect();
        let texts: Vec<_> = texts.iter().map(Option::as_deref).collect();
        let given = (self.gives)(&types, &texts);
        let given = given.map_err(|reason| plan_datafusion_err!("{}: {reason}", self.name))?;
        Ok(Arc::new(Field::new(self.name, given, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let arrays = arrays.iter().map(as_views).collect::<Result<Vec<_>>>()?;
        let result = (self.run)(&arrays, args.return_field.data_type());
        let result = result.map_err(|reason| exec_datafusion_err!("{}: {reason}", self.name))?;
        if is_constant && result.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

/// Texts of every kind as views, so that functions know one kind.
fn as_views(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => Ok(cast(array, &DataType::Utf8View)?),
        _ => Ok(Arc::clone(array)),
    }
}

/// Refuses other numbers of arguments than those from `least` to `most`.
pub(super) fn count(types: &[DataType], least: usize, most: usize) -> Result<(), String> {
    if (least..=most).contains(&types.len()) {
        return Ok(());
    }
    let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
    Err(format!("takes {wanted} arguments, not {}", types.len()))
}
