// What has changed since the page was opened? Follows the stream of the address' range and filters while the page is
// visible, and writes what comes into the answers that panels already show.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { FeedEvent, KpiEvent, Metrics, TrendEvent, Trends } from "../api/client";
import { answerKey } from "../api/queries";
import { apiParameters, isLive, rangeOf, relativeMillis, type Search } from "../url/search";
import { OFF, type LiveState } from "./connection";
import { withKpi, withTrend } from "./merge";
import { follow } from "./shared";

export interface Live {
  state: LiveState;
  /** Whether a stream tells the news of the range; else answers must be asked for again. */
  isFollowed: boolean;
  /** Server time minus this machine's, milliseconds; null until something came. */
  clockOffset: number | null;
  /** When the newest telemetry arrived, milliseconds since 1970; null until something came. */
  dataTo: number | null;
  onFeed(listen: (event: FeedEvent) => void): () => void;
}

/** Numbers that the stream does not bring, such as those of the period before, are asked for again after this long. */
const CATCH_UP_MS = 30_000;

/** What the stream brings as well, and what it waits for at the beginning: so long at most, looked at so often. */
const FIRST = ["/metrics", "/trends"];
const FIRST_MS_MAX = 5_000;
const FIRST_CHECK_MS = 50;

const Context = createContext<Live>({ state: OFF, isFollowed: false, clockOffset: null, dataTo: null, onFeed: () => () => undefined });
const DAYS_30_MS = 30 * 86_400_000;
export const TREND_POINTS = 180;
/** Begins the name of the feed's list among the answers. */
export const FEED = "/requests as a feed";

export function useLive(): Live {
  return useContext(Context);
}

/** The stream of an address; null where the range does not end now. */
export function streamUrl(search: Search): string | null {
  const from = rangeOf(search).from;
  const reach = relativeMillis(from);
  if (!isLive(search) || reach === null || reach === 0 || reach > DAYS_30_MS) return null;
  const parameters = apiParameters(search);
  parameters.delete("to");
  parameters.set("maxDataPoints", String(TREND_POINTS));
  return `/api/v1/stream?${parameters}`;
}

export function LiveProvider({ search, children }: { search: Search; children: ReactNode }): ReactNode {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>(OFF);
  const [dataTo, setDataTo] = useState<{ newest: number | null; offset: number } | null>(null);
  const listeners = useRef(new Set<(event: FeedEvent) => void>());
  const resume = useRef<{ url: string; id: string | null }>({ url: "", id: null });
  const isVisible = useVisible();
  const url = streamUrl(search);
  const parameters = apiParameters(search).toString();

  useEffect(() => {
    if (url === null || !isVisible) {
      setState(OFF);
      return undefined;
    }
    const plain = new URLSearchParams(parameters);
    const metricsKey = answerKey("/metrics", plain);
    const trendParameters = new URLSearchParams(plain);
    trendParameters.set("maxDataPoints", String(TREND_POINTS));
    const isOfTrends = (key: readonly unknown[]): boolean => {
      const known = new URLSearchParams(String(key[1]));
      known.delete("compare");
      return key[0] === "/trends" && known.toString() === trendParameters.toString();
    };
    // What an answer lacks because the page was hidden is asked for; a resumed feed lacks nothing.
    const from = resume.current.url === url ? resume.current.id : null;
    if (from !== null) void client.invalidateQueries();
    let isFollowed = false;
    const begin = (): (() => void) => follow(url, from, {
      state(next) {
        setState(next);
        // What happened between the first answers and the stream's beginning is in neither: the list is asked for anew.
        if (next.phase === "live" && !isFollowed) void client.invalidateQueries({ queryKey: [FEED] });
        isFollowed ||= next.phase === "live";
      },
      event(event) {
        if (event.id) resume.current = { url, id: event.id };
        if (event.event === "reset") return void client.invalidateQueries();
        const data: unknown = JSON.parse(event.data);
        if (event.event === "feed") {
          for (const listen of listeners.current) listen(data as FeedEvent);
        } else if (event.event === "kpi") {
          const kpi = data as KpiEvent;
          client.setQueryData<Metrics>(metricsKey, (known) => (known ? withKpi(known, kpi) : known));
          const now = Date.parse(kpi.dataTo.now);
          setDataTo({ newest: kpi.dataTo.newestArrival ? Date.parse(kpi.dataTo.newestArrival) : null, offset: now - Date.now() });
        } else if (event.event === "trend") {
          const trend = data as TrendEvent;
          if (trend.refetch) void client.invalidateQueries({ queryKey: ["/trends"] });
          const filters = { predicate: (query: { queryKey: readonly unknown[] }) => isOfTrends(query.queryKey) };
          client.setQueriesData<Trends>(filters, (known) => (known ? withTrend(known, trend) : known));
        }
      },
    });
    // The stream's first numbers cost the server as much as the page's own questions: those go first.
    let stop = (): void => undefined;
    const began = Date.now();
    const wait = setInterval(() => {
      const isAsking = client.isFetching({ predicate: (query) => FIRST.includes(String(query.queryKey[0])) }) > 0;
      if (isAsking && Date.now() - began < FIRST_MS_MAX) return;
      clearInterval(wait);
      stop = begin();
    }, FIRST_CHECK_MS);
    // A timer of its own: each write into an answer puts off the answer's next question.
    const catchUp = setInterval(() => {
      for (const path of FIRST) void client.invalidateQueries({ queryKey: [path] });
    }, CATCH_UP_MS);
    return () => {
      clearInterval(wait);
      clearInterval(catchUp);
      stop();
    };
  }, [client, url, isVisible, parameters]);

  const live = useMemo<Live>(
    () => ({
      state,
      isFollowed: url !== null,
      dataTo: dataTo?.newest ?? null,
      clockOffset: dataTo?.offset ?? null,
      onFeed(listen) {
        listeners.current.add(listen);
        return () => listeners.current.delete(listen);
      },
    }),
    [state, dataTo, url],
  );
  return <Context value={live}>{children}</Context>;
}

function useVisible(): boolean {
  const [isVisible, setVisible] = useState(document.visibilityState !== "hidden");
  useEffect(() => {
    const read = (): void => setVisible(document.visibilityState !== "hidden");
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, []);
  return isVisible;
}
