// How fast does the page show what happened, start over two million attempts, draw, and does it grow?
import { expect, test, type Browser, type BrowserContext } from "@playwright/test";
import { CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { readFileSync } from "node:fs";
import { build } from "vite";
import { attempt, GROUP, logsClient, pause, run, send, type Server } from "../tests/servers";
import { millis, quantile, report, verdict } from "./figures";

const { fresh, many } = JSON.parse(readFileSync("test-results/bench.json", "utf8")) as { fresh: Server; many: Server | null };

async function signedIn(browser: Browser, server: Server): Promise<BrowserContext> {
  const context = await browser.newContext();
  const link = (await run("sign-in-link", "--data", server.folder, "--listen", new URL(server.url).host)).trim().split(/\s+/).at(-1) ?? "";
  const page = await context.newPage();
  await page.goto(link);
  await page.close();
  return context;
}

test("from the answer to a changed card, at 1,000 events a second", async ({ browser }) => {
  const CALLS = 120;
  const context = await signedIn(browser, fresh);
  const page = await context.newPage();
  await page.goto(`${fresh.url}/ops?wallet=ProbeWallet`);
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  const client = logsClient(fresh);
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  for (const logStreamName of ["load", "probe"]) await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName }));
  const put = async (logStreamName: string, messages: object[]): Promise<void> => {
    const timestamp = Date.now();
    await client.send(new PutLogEventsCommand({ logGroupName: GROUP, logStreamName, logEvents: messages.map((each) => ({ timestamp, message: JSON.stringify(each) })) }));
  };
  // 4 calls a second of 250 events: pairs of a start and a success.
  let isOver = false;
  let sent = 0;
  const began = Date.now();
  const load = (async () => {
    for (let call = 0; !isOver; call += 1) {
      const pairs = Array.from({ length: 125 }, (_, place) => `load-${call}-${place}`).flatMap((correlationId) => [
        { event: "TOKEN_PROVISION_START", correlationId, walletProvider: "ApplePay", issuer: "DEMO_Bank" },
        { event: "TOKEN_PROVISION_SUCCESS", correlationId, processingTime: 1.2 },
      ]);
      await put("load", pairs);
      sent += pairs.length;
      await pause(Math.max(0, began + (call + 1) * 250 - Date.now()));
    }
  })();
  await pause(2_000);
  await page.evaluate(() => {
    const seen: Record<string, number> = {};
    Object.assign(globalThis, { seen });
    const value = document.querySelector('[data-card="requests"]');
    if (value) new MutationObserver(() => (seen[value.querySelector("[data-value]")?.textContent ?? ""] ??= Date.now())).observe(value, { subtree: true, childList: true, characterData: true });
  });
  const answered: number[] = [];
  for (let call = 0; call < CALLS; call += 1) {
    await put("probe", [{ event: "TOKEN_PROVISION_START", correlationId: `probe-${call}`, walletProvider: "ProbeWallet" }]);
    answered.push(Date.now());
    await pause(350 + Math.random() * 200);
  }
  await pause(1_500);
  const rate = sent / ((Date.now() - began) / 1_000);
  isOver = true;
  await load;
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: Record<string, number> }).seen);
  // A card that showed two more at once showed the first of them then, too.
  const shown = Object.entries(seen).map(([text, at]) => [Number(text.replaceAll(",", "")), at] as const);
  const took = answered.map((at, call) => Math.max(0, Math.min(...shown.filter(([n]) => n >= call + 1).map(([, time]) => time)) - at));
  expect(took.every(Number.isFinite)).toBe(true);
  const p99 = quantile(took, 0.99);
  report({
    name: "web UI: from the answer of PutLogEvents to a changed card",
    value: `${millis(quantile(took, 0.5))} in the middle, ${millis(p99)} p99`,
    promise: verdict(p99 < 1_000, "p99 below 1 s"),
    counted: `${CALLS} attempts of a wallet that the page is filtered by, beside ${rate.toFixed(0)} events a second of another`,
  });
  await context.close();
});

// Only where WALLETSCOPE_BENCH_DATA names a folder of so many.
if (many) test("/ops over two million attempts", ({ browser }) => overMany(browser, many));

async function overMany(browser: Browser, many: Server): Promise<void> {
  const context = await signedIn(browser, many);
  const took: number[] = [];
  let requests = "";
  for (let visit = 0; visit < 7; visit += 1) {
    // What the page before it still asked for has been answered.
    await pause(2_500);
    const page = await context.newPage();
    const began = performance.now();
    await page.goto(`${many.url}/ops?from=now-26h`, { waitUntil: "commit" });
    await page.waitForFunction(() => ["cards", "trend", "feed"].every((name) => document.querySelector(`[data-panel="${name}"]`)?.getAttribute("data-face") === "ready"), null, { polling: 16 });
    // Interactive: a click is answered.
    await page.getByTestId("range").click();
    await page.getByRole("button", { name: "Last hour" }).waitFor();
    took.push(performance.now() - began);
    requests = await page.locator('[data-card="requests"] [data-value]').innerText();
    await page.close();
  }
  const middle = quantile(took, 0.5);
  report({
    name: "web UI: /ops interactive over two million attempts",
    value: `${millis(middle)} in the middle of ${took.length}, ${millis(Math.max(...took))} at most`,
    promise: verdict(middle < 1_000, "below 1 s"),
    counted: `from the request of the page to cards, trend and feed shown and a click answered; ${requests} requests in the range; the first visit loads the files, and each begins when the server is quiet`,
  });
  await context.close();
}

