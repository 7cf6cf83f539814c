// The rows of a result: only those in sight are drawn, so ten thousand scroll like ten. One cell is picked, by mouse or
// arrow keys; below, its whole value stands and can be copied.
import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import type { Cell, SqlColumn } from "../api/sql";
import { copy } from "../shell/announce";
import { count } from "../text/format";
import { cellText, exact, isNumeric, ordered, widths, type Order } from "./cells";

const ROW_PX = 28;
const HEAD_PX = 30;
const HEIGHT_MAX = 460;
/** Lines of a cell's value that are shown below; the rest is copied all the same. */
const VALUE_LETTERS_MAX = 2_000;

interface Place {
  /** −1 is the head. */
  row: number;
  column: number;
}

export interface ResultGridProps {
  columns: readonly SqlColumn[];
  rows: readonly (readonly Cell[])[];
  zone: "utc" | "local";
}

export const ResultGrid = memo(function ResultGrid({ columns, rows, zone }: ResultGridProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [order, setOrder] = useState<Order | null>(null);
  const [picked, setPicked] = useState<Place | null>(null);
  const places = useMemo(() => ordered(rows, columns, order), [rows, columns, order]);
  const columnWidths = useMemo(() => widths(columns, rows, zone), [columns, rows, zone]);
  const template = `${columnWidths.map((width) => `${width}px`).join(" ")} minmax(0, 1fr)`;
  const total = columnWidths.reduce((sum, width) => sum + width, 0);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: 10, paddingStart: HEAD_PX, scrollPaddingStart: HEAD_PX });

  // Another result begins at its top, in its own order.
  useEffect(() => {
    setOrder(null);
    setPicked(null);
    box.current?.scrollTo({ top: 0, left: 0 });
  }, [columns]);

  const value = (place: Place): Cell => rows[places[place.row] ?? -1]?.[place.column] ?? null;
  const pick = (place: Place): void => {
    setPicked(place);
    if (place.row >= 0) virtual.scrollToIndex(place.row);
    else box.current?.scrollTo({ top: 0 });
    keepInSight(box.current, columnWidths, place.column);
  };
  const sort = (column: number): void => {
    setOrder(nextOrder(order, column));
    box.current?.scrollTo({ top: 0 });
  };
  const press = (event: KeyboardEvent): void => {
    const isCopy = event.key === "y" || ((event.ctrlKey || event.metaKey) && event.key === "c" && (getSelection()?.isCollapsed ?? true));
    if (picked && picked.row >= 0 && isCopy) copy(exact(value(picked)));
    else if (picked?.row === -1 && (event.key === "Enter" || event.key === " ")) sort(picked.column);
    else {
      const next = moved(event, picked, { rows: rows.length, columns: columns.length, page: Math.floor((box.current?.clientHeight ?? 0) / ROW_PX) - 1 });
      if (!next) return;
      pick(next);
    }
    event.preventDefault();
  };
  const id = (place: Place): string => `cell-${place.row}-${place.column}`;
  const items = virtual.getVirtualItems();
  const isDrawn = picked !== null && (picked.row === -1 || items.some((item) => item.index === picked.row));
  return (
    <>
      <div ref={box} className="sql-grid" role="grid" tabIndex={0} aria-label="Result. Arrow keys move, y copies, Enter on a column's name sorts." aria-rowcount={rows.length + 1} aria-colcount={columns.length}
        {...(isDrawn && picked ? { "aria-activedescendant": id(picked) } : {})} onKeyDown={press} style={{ height: Math.min(HEIGHT_MAX, HEAD_PX + Math.max(1, rows.length) * ROW_PX + 16) }}>
        <div role="rowgroup" className="sql-grid-head" style={{ minWidth: total }}>
          <div role="row" aria-rowindex={1} className="sql-grid-row" style={{ gridTemplateColumns: template, height: HEAD_PX }}>
            {columns.map((column, place) => {
              const isOrder = order?.column === place;
              return (
                <div key={`${column.name} ${place}`} role="columnheader" id={id({ row: -1, column: place })} className={isNumeric(column.type) ? "num" : ""} data-picked={picked?.row === -1 && picked.column === place} title={`${column.name}, ${typeWords(column, zone)}. Click to sort the rows that are here.`}
                  aria-sort={isOrder ? (order.isDown ? "descending" : "ascending") : "none"} onClick={() => { setPicked({ row: -1, column: place }); sort(place); }}>
                  {column.name} <span className="quiet small">{typeWords(column, zone)}</span>{isOrder && <span aria-hidden="true"> {order.isDown ? "▼" : "▲"}</span>}
                </div>
              );
            })}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize() - HEAD_PX, minWidth: total, position: "relative" }}>
          {items.map((item) => (
            <div key={item.key} role="row" aria-rowindex={item.index + 2} className="sql-grid-row" style={{ position: "absolute", top: 0, left: 0, right: 0, height: ROW_PX, transform: `translateY(${item.start - HEAD_PX}px)`, gridTemplateColumns: template }}>
              {columns.map((column, place) => {
                const cell = rows[places[item.index] ?? -1]?.[place] ?? null;
                const own = { row: item.index, column: place };
                return (
                  <div key={place} role="gridcell" id={id(own)} className={isNumeric(column.type) ? "num" : ""} data-null={cell === null} data-picked={picked?.row === own.row && picked.column === place} onClick={() => setPicked(own)}>
                    {cellText(cell, column.type, zone)}
                  </div>
                );
              })}
            </div>
          ))}
        </div>
      </div>
      <CellValue {...(picked && picked.row >= 0 && columns[picked.column] ? { column: columns[picked.column], row: picked.row, value: value(picked) } : {})} />
    </>
  );
});

