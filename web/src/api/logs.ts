// What do the logs say? Groups, events, their histogram and fields, patterns tried on samples, and metric filters. Where
// `schema.ts` has none of these types yet, they are written as it will have them.
import { ask, send, type DataTo } from "./client";

export interface LogGroup {
  name: string;
  account: string;
  region: string;
  createdAt: string;
  /** Null: kept for ever. */
  retentionDays?: number | null;
  storedBytes: number;
  streams: number;
  lastIngestionAt?: string | null;
  metricFilters: number;
}

export interface LogGroups {
  dataTo: DataTo;
  groups: LogGroup[];
}

export interface LogEvent {
  /** Stable: the journal's offset and the place in it. */
  id: string;
  timestamp: string;
  ingestionTime: string;
  group: string;
  stream: string;
  message: string;
  /** Its name in the event contract. */
  event?: string | null;
  /** A card number was cut out of it. */
  guarded: boolean;
  correlationId?: string | null;
  requestId?: string | null;
  traceId?: string | null;
  tokenReferenceId?: string | null;
}

export interface Scanned {
  events: number;
  bytes: number;
  milliseconds: number;
}

export interface LogEvents {
  dataTo: DataTo;
  events: LogEvent[];
  /** Where the search goes on; a page may be short, or empty, and still have it. */
  next?: string | null;
  scanned: Scanned;
  /** Up to where everything has been looked at, where the server says it. */
  searchedTo?: string | null;
}

export interface LogHistogram {
  dataTo: DataTo;
  bucketSeconds: number;
  buckets: { at: string; count: number }[];
  total: number;
  /** Everything was counted before time ran out. */
  isComplete: boolean;
}

export interface LogField {
  name: string;
  /** text, number, flag or mixed. */
  type: string;
  /** Events of the sample that have it. */
  count: number;
  distinct: number;
  /** Values as text: a number as it is written, `true` or `false`. */
  top: { value: string; count: number }[];
}

export interface LogFields {
  dataTo: DataTo;
  /** Events that were looked into. */
  sampled: number;
  fields: LogField[];
}

export interface Transformation {
  metricValue: string;
  defaultValue?: number;
  unit?: string;
  dimensions?: Record<string, string>;
}

export interface Verdict {
  matches: boolean;
  values: { name: string; value: string }[];
  /** What each part of the pattern found; null where it was not looked at. */
  why: { text: string; holds: boolean | null }[];
  point?: { value: number; unit: string; dimensions: Record<string, string> };
  /** Why it makes no point. */
  noPoint?: string;
}

export interface PatternAnswer {
  isValid: boolean;
  kind: "everything" | "terms" | "json" | "fields";
  error?: { message: string; at: number };
  transformationError?: { message: string };
  samples: { lenient: Verdict; strict: Verdict }[];
}

export interface MetricFilter {
  group: string;
  name: string;
  pattern: string;
  metricNamespace: string;
  metricName: string;
  metricValue: string;
  defaultValue: number | null;
  unit: string | null;
  dimensions: Record<string, string>;
  createdAt: string;
}

export type MetricFilterWritten = Omit<MetricFilter, "createdAt">;

/** What a tail brings every second, its events in the order in which they came. */
export interface TailUpdate {
  events: LogEvent[];
  matched: number;
  shown: number;
  /** There was more than is shown. */
  isSampled: boolean;
}

/** Why a tail ends by itself. */
export interface TailEnded {
  /** time or stopping. */
  reason: string;
}

/** Samples that one question may have. */
export const SAMPLES_MAX = 50;
const JSON_BODY = { "content-type": "application/json" };

export async function askPattern(pattern: string, samples: readonly string[], transformation: Transformation | null, signal: AbortSignal): Promise<PatternAnswer> {
  const body = JSON.stringify({ pattern, ...(transformation ? { transformation } : {}), samples });
  return (await (await send("/logs/pattern", { method: "POST", headers: JSON_BODY, body, signal })).json()) as PatternAnswer;
}

export async function askMetricFilters(signal: AbortSignal): Promise<readonly MetricFilter[]> {
  return (await ask<{ metricFilters: MetricFilter[] }>("/logs/metric-filters", undefined, signal)).metricFilters;
}

/** Makes a filter, or changes the one of that group and name. */
export async function putMetricFilter(filter: MetricFilterWritten): Promise<void> {
  await send("/logs/metric-filters", { method: "PUT", headers: JSON_BODY, body: JSON.stringify(filter) });
}

export async function deleteMetricFilter(group: string, name: string): Promise<void> {
  await send(`/logs/metric-filters?${new URLSearchParams({ group, name })}`, { method: "DELETE" });
}

/** The newest lines of a group, oldest first. */
export async function newestLines(group: string, limit: number): Promise<readonly string[]> {
  const answer = await ask<LogEvents>("/logs/events", new URLSearchParams({ group, limit: String(limit), from: "now-30d", to: "now" }));
  return answer.events.map((event) => event.message).reverse();
}
