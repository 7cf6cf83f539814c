// Can logs be searched, followed and made into metrics? The lines are the tests' own; what the real server answers, the
// tests of logs over its wire ask.
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { fakeLogs, FILTERS, lineOf, RISK, SERVICE, TailServer, type FakeLogs } from "./logsAnswers";
import { expectRight, photograph } from "./looks";
import { OWN_VIEWS } from "./views";
import { expect, forgetBroken, panel, test as base, type Opening, type World } from "./worlds";

interface Fixtures {
  /** Opens a page of a world whose logs are faked. */
  openLogs(path: string, change?: Partial<FakeLogs>, opening?: Opening): Promise<{ page: Page; fake: FakeLogs }>;
  tail: TailServer;
}

const test = base.extend<Fixtures>({
  openLogs: async ({ worlds, open }, use) => {
    await use(async (path, change = {}, opening = {}) => {
      let fake: FakeLogs | undefined;
      const page = await open(worlds.steady as World, path, { ...opening, before: async (opened) => { fake = await fakeLogs(opened, change); } });
      if (!fake) throw new Error("the page was opened without its lines");
      return { page, fake };
    });
  },
  tail: async ({ closeAll }, use) => {
    const tail = await TailServer.open();
    await use(tail);
    // Pages first: a tail that breaks under them is a complaint.
    await closeAll();
    tail.close();
  },
});

const pattern = (page: Page): ReturnType<Page["locator"]> => page.getByRole("textbox", { name: "Filter pattern" });
const lines = (page: Page): ReturnType<Page["locator"]> => page.locator("[data-line]");
const faces = async (page: Page, ...names: string[]): Promise<void> => {
  for (const name of names) await expect(panel(page, name), name).toHaveAttribute("data-face", "ready");
};

const VIEW = OWN_VIEWS.find((view) => view.name === "logs");
const FILTERS_VIEW = OWN_VIEWS.find((view) => view.name === "log-filters");

for (const theme of ["light", "dark"] as const) {
  for (const width of [1440, 390]) {
    test(`search is right to look at, ${theme}, ${width} pixels`, async ({ openLogs }) => {
      const { page } = await openLogs(`/logs?pattern=${encodeURIComponent('{ $.event = "TOKEN_PROVISION_*" }')}`, {}, { theme, width });
      await faces(page, ...(VIEW?.panels ?? []));
      await expect(pattern(page)).toBeVisible();
      await page.locator("[data-line] > button").nth(2).click();
      if (width > 900) await page.locator('[data-field="issuer"] > button').click();
      await expectRight(page, VIEW?.first ?? "");
      await photograph(page, `logs-${theme}-${width}`, width);
    });
    test(`the tail is right to look at, ${theme}, ${width} pixels`, async ({ openLogs, tail }) => {
      const { page } = await openLogs("/logs?tail=1&mark=ISSUER_TIMEOUT", { tail }, { theme, width });
      await expect.poll(() => tail.followed).toBeGreaterThan(0);
      tail.push(Array.from({ length: 60 }, (_, place) => lineOf(place, Date.now())), 180);
      await expect(lines(page).first()).toBeVisible();
      await expectRight(page, "[data-line]");
      await photograph(page, `logs-tail-${theme}-${width}`, width);
    });
    test(`metric filters are right to look at, ${theme}, ${width} pixels`, async ({ openLogs }) => {
      const { page } = await openLogs(`/logs/filters?group=${SERVICE}&filter=processing-time`, {}, { theme, width });
      await faces(page, ...(FILTERS_VIEW?.panels ?? []));
      await page.getByRole("button", { name: "Take the newest lines" }).click();
      await expect(page.getByTestId("verdicts")).toContainText("of 20 lines match");
      await expectRight(page, FILTERS_VIEW?.first ?? "");
      await photograph(page, `log-filters-${theme}-${width}`, width);
    });
  }
}

