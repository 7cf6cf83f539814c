// Before all tests: servers with different pasts, and a signed-in browser for each.
import { chromium, type FullConfig } from "@playwright/test";
import { mkdirSync, writeFileSync } from "node:fs";
import { WORLDS, type World, type Worlds } from "./worlds";
import { attempt, eventually, play, playOn, send, start, type Server } from "./servers";

const NOTHING = async (): Promise<void> => undefined;
const MINUTE_MS = 60_000;

/** What happened in each world before the tests begin. */
const PASTS: Record<keyof Worlds, (server: Server) => Promise<void>> = {
  empty: NOTHING,
  one: async (server) => {
    await send(server, attempt("corr_only", { device: "iPhone 17" }));
  },
  // Four hours with an issuer outage in one of them, and nothing since: numbers do not move under a test. And the same
  // at whatever time of the day the tests run.
  steady: async (server) => {
    await play(server, "--seed", "7", "--rate", "1", "--even", "--history", "4h", "--for", "1s", "--incident", "issuer-outage=DEMO_Bank@-100m..-40m");
    await send(server, [
      ...attempt("corr_shared_1", { at: Date.now() - 5 * MINUTE_MS }),
      ...attempt("corr_shared_2", { at: Date.now() - 5 * MINUTE_MS }),
      { at: Date.now() - 5 * MINUTE_MS, event: "NOTE", requestId: "req-of-two", correlationId: "corr_shared_1" },
      { at: Date.now() - 5 * MINUTE_MS, event: "NOTE", requestId: "req-of-two", correlationId: "corr_shared_2" },
    ]);
    await eventually<object>(server, "/requests/req-of-two", (answer) => "candidates" in answer);
  },
  live: async (server) => {
    await play(server, "--seed", "3", "--rate", "1", "--even", "--history", "20m", "--for", "1s");
  },
};

export default async function setup(config: FullConfig): Promise<void> {
  mkdirSync("test-results/shots", { recursive: true });
  const browser = await chromium.launch(config.projects[0]?.use.launchOptions ?? {});
  const worlds: Partial<Worlds> = {};
  try {
    for (const name of Object.keys(PASTS) as (keyof Worlds)[]) {
      const server = await start();
      worlds[name] = { ...server, storage: `test-results/${name}.json`, players: [] } satisfies World;
      writeFileSync(WORLDS, JSON.stringify(worlds));
      await PASTS[name](server);
      const context = await browser.newContext();
      await (await context.newPage()).goto(server.link);
      await context.storageState({ path: `test-results/${name}.json` });
      await context.close();
    }
    const live = worlds.live;
    if (live) live.players.push(playOn(live, "--seed", "4", "--rate", "2", "--even", "--history", "0s"));
    writeFileSync(WORLDS, JSON.stringify(worlds));
  } finally {
    await browser.close();
  }
}
