// Rows with a bar each, most first: click one to filter everything by it, with Alt to refuse it.
import { useState, type ReactNode } from "react";

export interface Bar {
  key: string;
  label: string;
  value: number;
  /** The number as it is written. */
  words: string;
  /** Beside the label. */
  note?: string;
  colour?: string;
}

export interface BarsProps {
  bars: readonly Bar[];
  label: string;
  /** Rows that are shown until more are asked for. */
  first?: number;
  onPick?(key: string, refuse: boolean): void;
}

export function Bars({ bars, onPick, label, first = bars.length }: BarsProps): ReactNode {
  const [isAll, setAll] = useState(false);
  const most = Math.max(1e-9, ...bars.map((bar) => bar.value));
  const shown = isAll ? bars : bars.slice(0, first);
  return (
    <>
      <div role="list" aria-label={label}>
        {shown.map((bar) => (
          <div role="listitem" key={bar.key}>
            <button type="button" className="plain bar-row" data-bar={bar.key} disabled={!onPick} title={`${bar.label}: ${bar.words}${onPick ? ". Click to show only it, Alt-click for everything but it" : ""}`} onClick={(event) => onPick?.(bar.key, event.altKey)}>
              <span className="clip">
                {bar.label}
                {bar.note && <span className="quiet small"> · {bar.note}</span>}
              </span>
              <span className="num">{bar.words}</span>
              <span className="bar-track" aria-hidden="true">
                <span className="bar-fill" style={{ width: `${(Math.max(0, bar.value) / most) * 100}%`, ...(bar.colour ? { background: bar.colour } : {}) }} />
              </span>
            </button>
          </div>
        ))}
      </div>
      {bars.length > first && (
        <button type="button" className="plain small quiet" style={{ minHeight: 24 }} aria-expanded={isAll} onClick={() => setAll(!isAll)}>
          {isAll ? "Fewer" : `${bars.length - first} more`}
        </button>
      )}
    </>
  );
}
