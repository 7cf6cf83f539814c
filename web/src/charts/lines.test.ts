import { expect, it } from "vitest";
import { needsRightAxis, summary, type Chart } from "./lines";

const CHART: Chart = {
  title: "Requests",
  startsMs: [0, 60_000, 120_000],
  lengthSeconds: 60,
  isLastPartial: true,
  write: (value) => String(value ?? "–"),
  lines: [
    { key: "a", label: "Good", colour: "#000", dash: [], values: [1, 9, 4] },
    { key: "b", label: "Bad", colour: "#000", dash: [], values: [null, null, null] },
    { key: "c", label: "Good before", colour: "#000", dash: [], values: [7, 7, 7], before: [0, 0, 0] },
  ],
};

it("says a chart in words", () => {
  const when = (at: number): string => `${at / 60_000} min`;
  expect(summary(CHART, when)).toBe("Requests from 0 min to 2 min. Good: last 4, highest 9 at 1 min. Bad: no values.");
  expect(summary({ ...CHART, startsMs: [] }, when)).toBe("Requests: no data.");
});

it("lifts a low line from the floor", () => {
  expect(needsRightAxis([1, 2, null], [[100, 21], [3, 3]])).toBe(true);
  expect(needsRightAxis([1, 2, 11], [[100, 21]])).toBe(false);
  expect(needsRightAxis([0, 0, null], [[100, 21]])).toBe(false);
});
