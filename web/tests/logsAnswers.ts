// What would the server answer about logs? A small stand-in of the contract for tests that need certain lines and faces:
// some hours of lines, patterns of the simple kinds, metric filters that can be changed, and a tail that a test feeds.
import type { Page, Route } from "@playwright/test";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { LogEvent, LogEvents, LogFields, LogGroup, LogHistogram, MetricFilter, PatternAnswer, SubscriptionFilter, TailUpdate, Transformation, Verdict } from "../src/api/logs";
import { instants } from "../src/url/search";

export const SERVICE = "/aws/lambda/token-provisioning-service";
export const RISK = "/aws/lambda/risk-engine";
const GATEWAY = "/ecs/wallet-gateway";
const ISSUERS = ["DEMO_Bank", "ACME_CU", "First National Bank of the Northern Lakes"];
const EVENTS = ["TOKEN_PROVISION_START", "TOKEN_PROVISION_ELIGIBLE", "TOKEN_PROVISION_SUCCESS", "TOKEN_PROVISION_START", "TOKEN_PROVISION_FAILURE"];

/** Line `place`, counted back from now, one every eight seconds. */
export function lineOf(place: number, now: number): LogEvent {
  const at = now - place * 8_000 - 2_000;
  const kind = place % 7;
  const event = EVENTS[place % EVENTS.length] ?? "";
  const ids = { correlationId: `corr_${(place >> 1).toString(16).padStart(6, "0")}`, requestId: `req-${place}`, traceId: null, tokenReferenceId: null };
  const base = { id: `${100_000 - place}-0`, timestamp: new Date(at).toISOString(), ingestionTime: new Date(at + (place % 40 === 9 ? 95_000 : 240)).toISOString(), guarded: place % 40 === 3 };
  if (kind === 5) return { ...base, group: RISK, stream: "2026/11/26/[$LATEST]5f1c", message: `[WARN] ${at} risk score 71 above 65 for request req-${place}: step-up asked`, event: null, correlationId: null, requestId: null, traceId: null, tokenReferenceId: null };
  if (kind === 6) return { ...base, group: GATEWAY, stream: "gateway/1", message: `10.1.4.${place % 250} - wallet "POST /v1/provision HTTP/1.1" ${place % 3 === 0 ? 503 : 200} ${1_200 + place} "Wallet/18.2 (iPhone17,1; a rather long user agent that goes on for longer than any line is wide, so that it has to be cut or wrapped somewhere)"`, event: null, correlationId: null, requestId: null, traceId: null, tokenReferenceId: null };
  const failure = event.endsWith("FAILURE") ? { reasonCode: place % 2 === 0 ? "ISSUER_TIMEOUT" : "INVALID_CVV" } : {};
  const took = event.endsWith("SUCCESS") || event.endsWith("FAILURE") ? { processingTime: Math.round((0.4 + (place % 23) / 10) * 1_000) / 1_000 } : {};
  const message = JSON.stringify({ timestamp: base.timestamp, level: event.endsWith("FAILURE") ? "ERROR" : "INFO", event, ...{ correlationId: ids.correlationId, requestId: ids.requestId }, walletProvider: place % 3 === 0 ? "GooglePay" : "ApplePay", issuer: ISSUERS[place % 3], device: { name: "iPhone 17 Pro", type: "PHONE" }, bulk: place % 11 === 0, ...took, ...failure });
  return { ...base, group: SERVICE, stream: `2026/11/26/[$LATEST]${place % 2 === 0 ? "8f3a91c2" : "77ab10de"}`, message, event, ...ids };
}

const LINES = 1_200;
const DATA_TO = { applied: 4_711, clock: "2026-11-26T12:00:00.000Z", newestArrival: null, now: "2026-11-26T12:00:00.000Z", sequence: 1 };

export interface FakeLogs {
  lines: LogEvent[];
  filters: MetricFilter[];
  subscriptions: SubscriptionFilter[];
  groups: LogGroup[];
  /** Events of the range that one question looks through; short pages go on. */
  slice: number;
  /** What was asked, newest last. */
  asked: URL[];
  /** Milliseconds before an answer. */
  delay: number;
  tail: TailServer | null;
}

