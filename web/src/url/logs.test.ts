import { expect, it } from "vitest";
import { around, logParameters, middleOf, tailParameters } from "./logs";
import { changed, elsewhere, listOf, readSearch } from "./search";

it("asks what the address says", () => {
  expect(logParameters({}).toString()).toBe("from=now-3h&to=now");
  const search = readSearch({ group: "/aws/lambda/a,/b", stream: "s\\,1", pattern: '{ $.a = "x" }', mode: "strict", from: "now-1h", wallet: "ApplePay" });
  expect([...logParameters(search)]).toEqual([["group", "/aws/lambda/a"], ["group", "/b"], ["stream", "s,1"], ["pattern", '{ $.a = "x" }'], ["mode", "strict"], ["from", "now-1h"], ["to", "now"]]);
  expect([...tailParameters(search)].map(([name]) => name)).toEqual(["group", "group", "stream", "pattern", "mode"]);
});

it("names a line whatever is in its group and stream", () => {
  const line = { timestamp: "2026-11-22T12:04:30.812Z", id: "4711-0", group: "/aws/x", stream: "2026/11/22/[$LATEST]a,b\\c!" };
  const search = around({ pattern: "ERROR" }, line);
  expect(middleOf(search)).toEqual({ at: line.timestamp, id: line.id, group: line.group, stream: line.stream });
  expect(middleOf({})).toBeNull();
  for (const bad of ["x", "soon,1-0,g,s", "2026-11-22T12:04:30Z,1-0,g"]) expect(middleOf({ around: bad })).toBeNull();
  expect(elsewhere({ ...search, from: "now-1h", wallet: "ApplePay" })).toEqual({ from: "now-1h", wallet: "ApplePay" });
});

it("leaves out what is taken away", () => {
  expect(changed({ pattern: "a", from: "now-1h" }, { pattern: undefined, group: "g" })).toEqual({ from: "now-1h", group: "g" });
  expect(listOf("a\\,b,c")).toEqual(["a,b", "c"]);
});
