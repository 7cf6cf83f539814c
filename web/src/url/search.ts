// What does the address say? Range, filters and switches of the whole page, with defaults left out.
// The page holds no state that is not here, so Back undoes and a copied link shows the same.

/** The filters of the JSON API, in the order in which chips are shown. */
export const FILTERS = [
  "wallet",
  "issuer",
  "outcome",
  "reason",
  "class",
  "owner",
  "decision",
  "vendor",
  "network",
  "device",
  "country",
  "channel",
  "bin",
  "lastFour",
] as const;
export type FilterName = (typeof FILTERS)[number];

/** All parameters are text as in the address; the server checks values and says what is wrong. */
export interface Search extends Partial<Record<FilterName, string>> {
  from?: string;
  to?: string;
  /** `local` shows times in the browser's zone instead of UTC. */
  tz?: "local";
  /** `prev` draws the period before. */
  cmp?: "prev";
  /** The SQL query that was run, or that a link shows. */
  q?: string;
  /** How the list of requests is sorted, where not by start. */
  order?: "arrival" | "slowest";
  /** Draw abandoned attempts in the trends. */
  abandoned?: "1";
  /** What the page is broken down by, where it offers a choice. */
  by?: string;
  /** The columns of the list of requests, where not the usual ones. */
  columns?: string;
  /** What of a request is shown, where not its timeline. */
  tab?: "facts" | "tokens" | "raw";
  /** `off` stops live updates. */
  live?: "off";
  /** The log groups that are searched, joined as values of a filter are; without it all of them. */
  group?: string;
  /** The log streams that are searched. */
  stream?: string;
  /** The filter pattern of a search in logs. */
  pattern?: string;
  /** `strict` reads patterns to AWS's letter. */
  mode?: "strict";
  /** The oldest line first. */
  first?: "oldest";
  /** Follow the lines as they come. */
  tail?: "1";
  /** Words to mark in lines, beside those of the pattern. */
  mark?: string;
  /** Do not say of each line which group and stream it is from. */
  source?: "off";
  /** Lines are shown whole. */
  wrap?: "1";
  /** The line whose surroundings are shown: time, id, group and stream. */
  around?: string;
  /** The metric filter that is edited; its group is in `group`. */
  filter?: string;
  /** A metric filter is being written. */
  draft?: "1";
}

/** What means something among the logs only. */
const OF_LOGS = ["group", "stream", "pattern", "mode", "first", "tail", "mark", "source", "wrap", "around", "filter", "draft"] as const;

export const RANGE_DEFAULT = { from: "now-3h", to: "now" };

export const RANGES: readonly { from: string; label: string }[] = [
  { from: "now-15m", label: "Last 15 min" },
  { from: "now-1h", label: "Last hour" },
  { from: "now-3h", label: "Last 3 hours" },
  { from: "now-6h", label: "Last 6 hours" },
  { from: "now-24h", label: "Last 24 hours" },
  { from: "now-7d", label: "Last 7 days" },
  { from: "now-30d", label: "Last 30 days" },
];

const OTHERS = ["from", "to", "tz", "cmp", "q", "order", "abandoned", "by", "columns", "tab", "live", ...OF_LOGS];
const NAMES: readonly string[] = [...FILTERS, ...OTHERS];
const TIME = /^(now(-\d{1,9}[smhdw])?|\d{1,15}|\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2}))$/;
/** Parameters that have one meaning only, or a few. */
const WORDS: Record<string, RegExp> = {
  from: TIME,
  to: TIME,
  tz: /^local$/,
  cmp: /^prev$/,
  abandoned: /^1$/,
  live: /^off$/,
  tab: /^(facts|tokens|raw)$/,
  order: /^(arrival|slowest)$/,
  mode: /^strict$/,
  first: /^oldest$/,
  tail: /^1$/,
  source: /^off$/,
  wrap: /^1$/,
  draft: /^1$/,
  outcome: /^(!?(SUCCESS|FAILED|PENDING|ABANDONED)(,|$))+$/,
};

