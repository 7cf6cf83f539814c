//! What do people ask of years of attempts, and what must be kept?

use std::time::Duration;

/// What is promised of a question's median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// At most this many times what DuckDB takes over the same files in the same run; the goal is the second.
    TimesDuckDb(f64, f64),
    /// Less than this.
    Below(Duration),
    /// Nothing; the figure is for comparing.
    Nothing,
}

/// A question in our SQL and in DuckDB's. `{id}` is a request id that is there, `{from}` the first day that is asked about,
/// `{attempts}` the files.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The figure's name.
    pub name: &'static str,
    /// What is asked of Walletscope.
    pub sql: &'static str,
    /// What is asked of DuckDB: exact where ours is a sketch.
    pub duckdb: &'static str,
    /// How many days before the end are asked about.
    pub days: i32,
    /// What must be kept.
    pub promise: Promise,
    /// How far numbers may lie from DuckDB's, relatively.
    pub tolerance: f64,
}

const EXACT: f64 = 1e-9;
/// A sketch that is right to a hundredth, and half of that for the ranks between two values.
const SKETCHED: f64 = 0.015;

/// The brief's daily numbers of the last 30 days.
pub const DAILY: &str = "SELECT date_trunc('day', timestamp) as date, wallet_provider, issuer, COUNT(*) as total_requests, \
              SUM(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN 1 ELSE 0 END) as successful_requests, \
              AVG(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN processing_time END) as avg_latency \
              FROM token_provisioning_logs WHERE timestamp >= date_add('day', -30, current_date) \
              GROUP BY 1, 2, 3 ORDER BY 1 DESC";

const PER_HOUR: Asked = Asked {
    name: "",
    sql: "SELECT date_trunc('hour', timestamp) AS hour, approx_percentile(processing_time, 0.5) AS p50, \
          approx_percentile(processing_time, 0.95) AS p95, approx_percentile(processing_time, 0.99) AS p99 \
          FROM token_provisioning_logs WHERE timestamp >= DATE '{from}' \
          AND event = 'TOKEN_PROVISION_SUCCESS' GROUP BY 1 ORDER BY 1",
    duckdb: "SELECT date_trunc('hour', timestamp) AS hour, quantile_disc(processing_time, 0.5), \
             quantile_disc(processing_time, 0.95), quantile_disc(processing_time, 0.99) FROM {attempts} \
             WHERE timestamp >= TIMESTAMPTZ '{from} 00:00:00Z' AND event = 'TOKEN_PROVISION_SUCCESS' \
             GROUP BY 1 ORDER BY 1",
    days: 0,
    promise: Promise::Nothing,
    tolerance: SKETCHED,
};

/// The questions.
pub const QUESTIONS: [Asked; 6] = [
    Asked {
        name: "lake of 60 days: daily numbers of 30 days, raw",
        sql: DAILY,
        duckdb: "SELECT date_trunc('day', timestamp) as date, wallet_provider, issuer, COUNT(*) as total_requests, \
                 SUM(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN 1 ELSE 0 END) as successful_requests, \
                 AVG(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN processing_time END) as avg_latency \
                 FROM {attempts} WHERE timestamp >= TIMESTAMPTZ '{from} 00:00:00Z' \
                 GROUP BY 1, 2, 3 ORDER BY 1 DESC",
        days: 30,
        promise: Promise::TimesDuckDb(2.0, 1.0),
        tolerance: EXACT,
    },
    Asked {
        name: "lake of 60 days: one by its request id",
        sql: "SELECT attempt_id, status, issuer FROM token_provisioning_logs WHERE request_id = '{id}'",
        duckdb: "SELECT attempt_id, status, issuer FROM {attempts} WHERE request_id = '{id}'",
        days: 60,
        promise: Promise::Below(Duration::from_millis(100)),
        tolerance: EXACT,
    },
    Asked {
        name: "lake of 60 days: p50, p95, p99 per hour of a day",
        days: 1,
        promise: Promise::Below(Duration::from_millis(300)),
        ..PER_HOUR
    },
    Asked { name: "lake of 60 days: p50, p95, p99 per hour of 7 days", days: 7, ..PER_HOUR },
    Asked {
        name: "lake of 60 days: how many there are",
        sql: "SELECT COUNT(*) FROM token_provisioning_logs",
        duckdb: "SELECT COUNT(*) FROM {attempts}",
        days: 60,
        promise: Promise::Nothing,
        tolerance: EXACT,
    },
    Asked {
        name: "lake of 60 days: failures by issuer and reason",
        sql: "SELECT issuer, reason, COUNT(*) FROM token_provisioning_logs WHERE status = 'FAILED' GROUP BY 1, 2",
        duckdb: "SELECT issuer, reason, COUNT(*) FROM {attempts} WHERE status = 'FAILED' GROUP BY 1, 2",
        days: 60,
        promise: Promise::Nothing,
        tolerance: EXACT,
    },
];

impl Asked {
    /// The questions for both engines with everything filled in but the files.
    pub fn texts(&self, id: &str, end_day: i32) -> (String, String) {
        let date = |days: i32| walletscope_lake::parquet::date_text(end_day - days);
        let values = [
            ("{id}", id.to_owned()),
            ("{from}", date(self.days)),
            // The lake is kept for later days.
            ("current_date", format!("DATE '{}'", date(0))),
            // Rollups know nothing of tries: both sides read the files.
            ("WHERE timestamp", "WHERE tries > 0 AND timestamp".to_owned()),
        ];
        let filled = |template: &str| {
            values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
        };
        (filled(self.sql), filled(self.duckdb))
    }
}
