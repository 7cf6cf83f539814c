//! What may a text of SQL name?
//!
//! Tables with their columns and functions with their signatures, each with its meaning: for completion, for people, and
//! for `DESCRIBE`. Columns come from the plans themselves, so that this list cannot differ from what a query finds.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::logical_expr::Documentation;
use walletscope_lake::LakeTable;

use crate::plan::{ATTEMPTS_VIEW, Planner};
use crate::{measures, metrics, rollup_table};

/// Everything that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Tables and views, by name.
    pub tables: Vec<TableDescription>,
    /// Functions, by name.
    pub functions: Vec<FunctionDescription>,
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDescription {
    /// Its name.
    pub name: String,
    /// `table`, `view`, `metrics` or `rollup`.
    pub kind: &'static str,
    /// What one row is.
    pub meaning: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnDescription>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDescription {
    /// Its name.
    pub name: String,
    /// One of the words of [`type_word`].
    pub type_word: &'static str,
    /// What it holds; empty for columns of saved views.
    pub meaning: String,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionDescription {
    /// Its name.
    pub name: String,
    /// How it is called.
    pub signature: String,
    /// What it gives.
    pub meaning: String,
}

/// The word for a type of Arrow's that clients see.
pub fn type_word(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text",
        DataType::Int64 | DataType::UInt64 | DataType::UInt32 => "bigint",
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => "integer",
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::Timestamp(..) => "timestamp",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "binary"
        }
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => "list",
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => "decimal",
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Interval(_) | DataType::Duration(_) => "interval",
        DataType::Dictionary(_, values) => type_word(values),
        _ => "other",
    }
}

/// Everything that a planner knows; a saved view that is broken has no columns.
pub(crate) async fn all(planner: &mut Planner<'_>) -> Description {
    let mut tables = Vec::new();
    for name in planner.known().to_vec() {
        let schema = planner.schema_of(&name).await;
        let fields = schema.iter().flat_map(|schema| schema.fields());
        let columns = fields.map(|field| ColumnDescription {
            name: field.name().clone(),
            type_word: type_word(field.data_type()),
            meaning: meaning(&name, field.name()).unwrap_or_default().to_owned(),
        });
        let columns = columns.collect();
        let (kind, meaning) = kind(&name, planner.views().get(&name));
        tables.push(TableDescription { kind, meaning, columns, name });
    }
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    Description { tables, functions: functions(planner) }
}

fn kind(name: &str, view: Option<&String>) -> (&'static str, String) {
    if let Some(table) = LakeTable::from_name(name) {
        return ("table", table.meaning().to_owned());
    }
    if name == ATTEMPTS_VIEW {
        return ("view", LakeTable::Attempts.meaning().to_owned());
    }
    if metrics::TABLES.contains(&name) {
        let meaning = "One row per value of the provisioning's metrics, from the attempts; name provenance to \
                       get what was put as well.";
        return ("metrics", meaning.to_owned());
    }
    if let Some((_, unit)) = measures::VIEWS.iter().find(|(view, _)| *view == name) {
        return ("view", format!("The measures of each {unit}, wallet, issuer and network."));
    }
    if rollup_table::NAMES.contains(&name) {
        let bucket = name.trim_start_matches("rollup_");
        return (
            "rollup",
            format!("The attempts counted by {bucket}, wallet and issuer, right at every late change."),
        );
    }
    ("view", view.map_or_else(String::new, |sql| format!("Saved: {sql}")))
}

/// What a column of a table holds, where that is known.
pub(crate) fn meaning(table: &str, column: &str) -> Option<&'static str> {
    let lake = if table == ATTEMPTS_VIEW { Some(LakeTable::Attempts) } else { LakeTable::from_name(table) };
    if let Some(lake) = lake {
        return lake.columns().iter().find(|known| known.name == column).map(|known| known.meaning);
    }
    if metrics::TABLES.contains(&table) {
        let metric = metrics::described().find(|(name, _)| *name == column).map(|(_, meaning)| meaning);
        return metric.or_else(|| found(&METRIC_COLUMNS, column));
    }
    if rollup_table::NAMES.contains(&table) {
        return rollup_table::COLUMNS.iter().find(|known| known.0 == column).map(|known| known.2);
    }
    if measures::VIEWS.iter().any(|(view, _)| *view == table) {
        return found(&MEASURE_COLUMNS, column).or_else(|| measures::meaning(column));
    }
    None
}

