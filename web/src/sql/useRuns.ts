// Which query runs, and what is known of those before? The connection of a run is its life: closing it cancels the query.
import { useCallback, useEffect, useRef, useState } from "react";
import { problemOf, runSql } from "../api/sql";
import { begun, cancelled, failed, withLines, withRun, type Run } from "./run";

export interface Runs {
  /** The newest run of a query, whether it has ended or not. */
  of(sql: string | undefined): Run | null;
  start(sql: string): void;
  cancel(): void;
}

/** Runs one query at a time; the next one cancels it, and so does leaving the page. */
export function useRuns(onEnd: (run: Run) => void): Runs {
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const current = useRef<{ abort: AbortController; run: Run } | null>(null);
  const told = useRef(onEnd);
  told.current = onEnd;

  const cancel = useCallback((): void => {
    const known = current.current;
    if (!known) return;
    current.current = null;
    known.abort.abort();
    setRuns((before) => withRun(before, cancelled(known.run, performance.now())));
  }, []);

  const start = useCallback((sql: string): void => {
    cancel();
    const own = { abort: new AbortController(), run: begun(sql, performance.now()) };
    current.current = own;
    const show = (run: Run): void => {
      // Cancelled in the meantime: what still comes is nobody's.
      if (current.current !== own) return;
      own.run = run;
      setRuns((before) => withRun(before, run));
      if (run.phase === "running") return;
      current.current = null;
      told.current(run);
    };
    show(own.run);
    runSql(sql, own.abort.signal, (lines) => show(withLines(own.run, lines, performance.now()))).catch((error: unknown) => {
      if (own.run.phase === "running") show(failed(own.run, problemOf(error), performance.now()));
    });
  }, [cancel]);

  useEffect(() => cancel, [cancel]);
  const of = useCallback((sql: string | undefined): Run | null => runs.find((run) => run.sql === sql) ?? null, [runs]);
  return { of, start, cancel };
}