test("what is written is searched with Enter, stands in the address, and Back undoes it", async ({ openLogs }) => {
  const { page, fake } = await openLogs("/requests");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await expect(page).toHaveURL(/\/logs$/);
  await faces(page, "logs-lines", "logs-histogram", "logs-fields");
  await expect(lines(page).first()).toBeVisible();
  await page.keyboard.press("f");
  await expect(pattern(page)).toBeFocused();
  await page.keyboard.type("WARN risk");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/pattern=WARN\+risk/);
  await expect(lines(page).first().locator("mark").first()).toHaveText("WARN");
  expect(fake.asked.at(-1)?.searchParams.get("pattern")).toBe("WARN risk");
  await expect(panel(page, "logs-histogram")).toContainText("lines match");
  await page.goBack();
  await expect(page).toHaveURL(/\/logs$/);
  await expect(pattern(page)).not.toContainText("WARN");
});

test("a mistake is marked where it is, as it is written and when it was asked", async ({ openLogs, complaints }) => {
  const { page } = await openLogs("/logs");
  await faces(page, "logs-lines");
  await pattern(page).click();
  await page.keyboard.type("Status: timeout");
  await expect(page.getByTestId("pattern-problem")).toContainText("Character 7: : may stand only inside double quotes");
  await expect(page.locator(".cm-lintRange-error")).toHaveText(":");
  await expect(pattern(page)).toHaveAttribute("aria-invalid", "true");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/pattern=Status/);
  await expect(panel(page, "logs-lines")).toContainText("may stand only inside double quotes");
  await page.reload();
  await expect(panel(page, "logs-lines")).toHaveAttribute("data-face", "error");
  await expect(panel(page, "logs-lines")).toContainText("req-bad");
  await expect(panel(page, "logs-histogram")).toHaveCount(0);
  await expect(page.locator(".cm-lintRange-error")).toHaveText(":");
  forgetBroken(complaints);
});

test("the field suggests fields, relations and the values that are there", async ({ openLogs }) => {
  const { page } = await openLogs("/logs");
  await faces(page, "logs-fields");
  await pattern(page).click();
  const options = page.locator(".cm-tooltip-autocomplete li");
  await page.keyboard.press("ArrowDown");
  await expect(options.first()).toContainText('{ $.field = "value" }');
  await page.keyboard.press("Escape");
  await page.keyboard.type("{ $.iss");
  await expect(options.first()).toContainText("$.issuer");
  await page.waitForTimeout(120);
  await page.keyboard.press("Tab");
  await expect(options.first()).toContainText("=");
  await page.keyboard.type("= ");
  await expect(options.filter({ hasText: "ACME_CU" })).toBeVisible();
  await page.keyboard.type('"ACME_CU" }');
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/ACME_CU/);
  await expect(panel(page, "logs-fields").locator('[data-field="issuer"]')).toBeVisible();
  // Without a suggestion Tab leads on.
  await page.keyboard.press("Tab");
  await expect(pattern(page)).not.toBeFocused();
});

test("a click on a value of a field, or in a line, makes it a condition", async ({ openLogs }) => {
  const { page } = await openLogs("/logs");
  await faces(page, "logs-fields");
  await page.locator('[data-field="walletProvider"] > button').click();
  await page.locator('[data-field="walletProvider"]').getByRole("button", { name: /GooglePay/ }).click();
  await expect(pattern(page)).toHaveText('{ $.walletProvider = "GooglePay" }');
  await expect(panel(page, "logs-lines")).toHaveAttribute("data-refetching", "false");
  await lines(page).first().locator("button").first().click();
  await page.getByRole("button", { name: /^No lines with \$\.event = / }).click();
  await expect(pattern(page)).toContainText("&& $.event != ");
  await page.locator('[data-field="@logGroup"] > button').click();
  await page.locator('[data-field="@logGroup"]').locator(".bar-row").first().click();
  await expect(page).toHaveURL(/group=\/aws|group=%2Faws/);
  await expect(page.getByTestId("groups")).toContainText(SERVICE);
});

