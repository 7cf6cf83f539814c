import { expect, it } from "vitest";
import type { TableState } from "../api/storage";
import { days, diskWarning, tableFace, totals } from "./storageWords";

const TABLE: TableState = {
  name: "attempts", meaning: "", rows: 10, hotRows: 2, bytes: 100, files: 3, filesMaxPerDay: 1, snapshots: 1, watermark: 5, freshnessSeconds: 12, oldest: null, newest: null,
  bytesPerDay: null, rowsPerDay: null, compactionDebt: { files: 0, bytes: 0 }, overlayRows: 0, lastFlush: null, lastError: null,
};

it("warns of a disk that is nearly full, by days or by share, and of no other", () => {
  const disk = { path: "/data", totalBytes: 1_000, freeBytes: 500, daysLeft: 40 };
  expect(diskWarning(disk)).toBeNull();
  expect(diskWarning({ ...disk, daysLeft: 3 })).toBeNull();
  expect(diskWarning({ ...disk, daysLeft: 2.5 })).toBe("The disk is nearly full. 500 B (50.0 %) free. At the present rate it is full in 2.5 days.");
  expect(diskWarning({ ...disk, freeBytes: 50 })).toBeNull();
  expect(diskWarning({ ...disk, freeBytes: 49, daysLeft: null })).toBe("The disk is nearly full. 49 B (4.9 %) free.");
  expect(diskWarning({ ...disk, totalBytes: null, freeBytes: null, daysLeft: 1 })).toBe("The disk is nearly full. At the present rate it is full in 24 hours.");
  expect(diskWarning({ ...disk, totalBytes: null, freeBytes: null, daysLeft: null })).toBeNull();
  expect([days(-1), days(0.5), days(9.96), days(40.2)]).toEqual(["no time", "12 hours", "10.0 days", "40 days"]);
});

it("knows how a table is: an empty one is no failure", () => {
  expect(tableFace(TABLE)).toBe("fine");
  expect(tableFace({ ...TABLE, rows: 0, hotRows: 0, freshnessSeconds: null })).toBe("empty");
  expect(tableFace({ ...TABLE, rows: 0, hotRows: 1 })).toBe("fine");
  expect(tableFace({ ...TABLE, freshnessSeconds: 361 })).toBe("behind");
  expect(tableFace({ ...TABLE, rows: 0, hotRows: 0, lastError: "no space left" })).toBe("failed");
  expect(totals([TABLE, TABLE])).toEqual({ rows: 20, hotRows: 4, bytes: 200, files: 6 });
});
