// Measures the web UI with a release build; prints figures and keeps them where WALLETSCOPE_BENCH_OUT says.
import { defineConfig } from "@playwright/test";
import shared from "./playwright.config";

export default defineConfig({
  ...shared,
  testDir: "bench",
  testMatch: "*.bench.ts",
  outputDir: "test-results/bench",
  globalSetup: "./bench/setup.ts",
  globalTeardown: "./bench/teardown.ts",
  timeout: 600_000,
});
