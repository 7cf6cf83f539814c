import { expect, it } from "vitest";
import { HISTORY_MAX, oneLine, readHistory, withRan, writeHistory, type Ran } from "./history";

const AT = "2026-11-22T12:00:00.000Z";

function storage(text: string | null): Pick<Storage, "getItem" | "setItem"> & { text: string | null } {
  return { text, getItem() { return this.text; }, setItem(_key, value) { this.text = value; } };
}

it("has each query once, the newest first, and no more than it may", () => {
  let history: Ran[] = [];
  for (let place = 0; place < 60; place += 1) history = withRan(history, { sql: `SELECT ${place}`, at: AT, rows: 1 });
  history = withRan(history, { sql: " SELECT 30\n", at: AT, rows: null });
  expect(history.length).toBe(HISTORY_MAX);
  expect(history[0]).toEqual({ sql: " SELECT 30\n", at: AT, rows: null });
  expect(history.filter((ran) => ran.sql.trim() === "SELECT 30").length).toBe(1);
});

it("reads what it wrote, and nothing else", () => {
  const kept = storage(null);
  writeHistory(kept, [{ sql: "SELECT 1", at: AT, rows: 3 }]);
  expect(readHistory(kept)).toEqual([{ sql: "SELECT 1", at: AT, rows: 3 }]);
  for (const text of ["nonsense", "{}", '[{"sql":1}]', `[{"sql":"a","at":"soon","rows":1}]`]) expect(readHistory(storage(text))).toEqual([]);
  expect(() => writeHistory({ setItem() { throw new Error("full"); } }, [])).not.toThrow();
});

it("says a query in one line", () => {
  expect(oneLine("-- daily\nSELECT  a,\n  b -- both\nFROM t")).toBe("SELECT a, b FROM t");
  expect(oneLine("-- only this")).toBe("-- only this");
});
