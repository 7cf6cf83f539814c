// Which lines do attempts over time have?
import type { Buckets, Trends } from "../api/client";
import type { Palette } from "../theme/theme";
import { count, percent } from "../text/format";
import { needsRightAxis, type Chart, type Line } from "./lines";

/** Successful, failed and pending, and abandoned where asked for; with the period before as thin lines. */
export function volume(trends: Trends, palette: Palette, withAbandoned: boolean): Chart {
  const now = trends.buckets;
  const before = trends.previous?.buckets ?? null;
  const places = before ? placesBefore(trends, before) : [];
  const times = places.map((place) => (place === null ? null : (before?.startsMs[place] ?? null)));
  const each = (key: string, label: string, colour: string, dash: number[], pick: (buckets: Buckets) => number[], isRight: boolean): Line[] => {
    const line: Line = { key, label, colour, dash, values: pick(now), isRight };
    if (!before) return [line];
    const values = pick(before);
    return [line, { ...line, key: `${key} before`, label: `${label}, before`, values: places.map((place) => (place === null ? null : (values[place] ?? null))), before: times }];
  };
  const isFailedLow = needsRightAxis(now.failed, [now.success]);
  const isPendingLow = needsRightAxis(now.pending, [now.success]);
  return {
    title: "Requests by outcome",
    startsMs: now.startsMs,
    lengthSeconds: now.lengthSeconds,
    isLastPartial: trends.lastBucketPartial,
    isFirstPartial: isFirstPartial(trends),
    reserveRight: true,
    write: whole,
    writeRight: whole,
    lines: [
      ...each("SUCCESS", "Successful", palette.success, [], (buckets) => buckets.success, false),
      ...each("FAILED", "Failed", palette.failed, [8, 4], (buckets) => buckets.failed, isFailedLow),
      ...each("PENDING", "Pending", palette.pending, [2, 4], (buckets) => buckets.pending, isPendingLow),
      ...(withAbandoned ? each("ABANDONED", "Abandoned", palette.abandoned, [10, 3, 2, 3], (buckets) => buckets.abandoned, needsRightAxis(now.abandoned, [now.success])) : []),
    ],
  };
}

/** The failure rate of each bucket with its Wilson 95 % interval. */
export function failureRate(trends: Trends, palette: Palette): Chart {
  const { startsMs, lengthSeconds, failureRate: rate } = trends.buckets;
  const line: Line = { key: "failure rate", label: "Failure rate, with 95 % interval", colour: palette.failed, dash: [8, 4], values: rate.value, band: { low: rate.low, high: rate.high, colour: palette.band } };
  const before = trends.previous?.buckets ?? null;
  const places = before ? placesBefore(trends, before) : [];
  const past = <T>(column: readonly T[] | undefined): (T | null)[] => places.map((place) => (place === null ? null : (column?.[place] ?? null)));
  const ghost: Line[] = before ? [{ key: "before", label: "Before", colour: palette.failed, dash: [2, 3], values: past(before.failureRate.value), before: past(before.startsMs) }] : [];
  return { title: "Failure rate", startsMs, lengthSeconds, isLastPartial: trends.lastBucketPartial, isFirstPartial: isFirstPartial(trends), reserveRight: true, write: percent, lines: [line, ...ghost] };
}

function isFirstPartial({ buckets, range }: Trends): boolean {
  const first = buckets.startsMs[0];
  return first !== undefined && first < Date.parse(range.from);
}

function whole(value: number | null): string {
  return value !== null && !Number.isInteger(value) ? value.toFixed(1) : count(value);
}

/** Of each bucket, its place among those of the period before: the one that began a range's length earlier. */
function placesBefore(trends: Trends, before: Buckets): (number | null)[] {
  const length = Date.parse(trends.range.to) - Date.parse(trends.range.from);
  const bucket = before.lengthSeconds * 1_000;
  const places = new Map(before.startsMs.map((start, place) => [start, place]));
  return trends.buckets.startsMs.map((start) => places.get(Math.floor((start - length) / bucket) * bucket) ?? null);
}
