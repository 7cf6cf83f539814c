// Who sends what? The answer of one path: every source with its counts, and what its developers should mend.
// These are the names of the server's description: once it lists the path, each is `Schemas["…"]` of `client.ts`.
import { ask, type DataTo } from "./client";

export interface SourcesAnswer {
  sources: SourceShown[];
  dataTo: DataTo;
}

/** One key or door, and what came by it since it was first seen. */
export interface SourceShown {
  name: string;
  /** `live`, or `silent` when nothing came for ten minutes. */
  state: string;
  firstSeen: string;
  lastSeen: string;
  /** Records a minute, over the newest hour. */
  perMinute: number;
  /** Records of each of the newest 60 minutes, oldest first; the last one is not over. */
  minutes: number[];
  logEvents: number;
  metricData: number;
  spans: number;
  auditEvents: number;
  /** Log events that are events of the contract. */
  contractEvents: number;
  /** The share of them that has an id to join by; null without any. */
  joinCoverage?: number | null;
  withoutId: number;
  withoutCorrelationId: number;
  /** Events in which a card number was cut. */
  guarded: number;
  /** Events that arrived more than 15 minutes after their time. */
  late: number;
  /** Events whose time is more than a minute ahead of their arrival. */
  ahead: number;
  /** From the newest event's time to its arrival; negative where its time is ahead. */
  delaySeconds: number;
  unknownEvents: CountedName[];
  drift: SpellingDrift[];
  hints: SourceHint[];
}

export interface CountedName {
  name: string;
  count: number;
}

/** One word in several spellings. */
export interface SpellingDrift {
  /** The contract's field. */
  field: string;
  spellings: CountedName[];
}

export interface SourceHint {
  /** A stable word. */
  code: string;
  /** `error` (numbers are missing or wrong) or `warning`. */
  severity: string;
  /** What is wrong. */
  text: string;
  /** What to do. */
  fix: string;
}

export function askSources(signal: AbortSignal): Promise<SourcesAnswer> {
  return ask<SourcesAnswer>("/sources", undefined, signal);
}
