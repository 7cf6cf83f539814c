import { expect, it } from "vitest";
import type { Cell, SqlColumn } from "../api/sql";
import { asNumber, cellText, exact, instant, ordered, widths } from "./cells";

it("writes values short in cells and exactly for the clipboard", () => {
  const cases: [Cell, SqlColumn["type"], string, string][] = [
    [95.10456789012345, "double", "95.104568", "95.10456789012345"],
    [0.000012345678, "double", "0.00001235", "0.000012345678"],
    [3, "double", "3", "3"],
    ["9007199254740993", "bigint", "9007199254740993", "9007199254740993"],
    ["12.340", "decimal", "12.340", "12.340"],
    [true, "boolean", "true", "true"],
    [null, "text", "null", "null"],
    [["a", null, 1], "list", '["a",null,1]', '["a",null,1]'],
    ["2026-11-22T12:04:30.812345678Z", "timestamp", "2026-11-22 12:04:30.812345678", "2026-11-22T12:04:30.812345678Z"],
    ["2026-11-22", "date", "2026-11-22", "2026-11-22"],
  ];
  for (const [value, type, shown, copied] of cases) {
    expect(cellText(value, type, "utc")).toBe(shown);
    expect(exact(value)).toBe(copied);
  }
  expect(instant("no time", "local")).toBe("no time");
  const offset = new Date("2026-11-22T12:04:30Z").getTimezoneOffset();
  expect(Date.parse(`${instant("2026-11-22T12:04:30.812Z", "local").replace(" ", "T")}Z`)).toBe(Date.parse("2026-11-22T12:04:30.812Z") - offset * 60_000);
  expect([asNumber("7"), asNumber("x"), asNumber(""), asNumber(null), asNumber(true)]).toEqual([7, null, null, null, null]);
});

it("orders rows by a column, equal ones as they came, nulls last", () => {
  const places = (type: SqlColumn["type"], values: Cell[], isDown = false): readonly number[] =>
    ordered(values.map((value) => [value]), [{ name: "a", type }], { column: 0, isDown });
  expect(places("bigint", ["9007199254740993", 5, null, "9007199254740992", 5])).toEqual([1, 4, 3, 0, 2]);
  expect(places("double", [1.5, null, -2, 1.5], true)).toEqual([0, 3, 2, 1]);
  expect(places("text", ["b", "a", "B"])).toEqual([2, 1, 0]);
  expect(places("timestamp", ["2026-11-22T12:00:00.5Z", "2026-11-22T12:00:00Z"])).toEqual([1, 0]);
  expect(ordered([[2], [1]], [{ name: "a", type: "integer" }], null)).toEqual([0, 1]);
});

it("makes columns as wide as they need, within limits", () => {
  const columns: SqlColumn[] = [{ name: "n", type: "integer" }, { name: "long", type: "text" }];
  const [narrow, wide] = widths(columns, [[1, "x".repeat(500)]], "utc");
  expect(narrow).toBeGreaterThanOrEqual(64);
  expect(wide).toBe(340);
  const late = Array.from({ length: 1_000 }, (_, place): Cell[] => [place === 500 ? 1_234_567_890_123 : 1, ""]);
  expect(widths(columns, late, "utc")[0]).toBeGreaterThan(110);
});
