// How is a value of a result written? Short in its cell, exact where it is copied; numbers are never rounded there. Pure.
import type { Cell, ColumnType, SqlColumn } from "../api/sql";

const NUMBERS: readonly ColumnType[] = ["bigint", "integer", "double", "decimal"];

export function isNumeric(type: ColumnType): boolean {
  return NUMBERS.includes(type);
}

/** As it stands in a cell; `null` is for the caller. */
export function cellText(value: Cell, type: ColumnType, zone: "utc" | "local"): string {
  if (value === null) return "null";
  if (type === "timestamp" && typeof value === "string") return instant(value, zone);
  if (type === "double" && typeof value === "number") return short(value);
  return exact(value);
}

/** As it came, for the clipboard. */
export function exact(value: Cell): string {
  if (value === null) return "null";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A timestamp with all of its digits, in UTC or the browser's zone. */
export function instant(text: string, zone: "utc" | "local"): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?Z$/.exec(text);
  if (!match) return text;
  const [, day, clock, fraction = ""] = match;
  if (zone === "utc") return `${day} ${clock}${fraction}`;
  const date = new Date(`${day}T${clock}Z`);
  return `${new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace("T", " ")}${fraction}`;
}

/** Six digits behind the point at most, and at least the first four that are not zero. */
function short(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size === 0) return String(value);
  if (size < 0.001 || size >= 1e15) return String(Number(value.toPrecision(4)));
  return String(Number(value.toFixed(6)));
}

/** A cell as a number; null where it is none. */
export function asNumber(value: Cell | undefined): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

export interface Order {
  column: number;
  isDown: boolean;
}

/** The places of rows in an order; rows that are equal keep theirs, and nulls come last either way. */
export function ordered(rows: readonly (readonly Cell[])[], columns: readonly SqlColumn[], order: Order | null): readonly number[] {
  const places = rows.map((_, place) => place);
  const type = order ? columns[order.column]?.type : undefined;
  if (!order || type === undefined) return places;
  const compare = comparison(type);
  const sign = order.isDown ? -1 : 1;
  return places.sort((one, other) => {
    const left = rows[one]?.[order.column] ?? null;
    const right = rows[other]?.[order.column] ?? null;
    if (left === null || right === null) return (left === null ? 1 : 0) - (right === null ? 1 : 0);
    return sign * compare(left, right);
  });
}

function comparison(type: ColumnType): (left: Cell, right: Cell) => number {
  if (type === "bigint") return (left, right) => whole(left, right) ?? byText(left, right);
  if (isNumeric(type)) return (left, right) => (asNumber(left) ?? 0) - (asNumber(right) ?? 0);
  if (type === "timestamp") return (left, right) => byCode(instantKey(exact(left)), instantKey(exact(right)));
  return byText;
}

/** Exact also beyond what a double holds. */
function whole(left: Cell, right: Cell): number | null {
  if (typeof left === "number" && typeof right === "number") return left - right;
  try {
    const [one, other] = [BigInt(exact(left)), BigInt(exact(right))];
    return one < other ? -1 : one > other ? 1 : 0;
  } catch {
    return null;
  }
}

/** Without its Z, so that `…30Z` stands before `…30.5Z`. */
function instantKey(text: string): string {
  return text.replace(/Z$/, "");
}

function byCode(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function byText(left: Cell, right: Cell): number {
  return byCode(exact(left), exact(right));
}

/** Digits are all as wide as the widest; other letters are narrower on the average. */
const DIGIT_PX = 8.4;
const LETTER_PX = 6.8;
const BOLD_PX = 7.4;
const SMALL_PX = 6.4;
const PADDING_PX = 20;
const ORDER_PX = 14;
const WIDTH_MIN = 64;
const WIDTH_MAX = 340;
const SAMPLE_ROWS = 200;

/** Widths of columns in pixels, by their names and cells: of numbers, which must not be cut, all; of others, the first and last. */
export function widths(columns: readonly SqlColumn[], rows: readonly (readonly Cell[])[], zone: "utc" | "local"): readonly number[] {
  return columns.map((column, place) => {
    const type = column.type === "timestamp" ? column.type.length + 6 : column.type.length;
    const sample = isNumeric(column.type) || rows.length <= 2 * SAMPLE_ROWS ? rows : [...rows.slice(0, SAMPLE_ROWS), ...rows.slice(-SAMPLE_ROWS)];
    let letters = 0;
    for (const row of sample) letters = Math.max(letters, cellText(row[place] ?? null, column.type, zone).length);
    const head = column.name.length * BOLD_PX + type * SMALL_PX + ORDER_PX;
    const cells = letters * (column.type === "text" ? LETTER_PX : DIGIT_PX);
    return Math.round(Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, head, cells) + PADDING_PX));
  });
}
