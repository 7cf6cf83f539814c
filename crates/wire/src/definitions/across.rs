//! What is odd about these definitions together?
//!
//! Two of one name, a query by dimensions that its metric's filter does not have, an alarm that is called a rate and
//! counts. Only what the files themselves say is compared; what the server knows besides is the caller's.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::{Alarm, Definition, Kind, MetricFilter};
use super::lint::{Lint, LintCode};

/// What there is to know about definitions that belong together, in their order.
pub(super) fn lints(definitions: &[Definition]) -> Vec<Lint> {
    let queries = Queries::of(definitions);
    let filters = filters_by_metric(definitions);
    let mut seen = BTreeMap::new();
    let mut lints = Vec::new();
    for definition in definitions {
        let mut lint = |code, sentence| lints.push(Lint { place: definition.place.clone(), code, sentence });
        if let Some(sentence) = same_name(definition, &mut seen) {
            lint(LintCode::DuplicateName, sentence);
        }
        match &definition.kind {
            Kind::MetricFilter(filter) => {
                if let Some(sentence) = queries.ask_for_more_than(filter) {
                    lint(LintCode::DimensionlessFilter, sentence);
                }
            }
            Kind::Alarm(alarm) => {
                if let Some(sentence) = count_for_rate(&definition.name, alarm) {
                    lint(LintCode::AlarmCountForRate, sentence);
                }
                if let Some(sentence) = statistic(&definition.name, alarm, &filters) {
                    lint(LintCode::AlarmStatistic, sentence);
                }
            }
            _ => {}
        }
    }
    lints
}

type Seen<'a> = BTreeMap<(&'static str, &'a str, &'a str), &'a Definition>;

fn same_name<'a>(definition: &'a Definition, seen: &mut Seen<'a>) -> Option<String> {
    let group = match &definition.kind {
        Kind::MetricFilter(filter) => &*filter.log_group,
        Kind::Skipped(_) => return None,
        _ => "",
    };
    let word = definition.kind.word();
    let first = *seen.entry((word, group, &*definition.name)).or_insert(definition);
    let is_first = std::ptr::eq(first, definition);
    (!is_first).then(|| {
        format!(
            "the {word} {} is defined a second time, first at {}; the last one holds",
            definition.name, first.place
        )
    })
}

/// What queries over metrics ask for, by namespace.
struct Queries<'a>(BTreeMap<String, Vec<Asked<'a>>>);

struct Asked<'a> {
    name: &'a str,
    words: BTreeSet<String>,
    dimensions: Vec<String>,
}

impl<'a> Queries<'a> {
    fn of(definitions: &'a [Definition]) -> Self {
        let mut by_namespace: BTreeMap<String, Vec<Asked<'a>>> = BTreeMap::new();
        for definition in definitions {
            let Kind::SavedQuery(query) = &definition.kind else { continue };
            let words = words(&query.query);
            let dimensions = grouped_by(&words);
            if let Some(namespace) = table(&words).filter(|_| !dimensions.is_empty()) {
                let asked = by_namespace.entry(namespace.to_owned()).or_default();
                asked.push(Asked { name: &definition.name, dimensions, words: words.into_iter().collect() });
            }
        }
        Self(by_namespace)
    }

    /// A query over the filter's metric by dimensions that the filter does not have.
    fn ask_for_more_than(&self, filter: &MetricFilter) -> Option<String> {
        let MetricFilter { filter, .. } = filter;
        let has = |dimension: &String| filter.dimensions.iter().any(|(name, _)| **name == **dimension);
        let asked = self.0.get(&*filter.namespace)?;
        let asked = asked.iter().filter(|asked| asked.words.contains(&*filter.metric));
        let (name, absent) = asked
            .map(|asked| {
                (asked.name, asked.dimensions.iter().filter(|name| !has(name)).cloned().collect::<Vec<_>>())
            })
            .find(|(_, absent)| !absent.is_empty())?;
        let absent = absent.join(", ");
        Some(format!(
            "the query {name} groups {} by {absent}, and the filter {} makes a series without",
            filter.metric, filter.name
        ))
    }
}

/// The words of a query: names, texts in quotes without them, and single signs. Comments are left out.
fn words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in query.lines() {
        let mut rest = line.split("--").next().unwrap_or_default();
        while let Some(first) = rest.chars().next() {
            let is_part = |character: char| character.is_alphanumeric() || character == '_';
            let length = match first {
                '"' | '\'' | '`' => {
                    let end = rest[1..].find(first).map_or(rest.len(), |end| end + 1);
                    words.push(rest[1..end].to_owned());
                    (end + 1).min(rest.len())
                }
                first if is_part(first) => {
                    let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
                    words.push(rest[..end].to_owned());
                    end
                }
                first => {
                    if !first.is_whitespace() {
                        words.push(first.to_string());
                    }
                    first.len_utf8()
                }
            };
            rest = &rest[length..];
        }
    }
    words
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

