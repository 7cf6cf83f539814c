// Does the page follow what happens: at once, without loss or repeat, with one connection for all tabs, and does it
// say when it does not?
import type { Page } from "@playwright/test";
import { attempt, api, eventually, pause, playOn, send, start, stop } from "./servers";
import { Wire } from "./wire";
import { expect, forgetBroken, panel, test } from "./worlds";

interface Requests { requests: { id: string }[] }

const ids = (page: Page): Promise<(string | null)[]> => page.locator('[data-panel="feed"] [data-attempt]').evaluateAll((rows) => rows.map((row) => row.getAttribute("data-attempt")));
const requests = (page: Page): Promise<number> => page.locator('[data-card="requests"] [data-value]').innerText().then((text) => Number(text.replaceAll(",", "")));

test("a record changes the card, the feed and the chart within a second or so", async ({ worlds, open }) => {
  const page = await open(worlds.one, "/ops?wallet=LiveWallet");
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  const id = `corr_live_${Date.now()}`;
  await send(worlds.one, attempt(id, { walletProvider: "LiveWallet", end: null, device: "iPhone 18" }));
  const row = page.locator(`[data-attempt="corr:${id}"]`);
  await expect(row).toContainText("Pending", { timeout: 3_000 });
  await expect(page.locator('[data-card="requests"] [data-value]')).toHaveText("1", { timeout: 3_000 });
  await send(worlds.one, [{ event: "TOKEN_PROVISION_SUCCESS", correlationId: id, processingTime: 1.245 }]);
  await expect(row).toContainText("Success", { timeout: 3_000 });
  await expect(row).toContainText("Approved");
  await expect(row).toContainText("1.25 s");
  await expect(page.locator('[data-card="success-rate"] [data-value]')).toHaveText("100.0 %");
});

test("the newest arrival is on top, and a late one is marked", async ({ worlds, open }) => {
  const page = await open(worlds.one, "/ops?wallet=LateWallet");
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  await send(worlds.one, attempt("corr_on_time", { walletProvider: "LateWallet" }));
  await expect(page.locator('[data-attempt="corr:corr_on_time"]')).toBeVisible();
  await send(worlds.one, attempt("corr_late", { walletProvider: "LateWallet", at: Date.now() - 20 * 60_000 }));
  await expect(page.locator("[data-attempt]").first()).toHaveAttribute("data-attempt", "corr:corr_late");
  await expect(page.locator('[data-attempt="corr:corr_late"]')).toContainText("late by 20 min");
  await expect(page.locator('[data-attempt="corr:corr_on_time"]')).not.toContainText("late by");
});

test("pause holds the feed and counts what is new; continue shows it", async ({ worlds, open }) => {
  const page = await open(worlds.live, "/ops?from=now-15m");
  await expect(panel(page, "feed")).toHaveAttribute("data-face", "ready");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.mouse.move(5, 5);
  const before = await ids(page);
  await expect(page.getByTestId("feed-new")).toHaveText(/^\d+ new$/, { timeout: 15_000 });
  expect(await ids(page)).toEqual(before);
  await page.getByTestId("feed-new").click();
  await page.mouse.move(5, 5);
  await expect.poll(() => ids(page)).not.toEqual(before);
  // Who has scrolled down reads there: nothing moves under the eyes.
  await page.locator('[data-panel="feed"] .scroll-y').evaluate((box) => box.scrollTo({ top: 300 }));
  await expect(page.getByTestId("feed-new")).toBeVisible({ timeout: 15_000 });
  await page.getByTestId("feed-new").click();
  await page.mouse.move(5, 5);
  await page.keyboard.press("p");
  await expect(page.getByRole("button", { name: "Continue" })).toBeVisible();
});

test("at most four updates a second reach the page", async ({ worlds, open }) => {
  // A hundred requests a second: each would change the card.
  const player = playOn(worlds.live, "--seed", "9", "--rate", "100", "--history", "0s", "--for", "10s");
  const page = await open(worlds.live, "/ops?from=now-15m");
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  const before = await requests(page);
  const changes = await page.evaluate(
    () =>
      new Promise<number>((done) => {
        let count = 0;
        const value = document.querySelector('[data-card="requests"] [data-value]');
        const watch = new MutationObserver(() => (count += 1));
        if (value) watch.observe(value, { characterData: true, childList: true, subtree: true });
        setTimeout(() => done(count), 4_000);
      }),
  );
  expect((await requests(page)) - before).toBeGreaterThan(50);
  expect(changes).toBeGreaterThan(3);
  expect(changes).toBeLessThanOrEqual(17);
  process.kill(player, "SIGTERM");
});

