// How old is what is shown? The newest data, the lag, and whether news still comes.
import { useEffect, useState, type ReactNode } from "react";
import { useLive } from "../live/LiveProvider";
import { seconds, time } from "../text/format";
import { isLive, rangeOf } from "../url/search";
import { useAddress } from "../url/useAddress";

const SKEW_TOLD_MS = 60_000;

export function Freshness(): ReactNode {
  const { search, zone, go } = useAddress();
  const live = useLive();
  const now = useNow(1_000);
  const { phase, tries, lostAt } = live.state;
  const serverNow = live.clockOffset === null ? null : now + live.clockOffset;
  const lag = live.dataTo === null || serverNow === null ? null : Math.max(0, serverNow - live.dataTo) / 1_000;
  const to = live.dataTo === null ? null : `data to ${time(live.dataTo, zone, "clock")}`;
  const isSkewed = live.clockOffset !== null && Math.abs(live.clockOffset) > SKEW_TOLD_MS;
  const [state, words] = ((): [string, string] => {
    if (phase === "reconnecting") {
      const lost = lostAt === null ? 0 : (now - lostAt) / 1_000;
      return ["stale", `stream lost ${seconds(Math.round(Math.max(1, lost)))} ago, reconnecting (${tries})`];
    }
    if (phase === "refused") return ["stale", "live updates were refused; reload the page"];
    if (phase === "live") return ["live", to === null ? "live · no data yet" : `live · ${to}${lag !== null && lag >= 10 ? `, lag ${seconds(Math.round(lag))}` : ""}`];
    if (phase === "connecting") return ["connecting", "connecting"];
    return ["off", rangeOf(search).to === "now" ? "not live" : "fixed range"];
  })();
  const canSwitch = rangeOf(search).to === "now";
  return (
    <span className="row" style={{ gap: 4, flex: "none" }}>
      {isSkewed && (
        <span className="badge" data-state="stale" title="Times are the server’s.">
          this machine’s clock is {seconds(Math.abs(live.clockOffset ?? 0) / 1_000)} {(live.clockOffset ?? 0) > 0 ? "behind" : "ahead"}
        </span>
      )}
      <button type="button" className="badge" aria-label={words} data-state={state} data-testid="freshness" disabled={!canSwitch}
        title={canSwitch ? "Click to switch live updates (l)" : "The range does not end now."}
        onClick={() => { const { live: _, ...rest } = search; go(isLive(search) ? { ...rest, live: "off" } : rest); }}>
        <span aria-hidden="true">{state === "live" ? "●" : state === "stale" ? "▲" : "○"}</span>
        <span className="clip only-wide">{words}</span>
        <span className="only-narrow">{live.dataTo === null || state === "stale" ? state : time(live.dataTo, zone, "clock")}</span>
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
