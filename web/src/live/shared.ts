// How do tabs share one connection? The visible tab that holds the lock of an address keeps the connection and passes
// everything on; when it goes, the next one waiting for the lock takes over from the last event. Tabs with other
// filters ask another question and so hold another lock; hidden tabs follow nothing.
import { connect, OFF, type Listener, type LiveState } from "./connection";
import type { ServerEvent } from "./events";

type Message = { kind: "event"; event: ServerEvent } | { kind: "state"; state: LiveState } | { kind: "hello" };

/** Follows `url` together with the other tabs of this browser until the returned function is called. */
export function follow(url: string, resumeAt: string | null, listener: Listener): () => void {
  if (!navigator.locks || typeof BroadcastChannel === "undefined") return connect(url, resumeAt, listener);
  const name = `walletscope-live ${url}`;
  const channel = new BroadcastChannel(name);
  const end = new AbortController();
  let lastId = resumeAt;
  let state: LiveState | null = null;

  const heard = (message: Message): void => {
    if (message.kind === "event") {
      if (message.event.id) lastId = message.event.id;
      listener.event(message.event);
    } else if (message.kind === "state") {
      listener.state(message.state);
    } else if (state !== null) {
      channel.postMessage({ kind: "state", state } satisfies Message);
    }
  };
  channel.onmessage = (message: MessageEvent<Message>) => heard(message.data);
  channel.postMessage({ kind: "hello" } satisfies Message);

  const lead = (): Promise<void> =>
    new Promise((resolve) => {
      const tell = (message: Message): void => {
        channel.postMessage(message);
        heard(message);
      };
      const stop = connect(url, lastId, {
        event: (event) => tell({ kind: "event", event }),
        state: (next) => {
          state = next;
          tell({ kind: "state", state: next });
        },
      });
      end.signal.addEventListener("abort", () => {
        stop();
        resolve();
      });
    });
  navigator.locks.request(name, { signal: end.signal }, lead).catch(() => undefined);

  return () => {
    end.abort();
    channel.close();
    listener.state(OFF);
  };
}