test("after a lost connection nothing is missing and nothing is twice", async ({ open, closeAll, complaints }) => {
  const server = await start();
  const wire = await Wire.open(server.url);
  try {
    const storage = await signIn(server.link);
    const page = await open({ ...server, url: wire.url, storage, players: [] }, "/ops");
    await send(server, attempt("corr_before"));
    await expect(page.locator('[data-attempt="corr:corr_before"]')).toBeVisible();
    const freshness = page.getByTestId("freshness");
    wire.cut();
    await expect(freshness).toHaveAttribute("data-state", "stale");
    await send(server, [...attempt("corr_during_1"), ...attempt("corr_during_2")]);
    await pause(1_000);
    await expect(page.locator('[data-attempt="corr:corr_during_1"]')).toHaveCount(0);
    wire.mend();
    await expect(freshness).toHaveAttribute("data-state", "live", { timeout: 20_000 });
    await send(server, attempt("corr_after"));
    for (const id of ["corr_before", "corr_during_1", "corr_during_2", "corr_after"]) {
      await expect(page.locator(`[data-attempt="corr:${id}"]`)).toHaveCount(1);
    }
    await expect.poll(() => requests(page)).toBe(4);
    expect((await ids(page)).length).toBe(4);
    forgetBroken(complaints);
  } finally {
    await closeAll();
    wire.close();
    await stop(server);
  }
});

test("a feed that is paused while the server starts anew shows everything when it goes on", async ({ open, closeAll, complaints }) => {
  const server = await start();
  const port = Number(new URL(server.url).port);
  try {
    const storage = await signIn(server.link);
    const page = await open({ ...server, storage, players: [] }, "/ops");
    await send(server, attempt("corr_seen"));
    await expect(page.locator('[data-attempt="corr:corr_seen"]')).toBeVisible();
    await page.getByRole("button", { name: "Pause" }).click();
    await stop(server, true);
    await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "stale");
    const again = await start(server.folder, port);
    server.pid = again.pid;
    // Before the page comes back: the new run's stream begins after this.
    await send(again, [...attempt("corr_missed_1"), ...attempt("corr_missed_2")]);
    await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live", { timeout: 20_000 });
    await send(again, attempt("corr_later"));
    await pause(1_500);
    await expect(page.locator('[data-attempt="corr:corr_missed_1"]')).toHaveCount(0);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.mouse.move(5, 5);
    for (const id of ["corr_seen", "corr_missed_1", "corr_missed_2", "corr_later"]) {
      await expect(page.locator(`[data-attempt="corr:${id}"]`)).toHaveCount(1);
    }
    forgetBroken(complaints);
  } finally {
    await closeAll();
    await stop(server);
  }
});

test("what the stream does not bring moves along with the live range", async ({ worlds, open }) => {
  test.setTimeout(90_000);
  const asked: string[] = [];
  const page = await open(worlds.live, "/ops?from=now-15m&cmp=prev", {
    before: async (opened) => {
      opened.on("request", (request) => asked.push(new URL(request.url()).pathname));
    },
  });
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  const count = (path: string): number => asked.filter((each) => each === path).length;
  const [metrics, trends] = [count("/api/v1/metrics"), count("/api/v1/trends")];
  await expect.poll(() => count("/api/v1/metrics"), { timeout: 40_000 }).toBeGreaterThan(metrics);
  expect(count("/api/v1/trends")).toBeGreaterThan(trends);
});

test("a server that goes is said at once, and followed when it comes back", async ({ open, closeAll, complaints }) => {
  const server = await start();
  const port = Number(new URL(server.url).port);
  try {
    const storage = await signIn(server.link);
    const page = await open({ ...server, storage, players: [] }, "/ops");
    await send(server, attempt("corr_first"));
    await expect(page.locator('[data-attempt="corr:corr_first"]')).toBeVisible();
    await stop(server, true);
    const freshness = page.getByTestId("freshness");
    await expect(freshness).toHaveText(/stream lost \d.* ago, reconnecting \(\d+\)/);
    await expect(freshness).toHaveAttribute("data-state", "stale");
    await expect(panel(page, "cards")).toHaveAttribute("data-face", "stale");
    const again = await start(server.folder, port);
    server.pid = again.pid;
    await expect(freshness).toHaveAttribute("data-state", "live", { timeout: 20_000 });
    await send(again, attempt("corr_second"));
    await expect(page.locator('[data-attempt="corr:corr_second"]')).toHaveCount(1);
    await expect(page.locator('[data-attempt="corr:corr_first"]')).toHaveCount(1);
    await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
    expect(await requests(page)).toBe(2);
    forgetBroken(complaints);
  } finally {
    // A page that loses its server complains, so it is closed first.
    await closeAll();
    await stop(server);
  }
});

