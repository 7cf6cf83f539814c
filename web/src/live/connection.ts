// How does a page stay connected? One request whose answer never ends; after a break it is asked for again, from the
// event after the last one, waiting a little longer each time.
import { ApiError, refusal } from "../api/client";
import { EventReader, type ServerEvent } from "./events";

export type Phase = "off" | "connecting" | "live" | "reconnecting" | "refused";

export interface LiveState {
  phase: Phase;
  /** Attempts to come back so far. */
  tries: number;
  /** When the stream was lost, milliseconds since 1970; null while it is not. */
  lostAt: number | null;
  /** What the server said the last time that it gave no stream. */
  refusal?: ApiError;
}

export const OFF: LiveState = { phase: "off", tries: 0, lostAt: null };
/** The server sends at least a comment every ten seconds. */
const SILENCE_MAX_MS = 25_000;
const WAITS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000];

export interface Listener {
  event(event: ServerEvent): void;
  state(state: LiveState): void;
}

/** Follows `url` until the returned function is called. `resumeAt` is the id of the last event already seen. */
export function connect(url: string, resumeAt: string | null, listener: Listener): () => void {
  const end = new AbortController();
  let lastId = resumeAt;
  let state: LiveState = { phase: "connecting", tries: 0, lostAt: null };
  const say = (next: LiveState): void => {
    state = next;
    if (!end.signal.aborted) listener.state(next);
  };

  async function once(): Promise<void> {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    end.signal.addEventListener("abort", stop);
    let watchdog = setTimeout(stop, SILENCE_MAX_MS);
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (lastId) headers["last-event-id"] = lastId;
      const response = await fetch(url, { headers, credentials: "same-origin", signal: attempt.signal });
      if (!response.ok || !response.body) throw await refusal(response);
      say({ phase: "live", tries: 0, lostAt: null });
      const reader = new EventReader();
      const bytes = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await bytes.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, SILENCE_MAX_MS);
        for (const event of reader.read(value)) {
          if (event.id) lastId = event.id;
          if (!end.signal.aborted) listener.event(event);
        }
      }
    } finally {
      clearTimeout(watchdog);
      end.signal.removeEventListener("abort", stop);
      attempt.abort();
    }
  }

  async function run(): Promise<void> {
    say(state);
    while (!end.signal.aborted) {
      const refused = await once().then(
        () => null,
        (error: unknown) => (error instanceof ApiError ? error : null),
      );
      if (end.signal.aborted) return;
      const said = refused === null ? {} : { refusal: refused };
      // Neither a new sign-in nor another address comes by itself.
      if (refused !== null && refused.status >= 400 && refused.status < 500 && refused.status !== 429) {
        say({ phase: "refused", tries: 0, lostAt: Date.now(), ...said });
        return;
      }
      say({ phase: "reconnecting", tries: state.tries + 1, lostAt: state.lostAt ?? Date.now(), ...said });
      await pause(WAITS_MS[Math.min(state.tries, WAITS_MS.length) - 1] ?? 8_000, end.signal);
    }
  }

  void run();
  return () => end.abort();
}

function pause(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis * (0.75 + Math.random() / 2));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
