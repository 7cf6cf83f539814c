// Can requests be listed, saved as a file, found by any id and read to the last record?
import { readFileSync } from "node:fs";
import { api, attempt, eventually, send } from "./servers";
import { expect, forgetBroken, panel, range, test } from "./worlds";

const HOURS = range(180, 1);

interface Requests { total: number; requests: { id: string }[] }

test("the list shows more pages, other columns and other orders", async ({ worlds, open }) => {
  const page = await open(worlds.steady, `/requests?${HOURS}`);
  await expect(page.locator("[data-row]")).toHaveCount(100);
  await page.getByRole("button", { name: "Show 100 more" }).click();
  await expect(page.locator("[data-row]")).toHaveCount(200);
  await expect(page.locator("[data-row]").nth(3)).toBeVisible();
  const ids = await page.locator("[data-row]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-attempt")));
  expect(new Set(ids).size).toBe(200);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitem", { name: "Country" }).click();
  await expect(page.getByRole("columnheader", { name: "Country" })).toBeVisible();
  await expect(page).toHaveURL(/columns=.*country/);
  await page.keyboard.press("Escape");
  await page.getByLabel("Order").selectOption("slowest");
  await expect(page).toHaveURL(/order=slowest/);
  const slowest = await api<Requests>(worlds.steady, `/requests?${HOURS}&order=slowest&limit=1`);
  await expect(page.locator("[data-row]").first()).toHaveAttribute("data-attempt", slowest.requests[0]?.id ?? "");
});

test("the file has every request, and prints its filters, range and time", async ({ worlds, open }) => {
  const page = await open(worlds.steady, `/requests?${HOURS}&outcome=FAILED&columns=startedAt,outcome,issuer`);
  await expect(page.locator("[data-row]").first()).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
  const lines = readFileSync(await download.path(), "utf8").trim().split(/\r?\n/);
  const head = lines.filter((line) => line.startsWith("#")).join("\n");
  expect(head).toContain("outcome");
  expect(head).toMatch(/range|from/i);
  const rows = lines.filter((line) => !line.startsWith("#"));
  const { total } = await api<Requests>(worlds.steady, `/requests?${HOURS}&outcome=FAILED&limit=1`);
  expect(rows[0]).toBe("startedAt,outcome,issuer");
  expect(rows.length - 1).toBe(total);
  expect(rows.slice(1).every((row) => row.includes("FAILED"))).toBe(true);
});

test("any id, and BIN with last four, find the request", async ({ worlds, open, complaints }) => {
  const at = Date.now() - 60_000;
  await send(worlds.one, [
    ...attempt("corr_found", { at, bin: "424242", lastFour: "4242", traceId: "1-5f2aef12-6b4f7a9c8d2e1f3a2b1c0d9e" }),
    { at: at + 1_200, event: "TOKEN_CREATED", correlationId: "corr_found", tokenReferenceId: "trm_found" },
  ]);
  await eventually<{ records?: unknown[] }>(worlds.one, "/requests/corr_found", (answer) => answer.records?.length === 3);
  const page = await open(worlds.one, "/ops");
  for (const id of ["corr_found", "req-corr_found", "1-5f2aef12-6b4f7a9c8d2e1f3a2b1c0d9e", "trm_found"]) {
    await page.locator("#find").fill(id);
    await page.locator("#find").press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("corr_found");
    await page.goto(`${worlds.one.url}/ops`);
  }
  await page.locator("#find").fill("424242 4242");
  await page.locator("#find").press("Enter");
  await expect(page).toHaveURL(/bin=424242&lastFour=4242/);
  await expect(page.locator("[data-row]")).toHaveCount(1);
  await page.locator("#find").fill("nobody-has-this");
  await page.locator("#find").press("Enter");
  await expect(page.getByRole("heading", { name: "No request has this id" })).toBeVisible();
  forgetBroken(complaints);
});

