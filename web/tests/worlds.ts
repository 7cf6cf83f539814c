// What do tests share? Servers that the set-up started, each with another past, and pages signed in to them.
import { test as base, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import type { Server } from "./servers";

export interface World extends Server {
  /** Cookies of a signed-in browser. */
  storage: string;
  /** Processes that play traffic into it. */
  players: number[];
}

export interface Worlds {
  /** No record has ever come. */
  empty: World;
  /** One attempt. */
  one: World;
  /** Hours of traffic with an outage; nothing comes any more. */
  steady: World;
  /** Traffic goes on. */
  live: World;
}

export const WORLDS = "test-results/worlds.json";

export function readWorlds(): Worlds {
  return JSON.parse(readFileSync(WORLDS, "utf8")) as Worlds;
}

export interface Opening {
  width?: number;
  theme?: "light" | "dark";
  height?: number;
  /** Before the page loads anything. */
  before?(page: Page): Promise<unknown>;
}

interface Fixtures {
  worlds: Worlds;
  contexts: { close(): Promise<void> }[];
  /** Opens a page of a world, signed in; anything the page complains of fails the test. */
  open(world: World, path: string, opening?: Opening): Promise<Page>;
  /** Closes every page that this test has open. */
  closeAll(): Promise<void>;
  /** What pages complained of so far; a test that provokes complaints empties it. */
  complaints: string[];
}

export const test = base.extend<Fixtures>({
  worlds: async ({}, use) => use(readWorlds()),
  complaints: async ({}, use) => {
    const complaints: string[] = [];
    await use(complaints);
    base.expect(complaints, "what the page complained of").toEqual([]);
  },
  contexts: async ({}, use) => use([]),
  closeAll: async ({ contexts }, use) => use(async () => void (await Promise.all(contexts.splice(0).map((each) => each.close())))),
  open: async ({ browser, complaints, contexts, closeAll }, use) => {
    await use(async (world, path, { width = 1440, height = width < 900 ? 844 : 900, theme = "light", before } = {}) => {
      const context = await browser.newContext({ storageState: world.storage, viewport: { width, height }, colorScheme: theme });
      contexts.push(context);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      await before?.(page);
      await page.goto(world.url + path);
      return page;
    });
    await closeAll();
  },
});

export const expect = base.expect;

/** The browser itself reports answers of 4xx and 5xx and broken connections; a test that makes them forgets those. */
export function forgetBroken(complaints: string[]): void {
  complaints.splice(0, complaints.length, ...complaints.filter((each) => !/Failed to load resource|net::ERR/.test(each)));
}

/** A panel by its stable name. */
export function panel(page: Page, name: string): ReturnType<Page["locator"]> {
  return page.locator(`[data-panel="${name}"]`);
}

/** A range of the past, in minutes ago, that stands still: what the page asks and what the test asks are then one question. */
export function range(fromMinutes: number, toMinutes: number): string {
  const minute = Math.floor(Date.now() / 60_000);
  const at = (ago: number): string => new Date((minute - ago) * 60_000).toISOString();
  return `from=${at(fromMinutes)}&to=${at(toMinutes)}`;
}