fn found(table: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}

const METRIC_COLUMNS: [(&str, &str); 9] = [
    ("timestamp", "When it counts: the start or the end of the attempt."),
    ("time", "The minute of timestamp."),
    ("date", "The UTC day of timestamp."),
    ("WalletProvider", "ApplePay, GooglePay…; unknown where no record says it."),
    ("Issuer", "The card's issuer; unknown where no record says it."),
    ("provenance", "Who said it: attempt, put, filter, emf, lambda or source."),
    ("sample_count", "How many samples the value stands for."),
    ("minimum", "The smallest of several samples."),
    ("maximum", "The largest of several samples."),
];

const MEASURE_COLUMNS: [(&str, &str); 12] = [
    ("hour", "The hour in which the attempts started."),
    ("day", "The UTC day on which the attempts started."),
    ("wallet_provider", "ApplePay, GooglePay…"),
    ("issuer", "The card's issuer."),
    ("network", "VISA, MASTERCARD, AMEX…"),
    ("success", "How many SUCCESS."),
    ("failed", "How many FAILED."),
    ("failed_technical", "How many FAILED for a technical reason, or for none known."),
    ("failed_declined", "How many FAILED because somebody declined."),
    ("abandoned", "How many ABANDONED."),
    ("decided", "How many were decided, without bulk migrations."),
    ("yellow", "How many were decided YELLOW, without bulk migrations."),
];

