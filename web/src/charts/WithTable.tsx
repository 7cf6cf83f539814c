// A drawing that can be read as a table instead.
import { useState, type ReactNode } from "react";
import { TableSwitch } from "./AsTable";

export interface WithTableProps {
  title: string;
  /** Words of the columns; all but the first are numbers. */
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Pixels of the drawing. */
  height: number;
  legend?: ReactNode;
  children: ReactNode;
}

export function WithTable({ title, head, rows, height, legend, children }: WithTableProps): ReactNode {
  const [isTable, setTable] = useState(false);
  return (
    <div>
      <div className="legend">
        {legend}
        <span className="grow" />
        <TableSwitch isTable={isTable} set={setTable} of={title} />
      </div>
      {isTable ? <PlainTable title={title} head={head} rows={rows} height={height} /> : children}
    </div>
  );
}

export function PlainTable({ title, head, rows, height }: Pick<WithTableProps, "title" | "head" | "rows" | "height">): ReactNode {
  return (
    <div className="scroll-x scroll-y" style={{ height }} tabIndex={0} role="group" aria-label={`${title} as a table`}>
      <table className="table">
        <thead><tr>{head.map((word, column) => <th key={`${word} ${column}`} className={column > 0 ? "num" : ""}>{word}</th>)}</tr></thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={`${row[0]} ${place}`}>{row.map((cell, column) => <td key={`${head[column]} ${column}`} className={column > 0 ? "num" : ""}>{cell}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
