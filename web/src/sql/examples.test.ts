import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EXAMPLES } from "./examples";

it("has the queries of the brief, word for word", () => {
  const plain = (text: string): string => text.replace(/\s+/g, " ").trim();
  const brief = plain(readFileSync("../fixtures/brief.md", "utf8"));
  expect(EXAMPLES.length).toBe(4);
  for (const { sql } of EXAMPLES) expect(brief).toContain(plain(sql));
});
