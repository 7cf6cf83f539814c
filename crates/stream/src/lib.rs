//! What follows from this record? The attempt join, token states and windows: `step(state, entry) → effects`.
//!
//! Pure and deterministic: no clock, no I/O, no random numbers, no iteration over hash maps. Data flows through the
//! files in this order: [`interpret`] (what a message says; `signals` for spans and audit events) → [`identity`] (whose
//! it is) → [`attempt`] (what the records make) → [`row`] (how it is counted) → [`window`] (where it is counted);
//! [`token`] follows beside it, and [`step`] drives all of them. Beside the join, [`emf`] and
//! [`lambda_line`] tell which metrics a message holds; [`metric_series`] and [`metric_points`] keep what all metrics say,
//! those that follow from attempts ([`attempt_metrics`]) among them.

pub mod anomaly_detector;
pub mod attempt;
pub mod attempt_metrics;
pub mod catalog;
pub mod clock;
pub mod dashboard;
pub mod deletions;
pub mod detail;
pub mod emf;
mod facts;
pub mod fields;
pub mod identity;
pub mod interpret;
pub mod lambda_line;
pub mod metric_filter;
pub mod metric_points;
pub mod metric_series;
pub mod node;
pub mod row;
mod signals;
pub mod source;
pub mod stage_times;
pub mod state;
pub mod step;
pub mod subscription_filter;
pub mod token;
pub mod window;

pub use catalog::{Answer, Catalog, CatalogChange, GroupKey, LogGroup, LogStream};
pub use clock::Clock;
pub use detail::{Detail, Join, JoinedRecord};
pub use fields::Fields;
pub use identity::{Ids, Roots};
pub use metric_points::{Chunk, ChunkKey, Tier};
pub use metric_series::{MetricSeries, SeriesId, SeriesIdentity, SeriesIndex, SeriesTimes};
pub use node::{ContentHash, Evidence, Node, NodeKey, Observation, OriginCodes, TokenShare};
pub use row::{Dictionary, Dimension, Flags, Row};
pub use stage_times::{Leg, StageTimes};
pub use state::{Backing, BackingError, Changes, State};
pub use step::{AttemptChange, Effect};
pub use walletscope_model::Rules;
pub use window::WindowKey;
