// What the AWS SDK for JavaScript 3 sees of CloudWatch Logs, as one JSON object on standard output: each member is what
// one step got. Endpoint and keys come from the environment; tests/clients/test_javascript.py knows what is right.
//
//   AWS_ENDPOINT_URL=http://127.0.0.1:7300 AWS_SHARED_CREDENTIALS_FILE=data/credentials AWS_REGION=us-east-1 \
//     node tests/js-clients/logs.mjs /group/of/its/own

import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeMetricFiltersCommand,
  GetLogEventsCommand,
  paginateFilterLogEvents,
  paginateGetLogEvents,
  PutLogEventsCommand,
  PutMetricFilterCommand,
  ResourceAlreadyExistsException,
  StartLiveTailCommand,
  TestMetricFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";

const WAIT_MS = 5000;
const logGroupName = process.argv[2];
const logStreamName = "s";
const arn = `arn:aws:logs:us-east-1:123456789012:log-group:${logGroupName}`;
const began = Date.now() - 60_000;
const sent = Array.from({ length: 10 }, (_, n) => ({
  timestamp: began + n,
  message: JSON.stringify({ n, level: n % 2 ? "ERROR" : "INFO", ms: n / 4 }),
}));
const client = new CloudWatchLogsClient({ maxAttempts: 1 });

const said = {
  sent,
  created: await created(),
  put: (await put(sent)).rejectedLogEventsInfo ?? null,
  filtered: await filtered(),
  read: await read(),
  metricFilter: await metricFilter(),
  tested: await tested(),
  tailed: await tailed(),
  prefixed: await prefixed(),
};
console.log(JSON.stringify(said));
client.destroy();

/** The second call fails, with the class that the service's model has for it. */
async function created() {
  await client.send(new CreateLogGroupCommand({ logGroupName }));
  await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  try {
    await client.send(new CreateLogGroupCommand({ logGroupName }));
  } catch (error) {
    const { name, message, $fault, $metadata } = error;
    const isOfItsClass = error instanceof ResourceAlreadyExistsException;
    const hasId = Boolean($metadata.requestId);
    return { isOfItsClass, name, message, $fault, status: $metadata.httpStatusCode, hasId };
  }
}

function put(logEvents) {
  return client.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
}

/** The errors over pages of two events, asked until all are found. */
async function filtered() {
  const deadline = Date.now() + WAIT_MS;
  while (true) {
    const pages = [];
    const query = { logGroupName, filterPattern: '{ $.level = "ERROR" }' };
    for await (const page of paginateFilterLogEvents({ client, pageSize: 2 }, query)) pages.push(page.events);
    if (pages.flat().length === 5 || Date.now() >= deadline) return pages;
  }
}

/** The stream from its head over pages of four events, and its newest three. */
async function read() {
  const query = { logGroupName, logStreamName };
  const paging = { client, pageSize: 4, stopOnSameToken: true };
  const pages = [];
  for await (const page of paginateGetLogEvents(paging, { ...query, startFromHead: true })) pages.push(page.events);
  const { events } = await client.send(new GetLogEventsCommand({ ...query, limit: 3 }));
  return { pages, newest: events };
}

async function metricFilter() {
  const filter = {
    logGroupName,
    filterName: "latency",
    filterPattern: "{ $.ms = * }",
    metricTransformations: [
      {
        metricName: "Latency",
        metricNamespace: "JavaScript",
        metricValue: "$.ms",
        unit: "Milliseconds",
        dimensions: { Level: "$.level" },
      },
    ],
  };
  await client.send(new PutMetricFilterCommand(filter));
  const { metricFilters } = await client.send(new DescribeMetricFiltersCommand({ logGroupName }));
  return { filter, metricFilters };
}

async function tested() {
  const logEventMessages = sent.slice(0, 4).map((event) => event.message);
  const { matches } = await client.send(
    new TestMetricFilterCommand({ filterPattern: "{ $.n > 1 && $.level = * }", logEventMessages }),
  );
  return matches;
}

/** Two events are put as soon as the tail has begun; one of them matches. */
async function tailed() {
  const tail = new CloudWatchLogsClient({ disableHostPrefix: true });
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), WAIT_MS);
  const { responseStream } = await tail.send(
    new StartLiveTailCommand({ logGroupIdentifiers: [arn], logEventFilterPattern: "ERROR" }),
    { abortSignal: abort.signal },
  );
  let sessionStart;
  for await (const part of responseStream) {
    if (part.sessionStart) {
      sessionStart = part.sessionStart;
      await put(["fine", "ERROR seen"].map((message) => ({ timestamp: Date.now(), message })));
    }
    if (part.sessionUpdate?.sessionResults.length) {
      clearTimeout(timer);
      tail.destroy();
      return { sessionStart, sessionUpdate: part.sessionUpdate };
    }
  }
}

/** Without the option the SDK asks another host. What it would have asked, caught before it is sent. */
async function prefixed() {
  const tail = new CloudWatchLogsClient({});
  let hostname;
  tail.middlewareStack.add(
    () => async ({ request }) => {
      hostname = request.hostname;
      throw new Error("caught");
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await tail.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn] })).catch(() => {});
  return hostname;
}
