// What lies on the disk? The answer of one path: disk, journal, tables and the work that keeps them small.
import { ask } from "./client";

export interface TableState {
  name: string;
  meaning: string;
  rows: number;
  /** Rows that are in no file yet. */
  hotRows: number;
  bytes: number;
  files: number;
  filesMaxPerDay: number;
  snapshots: number;
  /** Every entry of the journal up to this one is in its files. */
  watermark: number;
  freshnessSeconds: number | null;
  oldest: string | null;
  newest: string | null;
  bytesPerDay: number | null;
  rowsPerDay: number | null;
  /** What compaction has still to merge. */
  compactionDebt: { files: number; bytes: number };
  /** Rows that replace rows of files when they are read. */
  overlayRows: number;
  lastFlush: string | null;
  lastError: string | null;
}

export interface StorageAnswer {
  now: string;
  head: number;
  disk: { path: string; totalBytes: number | null; freeBytes: number | null; daysLeft: number | null };
  journal: { bytes: number; entries: number; first: number; head: number; limitBytes: number };
  tables: readonly TableState[];
  /** Rows that are in no file yet; at the limit calls are throttled. */
  memory: { bytes: number; limitBytes: number; throttles: boolean };
  maintenance: { running: string | null; lastRun: string | null; lastError: string | null; failingSince: string | null; nextRun: string | null };
  bytesWrittenPerByteReceived: number | null;
}

export function askStorage(signal: AbortSignal): Promise<StorageAnswer> {
  return ask<StorageAnswer>("/storage", undefined, signal);
}
