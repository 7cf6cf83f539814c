// Which attempts are there? Newest first, by the range and filters, page after page; as a file where that helps.
import { Button, Menu } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { ask, type Requests as RequestsAnswer } from "../api/client";
import type { Answer } from "../api/queries";
import { feedOf, type FeedRow } from "../live/merge";
import { Panel } from "../panels/Panel";
import { Status } from "../panels/Status";
import { copy } from "../shell/announce";
import { useKeys } from "../shell/useKeys";
import { count, seconds, time } from "../text/format";
import { country, words } from "../text/words";
import { apiParameters, isLive, type Search } from "../url/search";
import { useAddress } from "../url/useAddress";

interface Column {
  name: string;
  title: string;
  isNumber?: boolean;
  show(row: FeedRow, zone: "utc" | "local"): ReactNode;
}

const COLUMNS: readonly Column[] = [
  { name: "startedAt", title: "Started", show: ({ detail }, zone) => <span style={{ whiteSpace: "nowrap" }}>{time(detail.startedAt, zone, "full").slice(0, 19)}</span> },
  { name: "outcome", title: "Outcome", show: ({ detail }) => <Status outcome={detail.outcome} /> },
  { name: "reason", title: "Reason", show: ({ request }) => <span className="clip" style={{ display: "block", maxWidth: 240 }}>{request.reason}</span> },
  { name: "device", title: "Device", show: ({ request }) => <span className="clip" style={{ display: "block", maxWidth: 180 }}>{request.device}</span> },
  { name: "wallet", title: "Wallet", show: ({ detail }) => detail.wallet ?? "Unknown" },
  { name: "issuer", title: "Issuer", show: ({ detail }) => <span className="clip" style={{ display: "block", maxWidth: 200 }} title={detail.issuer ?? ""}>{detail.issuer ?? "Unknown"}</span> },
  { name: "processingTimeSeconds", title: "Took", isNumber: true, show: ({ detail }) => seconds(detail.processingTimeSeconds) },
  { name: "correlationId", title: "Correlation id", show: ({ detail }) => <span className="mono">{detail.correlationId ?? detail.attemptId}</span> },
  { name: "network", title: "Network", show: ({ detail }) => detail.network ?? "Unknown" },
  { name: "country", title: "Country", show: ({ detail }) => (detail.country ? country(detail.country) : "Unknown") },
  { name: "channel", title: "Channel", show: ({ detail }) => detail.channel ?? "Unknown" },
  { name: "bin", title: "BIN", show: ({ detail }) => <span className="mono">{detail.bin ?? "–"}</span> },
  { name: "lastFour", title: "Last four", show: ({ detail }) => <span className="mono">{detail.lastFour ?? "–"}</span> },
  { name: "decision", title: "Decision", show: ({ detail }) => (detail.decision ? words(detail.decision.toLowerCase()) : "–") },
  { name: "stage", title: "Stage", show: ({ detail }) => words(detail.stage) },
  { name: "tries", title: "Tries", isNumber: true, show: ({ detail }) => count(detail.tries) },
];
const USUAL = "startedAt,outcome,reason,device,wallet,issuer,processingTimeSeconds,correlationId";
const PAGE = 100;