/// The table behind FROM, or the namespace in its SCHEMA.
fn table(words: &[String]) -> Option<&str> {
    let from = words.iter().position(|word| is(word, "from"))?;
    match &words[from + 1..] {
        [schema, open, namespace, ..] if is(schema, "schema") && open == "(" => Some(namespace),
        [table, ..] => Some(table),
        [] => None,
    }
}

/// The names alone between commas behind GROUP BY; numbers, functions and the bucket of time are none.
fn grouped_by(words: &[String]) -> Vec<String> {
    let Some(at) = words.windows(2).position(|pair| is(&pair[0], "group") && is(&pair[1], "by")) else {
        return Vec::new();
    };
    let ends = ["having", "order", "limit", "union", ";", ")"];
    let is_name = |word: &str| word.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let (mut names, mut item, mut depth) = (Vec::new(), Vec::<&str>::new(), 0_usize);
    for word in words[at + 2..].iter().map(|word| &**word).chain([";"]) {
        let is_end = depth == 0 && ends.iter().any(|end| is(word, end));
        if is_end || (depth == 0 && word == ",") {
            let found = if let [name] = &item[..] { Some(*name) } else { None };
            names.extend(found.filter(|name| is_name(name) && !is(name, "time")).map(str::to_owned));
            item.clear();
        } else {
            item.push(word);
        }
        match word {
            _ if is_end => break,
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
    }
    names
}

/// The filters that make a metric.
type Filters<'a> = BTreeMap<(&'a str, &'a str), &'a MetricFilter>;

fn filters_by_metric(definitions: &[Definition]) -> Filters<'_> {
    let mut filters = Filters::new();
    for definition in definitions {
        if let Kind::MetricFilter(filter) = &definition.kind {
            filters.insert((&*filter.filter.namespace, &*filter.filter.metric), filter);
        }
    }
    filters
}

/// An alarm that is called a rate, on one metric that is not.
fn count_for_rate(name: &str, alarm: &Alarm) -> Option<String> {
    let metric = alarm.metric.as_deref()?;
    let says_share =
        |text: &str| ["rate", "percent", "ratio"].iter().any(|word| text.to_ascii_lowercase().contains(word));
    if !says_share(name) || says_share(metric) {
        return None;
    }
    let threshold = alarm.threshold.map_or(String::new(), |threshold| format!(" against {threshold}"));
    Some(format!(
        "{name} compares {metric}{threshold}, a number of events: few of many raise it, and most of few do not"
    ))
}

/// An alarm on one metric without a statistic; which one is meant follows from what makes the metric.
fn statistic(name: &str, alarm: &Alarm, filters: &Filters<'_>) -> Option<String> {
    let (Some(metric), None) = (alarm.metric.as_deref(), &alarm.statistic) else { return None };
    let namespace = alarm.namespace.as_deref().unwrap_or_default();
    let filter = filters.get(&(namespace, metric));
    let (statistic, reason) = match filter.map(|filter| &*filter.filter.value) {
        Some("1") => ("Sum", "its filter adds 1 for each event"),
        _ => ("Average", "its metric is no count that a filter makes"),
    };
    Some(format!("{name} names no statistic, which AWS refuses; {statistic} is meant, as {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_query_groups_by() {
        for (query, namespace, dimensions) in [
            (
                "SELECT SUM(a) FROM TokenServices GROUP BY WalletProvider, Issuer, TIME",
                "TokenServices",
                "WalletProvider Issuer",
            ),
            (
                "select avg(x) from SCHEMA(\"AWS/Lambda\", FunctionName) group by FunctionName order by avg() desc limit 5",
                "AWS/Lambda",
                "FunctionName",
            ),
            ("SELECT a FROM t GROUP BY 1, 2", "t", ""),
            ("SELECT a FROM t -- GROUP BY b\nGROUP BY date_trunc('day', x), \"c d\", e;", "t", "c d e"),
            ("fields @timestamp | stats count() by x", "", ""),
            ("SELECT 1 FROM", "", ""),
            ("\"ü", "", ""),
            ("", "", ""),
        ] {
            let words = words(query);
            assert_eq!(table(&words).unwrap_or_default(), namespace, "{query}");
            assert_eq!(grouped_by(&words).join(" "), dimensions, "{query}");
        }
    }
}
