// Where a query is written: colours, completion by the server's tables, and the place of a mistake. A chunk of its own,
// for its library is as large as the rest of the page. Tab indents, so Esc and then Tab lead on.
import { autocompletion, acceptCompletion, closeBrackets, closeCompletion, closeBracketsKeymap, type Completion, type CompletionContext, type CompletionResult, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { keywordCompletionSource, schemaCompletionSource, SQLDialect } from "@codemirror/lang-sql";
import { bracketMatching, indentOnInput, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { Compartment, EditorState, Prec, type Extension, type Text } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef, type ReactNode, type Ref } from "react";
import type { Problem, SqlSchema } from "../api/sql";
import { CODE_COLOURS, EDITOR_LOOK } from "../theme/editor";
import { quoted, suggestions } from "./completions";

export interface EditorHandle {
  /** Puts a text where the cursor is, and the focus there. */
  insert(text: string): void;
  focus(): void;
}

export interface EditorProps {
  text: string;
  setText(text: string): void;
  run(): void;
  schema: SqlSchema | undefined;
  /** What is wrong with this very text. */
  problem: Problem | null;
  /** The element that says which keys do what. */
  keysId: string;
  ref: Ref<EditorHandle>;
}

export default function Editor({ text, setText, run, schema, problem, keysId, ref }: EditorProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const language = useRef(new Compartment());
  // The view is made once; what it calls is always the newest.
  const newest = useRef({ setText, run });
  newest.current = { setText, run };

  useEffect(() => {
    const made = new EditorView({
      parent: box.current ?? document.body,
      state: EditorState.create({
        doc: text,
        extensions: [
          Prec.highest(keymap.of([{ key: "Mod-Enter", run: (editor) => (closeCompletion(editor), newest.current.run(), true) }])),
          language.current.of(languageOf(schema)),
          basics(keysId),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) newest.current.setText(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
    // Text and schema are passed on below.
  }, [keysId]);

  useEffect(() => {
    const known = view.current;
    if (!known || known.state.doc.toString() === text) return;
    known.dispatch({ changes: { from: 0, to: known.state.doc.length, insert: text }, selection: { anchor: text.length } });
  }, [text]);

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(languageOf(schema)) });
  }, [schema]);

  useEffect(() => {
    const known = view.current;
    if (!known) return;
    const found = problem ? diagnostic(known.state.doc, problem) : null;
    known.dispatch(setDiagnostics(known.state, found ? [found] : []), ...(found ? [{ effects: EditorView.scrollIntoView(found.from) }] : []));
  }, [problem]);

  useImperativeHandle(ref, () => ({
    insert(added) {
      const known = view.current;
      if (!known) return;
      known.dispatch(known.state.replaceSelection(added));
      known.focus();
    },
    focus: () => view.current?.focus(),
  }), []);

  return <div ref={box} className="sql-editor" />;
}

/** The place of a mistake: the word there, or its line. */
function diagnostic(text: Text, problem: Problem): Diagnostic | null {
  if (problem.line === undefined || problem.line === null || problem.line < 1) return null;
  const line = text.line(Math.min(problem.line, text.lines));
  const column = problem.column ?? null;
  const from = column === null ? line.from : Math.min(line.from + Math.max(0, column - 1), line.to);
  const word = /^("[^"]*"|'[^']*'|[\p{L}\p{N}_$.]+|.)?/u.exec(line.text.slice(from - line.from))?.[0] ?? "";
  const to = column === null ? line.to : from + word.length;
  // At the end of a line there is no letter to underline but the one before.
  return { from: to > from ? from : Math.max(line.from, from - 1), to: Math.max(to, from), severity: "error", message: problem.message };
}

const KEYWORDS =
  "select distinct from where group by having order asc desc nulls first last limit offset as and or not in is null like ilike between " +
  "case when then else end cast try_cast interval join left right full inner outer cross on using union all except intersect with recursive " +
  "over partition rows range unbounded preceding following current row exists any extract at time zone filter within grouping sets rollup cube " +
  "values explain analyze describe show tables columns qualify unnest lateral true false current_date current_timestamp";
const TYPES = "bigint int integer smallint double float real decimal numeric varchar char text boolean date timestamp time binary varbinary array";
const DIALECT = SQLDialect.define({ keywords: KEYWORDS, types: TYPES, doubleQuotedStrings: false, charSetCasts: false, operatorChars: "*+-%<>!=&|~^/:" });
const KEYWORD_SOURCE = keywordCompletionSource(DIALECT, true, (label, type) => ({ label, type, boost: -10 }));

function languageOf(schema: SqlSchema | undefined): Extension {
  const tables = Object.fromEntries((schema?.tables ?? []).map((table) => [
    table.name,
    { self: { label: table.name, type: "class", detail: table.kind, info: table.meaning, boost: 20 }, children: table.columns.map(({ name, type, meaning }) => ({ label: name, apply: quoted(name), type: "property", detail: type, info: meaning, boost: 30 })) },
  ]));
  const sources: CompletionSource[] = [
    schemaCompletionSource({ dialect: DIALECT, schema: tables }),
    (context) => (begins(context) === null ? null : KEYWORD_SOURCE(context)),
    ...(schema ? [(context: CompletionContext) => names(schema, context)] : []),
  ];
  return new LanguageSupport(DIALECT.language, sources.map((source) => DIALECT.language.data.of({ autocomplete: source })));
}

/** Where the word before the cursor begins; null after a point, where only the columns of what is before it may stand. */
function begins(context: CompletionContext): number | null {
  const from = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*/u)?.from ?? context.pos;
  return /["'.]/.test(context.state.sliceDoc(Math.max(0, from - 1), from)) ? null : from;
}

/** Columns and functions. */
function names(schema: SqlSchema, context: CompletionContext): CompletionResult | null {
  const from = begins(context);
  if (from === null || (from === context.pos && !context.explicit)) return null;
  const options = suggestions(schema, context.state.doc.toString()).map(({ name, kind, detail, meaning }): Completion => ({
    label: name,
    detail,
    info: meaning,
    type: kind === "column" ? "property" : "function",
    apply: kind === "column" ? quoted(name) : `${name}(`,
    boost: kind === "column" ? 10 : 0,
  }));
  return { from, options, validFor: /^[\p{L}\p{N}_]*$/u };
}

function basics(keysId: string): Extension {
  return [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false, maxRenderedOptions: 60 }),
    highlightActiveLine(),
    EditorView.lineWrapping,
    placeholder("SELECT … FROM …"),
    syntaxHighlighting(CODE_COLOURS),
    EDITOR_LOOK,
    EditorView.contentAttributes.of({ "aria-label": "SQL query", "aria-describedby": keysId, spellcheck: "false", autocapitalize: "off" }),
    keymap.of([
      { key: "Tab", run: (view) => acceptCompletion(view) || indentMore(view), shift: indentLess },
      ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap,
    ]),
  ];
}