export function Requests(): ReactNode {
  const { search, zone, go } = useAddress();
  const parameters = listParameters(search);
  const pages = useInfiniteQuery({
    queryKey: ["/requests pages", parameters.toString()],
    queryFn: ({ pageParam, signal }) => {
      const asked = new URLSearchParams(parameters);
      asked.set("limit", String(PAGE));
      if (pageParam !== "") asked.set("cursor", pageParam);
      return ask<RequestsAnswer>("/requests", asked, signal);
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    // Further pages are read, not watched: only a first page on its own is kept fresh.
    refetchInterval: (query) => (isLive(search) && (query.state.data?.pages.length ?? 1) === 1 ? 5_000 : false),
  });
  const rows = pages.data?.pages.flatMap(feedOf) ?? [];
  const total = pages.data?.pages[0]?.total ?? 0;
  const names = (search.columns ?? USUAL).split(",");
  const columns = COLUMNS.filter((column) => names.includes(column.name));
  const csv = new URLSearchParams(parameters);
  csv.set("columns", columns.map((column) => column.name).join(","));
  const setOrder = (order: string): void => {
    const { order: _, ...rest } = search;
    go(order === "started" ? rest : { ...rest, order: order as "arrival" | "slowest" });
  };
  const flip = (name: string): void => {
    const next = COLUMNS.map((column) => column.name).filter((each) => (each === name ? !names.includes(name) : names.includes(each))).join(",");
    const { columns: _, ...rest } = search;
    go(next === USUAL || next === "" ? rest : { ...rest, columns: next });
  };
  return (
    <>
      <div className="row wrap">
        <h1>Requests</h1>
        <span className="quiet grow">{pages.data ? `${count(total)} in this range` : ""}</span>
        <label className="row small">Order
          <select value={search.order ?? "started"} onChange={(event) => setOrder(event.currentTarget.value)} style={{ font: "inherit", minHeight: 26, background: "var(--surface)", color: "inherit", border: "1px solid var(--line)", borderRadius: 6 }}>
            <option value="started">Newest start first</option>
            <option value="arrival">Newest arrival first</option>
            <option value="slowest">Slowest first</option>
          </select>
        </label>
        <Menu position="bottom-end" closeOnItemClick={false}>
          <Menu.Target><Button size="compact-md" variant="default">Columns</Button></Menu.Target>
          <Menu.Dropdown>
            {COLUMNS.map((column) => <Menu.Item key={column.name} onClick={() => flip(column.name)}>{names.includes(column.name) ? "✓ " : "  "}{column.title}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
        <Button size="compact-md" variant="default" component="a" href={`/api/v1/requests.csv?${csv}`} download data-export>Export CSV</Button>
      </div>
      <Panel name="requests" title={search.order === "slowest" ? "Slowest first" : "Newest first"} answer={pages as unknown as Answer<unknown>} height={400} isLead isNothing={() => rows.length === 0}>
        {() => (
          <>
            <Table rows={rows} columns={columns} search={search} zone={zone} />
            <div className="row" style={{ paddingTop: 8 }}>
              <span className="quiet small grow">{count(rows.length)} of {count(total)} shown{isLive(search) && (pages.data?.pages.length ?? 1) > 1 && `, as of ${time(pages.dataUpdatedAt, zone, "clock")}`}</span>
              {isLive(search) && (pages.data?.pages.length ?? 1) > 1 && <Button size="compact-sm" variant="default" onClick={() => void pages.refetch()}>Refresh</Button>}
              {pages.hasNextPage && <Button size="compact-sm" variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>Show {PAGE} more</Button>}
            </div>
          </>
        )}
      </Panel>
    </>
  );
}

function Table({ rows, columns, search, zone }: { rows: readonly FeedRow[]; columns: readonly Column[]; search: Search; zone: "utc" | "local" }): ReactNode {
  const [pickedId, setPickedId] = useState<string | null>(null);
  const picked = rows.findIndex((row) => row.detail.attemptId === pickedId);
  useKeys((event) => {
    const row = rows[picked];
    if (event.key === "j" || event.key === "k") {
      const next = Math.max(0, Math.min(rows.length - 1, picked + (event.key === "j" ? 1 : -1)));
      setPickedId(rows[next]?.detail.attemptId ?? null);
      // The link of the line takes the focus: it is read aloud, and Enter opens it.
      document.querySelectorAll("[data-row]")[next]?.querySelector("a")?.focus();
    } else if (event.key === "e") {
      document.querySelector<HTMLElement>("[data-export]")?.click();
    } else if (event.key === "y" && row) {
      copy(row.detail.correlationId ?? row.detail.attemptId);
    }
  });
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="Requests. j and k move, Enter opens.">
      <table className="table">
        <thead><tr>{columns.map((column) => <th key={column.name} className={column.isNumber ? "num" : ""}>{column.title}</th>)}</tr></thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={row.detail.attemptId} data-row data-attempt={row.detail.attemptId} style={place === picked ? { background: "var(--hover)" } : {}}>
              {columns.map((column, index) => (
                <td key={column.name} className={column.isNumber ? "num" : ""}>
                  {index === 0 ? <Link to="/requests/$id" params={{ id: row.detail.attemptId }} search={search} style={{ color: "inherit" }}>{column.show(row, zone)}</Link> : column.show(row, zone)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What names a list: also that of its neighbours and its file. */
export function listParameters(search: Search): URLSearchParams {
  const parameters = apiParameters(search);
  if (search.order) parameters.set("order", search.order);
  return parameters;
}
