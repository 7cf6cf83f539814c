// What does a panel show when it has no numbers? Six faces, one of which is the content; each says what to do next.
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { ApiError } from "../api/client";
import { useSession, type Answer } from "../api/queries";
import { useLive } from "../live/LiveProvider";
import { Chips } from "../shell/Chips";
import { seconds } from "../text/format";
import { isFiltered, rangeOf, ranged, unfiltered } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Connect } from "./Connect";

export type Face = "loading" | "error" | "empty" | "no-match" | "stale" | "ready";

/** Which face? Old numbers are better than none, so only their absence hides the content. */
export function faceOf(known: {
  hasAnswer: boolean;
  hasFailed: boolean;
  isNothing: boolean;
  hasSource: boolean;
  isLost: boolean;
}): Face {
  if (!known.hasAnswer) return known.hasFailed ? "error" : "loading";
  if (known.isNothing) return known.hasSource ? "no-match" : "empty";
  return known.isLost ? "stale" : "ready";
}

export interface PanelProps<T> {
  /** Its stable name, for tests and links. */
  name: string;
  title: string;
  answer: Answer<T>;
  isNothing(data: T): boolean;
  children(data: T): ReactNode;
  actions?: ReactNode;
  /** Pixels that its content takes, so that nothing moves when it comes. */
  height: number;
  className?: string;
  /** The first of its page says at length what to do when there is nothing; the others say it in a sentence. */
  isLead?: boolean;
  /** Its zeros are worth showing too where no request passes. */
  showsZeros?: boolean;
  /** It shows the same for every range, and the stream tells nothing of it. */
  isTimeless?: boolean;
}

export function Panel<T>({ name, title, answer, isNothing, children, actions, height, className = "", isLead = false, showsZeros = false, isTimeless = false }: PanelProps<T>): ReactNode {
  const session = useSession();
  const live = useLive();
  const { search } = useAddress();
  const isLost = live.state.phase === "reconnecting" || live.state.phase === "refused";
  const data = answer.data;
  const face = faceOf({
    hasAnswer: data !== undefined,
    // Enabled, and yet neither answered nor being asked: cancelled.
    hasFailed: answer.isError || (answer.isEnabled && answer.fetchStatus === "idle"),
    isNothing: data !== undefined && isNothing(data),
    hasSource: session.data?.hasData !== false,
    isLost: isLost && !isTimeless,
  });
  return (
    <section className={`panel ${className}`} data-panel={name} data-face={face} data-refetching={answer.isPlaceholderData} aria-label={title}>
      <div className="panel-head">
        <h2 className="grow clip">{title}</h2>
        {face === "stale" && <StaleNote lostAt={live.state.lostAt} />}
        {answer.isError && data !== undefined && <span className="small" style={{ color: "var(--warn)" }}>not refreshed: {answer.error.message}</span>}
        {actions}
      </div>
      <div className="panel-body" style={{ minHeight: face === "empty" || face === "no-match" ? 48 : height }} aria-busy={face === "loading"}>
        {face === "loading" && <Loading height={height} isTimeless={isTimeless} />}
        {face === "error" && <Failed error={answer.error} retry={() => void answer.refetch()} />}
        {face === "empty" && (isLead ? <Connect /> : <p className="quiet">No data source yet.</p>)}
        {face === "no-match" && (isLead ? <NoMatch /> : <p className="quiet">{NOTHING[String(isFiltered(search))]}</p>)}
        {data !== undefined && (face === "ready" || face === "stale" || (face === "no-match" && showsZeros)) && children(data)}
      </div>
    </section>
  );
}

function StaleNote({ lostAt }: { lostAt: number | null }): ReactNode {
  return (
    <span className="small" style={{ color: "var(--warn)" }}>
      {lostAt === null ? "not live" : `not live since ${new Date(lostAt).toISOString().slice(11, 19)} UTC`}
    </span>
  );
}

const PATIENCE_MS = 2_000;

function Loading({ height, isTimeless }: { height: number; isTimeless: boolean }): ReactNode {
  const client = useQueryClient();
  const { search } = useAddress();
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="face" style={{ minHeight: height }}>
      <div className="skeleton" style={{ width: "100%", height: Math.max(height - 60, 32) }} />
      <div className="row" style={{ minHeight: 28 }}>
        <span role="status" className="quiet">{isSlow ? `Still querying${isTimeless ? "" : ` ${rangeOf(search).from} to ${rangeOf(search).to}`}` : "Loading"}</span>
        {isSlow && <Button size="compact-sm" variant="default" onClick={() => void client.cancelQueries()}>Cancel</Button>}
      </div>
    </div>
  );
}

const NOTHING: Record<string, string> = {
  true: "No request of this range passes the filters.",
  false: "No request in this range.",
};

/** Without an error the question was cancelled. */
function Failed({ error, retry }: { error: Error | null; retry(): void }): ReactNode {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <div className="face" role="alert">
      <strong>This panel has no answer.</strong>
      <span>{error?.message ?? "The question was cancelled."}</span>
      {requestId && <span className="quiet small">Request id <span className="mono">{requestId}</span></span>}
      <Button size="compact-sm" variant="default" onClick={retry}>Try again</Button>
    </div>
  );
}

function NoMatch(): ReactNode {
  const { search, go } = useAddress();
  const filtered = isFiltered(search);
  const isLongest = rangeOf(search).from === "now-30d";
  return (
    <div className="face">
      <strong>{NOTHING[String(filtered)]}</strong>
      {filtered && <div className="row wrap"><Chips /></div>}
      <div className="row wrap">
        {filtered && <Button size="compact-sm" variant="default" onClick={() => go(unfiltered(search))}>Remove all filters</Button>}
        {!isLongest && <Button size="compact-sm" variant="default" onClick={() => go(ranged(search, "now-30d", "now"))}>Show the last 30 days</Button>}
      </div>
      {isLongest && !filtered && <span className="quiet">The newest data may be older than {seconds(30 * 86_400)}.</span>}
    </div>
  );
}
