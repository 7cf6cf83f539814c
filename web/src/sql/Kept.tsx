// Which queries were run or kept? The history of this browser, and what is saved on the server under a name.
import { Button, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import { askSaved, deleteQuery, saveQuery } from "../api/sql";
import { announce } from "../shell/announce";
import { Icon } from "../shell/icons";
import { NAME_MAX } from "../shell/savedViews";
import { count, time } from "../text/format";
import { oneLine, type Ran } from "./history";

const SAVED = ["/sql/saved"];

export function HistoryMenu({ history, zone, take, forget }: { history: readonly Ran[]; zone: "utc" | "local"; take(sql: string): void; forget(): void }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus width="min(460px, calc(100vw - 32px))">
      <Popover.Target><Button size="compact-sm" variant="default" onClick={() => setOpen(!isOpen)}>History</Button></Popover.Target>
      <Popover.Dropdown p={8}>
        {history.length === 0 && <div className="quiet small" style={{ padding: 8 }}>No query has been run in this browser yet.</div>}
        <div className="scroll-y" style={{ maxHeight: 360 }}>
          {history.map((ran) => (
            <UnstyledButton key={ran.at + ran.sql} className="rail-link kept" title={ran.sql} onClick={() => { setOpen(false); take(ran.sql); }}>
              <span className="clip mono">{oneLine(ran.sql)}</span>
              <span className="quiet small">{time(ran.at, zone, "second")}{ran.rows === null ? "" : ` · ${count(ran.rows)} rows`}</span>
            </UnstyledButton>
          ))}
        </div>
        {history.length > 0 && <Button size="compact-sm" variant="subtle" mt={4} onClick={forget}>Forget these</Button>}
      </Popover.Dropdown>
    </Popover>
  );
}

export function SavedMenu({ text, take }: { text: string; take(sql: string): void }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus width="min(380px, calc(100vw - 32px))">
      <Popover.Target><Button size="compact-sm" variant="default" onClick={() => setOpen(!isOpen)}>Saved</Button></Popover.Target>
      <Popover.Dropdown p={8}><Saved text={text} take={(sql) => { setOpen(false); take(sql); }} /></Popover.Dropdown>
    </Popover>
  );
}

function Saved({ text, take }: { text: string; take(sql: string): void }): ReactNode {
  const client = useQueryClient();
  const saved = useQuery({ queryKey: SAVED, queryFn: ({ signal }) => askSaved(signal) });
  const [name, setName] = useState("");
  const [error, setError] = useState<string | null>(null);
  const queries = saved.data ?? [];
  const isKnown = queries.some((query) => query.name === name.trim());
  const change = (what: Promise<void>, words: string): void => {
    setError(null);
    what.then(
      () => { setName(""); announce(words); },
      (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)),
    ).finally(() => void client.invalidateQueries({ queryKey: SAVED }));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change(saveQuery(name.trim(), text), `Saved ${name.trim()}`);
  };
  return (
    <>
      {saved.isPending && <div className="quiet small" style={{ padding: 8 }}>Loading the saved queries</div>}
      {saved.isError && <div className="small" style={{ padding: 8, color: "var(--fail)" }}>{saved.error.message} <button type="button" className="plain" style={{ textDecoration: "underline" }} onClick={() => void saved.refetch()}>Try again</button></div>}
      {saved.data?.length === 0 && <div className="quiet small" style={{ padding: 8 }}>Nothing is saved yet. What is saved here, everybody who signs in to this server sees.</div>}
      <div className="scroll-y" style={{ maxHeight: 320 }}>
        {queries.map((query) => (
          <div key={query.name} className="row" style={{ gap: 4 }}>
            <UnstyledButton className="rail-link grow kept" title={query.sql} onClick={() => take(query.sql)}>
              <span className="clip">{query.name}</span>
              <span className="quiet small mono clip">{oneLine(query.sql)}</span>
            </UnstyledButton>
            <UnstyledButton aria-label={`Delete the query ${query.name}`} style={{ minWidth: 24, minHeight: 24 }} onClick={() => change(deleteQuery(query.name), `Deleted ${query.name}`)}><Icon name="close" size={12} /></UnstyledButton>
          </div>
        ))}
      </div>
      <form onSubmit={submit} className="row" style={{ marginTop: 8, alignItems: "flex-end" }}>
        <TextInput size="xs" className="grow" label="Save this query as" aria-describedby="sql-save-words" maxLength={NAME_MAX} value={name} error={error} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
        <Button type="submit" size="compact-sm" disabled={name.trim() === "" || text.trim() === ""}>{isKnown ? "Replace" : "Save"}</Button>
      </form>
      <div id="sql-save-words" className="quiet small" style={{ marginTop: 4 }}>A name such as daily_success is a view in SQL, too.</div>
    </>
  );
}
