// How is a result drawn? Lines over its first column of time, else bars over its first text. Every value of the drawing
// stands in the result: nothing is summed or averaged here. Pure.
import type { Cell, ColumnType, SqlColumn } from "../api/sql";
import { asNumber, cellText, isNumeric } from "./cells";

export interface DrawnLine {
  label: string;
  values: readonly (number | null)[];
}

export type Picture =
  | {
      kind: "lines";
      startsMs: readonly number[];
      lines: readonly DrawnLine[];
      /** Each row has a time of its own, so that several columns can be drawn together. */
      isByRow: boolean;
      /** Rows share times, so that a line between them would mean nothing. */
      isPoints: boolean;
      /** What is left out; null where nothing is. */
      note: string | null;
    }
  | { kind: "bars"; label: string; value: string; bars: readonly { label: string; value: number }[]; note: string | null };

export const LINES_MAX = 6;
export const BARS_MAX = 200;
/** More different texts than this are ids, not groups. */
const GROUPS_MAX = 200;

/** The columns whose values can be drawn. */
export function drawable(columns: readonly SqlColumn[]): readonly number[] {
  return columns.flatMap((column, place) => (isNumeric(column.type) ? [place] : []));
}

/** The drawing of one column, or of all that can be drawn together; null where there is nothing to draw. */
export function picture(columns: readonly SqlColumn[], rows: readonly (readonly Cell[])[], only: number | null, zone: "utc" | "local"): Picture | null {
  const values = drawable(columns);
  const value = only !== null && values.includes(only) ? only : values[0];
  if (value === undefined || rows.length === 0) return null;
  const time = firstOf(columns, ["timestamp", "date"]);
  const texts = allOf(columns, ["text", "boolean"]);
  const sorted = time === null ? [] : timed(rows, time, columns[time]?.type === "date" && zone === "local");
  if (new Set(sorted.map((row) => row.at)).size > 1) return lines(columns, sorted, only === null ? values : [value], texts);
  return texts.length > 0 || time !== null ? bars(columns, rows, value, texts.length > 0 ? texts : [time ?? 0], zone) : null;
}

interface Timed {
  at: number;
  row: readonly Cell[];
}

/** A date is its midnight, in the zone that is shown. */
function timed(rows: readonly (readonly Cell[])[], time: number, isLocalDate: boolean): readonly Timed[] {
  const known = rows.map((row) => ({ at: Date.parse(`${String(row[time] ?? "")}${isLocalDate ? "T00:00:00" : ""}`), row })).filter((row) => !Number.isNaN(row.at));
  return known.sort((left, right) => left.at - right.at);
}

function lines(columns: readonly SqlColumn[], rows: readonly Timed[], values: readonly number[], texts: readonly number[]): Picture {
  const startsMs = [...new Set(rows.map((row) => row.at))];
  const places = new Map(startsMs.map((at, place) => [at, place]));
  const name = (value: number): string => columns[value]?.name ?? "";
  const first = values[0] ?? 0;
  if (startsMs.length === rows.length) {
    const shown = values.slice(0, LINES_MAX);
    const drawn = shown.map((value) => ({ label: name(value), values: rows.map(({ row }) => asNumber(row[value])) }));
    return { kind: "lines", startsMs, lines: drawn, isByRow: true, isPoints: false, note: values.length > LINES_MAX ? `The first ${LINES_MAX} of ${values.length} columns are drawn.` : null };
  }
  const groups = new Map<string, (number | null)[]>();
  let isUnique = true;
  for (const { at, row } of rows) {
    const group = texts.map((text) => cellText(row[text] ?? null, "text", "utc")).join(" · ") || name(first);
    const line = groups.get(group) ?? new Array<number | null>(startsMs.length).fill(null);
    const place = places.get(at) ?? 0;
    isUnique &&= line[place] === null;
    line[place] = asNumber(row[first]);
    groups.set(group, line);
    if (!isUnique || groups.size > GROUPS_MAX) {
      return { kind: "lines", startsMs: rows.map((each) => each.at), lines: [{ label: name(first), values: rows.map((each) => asNumber(each.row[first])) }], isByRow: false, isPoints: true, note: "Several rows have the same time: each row is a point." };
    }
  }
  const weight = (line: readonly (number | null)[]): number => line.reduce<number>((sum, value) => sum + Math.abs(value ?? 0), 0);
  const drawn = [...groups].sort(([, left], [, right]) => weight(right) - weight(left)).slice(0, LINES_MAX).map(([label, line]) => ({ label, values: line }));
  const by = texts.map(name).join(" and ");
  return { kind: "lines", startsMs, lines: drawn, isByRow: false, isPoints: false, note: `${name(first)} by ${by}${groups.size > LINES_MAX ? `: the ${LINES_MAX} largest of ${groups.size} are drawn` : ""}.` };
}

function bars(columns: readonly SqlColumn[], rows: readonly (readonly Cell[])[], value: number, texts: readonly number[], zone: "utc" | "local"): Picture {
  const known = rows.flatMap((row) => {
    const number = asNumber(row[value]);
    return number === null ? [] : [{ label: texts.map((text) => cellText(row[text] ?? null, columns[text]?.type ?? "text", zone)).join(" · "), value: number }];
  });
  const shown = known.sort((left, right) => right.value - left.value).slice(0, BARS_MAX);
  return {
    kind: "bars",
    label: texts.map((text) => columns[text]?.name ?? "").join(", "),
    value: columns[value]?.name ?? "",
    bars: shown,
    note: known.length > BARS_MAX ? `The ${BARS_MAX} largest of ${known.length} rows are drawn.` : null,
  };
}

function firstOf(columns: readonly SqlColumn[], types: readonly ColumnType[]): number | null {
  return allOf(columns, types)[0] ?? null;
}

function allOf(columns: readonly SqlColumn[], types: readonly ColumnType[]): readonly number[] {
  return columns.flatMap((column, place) => (types.includes(column.type) ? [place] : []));
}

/** The shortest distance of two times, seconds: the length of what a point stands for. */
export function stepSeconds(startsMs: readonly number[]): number {
  let least = Infinity;
  for (let place = 1; place < startsMs.length; place += 1) {
    const distance = (startsMs[place] ?? 0) - (startsMs[place - 1] ?? 0);
    if (distance > 0) least = Math.min(least, distance);
  }
  return Number.isFinite(least) ? least / 1_000 : 60;
}
