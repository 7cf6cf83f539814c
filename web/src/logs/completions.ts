// What may be written next in a filter pattern? Pure: the text before the cursor and the known fields in, suggestions out.
import type { LogField } from "../api/logs";
import { kindOf, quoted, selector, valueOf, type Value } from "./pattern";

/** Names of the event contract (docs/formats/events.md), in the order of an attempt. */
export const EVENT_NAMES: readonly string[] = [
  "TOKEN_PROVISION_START", "TOKEN_PROVISION_ELIGIBLE", "TOKEN_PROVISION_DECISION", "TOKEN_STEP_UP_SENT", "TOKEN_STEP_UP_VERIFIED", "TOKEN_CREATED", "TOKEN_PROVISION_SUCCESS",
  "TOKEN_PROVISION_FAILURE", "TOKEN_PROVISION_ABANDONED", "TOKEN_ACTIVATED", "TOKEN_FIRST_TAP", "TOKEN_SUSPENDED", "TOKEN_RESUMED", "TOKEN_DELETED",
];
/** Fields of the contract that have the event's name. */
const EVENT_FIELDS = new Set(["event", "eventname", "eventtype"]);

export interface Suggestion {
  label: string;
  /** What is written, where it is not the label. */
  apply?: string;
  detail?: string;
  /** Where the cursor stands afterwards, counted back from the end. */
  back?: number;
}

export interface Suggested {
  /** Where the text begins that they replace. */
  from: number;
  suggestions: readonly Suggestion[];
}

const TEMPLATES: readonly Suggestion[] = [
  { label: '{ $.field = "value" }', apply: "{ $. }", back: 2, detail: "JSON: a field is a value" },
  { label: "[name, other = value, ...]", apply: "[]", back: 1, detail: "fields in their order, or by name" },
  { label: "?word ?other", apply: "?", detail: "lines with one of them" },
  { label: "%expression%", apply: "%%", back: 1, detail: "a regular expression" },
];
const RELATIONS: readonly Suggestion[] = [
  { label: "=", apply: "= ", detail: "is, with * for any text" },
  { label: "!=", apply: "!= ", detail: "is not" },
  { label: ">", apply: "> " },
  { label: ">=", apply: ">= " },
  { label: "<", apply: "< " },
  { label: "<=", apply: "<= " },
  { label: "NOT EXISTS", detail: "there is no such field" },
  { label: "IS NULL" },
  { label: "IS TRUE" },
  { label: "IS FALSE" },
];
const JOINS: readonly Suggestion[] = [
  { label: "&&", apply: "&& $.", detail: "and" },
  { label: "||", apply: "|| $.", detail: "or" },
];

/** What may stand at the end of `before`; null where nothing helps. `recent` are whole patterns. */
export function suggested(before: string, fields: readonly LogField[], recent: readonly string[] = []): Suggested | null {
  const end = before.length;
  if (before.trim() === "") return { from: 0, suggestions: [...recent.map((label) => ({ label, detail: "searched before" })), ...TEMPLATES, ...EVENT_NAMES.map((name) => ({ label: name, apply: `{ $.event = "${name}" }`, detail: "event" }))] };
  const kind = kindOf(before);
  if (kind === "json") return inJson(before, fields);
  if (kind === "fields") return inFields(before, fields);
  const word = kind === "terms" ? /[A-Z_a-z]\w*$/.exec(before)?.[0] : undefined;
  if (word === undefined || isQuoteOpen(before)) return null;
  return { from: end - word.length, suggestions: EVENT_NAMES.map((label) => ({ label, detail: "event" })) };
}

function inJson(before: string, fields: readonly LogField[]): Suggested | null {
  const end = before.length;
  const value = /\$([\w.@[\]'-]*)\s*!?=\s*("?)([^"&|={}]*)$/.exec(before);
  if (value) return { from: end - (value[2]?.length ?? 0) - (value[3]?.length ?? 0), suggestions: valuesOf(fields, value[1] ?? "") };
  if (isQuoteOpen(before)) return null;
  const name = /\$[\w.@[\]'-]*$/.exec(before);
  if (name) {
    const own = fields.filter((field) => !field.name.startsWith("@"));
    return { from: name.index, suggestions: own.map((field) => ({ label: selector(field.name), apply: `${selector(field.name)} `, detail: field.type })) };
  }
  if (/\$[\w.[\]'-]+\s+[!<>=A-Z ]*$/.test(before) && !/(NULL|TRUE|FALSE|EXISTS)\s+$/.test(before)) return { from: end - (/[!<>=A-Z ]*$/.exec(before)?.[0].trimStart().length ?? 0), suggestions: RELATIONS };
  if (/("|\w|%|\))\s+[&|]?$/.test(before)) return { from: end - (/[&|]?$/.exec(before)?.[0].length ?? 0), suggestions: JOINS };
  if (/([{(]|&&|\|\|)\s*$/.test(before)) return { from: end, suggestions: fields.filter((field) => !field.name.startsWith("@")).map((field) => ({ label: selector(field.name), apply: `${/\s$/.test(before) ? "" : " "}${selector(field.name)} `, detail: field.type })) };
  return null;
}

function inFields(before: string, fields: readonly LogField[]): Suggested | null {
  const end = before.length;
  const value = /([\w@-]+)\s*!?=\s*("?)([^",&|=]*)$/.exec(before);
  if (value) return { from: end - (value[2]?.length ?? 0) - (value[3]?.length ?? 0), suggestions: valuesOf(fields, value[1] ?? "") };
  const name = /[[,]\s*([\w@-]*)$/.exec(before);
  if (!name || isQuoteOpen(before)) return null;
  const own = fields.filter((field) => /^[\w-]+$/.test(field.name));
  return { from: end - (name[1]?.length ?? 0), suggestions: [...own.map((field) => ({ label: field.name, detail: field.type })), { label: "...", detail: "any number of fields" }] };
}

function written(value: Value): string {
  return typeof value === "string" ? quoted(value) : typeof value === "object" ? (value?.number ?? "") : String(value);
}

/** The most frequent values of a field, and of the field of events the contract's names. */
function valuesOf(fields: readonly LogField[], name: string): Suggestion[] {
  const plain = name.replace(/^\./, "");
  const known = fields.find((field) => field.name === plain || selector(field.name) === `$${name}`);
  const top = (known?.top ?? []).map(({ value, count }) => ({ label: written(valueOf(value, known?.type ?? "text")), detail: String(count) }));
  const names = EVENT_FIELDS.has(plain.toLowerCase().replace(/[_-]/g, "")) ? EVENT_NAMES.map((each) => ({ label: quoted(each), detail: "event" })) : [];
  return [...top, ...names.filter((each) => !top.some(({ label }) => label === each.label))];
}

function isQuoteOpen(text: string): boolean {
  return (text.replace(/\\./g, "").match(/"/g)?.length ?? 0) % 2 === 1;
}
