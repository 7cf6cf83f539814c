import { expect, test } from "vitest";
import type { SubscriptionFilter } from "../api/logs";
import { deliveryState } from "./subscriptionWords";

const NOW = Date.parse("2026-11-26T12:00:00Z");
const FILTER: SubscriptionFilter = {
  group: "/g", region: "eu-central-1", name: "siem", pattern: "", destination: "https://siem.example/", createdAt: "2026-11-26T10:00:00.000Z",
  entriesBehind: 0, deliveredEvents: 12, lastDeliveredAt: "2026-11-26T11:59:58.000Z", putAsideEvents: 0, failing: null,
};

test("what fails is said before all else, with the reason and the next try", () => {
  const failing = { since: "2026-11-26T11:50:00.000Z", tries: 3, reason: "the endpoint answered 502", nextTryAt: "2026-11-26T12:00:30.000Z", oldestReceivedAt: null };
  const state = deliveryState({ ...FILTER, failing, entriesBehind: 5_000 }, "utc", NOW);
  expect([state.words, state.outcome]).toEqual(["Not arriving", "FAILED"]);
  expect(state.note).toContain("the endpoint answered 502; 3 tries since ");
  expect(state.note).toContain("again in 30 s");
  expect(deliveryState({ ...FILTER, failing: { ...failing, tries: 1, nextTryAt: "2026-11-26T11:00:00.000Z" } }, "utc", NOW).note).toContain("1 try since");
});

test("a filter is behind, waits or arrives", () => {
  const words = (change: Partial<SubscriptionFilter>) => deliveryState({ ...FILTER, ...change }, "utc", NOW).words;
  expect(words({})).toBe("Arrives");
  expect(words({ entriesBehind: 5_000 })).toBe("Behind");
  expect(words({ deliveredEvents: 0, lastDeliveredAt: null })).toBe("Waits");
});
