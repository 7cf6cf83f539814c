// How is a query asked? Its answer comes as lines: columns, rows and progress as they are, and one last line that says
// that everything has come, or why not. An answer without that line was cut and is an error, whatever came before.
import { ApiError, ask, send, type Place } from "./client";
import { eachJsonLine } from "./jsonLines";

export type ColumnType =
  | "text" | "bigint" | "integer" | "double" | "boolean" | "timestamp" | "date" | "binary" | "list" | "decimal" | "time" | "interval" | "other";

export interface SqlColumn {
  name: string;
  type: ColumnType;
}

/** One value; whole numbers that a double cannot hold are text. */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [name: string]: Cell };

export interface Progress {
  rowsScanned: number;
  bytesScanned: number;
  elapsedMs: number;
}

/** What the server has to say of a query that it has answered. */
export interface Note {
  text: string;
  /** The whole query as it would better be. */
  suggestion?: string | null;
}

export interface Done extends Progress {
  rows: number;
  /** There are more rows than were asked for. */
  truncated: boolean;
  /** The tables that were read. */
  answeredBy: readonly string[];
  /** The newest journal entry that the answer knows. */
  head: number;
  notes: readonly Note[];
}

export interface Problem extends Place {
  code: string;
  message: string;
  requestId?: string | null;
}

export type AnswerLine =
  | { columns: readonly SqlColumn[] }
  | { rows: readonly (readonly Cell[])[] }
  | { progress: Progress }
  | { done: Done }
  | { error: Problem };

export interface TableDescription {
  name: string;
  kind: "table" | "view" | "metrics" | "rollup";
  meaning: string;
  columns: readonly { name: string; type: ColumnType; meaning: string }[];
}

export interface SqlSchema {
  tables: readonly TableDescription[];
  functions: readonly { name: string; signature: string; meaning: string }[];
}

export interface SavedQuery {
  name: string;
  sql: string;
  savedAt: string;
}

export type FileFormat = "csv" | "parquet" | "json";

/** Rows that the page shows at most; a file has more. */
export const ROWS_MAX = 10_000;
export const FILE_ROWS_MAX = 1_000_000;

const JSON_BODY = { "content-type": "application/json" };

/** Runs a query and hands on its lines as they come; rejects with an [ApiError] where there is no whole answer. */
export async function runSql(sql: string, signal: AbortSignal, on: (lines: readonly AnswerLine[]) => void): Promise<void> {
  const response = await send("/sql", { method: "POST", headers: { ...JSON_BODY, accept: "application/x-ndjson" }, body: JSON.stringify({ sql, maxRows: ROWS_MAX }), signal });
  let isWhole = false;
  try {
    if (response.body) await eachJsonLine<AnswerLine>(response.body, (lines) => {
      isWhole ||= lines.some((line) => "done" in line || "error" in line);
      on(lines);
    });
  } catch (error) {
    if (signal.aborted) throw error;
  }
  if (!isWhole) throw new ApiError(0, "cut", "The connection broke before the answer was whole.", response.headers.get("x-request-id"));
}

/** The whole result as a file, and the name that the server gives it. */
export async function sqlFile(sql: string, format: FileFormat, signal: AbortSignal): Promise<{ name: string; file: Blob }> {
  const response = await send(`/sql?format=${format}`, { method: "POST", headers: JSON_BODY, body: JSON.stringify({ sql }), signal });
  const name = /filename="?([^";]+)"?/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  return { name: name ?? `walletscope.${format}`, file: await response.blob() };
}

export function askSchema(signal: AbortSignal): Promise<SqlSchema> {
  return ask<SqlSchema>("/sql/schema", undefined, signal);
}

export async function askSaved(signal: AbortSignal): Promise<readonly SavedQuery[]> {
  return (await ask<{ queries: readonly SavedQuery[] }>("/sql/saved", undefined, signal)).queries;
}

/** Keeps a query under a name on the server; one of the same name is replaced. */
export async function saveQuery(name: string, sql: string): Promise<void> {
  await send(`/sql/saved/${encodeURIComponent(name)}`, { method: "PUT", headers: JSON_BODY, body: JSON.stringify({ sql }) });
}

export async function deleteQuery(name: string): Promise<void> {
  await send(`/sql/saved/${encodeURIComponent(name)}`, { method: "DELETE" });
}

/** What went wrong, as the page shows it. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ApiError)) return { code: "failed", message: error instanceof Error ? error.message : String(error) };
  return { ...error.place, code: error.code, message: error.message, requestId: error.requestId };
}
