import { expect, it } from "vitest";
import { finding } from "./find";

const NOW = Date.parse("2026-11-22T12:00:00Z");

it("tells ids from cards, and cards around a time", () => {
  const card = (text: string): unknown => finding(text, { wallet: "ApplePay" }, NOW);
  expect(finding("  ", {}, NOW)).toBeNull();
  for (const id of ["corr_xyz789", "424242", "4242424242", "42424 4242", "424242 4242 yesterday"]) {
    expect(card(id)).toEqual({ kind: "id", id });
  }
  const found = { wallet: "ApplePay", bin: "424242", lastFour: "4242" };
  expect(card("424242 4242")).toEqual({ kind: "card", search: found });
  expect(card("42424242 4242")).toEqual({ kind: "card", search: { ...found, bin: "42424242" } });
  expect(card("424242 … 4242")).toEqual({ kind: "card", search: found });
  const around = { ...found, from: "2026-11-22T10:30:00.000Z", to: "2026-11-22T11:30:00.000Z" };
  expect(card("424242 4242 11:00")).toEqual({ kind: "card", search: around });
  expect(card("424242 4242 2026-11-22 11:00")).toEqual({ kind: "card", search: around });
  expect(card("424242 4242 13:00")).toEqual({ kind: "card", search: { ...found, from: "2026-11-21T12:30:00.000Z", to: "2026-11-21T13:30:00.000Z" } });
});
