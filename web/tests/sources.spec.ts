// Does the page of the sources say who sends what, and what to mend? Its answers are the tests' own.
import type { Page, Route } from "@playwright/test";
import type { SourcesAnswer } from "../src/api/sources";
import { expectRight, overflow, photograph, problems } from "./looks";
import { many, source, SOURCES } from "./sourcesAnswers";
import { OWN_VIEWS } from "./views";
import { expect, forgetBroken, panel, test } from "./worlds";

const VIEW = OWN_VIEWS.find((view) => view.name === "sources");
const isSources = (url: URL): boolean => url.pathname === "/api/v1/sources";

function answered(answer: SourcesAnswer): { before(page: Page): Promise<void> } {
  return { before: (page) => page.route(isSources, (route) => route.fulfill({ json: answer })).then(() => undefined) };
}

const shown = (page: Page, name: string): ReturnType<Page["locator"]> => page.locator(`[data-source="${name}"]`);
const names = (page: Page): Promise<(string | null)[]> => page.locator("[data-source]").evaluateAll((all) => all.map((each) => each.getAttribute("data-source")));

for (const theme of ["light", "dark"] as const) {
  for (const width of [1440, 390]) {
    test(`it is right to look at, ${theme}, ${width} pixels`, async ({ worlds, open }) => {
      const page = await open(worlds.steady, "/sources", { theme, width, ...answered(SOURCES) });
      await expect(panel(page, "sources")).toHaveAttribute("data-face", "ready");
      expect(await page.locator("[data-panel]").evaluateAll((all) => all.map((each) => each.getAttribute("data-panel")))).toEqual(VIEW?.panels);
      await expectRight(page, VIEW?.first ?? "");
      await photograph(page, `sources-${theme}-${width}`, width);
      await page.getByRole("button", { name: "gateway", exact: true }).click();
      await expectRight(page, VIEW?.first ?? "");
      await photograph(page, `sources-opened-${theme}-${width}`, width);
    });
    test(`no source yet is right to look at, ${theme}, ${width} pixels`, async ({ worlds, open }) => {
      const page = await open(worlds.empty, "/sources", { theme, width, ...answered({ ...SOURCES, sources: [] }) });
      await expect(panel(page, "sources")).toContainText("No data source yet.");
      await expect(panel(page, "sources")).toContainText(`AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=${worlds.empty.url}`);
      await expectRight(page, '[data-panel="sources"] pre');
      await photograph(page, `sources-empty-${theme}-${width}`, width);
    });
  }
}

test("no figure sticks out of its place at any width", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/sources", answered(SOURCES));
  await page.getByRole("button", { name: "gateway", exact: true }).click();
  for (const width of [320, 390, 900, 1_000, 1_279, 1_280]) {
    await page.setViewportSize({ width, height: 900 });
    await expect.poll(() => overflow(page), String(width)).toBeLessThanOrEqual(0);
    const wide = await page.locator("[data-source] dd, [data-source] li, [data-list]").evaluateAll((all) => all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent));
    expect(wide, String(width)).toEqual([]);
    if (width === 900) await photograph(page, "sources-900", width);
  }
});

test("keys lead there, errors come first, and each hint says what is wrong and what to do", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/requests", answered(SOURCES));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/\/sources$/);
  await expect(page.getByRole("link", { name: "Sources" })).toHaveAttribute("aria-current", "page");
  await expect(panel(page, "sources").getByRole("heading", { level: 2 })).toHaveText("6 sources, 1 silent, 2 with errors, 1 with warnings");
  expect(await names(page)).toEqual(["gateway", "issuer-callbacks", "device-agent", "audit-trail", "cloudwatch-agent", "token-provisioning-service"]);
  const hints = shown(page, "gateway").locator("[data-hint]");
  await expect(hints).toHaveCount(9);
  await expect(hints.nth(0)).toContainText("312 calls or events were refused and are in no number, most at PutLogEvents");
  await expect(hints.nth(2)).toHaveText(/Error.*17 events held a card number, which was cut\..*Never log a card number: .* mend its writer\./);
  await expect(hints.nth(1)).toContainText("810,174 of 31,402,118 events have no id");
  await expect(hints.nth(5).locator("code")).toHaveText("event");
  await expect(hints.nth(6)).toContainText("Warning");
  await expect(hints.nth(2)).toContainText("Last 3.6 h ago");
  await expect(shown(page, "token-provisioning-service").locator("[data-hint]")).toHaveCount(0);
});

