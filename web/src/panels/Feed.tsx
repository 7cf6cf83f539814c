// What is arriving now? Newest arrival first; a known attempt changes where it stands, so nothing jumps while read.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { ask, type FeedItem, type Requests } from "../api/client";
import { FEED, useLive } from "../live/LiveProvider";
import { feedOf, lateness, withFeed, type FeedRow } from "../live/merge";
import { useWidth } from "../charts/useWidth";
import { Icon } from "../shell/icons";
import { copy } from "../shell/announce";
import { useKeys } from "../shell/useKeys";
import { count, seconds, time } from "../text/format";
import { apiParameters, isFiltered, isLive, type Search } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Panel } from "./Panel";
import { Status } from "./Status";

const HEIGHT = 420;
const POLL_MS = 5_000;
/** Events of the stream that are remembered until a list asked for later arrives: over two minutes of them. */
const RECENT_MAX = 500;
/** Changes that are kept while the feed is held; older ones are in the list that is asked for then. */
const HELD_MAX = 1_000;
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
  const { isFollowed } = useLive();
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
    refetchInterval: isLive(search) && (isFiltered(search) || !isFollowed) ? POLL_MS : false,
  });
  const feed = useFeed(answer.data, search);
  return (
    <Panel name="feed" title="Live requests" answer={answer} height={HEIGHT} isNothing={() => feed.rows.length === 0}
      actions={
        <span className="row">
          {feed.skipped > 0 && <span className="quiet small">{count(feed.skipped)} skipped</span>}
          {feed.news > 0 && <Button size="compact-xs" variant="light" onClick={feed.resume} data-testid="feed-new">{count(feed.news)} new</Button>}
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
          <Rows rows={feed.rows} read={feed.read} />
        </>
      )}
    </Panel>
  );
}

interface FeedState {
  rows: readonly FeedRow[];
  /** New attempts since it is held. */
  news: number;
  skipped: number;
  isPaused: boolean;
  pause(): void;
  resume(): void;
  /** Somebody points at it, is in it with the keyboard, or has scrolled away from its top. */
  read(is: boolean): void;
}

function useFeed(listed: Listed | undefined, search: Search): FeedState {
  const live = useLive();
  const [rows, setRows] = useState<readonly FeedRow[]>([]);
  const [held, setHeld] = useState<readonly FeedItem[]>([]);
  const [skipped, setSkipped] = useState(0);
  const [isPaused, setPaused] = useState(false);
  const [isRead, setRead] = useState(false);
  const isHeld = isPaused || isRead;
  const gate = useRef(isHeld);
  gate.current = isHeld;

  // A list replaces everything but what the stream brought after it was asked for.
  const recent = useRef<{ at: number; items: readonly FeedItem[] }[]>([]);
  const shown = useRef("");
  const waiting = useRef<Listed | null>(null);
  const apply = ({ name, list, askedAt }: Listed): void => {
    shown.current = name;
    waiting.current = null;
    recent.current = recent.current.filter((event) => event.at >= askedAt);
    setRows(recent.current.reduce<readonly FeedRow[]>((known, event) => withFeed(known, event), feedOf(list)));
    setHeld([]);
    setSkipped(0);
  };
  useLayoutEffect(() => {
    if (!listed) return;
    // Who holds the feed reads it: the same list anew waits until it is let go.
    if (gate.current && shown.current === listed.name) waiting.current = listed;
    else apply(listed);
  }, [listed]);

  useEffect(() => live.onFeed((event) => {
    setSkipped((before) => before + event.skipped);
    recent.current = [...recent.current, { at: performance.now(), items: event.items }].slice(-RECENT_MAX);
    if (gate.current) setHeld((before) => [...before, ...event.items].slice(-HELD_MAX));
    else setRows((before) => withFeed(before, event));
  }), [live]);

  const release = (): void => {
    if (waiting.current) return apply(waiting.current);
    setRows((before) => withFeed(before, { items: held }));
    setHeld([]);
  };
  useEffect(() => {
    if (!isHeld) release();
    // Only letting go releases; what comes afterwards is shown at once.
  }, [isHeld]);
  useKeys((event) => {
    if (event.key === "p") setPaused((now) => !now);
  });

  const known = new Set(rows.map((row) => row.detail.attemptId));
  const news = isHeld ? new Set(held.map((item) => item.detail.attemptId).filter((id) => !known.has(id))).size : 0;
  return {
    rows,
    news: isLive(search) ? news : 0,
    skipped,
    isPaused,
    pause: () => setPaused(true),
    resume() {
      setPaused(false);
      document.querySelector(`[data-panel="feed"] .scroll-y`)?.scrollTo({ top: 0 });
      setRead(false);
      release();
    },
    read: setRead,
  };
}

function Rows({ rows, read }: { rows: readonly FeedRow[]; read(is: boolean): void }): ReactNode {
  const { search, zone } = useAddress();
  const { set: setBox, element: box, width } = useWidth<HTMLDivElement>();
  const [picked, setPicked] = useState<string | null>(null);
  const height = width >= 860 ? 30 : 52;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => height, overscan: 8 });
  useEffect(() => virtual.measure(), [height, virtual]);

  const isReading = (event: React.SyntheticEvent<HTMLElement>): void => {
    const area = event.currentTarget;
    const hasLeft = event.type === "mouseleave" || event.type === "blur";
    read(area.scrollTop > 0 || (!hasLeft && area.matches(":hover")) || (event.type !== "blur" && area.contains(document.activeElement)));
  };
  const press = (event: React.KeyboardEvent): void => {
    const place = rows.findIndex((row) => row.detail.attemptId === picked);
    const row = rows[place];
    if (event.key === "j" || event.key === "k") {
      const next = Math.max(0, Math.min(rows.length - 1, place + (event.key === "j" ? 1 : -1)));
      const id = rows[next]?.detail.attemptId ?? null;
      setPicked(id);
      virtual.scrollToIndex(next);
      // Once the line is drawn, it is read aloud and Enter opens it.
      requestAnimationFrame(() => id && box.current?.querySelector<HTMLElement>(`[data-attempt="${CSS.escape(id)}"]`)?.focus({ preventScroll: true }));
    } else if (event.key === "y" && row) {
      copy(row.detail.correlationId ?? row.detail.attemptId);
    }
  };
  return (
    <div ref={setBox} className="scroll-y" style={{ height: HEIGHT - 20, margin: "0 -12px" }} tabIndex={0} role="group" aria-label="Live requests, newest first. j and k move, Enter opens."
      onKeyDown={press} onMouseEnter={() => read(true)} onFocus={() => read(true)} onScroll={isReading} onMouseLeave={isReading} onBlur={isReading}>
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