/** Answers everything below /logs on a page. */
export async function fakeLogs(page: Page, change: Partial<FakeLogs> = {}): Promise<FakeLogs> {
  const now = Date.now();
  const fake: FakeLogs = { lines: Array.from({ length: LINES }, (_, place) => lineOf(place, now)), filters: [...FILTERS], subscriptions: subscriptionsOf(now), groups: groupsOf(now), slice: 100_000, asked: [], delay: 0, tail: null, ...change };
  await page.route((url) => url.pathname.startsWith("/api/v1/logs/"), async (route) => {
    const url = new URL(route.request().url());
    fake.asked.push(url);
    const path = url.pathname.replace("/api/v1/logs", "");
    if (fake.delay > 0) await new Promise((done) => setTimeout(done, fake.delay));
    if (path === "/tail") return fake.tail ? route.continue({ url: `${fake.tail.url}/tail${url.search}` }) : route.abort();
    const answer = ANSWERS[path];
    await (answer ? answer(fake, url, route) : route.fulfill({ status: 404, json: { error: { code: "no_such_path", message: `there is no ${path}` } } })).catch(() => undefined);
  });
  return fake;
}

const ANSWERS: Record<string, (fake: FakeLogs, url: URL, route: Route) => Promise<void>> = {
  "/groups": (fake, _url, route) => route.fulfill({ json: { dataTo: DATA_TO, groups: fake.groups } }),
  "/events": (fake, url, route) => answered(url, route, () => eventsOf(fake, url)),
  "/histogram": (fake, url, route) => answered(url, route, () => histogramOf(fake, url)),
  "/fields": (fake, url, route) => answered(url, route, () => fieldsOf(fake, url)),
  "/pattern": (_fake, _url, route) => route.fulfill({ json: tried(route.request().postDataJSON() as { pattern: string; samples: string[]; transformation?: Transformation }) }),
  "/metric-filters": metricFilters,
  "/subscription-filters": (fake, _url, route) => route.fulfill({ json: { subscriptionFilters: fake.subscriptions } }),
};

function answered(url: URL, route: Route, answer: () => object): Promise<void> {
  const mistake = mistakeIn(url.searchParams.get("pattern") ?? "");
  if (mistake) return route.fulfill({ status: 400, headers: { "x-request-id": "req-bad" }, json: { error: { code: "bad_pattern", message: mistake.message, parameter: "pattern", at: mistake.at } } });
  return route.fulfill({ json: answer() });
}

