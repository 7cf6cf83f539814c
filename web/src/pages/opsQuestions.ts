// What does Operations ask first? Asked before anything is drawn, so that the answers are on their way meanwhile.
import type { QueryClient } from "@tanstack/react-query";
import type { Metrics, Trends } from "../api/client";
import { ask } from "../api/client";
import { answerKey, type Asking } from "../api/queries";
import { TREND_POINTS } from "../live/LiveProvider";
import { parseSearch } from "../url/codec";
import { apiParameters, readSearch, type Search } from "../url/search";

/** Parameters of the trend beside range and filters. */
export function trendMore(search: Search): NonNullable<Asking["more"]> {
  return { maxDataPoints: String(TREND_POINTS), ...(search.cmp === "prev" ? { compare: "previous" } : {}) };
}

/** Asks for the cards and the trend of an address that shows them. */
export function askFirst(client: QueryClient, path: string, query: string): void {
  if (path !== "/" && path !== "/ops") return;
  const search = readSearch(parseSearch(query));
  const trend = apiParameters(search);
  for (const [name, value] of Object.entries(trendMore(search))) trend.set(name, value);
  prefetch<Metrics>(client, "/metrics", apiParameters(search));
  prefetch<Trends>(client, "/trends", trend);
}

function prefetch<T>(client: QueryClient, path: string, parameters: URLSearchParams): void {
  void client.prefetchQuery({ queryKey: answerKey(path, parameters), queryFn: ({ signal }) => ask<T>(path, parameters, signal) });
}
