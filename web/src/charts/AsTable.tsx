// The numbers of a chart as a table, newest first.
import type { ReactNode } from "react";
import { Icon } from "../shell/icons";
import type { Chart } from "./lines";

const ROWS_MAX = 400;

function Button({ isTable, set, of }: { isTable: boolean; set(is: boolean): void; of: string }): ReactNode {
  return (
    <button type="button" className="plain quiet small" aria-pressed={isTable} aria-label={`${of} as a table`} onClick={() => set(!isTable)}>
      <Icon name={isTable ? "performance" : "table"} size={14} /> {isTable ? "Chart" : "Table"}
    </button>
  );
}

export function AsTable({ chart, when, height }: { chart: Chart; when(at: number): string; height: number }): ReactNode {
  const rows = chart.startsMs.map((at, index) => ({ at, index })).reverse();
  return (
    <div className="scroll-x scroll-y" style={{ height }} tabIndex={0} role="group" aria-label={`${chart.title} as a table`}>
      <table className="table">
        <thead><tr><th>From</th>{chart.lines.map((line) => <th key={line.key} className="num">{line.label}</th>)}</tr></thead>
        <tbody>
          {rows.slice(0, ROWS_MAX).map(({ at, index }) => (
            <tr key={at}>
              <td style={{ whiteSpace: "nowrap" }}>{when(at)}</td>
              {chart.lines.map((line) => {
                const write = line.isRight && chart.writeRight ? chart.writeRight : chart.write;
                return <td key={line.key} className="num">{write(line.values[index] ?? null)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_MAX && <div className="quiet small">The newest {ROWS_MAX} of {rows.length} buckets.</div>}
    </div>
  );
}

AsTable.Button = Button;
