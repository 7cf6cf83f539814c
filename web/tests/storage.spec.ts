// Does the page of the storage say how the disk, the journal and each table are? Its answers are the tests' own.
import type { Page, Route } from "@playwright/test";
import type { StorageAnswer } from "../src/api/storage";
import { STORAGE } from "./lakeAnswers";
import { expectRight, photograph } from "./looks";
import { OWN_VIEWS } from "./views";
import { expect, forgetBroken, panel, test } from "./worlds";

const VIEW = OWN_VIEWS.find((view) => view.name === "storage");
const isStorage = (url: URL): boolean => url.pathname === "/api/v1/storage";

function answered(answer: StorageAnswer): { before(page: Page): Promise<void> } {
  return { before: (page) => page.route(isStorage, (route) => route.fulfill({ json: answer })).then(() => undefined) };
}

for (const theme of ["light", "dark"] as const) {
  for (const width of [1440, 390]) {
    test(`it is right to look at, ${theme}, ${width} pixels`, async ({ worlds, open }) => {
      const page = await open(worlds.steady, "/admin/storage", { theme, width, ...answered(STORAGE) });
      for (const name of VIEW?.panels ?? []) await expect(panel(page, name)).toHaveAttribute("data-face", "ready");
      expect(await page.locator("[data-panel]").evaluateAll((all) => all.map((each) => each.getAttribute("data-panel")))).toEqual(VIEW?.panels);
      await page.getByRole("button", { name: "log_events" }).click();
      await expectRight(page, VIEW?.first ?? "");
      await photograph(page, `storage-${theme}-${width}`, width);
    });
  }
  test(`a disk that is nearly full is right to look at, ${theme}`, async ({ worlds, open }) => {
    const failure = "the flush fails since 2026-11-22T11:40:00.000Z: the lake could not write log_events: no space left on device";
    const maintenance = { running: null, lastRun: null, lastError: failure, failingSince: "2026-11-22T11:40:00.000Z", nextRun: null };
    const memory = { bytes: 1_073_900_000, limitBytes: 1_073_741_824, throttles: true };
    const answer = { ...STORAGE, disk: { ...STORAGE.disk, freeBytes: 9_000_000_000, daysLeft: 1.4 }, memory, maintenance };
    const page = await open(worlds.steady, "/admin/storage", { theme, ...answered(answer) });
    await expect(page.getByTestId("throttle-warning")).toContainText("Calls are throttled. 1.07 GB of rows wait in memory");
    await expect(page.getByTestId("disk-warning")).toContainText("The disk is nearly full. 9.00 GB (0.9 %) free. At the present rate it is full in 34 hours.");
    await expectRight(page, '[data-testid="disk-warning"]');
    await photograph(page, `storage-full-${theme}`, 1440);
  });
}

test("each table says its state in words, and an empty one is no failure", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/requests", answered(STORAGE));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await expect(page).toHaveURL(/\/admin\/storage$/);
  const row = (name: string): ReturnType<Page["locator"]> => page.locator(`[data-table="${name}"]`);
  await expect(row("log_events")).toContainText("Fine");
  await expect(row("metric_values")).toContainText("Behind");
  await expect(row("metric_values")).toContainText("15 min ago");
  await expect(row("trace_spans")).toContainText("No rows yet");
  await expect(row("audit_events")).toContainText("Failed");
  await expect(panel(page, "storage-tables")).toContainText("Last error: could not write part-00014.parquet: no space left on device");
  await expect(panel(page, "storage-maintenance")).toContainText("Now merging small files");
  await expect(panel(page, "storage-maintenance")).toContainText("next in 6 min");
  await expect(page.locator('[data-card="disk"]')).toContainText("412 GB");
  await expect(page.locator('[data-card="disk"]')).toContainText("full in 121 days");
  await expect(page.locator('[data-card="amplification"]')).toContainText("1.24 ×");
  await expect(page.getByTestId("disk-warning")).toHaveCount(0);
  await page.getByRole("button", { name: "trace_spans" }).press("Enter");
  await expect(panel(page, "storage-tables")).toContainText("Last written to filesnever");
});

test("it is asked again every ten seconds, and keeps old numbers when it is not answered", async ({ worlds, open, closeAll, complaints }) => {
  let asked = 0;
  const answer = (route: Route): Promise<void> => {
    asked += 1;
    if (asked > 2) return route.fulfill({ status: 503, json: { error: { code: "not_now", message: "the lake is busy" } } });
    return route.fulfill({ json: { ...STORAGE, head: 4_711 + asked } });
  };
  const page = await open(worlds.steady, "/admin/storage", { before: (opened) => opened.route(isStorage, answer) });
  await expect(page.locator('[data-card="head"]')).toContainText("4,712");
  await expect(page.locator('[data-card="head"]')).toContainText("4,713", { timeout: 15_000 });
  await expect(panel(page, "storage-tables")).toContainText("not refreshed: the lake is busy", { timeout: 15_000 });
  await expect(page.locator('[data-card="head"]')).toContainText("4,713");
  await closeAll();
  forgetBroken(complaints);
});

test("loading, an error with another try, no table at all, and a lake on S3", async ({ worlds, open, complaints }) => {
  const page = await open(worlds.steady, "/admin/storage", { before: (opened) => opened.route(isStorage, () => new Promise<void>(() => undefined)) });
  for (const name of VIEW?.panels ?? []) await expect(panel(page, name)).toHaveAttribute("data-face", "loading");
  await page.unroute(isStorage);
  await page.route(isStorage, (route) => route.fulfill({ status: 503, headers: { "x-request-id": "req-79" }, json: { error: { code: "not_now", message: "the lake is busy" } } }));
  await page.reload();
  for (const name of VIEW?.panels ?? []) await expect(panel(page, name)).toHaveAttribute("data-face", "error");
  await expect(panel(page, "storage-tables")).toContainText("req-79");
  await page.unroute(isStorage);
  const remote = { ...STORAGE, tables: [], disk: { path: "s3://bucket/lake", totalBytes: null, freeBytes: null, daysLeft: null }, bytesWrittenPerByteReceived: null };
  await page.route(isStorage, (route) => route.fulfill({ json: remote }));
  await panel(page, "storage-tables").getByRole("button", { name: "Try again" }).click();
  await expect(panel(page, "storage-tables")).toContainText("There is no table yet.");
  await expect(page.locator('[data-card="disk"]')).toContainText("s3://bucket/lake");
  await expect(page.locator('[data-card="disk"]')).toContainText("no limit");
  await expect(page.locator('[data-card="amplification"]')).toContainText("–");
  forgetBroken(complaints);
});
