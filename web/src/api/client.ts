// How does the page ask the server? `ask` for answers typed by the server's own description, `send` for everything else.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Metrics = Schemas["MetricsAnswer"];
export type Trends = Schemas["TrendsAnswer"];
export type Buckets = Schemas["BucketColumns"];
export type Breakdown = Schemas["BreakdownAnswer"];
export type BreakdownRow = Schemas["BreakdownRow"];
export type Requests = Schemas["RequestsAnswer"];
export type RequestSummary = Schemas["RequestSummary"];
export type TokenRequest = Schemas["TokenRequest"];
export type RequestAnswer = Schemas["RequestAnswer"];
export type Candidates = Schemas["CandidatesAnswer"];
export type Session = Schemas["SessionAnswer"];
export type FeedItem = Schemas["FeedItemShown"];
export type FeedEvent = Schemas["FeedEvent"];
export type DataTo = Schemas["DataTo"];
export type Series = Schemas["SeriesAnswer"];
export type Heatmap = Schemas["HeatmapAnswer"];
export type Stages = Schemas["StagesAnswer"];
export type StageTime = Schemas["StageTime"];
export type Funnel = Schemas["FunnelAnswer"];
export type Neighbours = Schemas["NeighboursAnswer"];
export type RangeAnswered = Schemas["RangeAnswered"];
export type RateNumbers = Schemas["RateNumbers"];
export type KpiEvent = Schemas["KpiEvent"];
export type TrendEvent = Schemas["TrendEvent"];
export type RecordShown = Schemas["RecordShown"];
export type Outcome = "SUCCESS" | "FAILED" | "PENDING" | "ABANDONED";

/** Where in a text that was sent the mistake is, counted from 1, and what would be right. */
export interface Place {
  line?: number | null;
  column?: number | null;
  hint?: string | null;
  /** In a filter pattern: its character, counted from 0. */
  at?: number | null;
  /** The parameter or member that is wrong. */
  parameter?: string | null;
}

/** Why the server did not answer the question. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly place: Place = {},
  ) {
    super(message);
  }
}

/** Asks the JSON API; rejects with an [ApiError]. */
export async function ask<T>(path: string, parameters?: URLSearchParams, signal?: AbortSignal): Promise<T> {
  const query = parameters && [...parameters].length > 0 ? `?${parameters}` : "";
  const response = await send(`${path}${query}`, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  return (await response.json()) as T;
}

/** Sends a request to the API; rejects with an [ApiError] unless it is answered by 2xx. */
export async function send(path: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { credentials: "same-origin", ...request });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server does not answer. Is it running?", null);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** The error that an answer without 2xx means. */
export async function refusal(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id") ?? response.headers.get("x-amzn-requestid");
  const body: unknown = await response.json().catch(() => null);
  const detail = (body as { error?: { code?: string; message?: string } & Place } | null)?.error;
  const message = detail?.message ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, detail?.code ?? "failed", message, requestId, detail);
}
