// Is a page right to look at? What every test of looks measures, and the picture that it leaves for eyes.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Everything that must hold for any page that shows its content. */
export async function expectRight(page: Page, first: string): Promise<void> {
  await settled(page);
  await expect(page.locator(first).first()).toBeInViewport();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  expect(await clipped(page)).toEqual([]);
  expect(await problems(page)).toEqual([]);
  for (const colours of await canvasColours(page)) expect(colours).toBeGreaterThan(8);
}

/** Nothing is loading, moving or dimmed any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator(".skeleton")).toHaveCount(0);
  await expect(page.locator('[data-refetching="true"]')).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
}

export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Buttons and links whose words do not fit and are cut without an ellipsis. */
export async function clipped(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, a, h1, h2, .badge, .card-value")]
      .filter((each) => {
        const area = each.getBoundingClientRect();
        const isShown = area.width > 0 && area.height > 0 && !each.closest(".scroll-x, .scroll-y, nav");
        return isShown && (area.right > innerWidth + 1 || area.left < -1);
      })
      .map((each) => `${each.tagName} ${each.textContent?.slice(0, 40)}`),
  );
}

export async function problems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`);
}

/** How many colours each canvas shows: of charts within the lines' area, so that axes do not count. */
export async function canvasColours(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("canvas")].map((canvas) => {
      const scale = canvas.width / Math.max(1, canvas.getBoundingClientRect().width);
      const whole = canvas.getBoundingClientRect();
      const area = canvas.parentElement?.querySelector(".u-over")?.getBoundingClientRect() ?? whole;
      const [x, y] = [(area.x - whole.x) * scale, (area.y - whole.y) * scale];
      const { data } = canvas.getContext("2d")?.getImageData(x, y, Math.max(1, area.width * scale), Math.max(1, area.height * scale)) ?? { data: [] };
      const colours = new Set<string>();
      for (let at = 0; at < data.length; at += 4) colours.add(`${data[at]} ${data[at + 1]} ${data[at + 2]} ${data[at + 3]}`);
      return colours.size;
    }),
  );
}

const HEIGHT_MAX = 4_000;

/** The whole page in one picture. */
export async function photograph(page: Page, name: string, width: number): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(height, HEIGHT_MAX) });
  await page.waitForTimeout(300);
  await page.screenshot({ path: `test-results/shots/${name}.png` });
}
