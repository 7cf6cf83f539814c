// What do the counts of a source say, and which source is read first? Pure.
import type { SourceHint, SourceShown } from "../api/sources";
import { count, DASH, percent, seconds, time } from "../text/format";

/** Those with errors first, then those with warnings; among equals the server's order stays. */
export function worstFirst(sources: readonly SourceShown[]): SourceShown[] {
  const rank = ({ hints }: SourceShown): number => (hints.some(isError) ? 0 : hints.length > 0 ? 1 : 2);
  return [...sources].sort((left, right) => rank(left) - rank(right));
}

export function isError(hint: SourceHint): boolean {
  return hint.severity === "error";
}

/** How many sources there are, and how many of them need somebody. */
export function summary(sources: readonly SourceShown[]): string {
  const silent = sources.filter((each) => each.state === "silent").length;
  const failing = sources.filter((each) => each.hints.some(isError)).length;
  const warned = sources.filter((each) => each.hints.length > 0).length - failing;
  const parts = [silent > 0 && `${count(silent)} silent`, failing > 0 && `${count(failing)} with errors`, warned > 0 && `${count(warned)} with warnings`];
  return [numbered(sources.length, "source"), ...parts.filter(Boolean)].join(", ");
}

export function numbered(amount: number, word: string): string {
  return `${count(amount)} ${word}${amount === 1 ? "" : "s"}`;
}

/** The time over which is counted what can be mended. */
export function period(hours: number): string {
  return `the last ${count(hours)} h`;
}

/** Which kinds of records it brings, and how many of each. */
export function kinds({ logEvents, metricData, spans, auditEvents }: SourceShown): [string, number][] {
  const all: [string, number][] = [["Logs", logEvents], ["Metrics", metricData], ["Spans", spans], ["Audit", auditEvents]];
  return all.filter(([, amount]) => amount > 0);
}

/** Joined events are a share of a number, which is said with it. */
export function coverage({ joinCoverage, contractEvents, withoutId }: SourceShown): { value: string; note: string } {
  if (contractEvents === 0) return { value: DASH, note: "no event of the contract" };
  return { value: percent(joinCoverage), note: `n = ${count(contractEvents)}${withoutId > 0 ? `, ${count(withoutId)} without an id` : ""}` };
}

/** Only log events have a time of their own. */
export function delay({ delaySeconds, logEvents }: SourceShown): string {
  if (logEvents === 0) return DASH;
  return delaySeconds < 0 ? `${seconds(-delaySeconds)} ahead` : seconds(delaySeconds);
}

const FORMS: { [form: string]: string } = {
  utc: "ISO 8601 in UTC", offset: "ISO 8601 with an offset", local: "ISO 8601 without a zone", seconds: "seconds since 1970", milliseconds: "milliseconds since 1970",
  microseconds: "microseconds since 1970", nanoseconds: "nanoseconds since 1970", other: "another form, not read",
};

export function timeForm(form: string): string {
  return FORMS[form] ?? form;
}

/** The newest time that a message told, against its event's; below a second they are the same. */
export function messageDelay({ messageDelaySeconds }: SourceShown): string {
  if (messageDelaySeconds === null || messageDelaySeconds === undefined) return "No such time was read yet.";
  if (Math.abs(messageDelaySeconds) < 1) return "The newest one is its event's time.";
  return `The newest one is ${seconds(Math.abs(messageDelaySeconds))} ${messageDelaySeconds < 0 ? "ahead of" : "behind"} its event's time.`;
}

/** The minutes in words, for those who do not see the bars. */
export function minutesInWords(minutes: readonly number[]): string {
  const most = Math.max(0, ...minutes);
  if (most === 0) return "No record in the last hour";
  const quiet = minutes.length - 1 - minutes.findLastIndex((amount) => amount > 0);
  const since = quiet > 0 ? `nothing in the newest ${quiet === 1 ? "minute" : `${count(quiet)} minutes`}` : `${count(minutes.at(-1))} in this one so far`;
  return `Records of each of the last ${minutes.length} minutes: at most ${count(most)}, ${since}`;
}

/** Years and the number of a standard count nothing. */
const TIME_OR_NUMBER = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|(?<!\b(?:ISO|January|since) )\b\d{4,}\b/g;

/** The server's words as a sentence, with its times and long numbers as the page writes them. */
export function sentence(text: string, zone: "utc" | "local"): string {
  const timed = text.replace(TIME_OR_NUMBER, (found) => (found.endsWith("Z") ? time(found, zone, "second") : count(Number(found))));
  return `${timed.charAt(0).toUpperCase()}${timed.slice(1)}${/[.!?]$/.test(timed) ? "" : "."}`;
}
