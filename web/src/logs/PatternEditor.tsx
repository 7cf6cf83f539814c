// Where a filter pattern is written: one line, coloured, completed by what the logs hold, with the place of a mistake. A
// chunk of its own, for its library is large. Tab takes a suggestion or leads on, so nobody is caught in it.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionStatus, insertCompletionText, moveCompletionSelection, pickedCompletion, startCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, StreamLanguage, syntaxHighlighting, type StreamParser } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Prec, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef, type ReactNode, type Ref } from "react";
import type { LogField } from "../api/logs";
import { CODE_COLOURS, EDITOR_LOOK } from "../theme/editor";
import { suggested, type Suggestion } from "./completions";
import { unitsBefore } from "./pattern";
import { readPatterns } from "./recent";

export interface PatternHandle {
  focus(): void;
}

/** Why a text is no pattern. */
export interface PatternProblem {
  message: string;
  /** Its character, counted from 0. */
  at: number | null;
}

export interface PatternEditorProps {
  text: string;
  setText(text: string): void;
  run(): void;
  fields: readonly LogField[];
  problem: PatternProblem | null;
  /** The element that says what is wrong, and that which says how to write. */
  problemId: string;
  ref?: Ref<PatternHandle>;
}

export default function PatternEditor({ text, setText, run, fields, problem, problemId, ref }: PatternEditorProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const validity = useRef(new Compartment());
  // The view is made once; what it calls is always the newest.
  const newest = useRef({ setText, run, fields });
  newest.current = { setText, run, fields };

  useEffect(() => {
    const made = new EditorView({
      parent: box.current ?? document.body,
      state: EditorState.create({
        doc: text.replaceAll("\n", " "),
        extensions: [
          Prec.highest(keymap.of([
            { key: "Enter", run: (editor) => acceptCompletion(editor) || (closeCompletion(editor), newest.current.run(), true) },
            { key: "Tab", run: (editor) => completionStatus(editor.state) === "active" && (acceptCompletion(editor) || (moveCompletionSelection(true)(editor), acceptCompletion(editor))) },
            { key: "ArrowDown", run: (editor) => completionStatus(editor.state) === null && startCompletion(editor) },
          ])),
          validity.current.of([]),
          basics((context) => complete(context, newest.current.fields)),
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
    // The text is passed on below.
  }, []);

  useEffect(() => {
    const known = view.current;
    if (!known || known.state.doc.toString() === text) return;
    known.dispatch({ changes: { from: 0, to: known.state.doc.length, insert: text }, selection: { anchor: text.length } });
  }, [text]);

  useEffect(() => {
    const known = view.current;
    if (!known) return;
    const whole = known.state.doc.toString();
    const at = problem?.at ?? null;
    const from = at === null ? 0 : Math.min(unitsBefore(whole, at), whole.length);
    // At the end there is no letter to underline but the one before.
    const place = { from: at !== null && from === whole.length ? Math.max(0, from - 1) : from, to: at === null ? whole.length : Math.min(from + 1, whole.length) };
    known.dispatch(
      setDiagnostics(known.state, problem && whole !== "" ? [{ ...place, severity: "error", message: problem.message }] : []),
      { effects: validity.current.reconfigure(EditorView.contentAttributes.of({ "aria-invalid": String(problem !== null) })) },
    );
  }, [problem?.message, problem?.at]);

  useEffect(() => {
    view.current?.contentDOM.setAttribute("aria-describedby", problemId);
  }, [problemId]);

  useImperativeHandle(ref, () => ({ focus: () => view.current?.focus() }), []);
  return <div ref={box} className="pattern-editor" />;
}

function complete(context: CompletionContext, fields: readonly LogField[]): CompletionResult | null {
  const before = context.state.sliceDoc(0, context.pos);
  // Nothing was asked for where nothing was written.
  if (before.trim() === "" && !context.explicit) return null;
  const found = suggested(before, fields, before === "" ? readPatterns(localStorage) : []);
  if (!found) return null;
  return { from: found.from, options: found.suggestions.map(asCompletion), filter: true };
}

/** Keeps the order in which they are given, and sets the cursor where writing goes on. */
function asCompletion(suggestion: Suggestion, place: number): Completion {
  const { label, apply = label, detail, back = 0 } = suggestion;
  return {
    label,
    boost: 99 - Math.min(place, 198),
    ...(detail === undefined ? {} : { detail }),
    apply(view, completion, from, to) {
      view.dispatch({ ...insertCompletionText(view.state, apply, from, to), annotations: pickedCompletion.of(completion) });
      if (back > 0) view.dispatch({ selection: { anchor: from + apply.length - back } });
    },
  };
}

function basics(source: (context: CompletionContext) => CompletionResult | null): Extension {
  return [
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false, maxRenderedOptions: 60, selectOnOpen: false, activateOnCompletion: () => true, override: [source] }),
    EditorView.lineWrapping,
    placeholder('Words, { $.field = "value" } or [name, …]; ↓ suggests'),
    StreamLanguage.define(PATTERN),
    syntaxHighlighting(CODE_COLOURS),
    EDITOR_LOOK,
    // A pattern is one line: pasted line feeds become blanks.
    EditorState.transactionFilter.of((change) => {
      if (change.newDoc.lines === 1) return change;
      const changes = [...change.newDoc.toString().matchAll(/\n/g)].map(({ index }) => ({ from: index, to: index + 1, insert: " " }));
      return [change, { changes, sequential: true }];
    }),
    EditorView.contentAttributes.of({ "aria-label": "Filter pattern", "aria-multiline": "false", spellcheck: "false", autocapitalize: "off" }),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
  ];
}

const PATTERN: StreamParser<null> = {
  startState: () => null,
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/"(?:[^"\\]|\\.)*"?/)) return "string";
    if (stream.match(/%[^%]*%?/)) return "regexp";
    if (stream.match(/\$[\w.@[\]'*-]*/)) return "typeName";
    if (stream.match(/(NOT EXISTS|IS (NULL|TRUE|FALSE))\b/)) return "keyword";
    if (stream.match(/&&|\|\||[!<>]?=|[<>]|\.\.\./)) return "keyword";
    if (stream.match(/[?-](?=["\w])/)) return "keyword";
    if (stream.match(/-?\d+(\.\d+)?(?![\w*])/)) return "number";
    if (stream.match(/[\w@*.-]+/)) return null;
    stream.next();
    return null;
  },
};
