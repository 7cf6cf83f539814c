// The five numbers: value, difference to the period before, how it moved, how many stand behind it.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Metrics, RateNumbers, Trends } from "../api/client";
import type { Answer } from "../api/queries";
import { Spark } from "../charts/Spark";
import { count, difference, percent, seconds, time } from "../text/format";
import type { Page } from "../shell/pages";
import { usePalette } from "../theme/usePalette";
import { useAddress } from "../url/useAddress";
import { Panel } from "./Panel";

export function Cards({ metrics, trends }: { metrics: Answer<Metrics>; trends: Trends | undefined }): ReactNode {
  return (
    <Panel name="cards" title="Key numbers" answer={metrics} height={132} isNothing={(data) => data.numeric.requests === 0} className="cards-panel" isLead showsZeros>
      {(data) => <CardRow data={data} trends={trends} />}
    </Panel>
  );
}

function CardRow({ data, trends }: { data: Metrics; trends: Trends | undefined }): ReactNode {
  const { zone } = useAddress();
  const palette = usePalette();
  const now = data.numeric;
  // Against a period that began before the data did, every number would seem to have grown.
  const before = data.previous?.complete ? data.previous.numeric : null;
  const whole = trends && wholeBuckets(trends);
  const rateNote = (rate: RateNumbers): string => {
    if (rate.n === 0) return "nothing ended yet";
    const [low, high] = rate.interval ?? [];
    const range = low === undefined || high === undefined ? "" : `, 95 %: ${percent(low)} – ${percent(high)}`;
    return `n ${count(rate.n)}${range}${rate.n < rate.minimumSample ? ", few" : ""}`;
  };
  const active = now.activeTokens;
  const since = active.since ? `since ${time(active.since, zone, "minute")}` : null;
  return (
    <div className="cards">
      <Card name="requests" title="Requests" value={count(now.requests)} to="/requests"
        change={difference(now.requests, before?.requests ?? null, "percent")} note={`${count(now.pending)} pending${data.previous && !before ? "; no full period before" : ""}`}
        spark={whole?.(trends?.buckets.requests)} colour={palette.success} />
      <Card name="success-rate" title="Success rate" value={percent(now.successRate.value)} to="/ops" hash="trend"
        change={difference(now.successRate.value ?? null, before?.successRate.value ?? null, "points")} note={rateNote(now.successRate)} good="up"
        spark={whole?.(trends?.buckets.failureRate.value)?.map((value) => (value === null ? null : 1 - value))} colour={palette.success} />
      <Card name="processing-time" title="Processing time" value={seconds(now.processingTime.averageSeconds)} to="/performance"
        change={difference(now.processingTime.averageSeconds ?? null, before?.processingTime.averageSeconds ?? null, "percent")} good="down"
        note={`avg of ${count(now.processingTime.n)}, p95 ${seconds(now.processingTime.p95Seconds)}`} spark={whole?.(trends?.buckets.p95Seconds)} colour={palette.success} />
      <Card name="failure-rate" title="Failure rate" value={percent(now.failureRate.value)} to="/errors"
        change={difference(now.failureRate.value ?? null, before?.failureRate.value ?? null, "points")} note={rateNote(now.failureRate)} good="down"
        spark={whole?.(trends?.buckets.failureRate.value)} colour={palette.failed} />
      <Card name="active-tokens" title="Active tokens" value={count(active.value)} to="/funnel"
        change={difference(active.value ?? null, before?.activeTokens.value ?? null, "percent")} {...(active.complete ? { good: "up" as const } : {})}
        note={active.note ?? (active.complete || since === null ? "at the end of the range" : `made ${since}; older ones are not known`)}
        spark={whole?.(trends?.buckets.activeTokens)} colour={palette.success} />
    </div>
  );
}

/** Leaves out buckets that the range or the present cuts: they would look like a fall. */
function wholeBuckets(trends: Trends): <T>(column: readonly T[] | undefined) => readonly T[] | undefined {
  const first = (trends.buckets.startsMs[0] ?? Infinity) < Date.parse(trends.range.from) ? 1 : 0;
  const last = trends.lastBucketPartial ? -1 : undefined;
  return (column) => column?.slice(first, last);
}

interface CardProps {
  name: string;
  title: string;
  value: string;
  change: string | null;
  note: string;
  /** Which direction is good; without it none is. */
  good?: "up" | "down";
  spark: readonly (number | null)[] | undefined;
  colour: string;
  /** Where its details are. */
  to: Page["path"];
  hash?: string;
}

function Card({ name, title, value, change, note, good, spark, colour, to, hash = "" }: CardProps): ReactNode {
  const { search } = useAddress();
  const isUp = change?.startsWith("+") ?? false;
  const isDown = change?.startsWith("−") ?? false;
  const isBad = (good === "up" && isDown) || (good === "down" && isUp);
  const isGood = (good === "up" && isUp) || (good === "down" && isDown);
  return (
    <Link to={to} search={search} hash={hash} className="card" data-card={name}>
      <span className="card-top">
        <span className="quiet">{title}</span>
        {change && (
          <span className="small" style={{ whiteSpace: "nowrap", color: isBad ? "var(--fail)" : isGood ? "var(--ok)" : "var(--quiet)" }} title="Against the equal period before">
            {isUp ? "▲" : isDown ? "▼" : ""} {change}
          </span>
        )}
      </span>
      <span className="card-value" data-value>{value}</span>
      <span className="quiet small card-note">{note}</span>
      {spark && <Spark values={spark} colour={colour} />}
    </Link>
  );
}
