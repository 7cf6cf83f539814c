// How long does provisioning take, in which stage, for whom, and which were the slowest?
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Breakdown, Requests } from "../api/client";
import type { Heatmap, Series, Stages, StageTime } from "../api/client";
import { useAnswer } from "../api/queries";
import { Heat } from "../charts/Heat";
import type { Chart } from "../charts/lines";
import { TimeSeries } from "../charts/TimeSeries";
import { WithTable } from "../charts/WithTable";
import { feedOf } from "../live/merge";
import { Choice } from "../panels/Choice";
import { Panel } from "../panels/Panel";
import { Status } from "../panels/Status";
import { count, seconds, time } from "../text/format";
import { FILTER_WORDS, words } from "../text/words";
import type { Palette } from "../theme/theme";
import { usePalette } from "../theme/usePalette";
import { UNKNOWN, useAddress } from "../url/useAddress";
import { beginsWithin, DASHES, starts } from "./Errors";

const BY = ["wallet", "issuer"] as const;

export function Performance(): ReactNode {
  const { search, zone, go, pick } = useAddress();
  const palette = usePalette();
  const by = BY.find((name) => name === search.by) ?? "wallet";
  const heat = useAnswer<Heatmap>("/heatmap", search, { more: { maxDataPoints: "90" } });
  const series = useAnswer<Series>("/series", search, { more: { by, limit: "5", maxDataPoints: "120" } });
  const groups = useAnswer<Breakdown>("/breakdown", search, { more: { by, limit: "50" } });
  const stages = useAnswer<Stages>("/stages", search);
  const slowest = useAnswer<Requests>("/requests", search, { more: { order: "slowest", limit: "10" } });
  return (
    <>
      <div className="row wrap">
        <h1 className="grow">Performance</h1>
        <Choice label="By what" value={by} options={BY.map((name) => ({ value: name, label: `By ${FILTER_WORDS[name].toLowerCase()}` }))}
          choose={(value) => { const { by: _, ...rest } = search; go(value === "wallet" ? rest : { ...rest, by: value }); }} />
      </div>
      <div className="grid">
        <Panel name="durations-over-time" title={`95th percentile over time by ${by}`} answer={series} height={250} isLead isNothing={(data) => data.series.length === 0} className="span-8">
          {(data) => <TimeSeries chart={percentiles(data, palette)} height={210} onPick={(key, refuse) => pick(by, key, refuse)} />}
        </Panel>
        <Panel name="distribution" title="Distribution of successes" answer={heat} height={280} isNothing={(data) => data.total.n === 0} className="span-4">
          {(data) => <Distribution heat={data} />}
        </Panel>
        <Panel name="durations-heat" title="Processing time of successes" answer={heat} height={250} isNothing={(data) => data.total.n === 0} className="span-8">
          {(data) => <Heat heat={data} height={270} />}
        </Panel>
        <Panel name="stages" title="Time to reach each stage" answer={stages} height={250} isNothing={(data) => data.stages.every((stage) => stage.n === 0)} className="span-4">
          {(data) => <StageTable data={data} />}
        </Panel>
        <Panel name="durations-table" title={`Processing time by ${by}`} answer={groups} height={250} isNothing={(data) => data.rows.length === 0} className="span-6">
          {(data) => (
            <div className="scroll-x" tabIndex={0} role="group" aria-label={`Processing time by ${by}`}>
              <table className="table">
                <thead><tr><th>{FILTER_WORDS[by]}</th><th className="num">n</th><th className="num">Average</th><th className="num">p50</th><th className="num">p95</th><th className="num">p99</th><th className="num">Failures, p95</th></tr></thead>
                <tbody>
                  {data.rows.map((row) => (
                    <tr key={row.value ?? UNKNOWN}>
                      <td className="wide"><button type="button" className="plain clip" style={{ maxWidth: 260, display: "block" }} title={row.value ?? "Unknown"} onClick={(event) => pick(by, row.value, event.altKey)}>{row.value ?? "Unknown"}</button></td>
                      <td className="num">{count(row.processingTime.n)}</td>
                      <td className="num">{seconds(row.processingTime.averageSeconds)}</td>
                      <td className="num">{seconds(row.processingTime.p50Seconds)}</td>
                      <td className="num">{seconds(row.processingTime.p95Seconds)}</td>
                      <td className="num">{seconds(row.processingTime.p99Seconds)}</td>
                      <td className="num">{seconds(row.failedProcessingTime.p95Seconds)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Panel>
        <Panel name="slowest" title="Slowest requests" answer={slowest} height={250} isNothing={(data) => data.requests.length === 0} className="span-6"
          actions={<Link className="small" to="/requests" search={{ ...search, order: "slowest" }}>All, slowest first</Link>}>
          {(data) => (
            <div className="scroll-x" tabIndex={0} role="group" aria-label="Slowest requests">
              <table className="table">
                <thead><tr><th>Started</th><th>Outcome</th><th>Wallet</th><th>Issuer</th><th className="num">Took</th></tr></thead>
                <tbody>
                  {feedOf(data).map(({ request, detail }) => (
                    <tr key={detail.attemptId}>
                      <td style={{ whiteSpace: "nowrap" }}><Link to="/requests/$id" params={{ id: detail.attemptId }} search={search}>{time(detail.startedAt, zone, "minute")}</Link></td>
                      <td><Status outcome={detail.outcome} /></td>
                      <td className="clip">{detail.wallet ?? "Unknown"}</td>
                      <td className="wide clip" title={request.reason}>{detail.issuer ?? "Unknown"}</td>
                      <td className="num">{seconds(detail.processingTimeSeconds)}</td>
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

function StageTable({ data }: { data: Stages }): ReactNode {
  const share = (stage: StageTime, most: number): number => ((stage.p95Seconds ?? 0) / most) * 100;
  const most = Math.max(1e-9, ...data.stages.map((stage) => stage.p95Seconds ?? 0));
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="Time to reach each stage">
      <table className="table">
        <thead><tr><th>Stage</th><th className="num">n</th><th className="num">p50</th><th className="num">p95</th><th className="num">p99</th></tr></thead>
        <tbody>
          {data.stages.map((stage) => (
            <tr key={stage.stage}>
              <td>{words(stage.stage)}<span aria-hidden="true" style={{ display: "block", height: 3, borderRadius: 2, width: `${share(stage, most)}%`, background: "var(--info)" }} /></td>
              <td className="num">{count(stage.n)}</td>
              <td className="num">{seconds(stage.p50Seconds)}</td>
              <td className="num">{seconds(stage.p95Seconds)}</td>
              <td className="num">{seconds(stage.p99Seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet small" style={{ margin: "4px 0 0" }}>From the stage seen before. Step-up, activation and first tap include the cardholder.{data.backwards > 0 && ` ${count(data.backwards)} with clocks that run backwards are left out.`}</p>
    </div>
  );
}

function Distribution({ heat }: { heat: Heatmap }): ReactNode {
  const bands = heat.boundsSeconds.slice(0, -1).map((low, band) => ({ low, high: heat.boundsSeconds[band + 1] ?? low, n: heat.counts.reduce((sum, column) => sum + (column[band] ?? 0), 0) }));
  const first = bands.findIndex((band) => band.n > 0);
  const shown = bands.slice(Math.max(0, first), bands.findLastIndex((band) => band.n > 0) + 1);
  const most = Math.max(1, ...shown.map((band) => band.n));
  const every = Math.max(1, Math.ceil(shown.length / 6));
  const name = (band: (typeof bands)[number]): string => `${seconds(band.low)} to ${seconds(band.high)}`;
  return (
    <WithTable title="Distribution" height={240} head={["Took", "Successes"]} rows={shown.map((band) => [name(band), count(band.n)])}>
      <div role="list" aria-label="Distribution of processing times" style={{ display: "flex", alignItems: "flex-end", gap: 2, height: 240 }}>
        {shown.map((band, place) => (
          <div role="listitem" key={band.low} style={{ flex: "1 1 0", minWidth: 0 }} title={`${name(band)}: ${count(band.n)}`} aria-label={`${name(band)}: ${count(band.n)}`}>
            <span style={{ display: "flex", alignItems: "flex-end", height: 210 }}><span style={{ width: "100%", height: (band.n / most) * 210, background: "var(--info)", borderRadius: "2px 2px 0 0" }} /></span>
            <span className="quiet" style={{ fontSize: 11, whiteSpace: "nowrap", display: "block", visibility: place % every === 0 ? "visible" : "hidden" }}>{seconds(band.low)}</span>
          </div>
        ))}
      </div>
    </WithTable>
  );
}

function percentiles(data: Series, palette: Palette): Chart {
  return {
    title: "95th percentile of processing time",
    startsMs: starts(data),
    lengthSeconds: data.series[0]?.buckets.lengthSeconds ?? 60,
    isLastPartial: data.lastBucketPartial,
    isFirstPartial: beginsWithin(data),
    write: seconds,
    lines: data.series.map((each, place) => ({
      key: each.value ?? UNKNOWN,
      label: each.value ?? "Unknown",
      colour: palette.categories[place % palette.categories.length] ?? palette.text,
      dash: DASHES[place % DASHES.length] ?? [],
      values: each.buckets.p95Seconds,
    })),
  };
}