test("three series of 10,000 points", async ({ browser }) => {
  await build({ configFile: false, logLevel: "error", root: "bench/chart", build: { outDir: "../../test-results/chart", emptyOutDir: true } });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("http://chart.test/**", (route) => {
    const path = new URL(route.request().url()).pathname;
    return route.fulfill({ path: `test-results/chart${path === "/ops" ? "/index.html" : path}` });
  });
  await page.goto("http://chart.test/ops");
  await page.waitForFunction(() => "measure" in globalThis);
  const took = await page.evaluate(() => (globalThis as unknown as { measure(updates: number): Promise<number[]> }).measure(120));
  const middle = quantile(took, 0.5);
  report({
    name: "web UI: live update of three series of 10,000 points",
    value: `${millis(middle)} in the middle of ${took.length}, ${millis(quantile(took, 0.95))} p95`,
    promise: verdict(middle < 8, "below 8 ms"),
    counted: "from new numbers given to the chart to the canvas drawn, React included",
  });
  await context.close();
});

test("a tab that is open for an hour", async ({ browser }) => {
  const TICKS = 4 * 3_600;
  await send(fresh, attempt("corr_before_the_hour"));
  const context = await signedIn(browser, fresh);
  const page = await context.newPage();
  // The stream is played faster than time passes: the page cannot tell.
  await page.addInitScript(() => {
    const real = globalThis.fetch.bind(globalThis);
    let send: ((text: string) => void) | null = null;
    Object.assign(globalThis, {
      push: (text: string) => send?.(text),
      fetch: (input: RequestInfo | URL, init?: RequestInit) => {
        if (!String(input).includes("/api/v1/stream")) return real(input, init);
        const encoder = new TextEncoder();
        const body = new ReadableStream({ start: (control) => void (send = (text) => control.enqueue(encoder.encode(text))) });
        return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
      },
    });
  });
  await page.goto(`${fresh.url}/ops`);
  await expect(page.getByTestId("freshness")).toHaveAttribute("data-state", "live");
  await expect(page.locator('[data-panel="feed"]')).toHaveAttribute("data-face", "ready");
  const session = await context.newCDPSession(page);
  await session.send("HeapProfiler.enable");
  const size = async (): Promise<{ heap: number; nodes: number }> => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes } = await session.send("Memory.getDOMCounters");
    return { heap: usedSize, nodes };
  };
  const play = (from: number, to: number): Promise<void> =>
    page.evaluate(
      async ([first, last]) => {
        const { push } = globalThis as unknown as { push(text: string): void };
        const { metrics, trends, requests } = await answers();
        for (let tick = first; tick < last; tick += 1) {
          const now = new Date(Date.parse(metrics.dataTo.now) + tick * 250).toISOString();
          const item = (place: number): object => {
            const id = `corr:hour-${tick}-${place}`;
            return { sequence: tick * 5 + place, at: now, request: { ...requests.requests[0], id }, detail: { ...requests.details[0], attemptId: id, correlationId: id, firstArrival: now, startedAt: now } };
          };
          const start = Math.floor(Date.parse(now) / (trends.buckets.lengthSeconds * 1_000)) * trends.buckets.lengthSeconds * 1_000;
          const column = (value: unknown): unknown => (Array.isArray(value) ? [value[0] ?? 0] : value !== null && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, column(inner)])) : value);
          const buckets = { ...(column(trends.buckets) as object), startsMs: [start], success: [tick % 100] };
          const dataTo = { ...metrics.dataTo, now, clock: now, sequence: tick };
          push(`event: kpi\nid: r-${tick}\ndata: ${JSON.stringify({ ...metrics, numeric: { ...metrics.numeric, requests: tick }, dataTo })}\n\n`);
          push(`event: trend\ndata: ${JSON.stringify({ buckets, refetch: false, dataTo })}\n\n`);
          push(`event: feed\ndata: ${JSON.stringify({ items: [0, 1, 2, 3, 4].map(item), skipped: 0 })}\n\n`);
          if (tick % 10 === 9) await new Promise((next) => setTimeout(next, 0));
        }
        await new Promise((next) => setTimeout(next, 500));

        // eslint-disable-next-line @typescript-eslint/no-explicit-any -- plain answers, typed nowhere in this page's world
        async function answers(): Promise<any> {
          const get = (path: string): Promise<unknown> => fetch(`/api/v1${path}`).then((response) => response.json());
          const [metrics, trends, requests] = await Promise.all([get("/metrics?from=now-3h&to=now"), get("/trends?from=now-3h&to=now&maxDataPoints=180"), get("/requests?limit=1")]);
          return { metrics, trends, requests };
        }
      },
      [from, to] as const,
    );
  // The first quarter fills what is bounded: 500 rows of the feed, the trend's buckets.
  await play(0, TICKS / 4);
  const early = await size();
  await play(TICKS / 4, TICKS / 2);
  const middle = await size();
  await play(TICKS / 2, TICKS);
  const late = await size();
  await expect(page.locator('[data-card="requests"] [data-value]')).toHaveText((TICKS - 1).toLocaleString("en-GB"));
  // What a page gathers in an hour would go on growing in the second half.
  const isKept = late.heap < middle.heap * 1.03 && late.nodes < middle.nodes * 1.03;
  report({
    name: "web UI: a tab open for an hour",
    value: `${[early, middle, late].map((each) => (each.heap / 1e6).toFixed(1)).join(", ")} MB after a quarter, a half and the whole; ${early.nodes}, ${middle.nodes}, ${late.nodes} nodes`,
    promise: verdict(isKept, "does not grow"),
    counted: `${TICKS.toLocaleString("en-GB")} updates of cards, trend and feed, five new requests each, played fast; after a collection`,
  });
  expect(isKept).toBe(true);
  await context.close();
});
