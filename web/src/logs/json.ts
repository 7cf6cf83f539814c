// How is a JSON message read by people? Line by line, indented, with its numbers as they came: read and written anew,
// 1.50 would be 1.5 and a long id another one.
import type { Value } from "./pattern";

export interface JsonLine {
  depth: number;
  /** As it is written, with its comma. */
  text: string;
  /** The path of a member with a plain value, such as `user.ids[0]`. */
  path?: string;
  value?: Value;
}

/** Lines that are shown; a message may have a megabyte. */
const LINES_MAX = 1_000;

/** The lines of a message that is a JSON object or array; null for any other. */
export function jsonLines(message: string): JsonLine[] | null {
  const text = message.trim();
  if (!/^[{[]/.test(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return linesOf(text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []);
}

interface Level {
  /** Of arrays the next index. */
  index: number | null;
  path: string;
}

/** The tokens are of valid JSON. */
function linesOf(tokens: readonly string[]): JsonLine[] {
  const lines: JsonLine[] = [];
  const levels: Level[] = [];
  let name: string | null = null;
  const pathOf = (level: Level | undefined): string => {
    if (!level) return "";
    if (level.index !== null) return `${level.path}[${level.index}]`;
    return level.path === "" ? (name ?? "") : `${level.path}.${name ?? ""}`;
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? "";
    const level = levels.at(-1);
    if (token === ",") {
      const last = lines.at(-1);
      if (last) last.text += ",";
      if (level && level.index !== null) level.index += 1;
    } else if (token === "}" || token === "]") {
      levels.pop();
      lines.push({ depth: levels.length, text: token });
    } else if (level?.index === null && name === null) {
      name = JSON.parse(token) as string;
      // The colon.
      at += 1;
    } else {
      const before = name === null ? "" : `${JSON.stringify(name)}: `;
      const path = pathOf(level);
      const closing = token === "{" ? "}" : token === "[" ? "]" : null;
      if (closing !== null && tokens[at + 1] === closing) {
        lines.push({ depth: levels.length, text: before + token + closing });
        at += 1;
      } else if (closing !== null) {
        lines.push({ depth: levels.length, text: before + token });
        levels.push({ index: token === "[" ? 0 : null, path });
      } else {
        lines.push({ depth: levels.length, text: before + token, path, value: /^[-\d]/.test(token) ? { number: token } : (JSON.parse(token) as Value) });
      }
      name = null;
    }
    if (lines.length === LINES_MAX) return [...lines, { depth: 0, text: "…" }];
  }
  return lines;
}
