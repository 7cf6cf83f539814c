// How does a filter pattern grow by a click? Pure: which kind it is, and the pattern with one condition more. What a
// pattern means and whether it is right says the server alone (docs/protocols/filter-patterns.md).

export type Kind = "everything" | "terms" | "json" | "fields" | "expression";
/** A value of a line; numbers as they are written, for reading them would change some. */
export type Value = string | { number: string } | boolean | null;

export function kindOf(pattern: string): Kind {
  const text = pattern.trim();
  if (text === "" || /^"\s*"$/.test(text)) return "everything";
  if (text.startsWith("{")) return "json";
  if (text.startsWith("[")) return "fields";
  return text.startsWith("%") ? "expression" : "terms";
}

/** A member's name as a selector: points lead inwards. */
export function selector(name: string): string {
  const parts = name.replace(/^\$\.?/, "").split(".");
  return parts.reduce((text, part) => {
    const [, own = part, places = ""] = /^(.*?)((?:\[\d+\])*)$/.exec(part) ?? [];
    return `${text}${own === "" ? "" : /^[\w-]+$/.test(own) ? `.${own}` : `['${own}']`}${places}`;
  }, "$");
}

export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** One condition of a JSON pattern. */
export function condition(name: string, value: Value, isRefused: boolean): string {
  const place = selector(name);
  if (value === null) return isRefused ? `${place} = *` : `${place} IS NULL`;
  if (typeof value === "boolean") return `${place} IS ${String(value !== isRefused).toUpperCase()}`;
  return `${place} ${isRefused ? "!=" : "="} ${typeof value === "string" ? quoted(value) : value.number}`;
}

/** A value that the API gives as text, by the type of its field. */
export function valueOf(text: string, type: string): Value {
  if (type === "flag" || (type === "mixed" && /^(true|false)$/.test(text))) return text === "true";
  return type !== "text" && /^-?[\d.]+(e[+-]?\d+)?$/i.test(text) ? { number: text } : text;
}

export interface Grown {
  pattern: string;
  /** The pattern before could not be joined with the condition and is gone. */
  isReplaced: boolean;
}

/** The pattern with one condition more. */
export function withCondition(pattern: string, name: string, value: Value, isRefused: boolean): Grown {
  const added = condition(name, value, isRefused);
  const alone = { pattern: `{ ${added} }`, isReplaced: false };
  const kind = kindOf(pattern);
  if (kind === "everything") return alone;
  if (kind === "json") return { pattern: withJson(pattern, added), isReplaced: false };
  const fields = kind === "fields" ? withField(pattern, name, value, isRefused) : null;
  if (fields !== null) return { pattern: fields, isReplaced: false };
  // A term is found anywhere, so only one that says something stands for its field; behind `?` it would have no effect.
  const isTelling = typeof value === "string" && value.length >= 3 && !/(^|\s)\?/.test(pattern);
  if (kind === "terms" && isTelling) return { pattern: `${pattern.trim()} ${isRefused ? "-" : ""}${/^\w+$/.test(value) ? value : quoted(value)}`, isReplaced: false };
  return { ...alone, isReplaced: true };
}

function withJson(pattern: string, added: string): string {
  const inner = pattern.trim().replace(/^\{\s*/, "").replace(/\s*\}$/, "");
  if (inner === "") return `{ ${added} }`;
  if (isJoined(inner, added)) return pattern;
  return `{ ${isAlternative(inner) ? `(${inner})` : inner} && ${added} }`;
}

/** Whether the condition is there already. */
function isJoined(inner: string, added: string): boolean {
  return !isAlternative(inner) && inner.split("&&").some((each) => each.trim() === added);
}

function isAlternative(inner: string): boolean {
  return outsideQuotes(inner).includes("||");
}

function outsideQuotes(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|%[^%]*%/g, "");
}

/** By name a field's condition joins those that it has; a place cannot be named, and `null` says so. */
function withField(pattern: string, name: string, value: Value, isRefused: boolean): string | null {
  if (!/^[\w@-]+$/.test(name) || value === null) return null;
  const inner = pattern.trim().replace(/^\[\s*/, "").replace(/\s*\]$/, "");
  const added = `${name} ${isRefused ? "!=" : "="} ${typeof value === "string" ? quoted(value) : typeof value === "boolean" ? String(value) : value.number}`;
  const places = inner === "" ? [] : splitOutside(inner);
  const known = places.findIndex((place) => new RegExp(`^\\s*${name.replace(/[-]/g, "\\-")}\\s*($|[=!<>])`).test(place));
  if (known < 0) return `[${[...places.map((place) => place.trim()), added].join(", ")}]`;
  const place = places[known]?.trim() ?? "";
  if (place.includes("||")) return null;
  const next = place === name ? added : `${place} && ${added}`;
  return `[${places.map((each, index) => (index === known ? next : each.trim())).join(", ")}]`;
}

/** At commas that are in no quotes. */
function splitOutside(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  const masked = text.replace(/"(?:[^"\\]|\\.)*"|%[^%]*%/g, (found) => "x".repeat(found.length));
  for (let at = masked.indexOf(","); at >= 0; at = masked.indexOf(",", at + 1)) {
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return [...parts, text.slice(from)];
}

/** The server counts characters, the editor units of UTF-16. */
export function unitsBefore(text: string, characters: number): number {
  return [...text].slice(0, characters).join("").length;
}
