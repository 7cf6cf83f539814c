// Before measuring: an empty server, and one that knows two million attempts where a folder of them was made.
import { mkdirSync, writeFileSync } from "node:fs";
import { start } from "../tests/servers";
import { forget } from "./figures";

export default async function setup(): Promise<void> {
  mkdirSync("test-results", { recursive: true });
  forget();
  const fresh = await start();
  const many = process.env["WALLETSCOPE_BENCH_DATA"] ? await start(process.env["WALLETSCOPE_BENCH_DATA"]) : null;
  writeFileSync("test-results/bench.json", JSON.stringify({ fresh, many }));
}
