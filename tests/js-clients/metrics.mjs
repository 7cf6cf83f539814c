// What the AWS SDK for JavaScript 3 sees of CloudWatch's metrics: calls as JSON on standard input, answers on standard
// output. Standard input is a list of `{"operation": …, "input": …}` in the names of the service's model, times in
// seconds since 1970; standard output the list of what each got: an answer, or `{"error": {"code", "message"}}`.
// Endpoint and keys come from the environment; tests/clients/test_metric_clients.py knows what is right.
//
//   echo '[{"operation": "ListMetrics", "input": {}}]' | AWS_ENDPOINT_URL=http://127.0.0.1:7300 \
//     AWS_SHARED_CREDENTIALS_FILE=data/credentials AWS_REGION=us-east-1 node tests/js-clients/metrics.mjs

import { readFileSync } from "node:fs";

import * as cloudwatch from "@aws-sdk/client-cloudwatch";

const TIMES = new Set(["StartTime", "EndTime", "Timestamp"]);
const client = new cloudwatch.CloudWatchClient({ maxAttempts: 1 });
const withTimes = (name, value) => (TIMES.has(name) ? new Date(value * 1000) : value);
const calls = JSON.parse(readFileSync(0, "utf8"), withTimes);

const seen = [];
for (const { operation, input } of calls) seen.push(await asked(operation, input));
console.log(JSON.stringify(seen));
client.destroy();

async function asked(operation, input) {
  try {
    const { $metadata, ...answer } = await client.send(new cloudwatch[`${operation}Command`](input));
    return answer;
  } catch (error) {
    return { error: { code: error.Code ?? error.name, message: error.message } };
  }
}
