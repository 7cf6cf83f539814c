// Which queries did this browser run lately? Newest first, each text once.

export interface Ran {
  sql: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Rows of its result; null where it had none. */
  rows: number | null;
}

const KEY = "walletscope-sql-history";
export const HISTORY_MAX = 50;

/** What is kept; what cannot be read is nothing. */
export function readHistory(storage: Pick<Storage, "getItem">): Ran[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isRan).slice(0, HISTORY_MAX) : [];
  } catch {
    return [];
  }
}

/** Keeps it, as long as the browser has room. */
export function writeHistory(storage: Pick<Storage, "setItem">, history: readonly Ran[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(history));
  } catch {
    // Full or forbidden: a query runs without it.
  }
}

/** With one more run; the same text moves to the top. */
export function withRan(history: readonly Ran[], ran: Ran): Ran[] {
  return [ran, ...history.filter((each) => each.sql.trim() !== ran.sql.trim())].slice(0, HISTORY_MAX);
}

/** A query in one line: without comments and line ends. */
export function oneLine(sql: string): string {
  return sql.replace(/--.*$/gm, "").replace(/\s+/g, " ").trim() || sql.trim();
}

function isRan(value: unknown): value is Ran {
  if (typeof value !== "object" || value === null) return false;
  const { sql, at, rows } = value as Record<string, unknown>;
  return typeof sql === "string" && typeof at === "string" && !Number.isNaN(Date.parse(at)) && (rows === null || typeof rows === "number");
}
