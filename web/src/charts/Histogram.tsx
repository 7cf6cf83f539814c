// How often, over time? A bar a bucket: a click shows only its time, dragging over several theirs; with the keyboard the
// arrows move from bar to bar and Enter picks one.
import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { count, time } from "../text/format";
import { WithTable } from "./WithTable";

export interface HistogramProps {
  title: string;
  /** What is counted, in plural. */
  noun: string;
  /** Starts of buckets without gaps, milliseconds since 1970. */
  startsMs: readonly number[];
  counts: readonly number[];
  lengthSeconds: number;
  /** What the range cuts off: bars that are cut are hatched. */
  range: { from: number; to: number } | null;
  height: number;
  zone: "utc" | "local";
  legend?: ReactNode;
  /** From a bucket's start to another one's end. */
  narrow(fromMs: number, toMs: number): void;
}

/** Times that are written below the bars. */
const LABELS = 5;

export function Histogram({ title, noun, startsMs, counts, lengthSeconds, range, height, zone, legend, narrow }: HistogramProps): ReactNode {
  const [at, setAt] = useState(0);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const highest = Math.max(0, ...counts);
  const most = Math.max(1, highest);
  const end = (place: number): number => (startsMs[place] ?? 0) + lengthSeconds * 1_000;
  const when = (millis: number): string => time(millis, zone, lengthSeconds < 60 ? "second" : "minute");
  const isPart = (place: number): boolean => range !== null && ((startsMs[place] ?? 0) < range.from || end(place) > range.to);
  const words = (place: number): string => `${when(startsMs[place] ?? 0)}: ${count(counts[place])} ${noun}${isPart(place) ? ", only a part of that time" : ""}`;
  const pick = (one: number, other: number): void => {
    const [first, last] = [Math.min(one, other), Math.max(one, other)];
    narrow(startsMs[first] ?? 0, end(last));
  };
  const placeOf = (event: PointerEvent): number => {
    const area = box.current?.getBoundingClientRect();
    if (!area) return 0;
    return Math.max(0, Math.min(startsMs.length - 1, Math.floor(((event.clientX - area.left) / area.width) * startsMs.length)));
  };
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -startsMs.length, End: startsMs.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(startsMs.length - 1, at + step));
    setAt(next);
    (box.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  const last = startsMs.length - 1;
  const labels = Array.from({ length: LABELS }, (_, index) => Math.round((index * last) / (LABELS - 1)));
  const clock = (millis: number): string => {
    const text = when(millis);
    return lengthSeconds * startsMs.length > 2 * 86_400 ? text.slice(5) : text.slice(11);
  };
  const [low, high] = drag ? [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)] : [-1, -1];
  const told = drag ? `${when(startsMs[low] ?? 0)} – ${when(end(high))}` : hover !== null ? words(hover) : `highest ${count(highest)}`;
  return (
    <WithTable title={title} head={["From", noun.charAt(0).toUpperCase() + noun.slice(1)]} height={height + 20}
      rows={startsMs.map((start, place) => [when(start), count(counts[place])]).reverse()}
      legend={<>{legend}<span className="quiet small" aria-hidden="true">{told}</span></>}>
      <div ref={box} className="histogram" role="group" data-dragging={drag !== null} style={{ height }}
        aria-label={`${title}, ${startsMs.length} bars, ${startsMs.length > 0 ? `from ${when(startsMs[0] ?? 0)} to ${when(end(last))}, ` : ""}highest ${count(highest)}. Arrow keys move, Enter shows only that time.`}
        onKeyDown={press}
        onPointerDown={(event) => { if (event.button === 0) { event.currentTarget.setPointerCapture(event.pointerId); setDrag({ from: placeOf(event), to: placeOf(event) }); } }}
        onPointerMove={(event) => { setHover(placeOf(event)); if (drag) setDrag({ from: drag.from, to: placeOf(event) }); }}
        onPointerLeave={() => setHover(null)}
        onPointerCancel={() => setDrag(null)}
        onPointerUp={(event) => { if (drag) { setDrag(null); pick(drag.from, placeOf(event)); } }}>
        {startsMs.map((start, place) => (
          <button key={start} type="button" className="plain" tabIndex={place === Math.min(at, last) ? 0 : -1} data-picked={place >= low && place <= high} data-part={isPart(place)} aria-label={words(place)}
            onFocus={() => setAt(place)} onClick={(event) => { if (event.detail === 0) pick(place, place); }}>
            <span style={{ height: (counts[place] ?? 0) === 0 ? 0 : `max(2px, ${((counts[place] ?? 0) / most) * 100}%)` }} />
          </button>
        ))}
      </div>
      <div className="histogram-axis quiet" aria-hidden="true">
        {startsMs.length > 1 && labels.map((place, index) => <span key={index}>{clock(startsMs[place] ?? 0)}</span>)}
      </div>
    </WithTable>
  );
}
