// Does every view say what is wrong when it has nothing to show? Each face is forced for each view; a view without one,
// and a panel that is not in the table, fail.
import type { Page, Route } from "@playwright/test";
import { expect, forgetBroken, panel, test, type World, type Worlds } from "./worlds";
import { run } from "./servers";
import { VIEWS, type View } from "./views";

type Face = "loading" | "empty" | "no-match" | "error" | "stale";

interface Forced {
  world(worlds: Worlds): World;
  /** The address that shows the face. */
  address(view: View): string;
  before?(page: Page): Promise<unknown>;
  /** Words that the face must say. */
  words: RegExp;
}

const isQuestion = (url: URL): boolean => url.pathname.startsWith("/api/v1/") && !/\/(session|stream)$/.test(url.pathname);
const refuse = (route: Route): Promise<void> =>
  route.fulfill({ status: 503, headers: { "x-request-id": "req-77" }, json: { error: { code: "not_now", message: "the store is busy; try again" } } });
const ofNobody = (view: View): string => (view.name === "request" ? "/requests/corr_nobody" : view.name === "candidates" ? "/go/corr_nobody" : `${view.path}?wallet=NoSuchWallet`);

const FACES: Record<Face, Forced> = {
  loading: {
    world: (worlds) => worlds.steady,
    address: (view) => view.path,
    before: (page) => page.route(isQuestion, () => new Promise<void>(() => undefined)),
    words: /Loading|Still querying/,
  },
  empty: { world: (worlds) => worlds.empty, address: (view) => view.path, words: /No data source yet|AWS_ENDPOINT_URL/ },
  "no-match": { world: (worlds) => worlds.steady, address: ofNobody, words: /No request/ },
  error: {
    world: (worlds) => worlds.steady,
    address: (view) => view.path,
    before: (page) => page.route(isQuestion, refuse),
    words: /the store is busy; try again/,
  },
  stale: {
    world: (worlds) => worlds.steady,
    address: (view) => view.path,
    before: (page) => page.route(/\/api\/v1\/stream/, (route) => route.abort()),
    words: /not live since/,
  },
};

for (const [face, forced] of Object.entries(FACES)) {
  for (const view of VIEWS) {
    test(`${view.name} when ${face}`, async ({ worlds, open, closeAll, complaints }) => {
      const page = await open(forced.world(worlds), forced.address(view), forced.before ? { before: forced.before } : {});
      await expect(page.locator("[data-panel]").first()).toBeVisible();
      for (const name of view.panels) {
        await expect(panel(page, name), name).toHaveAttribute("data-face", face);
        await expect(panel(page, name), name).toContainText(forced.words);
      }
      const found = await page.locator("[data-panel]").evaluateAll((all) => all.map((each) => each.getAttribute("data-panel")));
      expect(found.filter((name) => !view.panels.includes(name ?? "")), "panels that are not in the table").toEqual([]);
      if (view.name === "ops") await page.screenshot({ path: `test-results/shots/face-${face}.png` });
      // A page that is not answered goes on asking.
      await closeAll();
      forgetBroken(complaints);
    });
  }
}

test("the first view of an empty server says how to connect a source, and fills by itself", async ({ worlds, open }) => {
  const page = await open(worlds.empty, "/ops");
  await expect(panel(page, "cards")).toContainText(`AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=${worlds.empty.url}`);
  await expect(panel(page, "cards")).toContainText("AWS_SHARED_CREDENTIALS_FILE=");
});

test("a question that takes long can be cancelled and asked again", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/errors?from=now-7d", { before: (opened) => opened.route(isQuestion, () => new Promise<void>(() => undefined)) });
  const first = panel(page, "errors-over-time");
  await expect(first).toContainText("Still querying now-7d to now");
  await first.getByRole("button", { name: "Cancel" }).click();
  await expect(first).toContainText("The question was cancelled.");
  await page.unroute(isQuestion);
  await first.getByRole("button", { name: "Try again" }).click();
  await expect(first).toHaveAttribute("data-face", "ready");
});

test("an error is one panel's, names its request and can be tried again", async ({ worlds, open, complaints }) => {
  const heat = (url: URL): boolean => url.pathname.endsWith("/heatmap");
  const page = await open(worlds.steady, "/ops", { before: (opened) => opened.route(heat, refuse) });
  const failed = panel(page, "heat");
  await expect(failed).toContainText("req-77");
  await expect(panel(page, "trend")).toHaveAttribute("data-face", "ready");
  await page.unroute(heat);
  await failed.getByRole("button", { name: "Try again" }).click();
  await expect(failed).toHaveAttribute("data-face", "ready");
  forgetBroken(complaints);
});

test("no match names the filters and takes them away", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops?wallet=NoSuchWallet");
  await expect(panel(page, "cards").locator(".chip")).toContainText("NoSuchWallet");
  await panel(page, "cards").getByRole("button", { name: "Remove all filters" }).click();
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  await expect(page).not.toHaveURL(/NoSuchWallet/);
});

test("somebody who is not signed in is told how, and comes back to the page", async ({ browser, worlds }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${worlds.steady.url}/errors?wallet=ApplePay`);
  await expect(page.getByRole("heading", { name: "Sign in to Walletscope" })).toBeVisible();
  await expect(page.locator("pre")).toContainText("walletscope sign-in-link");
  await page.getByLabel("Sign-in link", { exact: true }).fill("not a link");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("This is no sign-in link.")).toBeVisible();
  const printed = await run("sign-in-link", "--data", worlds.steady.folder, "--listen", new URL(worlds.steady.url).host);
  await page.getByLabel("Sign-in link", { exact: true }).fill(printed.trim().split(/\s+/).at(-1) ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/errors\?wallet=ApplePay$/);
  await expect(panel(page, "errors-table")).toHaveAttribute("data-face", "ready");
  await context.close();
});
