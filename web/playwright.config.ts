// Browser tests against the real binary in Debian's Chromium; nothing is downloaded.
import { defineConfig } from "@playwright/test";

const QUIET = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
  "--font-render-hinting=none",
];

export default defineConfig({
  testDir: "tests",
  testMatch: "*.spec.ts",
  outputDir: "test-results/output",
  globalSetup: "./tests/setup.ts",
  globalTeardown: "./tests/teardown.ts",
  reporter: [["line"], ["./tests/summary.ts"]],
  // Two cores: one for the page, one for the server.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    timezoneId: "UTC",
    locale: "en-GB",
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: QUIET },
    permissions: ["clipboard-read", "clipboard-write"],
    trace: "off",
  },
});
