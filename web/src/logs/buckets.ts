// Which bars has a histogram? Those of the answer, and empty ones over the rest of the range, so that its ends are seen.
import type { LogHistogram } from "../api/logs";

const BUCKETS_MAX = 240;

export function filled(histogram: Pick<LogHistogram, "bucketSeconds" | "buckets">, range: { from: number; to: number } | null): { startsMs: number[]; counts: number[] } {
  const length = histogram.bucketSeconds * 1_000;
  const counted = new Map(histogram.buckets.map(({ at, count }) => [new Date(at).getTime(), count]));
  const known = [...counted.keys()].sort((left, right) => left - right);
  const anchor = known[0] ?? (range ? Math.floor(range.from / length) * length : 0);
  const [from, to] = [range?.from ?? anchor, range?.to ?? (known.at(-1) ?? anchor) + 1];
  let start = anchor;
  while (start > from && (anchor - start) / length < BUCKETS_MAX) start -= length;
  const startsMs: number[] = [];
  const end = Math.max(to, (known.at(-1) ?? anchor) + 1);
  for (let at = start; at < end && startsMs.length < BUCKETS_MAX; at += length) startsMs.push(at);
  return { startsMs, counts: startsMs.map((at) => counted.get(at) ?? 0) };
}
