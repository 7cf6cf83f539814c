// Is what the pages of logs say what the real server knows? Nothing is answered by the tests here.
import { randomUUID } from "node:crypto";
import { DeleteMetricFilterCommand, DescribeMetricFiltersCommand } from "@aws-sdk/client-cloudwatch-logs";
import { api, attempt, eventually, GROUP, logsClient, send } from "./servers";
import { expect, forgetBroken, panel, range, test } from "./worlds";

interface Histogram { total: number; buckets: { at: string; count: number }[] }
interface Events { events: { id: string; message: string; correlationId: string | null }[] }

const FAILED = '{ $.event = "TOKEN_PROVISION_FAILURE" }';
const asked = (pattern: string): string => `group=${encodeURIComponent(GROUP)}&pattern=${encodeURIComponent(pattern)}`;

test("a search shows the server's lines, their number and their fields", async ({ worlds, open }) => {
  const hours = range(180, 1);
  const known = await api<Events>(worlds.steady, `/logs/events?${asked(FAILED)}&${hours}&limit=100`);
  const total = (await api<Histogram>(worlds.steady, `/logs/histogram?${asked(FAILED)}&${hours}`)).total;
  expect(known.events.length).toBeGreaterThan(5);
  const page = await open(worlds.steady, `/logs?${asked(FAILED)}&${hours}`);
  for (const name of ["logs-histogram", "logs-fields", "logs-lines"]) await expect(panel(page, name), name).toHaveAttribute("data-face", "ready");
  await expect(page.locator("[data-line]").first()).toHaveAttribute("data-line", known.events[0]?.id ?? "");
  await expect(panel(page, "logs-histogram")).toContainText(`${total.toLocaleString("en-GB")} lines match`);
  await page.locator('[data-field="event"] > button').click();
  await expect(page.locator('[data-field="event"]')).toContainText("TOKEN_PROVISION_FAILURE");
  // Back to the range's begin, page after page.
  await expect(async () => {
    await page.locator(".log-lines").evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
    await expect(panel(page, "logs-lines")).toContainText(`The whole range: ${total.toLocaleString("en-GB")} lines`, { timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
});

test("a mistake is told by the server with its character", async ({ worlds, open, complaints }) => {
  const page = await open(worlds.steady, "/logs");
  await expect(panel(page, "logs-lines")).toHaveAttribute("data-face", "ready");
  await page.getByRole("textbox", { name: "Filter pattern" }).fill("?Status: timeout");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("pattern-problem")).toContainText("Character 8:");
  await expect(page.locator(".cm-lintRange-error")).toHaveText(":");
  forgetBroken(complaints);
});

test("a line leads to its attempt, and to the lines around it", async ({ worlds, open }) => {
  const page = await open(worlds.steady, `/logs?${asked(FAILED)}&${range(180, 1)}`);
  await page.locator("[data-line] > button").first().click();
  await page.getByRole("button", { name: "Lines around it" }).click();
  await expect(panel(page, "logs-around").locator('[data-middle="true"]')).toBeVisible();
  await page.goBack();
  await page.locator("[data-line] > button").first().click();
  await page.getByRole("link", { name: "Open its request" }).click();
  await expect(page).toHaveURL(/\/requests\//);
});

test("the tail shows a line that comes, and leaves one out that does not match", async ({ worlds, open }) => {
  const id = `corr_tail_${randomUUID().slice(0, 8)}`;
  const page = await open(worlds.live, `/logs?tail=1&pattern=${encodeURIComponent(`{ $.correlationId = "${id}" && $.event = "TOKEN_PROVISION_SUCCESS" }`)}`);
  await expect(panel(page, "logs-tail")).toHaveAttribute("data-phase", "live");
  await send(worlds.live, attempt(id));
  await expect(page.locator("[data-line]")).toHaveCount(1);
  await expect(page.locator("[data-line]").first()).toContainText("TOKEN_PROVISION_SUCCESS");
});

test("the search finds by its id what has just come", async ({ worlds, open }) => {
  const id = `corr_search_${randomUUID().slice(0, 8)}`;
  await send(worlds.live, attempt(id));
  await eventually<Events>(worlds.live, `/logs/events?pattern=${id}`, (answer) => answer.events.length === 2);
  const page = await open(worlds.live, `/logs?pattern=${id}`);
  await expect(page.locator("[data-line]")).toHaveCount(2);
  await expect(page.locator("mark").first()).toHaveText(id);
});

test("a metric filter that is made here is one that AWS's client sees", async ({ worlds, open }) => {
  const name = `made-in-a-browser-${randomUUID().slice(0, 8)}`;
  const page = await open(worlds.steady, `/logs/filters?draft=1&group=${encodeURIComponent(GROUP)}&pattern=${encodeURIComponent('[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]')}`);
  const editor = panel(page, "filter-editor");
  await editor.getByLabel("Name of the filter").fill(name);
  await editor.getByLabel("Namespace").fill("Browser");
  await editor.getByLabel("Metric", { exact: true }).fill("ProcessingTime");
  await editor.getByLabel(/^Value/).fill("$processingTime");
  await editor.getByLabel("Sample lines").fill('{"event":"TOKEN_PROVISION_SUCCESS","processingTime":1.245}');
  const first = page.locator(".verdict").first();
  await expect(first.getByRole("group", { name: "Lenient" })).toContainText("Point 1.245");
  await expect(first.getByRole("group", { name: "Strict" })).toContainText("does not match");
  await editor.getByRole("button", { name: "Create the filter" }).click();
  await expect(page.locator(`[data-filter="${name}"]`)).toBeVisible();
  const client = logsClient(worlds.steady);
  const { metricFilters } = await client.send(new DescribeMetricFiltersCommand({ logGroupName: GROUP, filterNamePrefix: name }));
  expect(metricFilters?.[0]?.metricTransformations?.[0]).toMatchObject({ metricNamespace: "Browser", metricName: "ProcessingTime", metricValue: "$processingTime" });
  await client.send(new DeleteMetricFilterCommand({ logGroupName: GROUP, filterName: name }));
  client.destroy();
});
