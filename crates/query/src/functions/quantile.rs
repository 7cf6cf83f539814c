//! Which duration do so many of a hundred attempts not exceed?
//!
//! The same sketch as behind the cards, so that SQL says the same number to the last digit, whatever the order and the
//! parallelism in which rows come.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use walletscope_series::Sketch;

/// `percentile_of_durations(micros, share)` in seconds.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PercentileOfDurations {
    signature: Signature,
}

impl Default for PercentileOfDurations {
    fn default() -> Self {
        let types = vec![DataType::Int64, DataType::Float64];
        Self { signature: Signature::exact(types, Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for PercentileOfDurations {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &str {
        "percentile_of_durations"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Durations::default()))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let bins = DataType::new_list(DataType::Int64, true);
        Ok(vec![
            Arc::new(Field::new(format!("{}[bins]", args.name), bins, true)),
            Arc::new(Field::new(format!("{}[share]", args.name), DataType::Float64, true)),
        ])
    }
}

/// The durations so far, and the share that is asked for.
#[derive(Debug, Default)]
struct Durations {
    sketch: Sketch,
    share: Option<f64>,
}

impl Accumulator for Durations {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (micros, shares) = (values[0].as_primitive::<Int64Type>(), values[1].as_primitive::<Float64Type>());
        self.share = self.share.or_else(|| shares.iter().flatten().next());
        micros.iter().flatten().for_each(|micros| self.sketch.add(micros, 1));
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let micros = self.share.and_then(|share| self.sketch.quantile(share));
        Ok(ScalarValue::Float64(micros.map(|micros| micros as f64 / 1e6)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sketch.bins().len() * size_of::<(i16, i64)>()
    }

    /// Bins and counts in turn.
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let bins = self.sketch.bins().flat_map(|(bin, count)| [i64::from(bin), count]);
        let bins: ArrayRef = Arc::new(bins.collect::<arrow::array::Int64Array>());
        let list = SingleRowListArrayBuilder::new(bins).build_list_scalar();
        Ok(vec![list, ScalarValue::Float64(self.share)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists: &ListArray = states[0].as_list();
        let shares = states[1].as_primitive::<Float64Type>();
        self.share = self.share.or_else(|| shares.iter().flatten().next());
        for list in lists.iter().flatten() {
            let numbers = list.as_primitive::<Int64Type>().values();
            let bins = numbers.chunks_exact(2).filter_map(|pair| Some((i16::try_from(pair[0]).ok()?, pair[1])));
            let sketch = Sketch::from_bins(bins);
            self.sketch.merge(&sketch.ok_or_else(|| exec_datafusion_err!("a sketch has a bin that does not exist"))?);
        }
        Ok(())
    }
}
