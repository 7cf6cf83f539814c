// Why do requests fail, most frequent first, with the share that the reasons so far make up?
import type { ReactNode } from "react";
import type { Breakdown } from "../api/client";
import { useAnswer } from "../api/queries";
import { Bars } from "../charts/Bars";
import { count, percent } from "../text/format";
import { admits, withValues } from "../url/search";
import { UNKNOWN, useAddress } from "../url/useAddress";
import { Panel } from "./Panel";
import { REASONS } from "./reasonTable";

export function Reasons({ name, className, height }: { name: string; className: string; height: number }): ReactNode {
  const { search, pick } = useAddress();
  // Only failures have reasons that count here; the filter on outcomes is this panel's own.
  const failed = admits(search, "outcome", "FAILED") ? withValues(search, "outcome", [{ text: "FAILED", refused: false }]) : search;
  const answer = useAnswer<Breakdown>("/breakdown", failed, { more: { by: "reason", limit: "20" }, every: 10_000 });
  return (
    <Panel name={name} title="Failure reasons" answer={answer} height={height} className={className} isNothing={(data) => data.rows.every((row) => row.counts.failed === 0)}>
      {(data) => {
        const all = data.rows.reduce((sum, row) => sum + row.counts.failed, 0) + (data.other?.counts.failed ?? 0);
        let sum = 0;
        return (
          <>
            <div className="row small quiet"><span className="grow">{count(all)} failures, by reason, class and owner</span><span>n · sum from the top</span></div>
            <Bars label="Failure reasons" first={14} onPick={(key, refuse) => pick("reason", key, refuse)}
              bars={data.rows.map((row) => {
                sum += row.counts.failed;
                const about = REASONS[row.value ?? ""];
                return {
                  key: row.value ?? UNKNOWN,
                  label: row.words ?? row.value ?? "Unknown",
                  note: about ? `${about.class}, ${about.owner}` : "",
                  value: row.counts.failed,
                  words: `${count(row.counts.failed)} · ${percent(sum / all)}`,
                  colour: about?.class === "technical" ? "var(--fail)" : "var(--neutral)",
                };
              })} />
          </>
        );
      }}
    </Panel>
  );
}
