// What is arriving now? Newest arrival first; a known attempt changes where it stands, so nothing jumps while read.
import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { ask, type FeedItem, type Requests } from "../api/client";
import { FEED, useLive } from "../live/LiveProvider";
import { feedOf, lateness, withFeed, type FeedRow } from "../live/merge";
import { useWidth } from "../charts/useWidth";
import { Icon } from "../shell/icons";
import { useKeys } from "../shell/useKeys";
import { count, seconds, time } from "../text/format";
import { apiParameters, isFiltered, isLive, type Search } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Panel } from "./Panel";
import { Status } from "./Status";

const HEIGHT = 420;
const FILTERED_REFRESH_MS = 10_000;
/** Events of the stream that are remembered until a list asked for later arrives: over two minutes of them. */
const RECENT_MAX = 500;
const TITLES = ["Started", "Outcome", "Device", "Wallet", "Issuer", "Reason"];

/** A list, and when it was asked for: what the stream brought since is newer. */
interface Listed {
  /** Its range and filters. */
  name: string;
  list: Requests;
  askedAt: number;
}

export function Feed(): ReactNode {
  const { search } = useAddress();
  const parameters = apiParameters(search);
  parameters.set("order", "arrival");
  parameters.set("limit", "200");
  const answer = useQuery<Listed>({
    queryKey: [FEED, parameters.toString()],
    queryFn: async ({ signal }) => {
      const askedAt = performance.now();
      return { name: parameters.toString(), list: await ask<Requests>("/requests", parameters, signal), askedAt };
    },
    placeholderData: keepPreviousData,
    // An attempt that stops passing a filter leaves without a word on the stream.
    refetchInterval: isLive(search) && isFiltered(search) ? FILTERED_REFRESH_MS : false,
  });
  const feed = useFeed(answer.data, search);
  return (
    <Panel name="feed" title="Live requests" answer={answer} height={HEIGHT} isNothing={() => feed.rows.length === 0}
      actions={
        <span className="row">
          {feed.skipped > 0 && <span className="quiet small">{count(feed.skipped)} skipped</span>}
          {feed.waiting > 0 && <Button size="compact-xs" variant="light" onClick={feed.resume} data-testid="feed-new">{count(feed.waiting)} new</Button>}
          {isLive(search) && (
            <Button size="compact-xs" variant="default" aria-pressed={feed.isPaused} leftSection={<Icon name={feed.isPaused ? "play" : "pause"} size={12} />} onClick={feed.isPaused ? feed.resume : feed.pause}>
              {feed.isPaused ? "Continue" : "Pause"}
            </Button>
          )}
        </span>
      }>
      {() => (
        <>
          <div className="feed-head feed-grid only-wide small" aria-hidden="true" style={{ margin: "0 -12px" }}>
            {TITLES.map((title) => <span key={title}>{title}</span>)}
            <span className="num">Took</span>
          </div>
          <Rows rows={feed.rows} hover={feed.hover} />
        </>
      )}
    </Panel>
  );
}

interface FeedState {
  rows: readonly FeedRow[];
  /** New attempts since the pause. */
  waiting: number;
  skipped: number;
  isPaused: boolean;
  pause(): void;
  resume(): void;
  hover(is: boolean): void;
}

