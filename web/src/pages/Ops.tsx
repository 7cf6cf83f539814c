// Is provisioning healthy right now, and if not, where?
import type { ReactNode } from "react";
import { lazy, Suspense } from "react";
import type { Breakdown, Metrics, Trends } from "../api/client";
import type { Heatmap } from "../api/client";
import { useAnswer, type Answer } from "../api/queries";
import { Bars } from "../charts/Bars";
import { Heat } from "../charts/Heat";
import { failureRate, volume } from "../charts/outcomes";
import { TimeSeries } from "../charts/TimeSeries";
import { TREND_POINTS } from "../live/LiveProvider";
import { Cards } from "../panels/Cards";
import { Feed } from "../panels/Feed";
import { Hourly } from "../panels/Hourly";
import { Panel } from "../panels/Panel";
import { Reasons } from "../panels/Reasons";
import { count, percent } from "../text/format";
import { usePalette } from "../theme/usePalette";
import { UNKNOWN, useAddress } from "../url/useAddress";

const Geography = lazy(() => import("../panels/Geography").then((module) => ({ default: module.Geography })));

export function Ops(): ReactNode {
  const { search, pick, go } = useAddress();
  const palette = usePalette();
  const compare: Record<string, string> = search.cmp === "prev" ? { compare: "previous" } : {};
  // The stream brings news of both; asking again now and then moves the period before along.
  const metrics = useAnswer<Metrics>("/metrics", search, { every: 60_000 });
  const trends = useAnswer<Trends>("/trends", search, { more: { maxDataPoints: String(TREND_POINTS), ...compare }, every: 30_000 });
  const heat = useAnswer<Heatmap>("/heatmap", search, { more: { maxDataPoints: "90" }, every: 10_000 });
  const wallets = useAnswer<Breakdown>("/breakdown", search, { more: { by: "wallet", limit: "6" }, every: 10_000 });
  const issuers = useAnswer<Breakdown>("/breakdown", search, { more: { by: "issuer", limit: "6" }, every: 10_000 });
  const isQuiet = (data: Trends): boolean => data.buckets.requests.every((each) => each === 0);
  const toggle = (name: "cmp" | "abandoned", value: "prev" | "1"): void => {
    const { [name]: known, ...rest } = search;
    go(known ? rest : { ...rest, [name]: value });
  };
  return (
    <>
      <h1>Operations</h1>
      <Cards metrics={metrics} trends={trends.data} />
      <div className="grid">
        <div className="stack span-8">
          <Panel name="trend" title="Requests by outcome" answer={trends} height={270} isNothing={isQuiet}
            actions={<Check label="Compare with the period before" isOn={search.cmp === "prev"} flip={() => toggle("cmp", "prev")} />}>
            {(data) => (
              <>
                <TimeSeries chart={volume(data, palette, search.abandoned === "1")} height={230} onPick={(key, refuse) => pick("outcome", key, refuse)}
                  extra={<Check label="Abandoned" isOn={search.abandoned === "1"} flip={() => toggle("abandoned", "1")} />} />
                {data.previousNote && <div className="quiet small">{data.previousNote}</div>}
              </>
            )}
          </Panel>
          <Panel name="failure-rate" title="Failure rate" answer={trends} height={190} isNothing={isQuiet}>
            {(data) => <TimeSeries chart={failureRate(data, palette)} height={150} onPick={() => pick("outcome", "FAILED")} />}
          </Panel>
        </div>
        <Reasons className="span-4" height={500} name="reasons" />
        <Panel name="heat" title="Processing time of successes" answer={heat} height={280} isNothing={(data) => data.total.n === 0} className="span-8">
          {(data) => <Heat heat={data} height={260} />}
        </Panel>
        <Hourly trends={trends} className="span-4" />
        <Rates name="wallets" title="Failure rate by wallet" answer={wallets} onPick={(key, refuse) => pick("wallet", key, refuse)} />
        <Rates name="issuers" title="Failure rate by issuer" answer={issuers} onPick={(key, refuse) => pick("issuer", key, refuse)} />
      </div>
      <Feed />
      <Suspense fallback={<div className="panel skeleton" style={{ height: 300 }} />}>
        <Geography />
      </Suspense>
    </>
  );
}

/** The busiest values, and how often each of them fails. */
function Rates({ name, title, answer, onPick }: { name: string; title: string; answer: Answer<Breakdown>; onPick(key: string, refuse: boolean): void }): ReactNode {
  return (
    <Panel name={name} title={title} answer={answer} height={180} isNothing={(data) => data.rows.length === 0} className="span-6"
      actions={<span className="quiet small">the busiest first</span>}>
      {(data) => (
        <Bars label={title} onPick={onPick}
          bars={data.rows.map((row) => ({
            key: row.value ?? UNKNOWN,
            label: row.value ?? "Unknown",
            note: `n ${count(row.failureRate.n)}${row.failureRate.n < row.failureRate.minimumSample ? ", few" : ""}`,
            value: row.failureRate.value ?? 0,
            words: percent(row.failureRate.value),
            colour: "var(--fail)",
          }))} />
      )}
    </Panel>
  );
}

function Check({ label, isOn, flip }: { label: string; isOn: boolean; flip(): void }): ReactNode {
  return (
    <label className="row small" style={{ gap: 4, minHeight: 24 }}>
      <input type="checkbox" checked={isOn} onChange={flip} />
      {label}
    </label>
  );
}
