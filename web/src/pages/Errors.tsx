// What fails, whose is it, since when, and what does one look like?
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Breakdown, BreakdownRow } from "../api/client";
import type { Series } from "../api/client";
import { useAnswer } from "../api/queries";
import type { Chart } from "../charts/lines";
import { TimeSeries } from "../charts/TimeSeries";
import { Choice } from "../panels/Choice";
import { Panel } from "../panels/Panel";
import { REASONS } from "../panels/reasonTable";
import { count, percent, time } from "../text/format";
import { FILTER_WORDS, words } from "../text/words";
import { usePalette } from "../theme/usePalette";
import type { Palette } from "../theme/theme";
import { admits, withValues, type FilterName } from "../url/search";
import { UNKNOWN, useAddress } from "../url/useAddress";

const BY: readonly FilterName[] = ["reason", "class", "owner", "wallet", "issuer", "network", "device", "country", "vendor", "bin"];
export const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 4], [10, 3, 2, 3], [4, 2], [14, 4]];

export function Errors(): ReactNode {
  const { search, go, pick, zone } = useAddress();
  const palette = usePalette();
  const by = BY.find((name) => name === search.by) ?? "reason";
  // A filter that refuses failures leaves none; otherwise only they are asked for.
  const failed = admits(search, "outcome", "FAILED") ? withValues(search, "outcome", [{ text: "FAILED", refused: false }]) : search;
  const table = useAnswer<Breakdown>("/breakdown", failed, { more: { by, limit: "100", examples: "3" } });
  const series = useAnswer<Series>("/series", failed, { more: { by, limit: "5", maxDataPoints: "120" } });
  const choose = (value: string): void => {
    const { by: _, ...rest } = search;
    go(value === "reason" ? rest : { ...rest, by: value });
  };
  return (
    <>
      <h1>Errors</h1>
      <Choice label="Failures by what" value={by} options={BY.map((name) => ({ value: name, label: FILTER_WORDS[name] }))} choose={choose} />
      <Panel name="errors-over-time" title={`Failures over time by ${FILTER_WORDS[by].toLowerCase()}`} answer={series} height={250} isLead isNothing={(data) => data.series.every((each) => each.buckets.failed.every((n) => n === 0))}>
        {(data) => <TimeSeries chart={failures(data, palette)} height={210} onPick={(key, refuse) => key !== "(other)" && pick(by, key, refuse)} />}
      </Panel>
      <Panel name="errors-table" title={`Failures by ${FILTER_WORDS[by].toLowerCase()}`} answer={table} height={300} isNothing={(data) => data.rows.every((row) => row.counts.failed === 0)}>
        {(data) => {
          const all = data.rows.reduce((sum, row) => sum + row.counts.failed, 0) + (data.other?.counts.failed ?? 0);
          return (
            <div className="scroll-x" tabIndex={0} role="group" aria-label="Failures">
              <table className="table">
                <thead><tr><th>{FILTER_WORDS[by]}</th><th className="num">Failures</th><th className="num">Share</th>{by === "reason" && <><th>Class</th><th>Owner</th></>}<th className="num">Technical</th><th>First seen in range</th><th>Last seen</th><th>Examples</th></tr></thead>
                <tbody>
                  {data.rows.map((row) => <Row key={row.value ?? UNKNOWN} row={row} all={all} by={by} zone={zone} />)}
                  {data.other && <tr><td className="quiet">{count(data.values - data.rows.length)} more values</td><td className="num">{count(data.other.counts.failed)}</td><td className="num">{percent(data.other.counts.failed / all)}</td>{by === "reason" && <><td /><td /></>}<td className="num">{count(data.other.counts.failedByClass.technical)}</td><td /><td /><td /></tr>}
                </tbody>
              </table>
            </div>
          );
        }}
      </Panel>
    </>
  );
}

function Row({ row, all, by, zone }: { row: BreakdownRow; all: number; by: FilterName; zone: "utc" | "local" }): ReactNode {
  const { search, pick } = useAddress();
  const label = row.words ?? (row.value ? words(row.value) : "Unknown");
  const about = by === "reason" ? REASONS[row.value ?? ""] : undefined;
  return (
    <tr>
      <td className="wide"><button type="button" className="plain clip" style={{ maxWidth: 280, display: "block" }} title={`${label}: click to show only it, Alt-click for everything but it`} onClick={(event) => pick(by, row.value, event.altKey)}>{label}</button></td>
      <td className="num" style={{ position: "relative" }}>
        <span aria-hidden="true" className="cell-bar" style={{ width: `${(row.counts.failed / Math.max(1, all)) * 100}%` }} />
        <Link to="/requests" data-failures={row.value ?? UNKNOWN} title={`List the ${count(row.counts.failed)} requests`} search={{ ...withValues(search, by, [{ text: row.value ?? UNKNOWN, refused: false }]), outcome: "FAILED" }}>{count(row.counts.failed)}</Link>
      </td>
      <td className="num">{percent(row.counts.failed / all)}</td>
      {by === "reason" && <><td>{about ? words(about.class) : "–"}</td><td>{about ? words(about.owner) : "–"}</td></>}
      <td className="num">{count(row.counts.failedByClass.technical)}</td>
      <td className="small" style={{ whiteSpace: "nowrap" }}>{row.firstSeen ? time(row.firstSeen, zone, "minute") : "–"}</td>
      <td className="small" style={{ whiteSpace: "nowrap" }}>{row.lastSeen ? time(row.lastSeen, zone, "minute") : "–"}</td>
      <td className="small">{row.examples.map((id, place) => <Link key={id} to="/requests/$id" params={{ id }} search={search} className="small-link" title={id}>{place + 1}<span className="visually-hidden">. example of {label}</span></Link>)}</td>
    </tr>
  );
}

/** Whether the range begins within the first bucket. */
export function beginsWithin(data: Series): boolean {
  return (starts(data)[0] ?? Infinity) < Date.parse(data.range.from);
}

/** All series of an answer have the same buckets. */
export function starts(data: Series): number[] {
  return data.series[0]?.buckets.startsMs ?? [];
}

function failures(data: Series, palette: Palette): Chart {
  const lines = data.series.map((each, place) => ({
    key: each.value ?? UNKNOWN,
    label: each.words ?? (each.value ? words(each.value) : "Unknown"),
    colour: palette.categories[place % palette.categories.length] ?? palette.text,
    dash: DASHES[place % DASHES.length] ?? [],
    values: each.buckets.failed,
  }));
  const other = data.other ? [{ key: "(other)", label: "Others", colour: palette.pending, dash: [1, 3], values: data.other.failed }] : [];
  return { title: "Failures over time", startsMs: starts(data), lengthSeconds: data.series[0]?.buckets.lengthSeconds ?? 60, isLastPartial: data.lastBucketPartial, isFirstPartial: beginsWithin(data), write: (value) => (value !== null && !Number.isInteger(value) ? value.toFixed(1) : count(value)), lines: [...lines, ...other] };
}
