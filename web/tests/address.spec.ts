// Is everything that is seen in the address, does Back undo it, and does a click anywhere filter everything?
import type { Page } from "@playwright/test";
import { api } from "./servers";
import { expect, panel, test } from "./worlds";

interface Metrics { numeric: { requests: number; failureRate: { value: number | null; n: number } } }

async function ready(page: Page, ...names: string[]): Promise<void> {
  for (const name of names) await expect(panel(page, name)).toHaveAttribute("data-face", "ready");
}

test("ranges: quick, relative, absolute, shifted, zoomed out, and Back undoes each", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await ready(page, "trend");
  const range = page.getByTestId("range");
  await range.click();
  await page.getByRole("button", { name: "Last hour" }).click();
  await expect(page).toHaveURL(/from=now-1h$/);
  await expect(range).toHaveText("Last hour");
  await page.getByRole("button", { name: "Zoom out" }).click();
  await expect(page).toHaveURL(/from=now-2h/);
  await page.getByRole("button", { name: "Shift to earlier" }).click();
  await expect(page).toHaveURL(/from=\d{4}-.*to=\d{4}-/);
  await page.goBack();
  await expect(page).toHaveURL(/from=now-2h/);
  await page.goBack();
  await expect(page).toHaveURL(/from=now-1h$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/ops$/);
  await range.click();
  await page.getByLabel("From, UTC").fill("2026-11-25 10:00");
  await page.getByLabel("To, UTC").fill("2026-11-25T09:00Z");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("The range must begin before it ends.")).toBeVisible();
  await page.getByLabel("To, UTC").fill("soon");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("Write now-6h")).toBeVisible();
  await page.getByLabel("To, UTC").fill("2026-11-25T11:00Z");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/from=2026-11-25T10:00:00.000Z&to=2026-11-25T11:00:00.000Z/);
  await expect(page.getByTestId("freshness")).toHaveText(/fixed range/);
});

test("UTC and local time", async ({ browser, worlds }) => {
  const context = await browser.newContext({ storageState: worlds.one.storage, timezoneId: "America/New_York" });
  const page = await context.newPage();
  await page.goto(`${worlds.one.url}/requests`);
  const cell = page.locator("[data-row] td").first();
  const utc = await cell.innerText();
  await page.getByRole("button", { name: "UTC", exact: true }).click();
  await expect(page).toHaveURL(/tz=local/);
  await expect(cell).not.toHaveText(utc);
  const hours = (Date.parse(`${utc.replace(" ", "T")}Z`) - Date.parse(`${(await cell.innerText()).replace(" ", "T")}Z`)) / 3_600_000;
  expect([4, 5]).toContain(hours);
  await context.close();
});

test("a click on a legend, bar, row, hour and country filters everything; Alt refuses; the same once more takes it back", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await ready(page, "trend", "reasons", "wallets", "issuers", "geography");
  await page.locator('[data-panel="trend"] .legend button', { hasText: "Failed" }).click();
  await expect(page).toHaveURL(/outcome=FAILED/);
  await ready(page, "reasons");
  await page.locator('[data-panel="reasons"] [data-bar="ISSUER_TIMEOUT"]').click();
  await expect(page).toHaveURL(/reason=ISSUER_TIMEOUT/);
  await page.locator('[data-panel="wallets"] [data-bar="ApplePay"]').click({ modifiers: ["Alt"] });
  await expect(page).toHaveURL(/wallet=!ApplePay/);
  await expect(page.locator(".filterbar .chip")).toHaveCount(3);
  const asked = "/metrics?from=now-3h&to=now&outcome=FAILED&reason=ISSUER_TIMEOUT&wallet=!ApplePay";
  const known = await api<Metrics>(worlds.steady, asked);
  await expect(page.locator('[data-card="requests"] [data-value]')).toHaveText(known.numeric.requests.toLocaleString("en-GB"));
  await page.locator(".filterbar .chip", { hasText: "Wallet" }).getByRole("button", { name: /Remove/ }).click();
  await expect(page).not.toHaveURL(/wallet=/);
  await page.goBack();
  await expect(page).toHaveURL(/wallet=!ApplePay/);
  await page.goto(`${worlds.steady.url}/ops`);
  await ready(page, "geography");
  const country = page.locator('[data-panel="geography"] table button').first();
  await country.click();
  await expect(page).toHaveURL(/country=[A-Z]{2}/);
  await expect(page.locator('[data-panel="geography"] tbody tr')).toHaveCount(1);
  await country.click();
  await expect(page).not.toHaveURL(/country=/);
  await page.locator('[data-panel="geography"] [data-country="US"]').click();
  await expect(page).toHaveURL(/country=US/);
  await page.goto(`${worlds.steady.url}/ops`);
  await page.locator('[data-panel="hourly"] button').nth(1).click();
  await expect(page).toHaveURL(/from=\d{4}-.*:00:00.000Z&to=/);
});

