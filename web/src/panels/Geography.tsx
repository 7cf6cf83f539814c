// Where do requests come from, and how do they fare? A map by device country and the same as a table; requests without
// a country are counted as such, never placed.
import { geoNaturalEarth1, geoPath } from "d3-geo";
import { useMemo, useState, type ReactNode } from "react";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import world from "world-atlas/countries-110m.json";
import type { Breakdown, BreakdownRow } from "../api/client";
import { useAnswer } from "../api/queries";
import { count, percent } from "../text/format";
import { country } from "../text/words";
import { UNKNOWN, useAddress } from "../url/useAddress";
import { NUMERIC_CODES } from "./countryCodes";
import { Panel } from "./Panel";

const WIDTH = 760;
const HEIGHT = 370;
const SHAPES = feature(world as unknown as Topology, (world as unknown as Topology<{ countries: GeometryCollection }>).objects.countries);

/** Colours of failure rates, low to high, with their upper ends; the words stand beside each row. */
const STEPS: readonly { below: number; colour: string; words: string }[] = [
  { below: 0.03, colour: "#C6DBEF", words: "< 3 %" },
  { below: 0.06, colour: "#FDD0A2", words: "3–6 %" },
  { below: 0.1, colour: "#FD8D3C", words: "6–10 %" },
  { below: 2, colour: "#A63603", words: "≥ 10 %" },
];

export function Geography(): ReactNode {
  const { search, pick } = useAddress();
  const answer = useAnswer<Breakdown>("/breakdown", search, { more: { by: "country", limit: "250" }, every: 10_000 });
  return (
    <Panel name="geography" title="Failure rate by device country" answer={answer} height={390} isNothing={(data) => data.rows.length === 0}>
      {(data) => (
        <div className="grid">
          <div className="span-7"><WorldMap rows={data.rows} onPick={(code, refuse) => pick("country", code, refuse)} /></div>
          <div className="span-5 scroll-y" style={{ maxHeight: 380 }} tabIndex={0} role="group" aria-label="Countries">
            <table className="table">
              <thead><tr><th>Country</th><th className="num">Requests</th><th className="num">Success</th><th className="num">Failure rate</th></tr></thead>
              <tbody>
                {data.rows.map((row) => (
                  <tr key={row.value ?? UNKNOWN}>
                    <td><button type="button" className="plain" style={{ minHeight: 24 }} onClick={(event) => pick("country", row.value, event.altKey)}>{row.value ? country(row.value) : "Unknown"}</button></td>
                    <td className="num">{count(row.counts.requests)}</td>
                    <td className="num">{percent(row.successRate.value)}</td>
                    <td className="num" title={`n ${count(row.failureRate.n)}`}>{percent(row.failureRate.value)}{row.failureRate.n < row.failureRate.minimumSample ? " (few)" : ""}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      )}
    </Panel>
  );
}

function WorldMap({ rows, onPick }: { rows: readonly BreakdownRow[]; onPick(code: string, refuse: boolean): void }): ReactNode {
  const [hovered, setHovered] = useState<string | null>(null);
  const paths = useMemo(() => {
    const path = geoPath(geoNaturalEarth1().fitSize([WIDTH, HEIGHT], { type: "Sphere" }));
    return SHAPES.features
      .filter((shape) => shape.id !== "010")
      .map((shape, index) => ({ key: String(shape.id ?? `area ${index}`), code: NUMERIC_CODES[String(shape.id)] ?? null, path: path(shape) ?? "" }));
  }, []);
  const known = new Map(rows.map((row) => [row.value, row]));
  const row = hovered === null ? undefined : known.get(hovered);
  const unknown = rows.find((each) => each.value === null || each.value === undefined)?.counts.requests ?? 0;
  const words = `Map of ${count(rows.filter((each) => each.value).length)} countries by failure rate; the table beside it has the numbers.`;
  return (
    <>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words} style={{ width: "100%", height: "auto", display: "block" }}>
        {paths.map(({ key, code, path }) => {
          const rate = code === null ? undefined : known.get(code)?.failureRate;
          const value = rate?.value;
          const isFew = rate !== undefined && rate.n < rate.minimumSample;
          const fill = value === null || value === undefined ? "var(--hover)" : (STEPS.find((step) => value < step.below)?.colour ?? "var(--hover)");
          return <path key={key} d={path} fill={fill} stroke="var(--line)" strokeWidth="0.5" fillOpacity={isFew ? 0.45 : 1} style={{ cursor: code && known.has(code) ? "pointer" : "default" }} data-country={code ?? ""} onMouseEnter={() => setHovered(code)} onMouseLeave={() => setHovered(null)} onClick={(event) => code && known.has(code) && onPick(code, event.altKey)} />;
        })}
      </svg>
      <div className="row wrap small" style={{ gap: 12 }}>
        {STEPS.map((step) => <span key={step.words} className="row" style={{ gap: 4 }}><span aria-hidden="true" style={{ width: 12, height: 12, borderRadius: 3, background: step.colour, border: "1px solid var(--line)" }} />{step.words}</span>)}
        <span className="quiet">pale: few</span>
        <span className="quiet">Unknown country: {count(unknown)}</span>
        <span className="quiet grow" style={{ textAlign: "right" }}>{row?.value ? `${country(row.value)}: ${percent(row.failureRate.value)} of ${count(row.failureRate.n)}${row.failureRate.n < row.failureRate.minimumSample ? " (few)" : ""}` : ""}</span>
      </div>
    </>
  );
}
