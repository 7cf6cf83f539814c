import { expect, it } from "vitest";
import { jsonLines } from "./json";

const written = (message: string): string => (jsonLines(message) ?? []).map((line) => "  ".repeat(line.depth) + line.text).join("\n");

it("writes JSON in lines and changes no value", () => {
  const message = '{"a":1.50,"id":12345678901234567890,"t":"x, {y}: \\"z\\"","n":null,"u":{"ids":["p",{"k":true}],"e":{},"f":[]}}';
  expect(written(message)).toBe(
    ['{', '  "a": 1.50,', '  "id": 12345678901234567890,', '  "t": "x, {y}: \\"z\\"",', '  "n": null,', '  "u": {', '    "ids": [', '      "p",', '      {', '        "k": true', '      }', '    ],', '    "e": {},', '    "f": []', '  }', '}'].join("\n"),
  );
  expect(JSON.parse(written(message))).toEqual(JSON.parse(message));
});

it("names the place of each plain value", () => {
  const lines = jsonLines('{"u":{"ids":["p",{"k":true}]},"a":1}') ?? [];
  expect(lines.filter((line) => line.path !== undefined).map(({ path, value }) => [path, value])).toEqual([["u.ids[0]", "p"], ["u.ids[1].k", true], ["a", { number: "1" }]]);
});

it("leaves everything else as it is", () => {
  for (const text of ["", "plain", '"text"', "{broken", '{"a":1', "[ERROR] x"]) expect(jsonLines(text)).toBeNull();
  expect(jsonLines(`[${"1,".repeat(5_000)}1]`)?.length).toBe(1_001);
});
