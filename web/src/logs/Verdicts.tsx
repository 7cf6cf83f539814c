// What does a pattern make of each sample? Both readings side by side: whether it matches and why, its values, its point.
import type { ReactNode } from "react";
import type { PatternAnswer, Verdict } from "../api/logs";
import { Icon } from "../shell/icons";
import { count } from "../text/format";
import { Marked } from "./Lines";
import type { Mark } from "./marks";
import { Said } from "./PatternField";

const VALUES_SHOWN = 8;
const REASONS_SHOWN = 4;
const LETTERS_MAX = 600;

export interface VerdictsProps {
  verdicts: PatternAnswer["samples"];
  samples: readonly string[];
  marks: readonly Mark[];
  /** An older text was tried. */
  isOld: boolean;
}

export function Verdicts({ verdicts, samples, marks, isOld }: VerdictsProps): ReactNode {
  return (
    <div data-testid="verdicts" style={isOld ? { opacity: 0.55 } : {}}>
      <p className="small verdict-sum" role="status">
        <span><strong>Lenient</strong>: {summary(verdicts.map((each) => each.lenient))}.</span> <span><strong>Strict</strong>, as at AWS: {summary(verdicts.map((each) => each.strict))}.</span>
      </p>
      <ol className="verdicts" tabIndex={0} aria-label="What the pattern makes of each line">
        {verdicts.map(({ lenient, strict }, place) => (
          <li key={place} className="verdict" data-differs={lenient.matches !== strict.matches}>
            <div className="mono verdict-line" title={(samples[place] ?? "").slice(0, LETTERS_MAX)}><Marked text={(samples[place] ?? "").slice(0, LETTERS_MAX)} marks={marks} /></div>
            <div className="verdict-sides">
              <Side title="Lenient" verdict={lenient} />
              <Side title="Strict" verdict={strict} />
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}

function summary(verdicts: readonly Verdict[]): string {
  const matches = verdicts.filter((verdict) => verdict.matches).length;
  const points = verdicts.filter((verdict) => verdict.point).length;
  return `${count(matches)} of ${count(verdicts.length)} lines match, ${count(points)} ${points === 1 ? "makes a point" : "make points"}`;
}

function Side({ title, verdict }: { title: string; verdict: Verdict }): ReactNode {
  const { matches, point, noPoint, values } = verdict;
  // Of a line that does not match, what fails says it.
  const failing = verdict.why.filter((each) => each.holds === false);
  const why = !matches && failing.length > 0 ? failing : verdict.why;
  return (
    <div className="verdict-side" role="group" aria-label={title}>
      <div className="row wrap" style={{ gap: "0 8px" }}>
        <span className="quiet small">{title}</span>
        <span className="status" style={{ color: matches ? "var(--ok)" : "var(--neutral)" }}><Icon name={matches ? "success" : "abandoned"} size={14} />{matches ? "matches" : "does not match"}</span>
      </div>
      {point && (
        <div>
          <span className="quiet small">Point </span><strong>{point.value}</strong> {point.unit !== "None" && point.unit}
          {Object.entries(point.dimensions).map(([name, value]) => <span key={name} className="small"> · <span className="quiet">{name}</span> {value}</span>)}
        </div>
      )}
      {!point && matches && noPoint && <div className="small" style={{ color: "var(--warn)" }}>No point: <Said text={noPoint} /></div>}
      {why.length > 0 && (
        <ul className="verdict-why small">
          {why.slice(0, REASONS_SHOWN).map((each, place) => (
            <li key={place}><span aria-hidden="true" className="verdict-sign" data-holds={each.holds}>{each.holds === null ? "–" : each.holds ? "✓" : "✗"}</span><span><span className="visually-hidden">{each.holds === null ? "not looked at: " : each.holds ? "holds: " : "does not hold: "}</span><Said text={each.text} /></span></li>
          ))}
        </ul>
      )}
      {matches && values.length > 0 && (
        <dl className="pairs small">
          {values.slice(0, VALUES_SHOWN).map(({ name, value }) => <div key={name}><dt className="mono">{name}</dt><dd className="mono">{value}</dd></div>)}
          {values.length > VALUES_SHOWN && <div><dt>{values.length - VALUES_SHOWN} more values</dt></div>}
        </dl>
      )}
    </div>
  );
}
