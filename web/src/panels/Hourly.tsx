// Which hours are busy, and which fail? One column per hour, from the same answer as the trend.
import type { ReactNode } from "react";
import type { Trends } from "../api/client";
import type { Answer } from "../api/queries";
import { WithTable } from "../charts/WithTable";
import { count, percent, time } from "../text/format";
import { ranged } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Panel } from "./Panel";

const HEIGHT = 180;

/** Hatched, as what the range or the present cuts is elsewhere. */
const PART = "repeating-linear-gradient(135deg, var(--bar) 0 4px, transparent 4px 7px)";

/** Whether the range holds less than the whole hour. */
function isPartOf(start: string | null | undefined, range: { from: string; to: string }): boolean {
  if (!start) return false;
  const at = Date.parse(start);
  return at < Date.parse(range.from) || at + 3_600_000 > Date.parse(range.to);
}

export function Hourly({ trends, className }: { trends: Answer<Trends>; className: string }): ReactNode {
  const { search, zone, go } = useAddress();
  return (
    <Panel name="hourly" title={trends.data?.hourly.kind === "hoursOfDay" ? "By hour of the day (UTC)" : "By hour"} answer={trends} height={250} className={className}
      isNothing={(data) => data.buckets.requests.every((each) => each === 0)}>
      {({ hourly, range }) => {
        const most = Math.max(1, ...hourly.entries.map((entry) => entry.counts.requests));
        const name = (entry: (typeof hourly.entries)[number]): string => (entry.start ? time(entry.start, zone, "clock").slice(0, 5) : `${String(entry.hour).padStart(2, "0")}:00`);
        const every = Math.ceil(hourly.entries.length / 8);
        const legend = (
          <>
            <span className="row small" style={{ gap: 6 }}><span className="key" style={{ background: "var(--fail)" }} /> Failed</span>
            <span className="row small" style={{ gap: 6 }}><span className="key" style={{ background: "var(--bar)" }} /> All others</span>
            <span className="quiet small">highest {count(most)}</span>
          </>
        );
        return (
          <WithTable title="Requests by hour" height={HEIGHT + 50} legend={legend}
            head={["Hour", "Requests", "Failed", "Failure rate"]}
            rows={hourly.entries.map((entry) => [entry.start ? time(entry.start, zone, "minute") : name(entry), count(entry.counts.requests), count(entry.counts.failed), percent(entry.failureRate)])}>
            <div role="list" aria-label={`Requests by hour; the busiest hour has ${count(most)}`} style={{ display: "flex", alignItems: "flex-end", gap: 2, height: HEIGHT + 50, overflow: "hidden" }}>
              {hourly.entries.map((entry, index) => {
                const { requests, failed } = entry.counts;
              const isPart = isPartOf(entry.start, range);
                const words = `${name(entry)}: ${count(requests)} requests, ${count(failed)} failed, failure rate ${percent(entry.failureRate)}${isPart ? ", a part of the hour" : ""}`;
                const inner = (
                  <>
                    <span style={{ display: "flex", flexDirection: "column", justifyContent: "flex-end", height: HEIGHT }}>
                      <span style={{ height: (failed / most) * HEIGHT, background: "var(--fail)" }} />
                      <span style={{ height: ((requests - failed) / most) * HEIGHT, background: isPart ? PART : "var(--bar)", borderBottom: "1px solid var(--line)" }} />
                    </span>
                    <span className="quiet" style={{ fontSize: 11, height: 18, whiteSpace: "nowrap", visibility: index % every === 0 ? "visible" : "hidden" }}>{name(entry)}</span>
                  </>
                );
                const style = { display: "flex", flexDirection: "column", width: "100%" } as const;
                return (
                  <div role="listitem" key={entry.start ?? entry.hour} style={{ flex: "1 1 0", minWidth: 0 }} title={words} aria-label={words}>
                    {entry.start ? (
                      <button type="button" className="plain" style={style} aria-label={`${words}. Show only this hour`}
                        onClick={() => entry.start && go(ranged(search, new Date(entry.start).toISOString(), new Date(Date.parse(entry.start) + 3_600_000).toISOString()))}>{inner}</button>
                    ) : <span style={style}>{inner}</span>}
                  </div>
                );
              })}
            </div>
          </WithTable>
        );
      }}
    </Panel>
  );
}
