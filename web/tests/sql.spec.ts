// Can a question be asked in SQL, from the first letter to a file, by mouse and by keys? SQL is answered by the tests
// themselves; everything else is the real server's.
import type { Page, Route } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { EXAMPLES } from "../src/sql/examples";
import { answerLines, daily, fulfil, many, mockSql, ndjson, STORAGE, wallets, type Lake } from "./lakeAnswers";
import { expectRight, photograph, problems } from "./looks";
import { OWN_VIEWS } from "./views";
import { expect, forgetBroken, panel, test } from "./worlds";

const VIEW = OWN_VIEWS.find((view) => view.name === "sql");
const editor = (page: Page): ReturnType<Page["locator"]> => page.getByRole("textbox", { name: "SQL query" });
const runButton = (page: Page): ReturnType<Page["locator"]> => page.getByRole("button", { name: "Run", exact: true });
const result = (page: Page): ReturnType<Page["locator"]> => panel(page, "sql-result");
const cell = (page: Page, row: number, column: number): ReturnType<Page["locator"]> => page.locator(`#cell-${row}-${column}`);

async function write(page: Page, sql: string): Promise<void> {
  await editor(page).fill(sql);
}

async function ask(page: Page, sql: string): Promise<void> {
  await write(page, sql);
  await page.keyboard.press("Control+Enter");
}

/** Opens the page with everything about SQL answered here. */
function mocked(answer?: Lake["answer"]): { lake(): Lake; before(page: Page): Promise<void> } {
  let lake: Lake | null = null;
  return {
    lake: () => lake as Lake,
    before: async (page) => {
      lake = await mockSql(page, answer);
    },
  };
}

