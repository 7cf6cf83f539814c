// After measuring: the servers end, and the figures are kept where that was asked for.
import { execSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { stop, type Server } from "../tests/servers";
import { keep } from "./figures";

export default async function teardown(): Promise<void> {
  const { fresh, many } = JSON.parse(readFileSync("test-results/bench.json", "utf8")) as { fresh: Server; many: Server | null };
  await stop(fresh);
  if (many) await stop(many, true);
  const out = process.env["WALLETSCOPE_BENCH_OUT"];
  if (!out) return;
  const commit = execSync("git rev-parse --short HEAD").toString().trim();
  const chromium = execSync(`${process.env["CHROMIUM"] ?? "/usr/bin/chromium"} --version --no-sandbox`).toString().trim();
  keep(out, `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, commit ${commit}; ${cpus()[0]?.model ?? ""}, ${cpus().length} cores shared by server, load and browser; ${chromium}, headless, without a GPU.`);
}
