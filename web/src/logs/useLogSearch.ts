// Which lines were found so far? Page after page, going on by itself while the search has not come to its end and there
// is less than was asked for: over much data the server answers in pieces, and some of them are empty.
import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ask } from "../api/client";
import type { LogEvent, LogEvents, Scanned } from "../api/logs";
import type { Answer } from "../api/queries";
import { logParameters } from "../url/logs";
import type { Search } from "../url/search";

/** Lines that are asked for at once. */
export const PAGE = 100;
/** Lines that one search shows. */
export const LINES_MAX = 10_000;
/** Pages that are asked for by themselves; then somebody has to say so. */
const ALONE_MAX = 120;

export interface LogSearch {
  answer: Answer<unknown>;
  lines: readonly LogEvent[];
  scanned: Scanned;
  /** Up to where everything was looked at; null where nobody can say. */
  reached: string | null;
  /** The search has not come to the range's end. */
  hasMore: boolean;
  isSearching: boolean;
  isStopped: boolean;
  /** Another hundred. */
  more(): void;
  stop(): void;
  /** The same question again, now. */
  refresh(): void;
}

type Pages = InfiniteData<LogEvents, string>;

export function useLogSearch(search: Search): LogSearch {
  const client = useQueryClient();
  const parameters = logParameters(search);
  parameters.set("limit", String(PAGE));
  if (search.first === "oldest") parameters.set("order", "asc");
  const name = parameters.toString();
  const key = useMemo(() => ["/logs/events", name], [name]);
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => {
      const asked = new URLSearchParams(name);
      if (pageParam !== "") asked.set("cursor", pageParam);
      return ask<LogEvents>("/logs/events", asked, signal);
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    // A list that somebody reads does not change under the eyes; who wants what is new says so, or follows the tail.
    staleTime: Infinity,
  });
  const [wanted, setWanted] = useState({ name, lines: PAGE, alone: 0, isStopped: false });
  const want = wanted.name === name ? wanted : { name, lines: PAGE, alone: 0, isStopped: false };
  const { data, hasNextPage, isFetching, isError, isPlaceholderData, fetchNextPage, refetch } = pages;
  const lines = useMemo(() => data?.pages.flatMap((page) => page.events) ?? [], [data]);
  const isShort = lines.length < want.lines && lines.length < LINES_MAX;
  const goesOn = isShort && hasNextPage && !isPlaceholderData && !isError && !want.isStopped && want.alone < ALONE_MAX;
  useEffect(() => {
    if (!goesOn || isFetching) return;
    setWanted({ ...want, alone: want.alone + 1 });
    void fetchNextPage();
    // Each page that came is a new occasion.
  }, [goesOn, isFetching, data]);

  const scanned = useMemo(() => sum(data?.pages ?? []), [data]);
  const more = useCallback(() => {
    setWanted({ name, lines: lines.length + PAGE, alone: 0, isStopped: false });
  }, [name, lines.length]);
  const stop = useCallback(() => {
    setWanted({ ...want, isStopped: true });
    void client.cancelQueries({ queryKey: key });
  }, [client, key, want]);
  const refresh = useCallback(() => {
    setWanted({ name, lines: PAGE, alone: 0, isStopped: false });
    // Only the first page again: the others hang on where it ends.
    client.setQueryData<Pages>(key, (known) => known && { pages: known.pages.slice(0, 1), pageParams: known.pageParams.slice(0, 1) });
    void refetch();
  }, [client, key, name, refetch]);
  return {
    answer: pages as unknown as Answer<unknown>,
    lines,
    scanned,
    reached: data?.pages.at(-1)?.searchedTo ?? (isPlaceholderData ? null : (lines.at(-1)?.timestamp ?? null)),
    hasMore: hasNextPage && lines.length < LINES_MAX,
    isSearching: isFetching || goesOn,
    isStopped: hasNextPage && isShort && !goesOn && !isFetching,
    more,
    stop,
    refresh,
  };
}

function sum(pages: readonly LogEvents[]): Scanned {
  const total = { events: 0, bytes: 0, milliseconds: 0 };
  for (const { scanned } of pages) {
    total.events += scanned.events;
    total.bytes += scanned.bytes;
    total.milliseconds += scanned.milliseconds;
  }
  return total;
}