function useFeed(listed: Listed | undefined, search: Search): FeedState {
  const live = useLive();
  const [rows, setRows] = useState<readonly FeedRow[]>([]);
  const [held, setHeld] = useState<readonly FeedItem[]>([]);
  const [skipped, setSkipped] = useState(0);
  const [isPaused, setPaused] = useState(false);
  const [isHovered, setHovered] = useState(false);
  const isHeld = isPaused || isHovered;
  const gate = useRef(isHeld);
  gate.current = isHeld;

  // A list replaces everything but what the stream brought after it was asked for.
  const shown = useRef("");
  const recent = useRef<{ at: number; items: readonly FeedItem[] }[]>([]);
  useLayoutEffect(() => {
    // Who paused reads: the same list anew waits for the end of the pause.
    if (!listed || (gate.current && shown.current === listed.name)) return;
    shown.current = listed.name;
    recent.current = recent.current.filter((event) => event.at >= listed.askedAt);
    setRows(recent.current.reduce<readonly FeedRow[]>((known, event) => withFeed(known, event), feedOf(listed.list)));
    setHeld([]);
    setSkipped(0);
  }, [listed]);

  useEffect(() => live.onFeed((event) => {
    setSkipped((before) => before + event.skipped);
    recent.current = [...recent.current, { at: performance.now(), items: event.items }].slice(-RECENT_MAX);
    if (gate.current) setHeld((before) => [...before, ...event.items].slice(-1_000));
    else setRows((before) => withFeed(before, event));
  }), [live]);

  const release = (): void => {
    setRows((before) => withFeed(before, { items: [...held] }));
    setHeld([]);
  };
  useEffect(() => {
    if (!isHeld && held.length > 0) release();
  });
  useKeys((event) => {
    if (event.key === "p") setPaused((now) => !now);
  });

  const known = new Set(rows.map((row) => row.detail.attemptId));
  const waiting = isPaused || isHovered ? new Set(held.map((item) => item.detail.attemptId).filter((id) => !known.has(id))).size : 0;
  return {
    rows,
    waiting: isLive(search) ? waiting : 0,
    skipped,
    isPaused,
    pause: () => setPaused(true),
    resume: () => { setPaused(false); release(); },
    hover: setHovered,
  };
}

function Rows({ rows, hover }: { rows: readonly FeedRow[]; hover(is: boolean): void }): ReactNode {
  const { search, zone } = useAddress();
  const navigate = useNavigate();
  const { set: setBox, element: box, width } = useWidth<HTMLDivElement>();
  const [picked, setPicked] = useState<string | null>(null);
  const height = width >= 860 ? 30 : 52;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => height, overscan: 8 });
  useEffect(() => virtual.measure(), [height, virtual]);

  const press = (event: React.KeyboardEvent): void => {
    const place = rows.findIndex((row) => row.detail.attemptId === picked);
    const row = rows[place];
    if (event.key === "j" || event.key === "k") {
      const next = Math.max(0, Math.min(rows.length - 1, place + (event.key === "j" ? 1 : -1)));
      setPicked(rows[next]?.detail.attemptId ?? null);
      virtual.scrollToIndex(next);
    } else if (event.key === "Enter" && row) {
      void navigate({ to: "/requests/$id", params: { id: row.detail.attemptId }, search });
    } else if (event.key === "y" && row) {
      void navigator.clipboard.writeText(row.detail.correlationId ?? row.detail.attemptId);
    }
  };
  return (
    <div ref={setBox} className="scroll-y" style={{ height: HEIGHT - 20, margin: "0 -12px" }} tabIndex={0} role="group" aria-label="Live requests, newest first. j and k move, Enter opens."
      onKeyDown={press} onMouseEnter={() => hover(true)} onMouseLeave={() => hover(false)}>
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const late = lateness(row);
          const { detail, request } = row;
          return (
            <Link key={detail.attemptId} to="/requests/$id" params={{ id: detail.attemptId }} search={search} className="feed-row feed-grid" data-picked={picked === detail.attemptId} data-attempt={detail.attemptId}
              style={{ position: "absolute", top: 0, left: 0, transform: `translateY(${item.start}px)` }} tabIndex={-1}>
              <span className="mono" title={detail.startedAt}>
                {time(detail.startedAt, zone, "clock")}
                {late !== null && <span title={`Arrived ${seconds(late / 1_000)} after it started`} style={{ color: "var(--warn)", marginLeft: 4, verticalAlign: "-2px" }}><Icon name="late" size={12} /><span className="visually-hidden">late by {seconds(late / 1_000)}</span></span>}
              </span>
              <Status outcome={detail.outcome} />
              <span className="clip only-wide">{request.device}</span>
              <span className="clip only-wide">{detail.wallet ?? "Unknown wallet"}</span>
              <span className="clip only-wide">{detail.issuer ?? "Unknown issuer"}</span>
              <span className="clip only-wide">{request.reason}</span>
              <span className="num">{seconds(detail.processingTimeSeconds)}</span>
              {height === 52 && <span className="clip small quiet" style={{ gridColumn: "1 / -1" }}>{[request.device, detail.wallet, detail.issuer, request.reason].filter(Boolean).join(" · ")}</span>}
            </Link>
          );
        })}
      </div>
    </div>
  );
}
