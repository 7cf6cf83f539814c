import { expect, it } from "vitest";
import type { Cell, SqlColumn } from "../api/sql";
import { drawable, picture, stepSeconds } from "./picture";

const column = (name: string, type: SqlColumn["type"]): SqlColumn => ({ name, type });
const DAY = column("date", "timestamp");
const WALLET = column("wallet_provider", "text");
const REQUESTS = column("total_requests", "bigint");
const LATENCY = column("avg_latency", "double");
const day = (number: number): string => `2026-11-${String(number).padStart(2, "0")}T00:00:00Z`;

it("draws every number over times that differ, in their order", () => {
  const rows = [[day(3), 7, 1.5], [day(1), 5, null], [day(2), "6", 2]];
  expect(picture([DAY, REQUESTS, LATENCY], rows, null, "utc")).toEqual({
    kind: "lines",
    startsMs: [1, 2, 3].map((each) => Date.parse(day(each))),
    lines: [{ label: "total_requests", values: [5, 6, 7] }, { label: "avg_latency", values: [null, 2, 1.5] }],
    isByRow: true,
    isPoints: false,
    note: null,
  });
  expect(picture([DAY, REQUESTS, LATENCY], rows, 2, "utc")).toMatchObject({ lines: [{ label: "avg_latency" }] });
});

it("draws a line for each group where times repeat, the largest first", () => {
  const rows = [[day(1), "A", 1], [day(1), "B", 9], [day(2), "A", 2]];
  expect(picture([DAY, WALLET, REQUESTS], rows, null, "utc")).toMatchObject({ lines: [{ label: "B", values: [9, null] }, { label: "A", values: [1, 2] }], isPoints: false, note: "total_requests by wallet_provider." });
  const many = Array.from({ length: 20 }, (_, place): Cell[] => [day(1 + (place % 2)), `wallet ${place >> 1}`, place]);
  expect(picture([DAY, WALLET, REQUESTS], many, null, "utc")).toMatchObject({ note: "total_requests by wallet_provider: the 6 largest of 10 are drawn." });
});

it("draws points where even a group repeats a time, instead of adding them up", () => {
  const rows = [[day(1), "A", 1], [day(1), "A", 9], [day(2), "A", 2]];
  expect(picture([DAY, WALLET, REQUESTS], rows, null, "utc")).toMatchObject({ isPoints: true, startsMs: [1, 1, 2].map((each) => Date.parse(day(each))), lines: [{ values: [1, 9, 2] }] });
});

it("draws bars over texts, or over a single time", () => {
  expect(picture([WALLET, REQUESTS], [["A", 1], [null, 5], ["C", null]], null, "utc")).toEqual({
    kind: "bars", label: "wallet_provider", value: "total_requests", bars: [{ label: "null", value: 5 }, { label: "A", value: 1 }], note: null,
  });
  expect(picture([DAY, REQUESTS], [[day(1), 4]], null, "utc")).toMatchObject({ kind: "bars", bars: [{ label: "2026-11-01 00:00:00", value: 4 }] });
});

it("draws a date at its midnight, in either zone", () => {
  const columns = [column("date", "date"), REQUESTS];
  const rows = [["2026-11-22", 1], ["2026-11-23", 2]];
  expect(picture(columns, rows, null, "utc")).toMatchObject({ startsMs: [Date.UTC(2026, 10, 22), Date.UTC(2026, 10, 23)] });
  expect(picture(columns, rows, null, "local")).toMatchObject({ startsMs: [new Date(2026, 10, 22).getTime(), new Date(2026, 10, 23).getTime()] });
});

it("draws nothing where there is nothing", () => {
  expect(picture([WALLET], [["A"]], null, "utc")).toBeNull();
  expect(picture([REQUESTS], [[1]], null, "utc")).toBeNull();
  expect(picture([DAY, REQUESTS], [], null, "utc")).toBeNull();
  expect(drawable([DAY, WALLET, REQUESTS, LATENCY])).toEqual([2, 3]);
  expect([stepSeconds([0, 0, 60_000, 90_000]), stepSeconds([5])]).toEqual([30, 60]);
});