test("groups are picked, several at once", async ({ openLogs }) => {
  const { page, fake } = await openLogs("/logs");
  await page.getByTestId("groups").click();
  await page.getByRole("checkbox", { name: /risk-engine/ }).check();
  await page.getByRole("checkbox", { name: /token-provisioning/ }).check();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("groups")).toContainText("2 groups");
  await expect.poll(() => fake.asked.filter((url) => url.pathname.endsWith("/events")).at(-1)?.searchParams.getAll("group")).toEqual([RISK, SERVICE]);
});

test("dragging over the histogram narrows the range; so do arrows and Enter", async ({ openLogs }) => {
  const { page } = await openLogs("/logs");
  await faces(page, "logs-histogram");
  const box = await page.locator(".histogram").boundingBox();
  if (!box) throw new Error("no histogram");
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d{4}-.*to=\d{4}-/);
  const wide = await page.locator(".histogram button").count();
  await faces(page, "logs-histogram");
  await expect(page.locator(".histogram button")).not.toHaveCount(wide + 200);
  await page.locator('.histogram button[tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const length = await page.evaluate(() => {
    const asked = new URLSearchParams(location.search);
    return Date.parse(asked.get("to") ?? "") - Date.parse(asked.get("from") ?? "");
  });
  expect(length).toBe(120_000);
});

test("a search that takes long goes on by itself, says how far it is, and can be stopped", async ({ openLogs }) => {
  const { page, fake } = await openLogs("/logs?pattern=above", { slice: 60, delay: 250 });
  const list = panel(page, "logs-lines");
  await expect(list).toContainText(/Searching: \d+ lines?, searched back to \d\d:\d\d:\d\d/);
  await list.getByRole("button", { name: "Stop" }).click();
  await expect(list).toContainText("Stopped: ");
  const asked = fake.asked.length;
  await page.waitForTimeout(700);
  expect(fake.asked.length).toBeLessThanOrEqual(asked + 1);
  fake.delay = 0;
  await list.getByRole("button", { name: "Search on" }).click();
  await expect(list).toContainText(/\d+ lines/);
  await expect.poll(() => fake.asked.filter((url) => url.searchParams.has("cursor")).length).toBeGreaterThan(8);
});

test("scrolling to the end brings more lines, in order, each once", async ({ openLogs }) => {
  const { page } = await openLogs("/logs");
  await faces(page, "logs-lines");
  await expect(panel(page, "logs-lines")).toContainText("100 lines");
  await page.locator(".log-lines").evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
  await expect(panel(page, "logs-lines")).toContainText("200 lines");
});

test("a line opens with its ids, its JSON, its request and its surroundings", async ({ openLogs }) => {
  const { page } = await openLogs(`/logs?group=${SERVICE}`);
  await expect(lines(page).nth(3)).toBeVisible();
  for (const key of ["j", "j", "k"]) await page.keyboard.press(key);
  await page.keyboard.press("Enter");
  const open = page.locator('[data-line][data-open="true"]');
  await expect(open).toHaveAttribute("data-line", "100000-0");
  await expect(open).toContainText('"issuer": "DEMO_Bank"');
  await page.keyboard.press("y");
  expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toMatchObject({ issuer: "DEMO_Bank" });
  await expect(open.getByRole("link", { name: "Open its request" })).toHaveAttribute("href", /\/go\/corr_000000/);
  await open.getByRole("button", { name: "Lines around it" }).click();
  await expect(page).toHaveURL(/around=/);
  const around = panel(page, "logs-around");
  await expect(around.locator('[data-middle="true"]')).toBeInViewport();
  const streams = await around.locator(".log-stream").allInnerTexts();
  expect(new Set(streams).size).toBe(1);
  const before = await around.getByText(/before and/).innerText();
  await around.getByRole("button", { name: "30 earlier lines" }).click();
  await expect(around.getByText(/before and/)).not.toHaveText(before);
  await expect(around.locator('[data-middle="true"]')).toBeInViewport();
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/around=/);
  await faces(page, "logs-lines");
});

test("the line in the middle of its surroundings is in sight on a narrow screen, too", async ({ openLogs }) => {
  const { page } = await openLogs(`/logs?group=${SERVICE}`, {}, { width: 390 });
  await page.locator("[data-line] > button").nth(2).click();
  await page.getByRole("button", { name: "Lines around it" }).click();
  await expect(page.locator('[data-middle="true"]')).toBeInViewport();
});

