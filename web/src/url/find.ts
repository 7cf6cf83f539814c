// What does somebody look for? Any id, or a card by BIN and last four digits, around a time where one is given.
import { ranged, type Search } from "./search";
import { normal } from "./times";

export type Finding = { kind: "id"; id: string } | { kind: "card"; search: Search };

/** How far around a time a card is looked for. */
const AROUND_MS = 30 * 60_000;
const DAY_MS = 86_400_000;
const CARD = /^(\d{6}|\d{8})[\s.…-]+(\d{4})(?:\s+(.+))?$/;

/** Reads what was typed; `null` for nothing. A clock time is the last such time before `now`, UTC. */
export function finding(text: string, search: Search, now: number): Finding | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const card = CARD.exec(trimmed);
  const at = card?.[3] === undefined ? undefined : instant(card[3], search, now);
  if (!card || at === null) return { kind: "id", id: trimmed };
  const found: Search = { ...search, bin: card[1] ?? "", lastFour: card[2] ?? "" };
  if (at === undefined) return { kind: "card", search: found };
  return { kind: "card", search: ranged(found, new Date(at - AROUND_MS).toISOString(), new Date(at + AROUND_MS).toISOString()) };
}

function instant(text: string, search: Search, now: number): number | null {
  const clock = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (clock) {
    const today = Math.floor(now / DAY_MS) * DAY_MS + (Number(clock[1]) * 60 + Number(clock[2])) * 60_000;
    return today > now ? today - DAY_MS : today;
  }
  const known = normal(text, search.tz ?? "utc");
  return known === null || known.startsWith("now") ? null : Date.parse(known);
}
