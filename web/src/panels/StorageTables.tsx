// How is each table? A line of numbers; more of one, and its last error in words, below it.
import { Fragment, useState, type ReactNode } from "react";
import type { TableState } from "../api/storage";
import { Icon, type IconName } from "../shell/icons";
import { bytes, count, DASH, time, wholeSeconds } from "../text/format";
import { tableFace, type TableFace } from "./storageWords";

const FACES: Record<TableFace, { words: string; icon: IconName; outcome: string }> = {
  fine: { words: "Fine", icon: "success", outcome: "SUCCESS" },
  behind: { words: "Behind", icon: "late", outcome: "BEHIND" },
  empty: { words: "No rows yet", icon: "abandoned", outcome: "PENDING" },
  failed: { words: "Failed", icon: "failed", outcome: "FAILED" },
};
const HEAD = ["Table", "State", "Rows", "Hot rows", "Size", "Files", "Snapshots", "Fresh to", "To compact", "A day", "Oldest", "Newest"];

export function StorageTables({ tables, zone, now }: { tables: readonly TableState[]; zone: "utc" | "local"; now: number }): ReactNode {
  const [opened, setOpened] = useState<readonly string[]>([]);
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="Tables">
      <table className="table">
        <thead><tr>{HEAD.map((words, place) => <th key={words} className={place > 1 && place < 10 ? "num" : ""}>{words}</th>)}</tr></thead>
        <tbody>
          {tables.map((table) => {
            const isOpen = opened.includes(table.name);
            const flip = (): void => setOpened(isOpen ? opened.filter((each) => each !== table.name) : [...opened, table.name]);
            return (
              <Fragment key={table.name}>
                <Row table={table} zone={zone} isOpen={isOpen} flip={flip} />
                {table.lastError !== null && <tr className="sub"><td colSpan={HEAD.length}><div className="storage-error"><Icon name="failed" size={14} /><span><strong>Last error:</strong> {table.lastError}</span></div></td></tr>}
                {isOpen && <tr className="sub"><td colSpan={HEAD.length}><More table={table} zone={zone} now={now} /></td></tr>}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Row({ table, zone, isOpen, flip }: { table: TableState; zone: "utc" | "local"; isOpen: boolean; flip(): void }): ReactNode {
  const face = FACES[tableFace(table)];
  const { compactionDebt: debt } = table;
  return (
    <tr data-table={table.name}>
      <td>
        <button type="button" className="plain row mono" style={{ gap: 4, minHeight: 24 }} aria-expanded={isOpen} title={table.meaning} onClick={flip}><Icon name={isOpen ? "down" : "right"} size={12} />{table.name}</button>
      </td>
      <td><span className="status" data-outcome={face.outcome}><Icon name={face.icon} />{face.words}</span></td>
      <td className="num">{count(table.rows)}</td>
      <td className="num">{count(table.hotRows)}</td>
      <td className="num">{bytes(table.bytes)}</td>
      <td className="num">{count(table.files)}</td>
      <td className="num">{count(table.snapshots)}</td>
      <td className="num">{table.freshnessSeconds === null ? DASH : `${wholeSeconds(table.freshnessSeconds * 1_000)} ago`}</td>
      <td className="num">{debt.files === 0 ? "none" : `${count(debt.files)} files, ${bytes(debt.bytes)}`}</td>
      <td className="num">{table.bytesPerDay === null ? DASH : bytes(table.bytesPerDay)}{table.rowsPerDay !== null && <span className="quiet"> · {count(Math.round(table.rowsPerDay))} rows</span>}</td>
      <td>{table.oldest ? time(table.oldest, zone, "minute").slice(0, 10) : DASH}</td>
      <td>{table.newest ? time(table.newest, zone, "minute") : DASH}</td>
    </tr>
  );
}

function More({ table, zone, now }: { table: TableState; zone: "utc" | "local"; now: number }): ReactNode {
  const facts: [string, string][] = [
    ["In files up to entry", count(table.watermark)],
    ["Hot rows, in no file yet", count(table.hotRows)],
    ["Rows that replace rows of files", count(table.overlayRows)],
    ["Most files of one day", count(table.filesMaxPerDay)],
    ["Last written to files", table.lastFlush ? `${time(table.lastFlush, zone, "second")}, ${wholeSeconds(now - Date.parse(table.lastFlush))} ago` : "never"],
    ["Oldest", table.oldest ? time(table.oldest, zone, "full") : DASH],
    ["Newest", table.newest ? time(table.newest, zone, "full") : DASH],
  ];
  return (
    <div className="storage-more">
      <p className="quiet">{table.meaning}</p>
      <dl className="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </div>
  );
}
