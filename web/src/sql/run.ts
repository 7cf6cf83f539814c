// What is known of a query that was run? One value per run, to which the lines of the answer are added as they come. Pure.
import type { AnswerLine, Cell, Done, Problem, Progress, SqlColumn } from "../api/sql";

export type Phase = "running" | "done" | "failed" | "cancelled";

export interface Run {
  sql: string;
  phase: Phase;
  /** Milliseconds since the page was opened. */
  startedAt: number;
  columns: readonly SqlColumn[];
  rows: readonly (readonly Cell[])[];
  progress: Progress | null;
  done: Done | null;
  problem: Problem | null;
  /** Milliseconds until it ended, as this page saw it; the server's own are in `done`. */
  tookMs: number | null;
}

/** Runs whose answers are kept, so that Back shows them again. */
const KEPT_MAX = 5;

export function begun(sql: string, at: number): Run {
  return { sql, phase: "running", startedAt: at, columns: [], rows: [], progress: null, done: null, problem: null, tookMs: null };
}

export function withLines(run: Run, lines: readonly AnswerLine[], at: number): Run {
  let next = run;
  const rows: (readonly Cell[])[] = [];
  for (const line of lines) {
    if ("columns" in line) next = { ...next, columns: line.columns };
    else if ("rows" in line) for (const row of line.rows) rows.push(row);
    else if ("progress" in line) next = { ...next, progress: line.progress };
    else if ("done" in line) next = { ...next, done: line.done, progress: line.done, phase: "done", tookMs: at - run.startedAt };
    else if ("error" in line) next = failed(next, line.error, at);
  }
  return rows.length === 0 ? next : { ...next, rows: [...next.rows, ...rows] };
}

export function failed(run: Run, problem: Problem, at: number): Run {
  return { ...run, problem, phase: "failed", tookMs: at - run.startedAt };
}

/** Ended by its reader; what ended before stays as it is. */
export function cancelled(run: Run, at: number): Run {
  return run.phase === "running" ? { ...run, phase: "cancelled", tookMs: at - run.startedAt } : run;
}

/** With one run changed or added, the newest last; the oldest are dropped. */
export function withRun(runs: readonly Run[], run: Run): readonly Run[] {
  const isKnown = runs.some((each) => each.startedAt === run.startedAt);
  if (isKnown) return runs.map((each) => (each.startedAt === run.startedAt ? run : each));
  return [...runs.filter((each) => each.sql !== run.sql), run].slice(-KEPT_MAX);
}