/** The parameters of an address that mean nothing here, for a message to the reader. */
export function ignoredIn(raw: Record<string, unknown>): string[] {
  const bad = (name: string): boolean => {
    const value = raw[name];
    return typeof value !== "string" || !NAMES.includes(name) || (value !== "" && WORDS[name]?.test(value) === false);
  };
  return Object.keys(raw).filter(bad);
}

/** Keeps what is known and means something; the rest is dropped, never an error. Defaults are left out. */
export function readSearch(raw: Record<string, unknown>): Search {
  const known: Record<string, string> = {};
  for (const name of NAMES) {
    const value = raw[name];
    const isMeant = typeof value === "string" && value !== "" && WORDS[name]?.test(value) !== false;
    if (isMeant) known[name] = value;
  }
  if (known["from"] === RANGE_DEFAULT.from) delete known["from"];
  if (known["to"] === RANGE_DEFAULT.to) delete known["to"];
  return known;
}

export function rangeOf(search: Search): { from: string; to: string } {
  return { from: search.from ?? RANGE_DEFAULT.from, to: search.to ?? RANGE_DEFAULT.to };
}

/** Whether new data belongs to the range. */
export function isLive(search: Search): boolean {
  return rangeOf(search).to === "now" && search.live !== "off";
}

/** One value of a filter: to admit, or to refuse. */
export interface Value {
  text: string;
  refused: boolean;
}

/** The values of a filter: joined by commas, refused ones with a leading `!`; `\,` and `\!` stand for themselves. */
export function valuesOf(search: Search, name: FilterName): Value[] {
  return valuesIn(search[name] ?? "");
}

function valuesIn(text: string): Value[] {
  const values: Value[] = [];
  let value: Value = { text: "", refused: false };
  let isFirst = true;
  for (let place = 0; place < text.length; place += 1) {
    const letter = text[place] ?? "";
    const next = text[place + 1];
    if (letter === "\\" && (next === "," || next === "!")) {
      value.text += next;
      place += 1;
    } else if (letter === ",") {
      values.push(value);
      value = { text: "", refused: false };
      isFirst = true;
      continue;
    } else if (letter === "!" && isFirst) {
      value.refused = true;
    } else {
      value.text += letter;
    }
    isFirst = false;
  }
  return [...values, value].filter((each) => each.text !== "");
}

function write(value: Value): string {
  const escaped = value.text.replaceAll(",", "\\,").replace(/^!/, "\\!");
  return value.refused ? `!${escaped}` : escaped;
}

/** The texts that an address joins. */
export function listOf(text: string | undefined): string[] {
  return valuesIn(text ?? "").map((value) => value.text);
}

/** Texts as an address joins them; nothing for none. */
export function joined(texts: readonly string[]): string | undefined {
  return texts.length === 0 ? undefined : texts.map((text) => write({ text, refused: false })).join(",");
}

/** With these members, and without those that are given as undefined. */
export function changed(search: Search, change: { [Name in keyof Search]?: Search[Name] | undefined }): Search {
  const next: Record<string, string | undefined> = { ...search, ...change };
  for (const name of Object.keys(next)) if (next[name] === undefined || next[name] === "") delete next[name];
  return next as Search;
}

/** Whether a filter lets a value pass. */
export function admits(search: Search, name: FilterName, text: string): boolean {
  const values = valuesOf(search, name);
  const wanted = values.filter((value) => !value.refused);
  return !values.some((value) => value.refused && value.text === text) && (wanted.length === 0 || wanted.some((value) => value.text === text));
}

/** With exactly these values of a filter. */
export function withValues(search: Search, name: FilterName, values: readonly Value[]): Search {
  const next: Search = { ...search };
  if (values.length === 0) delete next[name];
  else next[name] = values.map(write).join(",");
  return next;
}

