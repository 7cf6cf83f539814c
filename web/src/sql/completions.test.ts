import { expect, it } from "vitest";
import type { SqlSchema } from "../api/sql";
import { narrowed, quoted, suggestions, tablesIn } from "./completions";

const SCHEMA: SqlSchema = {
  tables: [
    { name: "logs", kind: "table", meaning: "every record", columns: [{ name: "timestamp", type: "timestamp", meaning: "when" }, { name: "issuer", type: "text", meaning: "the bank" }] },
    { name: "attempts", kind: "table", meaning: "one row an attempt", columns: [{ name: "issuer", type: "text", meaning: "the bank" }, { name: "outcome", type: "text", meaning: "how it ended" }] },
  ],
  functions: [{ name: "date_add", signature: "date_add(unit, n, date)", meaning: "a later date" }],
};

it("suggests columns of the tables that are named, each name once", () => {
  const names = (text: string): string[] => suggestions(SCHEMA, text).map((each) => each.name);
  expect(names("SELECT iss FROM attempts")).toEqual(["issuer", "outcome", "date_add"]);
  expect(names("SELECT iss FROM Attempts JOIN logs")).toEqual(["timestamp", "issuer", "outcome", "date_add"]);
  expect(names("SELECT ")).toEqual(["timestamp", "issuer", "outcome", "date_add"]);
  expect(tablesIn(SCHEMA, "FROM my_logs")).toEqual([]);
});

it("narrows a schema to what holds a text", () => {
  expect(narrowed(SCHEMA, "")).toBe(SCHEMA);
  expect(narrowed(SCHEMA, "OUTCOME").tables).toEqual([{ ...SCHEMA.tables[1], columns: [SCHEMA.tables[1]?.columns[1]] }]);
  expect(narrowed(SCHEMA, "logs").tables).toEqual([SCHEMA.tables[0]]);
  expect(narrowed(SCHEMA, "every record").tables).toEqual([SCHEMA.tables[0]]);
  expect(narrowed(SCHEMA, "date_a")).toEqual({ tables: [], functions: SCHEMA.functions });
});

it("quotes names that need it", () => {
  expect([quoted("issuer"), quoted("my view"), quoted('a"b'), quoted("2nd")]).toEqual(["issuer", '"my view"', '"a""b"', '"2nd"']);
});
