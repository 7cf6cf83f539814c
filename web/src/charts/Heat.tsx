// How are durations spread over time? One cell per bucket and band, brighter for more, with three percentiles above it.
import { useEffect, useMemo, useState, type ReactNode } from "react";
import type { Heatmap } from "../api/client";
import { count, seconds, time } from "../text/format";
import { VIRIDIS } from "../theme/theme";
import { usePalette } from "../theme/usePalette";
import { useAddress } from "../url/useAddress";
import { Swatch } from "./Swatch";
import { useWidth } from "./useWidth";
import { WithTable } from "./WithTable";

const LEFT = 52;
const BOTTOM = 20;
const PERCENTILES = [
  { key: "p50Seconds", label: "p50", dash: [] },
  { key: "p95Seconds", label: "p95", dash: [6, 3] },
  { key: "p99Seconds", label: "p99", dash: [2, 3] },
] as const;

export function Heat({ heat, height }: { heat: Heatmap; height: number }): ReactNode {
  const { zone } = useAddress();
  const palette = usePalette();
  const { set: setBox, width } = useWidth<HTMLDivElement>();
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const [hover, setHover] = useState<{ column: number; band: number; x: number } | null>(null);
  const most = useMemo(() => Math.max(1, ...heat.counts.flat()), [heat]);
  const lines = palette.surface === "#FFFFFF" ? "#B3261E" : "#FFFFFF";

  const columns = heat.startsMs.length;
  const bands = Math.max(1, heat.boundsSeconds.length - 1);
  const cellWidth = (width - LEFT) / Math.max(1, columns);
  const cellHeight = (height - BOTTOM) / bands;

  useEffect(() => {
    const context = canvas?.getContext("2d");
    if (!canvas || !context || width === 0) return;
    const scale = devicePixelRatio;
    canvas.width = width * scale;
    canvas.height = height * scale;
    context.scale(scale, scale);
    heat.counts.forEach((column, x) =>
      column.forEach((n, band) => {
        if (n === 0) return;
        context.fillStyle = VIRIDIS[Math.min(VIRIDIS.length - 1, Math.floor((Math.log1p(n) / Math.log1p(most)) * (VIRIDIS.length - 1)))] ?? VIRIDIS[0];
        context.fillRect(LEFT + x * cellWidth, (bands - 1 - band) * cellHeight, Math.max(1, cellWidth - 0.5), Math.max(1, cellHeight - 0.5));
      }),
    );
    // Columns that the range or the present cuts hold less than whole ones.
    heat.startsMs.forEach((start, column) => {
      const isWhole = start >= Date.parse(heat.range.from) && start + heat.lengthSeconds * 1_000 <= Date.parse(heat.range.to);
      if (!isWhole) hatchColumn(context, LEFT + column * cellWidth, cellWidth, height - BOTTOM, palette.hatch);
    });
    const y = (value: number): number => (1 - place(value, heat.boundsSeconds)) * (height - BOTTOM);
    for (const percentile of PERCENTILES) {
      context.beginPath();
      let isDown = false;
      heat[percentile.key].forEach((value, index) => {
        if (value === null) return void (isDown = false);
        const x = LEFT + (index + 0.5) * cellWidth;
        if (isDown) context.lineTo(x, y(value));
        else context.moveTo(x, y(value));
        isDown = true;
      });
      context.setLineDash([...percentile.dash]);
      // A dark rim keeps the line apart from bright cells.
      context.strokeStyle = palette.surface;
      context.lineWidth = 3.5;
      context.stroke();
      context.strokeStyle = lines;
      context.lineWidth = 1.75;
      context.stroke();
    }
    context.setLineDash([]);
    context.fillStyle = palette.text;
    context.font = "11px 'Inter Variable', sans-serif";
    context.textAlign = "right";
    const every = Math.max(1, Math.ceil(bands / (height / 26)));
    for (let band = 0; band <= bands; band += every) {
      const bound = heat.boundsSeconds[band];
      if (bound !== undefined) context.fillText(seconds(bound), LEFT - 6, Math.max(9, (bands - band) * cellHeight + 3));
    }
    context.textAlign = "center";
    const step = Math.max(1, Math.ceil(columns / Math.max(1, Math.floor((width - LEFT) / 90))));
    for (let column = Math.floor(step / 2); column < columns; column += step) {
      const at = heat.startsMs[column];
      if (at !== undefined) context.fillText(label(at, heat.lengthSeconds, zone), LEFT + (column + 0.5) * cellWidth, height - 5);
    }
  }, [canvas, heat, width, height, most, palette, lines, zone, cellWidth, cellHeight, bands, columns]);

  const latest = (key: (typeof PERCENTILES)[number]["key"]): string => seconds(heat[key].findLast((value) => value !== null) ?? null);
  const words = `Durations of ${count(heat.total.n)} requests over time. ${PERCENTILES.map((each) => `${each.label} last ${latest(each.key)}`).join(", ")}.`;
  const cell = hover && { n: heat.counts[hover.column]?.[hover.band] ?? 0, at: heat.startsMs[hover.column] ?? 0, low: heat.boundsSeconds[hover.band] ?? 0, high: heat.boundsSeconds[hover.band + 1] ?? 0 };
  const counts = heat.counts.map((column) => column.reduce((sum, n) => sum + n, 0));
  const rows = heat.startsMs.map((at, index) => [time(at, zone, "minute"), count(counts[index]), ...PERCENTILES.map((each) => seconds(heat[each.key][index] ?? null))]).reverse();
  const legend = (
    <>
      {PERCENTILES.map((each) => (
        <span key={each.key} className="row" style={{ gap: 6 }}><Swatch colour={lines} dash={each.dash} /> {each.label} {latest(each.key)}</span>
      ))}
      <span className="row quiet small" style={{ gap: 6 }}>
        few <span aria-hidden="true" style={{ width: 60, height: 8, borderRadius: 2, background: `linear-gradient(90deg, ${VIRIDIS.join(",")})` }} /> many
      </span>
    </>
  );
  return (
    <WithTable title="Processing time" head={["From", "n", ...PERCENTILES.map((each) => each.label)]} rows={rows} height={height} legend={legend}>
      <div className="chart" ref={setBox} style={{ height }} role="img" aria-label={words}
        onMouseMove={(event) => {
          const area = event.currentTarget.getBoundingClientRect();
          const x = event.clientX - area.left;
          const column = Math.floor((x - LEFT) / cellWidth);
          const band = bands - 1 - Math.floor((event.clientY - area.top) / cellHeight);
          setHover(column >= 0 && column < columns && band >= 0 && band < bands ? { column, band, x } : null);
        }}
        onMouseLeave={() => setHover(null)}>
        <canvas ref={setCanvas} style={{ width: "100%", height, display: "block" }} />
        {hover && cell && (
          <div className="tooltip small" style={{ top: 8, ...(hover.x > width / 2 ? { right: width - hover.x + 12 } : { left: hover.x + 12 }) }}>
            <div className="quiet">{time(cell.at, zone, "minute")}</div>
            {seconds(cell.low)} – {seconds(cell.high)}: <strong>{count(cell.n)}</strong>
            {PERCENTILES.map((each) => <div key={each.key}>{each.label} {seconds(heat[each.key][hover.column] ?? null)}</div>)}
          </div>
        )}
      </div>
    </WithTable>
  );
}

function hatchColumn(context: CanvasRenderingContext2D, left: number, width: number, height: number, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(left, 0, width, height);
  context.clip();
  context.beginPath();
  for (let x = left - height; x < left + width; x += 7) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.stroke();
  context.restore();
}

/** Where a duration lies among the bounds, from 0 to 1. */
function place(value: number, bounds: readonly number[]): number {
  const [first, last] = [bounds[0] ?? 1, bounds.at(-1) ?? 10];
  if (value <= first) return 0;
  return Math.min(1, Math.log(value / first) / Math.log(last / first));
}

function label(at: number, length: number, zone: "utc" | "local"): string {
  const text = time(at, zone, "minute");
  return length >= 43_200 ? text.slice(5, 10) : text.slice(11);
}
