import { expect, it } from "vitest";
import { readViews, withView, writeViews } from "./savedViews";

function memory(text: string | null): Pick<Storage, "getItem" | "setItem"> & { text: string | null } {
  return { text, getItem() { return this.text; }, setItem(_key, value) { this.text = value; } };
}

it("keeps views by name", () => {
  const storage = memory(null);
  const one = { name: "Night", path: "/ops", search: "?from=now-1h" };
  writeViews(storage, withView(readViews(storage), one));
  writeViews(storage, withView(readViews(storage), { name: "Errors", path: "/errors", search: "" }));
  writeViews(storage, withView(readViews(storage), { ...one, search: "?from=now-6h" }));
  expect(readViews(storage).map((view) => [view.name, view.search])).toEqual([["Errors", ""], ["Night", "?from=now-6h"]]);
});

it("takes nothing that leads elsewhere or cannot be read", () => {
  for (const text of ["{", "3", '[{"name":"x"}]', '[{"name":"x","path":"//evil","search":""}]']) expect(readViews(memory(text))).toEqual([]);
});