test("dragging over a chart zooms every panel to what was dragged over", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await ready(page, "trend");
  const area = await page.locator('[data-panel="trend"] .u-over').boundingBox();
  if (!area) throw new Error("no chart");
  const y = area.y + area.height / 2;
  await page.mouse.move(area.x + area.width * 0.4, y);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.6, y, { steps: 6 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d{4}-/);
  const address = new URL(page.url());
  const length = Date.parse(address.searchParams.get("to") ?? "") - Date.parse(address.searchParams.get("from") ?? "");
  expect(length / 60_000).toBeGreaterThan(30);
  expect(length / 60_000).toBeLessThan(43);
  await page.goBack();
  await expect(page).toHaveURL(/\/ops$/);
});

test("the tooltip tells both charts' numbers at one crosshair, and the earlier period at its own times", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops?from=now-1h&cmp=prev");
  await ready(page, "trend", "failure-rate");
  const area = await page.locator('[data-panel="trend"] .u-over').boundingBox();
  if (!area) throw new Error("no chart");
  await page.mouse.move(area.x + area.width / 2, area.y + 50);
  const tooltip = page.locator('[data-panel="trend"] .tooltip');
  await expect(tooltip).toContainText("Successful");
  await expect(tooltip).toContainText("Successful, before");
  const times = (await tooltip.innerText()).match(/\d{2}:\d{2}:\d{2}(?= UTC)/g) ?? [];
  expect(new Set(times).size).toBe(2);
  // The other chart's crosshair stands at the same place.
  const places = await page.locator(".u-cursor-x").evaluateAll((lines) => lines.map((line) => Math.round(line.getBoundingClientRect().x)));
  expect(places.length).toBeGreaterThanOrEqual(2);
  expect(Math.abs((places[0] ?? 0) - (places[1] ?? 9))).toBeLessThanOrEqual(1);
});

test("a chart as a table shows the API's numbers", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops?from=now-4h&to=now-10m&live=off");
  await ready(page, "trend");
  await page.getByRole("button", { name: "Requests by outcome as a table" }).click();
  const cells = await page.locator('[data-panel="trend"] tbody tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? "")));
  interface Trends { buckets: { startsMs: number[]; success: number[]; failed: number[]; pending: number[] } }
  const { buckets } = await api<Trends>(worlds.steady, "/trends?from=now-4h&to=now-10m&maxDataPoints=180");
  const shown = new Map(cells.map(([at, ...numbers]) => [at, numbers.join(" ")]));
  let compared = 0;
  buckets.startsMs.forEach((start, index) => {
    const at = `${new Date(start).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    // The first and the last bucket move with the range.
    if (index === 0 || index === buckets.startsMs.length - 1 || !shown.has(at)) return;
    expect(shown.get(at)).toBe([buckets.success[index], buckets.failed[index], buckets.pending[index]].join(" "));
    compared += 1;
  });
  expect(compared).toBeGreaterThan(50);
});

test("what means nothing in an address is said and left out", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops?from=whenever&colour=red&wallet=ApplePay");
  await expect(page.getByText("was ignored: from, colour")).toBeVisible();
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  await expect(page.locator(".filterbar .chip")).toHaveCount(1);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("was ignored")).toHaveCount(0);
});

test("filters can be searched, typed and kept over pages", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("button", { name: "Device", exact: true }).click();
  await page.getByLabel("Device", { exact: true }).fill("Pixel 10");
  await page.getByRole("button", { name: /^Pixel 10 ?[\d,]+$/ }).click();
  await expect(page).toHaveURL(/device=Pixel\+10/);
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Errors" }).click();
  await expect(page).toHaveURL(/\/errors\?device=Pixel\+10/);
  await expect(page.locator(".filterbar .chip")).toContainText("Pixel 10");
});

test("views are kept by name; links are copied as they are or with exact times", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/errors?wallet=ApplePay");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByLabel("Save this view as").fill("Apple failures");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.keyboard.press("Escape");
  await page.goto(`${worlds.steady.url}/ops`);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Apple failures", exact: true }).click();
  await expect(page).toHaveURL(/\/errors\?wallet=ApplePay/);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("button", { name: "Copy link with exact times" }).click();
  await expect(page.getByText("Copied with these exact times.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/errors\?wallet=ApplePay&from=\d{4}-.*&to=\d{4}-/);
});

test("the theme follows the system until it is chosen, and stays", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops", { theme: "dark" });
  const scheme = page.locator("html");
  await expect(scheme).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.getByRole("button", { name: "Dark or light" }).click();
  await expect(scheme).toHaveAttribute("data-mantine-color-scheme", "light");
  await page.reload();
  await expect(scheme).toHaveAttribute("data-mantine-color-scheme", "light");
});
