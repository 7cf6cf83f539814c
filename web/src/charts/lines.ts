// What does a chart of lines consist of? Shared by the drawing, the legend, the tooltip, the table and the summary.

export interface Line {
  key: string;
  label: string;
  colour: string;
  /** Lengths of strokes and gaps; empty for a solid line. */
  dash: readonly number[];
  values: readonly (number | null)[];
  /** On an axis of its own at the right. */
  isRight?: boolean;
  /** Thin: the period before. Its own times, one per value, are shown instead of the chart's. */
  before?: readonly (number | null)[];
  /** Low and high around the values. */
  band?: { low: readonly (number | null)[]; high: readonly (number | null)[]; colour: string };
}

export interface Chart {
  title: string;
  /** Starts of buckets, milliseconds since 1970. */
  startsMs: readonly number[];
  lengthSeconds: number;
  lines: readonly Line[];
  /** The last bucket is not over. */
  isLastPartial: boolean;
  /** The range begins within the first bucket. */
  isFirstPartial?: boolean;
  /** Room for a right axis though there is none, so that charts above each other share their axis of time. */
  reserveRight?: boolean;
  /** `bridged` marks values and draws on over times without one; `points` draws no lines at all. */
  marks?: "bridged" | "points";
  write(value: number | null): string;
  writeRight?(value: number | null): string;
}

/** The chart in words, for those who do not see it. */
export function summary(chart: Chart, when: (at: number) => string): string {
  const first = chart.startsMs[0];
  const last = chart.startsMs.at(-1);
  if (first === undefined || last === undefined) return `${chart.title}: no data.`;
  const lines = chart.lines.filter((line) => !line.before).map((line) => {
    const write = line.isRight && chart.writeRight ? chart.writeRight : chart.write;
    let peak: { value: number; at: number } | null = null;
    line.values.forEach((value, index) => {
      if (value !== null && (peak === null || value > peak.value)) peak = { value, at: chart.startsMs[index] ?? first };
    });
    const top = peak as { value: number; at: number } | null;
    if (top === null) return `${line.label}: no values`;
    return `${line.label}: last ${write(line.values.at(-1) ?? null)}, highest ${write(top.value)} at ${when(top.at)}`;
  });
  return `${chart.title} from ${when(first)} to ${when(last)}. ${lines.join(". ")}.`;
}

/** A line with under a tenth of the others' height would lie on the floor: it gets the right axis. */
export function needsRightAxis(values: readonly (number | null)[], others: readonly (readonly (number | null)[])[]): boolean {
  const peak = (column: readonly (number | null)[]): number => column.reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
  const tallest = Math.max(...others.map(peak));
  const own = peak(values);
  return own > 0 && own < tallest / 10;
}