for (const theme of ["light", "dark"] as const) {
  for (const width of [1440, 390]) {
    test(`it is right to look at, ${theme}, ${width} pixels`, async ({ worlds, open }) => {
      const hints = [{ text: "Hourly rollups answer this without reading every record.", suggestion: "SELECT hour, attempts\nFROM rollup_hour" }];
      const { before } = mocked((route) => fulfil(route, answerLines(daily(), { notes: hints })));
      const page = await open(worlds.steady, "/sql", { theme, width, before });
      for (const name of VIEW?.panels ?? []) await expect(panel(page, name)).toHaveAttribute("data-face", "ready");
      expect(await page.locator("[data-panel]").evaluateAll((all) => all.map((each) => each.getAttribute("data-panel")).sort())).toEqual([...(VIEW?.panels ?? [])].sort());
      await expectRight(page, VIEW?.first ?? "");
      await photograph(page, `sql-start-${theme}-${width}`, width);

      if (width < 900) {
        await page.getByRole("button", { name: "Show tables and columns" }).click();
        await expect(page.getByRole("button", { name: "attempts", exact: true })).toBeInViewport();
      }
      await page.getByRole("button", { name: "Columns of token_provisioning_logs" }).click();
      await page.locator(".sql-example").nth(1).click();
      await runButton(page).click();
      await expect(result(page)).toHaveAttribute("data-phase", "done");
      await cell(page, 0, 3).click();
      await expectRight(page, '[data-panel="sql-result"] h2');
      await photograph(page, `sql-table-${theme}-${width}`, width);
      await page.getByRole("button", { name: "Chart", exact: true }).click();
      await expect(result(page).locator(".u-over")).toBeVisible();
      await expectRight(page, '[data-panel="sql-result"] h2');
      await photograph(page, `sql-chart-${theme}-${width}`, width);
    });
  }
  test(`completions, menus and a mistake are right to look at, ${theme}`, async ({ worlds, open, complaints }) => {
    const message = "there is no column walet_provider in token_provisioning_logs";
    const { before, lake } = mocked((route) => route.fulfill({ status: 400, json: { error: { code: "sql_unknown_column", message, line: 2, column: 3, hint: "wallet_provider" } } }));
    const page = await open(worlds.steady, "/sql", { theme, before });
    await editor(page).click();
    await page.keyboard.type("SELECT wal");
    await expect(page.getByRole("listbox", { name: "Completions" })).toContainText("wallet_provider");
    expect(await problems(page)).toEqual([]);
    await page.screenshot({ path: `test-results/shots/sql-completions-${theme}.png` });
    await page.keyboard.press("Escape");
    await ask(page, "SELECT\n  walet_provider\nFROM token_provisioning_logs");
    await expect(result(page)).toContainText(`Line 2, column 3: ${message}`);
    await expect(result(page)).toContainText("Instead: wallet_provider");
    await expect(page.locator(".cm-lintRange-error")).toHaveText("walet_provider");
    await expect(page.getByRole("listbox")).toHaveCount(0);
    expect(await problems(page)).toEqual([]);
    await photograph(page, `sql-mistake-${theme}`, 1440);
    lake().saved.push({ name: "daily_success", sql: "SELECT 1", savedAt: "2026-11-22T12:00:00Z" });
    for (const name of ["History", "Saved"]) {
      await page.getByRole("button", { name, exact: true }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await page.waitForTimeout(300);
      expect(await problems(page), name).toEqual([]);
      await page.screenshot({ path: `test-results/shots/sql-${name.toLowerCase()}-${theme}.png` });
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toHaveCount(0);
    }
    forgetBroken(complaints);
  });
}

test("g and s lead to it, the examples run, and the query is the address", async ({ worlds, open }) => {
  const { before, lake } = mocked((route, sql) => fulfil(route, answerLines(sql.includes("wallets") ? wallets() : daily())));
  const page = await open(worlds.steady, "/requests", { before });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page).toHaveURL(/\/sql$/);
  for (const [place, example] of EXAMPLES.entries()) {
    await page.locator(".sql-example").nth(place).click();
    await expect(runButton(page)).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(result(page)).toHaveAttribute("data-phase", "done");
    expect(lake().asked.at(-1)).toBe(example.sql);
    expect(new URL(page.url()).searchParams.get("q")).toBe(example.sql);
    await page.getByRole("link", { name: "SQL", exact: true }).click();
  }
  await ask(page, "SELECT * FROM wallets");
  await expect(result(page)).toContainText("4 rows");
  await expect(result(page)).toContainText("answered by rollup_hour");
  await expect(result(page)).toContainText("1,204,331 rows and 48.2 MB scanned");
  await expect(result(page)).toContainText("up to entry 4,711");
  await ask(page, "SELECT 2");
  await expect(result(page)).toContainText("270 rows");
  const asked = lake().asked.length;
  await page.goBack();
  await expect(editor(page)).toHaveText("SELECT * FROM wallets");
  await expect(result(page)).toContainText("4 rows");
  expect(lake().asked.length, "Back shows what had come").toBe(asked);
  await page.getByRole("link", { name: "Errors" }).click();
  await expect(page).toHaveURL(/\/errors$/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog").getByRole("row", { name: "g s Go to SQL" })).toBeVisible();
  await expect(page.getByRole("dialog")).toContainText("Leave the SQL editor");
});

test("a shared link shows its query, does not run it, and has Run ready", async ({ worlds, open }) => {
  const { before, lake } = mocked();
  const page = await open(worlds.steady, "/sql", { before });
  await write(page, "SELECT 'a+b & c'\nFROM attempts");
  await page.getByRole("button", { name: "Share" }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await open(worlds.steady, link.replace(worlds.steady.url, ""), { before });
  await expect(editor(other).locator(".cm-line")).toHaveText(["SELECT 'a+b & c'", "FROM attempts"]);
  await expect(runButton(other)).toBeFocused();
  await expect(other.getByText("Not run yet: a link runs nothing by itself.")).toBeVisible();
  expect(lake().asked).toEqual([]);
  await other.keyboard.press("Enter");
  await expect(result(other)).toHaveAttribute("data-phase", "done");
  expect(lake().asked).toEqual(["SELECT 'a+b & c'\nFROM attempts"]);
});

test("Esc and then Tab leave the editor; Tab alone indents; shortcuts are letters in it", async ({ worlds, open }) => {
  const { before } = mocked();
  const page = await open(worlds.steady, "/sql", { before });
  await editor(page).click();
  await page.keyboard.type("gs");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Home");
  await page.keyboard.press("Tab");
  await expect(editor(page)).toBeFocused();
  await expect(editor(page)).toHaveText(/^\s+gs$/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(runButton(page)).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(editor(page)).toBeFocused();
});

test("names are completed from the server's tables, and put in from the tree", async ({ worlds, open }) => {
  const { before } = mocked();
  const page = await open(worlds.steady, "/sql", { before });
  await editor(page).click();
  await page.keyboard.type("SELECT a.out");
  await page.keyboard.press("Escape");
  await write(page, "SELECT  FROM attempts a");
  await page.keyboard.press("Control+Home");
  for (let steps = 0; steps < 7; steps += 1) await page.keyboard.press("ArrowRight");
  await page.keyboard.type("a.out");
  const offered = page.getByRole("listbox", { name: "Completions" }).getByRole("option");
  await expect(offered).toHaveText(["outcometext"]);
  await page.waitForTimeout(100);
  await page.keyboard.press("Tab");
  await expect(editor(page)).toHaveText("SELECT a.outcome FROM attempts a");
  await page.keyboard.type(", date_t");
  await expect(offered.first()).toHaveText(/date_trunc/);
  await page.keyboard.press("Escape");
  await page.getByLabel("Filter tables and columns").fill("tries");
  await expect(page.getByRole("button", { name: "attempts", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "rollup_hour", exact: true })).toHaveCount(0);
  await write(page, "SELECT ");
  await page.getByRole("button", { name: /^tries/ }).click();
  await expect(editor(page)).toHaveText("SELECT tries");
  await expect(editor(page)).toBeFocused();
  await page.getByLabel("Filter tables and columns").fill("no such thing");
  await expect(panel(page, "sql-schema")).toContainText("Nothing has such a name.");
});

/** A server whose answer the test writes piece by piece. */
async function slowServer(): Promise<{ server: Server; url: string; write(text: string): void; end(): void; closed: Promise<void> }> {
  let answer: import("node:http").ServerResponse | null = null;
  let isClosed = (): void => undefined;
  const closed = new Promise<void>((done) => (isClosed = done));
  const server = createServer((request, response) => {
    if (request.method === "OPTIONS") return void response.writeHead(204, CORS).end();
    response.writeHead(200, { ...CORS, "content-type": "application/x-ndjson" });
    response.flushHeaders();
    response.on("close", () => isClosed());
    answer = response;
    return undefined;
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, write: (text) => void answer?.write(text), end: () => void answer?.end(), closed };
}
const CORS = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };

test("rows and progress are shown as they come, and cancelling closes the connection", async ({ worlds, open, complaints }) => {
  const slow = await slowServer();
  const { before } = mocked((route) => route.continue({ url: slow.url }));
  const page = await open(worlds.steady, "/sql", { before });
  await ask(page, "SELECT * FROM attempts");
  await expect(page.getByText("Running")).toBeVisible();
  slow.write(ndjson([{ columns: [{ name: "n", type: "bigint" }] }, { rows: [[1], [2]] }, { progress: { rowsScanned: 5_000_000, bytesScanned: 12_300_000, elapsedMs: 250 } }]));
  await expect(cell(page, 1, 0)).toHaveText("2");
  await expect(page.locator(".sql-progress")).toContainText("5,000,000 rows and 12.3 MB scanned · 2 rows here");
  await expect(page.getByText("Still querying")).toBeVisible();
  expect(await problems(page)).toEqual([]);
  slow.write('{"rows":[[3]');
  await expect(cell(page, 2, 0)).toHaveCount(0);
  slow.write(",[4]]}\n");
  await expect(cell(page, 3, 0)).toHaveText("4");
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await slow.closed;
  await expect(result(page)).toContainText(/Cancelled after .* These are the 4 rows that had come\./);
  await expect(runButton(page)).toBeVisible();
  slow.server.close();
  forgetBroken(complaints);
});

test("an answer that breaks off is no answer, though rows came", async ({ worlds, open, complaints }) => {
  const { before, lake } = mocked((route) => fulfil(route, answerLines(wallets()).slice(0, -1)));
  const page = await open(worlds.steady, "/sql", { before });
  await ask(page, "SELECT 1");
  await expect(result(page)).toContainText("The connection broke before the answer was whole.");
  await expect(result(page)).toContainText("These are the 4 rows that had come before.");
  lake().answer = (route) => fulfil(route, [...answerLines(wallets()).slice(0, -1), { error: { code: "sql_failed", message: "the query needed more than 512 MB" } }]);
  await result(page).getByRole("button", { name: "Try again" }).click();
  await expect(result(page)).toContainText("the query needed more than 512 MB");
  lake().answer = (route) => route.abort();
  await page.keyboard.press("Control+Enter");
  await expect(result(page)).toContainText("The server does not answer. Is it running?");
  lake().answer = (route) => fulfil(route, answerLines({ columns: wallets().columns, rows: [] }));
  await page.keyboard.press("Control+Enter");
  await expect(result(page)).toContainText("The query ran, and no row is its answer.");
  await expect(result(page)).toHaveAttribute("data-face", "ready");
  forgetBroken(complaints);
});

test("the mark of a mistake goes when the text is changed, and a hint runs what it suggests", async ({ worlds, open, complaints }) => {
  const note = { text: "This reads every record.", suggestion: "SELECT 2 FROM rollup_hour" };
  const { before, lake } = mocked((route, sql) =>
    sql.includes("FORM") ? route.fulfill({ status: 400, json: { error: { code: "sql_syntax", message: "expected FROM", line: 1, column: 10 } } }) : fulfil(route, answerLines(wallets(), sql.includes("rollup") ? {} : { notes: [note] })));
  const page = await open(worlds.steady, "/sql", { before });
  await ask(page, "SELECT 1 FORM t");
  await expect(page.locator(".cm-lintRange-error")).toHaveText("FORM");
  await editor(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("x");
  await expect(page.locator(".cm-lintRange-error")).toHaveCount(0);
  await ask(page, "SELECT 1 FROM t");
  await page.getByRole("button", { name: "Use this instead" }).click();
  await expect(editor(page)).toHaveText("SELECT 2 FROM rollup_hour");
  await expect(result(page)).toHaveAttribute("data-phase", "done");
  expect(lake().asked).toEqual(["SELECT 1 FORM t", "SELECT 1 FROM t", "SELECT 2 FROM rollup_hour"]);
  forgetBroken(complaints);
});

test("ten thousand rows scroll, are walked by keys, sorted and copied cell by cell", async ({ worlds, open }) => {
  const { before } = mocked((route) => fulfil(route, answerLines(many(), { truncated: true })));
  const page = await open(worlds.steady, "/sql", { before });
  await ask(page, "SELECT * FROM many");
  await expect(result(page)).toContainText("The page shows 10,000 rows at most; a file has up to 1,000,000.");
  const grid = page.getByRole("grid");
  expect(await grid.getByRole("row").count()).toBeLessThan(60);
  await grid.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Control+End");
  await expect(cell(page, 9_999, 7)).toHaveText("null");
  await expect(cell(page, 9_999, 7)).toBeInViewport();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("y");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("9007199254750992");
  await expect(grid).toHaveAttribute("aria-activedescendant", "cell-9999-5");
  expect(await grid.getByRole("gridcell").evaluateAll((cells) => cells.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)), "nothing is cut").toEqual([]);
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(grid.getByRole("columnheader", { name: /^share/ })).toHaveAttribute("aria-sort", "ascending");
  await expect(cell(page, 0, 0)).toHaveText("0");
  await expect(cell(page, 0, 4)).toHaveText("0");
  await page.keyboard.press("Enter");
  await expect(cell(page, 0, 4)).toHaveText("1250.75");
  await grid.getByRole("columnheader", { name: /^at timestamp UTC/ }).click();
  await cell(page, 1, 2).click();
  await page.getByRole("button", { name: "Copy value" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("2026-10-24T00:01:01.003Z");
});

test("times of a result are in the zone of the page", async ({ browser, worlds }) => {
  const context = await browser.newContext({ storageState: worlds.steady.storage, timezoneId: "America/New_York" });
  const page = await context.newPage();
  await mockSql(page);
  await page.goto(`${worlds.steady.url}/sql`);
  await ask(page, "SELECT 1");
  await expect(cell(page, 0, 0)).toHaveText("2026-11-22 00:00:00");
  await page.getByRole("button", { name: "UTC", exact: true }).click();
  await expect(cell(page, 0, 0)).toHaveText("2026-11-21 19:00:00");
  await expect(page.getByRole("columnheader").first()).toContainText("timestamp local");
  await context.close();
});

test("a result is drawn: lines over time, bars over text, each as a table too", async ({ worlds, open }) => {
  const { before } = mocked((route, sql) => fulfil(route, answerLines(sql.includes("wallets") ? wallets() : daily())));
  const page = await open(worlds.steady, "/sql", { before });
  await ask(page, "SELECT days");
  await page.getByRole("button", { name: "Chart", exact: true }).click();
  await expect(result(page)).toContainText("total_requests by wallet_provider and issuer: the 6 largest of 12 are drawn.");
  await expect(result(page).locator('[role="img"]')).toHaveAttribute("aria-label", /ApplePay · DEMO_Bank: last \d/);
  await result(page).getByRole("button", { name: "avg_latency" }).click();
  await expect(result(page)).toContainText("avg_latency by wallet_provider and issuer");
  await result(page).getByRole("button", { name: /as a table$/ }).click();
  await expect(result(page).locator("tbody tr")).toHaveCount(30);
  await ask(page, "SELECT wallets");
  await expect(result(page).locator("[data-bar]").first()).toContainText("ApplePay812,004");
  await result(page).getByRole("button", { name: /as a table$/ }).click();
  await expect(result(page).locator("tbody tr")).toHaveText(["ApplePay812,004", "GooglePay410,221", "FitbitPay3,010", "null311"]);
});

test("queries are kept: the last ones in the browser, named ones on the server", async ({ worlds, open }) => {
  const { before, lake } = mocked((route) => fulfil(route, answerLines(wallets())));
  const page = await open(worlds.steady, "/sql", { before });
  for (const sql of ["SELECT 1", "SELECT 2", "SELECT 1"]) {
    await ask(page, sql);
    await expect(result(page)).toHaveAttribute("data-phase", "done");
  }
  await page.reload();
  await page.getByRole("button", { name: "History", exact: true }).click();
  await expect(page.getByRole("dialog").locator(".kept")).toHaveText([/^SELECT 1.*4 rows$/, /^SELECT 2.*4 rows$/]);
  await page.getByRole("dialog").locator(".kept").nth(1).click();
  await expect(editor(page)).toHaveText("SELECT 2");
  await expect(runButton(page)).toBeFocused();
  await page.getByRole("button", { name: "Saved", exact: true }).click();
  await page.getByLabel("Save this query as").fill("daily success/2");
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("dialog").locator(".kept")).toHaveText([/daily success\/2/]);
  expect(lake().saved).toMatchObject([{ name: "daily success/2", sql: "SELECT 2" }]);
  await page.getByLabel("Save this query as").fill("daily success/2");
  await expect(page.getByRole("dialog").getByRole("button", { name: "Replace" })).toBeVisible();
  await page.getByRole("button", { name: "Delete the query daily success/2" }).click();
  await expect(page.getByRole("dialog")).toContainText("Nothing is saved yet.");
  expect(lake().saved).toEqual([]);
});

test("a result is downloaded whole, in three forms, and a refusal is said", async ({ worlds, open, complaints }) => {
  const { before, lake } = mocked();
  const page = await open(worlds.steady, "/sql", { before });
  await ask(page, "SELECT days");
  await write(page, "SELECT something else");
  for (const [words, format] of [["CSV", "csv"], ["Parquet", "parquet"], ["JSON", "json"]] as const) {
    await page.getByRole("button", { name: "Download" }).click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: words }).click()]);
    expect(file.suggestedFilename()).toBe(`result.${format}`);
    expect(readFileSync(await file.path(), "utf8")).toBe("date,total\n2026-11-22,7\n");
  }
  expect(lake().files).toEqual(["csv", "parquet", "json"].map((format) => ({ format, sql: "SELECT days" })));
  const refuse = (route: Route): Promise<void> => route.fulfill({ status: 400, json: { error: { code: "sql_too_large", message: "more than a million rows" } } });
  await page.route((url) => url.searchParams.get("format") === "csv", refuse);
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  await expect(result(page)).toContainText("No file: more than a million rows");
  forgetBroken(complaints);
});