/** Filters by a value, or refuses it; the same once more takes it back. */
export function toggled(search: Search, name: FilterName, text: string, refused = false): Search {
  const values = valuesOf(search, name);
  const others = values.filter((each) => each.text !== text);
  const isThere = values.some((each) => each.text === text && each.refused === refused);
  return withValues(search, name, isThere ? others : [...others, { text, refused }]);
}

/** Without one value of a filter. */
export function without(search: Search, name: FilterName, text: string): Search {
  return withValues(search, name, valuesOf(search, name).filter((each) => each.text !== text));
}

/** What goes with somebody to another page: all but the query and what names a search in logs, which mean nothing there. */
export function elsewhere(search: Search): Search {
  const { q: _, ...rest } = search;
  for (const name of OF_LOGS) delete rest[name];
  return rest;
}

/** Whether any filter is set. */
export function isFiltered(search: Search): boolean {
  return FILTERS.some((name) => search[name] !== undefined);
}

/** Without any filter. */
export function unfiltered(search: Search): Search {
  const next: Search = { ...search };
  for (const name of FILTERS) delete next[name];
  return next;
}

/** The parameters that the JSON API takes. */
export function apiParameters(search: Search): URLSearchParams {
  const range = rangeOf(search);
  const parameters = new URLSearchParams(range);
  for (const name of FILTERS) {
    const value = search[name];
    if (value) parameters.set(name, value);
  }
  return parameters;
}

/** A relative time such as `now-3h` in milliseconds before now; `null` for anything else. */
export function relativeMillis(text: string): number | null {
  if (text === "now") return 0;
  const match = /^now-(\d+)([smhdw])$/.exec(text);
  if (!match) return null;
  const units: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
  return Number(match[1]) * (units[match[2] ?? "s"] ?? 1) * 1_000;
}

/** The instants of a range at `now`; `null` where a time means nothing. */
export function instants(search: Search, now: number): { from: number; to: number } | null {
  const at = (text: string): number | null => {
    const relative = relativeMillis(text);
    if (relative !== null) return now - relative;
    if (/^\d+$/.test(text)) return Number(text);
    const parsed = Date.parse(text);
    return Number.isNaN(parsed) ? null : parsed;
  };
  const range = rangeOf(search);
  const [from, to] = [at(range.from), at(range.to)];
  return from === null || to === null || from >= to ? null : { from, to };
}

/** So long before now, as a quick range where there is one, else in the largest unit that says it exactly. */
function before(millis: number): string {
  const quick = RANGES.find((range) => relativeMillis(range.from) === millis);
  if (quick) return quick.from;
  const seconds = Math.round(millis / 1_000);
  const [unit, size] = UNITS.find(([, each]) => seconds % each === 0) ?? ["s", 1];
  return `now-${seconds / size}${unit}`;
}

const UNITS = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]] as const;

/** The same length of time, one half of it earlier (−1) or later (+1). */
export function shifted(search: Search, direction: -1 | 1, now: number): Search {
  const range = instants(search, now);
  if (!range) return search;
  const by = ((range.to - range.from) / 2) * direction;
  const to = range.to + by;
  if (to >= now) return ranged(search, before(range.to - range.from), "now");
  return ranged(search, new Date(range.from + by).toISOString(), new Date(to).toISOString());
}

/** Twice the length around the same middle. */
export function zoomedOut(search: Search, now: number): Search {
  const range = instants(search, now);
  if (!range) return search;
  const length = range.to - range.from;
  if (rangeOf(search).to === "now") return ranged(search, before(2 * length), "now");
  const to = Math.min(range.to + length / 2, now);
  return ranged(search, new Date(to - 2 * length).toISOString(), new Date(to).toISOString());
}

/** Another range. */
export function ranged(search: Search, from: string, to: string): Search {
  return readSearch({ ...search, from, to });
}

/** The same with relative times made absolute, so that a copied address shows the same later. */
export function frozen(search: Search, now: number): Search {
  const range = instants(search, now);
  if (!range) return search;
  return ranged(search, new Date(range.from).toISOString(), new Date(range.to).toISOString());
}
