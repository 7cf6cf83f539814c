// What happened around a line? The lines of its stream before and after it, oldest first, whatever the pattern says.
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { ask } from "../api/client";
import type { LogEvent, LogEvents } from "../api/logs";
import type { Answer } from "../api/queries";
import { Panel } from "../panels/Panel";
import { useKeys } from "../shell/useKeys";
import { count, time } from "../text/format";
import type { Middle } from "../url/logs";
import { changed } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Lines } from "./Lines";
import { useMarks } from "./useLines";

/** Lines that are asked for at once, on either side. */
const SIDE = 30;
/** How far from the line is looked. */
const REACH_MS = 86_400_000;

export function Around({ middle }: { middle: Middle }): ReactNode {
  const { search, zone, go } = useAddress();
  const marks = useMarks(search);
  const before = useSide(middle, "desc");
  const after = useSide(middle, "asc");
  const lines = useMemo(() => merged(before.data?.pages, after.data?.pages), [before.data, after.data]);
  const leave = (): void => go(changed(search, { around: undefined }));
  useKeys((event) => {
    if (event.key === "Escape") leave();
  });
  const place = lines.findIndex((line) => line.id === middle.id);
  // It is ready when both sides are.
  const answer = before.data ? after : before;
  return (
    <Panel name="logs-around" title={`Lines of ${middle.stream} around ${time(middle.at, zone, "full")}`} answer={answer as unknown as Answer<unknown>} height={320} isNothing={() => false} isTimeless
      actions={<Button size="compact-sm" variant="default" onClick={leave}>Back to the search</Button>}>
      {() => lines.length === 0 && !before.hasNextPage && !after.hasNextPage ? (
        <div className="face"><strong>This stream has no lines there.</strong><span>They may be older than their group keeps them.</span></div>
      ) : (
        <>
          <div className="row wrap log-more">
            <span className="quiet small grow">{middle.group}{place < 0 ? "; the line itself is no longer kept" : `; ${count(place)} before and ${count(lines.length - place - 1)} after it`}</span>
            {before.hasNextPage ? <Button size="compact-sm" variant="default" loading={before.isFetchingNextPage} onClick={() => void before.fetchNextPage()}>{SIDE} earlier lines</Button> : <span className="quiet small">Nothing earlier that day</span>}
          </div>
          <Lines lines={lines} marks={marks} label={`Lines of ${middle.stream}`} height="max(320px, 60vh)" middle={middle.id} />
          <div className="row log-more">
            <span className="grow" />
            {after.hasNextPage ? <Button size="compact-sm" variant="default" loading={after.isFetchingNextPage} onClick={() => void after.fetchNextPage()}>{SIDE} later lines</Button> : <span className="quiet small">Nothing later that day</span>}
          </div>
        </>
      )}
    </Panel>
  );
}

function useSide(middle: Middle, order: "asc" | "desc") {
  const at = Date.parse(middle.at);
  const range = order === "asc" ? { from: middle.at, to: new Date(at + REACH_MS).toISOString() } : { from: new Date(at - REACH_MS).toISOString(), to: new Date(at + 1).toISOString() };
  const name = new URLSearchParams({ group: middle.group, stream: middle.stream, ...range, order, limit: String(SIDE) }).toString();
  return useInfiniteQuery({
    queryKey: ["/logs/events", "around", name],
    queryFn: ({ pageParam, signal }) => {
      const asked = new URLSearchParams(name);
      if (pageParam !== "") asked.set("cursor", pageParam);
      return ask<LogEvents>("/logs/events", asked, signal);
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: Infinity,
  });
}

/** Both sides have the lines of the middle's own millisecond. */
function merged(before: readonly LogEvents[] = [], after: readonly LogEvents[] = []): LogEvent[] {
  const earlier = before.flatMap((page) => page.events).reverse();
  const known = new Set(earlier.map((line) => line.id));
  return [...earlier, ...after.flatMap((page) => page.events).filter((line) => !known.has(line.id))];
}
