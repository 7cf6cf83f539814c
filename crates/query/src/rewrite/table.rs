//! Which functions of Athena, Trino, Hive and MySQL are another call in our engine?
//!
//! One row per name and number of arguments; see [`super::template`] for how a row is put in the place of a call. What
//! needs more than that is in [`super::calls`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use datafusion::sql::sqlparser::ast::Expr;

use crate::measures;
use crate::parse;

/// Name, number of arguments, text.
const ROWS: &[(&str, usize, &str)] = &[
    ("year", 1, "date_part('year', $1)"),
    ("quarter", 1, "date_part('quarter', $1)"),
    ("month", 1, "date_part('month', $1)"),
    ("week", 1, "date_part('week', $1)"),
    ("week_of_year", 1, "date_part('week', $1)"),
    ("year_of_week", 1, "date_part('isoyear', $1)"),
    ("yow", 1, "date_part('isoyear', $1)"),
    ("day", 1, "date_part('day', $1)"),
    ("day_of_month", 1, "date_part('day', $1)"),
    ("dayofmonth", 1, "date_part('day', $1)"),
    ("day_of_week", 1, "date_part('isodow', $1) + 1"),
    ("dow", 1, "date_part('isodow', $1) + 1"),
    ("day_of_year", 1, "date_part('doy', $1)"),
    ("doy", 1, "date_part('doy', $1)"),
    ("dayofyear", 1, "date_part('doy', $1)"),
    ("hour", 1, "date_part('hour', $1)"),
    ("minute", 1, "date_part('minute', $1)"),
    ("second", 1, "date_part('second', $1)"),
    ("millisecond", 1, "date_part('millisecond', $1) % 1000"),
    ("date", 1, "CAST($1 AS DATE)"),
    ("datediff", 2, "date_diff('day', $2, $1)"),
    ("add_months", 2, "date_add('month', $2, $1)"),
    (
        "last_day_of_month",
        1,
        "CAST(date_add('day', -1, date_add('month', 1, date_trunc('month', $1))) AS DATE)",
    ),
    ("localtimestamp", 0, "CAST(now() AS TIMESTAMP)"),
    ("localtime", 0, "CAST(now() AS TIME)"),
    ("current_timezone", 0, "'UTC'"),
    ("if", 2, "CASE WHEN $1 THEN $2 END"),
    ("if", 3, "CASE WHEN $1 THEN $2 ELSE $3 END"),
    ("count_if", 1, "count(*) FILTER (WHERE ($1) IS TRUE)"),
    ("countif", 1, "count(*) FILTER (WHERE ($1) IS TRUE)"),
    ("every", 1, "bool_and($1)"),
    ("arbitrary", 1, "first_value($1) FILTER (WHERE $1 IS NOT NULL)"),
    ("any_value", 1, "first_value($1) FILTER (WHERE $1 IS NOT NULL)"),
    ("max_by", 2, "first_value($1 ORDER BY $2 DESC NULLS LAST) FILTER (WHERE $2 IS NOT NULL)"),
    ("min_by", 2, "first_value($1 ORDER BY $2 ASC NULLS LAST) FILTER (WHERE $2 IS NOT NULL)"),
    ("max_by", 3, "array_slice(array_agg($1 ORDER BY $2 DESC) FILTER (WHERE $2 IS NOT NULL), 1, $3)"),
    ("min_by", 3, "array_slice(array_agg($1 ORDER BY $2 ASC) FILTER (WHERE $2 IS NOT NULL), 1, $3)"),
    (
        "map_agg",
        2,
        "map_of_entries(array_agg(named_struct('key', $1, 'value', $2)) FILTER (WHERE $1 IS NOT NULL))",
    ),
    ("histogram", 1, "map_of_counts(array_agg($1) FILTER (WHERE $1 IS NOT NULL))"),
    // Four hundred centroids: within a per cent of the exact value where the usual hundred are two off, in the same time.
    ("approx_percentile", 2, "approx_percentile_cont($1, $2, 400)"),
    ("approx_percentile", 3, "approx_percentile_cont_with_weight($1, $2, $3)"),
    ("sequence", 2, "generate_series($1, $2)"),
    ("sequence", 3, "generate_series($1, $2, $3)"),
    ("split", 2, "string_to_array($1, $2)"),
    ("regexp_extract", 2, "array_element(regexp_match($1, concat('(', $2, ')')), 1)"),
    ("regexp_extract", 3, "array_element(regexp_match($1, concat('(', $2, ')')), $3 + 1)"),
    ("regexp_replace", 2, "regexp_replace($1, $2, '', 'g')"),
    (
        "url_extract_host",
        1,
        "NULLIF(array_element(regexp_match($1, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(\\[[^\\]]*\\]|[^:/?#]*)'), 1), '')",
    ),
    ("url_extract_protocol", 1, "array_element(regexp_match($1, '^([A-Za-z][A-Za-z0-9+.-]*):'), 1)"),
    (
        "url_extract_path",
        1,
        "array_element(regexp_match($1, '^(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)'), 1)",
    ),
    ("url_extract_query", 1, "array_element(regexp_match($1, '^[^?#]*\\?([^#]*)'), 1)"),
    ("json_parse", 1, "$1"),
    ("json_format", 1, "$1"),
];

/// The templates of a name, by number of arguments.
pub(crate) type Templates = BTreeMap<usize, Expr>;

/// Every template by name; the measures too.
pub(crate) static TEMPLATES: LazyLock<BTreeMap<String, Templates>> = LazyLock::new(|| {
    let measures = measures::CALLS.iter().map(|(name, call)| (name.as_str(), 0, call.sql.as_str()));
    let mut templates: BTreeMap<String, Templates> = BTreeMap::new();
    for (name, arguments, sql) in ROWS.iter().copied().chain(measures) {
        // A test parses all of them.
        if let Ok(template) = parse::expression(sql) {
            templates.entry(name.to_owned()).or_default().insert(arguments, template);
        }
    }
    templates
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        for (name, arguments, sql) in ROWS {
            assert!(TEMPLATES[*name].contains_key(arguments), "{name}: {:?}", parse::expression(sql));
        }
    }
}