test("a search is saved, shared by its address, and its lines are taken along", async ({ openLogs }) => {
  const { page } = await openLogs(`/logs?pattern=WARN&group=${RISK}&source=off&wrap=1&first=oldest`);
  await faces(page, "logs-lines");
  await expect(page.locator(".log-source")).toHaveCount(0);
  await expect(panel(page, "logs-lines")).toContainText("Lines, oldest first");
  await page.getByRole("button", { name: "Saved searches" }).click();
  await page.getByLabel("Save this search as").fill("Risk warnings");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.keyboard.press("Escape");
  for (const [item, expected] of [["JSON lines", /^\{"id":/], ["CSV", /^timestamp,ingestionTime,/]] as const) {
    await panel(page, "logs-lines").getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: new RegExp(item) }).click()]);
    expect(readFileSync(await download.path(), "utf8")).toMatch(expected);
  }
  await page.getByRole("link", { name: "Logs", exact: true }).click();
  await expect(page).toHaveURL(/\/logs$/);
  await page.getByRole("button", { name: "Saved searches" }).click();
  await page.getByRole("button", { name: "Risk warnings", exact: true }).click();
  await expect(page).toHaveURL(/pattern=WARN/);
});

test("nothing found says what to do, strict mode says what it changes", async ({ openLogs }) => {
  const { page } = await openLogs(`/logs?mode=strict&pattern=${encodeURIComponent('[timestamp, event="TOKEN_PROVISION_SUCCESS"]')}`);
  await expect(page.getByTestId("logs-nothing")).toContainText("No line of this range matches the pattern.");
  await expect(panel(page, "logs-query")).toContainText("over JSON lines a pattern in [ ] finds nothing");
  await page.getByRole("button", { name: "Read the pattern leniently" }).click();
  await expect(lines(page).first()).toContainText("TOKEN_PROVISION_SUCCESS");
  await expect(page).not.toHaveURL(/mode/);
});

test("loading, an error with another try, and a server without any group", async ({ openLogs, worlds, open, closeAll, complaints }) => {
  const isEvents = (url: URL): boolean => url.pathname === "/api/v1/logs/events";
  const page = await open(worlds.steady, "/logs", { before: async (opened) => { await fakeLogs(opened); await opened.route(isEvents, (route) => route.fulfill({ status: 503, headers: { "x-request-id": "req-77" }, json: { error: { code: "not_now", message: "the store is busy; try again" } } })); } });
  await expect(panel(page, "logs-lines")).toHaveAttribute("data-face", "error");
  await expect(panel(page, "logs-lines")).toContainText("req-77");
  await page.unroute(isEvents);
  await panel(page, "logs-lines").getByRole("button", { name: "Try again" }).click();
  await expect(panel(page, "logs-lines")).toHaveAttribute("data-face", "ready");
  await page.unroute(isEvents);
  const slow = await openLogs("/logs", { delay: 60_000 });
  await expect(panel(slow.page, "logs-lines")).toHaveAttribute("data-face", "loading");
  await expect(panel(slow.page, "logs-lines")).toContainText("Still querying");
  const empty = await openLogs("/logs", { groups: [], lines: [] });
  await expect(panel(empty.page, "logs-empty")).toContainText("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=");
  // A page that is not answered goes on asking.
  await closeAll();
  forgetBroken(complaints);
});

