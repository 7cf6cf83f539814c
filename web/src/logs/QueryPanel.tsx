// What is looked for? Groups, pattern and how it is read. What is written counts when Enter is pressed; the rest at once.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { LogField } from "../api/logs";
import { Choice } from "../panels/Choice";
import { Icon } from "../shell/icons";
import { useKeys } from "../shell/useKeys";
import { changed, elsewhere, joined, listOf } from "../url/search";
import { useAddress } from "../url/useAddress";
import { GroupPicker } from "./GroupPicker";
import { kindOf } from "./pattern";
import type { PatternHandle } from "./PatternEditor";
import { PatternField, Said } from "./PatternField";
import { keepPattern } from "./recent";
import { patternProblem, usePatternCheck } from "./usePatternCheck";

const MODES = [{ value: "lenient", label: "Lenient" }, { value: "strict", label: "Strict" }] as const;

export interface QueryPanelProps {
  fields: readonly LogField[];
  /** Why the question was refused. */
  error: Error | null;
  /** The same question once more. */
  again(): void;
}

export function QueryPanel({ fields, error, again }: QueryPanelProps): ReactNode {
  const { search, go } = useAddress();
  const [text, setText] = useState(search.pattern ?? "");
  const editor = useRef<PatternHandle>(null);
  const check = usePatternCheck(text);
  const problem = check.problem ?? (text === (search.pattern ?? "") ? patternProblem(error) : null);
  // Back, links and clicks bring the pattern of the address.
  useEffect(() => setText(search.pattern ?? ""), [search.pattern]);
  useKeys((event) => {
    if (event.key !== "f") return;
    event.preventDefault();
    editor.current?.focus();
  });
  const run = (): void => {
    const pattern = text.trim() === "" ? undefined : text;
    if (pattern !== undefined && !problem) keepPattern(localStorage, pattern);
    if (pattern === search.pattern) again();
    else go(changed(search, { pattern, around: undefined }));
  };
  const isWritten = text !== (search.pattern ?? "");
  return (
    <section className="panel" data-panel="logs-query" data-face="ready" aria-label="Question">
      <div className="panel-body logs-query">
        <div className="row wrap">
          <GroupPicker />
          <span className="grow" />
          <Choice label="How the pattern is read" value={search.mode ?? "lenient"} options={MODES} choose={(mode) => go(changed(search, { mode: mode === "strict" ? "strict" : undefined }))} />
        </div>
        <PatternField ref={editor} text={text} setText={setText} run={run} fields={fields} problem={problem}
          hint={<>{isWritten && <strong>{search.tail ? "Enter follows lines of this pattern. " : "Enter searches. "}</strong>}<ModeHint pattern={text} isStrict={search.mode === "strict"} /></>}
          more={search.pattern !== undefined && <Link to="/logs/filters" search={{ ...elsewhere(search), draft: "1", pattern: search.pattern, ...groupOf(search.group) }} style={{ flex: "none" }}>Make a metric of this pattern</Link>}>
          <Button size="compact-md" leftSection={<Icon name={search.tail ? "play" : "search"} size={12} />} onClick={run}>{search.tail ? "Follow" : "Search"}</Button>
        </PatternField>
      </div>
    </section>
  );
}

/** The first of the groups: a metric filter has one. */
function groupOf(group: string | undefined): { group?: string } {
  const first = joined(listOf(group).slice(0, 1));
  return first === undefined ? {} : { group: first };
}

function ModeHint({ pattern, isStrict }: { pattern: string; isStrict: boolean }): ReactNode {
  if (kindOf(pattern) !== "fields") return isStrict ? "Strict reads patterns to the letter of AWS. It changes only patterns in [ ]." : "";
  return isStrict
    ? <Said text="Strict, as at AWS: fields are counted, so over JSON lines a pattern in [ ] finds nothing." />
    : <Said text="Lenient: in JSON lines the fields are found by name. AWS would count them and find nothing; Strict shows that." />;
}