test("BIN, last four and a time find the requests around it", async ({ worlds, open }) => {
  const at = Date.now() - 45 * 60_000;
  await send(worlds.one, attempt("corr_by_time", { at, bin: "555555", lastFour: "4444" }));
  await eventually<{ id?: string }>(worlds.one, "/requests/corr_by_time", (answer) => Boolean(answer.id));
  const page = await open(worlds.one, "/ops");
  await page.locator("#find").fill(`555555 4444 ${new Date(at).toISOString().slice(0, 16)}`);
  await page.locator("#find").press("Enter");
  await expect(page).toHaveURL(/bin=555555&lastFour=4444&from=\d{4}-/);
  await expect(page.locator("[data-row]")).toHaveCount(1);
});

test("an id that two requests share lists both", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await page.locator("#find").fill("req-of-two");
  await page.locator("#find").press("Enter");
  await expect(panel(page, "candidates").locator("tbody tr")).toHaveCount(2);
  await panel(page, "candidates").getByRole("link", { name: "corr_shared_2" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("corr_shared_2");
});

test("a request tells its stages, records, joins, retries, look-alikes and raw form", async ({ worlds, open }) => {
  const at = Date.now() - 30_000;
  await send(worlds.one, [
    ...attempt("corr_told", { at, end: "FAILURE", reasonCode: "ISSUER_TIMEOUT", tookMs: 3_020, device: "Pixel 11" }),
    { at: at + 900, event: "TOKEN_PROVISION_START", requestId: "req-second-try", correlationId: "corr_told" },
    { at: at + 950, event: "A_NOTE_OF_THE_SERVICE", requestId: "req-second-try", attemptOf: 2 },
    ...attempt("corr_alike", { at: at - 5_000, end: "FAILURE", reasonCode: "ISSUER_TIMEOUT" }),
  ]);
  await eventually<{ records?: unknown[] }>(worlds.one, "/requests/corr_told", (answer) => answer.records?.length === 4);
  const page = await open(worlds.one, "/requests/corr_told");
  const shown = panel(page, "request");
  await expect(shown).toContainText("2 tries");
  await expect(shown).toContainText("A technical failure; the issuer can mend it.");
  await expect(page.getByTestId("similar")).toHaveText(/^1 other failed for this reason/);
  await expect(page.locator('.step[data-seen="true"]')).toHaveText([/Started/]);
  await expect(page.locator("[data-record]")).toHaveCount(4);
  await expect(page.locator('[data-record][data-join="alias"]')).toContainText("by an id that only this request has: req req-second-try");
  await page.getByRole("tab", { name: "Facts" }).click();
  await expect(shown).toContainText("req-second-try");
  await page.getByRole("button", { name: "Copy req-second-try" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("req-second-try");
  await page.keyboard.press("4");
  await expect(page).toHaveURL(/tab=raw/);
  await page.goBack();
  await expect(page).toHaveURL(/tab=facts/);
  await page.getByRole("tab", { name: "Raw" }).click();
  await expect(shown.locator("pre")).toContainText('"attemptOf\\":2');
  await page.getByTestId("similar").click();
  await expect(page.locator("[data-row]")).toHaveCount(2);
});

test("previous and next walk the list that the request was opened from", async ({ worlds, open }) => {
  const page = await open(worlds.steady, `/requests?${HOURS}&outcome=FAILED`);
  await expect(page.locator("[data-row]").nth(3)).toBeVisible();
  const ids = await page.locator("[data-row]").evaluateAll((rows) => rows.slice(0, 3).map((row) => row.getAttribute("data-attempt")?.replace(/^corr:/, "")));
  await page.locator("[data-row]").nth(1).getByRole("link").click();
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toHaveText(ids[1] ?? "");
  await page.getByRole("link", { name: "Next request" }).click();
  await expect(heading).toHaveText(ids[2] ?? "");
  await page.keyboard.press("[");
  await expect(heading).toHaveText(ids[1] ?? "");
  await page.keyboard.press("[");
  await expect(heading).toHaveText(ids[0] ?? "");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/requests\?/);
});
