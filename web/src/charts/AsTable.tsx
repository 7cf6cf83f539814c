// The numbers of a chart of lines as a table, newest first; and the switch between the two.
import type { ReactNode } from "react";
import { Icon } from "../shell/icons";
import type { Chart } from "./lines";
import { PlainTable } from "./WithTable";

const ROWS_MAX = 400;

export function AsTable({ chart, when, height }: { chart: Chart; when(at: number): string; height: number }): ReactNode {
  const cells = (index: number): string[] =>
    chart.lines.map((line) => (line.isRight && chart.writeRight ? chart.writeRight : chart.write)(line.values[index] ?? null));
  const rows = chart.startsMs.map((at, index) => [when(at), ...cells(index)]).reverse();
  return (
    <>
      <PlainTable title={chart.title} head={["From", ...chart.lines.map((line) => line.label)]} rows={rows.slice(0, ROWS_MAX)} height={height} />
      {rows.length > ROWS_MAX && <div className="quiet small">The newest {ROWS_MAX} of {rows.length} buckets.</div>}
    </>
  );
}

export function TableSwitch({ isTable, set, of }: { isTable: boolean; set(is: boolean): void; of: string }): ReactNode {
  return (
    <button type="button" className="plain quiet small" aria-pressed={isTable} aria-label={`${of} as a table`} onClick={() => set(!isTable)}>
      <Icon name={isTable ? "performance" : "table"} size={14} /> {isTable ? "Chart" : "Table"}
    </button>
  );
}
