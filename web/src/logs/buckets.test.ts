import { expect, it } from "vitest";
import { filled } from "./buckets";

const MINUTE = 60_000;
const at = (minute: number): string => new Date(minute * MINUTE).toISOString();

it("has a bar for every bucket of the range", () => {
  const histogram = { bucketSeconds: 60, buckets: [{ at: at(12), count: 3 }, { at: at(14), count: 1 }], total: 4, isComplete: true };
  expect(filled(histogram, { from: 10.5 * MINUTE, to: 15.2 * MINUTE })).toEqual({ startsMs: [10, 11, 12, 13, 14, 15].map((each) => each * MINUTE), counts: [0, 0, 3, 0, 1, 0] });
  expect(filled(histogram, null).counts).toEqual([3, 0, 1]);
  expect(filled({ ...histogram, buckets: [] }, { from: 10.5 * MINUTE, to: 12 * MINUTE }).startsMs).toEqual([10 * MINUTE, 11 * MINUTE]);
  expect(filled(histogram, { from: 0, to: 1e15 }).startsMs.length).toBeLessThanOrEqual(240);
});
