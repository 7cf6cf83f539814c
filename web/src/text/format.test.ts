import { describe, expect, it } from "vitest";
import { bytes, count, DASH, difference, percent, rate, seconds, time } from "./format";

describe("numbers", () => {
  it("says nothing where there is no value", () => {
    expect([count(null), percent(null), seconds(undefined)]).toEqual([DASH, DASH, DASH]);
    expect(difference(1, null, "percent")).toBeNull();
    expect(difference(1, 0, "percent")).toBeNull();
  });
  it("writes values as people read them", () => {
    expect([count(48213), percent(0.939), percent(0)]).toEqual(["48,213", "93.9 %", "0.0 %"]);
    expect([seconds(0.0421), seconds(1.245), seconds(125), seconds(7200)]).toEqual(["42 ms", "1.25 s", "2 min", "2.0 h"]);
    expect(difference(104, 100, "percent")).toBe("+4.0 %");
    expect(difference(0.93, 0.938, "points")).toBe("−0.8 pt");
    expect(difference(0.5, 0.5, "points")).toBe("±0.0 pt");
  });
  it("writes rates with a digit only where they are small", () => {
    expect([0, 0.02, 0.05, 3.14, 9.94, 9.95, 48_213.4].map(rate)).toEqual(["0", "< 0.1", "0.1", "3.1", "9.9", "10", "48,213"]);
  });
  it("writes amounts of data with three digits", () => {
    expect([0, 999, 1_000, 4_512_345, 12_345_678, 999_499_999, 999_999_999, 2e15].map(bytes)).toEqual(["0 B", "999 B", "1.00 kB", "4.51 MB", "12.3 MB", "999 MB", "1.00 GB", "2.00 PB"]);
    expect(bytes(null)).toBe(DASH);
  });
  it("writes times in UTC", () => {
    expect(time("2026-11-22T12:04:30.812Z", "utc", "full")).toBe("2026-11-22 12:04:30.812");
    expect(time(Date.parse("2026-11-22T12:04:30Z"), "utc", "clock")).toBe("12:04:30");
  });
});
