// What does news change in what is shown? Pure: old answer and event in, new answer out.
import type { Buckets, FeedItem, KpiEvent, Metrics, Requests, TrendEvent, Trends } from "../api/client";

export function withKpi(known: Metrics, event: KpiEvent): Metrics {
  return { ...known, metrics: event.metrics, numeric: event.numeric, range: event.range, dataTo: event.dataTo };
}

/** Buckets of the event replace those of the same start; ones before the range's new start go. */
export function withTrend(known: Trends, event: TrendEvent): Trends {
  if (event.buckets.lengthSeconds !== known.buckets.lengthSeconds) return known;
  const newest = event.buckets.startsMs.at(-1) ?? 0;
  const length = Date.parse(known.range.to) - Date.parse(known.range.from);
  const now = Date.parse(event.dataTo.now);
  const from = now - length;
  const isOutside = (start: number): boolean => start + known.buckets.lengthSeconds * 1_000 <= from;
  const replaced = new Map(event.buckets.startsMs.map((start, index) => [start, { of: event.buckets, index }]));
  const places = new Map(known.buckets.startsMs.map((start, index) => [start, { of: known.buckets, index }]));
  for (const [start, place] of replaced) places.set(start, place);
  const chosen = [...places].filter(([start]) => !isOutside(start)).sort((left, right) => left[0] - right[0]);
  const column = <T>(pick: (buckets: Buckets) => T[]): T[] => chosen.map(([, place]) => pick(place.of)[place.index] as T);
  return {
    ...known,
    range: { ...known.range, from: new Date(from).toISOString(), to: new Date(now).toISOString() },
    lastBucketPartial: now < newest + known.buckets.lengthSeconds * 1_000,
    dataTo: event.dataTo,
    buckets: {
      lengthSeconds: known.buckets.lengthSeconds,
      startsMs: chosen.map(([start]) => start),
      requests: column((buckets) => buckets.requests),
      success: column((buckets) => buckets.success),
      failed: column((buckets) => buckets.failed),
      pending: column((buckets) => buckets.pending),
      abandoned: column((buckets) => buckets.abandoned),
      p50Seconds: column((buckets) => buckets.p50Seconds),
      p95Seconds: column((buckets) => buckets.p95Seconds),
      p99Seconds: column((buckets) => buckets.p99Seconds),
      activeTokens: column((buckets) => buckets.activeTokens),
      failureRate: {
        value: column((buckets) => buckets.failureRate.value),
        low: column((buckets) => buckets.failureRate.low),
        high: column((buckets) => buckets.failureRate.high),
        n: column((buckets) => buckets.failureRate.n),
      },
    },
  };
}

/** One line of the feed. */
export type FeedRow = Pick<FeedItem, "request" | "detail">;

/** Lines kept at most. */
export const FEED_ROWS_MAX = 500;

export function feedOf(list: Requests): FeedRow[] {
  return list.requests.flatMap((request, index) => {
    const detail = list.details[index];
    return detail ? [{ request, detail }] : [];
  });
}

/** Known attempts change in their place; new ones come on top, newest arrival first. */
export function withFeed(rows: readonly FeedRow[], event: { items: readonly FeedItem[] }): FeedRow[] {
  const next = new Map(rows.map((row) => [row.detail.attemptId, row]));
  for (const { request, detail } of event.items) next.set(detail.attemptId, { request, detail });
  const sorted = [...next.values()].sort((left, right) => compare(right.detail.firstArrival, left.detail.firstArrival));
  return sorted.slice(0, FEED_ROWS_MAX);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** An attempt that became known long after it started, in milliseconds; null for others. */
export function lateness(row: FeedRow): number | null {
  const late = Date.parse(row.detail.firstArrival) - Date.parse(row.detail.startedAt);
  return late > 60_000 ? late : null;
}
