// Is every page right to look at, in both themes and at two widths? Screenshots are kept for eyes.
import type { Page } from "@playwright/test";
import { expect, panel, test } from "./worlds";
import { PAGES } from "../src/shell/pages";
import { canvasColours, expectRight, overflow, photograph, problems, settled } from "./looks";
import { OWN_VIEWS, VIEWS } from "./views";

test("every page of the rail is looked at", () => {
  expect(PAGES.map((each) => each.path).filter((path) => ![...VIEWS, ...OWN_VIEWS].some((view) => view.path === path))).toEqual([]);
});

for (const view of VIEWS) {
  for (const theme of ["light", "dark"] as const) {
    for (const width of [1440, 390]) {
      test(`${view.name}, ${theme}, ${width} pixels`, async ({ worlds, open }) => {
        const page = await open(worlds.steady, view.path, { theme, width });
        for (const name of view.panels) await expect(panel(page, name)).toHaveAttribute("data-face", "ready");
        await expectRight(page, view.first);
        await photograph(page, `${view.name}-${theme}-${width}`, width);
      });
    }
  }
}

test("every drawing can be read as a table, and says in words what it shows", async ({ worlds, open }) => {
  const drawings: Record<string, number> = { "/ops": 4, "/errors": 1, "/performance": 3, "/funnel": 1 };
  for (const [path, expected] of Object.entries(drawings)) {
    const page = await open(worlds.steady, path);
    const switches = page.getByRole("button", { name: /as a table$/ });
    await expect(switches).toHaveCount(expected);
    for (const words of await page.locator('[role="img"]').evaluateAll((all) => all.map((each) => each.getAttribute("aria-label") ?? ""))) {
      expect(words, path).toMatch(/\d/);
    }
    for (let place = 0; place < expected; place += 1) {
      const name = (await switches.nth(place).getAttribute("aria-label")) ?? "";
      await switches.nth(place).click();
      expect(await page.getByRole("group", { name }).locator("tbody tr").count(), name).toBeGreaterThan(2);
    }
  }
});

const OVERLAYS: Record<string, (page: Page) => Promise<void>> = {
  "time range": (page) => page.getByTestId("range").click(),
  "filter by wallet": (page) => page.getByRole("button", { name: /^Wallet:/ }).click(),
  "all filters": (page) => page.getByRole("button", { name: "Filter", exact: true }).click(),
  "saved views": (page) => page.getByRole("button", { name: "Views" }).click(),
  "copy link": (page) => page.getByRole("button", { name: "Copy link" }).click(),
  "keyboard sheet": (page) => page.keyboard.press("?"),
  palette: (page) => page.keyboard.press("Control+k"),
};

for (const theme of ["light", "dark"] as const) {
  test(`what opens above a page is right too, ${theme}`, async ({ worlds, open }) => {
    const page = await open(worlds.steady, "/ops", { theme });
    await expect(panel(page, "geography")).toHaveAttribute("data-face", "ready");
    for (const [name, show] of Object.entries(OVERLAYS)) {
      await show(page);
      await expect(page.getByRole("dialog"), name).toBeVisible();
      await page.waitForTimeout(300);
      expect(await problems(page), name).toEqual([]);
      await page.screenshot({ path: `test-results/shots/above-${name.replaceAll(" ", "-")}-${theme}.png` });
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog"), name).toHaveCount(0);
    }
  });
}

test("what is wrong with a page is found", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  await page.evaluate(() => {
    const planted = document.createElement("div");
    planted.innerHTML = '<button></button><p style="color:#bbb;background:#fff">hard to read</p><div style="width:3000px">wide</div><div><canvas width="9" height="9"></canvas></div>';
    document.querySelector("main")?.append(planted);
  });
  const found = await problems(page);
  expect(found.join(" ")).toContain("button-name");
  expect(found.join(" ")).toContain("color-contrast");
  expect(await overflow(page)).toBeGreaterThan(0);
  expect(Math.min(...(await canvasColours(page)))).toBeLessThanOrEqual(8);
});