test("two tabs share one connection, and the second takes over when the first goes", async ({ worlds, browser }) => {
  const context = await browser.newContext({ storageState: worlds.live.storage });
  const opened: string[] = [];
  context.on("request", (request) => {
    if (request.url().includes("/api/v1/stream")) opened.push(request.url());
  });
  const first = await context.newPage();
  await first.goto(`${worlds.live.url}/ops?from=now-15m`);
  await expect(first.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  const second = await context.newPage();
  await second.goto(`${worlds.live.url}/ops?from=now-15m`);
  await expect(second.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  await pause(1_000);
  expect(opened.length).toBe(1);
  const shown = await requests(second);
  await expect.poll(() => requests(second), { timeout: 15_000 }).not.toBe(shown);
  await first.close();
  await expect.poll(() => opened.length).toBe(2);
  await expect(second.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  await context.close();
});

test("a hidden tab lets its connection go and catches up when it is seen again", async ({ worlds, open }) => {
  const ended: string[] = [];
  const page = await open(worlds.live, "/ops?from=now-15m", {
    before: async (opened) => {
      opened.on("requestfailed", (request) => ended.push(request.url()));
    },
  });
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  await hide(page, true);
  await expect.poll(() => ended.some((url) => url.includes("/stream"))).toBe(true);
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "off");
  await pause(3_000);
  await hide(page, false);
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  // The feed lacks none of what came meanwhile.
  await expect
    .poll(async () => {
      const known = await api<Requests>(worlds.live, "/requests?from=now-15m&order=arrival&limit=10");
      const shown = new Set(await ids(page));
      return known.requests.slice(2).filter((request) => !shown.has(request.id)).length;
    })
    .toBe(0);
});

test("live can be switched off and on", async ({ worlds, open }) => {
  const page = await open(worlds.live, "/ops?from=now-15m");
  const freshness = page.getByTestId("freshness");
  await expect(freshness).toHaveAttribute("data-state", "live");
  await freshness.click();
  await expect(page).toHaveURL(/live=off/);
  await expect(freshness).toHaveText(/not live/);
  const shown = await requests(page);
  await pause(2_000);
  expect(await requests(page)).toBe(shown);
  await page.goBack();
  await expect(freshness).toHaveAttribute("data-state", "live");
});

test("the numbers that the stream brings are the API's", async ({ worlds, open }) => {
  await eventually<{ numeric: { requests: number } }>(worlds.one, "/metrics", (answer) => answer.numeric.requests > 0);
  const page = await open(worlds.one, "/ops?wallet=SameWallet");
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  await send(worlds.one, [...attempt("corr_same_1", { walletProvider: "SameWallet" }), ...attempt("corr_same_2", { walletProvider: "SameWallet", end: "FAILURE", reasonCode: "TSP_ERROR" }), ...attempt("corr_same_3", { walletProvider: "SameWallet", end: null })]);
  await expect(page.locator('[data-card="requests"] [data-value]')).toHaveText("3");
  const known = await api<{ numeric: { successRate: { value: number }; failureRate: { value: number } } }>(worlds.one, "/metrics?wallet=SameWallet");
  expect(known.numeric.successRate.value).toBe(0.5);
  await expect(page.locator('[data-card="success-rate"] [data-value]')).toHaveText("50.0 %");
  await expect(page.locator('[data-card="failure-rate"] [data-value]')).toHaveText("50.0 %");
  await expect(page.locator('[data-card="requests"]')).toContainText("1 pending");
});

async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
}

let signIns = 0;

/** Signs a browser in by a link and keeps its cookies in a file. */
async function signIn(link: string): Promise<string> {
  const response = await fetch(link, { redirect: "manual" });
  const [name = "", value = ""] = (response.headers.get("set-cookie") ?? "").split(";")[0]?.split("=") ?? [];
  const path = `test-results/signed-in-${(signIns += 1)}.json`;
  const { writeFileSync } = await import("node:fs");
  const cookie = { name, value, domain: new URL(link).hostname, path: "/", expires: -1, httpOnly: true, secure: false, sameSite: "Lax" };
  writeFileSync(path, JSON.stringify({ cookies: [cookie], origins: [] }));
  return path;
}
