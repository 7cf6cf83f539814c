//! What does the AWS SDK for Rust see of CloudWatch's metrics?
//!
//! Standard input is a list of `{"operation": …, "input": …}` in the names of the service's model, times in seconds
//! since 1970; standard output the list of what each got: an answer in the same form, or `{"error": {"code",
//! "message"}}`. Endpoint, keys and region come from the environment. The SDK speaks RPC v2 over CBOR.

mod answers;
mod inputs;

use std::error::Error;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use serde_json::{Value, json};

use inputs::{is_true, list, number, text, time};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = client()?;
    let calls: Vec<Value> = serde_json::from_reader(std::io::stdin())?;
    let mut seen = Vec::new();
    for call in &calls {
        let input = &call["input"];
        seen.push(match call["operation"].as_str() {
            Some("PutMetricData") => put_metric_data(&client, input).await,
            Some("GetMetricData") => get_metric_data(&client, input).await,
            Some("GetMetricStatistics") => get_metric_statistics(&client, input).await,
            Some("ListMetrics") => list_metrics(&client, input).await,
            other => return Err(format!("no operation {other:?} here").into()),
        });
    }
    println!("{}", Value::from(seen));
    Ok(())
}

fn client() -> Result<Client, Box<dyn Error>> {
    let of = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let keys =
        Credentials::new(of("AWS_ACCESS_KEY_ID")?, of("AWS_SECRET_ACCESS_KEY")?, None, None, "environment");
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(of("AWS_ENDPOINT_URL")?)
        .region(Region::new(of("AWS_REGION")?))
        .credentials_provider(keys)
        .retry_config(RetryConfig::disabled())
        .build();
    Ok(Client::from_conf(config))
}

async fn put_metric_data(client: &Client, input: &Value) -> Value {
    let data = list(input, "MetricData").iter().map(inputs::datum).collect();
    let call = client.put_metric_data().set_namespace(text(input, "Namespace")).set_metric_data(Some(data));
    call.send().await.map_or_else(|error| refused(&error), |_| json!({}))
}

async fn get_metric_data(client: &Client, input: &Value) -> Value {
    let queries = list(input, "MetricDataQueries").iter().map(inputs::query).collect();
    let label = input.get("LabelOptions").map(inputs::label_options);
    let call = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .set_start_time(time(input, "StartTime"))
        .set_end_time(time(input, "EndTime"))
        .set_scan_by(text(input, "ScanBy").map(|scan| scan.as_str().into()))
        .set_max_datapoints(number(input, "MaxDatapoints").map(|most| most as i32))
        .set_next_token(text(input, "NextToken"))
        .set_label_options(label);
    call.send().await.map_or_else(|error| refused(&error), |answer| answers::metric_data(&answer))
}

async fn get_metric_statistics(client: &Client, input: &Value) -> Value {
    let texts = |name| list(input, name).iter().filter_map(|text| Some(text.as_str()?.to_owned()));
    let mut call = client
        .get_metric_statistics()
        .set_namespace(text(input, "Namespace"))
        .set_metric_name(text(input, "MetricName"))
        .set_start_time(time(input, "StartTime"))
        .set_end_time(time(input, "EndTime"))
        .set_period(number(input, "Period").map(|seconds| seconds as i32))
        .set_unit(text(input, "Unit").map(|unit| unit.as_str().into()));
    for dimension in list(input, "Dimensions") {
        call = call.dimensions(inputs::dimension(dimension));
    }
    for statistic in texts("Statistics") {
        call = call.statistics(statistic.as_str().into());
    }
    for statistic in texts("ExtendedStatistics") {
        call = call.extended_statistics(statistic);
    }
    call.send().await.map_or_else(|error| refused(&error), |answer| answers::metric_statistics(&answer))
}

async fn list_metrics(client: &Client, input: &Value) -> Value {
    let mut call = client
        .list_metrics()
        .set_namespace(text(input, "Namespace"))
        .set_metric_name(text(input, "MetricName"))
        .set_recently_active(text(input, "RecentlyActive").map(|active| active.as_str().into()))
        .set_include_linked_accounts(is_true(input, "IncludeLinkedAccounts"))
        .set_next_token(text(input, "NextToken"));
    for filter in list(input, "Dimensions") {
        call = call.dimensions(inputs::dimension_filter(filter));
    }
    call.send().await.map_or_else(|error| refused(&error), |answer| answers::metrics(&answer))
}

fn refused(error: &(impl ProvideErrorMetadata + Error)) -> Value {
    let Some(code) = error.code() else {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            why.push_str(&format!(": {error}"));
            source = error.source();
        }
        return json!({ "error": { "code": null, "message": why } });
    };
    json!({ "error": { "code": code, "message": error.message() } })
}
