// Which names may stand here? Columns of the tables that the query names, of all tables where it names none; functions. Pure.
import type { SqlSchema } from "../api/sql";

export interface Suggestion {
  name: string;
  kind: "column" | "function";
  /** Beside the name: a type, or how it is called. */
  detail: string;
  meaning: string;
}

/** The tables that stand in a text as words. */
export function tablesIn(schema: SqlSchema, text: string): SqlSchema["tables"] {
  const words = new Set(text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu));
  return schema.tables.filter((table) => words.has(table.name.toLowerCase()));
}

export function suggestions(schema: SqlSchema, text: string): readonly Suggestion[] {
  const named = tablesIn(schema, text);
  const columns = new Map<string, Suggestion>();
  for (const table of named.length > 0 ? named : schema.tables) {
    for (const { name, type, meaning } of table.columns) {
      if (!columns.has(name)) columns.set(name, { name, kind: "column", detail: type, meaning: `${meaning} (${table.name})` });
    }
  }
  return [...columns.values(), ...schema.functions.map(({ name, signature, meaning }) => ({ name, kind: "function" as const, detail: signature, meaning }))];
}

/** The part of a schema whose names or meanings hold a text; tables that are found by their own name keep all columns. */
export function narrowed(schema: SqlSchema, text: string): SqlSchema {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return schema;
  const has = (...texts: readonly string[]): boolean => texts.some((each) => each.toLowerCase().includes(wanted));
  const tables = schema.tables.flatMap((table) => {
    const columns = table.columns.filter((column) => has(column.name, column.type, column.meaning));
    if (has(table.name)) return [table];
    return columns.length > 0 ? [{ ...table, columns }] : has(table.meaning) ? [table] : [];
  });
  return { tables, functions: schema.functions.filter((each) => has(each.name, each.meaning)) };
}

/** A name as SQL has it: in double quotes where it is not plain. */
export function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
