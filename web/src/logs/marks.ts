// Which words of a line made it match? Those that the pattern names, found again in the line: good enough to see them,
// not an answer to whether it matches.
import { kindOf } from "./pattern";

export type Mark = string | RegExp;

export interface Piece {
  text: string;
  isMarked: boolean;
}

/** Letters of a line that are looked through; expressions over more would take their time. */
const LETTERS_MAX = 4_000;
const MARKS_MAX = 40;

/** What the pattern looks for, in order, and the words of `more`. */
export function marksOf(pattern: string, more = ""): Mark[] {
  const kind = kindOf(pattern);
  const own = kind === "everything" ? [] : kind === "terms" ? terms(pattern) : kind === "expression" ? expressions(pattern) : values(pattern);
  const words = more.split(/\s+/).filter((word) => word !== "");
  return [...own, ...words].slice(0, MARKS_MAX);
}

function terms(pattern: string): Mark[] {
  const found: Mark[] = [];
  for (const [, sign, inQuotes, word] of pattern.matchAll(/([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/g)) {
    const text = inQuotes === undefined ? word : unquoted(inQuotes);
    if (sign !== "-" && text) found.push(text);
  }
  return found;
}

function expressions(pattern: string): Mark[] {
  return [...pattern.matchAll(/%([^%]+)%/g)].flatMap(([, source]) => expression(source ?? ""));
}

/** Values that are compared by `=`; those of `!=` are in no line that matches. */
function values(pattern: string): Mark[] {
  const found: Mark[] = [];
  for (const [, inPercent, inQuotes, word] of pattern.matchAll(/(?<![!<>])=\s*(?:%([^%]+)%|"((?:[^"\\]|\\.)*)"|([\w.+*-]+))/g)) {
    if (inPercent !== undefined) found.push(...expression(inPercent));
    else found.push(...(inQuotes === undefined ? (word ?? "") : unquoted(inQuotes)).split("*").filter((part) => part !== ""));
  }
  return found;
}

function unquoted(text: string): string {
  return text.replace(/\\(["\\])/g, "$1");
}

/** The grammar is a part of the browser's own; what it does not know marks nothing. */
function expression(source: string): RegExp[] {
  try {
    return [new RegExp(source, "gs")];
  } catch {
    return [];
  }
}

/** Cuts a line where its marks begin and end. */
export function pieces(text: string, marks: readonly Mark[]): Piece[] {
  if (marks.length === 0 || text === "") return [{ text, isMarked: false }];
  const looked = text.slice(0, LETTERS_MAX);
  const places = marks.flatMap((mark) => placesOf(looked, mark)).sort((left, right) => left[0] - right[0] || right[1] - left[1]);
  const found: Piece[] = [];
  let at = 0;
  for (const [from, to] of places) {
    if (to <= at) continue;
    if (from > at) found.push({ text: text.slice(at, from), isMarked: false });
    found.push({ text: text.slice(Math.max(from, at), to), isMarked: true });
    at = to;
  }
  if (at < text.length) found.push({ text: text.slice(at), isMarked: false });
  return found;
}

const PLACES_MAX = 200;

function placesOf(text: string, mark: Mark): [number, number][] {
  const found: [number, number][] = [];
  if (typeof mark === "string") {
    for (let at = text.indexOf(mark); at >= 0 && found.length < PLACES_MAX; at = text.indexOf(mark, at + mark.length)) found.push([at, at + mark.length]);
    return found;
  }
  for (const match of text.matchAll(mark)) {
    if (match[0] !== "") found.push([match.index, match.index + match[0].length]);
    if (found.length === PLACES_MAX) break;
  }
  return found;
}
