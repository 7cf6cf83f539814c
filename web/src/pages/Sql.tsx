// Which question is not on any page? Then it is asked in SQL: written here, run, shown and shared. The query that was run
// is in the address; a link to one does not run it by itself, for a query costs something.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { askSchema } from "../api/sql";
import { announce } from "../shell/announce";
import { Icon } from "../shell/icons";
import type { EditorHandle } from "../sql/Editor";
import { EXAMPLES } from "../sql/examples";
import { readHistory, withRan, writeHistory, type Ran } from "../sql/history";
import { HistoryMenu, SavedMenu } from "../sql/Kept";
import { Results } from "../sql/Results";
import type { Run } from "../sql/run";
import { RunLine } from "../sql/RunLine";
import { SchemaTree } from "../sql/SchemaTree";
import { useRuns } from "../sql/useRuns";
import { writeSearch } from "../url/codec";
import { useAddress } from "../url/useAddress";

const Editor = lazy(() => import("../sql/Editor"));

/** In this tab's storage: what was written and not yet run. */
const DRAFT_KEY = "walletscope-sql-draft";
const KEYS_ID = "sql-keys";

export function Sql(): ReactNode {
  const { search, zone, go } = useAddress();
  const schema = useQuery({ queryKey: ["/sql/schema"], queryFn: ({ signal }) => askSchema(signal), staleTime: 60_000 });
  const [text, setText] = useState(() => search.q ?? sessionStorage.getItem(DRAFT_KEY) ?? "");
  const { history, remember, forget } = useHistory();
  const runs = useRuns((run) => run.phase === "done" && remember(run.sql, run.rows.length));
  const run = runs.of(search.q);
  // Until the first of an answer comes, the one before stays, dimmed.
  const before = useRef<Run | null>(null);
  const isWaiting = run?.phase === "running" && run.columns.length === 0;
  useEffect(() => {
    if (!isWaiting) before.current = run;
  }, [run, isWaiting]);
  const shown = isWaiting ? (before.current ?? run) : run;
  const editor = useRef<EditorHandle>(null);
  const runButton = useRef<HTMLButtonElement>(null);

  // Back, and links, bring the query of the address; without one, what is written stays.
  useEffect(() => {
    if (search.q !== undefined) setText(search.q);
  }, [search.q]);
  useEffect(() => sessionStorage.setItem(DRAFT_KEY, text), [text]);
  useEffect(() => {
    if (search.q !== undefined) runButton.current?.focus();
    // Only a page that opens with a query has it ready to run.
  }, []);

  const ask = useCallback((sql: string): void => {
    if (sql.trim() === "") return announce("Write a query first");
    setText(sql);
    if (sql !== search.q) go({ ...search, q: sql });
    remember(sql, null);
    runs.start(sql);
  }, [search, go, remember, runs.start]);
  /** Puts a query into the editor; Enter runs it. */
  const take = useCallback((sql: string): void => {
    setText(sql);
    runButton.current?.focus();
  }, []);
  const insert = useCallback((name: string): void => editor.current?.insert(name), []);
  const share = (): void => {
    const link = `${location.origin}/sql${writeSearch({ ...search, q: text })}`;
    navigator.clipboard.writeText(link).then(() => announce("Copied a link that shows this query"), () => announce("Copying is not allowed here"));
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    event.preventDefault();
    ask(text);
  };
  const isRunning = run?.phase === "running";
  return (
    <>
      <h1>SQL</h1>
      <div className="sql-page" onKeyDown={press}>
        <SchemaTree schema={schema} insert={insert} />
        <div className="stack sql-main">
          <section className="panel" data-panel="sql-query" data-face="ready" aria-label="Query">
            <div className="panel-head">
              <h2 className="grow clip">Query</h2>
              <HistoryMenu history={history} zone={zone} take={take} forget={forget} />
              <SavedMenu text={text} take={take} />
              <Button size="compact-sm" variant="default" leftSection={<Icon name="link" size={12} />} disabled={text.trim() === ""} onClick={share}>Share</Button>
            </div>
            <div className="panel-body">
              <Suspense fallback={<div className="sql-editor"><pre className="mono quiet" style={{ margin: 0, padding: "8px 48px", whiteSpace: "pre-wrap" }}>{text}</pre></div>}>
                <Editor ref={editor} text={text} setText={setText} run={() => ask(text)} schema={schema.data} problem={run?.problem && run.sql === text ? run.problem : null} keysId={KEYS_ID} />
              </Suspense>
              <div className="row wrap sql-bar">
                {isRunning ? (
                  <Button size="compact-md" variant="default" leftSection={<Icon name="close" size={12} />} onClick={runs.cancel}>Cancel</Button>
                ) : (
                  <Button ref={runButton} size="compact-md" leftSection={<Icon name="play" size={12} />} onClick={() => ask(text)}>Run</Button>
                )}
                <RunLine run={run} isShared={search.q !== undefined && run === null && text === search.q} />
                <span className="grow" />
                <span id={KEYS_ID} className="quiet small only-wide"><kbd>Ctrl</kbd> <kbd>Enter</kbd> runs · <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the editor</span>
              </div>
            </div>
          </section>
          {shown ? <Results run={shown} isOld={shown !== run} zone={zone} ask={ask} /> : <Start take={take} />}
        </div>
      </div>
    </>
  );
}

/** What to begin with. */
function Start({ take }: { take(sql: string): void }): ReactNode {
  return (
    <section className="panel" data-panel="sql-start" data-face="ready" aria-label="Queries to begin with">
      <div className="panel-head"><h2>Queries to begin with</h2></div>
      <div className="panel-body">
        <p className="quiet" style={{ marginTop: 0 }}>These were written for Athena, QuickSight and Grafana, and run here as they are. A click puts one into the editor.</p>
        <div className="sql-examples">
          {EXAMPLES.map((example) => (
            <button key={example.title} type="button" className="plain sql-example" onClick={() => take(example.sql)}>
              <strong>{example.title}</strong>
              <span className="quiet small">{example.origin}</span>
              <pre className="mono">{example.sql}</pre>
            </button>
          ))}
        </div>
      </div>
    </section>
  );
}

function useHistory(): { history: readonly Ran[]; remember(sql: string, rows: number | null): void; forget(): void } {
  const [history, setHistory] = useState<readonly Ran[]>(() => readHistory(localStorage));
  const keep = useCallback((next: readonly Ran[]): void => {
    writeHistory(localStorage, next);
    setHistory(next);
  }, []);
  // Read anew: another tab may have added to it.
  const remember = useCallback((sql: string, rows: number | null): void => keep(withRan(readHistory(localStorage), { sql, at: new Date().toISOString(), rows })), [keep]);
  const forget = useCallback((): void => keep([]), [keep]);
  return { history, remember, forget };
}
