//! How does a scan leave out log events that files hold and readers see no more?
//!
//! By a predicate over the columns that tell, which stands above the reading of those files alone that may hold such an
//! event. Rows in memory are few, and are filtered where the plan is made.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::not;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, ident,
};
use walletscope_lake::gone::{COLUMNS, Facts, Gone};
use walletscope_lake::maintenance::LookedThrough;
use walletscope_lake::{LakeFile, LakeTable};

/// What readers see no more, and the files that are known to hold none of it.
#[derive(Clone, Debug)]
pub(crate) struct GoneFilter {
    pub(crate) gone: Arc<Gone>,
    pub(crate) looked: Arc<LookedThrough>,
}

impl GoneFilter {
    /// Whether the file may hold a row that is gone.
    pub(crate) fn concerns(&self, file: &LakeFile) -> bool {
        let concern = self.gone.of_file(&Facts::of(file));
        let known = self.looked.get(&file.path).copied().unwrap_or_default();
        concern.is_partly_aged || !concern.whole.is_known_by(known)
    }

    /// True for rows that are seen, over [`COLUMNS`].
    pub(crate) fn predicate(&self) -> Expr {
        ScalarUDF::new_from_impl(IsSeen::new(&self.gone)).call(COLUMNS.map(ident).into())
    }

    /// Which rows are seen, of a batch with all columns of the table; `None` where all are.
    pub(crate) fn seen(&self, rows: &RecordBatch) -> Result<Option<BooleanArray>> {
        let columns = COLUMNS.map(|name| rows.column(LakeTable::LogEvents.place(name)));
        let is_gone = self.gone.of_columns(columns).ok_or_else(misfit)?;
        Ok(if is_gone.true_count() == 0 { None } else { Some(not(&is_gone)?) })
    }
}

fn misfit() -> datafusion::common::DataFusionError {
    exec_datafusion_err!("the columns that say whether a log event is seen have other types")
}

/// The predicate as a function.
#[derive(Debug)]
struct IsSeen {
    gone: Arc<Gone>,
    signature: Signature,
}

impl IsSeen {
    fn new(gone: &Arc<Gone>) -> Self {
        let signature = Signature::any(COLUMNS.len(), Volatility::Immutable);
        Self { gone: Arc::clone(gone), signature }
    }
}

// Two are one where they ask the same values.
impl PartialEq for IsSeen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.gone, &other.gone)
    }
}

impl Eq for IsSeen {}

impl Hash for IsSeen {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.gone).hash(state);
    }
}

impl ScalarUDFImpl for IsSeen {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &'static str {
        "is_seen"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let columns: &[_; COLUMNS.len()] = columns.as_array().ok_or_else(misfit)?;
        let is_gone = self.gone.of_columns(columns.each_ref()).ok_or_else(misfit)?;
        Ok(ColumnarValue::Array(Arc::new(not(&is_gone)?)))
    }
}
