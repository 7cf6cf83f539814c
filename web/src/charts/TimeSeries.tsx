// A chart of lines over time: crosshair shared with the other charts of the page, drag to zoom into the address, legend
// that filters, tooltip, words for those who do not see it, and its numbers as a table.
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { usePalette } from "../theme/usePalette";
import { time } from "../text/format";
import { ranged } from "../url/search";
import { useAddress } from "../url/useAddress";
import { AsTable, TableSwitch } from "./AsTable";
import { summary, type Chart, type Line } from "./lines";
import { Swatch } from "./Swatch";
import { useWidth } from "./useWidth";

/** Width of the right axis, pixels. */
const RIGHT_AXIS = 48;
/** Charts with this crosshair move it together. */
const CROSSHAIR = "walletscope";

export interface TimeSeriesProps {
  chart: Chart;
  height: number;
  /** A legend entry was clicked, `refuse` with Alt. Without it entries are words only. */
  onPick?(key: string, refuse: boolean): void;
  /** Beside the legend. */
  extra?: ReactNode;
  /** Its times are not those of the address, so dragging does not change the range. */
  isFixed?: boolean;
}

interface Hover {
  index: number;
  left: number;
  top: number;
}

export function TimeSeries({ chart, height, onPick, extra, isFixed = false }: TimeSeriesProps): ReactNode {
  const { search, zone, go } = useAddress();
  const palette = usePalette();
  const { set: setBox, element: box, width } = useWidth<HTMLDivElement>();
  const plot = useRef<uPlot | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const [isTable, setTable] = useState(false);
  const shown = useRef(chart);
  shown.current = chart;
  const zoom = useRef((_from: number, _to: number): void => undefined);
  zoom.current = (from, to) => go(ranged(search, new Date(from).toISOString(), new Date(to).toISOString()));

  const data = useMemo(() => columns(chart), [chart]);
  // The drawing is made anew when lines come or go, and only fed when numbers change.
  const shape = JSON.stringify([chart.lines.map((line) => [line.key, line.colour, line.isRight, line.band !== undefined]), chart.marks, zone, height, palette.grid]);

  useEffect(() => {
    if (!box.current || width === 0 || isTable) return undefined;
    const made = new uPlot(options(shown, zoom, setHover, { width, height, zone, palette, isFixed }), columns(shown.current), box.current);
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
    // Width changes are passed on below.
    // eslint-disable-next-line
  }, [shape, isTable, width === 0]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  const when = (at: number): string => `${time(at, zone, chart.lengthSeconds < 60 ? "second" : "minute")}${zone === "utc" ? " UTC" : ""}`;
  return (
    <div>
      <div className="legend">
        {chart.lines.filter((line) => !line.before).map((line) => (
          <LegendEntry key={line.key} line={line} {...(onPick ? { onPick } : {})} />
        ))}
        {extra}
        <span className="grow" />
        <TableSwitch isTable={isTable} set={setTable} of={chart.title} />
      </div>
      {isTable ? (
        <AsTable chart={chart} when={when} height={height} />
      ) : (
        <div className="chart" ref={setBox} role="img" aria-label={summary(chart, when)} style={{ height }} onMouseLeave={() => setHover(null)}>
          {hover && <Tooltip chart={chart} hover={hover} width={width} when={when} />}
        </div>
      )}
    </div>
  );
}

function LegendEntry({ line, onPick }: { line: Line; onPick?(key: string, refuse: boolean): void }): ReactNode {
  const content = (
    <>
      <Swatch colour={line.colour} dash={line.dash} />
      <span className="clip">{line.label}</span>
      {line.isRight && <span className="quiet"> (right axis)</span>}
    </>
  );
  if (!onPick) return <span className="row" style={{ gap: 6 }}>{content}</span>;
  return (
    <button type="button" className="plain" title={`Show only ${line.label}; with Alt everything but it`} onClick={(event) => onPick(line.key, event.altKey)}>
      {content}
    </button>
  );
}

function Tooltip({ chart, hover, width, when }: { chart: Chart; hover: Hover; width: number; when(at: number): string }): ReactNode {
  const at = chart.startsMs[hover.index];
  if (at === undefined) return null;
  const isRight = hover.left > width / 2;
  const isPartial = chart.isLastPartial && hover.index === chart.startsMs.length - 1;
  const isCut = chart.isFirstPartial && hover.index === 0;
  return (
    <div className="tooltip small" style={{ top: 8, ...(isRight ? { right: width - hover.left + 14 } : { left: hover.left + 14 }) }}>
      <div className="quiet">{when(at)}{isPartial ? ", not over yet" : isCut ? ", only partly in the range" : ""}</div>
      <table>
        <tbody>
          {chart.lines.map((line) => {
            const write = line.isRight && chart.writeRight ? chart.writeRight : chart.write;
            const before = line.before?.[hover.index];
            const band = line.band && line.values[hover.index] !== null ? ` (${write(line.band.low[hover.index] ?? null)} – ${write(line.band.high[hover.index] ?? null)})` : "";
            return (
              <tr key={line.key}>
                <td><Swatch colour={line.colour} dash={line.dash} isThin={line.before !== undefined} /></td>
                <td className="clip">{line.label}{typeof before === "number" && <span className="quiet"> {when(before)}</span>}</td>
                <td>{write(line.values[hover.index] ?? null)}{band}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function columns(chart: Chart): uPlot.AlignedData {
  const columns: (number | null)[][] = [];
  for (const line of chart.lines) {
    columns.push([...line.values]);
    if (line.band) columns.push([...line.band.low], [...line.band.high]);
  }
  return [chart.startsMs.map((at) => at / 1_000), ...columns] as uPlot.AlignedData;
}

interface Look {
  width: number;
  height: number;
  zone: "utc" | "local";
  palette: ReturnType<typeof usePalette>;
  isFixed: boolean;
}

function options(shown: { current: Chart }, zoom: { current(from: number, to: number): void }, setHover: (hover: Hover | null) => void, look: Look): uPlot.Options {
  const { palette } = look;
  const chart = shown.current;
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const line of chart.lines) {
    const scale = line.isRight ? "right" : "y";
    series.push({ scale, stroke: line.colour, width: line.before ? 1 : 2, dash: [...line.dash], points: { show: chart.marks !== undefined, size: 5, fill: line.colour }, spanGaps: chart.marks === "bridged", ...(chart.marks === "points" ? { paths: () => null } : {}), ...(line.before ? { alpha: 0.75 } : {}) });
    if (line.band) {
      const low = series.length;
      series.push({ scale, width: 0, points: { show: false } }, { scale, width: 0, points: { show: false } });
      bands.push({ series: [low + 1, low], fill: line.band.colour });
    }
  }
  const axis = { stroke: palette.text, grid: { stroke: palette.grid, width: 1 }, ticks: { stroke: palette.grid, width: 1 }, font: "11px 'Inter Variable', sans-serif" };
  const hasRight = chart.lines.some((line) => line.isRight);
  const fromZero: uPlot.Range.Function = (_plot, min, max) => [Math.min(0, min * 1.08), max > 0 ? max * 1.08 : min < 0 ? 0 : 1];
  return {
    width: look.width,
    height: look.height,
    legend: { show: false },
    padding: [8, hasRight ? 0 : shown.current.reserveRight ? RIGHT_AXIS : look.isFixed ? 28 : 12, 0, 0],
    tzDate: (at) => (look.zone === "utc" ? uPlot.tzDate(new Date(at * 1_000), "UTC") : new Date(at * 1_000)),
    scales: { x: { time: true, range: (_plot, min, max) => [min, max + shown.current.lengthSeconds] }, y: { range: fromZero }, right: { range: fromZero } },
    series,
    bands,
    axes: [
      { ...axis, values: TIMES },
      { ...axis, size: 60, values: (_plot, ticks) => ticks.map((tick) => shown.current.write(tick)) },
      ...(hasRight ? [{ ...axis, side: 1 as const, scale: "right", size: RIGHT_AXIS, grid: { show: false }, values: (_plot: uPlot, ticks: number[]) => ticks.map((tick) => (shown.current.writeRight ?? shown.current.write)(tick)) }] : []),
    ],
    cursor: { ...(look.isFixed ? {} : { sync: { key: CROSSHAIR } }), drag: { x: !look.isFixed, y: false, setScale: false }, points: { size: 6 }, y: false },
    hooks: {
      setSelect: [(plot) => {
        if (plot.select.width < 4) return;
        zoom.current(plot.posToVal(plot.select.left, "x") * 1_000, plot.posToVal(plot.select.left + plot.select.width, "x") * 1_000);
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
      setCursor: [(plot) => {
        const { idx, left, top } = plot.cursor;
        // A crosshair moved by another chart has no tooltip here.
        const isOwn = plot.over.matches(":hover");
        setHover(isOwn && typeof idx === "number" && left !== undefined && left >= 0 ? { index: idx, left: left + plot.over.offsetLeft, top: top ?? 0 } : null);
      }],
      draw: [(plot) => hatch(plot, shown.current, palette.hatch)],
    },
  };
}

/** 24-hour clocks, and the day where it changes. */
const TIMES: uPlot.Axis.Values = [
  [86_400, "{DD} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [3_600, "{HH}:{mm}", "\n{DD} {MMM}", null, "\n{DD} {MMM}", null, null, null, 1],
  [60, "{HH}:{mm}", "\n{DD} {MMM}", null, "\n{DD} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{DD} {MMM}", null, "\n{DD} {MMM}", null, null, null, 1],
];

/** Buckets that the range or the present cuts hold less than whole ones: they are hatched. */
function hatch(plot: uPlot, chart: Chart, colour: string): void {
  const [first, last] = [chart.startsMs[0], chart.startsMs.at(-1)];
  if (first === undefined || last === undefined) return;
  const half = chart.lengthSeconds / 2;
  const { left, width } = plot.bbox;
  if (chart.isFirstPartial) hatchBetween(plot, left, plot.valToPos(first / 1_000 + half, "x", true), colour);
  if (chart.isLastPartial) hatchBetween(plot, plot.valToPos(last / 1_000 - half, "x", true), left + width, colour);
}

function hatchBetween(plot: uPlot, left: number, right: number, colour: string): void {
  const { top, height } = plot.bbox;
  const context = plot.ctx;
  context.save();
  context.beginPath();
  context.rect(left, top, Math.max(0, right - left), height);
  context.clip();
  context.setLineDash([]);
  context.strokeStyle = colour;
  context.lineWidth = devicePixelRatio;
  context.beginPath();
  for (let x = left - height; x < right; x += 7 * devicePixelRatio) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}
