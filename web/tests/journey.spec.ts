// An issuer is out: from the card to the failure, to the list, to one request in three clicks, each number the API's.
import { api } from "./servers";
import { expect, panel, range, test } from "./worlds";

interface Metrics { numeric: { requests: number; failureRate: { value: number; n: number } } }
interface Breakdown { rows: { value: string; counts: { failed: number } }[] }
interface Requests { total: number; requests: { id: string; reason: string }[] }
interface Detail { id: string; reason: string; detail: { issuer: string; recordsJoined: number } }

const RANGE = range(150, 1);
const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
const count = (value: number): string => value.toLocaleString("en-GB");

test("from the card to one request in three clicks", async ({ worlds, open }) => {
  const world = worlds.steady;
  const page = await open(world, `/ops?${RANGE}`);
  const card = page.locator('[data-card="failure-rate"]');
  await expect(panel(page, "cards")).toHaveAttribute("data-face", "ready");
  const metrics = await api<Metrics>(world, `/metrics?${RANGE}`);
  expect(metrics.numeric.failureRate.value).toBeGreaterThan(0.1);
  await expect(card.locator("[data-value]")).toHaveText(percent(metrics.numeric.failureRate.value));
  await expect(card).toContainText(`n ${count(metrics.numeric.failureRate.n)}`);

  await card.click();
  const bar = page.locator('[data-failures="ISSUER_TIMEOUT"]');
  const breakdown = await api<Breakdown>(world, `/breakdown?by=reason&outcome=FAILED&${RANGE}`);
  expect(breakdown.rows[0]?.value).toBe("ISSUER_TIMEOUT");
  const failed = breakdown.rows[0]?.counts.failed ?? 0;
  await expect(bar).toHaveText(count(failed));

  await bar.click();
  await expect(page).toHaveURL(/\/requests\?.*reason=ISSUER_TIMEOUT/);
  const list = await api<Requests>(world, `/requests?${RANGE}&outcome=FAILED&reason=ISSUER_TIMEOUT`);
  expect(list.total).toBe(failed);
  await expect(page.getByText(`${count(failed)} in this range`)).toBeVisible();
  const first = page.locator("[data-row]").first();
  await expect(first).toHaveAttribute("data-attempt", list.requests[0]?.id ?? "");

  await first.getByRole("link").click();
  const detail = await api<Detail>(world, `/requests/${encodeURIComponent(list.requests[0]?.id ?? "")}`);
  expect(detail.reason).toBe("Issuer timed out");
  await expect(panel(page, "request")).toContainText(detail.reason);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(detail.id.replace(/^corr:/, ""));
  await expect(page.locator("[data-record]")).toHaveCount(detail.detail.recordsJoined);
  await expect(page.getByText(`1 of ${count(failed)}`)).toBeVisible();
});

test("the outage stands out: the issuer's bar, the reason and its owner", async ({ worlds, open }) => {
  const page = await open(worlds.steady, `/ops?${RANGE}`);
  await expect(panel(page, "reasons")).toHaveAttribute("data-face", "ready");
  await expect(panel(page, "reasons").getByRole("listitem").first()).toContainText(/Issuer timed out.*technical, issuer/);
  const widths = await page.locator('[data-panel="issuers"] .bar-fill').evaluateAll((bars) => bars.map((bar) => parseFloat((bar as HTMLElement).style.width)));
  const first = await page.locator('[data-panel="issuers"] [data-bar]').first().getAttribute("data-bar");
  expect(first).toBe("DEMO_Bank");
  expect(widths[0]).toBe(100);
  for (const width of widths.slice(1)) expect(width).toBeLessThan(40);
});