test("the rail covers nothing on a narrow screen, and opens and closes", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops", { width: 390 });
  await page.locator('[data-card="failure-rate"]').click();
  await expect(page).toHaveURL(/\/errors/);
  await page.getByRole("button", { name: "Navigation" }).click();
  await page.getByRole("link", { name: "Step-up funnel" }).click();
  await expect(page).toHaveURL(/\/funnel/);
  await expect(page.getByRole("link", { name: "Step-up funnel" })).not.toBeInViewport();
});

test("the first paint of /ops needs at most 300 kB", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  for (const name of ["cards", "trend", "feed", "geography"]) await expect(panel(page, name)).toHaveAttribute("data-face", "ready");
  const { needed, all } = await page.evaluate(async () => {
    // Needed is what the document itself names; fonts are swapped in, and the map comes afterwards.
    const html = new DOMParser().parseFromString(await (await fetch("/ops", { headers: { accept: "text/html" } })).text(), "text/html");
    const named = [...html.querySelectorAll("script[src], link[rel=stylesheet], link[rel=modulepreload]")].map((each) => new URL(each.getAttribute("src") ?? each.getAttribute("href") ?? "", location.href).href);
    const files = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")] as PerformanceResourceTiming[];
    const sum = (some: PerformanceResourceTiming[]): number => some.reduce((bytes, file) => bytes + file.transferSize, 0);
    const ours = files.filter((file) => !file.name.includes("/api/"));
    return { needed: sum(ours.filter((file) => named.includes(file.name) || file.entryType === "navigation")), all: sum(ours) };
  });
  console.log(`first paint ${Math.round(needed / 1_000)} kB, everything ${Math.round(all / 1_000)} kB`);
  expect(needed).toBeGreaterThan(150_000);
  expect(needed).toBeLessThanOrEqual(300_000);
});

for (const deficiency of ["deuteranopia", "achromatopsia"] as const) {
  test(`outcomes can be told apart with ${deficiency}`, async ({ worlds, open }) => {
    const page = await open(worlds.steady, "/ops?abandoned=1");
    await expect(panel(page, "trend")).toHaveAttribute("data-face", "ready");
    await settled(page);
    const session = await page.context().newCDPSession(page);
    await session.send("Emulation.setEmulatedVisionDeficiency", { type: deficiency });
    // Colours as these eyes see them, read off pictures of the legend.
    const seen = await Promise.all((await page.locator('[data-panel="trend"] .legend svg').all()).map(async (swatch) => inkOf(page, (await swatch.screenshot()).toString("base64"))));
    if (deficiency === "deuteranopia") {
      for (const [place, one] of seen.slice(0, 3).entries()) {
        for (const other of seen.slice(place + 1, 3)) expect(Math.hypot(...one.map((value, channel) => value - (other[channel] ?? 0)))).toBeGreaterThan(40);
      }
    } else {
      for (const [red, green, blue] of seen) expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(12);
    }
    // Not by colour alone: each line has dashes of its own, each status an icon and a word.
    const dashes = await page.locator('[data-panel="trend"] .legend svg line').evaluateAll((lines) => lines.map((line) => line.getAttribute("stroke-dasharray")));
    expect(new Set(dashes).size).toBe(dashes.length);
    const drawings = await page.locator(".status").evaluateAll((all) => [...new Map(all.map((each) => [each.textContent, each.querySelector("path")?.getAttribute("d")])).entries()]);
    expect(new Set(drawings.map(([, drawing]) => drawing)).size).toBe(drawings.length);
    expect(drawings.length).toBeGreaterThanOrEqual(2);
    await photograph(page, `ops-${deficiency}`, 1440);
  });
}

/** The colour in a picture that differs most from its first pixel. */
async function inkOf(page: Page, png: string): Promise<[number, number, number]> {
  return page.evaluate(async (text) => {
    const image = new Image();
    image.src = `data:image/png;base64,${text}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context?.drawImage(image, 0, 0);
    const data = context?.getImageData(0, 0, image.width, image.height).data ?? [];
    let [ink, most] = [[0, 0, 0] as [number, number, number], -1];
    for (let at = 0; at < data.length; at += 4) {
      const pixel = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0] as [number, number, number];
      const distance = Math.hypot(...pixel.map((value, channel) => value - (data[channel] ?? 0)));
      if (distance > most) [ink, most] = [pixel, distance];
    }
    return ink;
  }, png);
}
