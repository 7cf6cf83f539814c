//! What does this text mean, and does this one record match?
//!
//! A text that somebody typed becomes a value that was checked once; a record is then held against it, as often as
//! records come. What is here has no state and takes no clock: the same text and the same record give the same answer
//! in the stream, in a search over stored events and in an explanation on a page.
//!
//! [`filter_pattern`] is the filter patterns of CloudWatch Logs. Their users' guide is
//! `docs/protocols/filter-patterns.md`. [`metric_math`] is the expressions over CloudWatch's metrics. [`json`] reads
//! JSON in place, for them and for whoever looks at a message.
//!
//! Over metrics there are [`metric_search`] (the query of `SEARCH`), [`metrics_insights`] (`SELECT … FROM …`),
//! [`metric_label`] (labels with `${…}`) and [`statistic`] (`p99.9`). Their users' guides are
//! `docs/protocols/metric-search.md` and `docs/protocols/metrics-insights.md`.

pub mod filter_pattern;
pub mod json;
pub mod metric_identity;
pub mod metric_label;
pub mod metric_math;
pub mod metric_search;
pub mod metrics_insights;
pub mod statistic;