test("the tail shows what comes, newest first, and holds it while it is read or paused", async ({ openLogs, tail }) => {
  const { page } = await openLogs("/logs", { tail });
  await page.getByRole("button", { name: "Live tail" }).click();
  await expect(page).toHaveURL(/tail=1/);
  await expect(panel(page, "logs-tail")).toContainText("Nothing has come yet");
  const now = Date.now();
  await expect.poll(() => tail.followed).toBe(1);
  tail.push([lineOf(3, now), lineOf(2, now)]);
  await expect(lines(page)).toHaveCount(2);
  await expect(lines(page).first()).toHaveAttribute("data-line", lineOf(2, now).id);
  await page.keyboard.press("p");
  tail.push([lineOf(1, now)]);
  await expect(page.getByTestId("tail-new")).toHaveText("1 new");
  await expect(lines(page)).toHaveCount(2);
  await page.keyboard.press("p");
  await expect(lines(page)).toHaveCount(3);
  tail.push([lineOf(0, now)], 1_310);
  await expect(page.getByTestId("tail-sampled")).toBeVisible();
  await expect(panel(page, "logs-tail")).toContainText("1,309 matches were left out");
  await page.getByLabel("Words to mark").fill("issuer");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/mark=issuer/);
  await expect(lines(page).first().locator("mark").first()).toHaveText("issuer");
});

test("the tail comes back after a break, says when none is free, and ends after its time", async ({ openLogs, tail, complaints }) => {
  tail.refusals = [{ status: 429, code: "too_many_streams", message: "15 tails are open; close one" }];
  const { page } = await openLogs("/logs?tail=1&pattern=WARN", { tail });
  await expect(panel(page, "logs-tail")).toContainText("15 tails are open; close one");
  await expect(panel(page, "logs-tail")).toHaveAttribute("data-phase", "live");
  tail.push([lineOf(5, Date.now())]);
  await expect(lines(page)).toHaveCount(1);
  tail.refusals = Array.from({ length: 3 }, () => ({ status: 503, code: "stopping", message: "the server is stopping" }));
  tail.drop();
  await expect(panel(page, "logs-tail")).toContainText("What came meanwhile is in the search");
  await expect(panel(page, "logs-tail")).toHaveAttribute("data-phase", "live");
  tail.push([lineOf(4, Date.now() + 60_000)]);
  await expect(lines(page)).toHaveCount(2);
  expect(tail.asked.at(-1)).toContain("pattern=WARN");
  tail.end();
  await expect(panel(page, "logs-tail")).toContainText("one lasts three hours");
  await page.getByRole("button", { name: "Follow on" }).click();
  await expect(panel(page, "logs-tail")).toHaveAttribute("data-phase", "live");
  await page.getByRole("button", { name: "Search", exact: true }).first().click();
  await expect.poll(() => tail.followed).toBe(0);
  forgetBroken(complaints);
});

test("two thousand lines are kept and no more", async ({ openLogs, tail }) => {
  const { page } = await openLogs("/logs?tail=1", { tail });
  await expect.poll(() => tail.followed).toBe(1);
  const now = Date.now();
  for (let at = 2_500; at > 0; at -= 500) tail.push(Array.from({ length: 500 }, (_, place) => lineOf(at - place, now)));
  await expect(panel(page, "logs-tail")).toContainText("only the newest 2,000 lines are kept");
  expect(await lines(page).count()).toBeLessThan(100);
});

test("a metric filter is made of a search, tried on lines, and refused in place", async ({ openLogs, complaints }) => {
  const { page, fake } = await openLogs(`/logs?group=${SERVICE}&pattern=${encodeURIComponent('{ $.event = "TOKEN_PROVISION_SUCCESS" }')}`);
  await page.getByRole("link", { name: "Make a metric of this pattern" }).click();
  await expect(page).toHaveURL(/\/logs\/filters\?.*draft=1/);
  const editor = panel(page, "filter-editor");
  await expect(editor.getByLabel("Log group")).toHaveValue(SERVICE);
  await editor.getByRole("button", { name: "Create the filter" }).click();
  await expect(editor).toContainText("A filter needs a name.");
  await editor.getByLabel("Name of the filter").fill("processing-time-2");
  await editor.getByLabel("Namespace").fill("AWS/Mine");
  await editor.getByLabel("Metric", { exact: true }).fill("ProcessingTime");
  await editor.getByLabel(/^Value/).fill("$.processingTime");
  await editor.getByLabel("Unit").selectOption("Seconds");
  await editor.getByRole("button", { name: "Dimension", exact: true }).click();
  await editor.getByLabel("Dimension 1", { exact: true }).fill("Issuer");
  await editor.getByLabel("Place 1 in the line").fill("$.issuer");
  await editor.getByRole("button", { name: "Take the newest lines" }).click();
  await expect(page.getByTestId("verdicts")).toContainText("of 20 lines match");
  await expect(page.locator(".verdict").filter({ hasText: "Point" }).first()).toContainText("Seconds · Issuer");
  await editor.getByLabel(/^Default/).fill("0");
  await expect(editor).toContainText("a default value excludes dimensions");
  await editor.getByLabel(/^Default/).fill("");
  await editor.getByRole("button", { name: "Create the filter" }).click();
  await expect(editor).toContainText("metricNamespace cannot begin with AWS/");
  await editor.getByLabel("Namespace").fill("Mine");
  await editor.getByRole("button", { name: "Create the filter" }).click();
  await expect(editor).toHaveCount(0);
  await expect(page.locator('[data-filter="processing-time-2"]')).toContainText("Mine ProcessingTime");
  expect(fake.filters.at(-1)).toMatchObject({ metricValue: "$.processingTime", unit: "Seconds", defaultValue: null, dimensions: { Issuer: "$.issuer" } });
  forgetBroken(complaints);
});

