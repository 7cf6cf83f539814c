import { expect, it } from "vitest";
import type { LogEvent, TailUpdate } from "../api/logs";
import { KEPT_MAX, NOTHING, rate, released, withUpdate } from "./tail";

const line = (id: number): LogEvent => ({ id: String(id), timestamp: new Date(id * 1_000).toISOString(), ingestionTime: "", group: "g", stream: "s", message: "", event: null, guarded: false, correlationId: null, requestId: null, traceId: null, tokenReferenceId: null });
const update = (from: number, to: number, matched = to - from): TailUpdate => ({ events: Array.from({ length: to - from }, (_, place) => line(from + place)), matched, shown: to - from, isSampled: matched > to - from });
const ids = (lines: readonly LogEvent[]): string[] => lines.map((each) => each.id);

it("shows the newest first, each line once", () => {
  const state = withUpdate(withUpdate(NOTHING, update(1, 3), false), update(2, 5, 9), false);
  expect(ids(state.lines)).toEqual(["4", "3", "2", "1"]);
  expect([state.matched, state.leftOut, state.isSampled, rate(state)]).toEqual([11, 6, true, 5.5]);
  expect(withUpdate(state, update(0, 0), false).isSampled).toBe(false);
});

it("holds what comes, counts it, and shows it when let go", () => {
  const held = withUpdate(withUpdate(withUpdate(NOTHING, update(1, 3), false), update(3, 5), true), update(5, 6), true);
  expect([ids(held.lines), ids(held.held), held.news]).toEqual([["2", "1"], ["5", "4", "3"], 3]);
  const shown = released(held);
  expect([ids(shown.lines), shown.news]).toEqual([["5", "4", "3", "2", "1"], 0]);
  expect(released(shown)).toBe(shown);
});

it("keeps so many lines and no more", () => {
  let state = NOTHING;
  for (let at = 0; at < KEPT_MAX + 1_000; at += 500) state = withUpdate(state, update(at, at + 500), false);
  expect([state.lines.length, state.dropped, state.lines[0]?.id]).toEqual([KEPT_MAX, 1_000, String(KEPT_MAX + 999)]);
  let held = NOTHING;
  for (let at = 0; at < KEPT_MAX + 1_000; at += 500) held = withUpdate(held, update(at, at + 500), true);
  expect([held.held.length, held.news]).toEqual([KEPT_MAX, KEPT_MAX + 1_000]);
  expect(released(held).dropped).toBe(1_000);
});
