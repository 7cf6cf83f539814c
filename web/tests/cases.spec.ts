// Does the page stand unusual data: none at all, one attempt, a very long name, a clock that is wrong?
import { attempt, send } from "./servers";
import { expect, panel, test } from "./worlds";

const LONG = `${"Very_Long_Issuer_Name_".repeat(14)}`.slice(0, 300);

test("without a full period before nothing is said to have grown", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops?from=now-1h");
  await expect(page.locator('[data-card="requests"]')).toContainText("%");
  await expect(page.locator('[data-card="requests"]')).not.toContainText("no full period before");
  await page.goto(`${worlds.steady.url}/ops?from=now-24h`);
  await expect(page.locator('[data-card="requests"]')).toContainText("no full period before");
  await expect(page.locator('[data-card="requests"]')).not.toContainText("%");
});

test("one attempt: no rate pretends to be sure", async ({ worlds, open }) => {
  const page = await open(worlds.one, "/ops?issuer=DEMO_Bank&device=iPhone+17");
  await expect(page.locator('[data-card="requests"] [data-value]')).toHaveText("1");
  await expect(page.locator('[data-card="success-rate"]')).toContainText(/n 1, 95 %: \d.*few/);
  await expect(page.locator('[data-card="processing-time"] [data-value]')).toHaveText("1.25 s");
  await expect(page.locator("[data-attempt]")).toHaveCount(1);
  for (const path of ["/errors", "/performance", "/funnel", "/requests"]) {
    await page.goto(`${worlds.one.url}${path}?device=iPhone+17`);
    await expect(page.locator("[data-panel]").first()).not.toHaveAttribute("data-face", "loading");
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  }
});

for (const width of [1440, 390]) {
  test(`a name of 300 characters breaks nothing at ${width} pixels`, async ({ worlds, open }) => {
    await send(worlds.one, attempt(`corr_long_${width}`, { issuer: LONG, end: "FAILURE", reasonCode: "ISSUER_TIMEOUT", walletProvider: "LongWallet" }));
    const page = await open(worlds.one, "/ops?wallet=LongWallet", { width });
    await expect(panel(page, "issuers")).toContainText("Very_Long_Issuer_Name");
    for (const path of ["/ops", "/errors?by=issuer", "/performance?by=issuer", "/funnel?by=issuer", "/requests", `/requests/corr_long_${width}`]) {
      await page.goto(`${worlds.one.url}${path}${path.includes("?") ? "&" : "?"}wallet=LongWallet&issuer=${LONG}`);
      await expect(page.locator("[data-panel]").first()).toHaveAttribute("data-face", "ready");
      await expect(page.locator('[data-face="loading"]')).toHaveCount(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
      await expect(page.locator("h1")).toBeInViewport();
    }
    await page.screenshot({ path: `test-results/shots/long-name-${width}.png` });
  });
}

for (const minutes of [-5, 5]) {
  test(`a browser whose clock is ${minutes} minutes off shows the server's times and says so`, async ({ worlds, open }) => {
    const page = await open(worlds.live, "/ops?from=now-15m", {
      before: (opened) =>
        opened.addInitScript((shift) => {
          const real = Date.now.bind(Date);
          const Real = Date;
          const moved = (): number => real() + shift;
          Object.assign(globalThis, {
            Date: new Proxy(Real, {
              construct: (target, given: []) => (given.length === 0 ? new target(moved()) : new target(...given)),
              get: (target, name) => (name === "now" ? moved : Reflect.get(target, name)),
            }),
          });
        }, minutes * 60_000),
    });
    await expect(page.getByText(`this machine’s clock is 5 min ${minutes > 0 ? "ahead" : "behind"}`)).toBeVisible();
    await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
    await expect(page.getByTestId("freshness")).toHaveText(/lag \d s/);
    const shown = await page.getByTestId("freshness").innerText();
    const clock = /(\d{2}):(\d{2}):(\d{2})/.exec(shown);
    const seconds = Number(clock?.[1]) * 3_600 + Number(clock?.[2]) * 60 + Number(clock?.[3]);
    const now = (Date.now() / 1_000) % 86_400;
    expect(Math.abs(now - seconds)).toBeLessThan(30);
  });
}
