import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REASONS } from "./reasonTable";

it("is the event contract's table", () => {
  const contract = readFileSync("../docs/formats/events.md", "utf8");
  const rows = [...contract.matchAll(/^\| `([A-Z_]+)` \| [^|]+ \| (technical|declined|invalid|device) \| ([^|]+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(10);
  expect(Object.fromEntries(rows.map(([, reason, kind, owner]) => [reason, { class: kind, owner }]))).toEqual(REASONS);
});
