//! What do the counted windows of the state say as a table?
//!
//! The windows are kept right by the join itself: a late change takes its old contribution back and adds its new one,
//! exactly, because counts and sketches are linear (docs/decisions/0003). So the rollups are views of the state at the
//! published head and never wait for a recomputation.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch, StringViewBuilder,
    TimestampMicrosecondBuilder,
};
use walletscope_lake::table::day_of;
use walletscope_model::{Offset, Timestamp};
use walletscope_query::rollup_table::{self, RollupSource};
use walletscope_series::{Count, Durations, Resolution, Timing, Window};
use walletscope_stream::{Dimension, WindowKey};

use crate::pipeline::Shared;
use crate::state::each_window;
use crate::view::View;

/// How long the buckets of the rollups are, in the order of [`rollup_table::NAMES`].
pub const RESOLUTIONS: [Resolution; 3] = [Resolution::Minute, Resolution::Hour, Resolution::Day];

/// The windows of one resolution.
pub struct Windows {
    /// What the pipeline publishes.
    pub shared: Arc<Shared>,
    /// How long buckets are.
    pub resolution: Resolution,
    /// What the tables beside it include: a view that is behind is waited for.
    pub head: Offset,
}

const COUNTS: [&[Count]; 13] = [
    &[Count::Requests],
    &[Count::Pending],
    &[Count::Success],
    &[Count::FailedTechnical, Count::FailedDeclined, Count::FailedInvalid, Count::FailedDevice],
    &[Count::FailedTechnical],
    &[Count::FailedDeclined],
    &[Count::FailedInvalid],
    &[Count::FailedDevice],
    &[Count::Abandoned],
    &[Count::Decided],
    &[Count::Yellow],
    &[Count::YellowActivated],
    &[Count::Activated],
];

impl RollupSource for Windows {
    fn rows(&self, from: Timestamp, to: Timestamp) -> Result<RecordBatch, String> {
        let view = self.view()?;
        if view.dictionary.values(Dimension::Tenant).len() > 1 {
            return Err("rollups count one tenant and this server has several; ask token_provisioning_logs"
                .to_owned());
        }
        let mut rows = Rows::default();
        each_window(
            &view.disk,
            self.resolution,
            (from, to),
            |_| true,
            |key, window| {
                if window.count(Count::Requests) > 0 {
                    rows.push(&view, key, &window);
                }
            },
        )
        .map_err(|error| error.0)?;
        Ok(rows.finish())
    }
}

impl Windows {
    /// A view that includes the head. Views are published less often than the lake's rows and are a moment behind; under
    /// a load that they cannot follow, no answer is better than one of earlier.
    fn view(&self) -> Result<Arc<View>, String> {
        const POLL: std::time::Duration = std::time::Duration::from_millis(5);
        const WAIT_MAX: std::time::Duration = std::time::Duration::from_secs(30);
        let begun = std::time::Instant::now();
        loop {
            let view = self.shared.view.load_full();
            if view.applied >= self.head {
                return Ok(view);
            }
            if begun.elapsed() >= WAIT_MAX {
                return Err(format!(
                    "the counted windows include entry {} and not yet {}; ask again in a moment",
                    view.applied.0, self.head.0
                ));
            }
            std::thread::sleep(POLL);
        }
    }
}

#[derive(Default)]
struct Rows {
    times: Vec<i64>,
    wallets: StringViewBuilder,
    issuers: StringViewBuilder,
    counts: [Int64Builder; COUNTS.len()],
    processing_counts: Int64Builder,
    processing_seconds: Float64Builder,
    quantiles: [Float64Builder; QUANTILES.len()],
    sketches: BinaryBuilder,
    tenants: StringViewBuilder,
}

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

impl Rows {
    fn push(&mut self, view: &View, key: WindowKey, window: &Window) {
        self.times.push(key.start.0);
        self.wallets.append_option(view.dictionary.value(Dimension::Wallet, key.wallet));
        self.issuers.append_option(view.dictionary.value(Dimension::Issuer, key.issuer));
        for (column, counts) in self.counts.iter_mut().zip(COUNTS) {
            column.append_value(counts.iter().map(|count| window.counts[*count as usize]).sum());
        }
        let processing = &window.durations[Timing::ProcessingSuccess as usize];
        self.processing_counts.append_value(processing.count);
        let sum = processing.sum_micros as f64 / 1e6;
        self.processing_seconds.append_option((processing.count > 0).then_some(sum));
        for (column, quantile) in self.quantiles.iter_mut().zip(QUANTILES) {
            column.append_option(processing.sketch.quantile(quantile).map(|micros| micros as f64 / 1e6));
        }
        self.sketches.append_option((processing.count > 0).then(|| sketch(processing)));
        // Windows know no tenant; a server has one.
        self.tenants.append_option(view.dictionary.value(Dimension::Tenant, TENANT_CODE));
    }

    fn finish(mut self) -> RecordBatch {
        let mut times = TimestampMicrosecondBuilder::new().with_timezone("+00:00");
        let mut dates = Date32Builder::new();
        for at in &self.times {
            times.append_value(*at);
            dates.append_value(day_of(Timestamp(*at)));
        }
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(times.finish()),
            Arc::new(dates.finish()),
            Arc::new(self.wallets.finish()),
            Arc::new(self.issuers.finish()),
        ];
        columns.extend(self.counts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        columns.push(Arc::new(self.processing_counts.finish()));
        columns.push(Arc::new(self.processing_seconds.finish()));
        columns.extend(self.quantiles.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        columns.push(Arc::new(self.sketches.finish()));
        columns.push(Arc::new(self.tenants.finish()));
        let schema = rollup_table::schema();
        let rows = RecordBatch::try_new(schema.clone(), columns);
        rows.unwrap_or_else(|_| RecordBatch::new_empty(schema))
    }
}

/// The first tenant's code; zero is "none".
const TENANT_CODE: u16 = 1;

/// Pairs of bin and count, little-endian: 16 bits and 64 bits.
fn sketch(durations: &Durations) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(durations.sketch.bins().len() * 10);
    for (bin, count) in durations.sketch.bins() {
        bytes.extend(bin.to_le_bytes());
        bytes.extend(count.to_le_bytes());
    }
    bytes
}
