// Which lines has a text that comes in pieces? Pieces end anywhere, also within a line or a letter of several bytes.

export interface LineReader {
  /** The lines that are whole with this piece. */
  push(piece: Uint8Array): string[];
  /** What is left when nothing more comes; a last line needs no line feed. */
  end(): string[];
}

/** Splits pieces of UTF-8 into lines and leaves empty ones out. */
export function lineReader(): LineReader {
  const decoder = new TextDecoder();
  let rest = "";
  const take = (text: string): string[] => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    return lines.filter(isSomething);
  };
  return {
    push: (piece) => take(decoder.decode(piece, { stream: true })),
    end() {
      const lines = take(decoder.decode());
      const last = rest;
      rest = "";
      return isSomething(last) ? [...lines, last] : lines;
    },
  };
}

/** Hands every line of an answer to `on`, parsed, several at once where they came together. */
export async function eachJsonLine<T>(body: ReadableStream<Uint8Array>, on: (lines: T[]) => void): Promise<void> {
  const reader = body.getReader();
  const lines = lineReader();
  for (;;) {
    const { done, value } = await reader.read();
    const found = done ? lines.end() : lines.push(value);
    if (found.length > 0) on(found.map((line) => JSON.parse(line) as T));
    if (done) return;
  }
}

function isSomething(line: string): boolean {
  return line.trim() !== "";
}
