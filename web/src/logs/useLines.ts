// What may be done with a line from wherever it is shown? Grow the pattern, look around it, mark what was looked for.
import { useCallback, useMemo } from "react";
import type { LogEvent } from "../api/logs";
import { announce } from "../shell/announce";
import { around } from "../url/logs";
import { changed, joined, listOf, type Search } from "../url/search";
import { marksOf, type Mark } from "./marks";
import { withCondition, type Value } from "./pattern";

export interface LineActions {
  /** Only lines with this value, or with `refuse` all others. */
  condition(name: string, value: Value, refuse: boolean): void;
  around(line: LogEvent): void;
  /** Only lines of this stream of its group. */
  stream(line: LogEvent): void;
}

export function useMarks(search: Search): readonly Mark[] {
  return useMemo(() => marksOf(search.pattern ?? "", search.mark), [search.pattern, search.mark]);
}

/** Fields that are not of the message but say where it came from. */
const PLACES: Record<string, "group" | "stream"> = { "@logGroup": "group", "@logStream": "stream" };

export function useLineActions(search: Search, go: (next: Search) => void): LineActions {
  const condition = useCallback((name: string, value: Value, refuse: boolean) => {
    const place = PLACES[name];
    if (place) {
      if (refuse) return announce("Groups and streams can be chosen, not refused");
      const known = listOf(search[place]);
      const text = typeof value === "string" ? value : String(value);
      return go(changed(search, { [place]: joined(known.includes(text) ? known.filter((each) => each !== text) : [...known, text]), around: undefined }));
    }
    const { pattern, isReplaced } = withCondition(search.pattern ?? "", name, value, refuse);
    if (isReplaced) announce("A field cannot be joined with that pattern, so it was replaced; Back undoes it");
    go(changed(search, { pattern, around: undefined }));
  }, [search, go]);
  const look = useCallback((line: LogEvent) => go(around(search, line)), [search, go]);
  const stream = useCallback((line: LogEvent) => go(changed(search, { group: joined([line.group]), stream: joined([line.stream]), around: undefined })), [search, go]);
  return useMemo(() => ({ condition, around: look, stream }), [condition, look, stream]);
}
