//! What does the store hold, read back through the product's own codecs?

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};

use walletscope_journal::{Direction, Read, StoreError, Table};
use walletscope_model::Timestamp;
use walletscope_series::{Resolution, Window};
use walletscope_server::pipeline::PipelineError;
use walletscope_server::state::{codec, each_row, each_window, layout};
use walletscope_server::view::View;
use walletscope_stream::window::is_kept;
use walletscope_stream::{BackingError, Dimension, Node, NodeKey, Row, WindowKey};

/// The committed state, decoded.
pub(crate) struct Contents {
    pub nodes: BTreeMap<NodeKey, Node>,
    pub rows: Vec<Row>,
    pub windows: BTreeMap<WindowKey, Window>,
    pub timers: BTreeSet<(Timestamp, NodeKey)>,
}

impl Contents {
    /// Reads the snapshot of a view.
    pub fn read(view: &View) -> Result<Self, PipelineError> {
        let mut contents =
            Self { nodes: BTreeMap::new(), rows: vec![], windows: BTreeMap::new(), timers: BTreeSet::new() };
        let mut damaged = None;
        each_pair(&view.disk, Table::Nodes, |key, value| {
            let key = NodeKey(key.try_into().unwrap_or_default());
            match codec::decode_node(key, value) {
                Ok(node) => drop(contents.nodes.insert(key, node)),
                Err(error) => damaged = Some(error.0),
            }
        })?;
        each_pair(&view.disk, Table::Timers, |key, _| match layout::parse_time_key(key) {
            Ok(timer) => drop(contents.timers.insert(timer)),
            Err(error) => damaged = Some(error.0),
        })?;
        if let Some(error) = damaged {
            return Err(BackingError(error).into());
        }
        each_row(&view.disk, |row| contents.rows.push(row))?;
        for resolution in Resolution::ALL {
            each_window(
                &view.disk,
                resolution,
                (Timestamp(i64::MIN), Timestamp(i64::MAX)),
                |_| true,
                |key, window| {
                    contents.windows.insert(key, window);
                },
            )?;
        }
        Ok(contents)
    }
}

/// Every pair of every table, written as text; windows of a second, and others that are beyond their retention at
/// `now`, left out, because when they go depends on when the state was committed.
pub(crate) fn every_byte(read: &impl Read, now: Timestamp) -> Result<BTreeSet<String>, StoreError> {
    let mut lines = BTreeSet::new();
    for table in Table::ALL {
        each_pair(read, table, |key, value| {
            let may_go = |key: &WindowKey| {
                key.resolution == Resolution::Second || !is_kept(key.resolution, key.start, now)
            };
            let is_going =
                table == Table::Windows && layout::parse_window_key(key).is_ok_and(|key| may_go(&key));
            if !is_going {
                lines.insert(format!("{} {} = {}", table.name(), readable(key), readable(value)));
            }
        })?;
    }
    Ok(lines)
}

/// The coded columns of a row.
pub(crate) fn each_row_of(row: &Row) -> [(Dimension, u16); 9] {
    [
        (Dimension::Tenant, row.tenant),
        (Dimension::Wallet, row.wallet),
        (Dimension::Issuer, row.issuer),
        (Dimension::Network, row.network),
        (Dimension::Device, row.device),
        (Dimension::Country, row.country),
        (Dimension::Channel, row.channel),
        (Dimension::ReasonCode, row.reason_code),
        (Dimension::Vendor, row.vendor),
    ]
}

fn each_pair(read: &impl Read, table: Table, mut see: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
    read.scan(table, (Bound::Unbounded, Bound::Unbounded), Direction::Forward, &mut |key, value| {
        see(key, value);
        ControlFlow::Continue(())
    })
}

fn readable(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect()
}
