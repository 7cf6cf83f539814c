// What was measured, printed at once and kept for the document.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const FIGURES = "test-results/figures.ndjson";
const BEGIN = "<!-- figures of the web UI: begin -->";
const END = "<!-- figures of the web UI: end -->";

export interface Figure {
  name: string;
  value: string;
  promise: string;
  counted: string;
}

export function forget(): void {
  mkdirSync("test-results", { recursive: true });
  writeFileSync(FIGURES, "");
}

export function report(figure: Figure): void {
  appendFileSync(FIGURES, `${JSON.stringify(figure)}\n`);
  console.log(`\n${figure.name}: ${figure.value}${figure.promise ? ` (${figure.promise})` : ""}`);
}

/** Replaces the figures between two marks of a Markdown file. */
export function keep(path: string, about: string): void {
  const figures = readFileSync(FIGURES, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line) as Figure);
  if (figures.length === 0 || !existsSync(path)) return;
  const rows = figures.map((each) => `| ${each.name} | ${each.value} | ${each.promise} | ${each.counted} |`);
  const table = ["| Figure | Value | Promise | What is counted |", "|---|---|---|---|", ...rows].join("\n");
  const text = readFileSync(path, "utf8");
  const [head, rest] = text.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) throw new Error(`${path} has no marks for the web UI's figures`);
  writeFileSync(path, `${head}${BEGIN}\n\n${about}\n\n${table}\n\n${END}${tail}`);
}

/** The value below which a share of the sorted ones lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function millis(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`;
}

export function verdict(isKept: boolean, promise: string): string {
  return `${promise}: ${isKept ? "kept" : "MISSED"}`;
}
