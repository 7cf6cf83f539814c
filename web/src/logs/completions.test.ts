import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { LogField } from "../api/logs";
import { EVENT_NAMES, suggested } from "./completions";

const FIELDS: LogField[] = [
  { name: "event", type: "text", count: 9, distinct: 2, top: [{ value: "TOKEN_PROVISION_START", count: 5 }, { value: "NOTE", count: 4 }] },
  { name: "user.tries", type: "number", count: 4, distinct: 2, top: [{ value: "2", count: 3 }] },
  { name: "@logGroup", type: "text", count: 9, distinct: 1, top: [{ value: "/aws/x", count: 9 }] },
];
const labels = (before: string): string[] | null => suggested(before, FIELDS)?.suggestions.map((each) => each.label) ?? null;

it("suggests what the grammar allows", () => {
  expect(labels("")?.[0]).toBe('{ $.field = "value" }');
  expect(suggested("", FIELDS, ["WARN -risk"])?.suggestions[0]?.label).toBe("WARN -risk");
  expect(labels("{ $")).toEqual(["$.event", "$.user.tries"]);
  expect(suggested("{ $.ev", FIELDS)?.from).toBe(2);
  expect(labels("{ ")).toEqual(["$.event", "$.user.tries"]);
  expect(labels("{ $.event ")).toContain("NOT EXISTS");
  expect(labels("{ $.event = ")?.slice(0, 3)).toEqual(['"TOKEN_PROVISION_START"', '"NOTE"', '"TOKEN_PROVISION_ELIGIBLE"']);
  expect(suggested('{ $.event = "TOK', FIELDS)?.from).toBe(12);
  expect(labels("{ $.user.tries = ")).toEqual(["2"]);
  expect(labels('{ $.event = "A" ')).toEqual(["&&", "||"]);
  expect(labels("{ $.event NOT EXISTS ")).toEqual(["&&", "||"]);
  expect(labels('{ $.event = "A" && ')).toEqual(["$.event", "$.user.tries"]);
  expect(labels("[level, ev")).toEqual(["event", "..."]);
  expect(labels("[event=")?.[1]).toBe('"NOTE"');
  expect(labels("ERROR TOK")).toEqual(EVENT_NAMES);
  for (const nothing of ['"quoted TOK', "%TOK", "ERROR "]) expect(labels(nothing), nothing).toBeNull();
});

it("knows the events of the contract, every one", () => {
  const page = readFileSync("../docs/formats/events.md", "utf8");
  const table = page.slice(page.indexOf("## Events"), page.indexOf("## Fields"));
  expect([...table.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)).toEqual(EVENT_NAMES);
});
