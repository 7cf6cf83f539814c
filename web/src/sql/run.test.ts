import { expect, it } from "vitest";
import { begun, cancelled, failed, withLines, withRun, type Run } from "./run";

const DONE = { rows: 3, truncated: false, rowsScanned: 9, bytesScanned: 90, elapsedMs: 4, answeredBy: ["attempts"], head: 7, notes: [] };

it("grows by the lines of the answer, in whatever batches they come", () => {
  const lines = [
    { columns: [{ name: "n", type: "bigint" as const }] },
    { rows: [[1], [2]] },
    { progress: { rowsScanned: 5, bytesScanned: 50, elapsedMs: 2 } },
    { rows: [["9007199254740993"]] },
    { done: DONE },
  ];
  const together = withLines(begun("SELECT 1", 100), lines, 150);
  const singly = lines.reduce((run, line) => withLines(run, [line], 150), begun("SELECT 1", 100));
  expect(together).toEqual(singly);
  expect(together).toMatchObject({ phase: "done", rows: [[1], [2], ["9007199254740993"]], tookMs: 50, progress: { rowsScanned: 9 } });
});

it("keeps the rows that came before it failed or was cancelled", () => {
  const half = withLines(begun("SELECT 1", 0), [{ rows: [[1]] }], 5);
  expect(withLines(half, [{ error: { code: "sql_failed", message: "no memory" } }], 9)).toMatchObject({ phase: "failed", rows: [[1]], problem: { message: "no memory" } });
  expect(cancelled(half, 9)).toMatchObject({ phase: "cancelled", rows: [[1]], tookMs: 9 });
  const ended = failed(half, { code: "cut", message: "gone" }, 6);
  expect(cancelled(ended, 9)).toBe(ended);
});

it("keeps the newest answers, one per query", () => {
  let runs: readonly Run[] = [];
  for (const [at, sql] of ["a", "b", "a", "c", "d", "e", "f"].entries()) runs = withRun(runs, begun(sql, at));
  expect(runs.map((run) => run.sql)).toEqual(["a", "c", "d", "e", "f"]);
  const first = runs[0] as Run;
  expect(withRun(runs, cancelled(first, 50))[0]).toMatchObject({ sql: "a", phase: "cancelled" });
});