/** Two mistakes that the language knows. */
function mistakeIn(pattern: string): { message: string; at: number } | null {
  const text = pattern.trim();
  for (const [open, close] of [["{", "}"], ["[", "]"]] as const) {
    if (text.startsWith(open) && !text.endsWith(close)) return { message: `a pattern that starts with \`${open}\` must end with \`${close}\``, at: [...pattern].length };
  }
  const at = /^[{[%]/.test(text) ? -1 : [...pattern.replace(/"[^"]*"/g, (found) => "x".repeat(found.length))].findIndex((letter) => ":(,".includes(letter));
  return at < 0 ? null : { message: `\`${[...pattern][at]}\` may stand only inside double quotes`, at };
}

function membersOf(message: string): Record<string, unknown> {
  try {
    const found: Record<string, unknown> = {};
    const walk = (value: Record<string, unknown>, before: string): void => {
      for (const [name, each] of Object.entries(value)) {
        if (typeof each === "object" && each !== null) walk(each as Record<string, unknown>, `${before}${name}.`);
        else found[before + name] = each;
      }
    };
    walk(JSON.parse(message) as Record<string, unknown>, "");
    return found;
  } catch {
    return {};
  }
}

/** Terms, conditions of `=` and `!=` joined by &&, and fields by name. */
function conditionsOf(pattern: string): { name: string; isRefused: boolean; value: string }[] {
  return [...pattern.matchAll(/(?:\$\.)?([\w.]+)\s*(!?=)\s*("([^"]*)"|[\w.*]+)/g)].map(([, name = "", relation, word = "", text]) => ({ name, isRefused: relation === "!=", value: text ?? word }));
}

function holds(members: Record<string, unknown>, { name, isRefused, value }: { name: string; isRefused: boolean; value: string }): boolean {
  const known = members[name];
  if (known === undefined) return false;
  const isSame = new RegExp(`^${value.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(String(known));
  return isSame !== isRefused;
}

function matches(pattern: string, message: string): boolean {
  if (/^[{[]/.test(pattern.trim())) return conditionsOf(pattern).every((each) => holds(membersOf(message), each));
  return [...pattern.matchAll(/(-?)(?:"([^"]*)"|([^\s"]+))/g)].every(([, minus, text, word]) => message.includes(text ?? word ?? "") !== (minus === "-"));
}

function inQuestion(fake: FakeLogs, url: URL): LogEvent[] {
  const asked = url.searchParams;
  const range = instants({ from: asked.get("from") ?? "now-3h", to: asked.get("to") ?? "now" }, Date.now()) ?? { from: 0, to: 0 };
  const [groups, streams] = [asked.getAll("group"), asked.getAll("stream")];
  return fake.lines.filter((line) => {
    const at = Date.parse(line.timestamp);
    return at >= range.from && at < range.to && (groups.length === 0 || groups.includes(line.group)) && (streams.length === 0 || streams.includes(line.stream));
  });
}

function isFound(url: URL, line: LogEvent): boolean {
  const pattern = url.searchParams.get("pattern") ?? "";
  return matches(pattern, line.message) && !(pattern.trim().startsWith("[") && url.searchParams.get("mode") === "strict");
}

function eventsOf(fake: FakeLogs, url: URL): LogEvents {
  const asked = url.searchParams;
  const all = inQuestion(fake, url);
  if (asked.get("order") === "asc") all.reverse();
  const limit = Number(asked.get("limit") ?? 100);
  const from = Number(asked.get("cursor") ?? 0);
  const events: LogEvent[] = [];
  let at = from;
  for (; at < all.length && at - from < fake.slice && events.length < limit; at += 1) {
    const line = all[at];
    if (line && isFound(url, line)) events.push(line);
  }
  return { dataTo: DATA_TO, events, next: at < all.length ? String(at) : null, scanned: { events: at - from, bytes: (at - from) * 310, milliseconds: 2 + (at - from) * 3 }, searchedTo: all[Math.min(at, all.length - 1)]?.timestamp ?? null };
}

function histogramOf(fake: FakeLogs, url: URL): LogHistogram {
  const found = inQuestion(fake, url).filter((line) => isFound(url, line));
  const counts = new Map<number, number>();
  for (const line of found) {
    const start = Math.floor(Date.parse(line.timestamp) / 120_000) * 120_000;
    counts.set(start, (counts.get(start) ?? 0) + 1);
  }
  return { dataTo: DATA_TO, bucketSeconds: 120, buckets: [...counts].sort(([left], [right]) => left - right).map(([at, count]) => ({ at: new Date(at).toISOString(), count })), total: found.length, isComplete: true };
}

function fieldsOf(fake: FakeLogs, url: URL): LogFields {
  const found = inQuestion(fake, url).filter((line) => isFound(url, line)).slice(0, 2_000);
  const values = new Map<string, Map<string | number | boolean, number>>();
  for (const line of found) {
    const members = { ...membersOf(line.message), "@logGroup": line.group, "@logStream": line.stream };
    for (const [name, value] of Object.entries(members)) {
      const known = values.get(name) ?? new Map<string | number | boolean, number>();
      values.set(name, known.set(value as string, (known.get(value as string) ?? 0) + 1));
    }
  }
  const fields = [...values].map(([name, counts]) => {
    const top = [...counts].sort(([, left], [, right]) => right - left).slice(0, 10).map(([value, count]) => ({ value: String(value), count }));
    const first = [...counts.keys()][0];
    const type = typeof first === "number" ? "number" as const : typeof first === "boolean" ? "flag" as const : "text" as const;
    return { name, type, count: [...counts.values()].reduce((sum, each) => sum + each, 0), distinct: counts.size, top };
  });
  return { dataTo: DATA_TO, sampled: found.length, fields: fields.sort((left, right) => right.count - left.count || left.name.localeCompare(right.name)) };
}

function tried({ pattern, samples, transformation }: { pattern: string; samples: string[]; transformation?: Transformation }): PatternAnswer {
  const error = mistakeIn(pattern);
  const text = pattern.trim();
  const kind = text === "" ? "everything" : text.startsWith("{") ? "json" : text.startsWith("[") ? "fields" : "terms";
  const transformationError = transformation?.dimensions && transformation.defaultValue !== undefined ? { message: "a default value excludes dimensions" } : undefined;
  const verdict = (sample: string, isStrict: boolean): Verdict => {
    const members = membersOf(sample);
    const conditions = conditionsOf(pattern);
    const isMatch = matches(pattern, sample) && !(isStrict && kind === "fields");
    const why = isStrict && kind === "fields" ? [{ text: "the message has 1 field and the pattern asks for at least 2", holds: false }] : conditions.map((each) => ({ text: `\`${each.name} ${each.isRefused ? "!=" : "="} ${each.value}\`: it is ${JSON.stringify(members[each.name] ?? null)}`, holds: holds(members, each) }));
    const place = transformation?.metricValue.replace(/^\$\.?/, "") ?? "";
    const value = Number(transformation?.metricValue) || Number(members[place]);
    const values = conditions.filter((each) => members[each.name] !== undefined).map((each) => ({ name: kind === "json" ? `$.${each.name}` : `$${each.name}`, value: String(members[each.name]) }));
    const dimensions = Object.fromEntries(Object.entries(transformation?.dimensions ?? {}).map(([name, from]) => [name, String(members[from.replace(/^\$\.?/, "")])]));
    if (!isMatch) return { matches: false, sentence: "", values, why, noPoint: "the event does not match" };
    if (Number.isNaN(value)) return { matches: true, sentence: "", values, why, noPoint: "the event has no text or number for the metric's value" };
    return { matches: true, sentence: "", values, why, ...(transformation ? { point: { value, unit: transformation.unit ?? "None", dimensions } } : {}) };
  };
  return { isValid: error === null, kind, ...(error ? { error } : {}), ...(transformationError ? { transformationError } : {}), samples: error ? [] : samples.map((sample) => ({ lenient: verdict(sample, false), strict: verdict(sample, true) })) };
}

async function metricFilters(fake: FakeLogs, url: URL, route: Route): Promise<void> {
  const method = route.request().method();
  if (method === "GET") return route.fulfill({ json: { metricFilters: fake.filters } });
  const own = method === "PUT" ? (route.request().postDataJSON() as MetricFilter) : { group: url.searchParams.get("group") ?? "", name: url.searchParams.get("name") ?? "" };
  const others = fake.filters.filter((each) => each.group !== own.group || each.name !== own.name);
  if (method === "DELETE") {
    fake.filters = others;
    return route.fulfill({ json: {} });
  }
  const filter = own as MetricFilter;
  if (filter.metricNamespace.startsWith("AWS/")) return route.fulfill({ status: 400, json: { error: { code: "bad_value", message: "metricNamespace cannot begin with AWS/", parameter: "metricNamespace" } } });
  fake.filters = [...others, { ...filter, createdAt: "2026-11-26T12:00:00.000Z" }];
  return route.fulfill({ json: filter });
}

export const FILTERS: readonly MetricFilter[] = [
  { group: SERVICE, region: "us-east-1", name: "provision-failures", pattern: '{ $.event = "TOKEN_PROVISION_FAILURE" }', metricNamespace: "TokenProvisioning", metricName: "Failures", metricValue: "1", defaultValue: null, unit: "Count", dimensions: { Issuer: "$.issuer", Reason: "$.reasonCode" }, createdAt: "2026-11-01T09:12:00.000Z" },
  { group: SERVICE, region: "us-east-1", name: "processing-time", pattern: '[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]', metricNamespace: "TokenProvisioning", metricName: "ProcessingTime", metricValue: "$processingTime", defaultValue: null, unit: "Seconds", dimensions: {}, createdAt: "2026-11-01T09:15:00.000Z" },
  { group: RISK, region: "us-east-1", name: "warnings", pattern: "WARN", metricNamespace: "Risk", metricName: "Warnings", metricValue: "1", defaultValue: 0, unit: null, dimensions: {}, createdAt: "2026-11-12T16:40:00.000Z" },
];

/** One that arrives, one that does not. */
function subscriptionsOf(now: number): SubscriptionFilter[] {
  const at = (ago: number): string => new Date(now - ago).toISOString();
  const filter = { group: SERVICE, region: "us-east-1", createdAt: "2026-11-02T10:00:00.000Z", entriesBehind: 1, putAsideEvents: 0 };
  return [
    { ...filter, name: "archive", pattern: "", destination: "https://archive.example/ingest/firehose", deliveredEvents: 1_482_310, lastDeliveredAt: at(2_000), failing: null },
    { ...filter, name: "siem", pattern: '{ $.event = "TOKEN_PROVISION_FAILURE" }', destination: "https://siem.example/firehose", entriesBehind: 48_120, deliveredEvents: 20_113, lastDeliveredAt: at(1_800_000), putAsideEvents: 12, failing: { since: at(1_790_000), tries: 14, reason: "the endpoint answered 503", nextTryAt: at(-120_000), oldestReceivedAt: at(1_791_000) } },
  ];
}

function groupsOf(now: number): LogGroup[] {
  const group = (name: string, more: Partial<LogGroup>): LogGroup => ({ name, account: "000000000000", region: "us-east-1", createdAt: "2026-10-01T08:00:00.000Z", retentionDays: 90, storedBytes: 48_211_000_000, streams: 212, lastIngestionAt: new Date(now - 2_000).toISOString(), metricFilters: 0, ...more });
  return [group(SERVICE, { metricFilters: 2 }), group(RISK, { metricFilters: 1, storedBytes: 1_204_000_000, streams: 14 }), group(GATEWAY, { retentionDays: null, streams: 1, storedBytes: 310_000_000 }), group("/aws/lambda/never-written-to", { storedBytes: 0, streams: 0, lastIngestionAt: null })];
}

/** A tail that a test feeds: what is pushed goes to every browser that follows. */
export class TailServer {
  private readonly followers = new Set<ServerResponse>();
  /** Answers that refuse, one for each question, before it gives a tail. */
  refusals: { status: number; code: string; message: string }[] = [];
  asked: string[] = [];

  private constructor(private readonly server: Server, readonly url: string) {}

  static open(): Promise<TailServer> {
    return new Promise((done) => {
      const server = createServer((request, response) => {
        tail.asked.push(request.url ?? "");
        const refusal = tail.refusals.shift();
        if (refusal) {
          response.writeHead(refusal.status, { "content-type": "application/json" });
          return void response.end(JSON.stringify({ error: { code: refusal.code, message: refusal.message } }));
        }
        response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
        response.write('event: session\ndata: {"sessionId":"s-1","groups":[],"pattern":""}\n\n');
        tail.followers.add(response);
        response.on("close", () => tail.followers.delete(response));
      });
      let tail: TailServer;
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        tail = new TailServer(server, `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
        done(tail);
      });
    });
  }

  get followed(): number {
    return this.followers.size;
  }

  push(events: readonly LogEvent[], matched = events.length): void {
    this.send("update", { events: [...events], matched, shown: events.length, isSampled: matched > events.length } satisfies TailUpdate);
  }

  end(): void {
    this.send("ended", { reason: "time" });
  }

  /** Breaks every connection. */
  drop(): void {
    for (const follower of this.followers) follower.destroy();
  }

  close(): void {
    this.drop();
    this.server.close();
  }

  private send(event: string, data: object): void {
    for (const follower of this.followers) follower.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
