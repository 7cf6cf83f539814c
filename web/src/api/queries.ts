// Which answers does a panel show? One hook: an answer is named by its path and parameters, kept while the next one is
// on its way, and asked for again while the range is live.
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { apiParameters, isLive, type Search } from "../url/search";
import { ask, type Session } from "./client";

export type Answer<T> = UseQueryResult<T, Error>;

/** Milliseconds after which a live panel that the stream does not feed is asked for again. */
export const REFRESH_MS = 5_000;

export interface Asking {
  /** Parameters beside range and filters. */
  more?: Record<string, string>;
  /** Milliseconds between questions of a live range; `false` where the stream brings news. */
  every?: number | false;
  enabled?: boolean;
}

export function answerKey(path: string, parameters: URLSearchParams): readonly string[] {
  return [path, parameters.toString()];
}

/** Whether questions below it may be asked yet: over much data, what is seen first is asked for first. */
export const Turn = createContext(true);

/** The answer for the address' range and filters. */
export function useAnswer<T>(path: string, search: Search, asking: Asking = {}): Answer<T> {
  const isTurn = useContext(Turn);
  const parameters = apiParameters(search);
  for (const [name, value] of Object.entries(asking.more ?? {})) parameters.set(name, value);
  const every = isLive(search) ? (asking.every ?? REFRESH_MS) : false;
  return useQuery({
    queryKey: answerKey(path, parameters),
    queryFn: ({ signal }) => ask<T>(path, parameters, signal),
    placeholderData: keepPreviousData,
    refetchInterval: every,
    enabled: (asking.enabled ?? true) && isTurn,
  });
}

/** Who is signed in, and whether any record has ever come. */
export function useSession(): Answer<Session> {
  return useQuery({
    queryKey: ["/session"],
    queryFn: ({ signal }) => ask<Session>("/session", undefined, signal),
    refetchInterval: (query) => (query.state.data?.hasData === false ? 2_000 : 15_000),
  });
}
