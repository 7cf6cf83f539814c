// What would the server answer about SQL and storage? Answers of the contract, for tests that need certain ones: other
// paths are still the real server's.
import type { Page, Route } from "@playwright/test";
import type { AnswerLine, Cell, SavedQuery, SqlColumn, SqlSchema } from "../src/api/sql";
import type { StorageAnswer, TableState } from "../src/api/storage";

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse("2026-10-24T00:00:00Z");

export const SCHEMA: SqlSchema = {
  tables: [
    {
      name: "token_provisioning_logs", kind: "view", meaning: "One row for each log event of token provisioning, with its fields as columns.",
      columns: [
        { name: "timestamp", type: "timestamp", meaning: "When it happened, by the service's clock." },
        { name: "date", type: "date", meaning: "Its day, UTC." },
        { name: "wallet_provider", type: "text", meaning: "Which wallet asked, such as ApplePay." },
        { name: "issuer", type: "text", meaning: "Whose card it is." },
        { name: "status", type: "text", meaning: "SUCCESS, FAILED or PENDING." },
        { name: "event", type: "text", meaning: "What happened." },
        { name: "processing_time", type: "double", meaning: "Seconds from the start to the end of the attempt." },
        { name: "correlation_id", type: "text", meaning: "The attempt's own id." },
      ],
    },
    {
      name: "attempts", kind: "table", meaning: "One row for each attempt, as all of its records tell it.",
      columns: [
        { name: "attempt_id", type: "text", meaning: "Its stable id." },
        { name: "started_at", type: "timestamp", meaning: "When it began." },
        { name: "outcome", type: "text", meaning: "How it ended." },
        { name: "tries", type: "integer", meaning: "How often it was tried." },
      ],
    },
    { name: "TokenServices", kind: "metrics", meaning: "Metrics of the namespace TokenServices: a column for each metric and dimension.", columns: [{ name: "SuccessfulTokenProvisioning", type: "double", meaning: "Tokens that were provisioned." }, { name: "WalletProvider", type: "text", meaning: "The dimension WalletProvider." }] },
    { name: "rollup_hour", kind: "rollup", meaning: "Attempts, counted by hour, wallet, issuer and outcome.", columns: [{ name: "hour", type: "timestamp", meaning: "The start of the hour." }, { name: "attempts", type: "bigint", meaning: "How many began in it." }] },
  ],
  functions: [
    { name: "date_add", signature: "date_add(unit, n, date)", meaning: "A later date, or an earlier one where n is negative." },
    { name: "date_trunc", signature: "date_trunc(unit, timestamp)", meaning: "The start of the hour, day or month." },
  ],
};

const WALLETS = ["ApplePay", "GooglePay", "SamsungPay"];
const ISSUERS = ["DEMO_Bank", "ACME_CU", "First National Bank of Somewhere Rather Far Away"];

/** Thirty days, by wallet and issuer: what the query of daily metrics answers. */
export function daily(): { columns: SqlColumn[]; rows: Cell[][] } {
  const rows: Cell[][] = [];
  for (let day = 29; day >= 0; day -= 1) {
    for (const [w, wallet] of WALLETS.entries()) {
      for (const [i, issuer] of ISSUERS.entries()) {
        const requests = Math.round((3 - w) * (1_000 - i * 280) * (1 + 0.25 * Math.sin(day / 2 + w)));
        rows.push([new Date(FIRST_DAY + day * DAY_MS).toISOString().replace(".000Z", "Z"), wallet, i === 2 && day % 7 === 0 ? null : issuer, requests, Math.round(requests * 0.94), day % 9 === 0 && i === 2 ? null : 1.2 + w * 0.31 + day / 97]);
      }
    }
  }
  return {
    columns: [
      { name: "date", type: "timestamp" }, { name: "wallet_provider", type: "text" }, { name: "issuer", type: "text" },
      { name: "total_requests", type: "bigint" }, { name: "successful_requests", type: "bigint" }, { name: "avg_latency", type: "double" },
    ],
    rows,
  };
}

export function wallets(): { columns: SqlColumn[]; rows: Cell[][] } {
  return { columns: [{ name: "wallet_provider", type: "text" }, { name: "requests", type: "bigint" }], rows: [["GooglePay", 410_221], ["ApplePay", 812_004], [null, 311], ["FitbitPay", 3_010]] };
}

/** Ten thousand rows, with every type. */
export function many(): { columns: SqlColumn[]; rows: Cell[][] } {
  const rows = Array.from({ length: 10_000 }, (_, place): Cell[] => [
    place, `attempt ${place}`, new Date(FIRST_DAY + place * 61_003).toISOString(), place % 3 === 0, (place * 7_919) % 10_007 / 8, `${9_007_199_254_740_993n + BigInt(place)}`, ["a", place, null], null,
  ]);
  const types = ["integer", "text", "timestamp", "boolean", "double", "bigint", "list", "text"] as const;
  return { columns: ["n", "name", "at", "flag", "share", "big", "tags", "nothing"].map((name, place) => ({ name, type: types[place] ?? "other" })), rows };
}

