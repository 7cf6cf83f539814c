// Can everything be done without a mouse?
import { expect, panel, range, test } from "./worlds";

test("keys go to pages, change the range and the view", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  for (const [key, path] of [["e", "/errors"], ["p", "/performance"], ["f", "/funnel"], ["r", "/requests"], ["o", "/ops"]] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await expect(page).toHaveURL(new RegExp(`${path}$`));
  }
  await page.keyboard.press("t");
  await page.keyboard.press("z");
  await expect(page).toHaveURL(/from=now-6h/);
  await page.keyboard.press("t");
  await page.keyboard.press("a");
  await expect(page).toHaveURL(/from=\d{4}-/);
  await page.goBack();
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/cmp=prev/);
  await page.keyboard.press("l");
  await expect(page).toHaveURL(/live=off/);
  await page.keyboard.press("d");
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("the sheet lists the keys, and they can be switched off", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText("Zoom out");
  await sheet.getByLabel("Single-key shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await expect(page).not.toHaveURL(/cmp/);
  await page.reload();
  await page.keyboard.press("c");
  await expect(page).not.toHaveURL(/cmp/);
});

test("the palette runs commands and finds requests", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  await page.keyboard.press("Control+k");
  await page.getByLabel("Command or id").fill("funnel");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/funnel/);
  await page.keyboard.press("Control+k");
  await page.getByLabel("Command or id").fill("last hour");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=now-1h/);
  await page.keyboard.press("Control+k");
  await page.getByLabel("Command or id").fill("corr_shared_1");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("corr_shared_1");
});

test("a list is walked with j and k, opened with Enter, its id copied with y", async ({ worlds, open }) => {
  const page = await open(worlds.steady, `/requests?${range(180, 1)}`);
  await expect(page.locator("[data-row]").first()).toBeVisible();
  const second = (await page.locator("[data-row]").nth(1).getAttribute("data-attempt")) ?? "";
  for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
  await page.keyboard.press("y");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(second.replace("corr:", ""));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(second.replace("corr:", ""));
});

test("/ and f reach the search and the filters; keys are off while typing", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  await page.keyboard.press("/");
  await expect(page.locator("#find")).toBeFocused();
  await page.keyboard.type("gc");
  await expect(page).toHaveURL(/\/ops$/);
  await page.keyboard.press("Escape");
  await page.locator("#find").blur();
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: "Country", exact: true })).toBeVisible();
});

test("keys work after a box was ticked, and what was copied is said", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await expect(panel(page, "trend")).toHaveAttribute("data-face", "ready");
  await page.getByLabel("Abandoned").check();
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await expect(page).toHaveURL(/\/requests/);
  await expect(page.locator("[data-row]").first()).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.locator("[data-row]").first().getByRole("link")).toBeFocused();
  await page.keyboard.press("y");
  await expect(page.getByText(/^Copied corr_/)).toBeVisible();
});

test("every control can be reached with Tab, and focus is seen", async ({ worlds, open }) => {
  const page = await open(worlds.steady, "/ops");
  await expect(panel(page, "geography")).toHaveAttribute("data-face", "ready");
  const reached = new Set<string>();
  for (let presses = 0; presses < 94; presses += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(async () => {
      const element = document.activeElement as HTMLElement | null;
      if (!element || element === document.body) return null;
      const looks = (): string => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor } = getComputedStyle(element);
        return [outlineStyle === "none" ? "" : `${outlineStyle} ${outlineWidth} ${outlineColor}`, boxShadow, borderColor].join("; ");
      };
      // Seen is what looks otherwise than without the focus.
      const rest = (): Promise<void> => new Promise((next) => setTimeout(next, element.matches("input") ? 250 : 0));
      await rest();
      const focused = looks();
      element.blur();
      await rest();
      const isSeen = looks() !== focused;
      element.focus();
      return { name: element.getAttribute("aria-label") ?? element.dataset["card"] ?? element.dataset["bar"] ?? element.textContent?.slice(0, 30) ?? "", isSeen };
    });
    if (at) reached.add(at.name);
    expect(at?.isSeen ?? true, at?.name ?? "").toBe(true);
  }
  for (const name of ["requests", "failure-rate", "Requests by outcome as a table", "ISSUER_TIMEOUT", "DEMO_Bank"]) expect([...reached]).toContain(name);
});
