// What does a tail show? Pure: the lines so far and what came in, newest first, and no more of them than can be read.
import type { LogEvent, TailUpdate } from "../api/logs";

/** Lines that are kept, shown or held; older ones are in the search. */
export const KEPT_MAX = 2_000;
/** Seconds over which the rate is taken. */
const RATE_SECONDS = 10;

export interface TailState {
  lines: readonly LogEvent[];
  /** What came while it is held; newest first. */
  held: readonly LogEvent[];
  /** How many came while it is held, kept or not. */
  news: number;
  /** Matches of each of the last seconds. */
  recent: readonly number[];
  matched: number;
  /** Matches that the server did not send. */
  leftOut: number;
  /** The newest update was a part of what matched. */
  isSampled: boolean;
  /** Lines that have fallen off the end. */
  dropped: number;
}

export const NOTHING: TailState = { lines: [], held: [], news: 0, recent: [], matched: 0, leftOut: 0, isSampled: false, dropped: 0 };

export function withUpdate(state: TailState, update: TailUpdate, isHeld: boolean): TailState {
  const counted = {
    ...state,
    recent: [...state.recent, update.matched].slice(-RATE_SECONDS),
    matched: state.matched + update.matched,
    leftOut: state.leftOut + Math.max(0, update.matched - update.shown),
    isSampled: update.isSampled,
  };
  const known = new Set([...state.lines, ...state.held].map((line) => line.id));
  const fresh = update.events.filter((line) => !known.has(line.id)).reverse().sort(newestFirst);
  if (fresh.length === 0) return counted;
  if (!isHeld) return kept({ ...counted, lines: [...fresh, ...state.lines] });
  return { ...counted, held: [...fresh, ...state.held].slice(0, KEPT_MAX), news: state.news + fresh.length };
}

/** What was held joins the rest. */
export function released(state: TailState): TailState {
  if (state.news === 0) return state;
  return kept({ ...state, lines: [...state.held, ...state.lines], held: [], news: 0, dropped: state.dropped + state.news - state.held.length });
}

/** Matches a second, over the last seconds; null before the first. */
export function rate(state: TailState): number | null {
  return state.recent.length === 0 ? null : state.recent.reduce((sum, each) => sum + each, 0) / state.recent.length;
}

function kept(state: TailState): TailState {
  if (state.lines.length <= KEPT_MAX) return state;
  return { ...state, lines: state.lines.slice(0, KEPT_MAX), dropped: state.dropped + state.lines.length - KEPT_MAX };
}

function newestFirst(left: LogEvent, right: LogEvent): number {
  return left.timestamp < right.timestamp ? 1 : left.timestamp > right.timestamp ? -1 : 0;
}
