// A list of log lines of any length: only those in sight are drawn. A line opens where it stands; j and k move, Enter
// opens, y copies.
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode, type SyntheticEvent } from "react";
import type { LogEvent } from "../api/logs";
import { copy } from "../shell/announce";
import { useKeys } from "../shell/useKeys";
import { time } from "../text/format";
import { useAddress } from "../url/useAddress";
import { LineDetail } from "./LineDetail";
import { pieces, type Mark } from "./marks";
import { useLineActions, type LineActions } from "./useLines";

/** Pixels of a line that is not open; where there is little room it has three rows. */
const LINE_PX = 26;
const NARROW_LINE_PX = 66;
const NARROW = "(max-width: 899px)";
/** Letters of a line that are drawn while it is not open. */
const LETTERS_MAX = 1_200;
/** Lines before the end at which more are asked for. */
const NEAR_END = 15;

/** After so long the lines around it are measured. */
const SETTLED_MS = 100;

function lineHeight(): number {
  return matchMedia(NARROW).matches ? NARROW_LINE_PX : LINE_PX;
}

export interface LinesProps {
  lines: readonly LogEvent[];
  marks: readonly Mark[];
  label: string;
  height: string;
  /** The end is near. */
  end?(): void;
  /** Somebody points at the list, is in it with the keyboard, or has scrolled away from its top. */
  read?(is: boolean): void;
  /** The line in the middle of what is asked for: it is brought into sight. */
  middle?: string;
}

