import { expect, it } from "vitest";
import type { SourceHint, SourceShown } from "../api/sources";
import { coverage, delay, kinds, messageDelay, minutesInWords, period, sentence, summary, timeForm, worstFirst } from "./sourceWords";

const SOURCE: SourceShown = {
  name: "gateway", state: "live", firstSeen: "2026-11-20T08:00:00Z", lastSeen: "2026-11-22T12:04:31Z", perMinute: 42.1, minutes: [], logEvents: 2_000, metricData: 0, spans: 12, auditEvents: 0, logEventsInPeriod: 1_200,
  contractEvents: 1_000, joinCoverage: 0.994, withoutId: 6, withoutCorrelationId: 0, guarded: 0, late: 0, ahead: 0, delaySeconds: 1.25, unknownEvents: [], drift: [], timeForms: [], messageDelaySeconds: null, emfDocuments: 0, emfProblems: [], refusals: [], hints: [],
};
const hint = (severity: string): SourceHint => ({ code: "late", severity, text: "", fix: "", lastSeen: "2026-11-22T12:04:31Z" });
const named = (name: string, ...hints: SourceHint[]): SourceShown => ({ ...SOURCE, name, hints });

it("shows errors before warnings before sources without hints, and keeps the server's order among equals", () => {
  const sources = [named("a", hint("warning")), named("b", hint("error")), named("c"), named("d", hint("warning"), hint("error")), named("e", hint("warning")), named("f")];
  expect(worstFirst(sources).map((each) => each.name).join("")).toBe("bdaecf");
  expect(summary(sources)).toBe("6 sources, 2 with errors, 2 with warnings");
  expect(summary([{ ...SOURCE, state: "silent", hints: [hint("error")] }])).toBe("1 source, 1 silent, 1 with errors");
  expect(summary([SOURCE, SOURCE])).toBe("2 sources");
});

it("says a share with its number, and no share of nothing", () => {
  expect(coverage(SOURCE)).toEqual({ value: "99.4 %", note: "n = 1,000, 6 without an id" });
  expect(coverage({ ...SOURCE, joinCoverage: 1, withoutId: 0 })).toEqual({ value: "100.0 %", note: "n = 1,000" });
  expect(coverage({ ...SOURCE, contractEvents: 0, joinCoverage: null, withoutId: 0 })).toEqual({ value: "–", note: "no event of the contract" });
});

it("names the kinds that came, and a delay only of events", () => {
  expect(kinds(SOURCE)).toEqual([["Logs", 2_000], ["Spans", 12]]);
  expect([delay(SOURCE), delay({ ...SOURCE, delaySeconds: -150 }), delay({ ...SOURCE, logEvents: 0, delaySeconds: 0 })]).toEqual(["1.25 s", "3 min ahead", "–"]);
});

it("says over which time is counted", () => {
  expect(period(24)).toBe("the last 24 h");
});

it("says how far the time of a message is from its event's", () => {
  const told = [null, 0.4, -7_200, 64.5].map((messageDelaySeconds) => messageDelay({ ...SOURCE, messageDelaySeconds }));
  expect(told).toEqual(["No such time was read yet.", "The newest one is its event's time.", "The newest one is 2.0 h ahead of its event's time.", "The newest one is 64.50 s behind its event's time."]);
  expect([timeForm("local"), timeForm("a-new-one")]).toEqual(["ISO 8601 without a zone", "a-new-one"]);
});

it("says the minutes in words", () => {
  expect(minutesInWords([0, 0, 0])).toBe("No record in the last hour");
  expect(minutesInWords([4, 9, 2])).toBe("Records of each of the last 3 minutes: at most 9, 2 in this one so far");
  expect(minutesInWords([4, 9, 0])).toBe("Records of each of the last 3 minutes: at most 9, nothing in the newest minute");
  expect(minutesInWords([4, 0, 0])).toBe("Records of each of the last 3 minutes: at most 4, nothing in the newest 2 minutes");
});

it("makes sentences of the server's words, with the page's times", () => {
  expect(sentence("nothing came since 2026-11-22T11:40:00.000000Z", "utc")).toBe("Nothing came since 2026-11-22 11:40:00.");
  expect(sentence("120 of 31402118 events have no id and join no attempt", "utc")).toBe("120 of 31,402,118 events have no id and join no attempt.");
  expect(sentence("2210 events tell a time in January 1970, not in ISO 8601 or milliseconds since 1970", "utc")).toBe("2,210 events tell a time in January 1970, not in ISO 8601 or milliseconds since 1970.");
});
