// How does a tail stay connected? A stream of its own for its groups and pattern, which ends when the page is left.
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import type { TailEnded, TailUpdate } from "../api/logs";
import { connect, OFF, type LiveState } from "../live/connection";
import { NOTHING, released, withUpdate, type TailState } from "./tail";

export interface Tail {
  state: TailState;
  stream: LiveState;
  /** The server has ended it after its longest time. */
  hasEnded: boolean;
  /** Begins a new one after that. */
  again(): void;
  /** Shows what was held. */
  release(): void;
  /** Forgets the lines that are shown. */
  clear(): void;
}

type Change = { kind: "update"; update: TailUpdate; isHeld: boolean } | { kind: "release" } | { kind: "clear" };

function changed(state: TailState, change: Change): TailState {
  if (change.kind === "update") return withUpdate(state, change.update, change.isHeld);
  return change.kind === "release" ? released(state) : { ...NOTHING, recent: state.recent };
}

export function useTail(parameters: string, isHeld: boolean): Tail {
  const [state, change] = useReducer(changed, NOTHING);
  const [stream, setStream] = useState<LiveState>(OFF);
  const [begun, setBegun] = useState({ times: 0, hasEnded: false });
  const gate = useRef(isHeld);
  gate.current = isHeld;
  const release = useCallback(() => change({ kind: "release" }), []);
  const clear = useCallback(() => change({ kind: "clear" }), []);
  const again = useCallback(() => setBegun(({ times }) => ({ times: times + 1, hasEnded: false })), []);

  useEffect(() => {
    change({ kind: "clear" });
    setBegun((known) => ({ ...known, hasEnded: false }));
    const stop = connect(`/api/v1/logs/tail?${parameters}`, null, {
      state: setStream,
      event(event) {
        if (event.event === "update") change({ kind: "update", update: JSON.parse(event.data) as TailUpdate, isHeld: gate.current });
        // A server that stops comes back.
        if (event.event !== "ended" || (JSON.parse(event.data) as TailEnded).reason !== "time") return;
        stop();
        setStream(OFF);
        setBegun((known) => ({ ...known, hasEnded: true }));
      },
    });
    return stop;
  }, [parameters, begun.times]);
  useEffect(() => {
    if (!isHeld) release();
  }, [isHeld, release]);
  return { state, stream, hasEnded: begun.hasEnded, again, release, clear };
}