export function Lines({ lines, marks, label, height, end, read, middle }: LinesProps): ReactNode {
  const { search, zone, go } = useAddress();
  const actions = useLineActions(search, go);
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [picked, setPicked] = useState<string | null>(null);
  const showsSource = search.source !== "off";
  const isWrapped = search.wrap === "1";
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: lineHeight, getItemKey: (place) => lines[place]?.id ?? place, overscan: 12 });
  useEffect(() => virtual.measure(), [isWrapped, showsSource, virtual]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lines.length > 0 && last >= lines.length - NEAR_END) end?.();
    // Asked once for each number of lines.
  }, [last >= lines.length - NEAR_END, lines.length]);
  const middleAt = middle === undefined ? -1 : lines.findIndex((line) => line.id === middle);
  const middleBefore = useRef(-1);
  useLayoutEffect(() => {
    const before = middleBefore.current;
    middleBefore.current = middleAt;
    if (middleAt < 0 || before === middleAt) return;
    // Lines that come above it push nothing away that somebody reads.
    if (before >= 0) {
      box.current?.scrollBy({ top: (middleAt - before) * lineHeight() });
      return;
    }
    virtual.scrollToIndex(middleAt, { align: "center" });
    setTimeout(() => box.current?.querySelector('[data-middle="true"]')?.scrollIntoView({ block: "nearest" }), SETTLED_MS);
  }, [middleAt, virtual]);

  const toggle = useCallback((id: string) => {
    setPicked(id);
    setOpen((known) => {
      const next = new Set(known);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  useKeys((event) => {
    const place = lines.findIndex((line) => line.id === picked);
    if (event.key === "j" || event.key === "k") {
      const next = Math.max(0, Math.min(lines.length - 1, place + (event.key === "j" ? 1 : -1)));
      const id = lines[next]?.id;
      if (id === undefined) return;
      setPicked(id);
      virtual.scrollToIndex(next);
      // It is read aloud and Enter opens it: at once where it is drawn, because the next key may be Enter.
      const focused = (): boolean => {
        const line = box.current?.querySelector<HTMLElement>(`[data-line="${CSS.escape(id)}"] > button`);
        line?.focus({ preventScroll: true });
        return line !== null && line !== undefined;
      };
      if (!focused()) requestAnimationFrame(focused);
    } else if (event.key === "y" && lines[place]) {
      copy(lines[place].message);
    }
  });
  const reading = (event: SyntheticEvent<HTMLElement>): void => {
    const area = event.currentTarget;
    const hasLeft = event.type === "mouseleave" || event.type === "blur";
    read?.(area.scrollTop > 0 || (!hasLeft && area.matches(":hover")) || (event.type !== "blur" && area.contains(document.activeElement)));
  };
  return (
    <div ref={box} className="scroll-y log-lines" style={{ maxHeight: height }} tabIndex={0} role="group" aria-label={`${label}. j and k move, Enter opens a line, y copies it.`}
      {...(read ? { onMouseEnter: () => read(true), onFocus: () => read(true), onScroll: reading, onMouseLeave: reading, onBlur: reading } : {})}>
      <div role="list" aria-label={label} style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map((item) => {
          const line = lines[item.index];
          return line && (
            <div key={item.key} role="listitem" ref={virtual.measureElement} data-index={item.index} data-line={line.id} data-open={open.has(line.id)} data-picked={picked === line.id} data-middle={middle === line.id} data-level={levelOf(line)} className="log-line" style={{ transform: `translateY(${item.start}px)` }}>
              <Line line={line} marks={marks} zone={zone} showsSource={showsSource} isWrapped={isWrapped} isOpen={open.has(line.id)} toggle={toggle} actions={actions} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface LineProps {
  line: LogEvent;
  marks: readonly Mark[];
  zone: "utc" | "local";
  showsSource: boolean;
  isWrapped: boolean;
  isOpen: boolean;
  toggle(id: string): void;
  actions: LineActions;
}

const Line = memo(function Line({ line, marks, zone, showsSource, isWrapped, isOpen, toggle, actions }: LineProps): ReactNode {
  return (
    <>
      <button type="button" className="plain log-head" tabIndex={-1} aria-expanded={isOpen} data-source={showsSource} data-wrap={isWrapped} onClick={() => toggle(line.id)}>
        <span className="mono log-time">{time(line.timestamp, zone, "full")}</span>
        {showsSource && <span className="small quiet log-source" title={`${line.group} · ${line.stream}`}><span className="clip">{shortGroup(line.group)}</span><span className="clip log-stream">{line.stream}</span></span>}
        <span className="mono log-message">{line.event && <><span className="log-event"><Marked text={line.event} marks={marks} /></span> </>}<Marked text={inOneLine(line).slice(0, LETTERS_MAX)} marks={marks} /></span>
      </button>
      {isOpen && <LineDetail line={line} marks={marks} zone={zone} actions={actions} />}
    </>
  );
});

export function Marked({ text, marks }: { text: string; marks: readonly Mark[] }): ReactNode {
  return pieces(text, marks).map((piece, place) => (piece.isMarked ? <mark key={place}>{piece.text}</mark> : piece.text));
}

/** A message of JSON that begins with the very time beside it begins with what comes then. */
function inOneLine({ message, timestamp }: LogEvent): string {
  const found = TIME_FIRST.exec(message);
  const said = found?.[1] === undefined ? NaN : new Date(JSON.parse(found[1]) as string | number).getTime();
  return found && Math.abs(said - Date.parse(timestamp)) <= SAME_MS ? `{ … ${message.slice(found[0].length)}` : message;
}

const TIME_FIRST = /^\{\s*"@?(?:timestamp|time|ts)"\s*:\s*("[^"\\]*"|\d{1,16}),\s*/;
const SAME_MS = 1_000;

/** The last part of a group's name tells most of them apart. */
function shortGroup(group: string): string {
  return group.split("/").filter(Boolean).at(-1) ?? group;
}

/** A stripe beside what the line says itself. */
function levelOf({ message, event }: LogEvent): "error" | "warn" | undefined {
  const found = /"(?:level|severity|logLevel)"\s*:\s*"(\w+)"/i.exec(message)?.[1] ?? /^\W{0,3}(?:\S+\s+){0,3}?\W?(ERROR|FATAL|WARN(?:ING)?)\b/.exec(message.slice(0, 200))?.[1];
  if (found !== undefined && /^(error|fatal|critical)$/i.test(found)) return "error";
  if (event?.endsWith("_FAILURE")) return "error";
  return found !== undefined && /^warn/i.test(found) ? "warn" : undefined;
}
