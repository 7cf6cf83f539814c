// Which steps do attempts reach, where are they lost, and how long does each step take?
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Breakdown } from "../api/client";
import type { Funnel as FunnelAnswer } from "../api/client";
import { useAnswer } from "../api/queries";
import { Choice } from "../panels/Choice";
import { Flow } from "../panels/Flow";
import { Panel } from "../panels/Panel";
import { count, percent, seconds } from "../text/format";
import { FILTER_WORDS, words } from "../text/words";
import type { FilterName } from "../url/search";
import { UNKNOWN, useAddress } from "../url/useAddress";

const BY: readonly FilterName[] = ["wallet", "issuer", "vendor"];
const OUTCOMES: Record<string, string> = { failed: "FAILED", abandoned: "ABANDONED", pending: "PENDING" };

/** What a node of the flow filters by; null for stages, which no filter knows. */
function filterOf(id: string): { name: FilterName; value: string } | null {
  const outcome = OUTCOMES[id];
  if (outcome) return { name: "outcome", value: outcome };
  const decision = /^decided_(\w+)$/.exec(id)?.[1]?.toUpperCase();
  return decision ? { name: "decision", value: decision === "UNKNOWN" ? UNKNOWN : decision } : null;
}

export function Funnel(): ReactNode {
  const { search, go, pick } = useAddress();
  const by = BY.find((name) => name === search.by) ?? "wallet";
  const funnel = useAnswer<FunnelAnswer>("/funnel", search);
  const groups = useAnswer<Breakdown>("/breakdown", search, { more: { by, limit: "50" } });
  const pickNode = (id: string, refuse: boolean): void => {
    const filter = filterOf(id);
    if (filter) pick(filter.name, filter.value, refuse);
  };
  return (
    <>
      <h1>Step-up funnel</h1>
      <Panel name="flow" title="From the first request to the first tap" answer={funnel} height={370} isLead isNothing={(data) => data.attempts === 0}>
        {(data) => <Flow funnel={data} isPickable={(id) => filterOf(id) !== null} onPick={pickNode} />}
      </Panel>
      <div className="grid">
        <Panel name="steps" title="Steps" answer={funnel} height={320} isNothing={(data) => data.attempts === 0} className="span-7">
          {(data) => <Steps data={data} />}
        </Panel>
        <Panel name="funnel-groups" title={`Step-up by ${FILTER_WORDS[by].toLowerCase()}`} answer={groups} height={320} isNothing={(data) => data.rows.length === 0} className="span-5"
          actions={<Choice label="By what" value={by} options={BY.map((name) => ({ value: name, label: FILTER_WORDS[name] }))} choose={(value) => { const { by: _, ...rest } = search; go(value === "wallet" ? rest : { ...rest, by: value }); }} />}>
          {(data) => (
            <div className="scroll-x" tabIndex={0} role="group" aria-label="Step-up by group">
              <table className="table">
                <thead><tr><th>{FILTER_WORDS[by]}</th><th className="num">Requests</th><th className="num">Step-up rate</th><th className="num">Conversion</th><th className="num">Abandoned</th></tr></thead>
                <tbody>
                  {data.rows.map((row) => (
                    <tr key={row.value ?? UNKNOWN}>
                      <td className="wide"><button type="button" className="plain clip" style={{ maxWidth: 220, display: "block" }} title={row.value ?? "Unknown"} onClick={(event) => pick(by, row.value, event.altKey)}>{row.value ?? (by === "vendor" ? "No step-up" : "Unknown")}</button></td>
                      <td className="num">{count(row.counts.requests)}</td>
                      <td className="num" title={`n ${count(row.stepUpRate.n)}`}>{percent(row.stepUpRate.value)}</td>
                      <td className="num" title={`n ${count(row.stepUpConversion.n)}`}>{percent(row.stepUpConversion.value)}</td>
                      <td className="num">{percent(row.abandonmentRate.value)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Panel>
      </div>
    </>
  );
}

function Steps({ data }: { data: FunnelAnswer }): ReactNode {
  const { search } = useAddress();
  const most = Math.max(1, ...data.steps.map((step) => step.reached));
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="Steps">
      <table className="table">
        <thead><tr><th>Step</th><th className="num">Reached</th><th className="num">Of all</th><th className="num">Failed here</th><th className="num">Abandoned here</th><th className="num">Waiting</th><th className="num">Time, p50</th><th className="num">p95</th></tr></thead>
        <tbody>
          {data.steps.map((step) => (
            <tr key={step.step}>
              <td>{words(step.step)}<span aria-hidden="true" style={{ display: "block", height: 3, borderRadius: 2, width: `${(step.reached / most) * 100}%`, background: "var(--info)" }} /></td>
              <td className="num" title={`${count(step.seen)} with an event of their own; the others by a later one`}>{count(step.reached)}</td>
              <td className="num">{percent(data.attempts === 0 ? null : step.reached / data.attempts)}</td>
              <td className="num">{count(step.lost.failed)}</td>
              <td className="num">{count(step.lost.abandoned)}</td>
              <td className="num">{count(step.waiting)}</td>
              <td className="num">{seconds(step.time.p50Seconds)}</td>
              <td className="num">{seconds(step.time.p95Seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet small" style={{ margin: "4px 0 0" }}>
        {data.bulkExcluded > 0 ? `${count(data.bulkExcluded)} bulk migrations are left out. ` : ""}
        <Link to="/requests" search={{ ...search, outcome: "ABANDONED" }}>See the abandoned ones</Link>
      </p>
    </div>
  );
}
