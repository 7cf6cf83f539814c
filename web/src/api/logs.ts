// What do the logs say? Groups, events, their histogram and fields, patterns tried on samples, and metric filters.
import { ask, send } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type LogGroup = Schemas["LogGroupShown"];
export type LogGroups = Schemas["LogGroupsAnswer"];
export type LogEvent = Schemas["LogEventShown"];
export type Scanned = Schemas["ScannedShown"];
export type LogEvents = Schemas["LogEventsAnswer"];
export type LogHistogram = Schemas["LogHistogramAnswer"];
export type LogField = Schemas["LogFieldShown"];
export type LogFields = Schemas["LogFieldsAnswer"];
export type Transformation = Schemas["TransformationToTry"];
export type Verdict = Schemas["PatternVerdict"];
export type PatternAnswer = Schemas["PatternTried"];
export type MetricFilter = Schemas["MetricFilterShown"];
export type SubscriptionFilter = Schemas["SubscriptionFilterShown"];
export type MetricFilterWritten = Schemas["MetricFilterToPut"];
/** What a tail brings every second, its events in the order in which they came. */
export type TailUpdate = Schemas["LogTailUpdateEvent"];
/** Why a tail ends by itself. */
export type TailEnded = Schemas["LogTailEndedEvent"];

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

export async function askSubscriptionFilters(signal: AbortSignal): Promise<readonly SubscriptionFilter[]> {
  return (await ask<{ subscriptionFilters: SubscriptionFilter[] }>("/logs/subscription-filters", undefined, signal)).subscriptionFilters;
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