test("a silent source says since when, with the exact time on hover and in the page's zone", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/sources", answered(SOURCES));
  const silent = shown(page, "issuer-callbacks");
  await expect(silent.locator(".source-head")).toContainText("Silent");
  await expect(silent.locator(".source-head")).toContainText("last seen 25 min ago");
  await expect(silent.locator("time").first()).toHaveAttribute("title", "2026-11-22 11:40:00.512");
  await expect(silent.locator('[data-hint="silent"]')).toContainText("Nothing came since 2026-11-22 11:40:00.");
  await expect(silent.locator('[data-hint="silent"]')).toContainText("See whether the function, its log subscription or its agent still runs");
  await expect(silent.getByRole("img", { name: /at most \d+, nothing in the newest 24 minutes$/ })).toBeVisible();
  await expect(shown(page, "gateway").locator(".source-head")).toContainText("Live");
  await expect(shown(page, "gateway").locator(".source-head")).toContainText("last seen 11 s ago");
});

test("the figures of a source are the server's, and what does not apply to it is no zero", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/sources", answered(SOURCES));
  const figure = (name: string, of: string): ReturnType<Page["locator"]> => shown(page, name).locator(`[data-figure="${of}"] dd`);
  await expect(figure("gateway", "rate")).toContainText("1,205");
  await expect(figure("gateway", "coverage")).toHaveText("97.4 %n = 31,402,118, 810,174 without an id");
  await expect(figure("gateway", "kinds")).toHaveText("Logs 48,211,004Spans 1,204,331");
  await expect(figure("gateway", "guarded")).toHaveText("17");
  await expect(figure("gateway", "delay")).toContainText("310 ms");
  await expect(figure("device-agent", "delay")).toContainText("3 min ahead");
  await expect(figure("device-agent", "rate")).toContainText("3.2");
  await expect(figure("audit-trail", "coverage")).toHaveText("–no event of the contract");
  await expect(figure("audit-trail", "kinds")).toHaveText("Audit 12,408");
  await expect(figure("audit-trail", "delay")).toHaveText("–");
});

test("opened, a source names unknown events, spellings and what came late, ahead or without ids", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/sources", answered(SOURCES));
  const gateway = shown(page, "gateway");
  const toggle = page.getByRole("button", { name: "gateway", exact: true });
  await expect(toggle).toHaveAttribute("aria-expanded", "false");
  await toggle.press("Enter");
  await expect(toggle).toHaveAttribute("aria-expanded", "true");
  await expect(gateway.locator('[data-list="unknown"] tbody tr')).toHaveText(["TOKEN_MADE41,204", "TOKEN_PROVISION_STARTED1,310", "com.example.gateway.handlers.ProvisioningHandler.afterComplete3"]);
  await expect(gateway.locator('[data-list="drift"] th.mono')).toHaveText(["walletProvider", "issuer"]);
  await expect(gateway.locator('[data-list="drift"]')).toContainText("apple_pay1,204");
  for (const fact of ["Late, by more than 15 min402", "Ahead, by more than 1 min0", "Without any id810,174", "Without a correlation id1,204,008", "Log events33,118,204", "Last seen2026-11-22 12:04:31.812"]) await expect(gateway.locator(".source-more")).toContainText(fact);
  await expect(gateway.locator('[data-list="times"] tbody tr')).toHaveText(["timestampISO 8601 in UTC24,118,004", "@timestampmilliseconds since 19706,020,118", "start of the lineISO 8601 without a zone1,204"]);
  await expect(gateway.locator('[data-list="times"]')).toContainText("The newest one is 2.0 h ahead of its event's time.");
  await expect(gateway.locator('[data-list="emf"] tbody tr')).toHaveCount(2);
  await expect(gateway.locator('[data-list="emf"] tbody tr').first()).toHaveText(/The unit is none of CloudWatch's\._aws\.CloudWatchMetrics\[0\]\.Metrics\[1\] \("ProvisioningLatencyOfTheSlowestIssuer"\).*1,204,118/);
  await expect(gateway).toContainText("In the last 24 h");
  await expect(page.locator("main")).toContainText("counts and hints of the last 24 h");
  await page.getByRole("button", { name: "audit-trail" }).click();
  await expect(shown(page, "audit-trail").locator('[data-list="emf"]')).toContainText("No message in embedded metric format.");
  await expect(shown(page, "audit-trail").locator('[data-list="unknown"]')).toContainText("None.");
  await toggle.click();
  await expect(gateway.locator('[data-list="unknown"]')).toHaveCount(0);
});

