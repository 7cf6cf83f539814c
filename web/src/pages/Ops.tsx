// Is provisioning healthy right now, and if not, where?
import type { ReactNode } from "react";
import { lazy, Suspense } from "react";
import type { Breakdown, Metrics, Trends } from "../api/client";
import type { Heatmap } from "../api/client";
import { REFRESH_MS, Turn, useAnswer } from "../api/queries";
import { Bars } from "../charts/Bars";
import { Heat } from "../charts/Heat";
import { failureRate, volume } from "../charts/outcomes";
import { TimeSeries } from "../charts/TimeSeries";
import { useLive } from "../live/LiveProvider";
import { Cards } from "../panels/Cards";
import { Feed } from "../panels/Feed";
import { Hourly } from "../panels/Hourly";
import { Panel } from "../panels/Panel";
import { Reasons } from "../panels/Reasons";
import { count, percent, time } from "../text/format";
import { usePalette } from "../theme/usePalette";
import type { FilterName } from "../url/search";
import { UNKNOWN, useAddress } from "../url/useAddress";
import { trendMore } from "./opsQuestions";

const Geography = lazy(() => import("../panels/Geography").then((module) => ({ default: module.Geography })));

export function Ops(): ReactNode {
  const { search, zone, pick, go } = useAddress();
  const palette = usePalette();
  const every = useLive().isFollowed ? false : REFRESH_MS;
  const metrics = useAnswer<Metrics>("/metrics", search, { every });
  const trends = useAnswer<Trends>("/trends", search, { more: trendMore(search), every });
  const hasFirst = !(metrics.isPending && metrics.fetchStatus === "fetching") && !(trends.isPending && trends.fetchStatus === "fetching");
  const isQuiet = (data: Trends): boolean => data.buckets.requests.every((each) => each === 0);
  const toggle = (name: "cmp" | "abandoned", value: "prev" | "1"): void => {
    const { [name]: known, ...rest } = search;
    go(known ? rest : { ...rest, [name]: value });
  };
  return (
    <>
      <h1>Operations</h1>
      <Cards metrics={metrics} trends={trends.data} />
      {metrics.data?.range.resolutionSeconds && (
        <p className="quiet small" style={{ margin: 0 }}>So far back only whole hours are kept: the numbers are of {time(metrics.data.range.from, zone, "minute")} to {time(metrics.data.range.to, zone, "minute")}.</p>
      )}
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
            {(data) => <TimeSeries chart={failureRate(data, palette)} height={150} onPick={(_, refuse) => pick("outcome", "FAILED", refuse)} />}
          </Panel>
        </div>
        <Turn value={hasFirst}>
          <Reasons className="span-4" height={500} name="reasons" />
          <Latency />
          <Hourly trends={trends} className="span-4" />
          <Rates by="wallet" name="wallets" title="Failure rate by wallet" />
          <Rates by="issuer" name="issuers" title="Failure rate by issuer" />
        </Turn>
      </div>
      <Feed />
      <Turn value={hasFirst}>
        <Suspense fallback={<div className="panel skeleton" style={{ height: 300 }} />}>
          <Geography />
        </Suspense>
      </Turn>
    </>
  );
}

function Latency(): ReactNode {
  const { search } = useAddress();
  const heat = useAnswer<Heatmap>("/heatmap", search, { more: { maxDataPoints: "90" }, every: 10_000 });
  return (
    <Panel name="heat" title="Processing time of successes" answer={heat} height={280} isNothing={(data) => data.total.n === 0} className="span-8">
      {(data) => <Heat heat={data} height={260} />}
    </Panel>
  );
}

/** The busiest values, and how often each of them fails. */
function Rates({ by, name, title }: { by: FilterName; name: string; title: string }): ReactNode {
  const { search, pick } = useAddress();
  const answer = useAnswer<Breakdown>("/breakdown", search, { more: { by, limit: "6" }, every: 10_000 });
  return (
    <Panel name={name} title={title} answer={answer} height={180} isNothing={(data) => data.rows.length === 0} className="span-6"
      actions={<span className="quiet small">the busiest first</span>}>
      {(data) => (
        <Bars label={title} onPick={(key, refuse) => pick(by, key, refuse)}
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