function CellValue({ column, row = 0, value = null }: { column?: SqlColumn | undefined; row?: number; value?: Cell }): ReactNode {
  if (!column) return <div className="quiet small sql-cell">Click a cell or move with the arrow keys to see its whole value; <kbd>y</kbd> copies it.</div>;
  const text = exact(value);
  return (
    <div className="small sql-cell">
      <span className="quiet">Row {count(row + 1)}, {column.name}:</span>
      <span className="mono sql-cell-value" tabIndex={0} role="group" aria-label="The whole value">{text.slice(0, VALUE_LETTERS_MAX)}{text.length > VALUE_LETTERS_MAX && "…"}</span>
      <Button size="compact-xs" variant="default" onClick={() => copy(text)}>Copy value</Button>
    </div>
  );
}

function typeWords(column: SqlColumn, zone: "utc" | "local"): string {
  return column.type === "timestamp" ? `timestamp ${zone === "utc" ? "UTC" : "local"}` : column.type;
}

/** Up, down, as it came. */
function nextOrder(order: Order | null, column: number): Order | null {
  if (order?.column !== column) return { column, isDown: false };
  return order.isDown ? null : { column, isDown: true };
}

/** Where a key leads; null for keys that move nothing. */
function moved(event: KeyboardEvent, from: Place | null, size: { rows: number; columns: number; page: number }): Place | null {
  const { row, column } = from ?? { row: -1, column: 0 };
  const isFar = event.ctrlKey || event.metaKey;
  const steps: Record<string, [number, number]> = {
    ArrowDown: [isFar ? size.rows : 1, 0],
    ArrowUp: [isFar ? -size.rows : -1, 0],
    ArrowRight: [0, isFar ? size.columns : 1],
    ArrowLeft: [0, isFar ? -size.columns : -1],
    PageDown: [size.page, 0],
    PageUp: [-size.page, 0],
    Home: [isFar ? -size.rows : 0, -size.columns],
    End: [isFar ? size.rows : 0, size.columns],
  };
  const step = steps[event.key];
  if (!step || event.altKey) return null;
  if (!from) return { row: size.rows > 0 ? 0 : -1, column: 0 };
  return { row: Math.max(-1, Math.min(size.rows - 1, row + step[0])), column: Math.max(0, Math.min(size.columns - 1, column + step[1])) };
}

function keepInSight(box: HTMLDivElement | null, columnWidths: readonly number[], column: number): void {
  if (!box) return;
  const left = columnWidths.slice(0, column).reduce((sum, width) => sum + width, 0);
  const right = left + (columnWidths[column] ?? 0);
  if (left < box.scrollLeft) box.scrollTo({ left });
  else if (right > box.scrollLeft + box.clientWidth) box.scrollTo({ left: right - box.clientWidth });
}
