import { expect, it } from "vitest";
import type { LogEvent } from "../api/logs";
import { asCsv, asNdjson } from "./files";

const EVENT: LogEvent = { id: "1-0", timestamp: "2026-11-22T12:00:00Z", ingestionTime: "2026-11-22T12:00:01Z", group: "/g", stream: "s", message: 'say "a",\nb', event: null, guarded: false, correlationId: null, requestId: "r", traceId: null, tokenReferenceId: null };

it("writes a line of JSON each", () => {
  expect(asNdjson([EVENT, EVENT]).trimEnd().split("\n").map((line) => JSON.parse(line) as LogEvent)).toEqual([EVENT, EVENT]);
});

it("writes a table that no spreadsheet runs", () => {
  expect(asCsv([EVENT]).split("\r\n")[1]).toBe('2026-11-22T12:00:00Z,2026-11-22T12:00:01Z,/g,s,,,r,,,1-0,"say ""a"",\nb"');
  expect(asCsv([{ ...EVENT, message: "=1+1" }])).toContain(", =1+1\r\n");
});
