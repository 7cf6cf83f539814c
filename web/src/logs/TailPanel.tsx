// What is arriving now, line by line? Newest first; held while somebody reads, with the count of what came meanwhile.
import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { LiveState } from "../live/connection";
import { Icon } from "../shell/icons";
import { useKeys } from "../shell/useKeys";
import { count, wholeSeconds } from "../text/format";
import { tailParameters } from "../url/logs";
import { changed } from "../url/search";
import { useAddress } from "../url/useAddress";
import { ExportMenu, LookSwitches } from "./ListTools";
import { Lines } from "./Lines";
import { KEPT_MAX, rate, type TailState } from "./tail";
import { useMarks } from "./useLines";
import { useTail, type Tail } from "./useTail";

export function TailPanel(): ReactNode {
  const { search } = useAddress();
  const marks = useMarks(search);
  const [isPaused, setPaused] = useState(false);
  const [isRead, setRead] = useState(false);
  const isHeld = isPaused || isRead;
  const tail = useTail(tailParameters(search).toString(), isHeld);
  const { state, stream } = tail;
  const resume = (): void => {
    setPaused(false);
    document.querySelector('[data-panel="logs-tail"] .scroll-y')?.scrollTo({ top: 0 });
    setRead(false);
    tail.release();
  };
  useKeys((event) => {
    if (event.key === "p") (isPaused ? resume : () => setPaused(true))();
  });
  const isLost = stream.phase === "reconnecting" || stream.phase === "refused";
  return (
    <section className="panel" data-panel="logs-tail" data-face={isLost ? "stale" : "ready"} data-phase={tail.hasEnded ? "ended" : stream.phase} aria-label="Live tail">
      <div className="panel-head">
        <h2>Live tail</h2>
        <span className="quiet small">{rateWords(state)}</span>
        <span className="grow" />
        {state.news > 0 && <Button size="compact-sm" variant="light" onClick={resume} data-testid="tail-new">{count(state.news)} new</Button>}
        <Button size="compact-sm" variant="default" aria-pressed={isPaused} leftSection={<Icon name={isPaused ? "play" : "pause"} size={12} />} onClick={isPaused ? resume : () => setPaused(true)}>{isPaused ? "Continue" : "Pause"}</Button>
        <Button size="compact-sm" variant="default" disabled={state.lines.length === 0} onClick={tail.clear}>Clear</Button>
        <LookSwitches />
        <ExportMenu lines={state.lines} />
      </div>
      <div className="panel-body">
        <div className="row wrap tail-bar">
          <MarkField key={search.mark ?? ""} />
          <Notices state={state} isHeld={isHeld} />
        </div>
        <StreamFace tail={tail} />
        {state.lines.length === 0 && !isLost && !tail.hasEnded && (
          <div className="face" role="status">
            <strong>{stream.phase === "live" ? "Nothing has come yet that matches." : "Connecting."}</strong>
            {stream.phase === "live" && <span>Lines appear here as they arrive. {search.pattern === undefined ? "Choose other groups above if these are silent." : "Remove the pattern above to see every line."}</span>}
          </div>
        )}
        {state.lines.length > 0 && <Lines lines={state.lines} marks={marks} label="Lines as they come, newest first" height="max(360px, calc(100vh - 330px))" read={setRead} />}
      </div>
    </section>
  );
}

function rateWords(state: TailState): string {
  const perSecond = rate(state);
  if (perSecond === null) return "";
  return `${perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))} a second · ${count(state.matched)} matched`;
}

/** What is not shown, and why. */
function Notices({ state, isHeld }: { state: TailState; isHeld: boolean }): ReactNode {
  return (
    <span className="small quiet row wrap" style={{ gap: "0 14px" }}>
      {state.isSampled && <span className="flag" data-kind="warn" data-testid="tail-sampled">sampled: more match than can be shown</span>}
      {state.leftOut > 0 && <span>{count(state.leftOut)} matches were left out; the search has them</span>}
      {state.dropped > 0 && <span>only the newest {count(KEPT_MAX)} lines are kept</span>}
      {isHeld && <span>held while you read</span>}
    </span>
  );
}

/** Words that are marked beside those of the pattern. */
function MarkField(): ReactNode {
  const { search, go } = useAddress();
  const [text, setText] = useState(search.mark ?? "");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    go(changed(search, { mark: text.trim() === "" ? undefined : text.trim() }));
  };
  return (
    <form onSubmit={submit} className="row">
      <TextInput size="xs" aria-label="Words to mark" placeholder="Words to mark, then Enter" value={text} onChange={(event) => setText(event.currentTarget.value)} w={220} />
    </form>
  );
}

function StreamFace({ tail: { stream, hasEnded, again } }: { tail: Tail }): ReactNode {
  if (hasEnded) {
    return (
      <div className="face" role="alert" style={{ minHeight: 0 }}>
        <strong>The tail has ended: one lasts three hours.</strong>
        <Button size="compact-sm" variant="default" onClick={again}>Follow on</Button>
      </div>
    );
  }
  const words = lostWords(stream);
  if (words === null) return null;
  return (
    <div className="face" role="alert" style={{ minHeight: 0 }}>
      <strong>{words}</strong>
      {stream.refusal && <span>{stream.refusal.message}</span>}
      {stream.phase === "refused" && <Button size="compact-sm" variant="default" onClick={again}>Try again</Button>}
    </div>
  );
}

function lostWords({ phase, lostAt, tries, refusal }: LiveState): string | null {
  if (phase === "refused") return "There is no tail of this.";
  if (phase !== "reconnecting") return null;
  if (refusal?.status === 429) return `Every tail that this server allows is in use; trying again (${tries}).`;
  return `The stream was lost ${wholeSeconds(Math.max(1_000, Date.now() - (lostAt ?? Date.now())))} ago; reconnecting (${tries}). What came meanwhile is in the search.`;
}