test("what was written and not run is there again after another page", async ({ worlds, open }) => {
  const { before } = mocked();
  const page = await open(worlds.steady, "/sql", { before });
  await page.route((url) => url.pathname === "/api/v1/storage", (route) => route.fulfill({ json: STORAGE }));
  await write(page, "SELECT half");
  await page.getByRole("link", { name: "Storage" }).click();
  await page.getByRole("link", { name: "SQL", exact: true }).click();
  await expect(editor(page)).toHaveText("SELECT half");
});

test("tables that cannot be listed stop no query, and are asked for again", async ({ worlds, open, complaints }) => {
  const { before } = mocked();
  const schema = (url: URL): boolean => url.pathname.endsWith("/sql/schema");
  const page = await open(worlds.steady, "/sql", {
    before: async (opened) => {
      await before(opened);
      await opened.route(schema, (route) => route.fulfill({ status: 503, headers: { "x-request-id": "req-78" }, json: { error: { code: "not_now", message: "the lake is busy" } } }));
    },
  });
  await expect(panel(page, "sql-schema")).toHaveAttribute("data-face", "error");
  await expect(panel(page, "sql-schema")).toContainText("req-78");
  await ask(page, "SELECT 1");
  await expect(result(page)).toHaveAttribute("data-phase", "done");
  await page.unroute(schema);
  await page.route(schema, (route) => route.fulfill({ json: { tables: [], functions: [] } }));
  await panel(page, "sql-schema").getByRole("button", { name: "Try again" }).click();
  await expect(panel(page, "sql-schema")).toContainText("There is no table yet.");
  forgetBroken(complaints);
});
