// What do the numbers of the storage mean? Whether the disk will be full soon, and how a table is. Pure.
import type { StorageAnswer, TableState } from "../api/storage";
import { bytes, percent } from "../text/format";

const DAYS_MIN = 3;
const FREE_SHARE_MIN = 0.05;

/** The part of the disk that is free; null where the size is not known, as on S3. */
export function freeShare({ totalBytes, freeBytes }: StorageAnswer["disk"]): number | null {
  return totalBytes === null || freeBytes === null || totalBytes <= 0 ? null : freeBytes / totalBytes;
}

/** What to say of a disk that is nearly full; null where there is room. */
export function diskWarning(disk: StorageAnswer["disk"]): string | null {
  const share = freeShare(disk);
  const isShort = disk.daysLeft !== null && disk.daysLeft < DAYS_MIN;
  if (!isShort && (share === null || share >= FREE_SHARE_MIN)) return null;
  const free = disk.freeBytes === null ? "" : ` ${bytes(disk.freeBytes)}${share === null ? "" : ` (${percent(share)})`} free.`;
  const left = disk.daysLeft === null ? "" : ` At the present rate it is full in ${days(disk.daysLeft)}.`;
  return `The disk is nearly full.${free}${left}`;
}

/** Days as people read them: hours where it is less than two. */
export function days(value: number): string {
  if (value < 0) return "no time";
  if (value < 2) return `${Math.round(value * 24)} hours`;
  return `${value < 10 ? value.toFixed(1) : String(Math.round(value))} days`;
}

export type TableFace = "failed" | "empty" | "behind" | "fine";

/** A table is behind when rows wait for its files longer than the six minutes that are promised; queries see them at once. */
const FRESH_SECONDS_MAX = 360;

export function tableFace(table: TableState): TableFace {
  if (table.lastError !== null) return "failed";
  if (table.rows === 0 && table.hotRows === 0) return "empty";
  return table.freshnessSeconds !== null && table.freshnessSeconds > FRESH_SECONDS_MAX ? "behind" : "fine";
}

export interface Totals {
  rows: number;
  hotRows: number;
  bytes: number;
  files: number;
}

export function totals(tables: readonly TableState[]): Totals {
  const sum = (of: (table: TableState) => number): number => tables.reduce((all, table) => all + of(table), 0);
  return { rows: sum((each) => each.rows), hotRows: sum((each) => each.hotRows), bytes: sum((each) => each.bytes), files: sum((each) => each.files) };
}
