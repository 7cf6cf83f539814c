//! Is this the body of a dashboard, and which metrics does it show?
//!
//! A body is JSON of CloudWatch's own shape, which is kept as it is written; only its outline is checked. The metrics
//! of its widgets are told besides, with the abbreviations of that shape (`.` and `...`) written out, so that whoever
//! applies it can say which of them nobody sends.

use serde_json::{Value, json};

use super::Context;
use super::definition::{Dashboard, Kind, MetricUse};
use super::error::{At, Wrong};
use super::lint::Sink;
use super::members::{not_allowed, wrong_type};
use super::node::{Content, Node};

/// Most characters of a dashboard's name
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html>).
const NAME_LEN_MAX: usize = 255;
/// Most widgets of a dashboard
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>).
const WIDGETS_MAX: usize = 500;
/// The width of a dashboard is 24 units.
const WIDGET_WIDTH: usize = 12;
const WIDGET_HEIGHT: usize = 6;
const WIDGETS_IN_ROW: usize = 2;

/// A metric with how it is drawn.
pub(super) struct Drawn {
    pub(super) metric: MetricUse,
    pub(super) statistic: Option<Box<str>>,
    /// In seconds.
    pub(super) period: Option<i32>,
}

/// Defines a dashboard whose body stands in the file, as a text of JSON or as a mapping.
pub(super) fn define(name: &str, body: &Node, at: At, sink: &mut Sink) -> Result<(), Wrong> {
    let text = match &body.content {
        Content::Scalar { text, .. } if !body.is_null() => text.to_string(),
        Content::Map(_) => body.json(),
        _ => return Err(wrong_type(body, "the dashboard's body", "JSON")),
    };
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| not_allowed(body.at, "the dashboard's body", format!("it is not JSON: {error}")))?;
    let Some(widgets) = value.get("widgets").and_then(Value::as_array) else {
        return Err(not_allowed(body.at, "the dashboard's body", "it has no list of widgets"));
    };
    if widgets.len() > WIDGETS_MAX {
        let reason = format!("it has {} widgets, over the limit of {WIDGETS_MAX}", widgets.len());
        return Err(not_allowed(body.at, "the dashboard's body", reason));
    }
    let metrics = widgets.iter().flat_map(metrics_of_widget).collect();
    keep(name, text, metrics, at, sink)
}

/// Defines a dashboard of one widget for each metric.
pub(super) fn draw(
    name: &str,
    drawn: Vec<Drawn>,
    at: At,
    context: &Context,
    sink: &mut Sink,
) -> Result<(), Wrong> {
    if drawn.len() > WIDGETS_MAX {
        let reason = format!("there are {}, over the limit of {WIDGETS_MAX}", drawn.len());
        return Err(not_allowed(at, "the metrics of one dashboard", reason));
    }
    let widgets: Vec<Value> =
        drawn.iter().enumerate().map(|(place, drawn)| widget(place, drawn, context)).collect();
    let body = json!({ "widgets": widgets }).to_string();
    keep(name, body, drawn.into_iter().map(|drawn| drawn.metric).collect(), at, sink)
}

fn widget(place: usize, drawn: &Drawn, context: &Context) -> Value {
    let Drawn { metric, statistic, period } = drawn;
    let mut row = vec![&metric.namespace, &metric.name];
    row.extend(metric.dimensions.iter().flat_map(|(name, value)| [name, value]));
    let mut properties = json!({
        "title": metric.name, "view": "timeSeries", "region": context.region, "metrics": [row],
    });
    if let Some(statistic) = statistic {
        properties["stat"] = json!(statistic);
    }
    if let Some(period) = period {
        properties["period"] = json!(period);
    }
    json!({
        "type": "metric",
        "x": place % WIDGETS_IN_ROW * WIDGET_WIDTH,
        "y": place / WIDGETS_IN_ROW * WIDGET_HEIGHT,
        "width": WIDGET_WIDTH,
        "height": WIDGET_HEIGHT,
        "properties": properties,
    })
}

fn keep(name: &str, body: String, metrics: Vec<MetricUse>, at: At, sink: &mut Sink) -> Result<(), Wrong> {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if name.is_empty() || name.len() > NAME_LEN_MAX || !name.chars().all(is_allowed) {
        let reason = format!("{name} must be 1 to {NAME_LEN_MAX} letters, digits, - and _");
        return Err(not_allowed(at, "the dashboard's name", reason));
    }
    sink.define(at, name, Kind::Dashboard(Dashboard { body: body.into(), metrics }));
    Ok(())
}

/// The metrics that a widget names one by one; expressions name none.
fn metrics_of_widget(widget: &Value) -> Vec<MetricUse> {
    let rows = widget.pointer("/properties/metrics").and_then(Value::as_array);
    let mut above: Vec<&str> = Vec::new();
    let mut metrics = Vec::new();
    for row in rows.into_iter().flatten().filter_map(Value::as_array) {
        let texts: Vec<&str> = row.iter().map_while(Value::as_str).collect();
        let Some(whole) = written_out(&texts, &above) else { continue };
        let Some(metric) = metric_of(&whole) else { continue };
        metrics.push(metric);
        above = whole;
    }
    metrics
}

/// A row of texts with `.` and `...` replaced by what the row above has there.
fn written_out<'a>(row: &[&'a str], above: &[&'a str]) -> Option<Vec<&'a str>> {
    if row.is_empty() {
        return None;
    }
    let mut whole = Vec::new();
    for (place, text) in row.iter().enumerate() {
        match *text {
            "." => whole.push(*above.get(whole.len())?),
            "..." => {
                // What follows takes the last places.
                let end = above.len().checked_sub(row.len() - place - 1)?;
                whole.extend(above.get(whole.len()..end)?);
            }
            text => whole.push(text),
        }
    }
    Some(whole)
}

fn metric_of(row: &[&str]) -> Option<MetricUse> {
    let [namespace, name, dimensions @ ..] = row else { return None };
    let (pairs, rest) = dimensions.as_chunks::<2>();
    let dimensions = pairs.iter().map(|[name, value]| ((*name).into(), (*value).into())).collect();
    rest.is_empty().then(|| MetricUse { namespace: (*namespace).into(), name: (*name).into(), dimensions })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(metrics: &str) -> Vec<String> {
        let widget =
            json!({"properties": {"metrics": serde_json::from_str::<Value>(metrics).expect("JSON")}});
        let shown = |metric: MetricUse| {
            let dimensions = metric.dimensions.iter().map(|(name, value)| format!(" {name}={value}"));
            format!("{} {}{}", metric.namespace, metric.name, dimensions.collect::<String>())
        };
        metrics_of_widget(&widget).into_iter().map(shown).collect()
    }

    #[test]
    fn abbreviations_mean_what_stands_above() {
        for (metrics, expected) in [
            (r#"[["N","M"],["N","M2","D","v",{"stat":"p99"}]]"#, vec!["N M", "N M2 D=v"]),
            (
                r#"[["N","M","D","v","E","w"],[".","M2",".",".","E","x"],["...","y"]]"#,
                vec!["N M D=v E=w", "N M2 D=v E=x", "N M2 D=v E=y"],
            ),
            (
                r#"[["N","M","D","v"],["...","E","w"],["."],["...",{"id":"m"}]]"#,
                vec!["N M D=v", "N M E=w", "N M E=w"],
            ),
            (r#"[[{"expression":"m1/m2"}],["N"],["N","M","D"],[],"x",["."],["...","a","b","c"]]"#, vec![]),
        ] {
            assert_eq!(shown(metrics), expected, "{metrics}");
        }
    }
}
