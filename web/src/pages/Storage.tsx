// Does everything find its place, and for how long? Disk, journal, tables and upkeep, asked again every ten seconds.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { askStorage, type StorageAnswer } from "../api/storage";
import { Panel } from "../panels/Panel";
import { StorageTables } from "../panels/StorageTables";
import { days, diskWarning, freeShare, totals } from "../panels/storageWords";
import { Icon } from "../shell/icons";
import { bytes, count, DASH, percent, time, wholeSeconds } from "../text/format";
import { useAddress } from "../url/useAddress";

const EVERY_MS = 10_000;
const WORK_WORDS: Record<string, string> = { flush: "writing rows to files", merge: "merging late changes", maintenance: "merging small files and removing old snapshots", compact: "merging small files", expire: "removing old snapshots" };

export function Storage(): ReactNode {
  const { zone } = useAddress();
  const answer = useQuery({ queryKey: ["/storage"], queryFn: ({ signal }) => askStorage(signal), refetchInterval: EVERY_MS });
  const warning = answer.data ? diskWarning(answer.data.disk) : null;
  return (
    <>
      <div className="row wrap">
        <h1>Storage</h1>
        <span className="quiet grow">{answer.data ? `as of ${time(answer.data.now, zone, "clock")}, asked every ${wholeSeconds(EVERY_MS)}` : ""}</span>
      </div>
      {warning && (
        <div className="panel row storage-warning" role="alert" data-testid="disk-warning">
          <Icon name="failed" />
          <span><strong>{warning}</strong> Keep less, make room, or move the data folder before writing stops.</span>
        </div>
      )}
      {answer.data?.memory.throttles && (
        <div className="panel row storage-warning" role="alert" data-testid="throttle-warning">
          <Icon name="failed" />
          <span><strong>Calls are throttled.</strong> {bytes(answer.data.memory.bytes)} of rows wait in memory, because files cannot be written fast enough or at all. Clients repeat their calls; they are taken again when a flush has succeeded.</span>
        </div>
      )}
      <Panel name="storage-figures" title="Disk and journal" answer={answer} height={132} isNothing={() => false} className="cards-panel" isTimeless>
        {(data) => <Figures data={data} />}
      </Panel>
      <Panel name="storage-tables" title="Tables" answer={answer} height={260} isNothing={() => false} isTimeless>
        {(data) => data.tables.length === 0 ? <p className="quiet">There is no table yet. Tables are made when the first records are written to files.</p> : <StorageTables tables={data.tables} zone={zone} now={Date.parse(data.now)} />}
      </Panel>
      <Panel name="storage-maintenance" title="Maintenance" answer={answer} height={28} isNothing={() => false} isTimeless>
        {(data) => <Maintenance data={data} zone={zone} />}
      </Panel>
    </>
  );
}

function Figures({ data }: { data: StorageAnswer }): ReactNode {
  const { disk, journal } = data;
  const all = totals(data.tables);
  const share = freeShare(disk);
  const isRemote = disk.freeBytes === null;
  const ratio = data.bytesWrittenPerByteReceived;
  return (
    <div className="cards">
      <Figure name="disk" title={isRemote ? "Room" : "Disk free"} value={isRemote ? "no limit" : bytes(disk.freeBytes)} isBad={diskWarning(disk) !== null}
        note={[share === null ? null : `${percent(share)} of ${bytes(disk.totalBytes)}`, disk.daysLeft === null ? null : `full in ${days(disk.daysLeft)} at this rate`].filter(Boolean).join("; ") || "its size is not known"} more={disk.path} {...(share === null ? {} : { used: 1 - share })} />
      <Figure name="tables" title="Tables" value={bytes(all.bytes)} note={`${count(all.rows)} rows in ${count(all.files)} files, ${count(all.hotRows)} more are hot`} />
      <Figure name="journal" title="Journal" value={bytes(journal.bytes)} note={`${count(journal.entries)} entries, ${count(journal.first)} to ${count(journal.head)}; limit ${bytes(journal.limitBytes)}`} used={journal.limitBytes > 0 ? journal.bytes / journal.limitBytes : 0} />
      <Figure name="head" title="Head" value={count(data.head)} note="the newest entry of the journal" />
      <Figure name="amplification" title="Written per byte received" value={ratio === null ? DASH : `${ratio.toFixed(2)} ×`} note="journal, files and merging together" />
    </div>
  );
}

interface FigureProps {
  name: string;
  title: string;
  value: string;
  note: string;
  more?: string;
  /** The part that is used, drawn as a bar. */
  used?: number;
  isBad?: boolean;
}

function Figure({ name, title, value, note, more, used, isBad = false }: FigureProps): ReactNode {
  return (
    <div className="card" data-card={name}>
      <span className="quiet">{title}</span>
      <span className="card-value" data-value style={isBad ? { color: "var(--fail)" } : {}}>{value}</span>
      <span className="quiet small card-note">{note}</span>
      {more && <span className="quiet small clip mono" title={more}>{more}</span>}
      {used !== undefined && <span className="bar-track" style={{ marginTop: "auto" }} aria-hidden="true"><span className="bar-fill" style={{ width: `${Math.min(100, Math.max(0, used) * 100)}%`, background: isBad ? "var(--fail)" : "var(--info)" }} /></span>}
    </div>
  );
}

function Maintenance({ data: { maintenance, now }, zone }: { data: StorageAnswer; zone: "utc" | "local" }): ReactNode {
  const { running, lastRun, lastError, nextRun } = maintenance;
  const at = Date.parse(now);
  const until = nextRun === null ? null : (Date.parse(nextRun) - at) / 1_000;
  return (
    <>
      <div className="row wrap" style={{ gap: "0 16px" }}>
        <strong>{running ? `Now ${WORK_WORDS[running] ?? running}` : "Nothing to do at the moment"}</strong>
        <span className="quiet">{lastRun ? `last run ${time(lastRun, zone, "second")}, ${wholeSeconds(at - Date.parse(lastRun))} ago` : "has not run yet"}</span>
        {until !== null && <span className="quiet">{until > 0 ? `next in ${wholeSeconds(until * 1_000)}` : "next is due"}</span>}
      </div>
      {lastError !== null && <div className="storage-error"><Icon name="failed" size={14} /><span><strong>Last error:</strong> {lastError}</span></div>}
    </>
  );
}
