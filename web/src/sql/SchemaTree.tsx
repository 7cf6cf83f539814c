// What can be asked? Tables with their columns, and functions; a click puts a name into the query.
import { TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { SqlSchema, TableDescription } from "../api/sql";
import type { Answer } from "../api/queries";
import { Panel } from "../panels/Panel";
import { Icon } from "../shell/icons";
import { narrowed, quoted } from "./completions";

const KIND_WORDS: Record<TableDescription["kind"], string> = { table: "table", view: "view", metrics: "metrics", rollup: "rollup" };

export function SchemaTree({ schema, insert }: { schema: Answer<SqlSchema>; insert(text: string): void }): ReactNode {
  const [isShown, setShown] = useState(false);
  const [text, setText] = useState("");
  return (
    <Panel name="sql-schema" title="Tables" answer={schema} height={0} isNothing={() => false} isTimeless className="sql-schema"
      actions={
        <button type="button" className="plain small quiet only-narrow" style={{ minHeight: 24 }} aria-expanded={isShown} aria-controls="sql-schema" onClick={() => setShown(!isShown)}>
          {isShown ? "Hide" : "Show tables and columns"}
        </button>
      }>
      {(data) => (
        <div id="sql-schema" className={isShown ? "sql-tree" : "sql-tree only-wide"}>
          <TextInput size="xs" aria-label="Filter tables and columns" placeholder="Filter tables and columns" leftSection={<Icon name="search" size={12} />} value={text} onChange={(event) => setText(event.currentTarget.value)} />
          <Tree schema={narrowed(data, text)} isFiltered={text.trim() !== ""} insert={insert} />
        </div>
      )}
    </Panel>
  );
}

function Tree({ schema, isFiltered, insert }: { schema: SqlSchema; isFiltered: boolean; insert(text: string): void }): ReactNode {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const flip = (name: string): void => setOpened((before) => new Set(before.has(name) ? [...before].filter((each) => each !== name) : [...before, name]));
  if (schema.tables.length === 0 && schema.functions.length === 0) return <p className="quiet">{isFiltered ? "Nothing has such a name." : "There is no table yet."}</p>;
  return (
    <div className="scroll-y sql-tree-list" tabIndex={0} role="group" aria-label="Tables, columns and functions">
      <ul className="tree">
        {schema.tables.map((table) => (
          <Branch key={table.name} name={table.name} note={KIND_WORDS[table.kind] ?? table.kind} meaning={table.meaning} isOpen={isFiltered || opened.has(table.name)} flip={() => flip(table.name)} insert={() => insert(quoted(table.name))}>
            {table.columns.map((column) => <Leaf key={column.name} name={column.name} note={column.type} meaning={column.meaning} insert={() => insert(quoted(column.name))} />)}
          </Branch>
        ))}
        {schema.functions.length > 0 && (
          <Branch name="Functions" note={String(schema.functions.length)} meaning="" isOpen={isFiltered || opened.has("()")} flip={() => flip("()")}>
            {schema.functions.map((each) => <Leaf key={each.signature} name={each.signature} note="" meaning={each.meaning} insert={() => insert(`${each.name}(`)} />)}
          </Branch>
        )}
      </ul>
    </div>
  );
}

interface BranchProps {
  name: string;
  note: string;
  meaning: string;
  isOpen: boolean;
  flip(): void;
  insert?(): void;
  children: ReactNode;
}

function Branch({ name, note, meaning, isOpen, flip, insert, children }: BranchProps): ReactNode {
  return (
    <li>
      <div className="tree-row">
        <button type="button" className={insert ? "plain tree-toggle" : "plain tree-toggle grow"} aria-expanded={isOpen} aria-label={insert ? `Columns of ${name}` : name} onClick={flip}>
          <Icon name={isOpen ? "down" : "right"} size={12} />
          {!insert && name}
        </button>
        {insert && <button type="button" className="plain grow clip" style={{ minHeight: 24 }} title={`Insert ${name}. ${meaning}`} onClick={insert}><span className="mono">{name}</span></button>}
        <span className="quiet small">{note}</span>
      </div>
      {isOpen && (
        <>
          {meaning && <div className="quiet small tree-meaning">{meaning}</div>}
          <ul className="tree">{children}</ul>
        </>
      )}
    </li>
  );
}

function Leaf({ name, note, meaning, insert }: { name: string; note: string; meaning: string; insert(): void }): ReactNode {
  return (
    <li>
      <button type="button" className="plain tree-leaf" title={meaning} onClick={insert}>
        <span className="row" style={{ gap: 4 }}>
          <span className="mono grow clip">{name}</span>
          <span className="quiet small">{note}</span>
        </span>
        {meaning && <span className="quiet small tree-words">{meaning}</span>}
      </button>
    </li>
  );
}