test("both readings stand side by side where they differ", async ({ openLogs }) => {
  const { page } = await openLogs(`/logs/filters?group=${SERVICE}&filter=processing-time`);
  const editor = panel(page, "filter-editor");
  await editor.getByLabel("Sample lines").fill('{"event":"TOKEN_PROVISION_SUCCESS","processingTime":1.245}\n{"event":"OTHER"}');
  const first = page.locator(".verdict").first();
  await expect(first).toHaveAttribute("data-differs", "true");
  await expect(first.getByRole("group", { name: "Lenient" })).toContainText("Point 1.245");
  await expect(first.getByRole("group", { name: "Strict" })).toContainText("does not match");
  await expect(page.locator(".verdict").nth(1)).toContainText("does not match");
});

test("a metric filter is changed, and deleted after a question", async ({ openLogs }) => {
  const { page, fake } = await openLogs("/logs/filters");
  await expect(page.locator("[data-filter]")).toHaveCount(FILTERS.length);
  await page.getByRole("link", { name: "warnings" }).click();
  const editor = panel(page, "filter-editor");
  await expect(editor.getByLabel("Name of the filter")).toBeDisabled();
  await editor.getByLabel(/^Default/).fill("none");
  await editor.getByRole("button", { name: "Save changes" }).click();
  await expect(editor).toContainText("The default value is a number.");
  await editor.getByLabel(/^Default/).fill("2.5");
  await editor.getByRole("button", { name: "Save changes" }).click();
  await expect(page.locator('[data-filter="warnings"]')).toContainText("2.5");
  await page.getByRole("link", { name: "warnings" }).click();
  await editor.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Keep it" }).click();
  expect(fake.filters).toHaveLength(FILTERS.length);
  await editor.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the filter" }).click();
  await expect(page.locator("[data-filter]")).toHaveCount(FILTERS.length - 1);
  await expect(page).toHaveURL(/\/logs\/filters$/);
});

test("a subscription filter that does not arrive says why and when it is tried again", async ({ openLogs }) => {
  const { page } = await openLogs("/logs/filters");
  await expect(page.locator('[data-subscription="archive"]')).toContainText("Arrives");
  const siem = page.locator('[data-subscription="siem"]');
  await expect(siem).toContainText("Not arriving");
  await expect(siem).toContainText(/the endpoint answered 503; 14 tries since .*, again in 2 min/);
});

test("no subscription filter yet says how one is made", async ({ openLogs }) => {
  const { page } = await openLogs("/logs/filters", { subscriptions: [] });
  await expect(panel(page, "subscriptions")).toContainText("aws logs put-subscription-filter");
});

test("no metric filter yet says what one is", async ({ openLogs }) => {
  const { page } = await openLogs("/logs/filters", { filters: [] });
  await expect(panel(page, "filters")).toContainText("There is no metric filter yet.");
  await page.getByRole("button", { name: "New filter" }).click();
  await expect(panel(page, "filter-editor")).toBeVisible();
});
