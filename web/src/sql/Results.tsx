// What came of a query? Rows as a table or a picture, what answered it, hints to ask better; or why there is no answer.
import { Button, Menu } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { FILE_ROWS_MAX, problemOf, ROWS_MAX, sqlFile, type FileFormat, type Note, type Problem } from "../api/sql";
import { Choice } from "../panels/Choice";
import { announce } from "../shell/announce";
import { save } from "../shell/save";
import { bytes, count, seconds } from "../text/format";
import { QuickChart } from "./QuickChart";
import { ResultGrid } from "./ResultGrid";
import type { Run } from "./run";

const FORMATS: readonly { format: FileFormat; words: string }[] = [
  { format: "csv", words: "CSV" },
  { format: "parquet", words: "Parquet" },
  { format: "json", words: "JSON" },
];

export interface ResultsProps {
  run: Run;
  zone: "utc" | "local";
  /** It is of the query before; the next one has not answered yet. */
  isOld: boolean;
  /** Runs another query instead. */
  ask(sql: string): void;
}

export function Results({ run, isOld, zone, ask }: ResultsProps): ReactNode {
  const [form, setForm] = useState<"table" | "chart">("table");
  const face = run.phase === "failed" ? "error" : run.phase === "running" && run.columns.length === 0 ? "loading" : "ready";
  const hasRows = run.rows.length > 0;
  return (
    <section className="panel" data-panel="sql-result" data-face={face} data-phase={run.phase} data-refetching={isOld} aria-label="Result">
      <div className="panel-head">
        <h2 className="grow clip">Result</h2>
        {hasRows && <Choice<"table" | "chart"> label="Result as" value={form} options={[{ value: "table", label: "Table" }, { value: "chart", label: "Chart" }]} choose={setForm} />}
        {run.phase === "done" && run.columns.length > 0 && <Download key={run.startedAt} sql={run.sql} />}
      </div>
      <div className="panel-body" style={{ minHeight: 120 }} aria-busy={run.phase === "running"}>
        {run.problem && <ProblemFace problem={run.problem} again={() => ask(run.sql)} />}
        {face === "loading" && <div className="skeleton" style={{ height: 160 }} />}
        {run.done && <AnsweredBy run={run} />}
        {run.phase === "cancelled" && <p className="quiet">Cancelled after {seconds((run.tookMs ?? 0) / 1_000)}.{hasRows ? ` These are the ${count(run.rows.length)} rows that had come.` : ""}</p>}
        {run.problem && hasRows && <p className="quiet">These are the {count(run.rows.length)} rows that had come before.</p>}
        {run.done?.notes.map((note) => <NoteLine key={note.text} note={note} ask={ask} />)}
        {run.done && !hasRows && <p className="quiet">The query ran, and no row is its answer.</p>}
        {hasRows && (form === "table" ? <ResultGrid columns={run.columns} rows={run.rows} zone={zone} /> : <QuickChart columns={run.columns} rows={run.rows} zone={zone} />)}
      </div>
    </section>
  );
}

function AnsweredBy({ run: { done } }: { run: Run }): ReactNode {
  if (!done) return null;
  return (
    <p className="quiet small sql-answered">
      <span><strong style={{ color: "var(--text)" }}>{count(done.rows)} {done.rows === 1 ? "row" : "rows"}</strong>{done.truncated && ", the first of more"}</span>
      {done.answeredBy.length > 0 && <span>answered by <span className="mono">{done.answeredBy.join(", ")}</span></span>}
      <span>{count(done.rowsScanned)} rows and {bytes(done.bytesScanned)} scanned</span>
      <span>{seconds(done.elapsedMs / 1_000)}</span>
      <span title="The newest journal entry that the answer knows">up to entry {count(done.head)}</span>
      {done.truncated && <span style={{ color: "var(--warn)" }}>The page shows {count(ROWS_MAX)} rows at most; a file has up to {count(FILE_ROWS_MAX)}.</span>}
    </p>
  );
}

function NoteLine({ note, ask }: { note: Note; ask(sql: string): void }): ReactNode {
  const { suggestion } = note;
  return (
    <div className="sql-note small">
      <span className="grow">{note.text}</span>
      {suggestion && (
        <>
          <pre className="mono" tabIndex={0} aria-label="The query as it would better be">{suggestion}</pre>
          <Button size="compact-sm" variant="default" onClick={() => ask(suggestion)}>Use this instead</Button>
        </>
      )}
    </div>
  );
}

/** Why there is no answer; a mistake in the query is marked in its text as well. */
function ProblemFace({ problem, again }: { problem: Problem; again(): void }): ReactNode {
  const isOfQuery = problem.code.startsWith("sql_") && problem.code !== "sql_failed";
  const place = problem.line ? `Line ${problem.line}${problem.column ? `, column ${problem.column}` : ""}: ` : "";
  return (
    <div className="face" role="alert" style={{ minHeight: 0 }}>
      <strong style={{ color: "var(--fail)" }}>{isOfQuery ? "This query cannot run." : "There is no answer."}</strong>
      <span className="sql-words">{place}{problem.message}</span>
      {problem.hint && <span className="sql-words"><span className="quiet">Instead: </span><span className="mono">{problem.hint}</span></span>}
      {problem.requestId && <span className="quiet small">Request id <span className="mono">{problem.requestId}</span></span>}
      {!isOfQuery && <Button size="compact-sm" variant="default" onClick={again}>Try again</Button>}
    </div>
  );
}

/** The whole result as a file: the server runs the query once more, without the limit of the page. */
function Download({ sql }: { sql: string }): ReactNode {
  const [busy, setBusy] = useState<FileFormat | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const download = async (format: FileFormat): Promise<void> => {
    const own = new AbortController();
    abort.current = own;
    setBusy(format);
    setProblem(null);
    try {
      const { name, file } = await sqlFile(sql, format, own.signal);
      save(name, file);
      announce(`Downloaded ${name}, ${bytes(file.size)}`);
    } catch (error) {
      if (!own.signal.aborted) setProblem(problemOf(error).message);
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      {problem && <span role="alert" className="small" style={{ color: "var(--fail)" }}>No file: {problem}</span>}
      {busy ? (
        <Button size="compact-sm" variant="default" onClick={() => abort.current?.abort()}>Preparing {busy.toUpperCase()}: cancel</Button>
      ) : (
        <Menu position="bottom-end">
          <Menu.Target><Button size="compact-sm" variant="default">Download</Button></Menu.Target>
          <Menu.Dropdown>
            {FORMATS.map(({ format, words }) => <Menu.Item key={format} onClick={() => void download(format)}>{words}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}
