// How far is the query? What was read and for how long, by the server's word and, between its words, by this clock.
import type { ReactNode } from "react";
import { useNow } from "../shell/Freshness";
import { bytes, count, seconds } from "../text/format";
import type { Run } from "./run";

/** After this long it is said that the query goes on. */
const PATIENCE_MS = 2_000;
const TICK_MS = 100;

export function RunLine({ run, isShared }: { run: Run | null; isShared: boolean }): ReactNode {
  if (run?.phase === "running") return <Running key={run.startedAt} run={run} />;
  const words = run?.phase === "failed" ? "Failed" : run?.phase === "cancelled" ? "Cancelled" : run?.done ? `Done: ${count(run.done.rows)} ${run.done.rows === 1 ? "row" : "rows"} in ${seconds(run.done.elapsedMs / 1_000)}` : isShared ? "Not run yet: a link runs nothing by itself." : "";
  return <span role="status" className="quiet small">{words}</span>;
}

function Running({ run }: { run: Run }): ReactNode {
  useNow(TICK_MS);
  const elapsed = performance.now() - run.startedAt;
  const { progress } = run;
  return (
    <span className="small sql-progress">
      <span role="status">{elapsed > PATIENCE_MS ? "Still querying" : "Running"}</span>
      {/* Not read aloud ten times a second. */}
      <span className="quiet" aria-hidden="true">
        {(elapsed / 1_000).toFixed(1)} s{progress ? ` · ${count(progress.rowsScanned)} rows and ${bytes(progress.bytesScanned)} scanned` : ""}{run.rows.length > 0 ? ` · ${count(run.rows.length)} rows here` : ""}
      </span>
    </span>
  );
}