/// Functions of ours: name, signature, meaning. Measures come from their own table.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("add_months", "add_months(date, n)", "The same day n months on."),
    ("any_value", "any_value(x)", "Some value of the group that is not null."),
    (
        "approx_percentile",
        "approx_percentile(x, share | ARRAY[shares])",
        "The value that a share of the group does not exceed.",
    ),
    ("arbitrary", "arbitrary(x)", "Some value of the group that is not null."),
    (
        "at_timezone",
        "at_timezone(time, 'zone')",
        "The same instant, read in a zone; also time AT TIME ZONE 'zone'.",
    ),
    ("count_if", "count_if(condition)", "How many rows meet the condition."),
    ("current_timezone", "current_timezone()", "UTC."),
    ("date", "date(x)", "The day of a time or a text."),
    (
        "date_add",
        "date_add('unit', n, time) | date_add(date, n)",
        "n units on; without a unit a date n days on.",
    ),
    ("date_diff", "date_diff('unit', from, to)", "How many whole units lie between two times."),
    ("date_format", "date_format(time, '%Y-%m-%d')", "A time as a text, by MySQL's pattern."),
    ("date_parse", "date_parse(text, '%Y-%m-%d')", "The time that a text means, by MySQL's pattern."),
    ("date_sub", "date_sub(date, n) | date_sub('unit', n, time)", "n days back; with a unit, n units back."),
    ("datediff", "datediff(to, from)", "How many whole days lie between two times."),
    ("day", "day(time)", "Day of the month."),
    ("day_of_week", "day_of_week(time)", "1 is Monday, 7 is Sunday."),
    ("day_of_year", "day_of_year(time)", "1 to 366."),
    (
        "element_at",
        "element_at(list, n) | element_at(map, key)",
        "The element, counted from 1 or from the end below zero; null where there is none.",
    ),
    ("every", "every(condition)", "Whether all rows of the group meet the condition."),
    ("format_datetime", "format_datetime(time, 'yyyy-MM-dd')", "A time as a text, by Joda's pattern."),
    ("from_iso8601_date", "from_iso8601_date(text)", "The day that an ISO 8601 text means."),
    ("from_iso8601_timestamp", "from_iso8601_timestamp(text)", "The time that an ISO 8601 text means."),
    ("from_unixtime", "from_unixtime(seconds [, 'zone'])", "The time so many seconds after 1970."),
    ("histogram", "histogram(x)", "A map from each value of the group to how often it occurs."),
    ("hour", "hour(time)", "0 to 23."),
    ("if", "if(condition, value [, otherwise])", "The one value or the other."),
    ("json_array_length", "json_array_length(json)", "How many elements a JSON array has."),
    ("json_extract", "json_extract(json, '$.path')", "What stands at a path, as JSON."),
    (
        "json_extract_scalar",
        "json_extract_scalar(json, '$.path')",
        "The text, number or truth value at a path, as a text.",
    ),
    ("last_day_of_month", "last_day_of_month(time)", "The last day of the time's month."),
    ("listagg", "listagg(text, ',') WITHIN GROUP (ORDER BY x)", "The texts of the group, joined."),
    ("map_agg", "map_agg(key, value)", "A map of the group's keys and values."),
    ("max_by", "max_by(x, y [, n])", "x where y is largest; with n the list of the first n."),
    ("millisecond", "millisecond(time)", "0 to 999."),
    ("min_by", "min_by(x, y [, n])", "x where y is smallest; with n the list of the first n."),
    ("minute", "minute(time)", "0 to 59."),
    ("month", "month(time)", "1 to 12."),
    (
        "parse_datetime",
        "parse_datetime(text, 'yyyy-MM-dd')",
        "The time that a text means, by Joda's pattern.",
    ),
    ("quarter", "quarter(time)", "1 to 4."),
    ("regexp_extract", "regexp_extract(text, pattern [, group])", "The first match, or a group of it."),
    ("second", "second(time)", "0 to 59."),
    ("sequence", "sequence(from, to [, step])", "The list from one to the other, both included."),
    ("split", "split(text, delimiter)", "The parts of a text."),
    ("to_iso8601", "to_iso8601(time)", "A time or day as ISO 8601 writes it."),
    ("to_unixtime", "to_unixtime(time)", "Seconds since 1970."),
    ("try", "try(x)", "x, and null where a cast, a division by zero or a reading of a time would fail."),
    ("url_extract_host", "url_extract_host(url)", "The host of a URL."),
    ("url_extract_path", "url_extract_path(url)", "The path of a URL."),
    ("url_extract_protocol", "url_extract_protocol(url)", "The protocol of a URL."),
    ("url_extract_query", "url_extract_query(url)", "The query of a URL."),
    ("week", "week(time)", "ISO week, 1 to 53."),
    ("wilson_high", "wilson_high(part, whole)", "The high end of the Wilson 95 % interval of a share."),
    ("wilson_low", "wilson_low(part, whole)", "The low end of the Wilson 95 % interval of a share."),
    ("year", "year(time)", "The year."),
    ("year_of_week", "year_of_week(time)", "The year that the ISO week belongs to."),
];

/// Ours, and those of the engine that document themselves.
fn functions(planner: &Planner<'_>) -> Vec<FunctionDescription> {
    let mut functions: BTreeMap<String, FunctionDescription> = BTreeMap::new();
    let mut add = |name: &str, signature: String, meaning: String| {
        let function = FunctionDescription { name: name.to_owned(), signature, meaning };
        functions.entry(name.to_owned()).or_insert(function);
    };
    for (name, signature, meaning) in FUNCTIONS {
        add(name, (*signature).to_owned(), (*meaning).to_owned());
    }
    for (name, call) in measures::CALLS.iter() {
        add(name, format!("{name}()"), call.meaning.clone());
    }
    let state = planner.state();
    let scalar = state.scalar_functions().iter().map(|(name, function)| (name, function.documentation()));
    let aggregate =
        state.aggregate_functions().iter().map(|(name, function)| (name, function.documentation()));
    let window = state.window_functions().iter().map(|(name, function)| (name, function.documentation()));
    for (name, documentation) in scalar.chain(aggregate).chain(window) {
        if let Some(documentation) = documentation {
            let (signature, meaning) = described(documentation);
            add(name, signature, meaning);
        }
    }
    functions.into_values().collect()
}

/// The syntax, and the first sentence.
fn described(documentation: &Documentation) -> (String, String) {
    let description = documentation.description.trim();
    let first =
        description.split_inclusive(". ").next().unwrap_or(description).lines().next().unwrap_or_default();
    (documentation.syntax_example.trim().to_owned(), first.trim().to_owned())
}
