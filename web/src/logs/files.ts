// How are loaded lines taken along? As lines of JSON with all that is known of each, or as a table for a spreadsheet.
import type { LogEvent } from "../api/logs";

const COLUMNS = ["timestamp", "ingestionTime", "group", "stream", "event", "correlationId", "requestId", "traceId", "tokenReferenceId", "id", "message"] as const;

export function asNdjson(events: readonly LogEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

export function asCsv(events: readonly LogEvent[]): string {
  const rows = events.map((event) => COLUMNS.map((column) => cell(event[column] ?? "")).join(","));
  return [COLUMNS.join(","), ...rows].map((row) => `${row}\r\n`).join("");
}

/** A spreadsheet runs what begins like a formula; a blank before it makes it a text. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? ` ${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
