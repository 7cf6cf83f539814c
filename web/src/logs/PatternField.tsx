// The field of a filter pattern: the editor, and below it what is wrong with what is written.
import { lazy, Suspense, useId, type ReactNode, type Ref } from "react";
import type { LogField } from "../api/logs";
import { Icon } from "../shell/icons";
import type { PatternHandle, PatternProblem } from "./PatternEditor";

const PatternEditor = lazy(() => import("./PatternEditor"));

export interface PatternFieldProps {
  text: string;
  setText(text: string): void;
  run(): void;
  fields: readonly LogField[];
  problem: PatternProblem | null;
  /** Beside the field. */
  children?: ReactNode;
  /** Below it, where nothing is wrong. */
  hint?: ReactNode;
  /** Below it at the right. */
  more?: ReactNode;
  ref?: Ref<PatternHandle>;
}

export function PatternField({ text, setText, run, fields, problem, children, hint, more, ref }: PatternFieldProps): ReactNode {
  const problemId = useId();
  return (
    <div className="pattern-field">
      <div className="pattern-line">
        <div className="grow" data-bad={problem !== null}>
          <Suspense fallback={<div className="pattern-editor"><pre className="mono quiet">{text}</pre></div>}>
            <PatternEditor text={text} setText={setText} run={run} fields={fields} problem={problem} problemId={problemId} {...(ref ? { ref } : {})} />
          </Suspense>
        </div>
        {children}
      </div>
      <div className="row small pattern-below">
        <div id={problemId} role="status" className={problem ? "grow pattern-problem" : "grow quiet"} data-testid="pattern-problem">
          {problem ? <><Icon name="failed" size={14} /><span>{problem.at === null ? "" : `Character ${problem.at + 1}: `}<Said text={problem.message} /></span></> : hint}
        </div>
        {more}
      </div>
    </div>
  );
}

/** A sentence of the server: what stands between backticks is code. */
export function Said({ text }: { text: string }): ReactNode {
  return text.split(/(`[^`]+`|```)/).map((part, place) => (place % 2 === 1 ? <code key={place} className="mono">{part === "```" ? "`" : part.slice(1, -1)}</code> : part));
}
