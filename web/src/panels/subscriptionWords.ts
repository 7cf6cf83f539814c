// Do the log events of a subscription filter arrive? In words. Pure.
import type { SubscriptionFilter } from "../api/logs";
import { count, time, wholeSeconds } from "../text/format";

export interface DeliveryState {
  words: string;
  /** As an outcome is coloured. */
  outcome: "SUCCESS" | "FAILED" | "BEHIND" | "PENDING";
  /** What to know beside it. */
  note: string;
}

/** Further behind than this is said: a delivery follows within a second or two, and a delivery is an entry itself. */
const BEHIND_ENTRIES = 1_000;

export function deliveryState(filter: SubscriptionFilter, zone: "utc" | "local", now: number): DeliveryState {
  const { failing, entriesBehind, deliveredEvents, lastDeliveredAt } = filter;
  if (failing) {
    const next = Math.max(0, Date.parse(failing.nextTryAt) - now);
    const tries = `${count(failing.tries)} ${failing.tries === 1 ? "try" : "tries"} since ${time(failing.since, zone, "minute")}`;
    return { words: "Not arriving", outcome: "FAILED", note: `${failing.reason}; ${tries}, again in ${wholeSeconds(next)}` };
  }
  if (entriesBehind > BEHIND_ENTRIES) return { words: "Behind", outcome: "BEHIND", note: `${count(entriesBehind)} entries of the journal to look at` };
  if (deliveredEvents === 0) return { words: "Waits", outcome: "PENDING", note: "nothing matched since this start" };
  return { words: "Arrives", outcome: "SUCCESS", note: lastDeliveredAt ? `last at ${time(lastDeliveredAt, zone, "second")}` : "" };
}