export function answerLines({ columns, rows }: { columns: SqlColumn[]; rows: Cell[][] }, more: Partial<{ truncated: boolean; notes: { text: string; suggestion: string | null }[] }> = {}): AnswerLine[] {
  const lines: AnswerLine[] = [{ columns }];
  for (let at = 0; at < rows.length; at += 500) lines.push({ rows: rows.slice(at, at + 500) }, { progress: { rowsScanned: at * 40, bytesScanned: at * 900, elapsedMs: at / 10 } });
  const end = { rows: rows.length, truncated: false, rowsScanned: 1_204_331, bytesScanned: 48_211_004, elapsedMs: 251, answeredBy: ["rollup_hour"], head: 4_711, notes: [], ...more };
  return [...lines, { done: end }];
}

export function ndjson(lines: readonly AnswerLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

export interface Lake {
  /** The queries that were run, in their order. */
  asked: string[];
  /** Bodies of questions for files. */
  files: { format: string; sql: string }[];
  saved: SavedQuery[];
  /** What the next query is answered. */
  answer(route: Route, sql: string): Promise<void>;
}

/** Answers everything about SQL on a page. */
export async function mockSql(page: Page, answer: Lake["answer"] = (route) => fulfil(route, answerLines(daily()))): Promise<Lake> {
  const lake: Lake = { asked: [], files: [], saved: [], answer };
  const body = (route: Route): { sql: string } => route.request().postDataJSON() as { sql: string };
  await page.route((url) => url.pathname === "/api/v1/sql/schema", (route) => route.fulfill({ json: SCHEMA }));
  await page.route((url) => url.pathname === "/api/v1/sql/saved", (route) => route.fulfill({ json: { queries: lake.saved } }));
  await page.route((url) => url.pathname.startsWith("/api/v1/sql/saved/"), (route) => {
    const name = decodeURIComponent(new URL(route.request().url()).pathname.split("/").at(-1) ?? "");
    lake.saved = lake.saved.filter((query) => query.name !== name);
    if (route.request().method() === "PUT") lake.saved.push({ name, sql: body(route).sql, savedAt: "2026-11-22T12:00:00Z" });
    return route.fulfill({ status: 204 });
  });
  await page.route((url) => url.pathname === "/api/v1/sql", (route) => {
    const format = new URL(route.request().url()).searchParams.get("format");
    const { sql } = body(route);
    if (format === null) {
      lake.asked.push(sql);
      return lake.answer(route, sql);
    }
    lake.files.push({ format, sql });
    return route.fulfill({ body: "date,total\n2026-11-22,7\n", headers: { "content-type": "text/csv", "content-disposition": `attachment; filename="result.${format}"` } });
  });
  return lake;
}

export function fulfil(route: Route, lines: readonly AnswerLine[]): Promise<void> {
  return route.fulfill({ body: ndjson(lines), contentType: "application/x-ndjson" });
}

function table(name: string, meaning: string, more: Partial<TableState>): TableState {
  return {
    name, meaning, rows: 48_211_004, hotRows: 1_310, bytes: 2_104_331_004, files: 311, filesMaxPerDay: 14, snapshots: 24, watermark: 4_702, freshnessSeconds: 12.5,
    oldest: "2026-06-01T00:00:01Z", newest: "2026-11-22T12:04:30.812Z", bytesPerDay: 12_300_000, rowsPerDay: 281_000.4, compactionDebt: { files: 9, bytes: 41_000_000 }, overlayRows: 120, lastFlush: "2026-11-22T12:04:18Z", lastError: null, ...more,
  };
}

/** A server with tables in every state: fine, behind, without rows, failed. */
export const STORAGE: StorageAnswer = {
  now: "2026-11-22T12:04:43Z",
  head: 4_711,
  disk: { path: "/var/lib/walletscope/lake", totalBytes: 1_000_000_000_000, freeBytes: 412_000_000_000, daysLeft: 121.4 },
  journal: { bytes: 8_210_000_000, entries: 4_210, first: 502, head: 4_711, limitBytes: 20_000_000_000 },
  tables: [
    table("log_events", "Every log event as it came, guarded.", {}),
    table("attempts", "One row for each attempt.", { rows: 1_204_331, bytes: 88_000_000, files: 41, compactionDebt: { files: 0, bytes: 0 } }),
    table("metric_values", "Every value of a metric.", { freshnessSeconds: 912, lastFlush: "2026-11-22T11:49:31Z" }),
    table("trace_spans", "Every segment of a trace.", { rows: 0, hotRows: 0, bytes: 0, files: 0, filesMaxPerDay: 0, snapshots: 0, freshnessSeconds: null, oldest: null, newest: null, bytesPerDay: null, rowsPerDay: null, compactionDebt: { files: 0, bytes: 0 }, overlayRows: 0, lastFlush: null }),
    table("audit_events", "Who did what.", { lastError: "could not write part-00014.parquet: no space left on device; rows stay in the journal and the next flush tries again" }),
  ],
  memory: { bytes: 21_400_000, limitBytes: 1_073_741_824, throttles: false },
  maintenance: { running: "compact", lastRun: "2026-11-22T12:01:02Z", lastError: null, failingSince: null, nextRun: "2026-11-22T12:11:02Z" },
  bytesWrittenPerByteReceived: 1.24,
};