test("many sources are shown in part, the worst first, and all when asked for; long names break", async ({ worlds, open }) => {
  const answer = many(240);
  const long = source("arn:aws:lambda:eu-central-1:123456789012:function:a-name-that-is-as-long-as-names-may-be-and-has-no-blank", { unknownEvents: Array.from({ length: 20 }, (_, place) => ({ name: `UNKNOWN_${place}`, count: 20 - place })) });
  const page = await open(worlds.steady, "/sources", { width: 390, ...answered({ ...answer, sources: [long, ...answer.sources] }) });
  await expect(page.locator("[data-source]")).toHaveCount(50);
  expect((await names(page)).slice(0, 26).filter((name) => !name?.endsWith("7"))).toEqual([long.name, "function-0000"]);
  await expect(panel(page, "sources")).toContainText("The first 50 of 241 sources, the worst first.");
  await page.getByRole("button", { name: long.name }).click();
  await expect(shown(page, long.name)).toContainText("At most 20 names are kept; events of others are only counted.");
  await expectRight(page, `[data-source="${long.name}"] .source-more`);
  await page.getByRole("button", { name: "Show all" }).click();
  await expect(page.locator("[data-source]")).toHaveCount(241);
  await page.screenshot({ path: "test-results/shots/sources-many-390.png" });
});

test("it is asked again every ten seconds, stays as opened, and keeps old numbers when it is not answered", async ({ worlds, open, closeAll, complaints }) => {
  let asked = 0;
  const answer = (route: Route): Promise<void> => {
    asked += 1;
    if (asked > 2) return route.fulfill({ status: 503, json: { error: { code: "not_now", message: "the store is busy" } } });
    return route.fulfill({ json: { ...SOURCES, sources: [source("gateway", { guarded: asked })] } });
  };
  const page = await open(worlds.steady, "/sources", { before: (opened) => opened.route(isSources, answer) });
  const guarded = shown(page, "gateway").locator('[data-figure="guarded"] dd');
  await expect(guarded).toHaveText("1");
  await page.getByRole("button", { name: "gateway" }).click();
  await expect(guarded).toHaveText("2", { timeout: 15_000 });
  await expect(page.getByRole("button", { name: "gateway" })).toHaveAttribute("aria-expanded", "true");
  await expect(panel(page, "sources")).toContainText("not refreshed: the store is busy", { timeout: 15_000 });
  await expect(guarded).toHaveText("2");
  await closeAll();
  forgetBroken(complaints);
});

test("loading, an error with another try, and then the sources", async ({ worlds, open, complaints }) => {
  const page = await open(worlds.steady, "/sources", { before: (opened) => opened.route(isSources, () => new Promise<void>(() => undefined)) });
  await expect(panel(page, "sources")).toHaveAttribute("data-face", "loading");
  await page.unroute(isSources);
  await page.route(isSources, (route) => route.fulfill({ status: 503, headers: { "x-request-id": "req-81" }, json: { error: { code: "not_now", message: "the store is busy" } } }));
  await page.reload();
  await expect(panel(page, "sources")).toHaveAttribute("data-face", "error");
  await expect(panel(page, "sources")).toContainText("the store is busy");
  await expect(panel(page, "sources")).toContainText("req-81");
  expect(await problems(page)).toEqual([]);
  await page.screenshot({ path: "test-results/shots/sources-error.png" });
  await page.unroute(isSources);
  await page.route(isSources, (route) => route.fulfill({ json: SOURCES }));
  await panel(page, "sources").getByRole("button", { name: "Try again" }).click();
  await expect(page.locator("[data-source]")).toHaveCount(6);
  forgetBroken(complaints);
});
