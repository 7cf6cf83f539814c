// How old is what is shown? The newest data, the lag, and whether news still comes.
import { useEffect, useState, type ReactNode } from "react";
import { REFRESH_MS, useSession } from "../api/queries";
import { useLive } from "../live/LiveProvider";
import { seconds, time, wholeSeconds } from "../text/format";
import { isLive, rangeOf } from "../url/search";
import { useAddress } from "../url/useAddress";

const SKEW_TOLD_MS = 60_000;
/** A source that is silent for so long is told, though the stream is up. */
const SILENT_MS = 300_000;

export function Freshness(): ReactNode {
  const { search, zone, go } = useAddress();
  const live = useLive();
  const now = useNow(1_000);
  const { phase, tries, lostAt } = live.state;
  const session = useSession().data;
  const known = session?.dataTo.newestArrival ? Date.parse(session.dataTo.newestArrival) : null;
  const newest = live.dataTo ?? known;
  const isSkewed = live.clockOffset !== null && Math.abs(live.clockOffset) > SKEW_TOLD_MS;
  const age = newest === null ? null : Math.max(0, now + (live.clockOffset ?? 0) - newest);
  const data = newest === null ? "no data yet" : `data to ${time(newest, zone, "clock")}, lag ${wholeSeconds(age ?? 0)}`;
  const [state, words] = ((): [string, string] => {
    if (phase === "reconnecting") return ["stale", `stream lost ${wholeSeconds(Math.max(1_000, now - (lostAt ?? now)))} ago, reconnecting (${tries}) · ${data}`];
    if (phase === "refused") return ["stale", `live updates were refused; reload the page · ${data}`];
    if (phase === "live") return ["live", `live · ${data}`];
    if (phase === "connecting") return ["connecting", `connecting · ${data}`];
    if (rangeOf(search).to !== "now") return ["off", `fixed range · ${data}`];
    return ["off", isLive(search) ? `asked every ${wholeSeconds(REFRESH_MS)} · ${data}` : `not live · ${data}`];
  })();
  const isSilent = age !== null && age > SILENT_MS;
  const canSwitch = rangeOf(search).to === "now";
  return (
    <span className="row" style={{ gap: 4, flex: "none" }}>
      {isSkewed && (
        <span className="badge" data-state="stale" title="Times are the server’s.">
          this machine’s clock is {seconds(Math.abs(live.clockOffset ?? 0) / 1_000)} {(live.clockOffset ?? 0) > 0 ? "behind" : "ahead"}
        </span>
      )}
      <button type="button" className="badge" aria-label={words} data-state={state} data-silent={isSilent} data-testid="freshness" disabled={!canSwitch}
        title={canSwitch ? "Click to switch live updates (l)" : "The range does not end now."}
        onClick={() => { const { live: _, ...rest } = search; go(isLive(search) ? { ...rest, live: "off" } : rest); }}>
        <span aria-hidden="true">{state === "live" ? "●" : state === "stale" ? "▲" : "○"}</span>
        <span className="clip only-wide">{words}</span>
        <span className="only-narrow">{newest === null || state === "stale" ? state : time(newest, zone, "clock")}</span>
      </button>
    </span>
  );
}

export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
