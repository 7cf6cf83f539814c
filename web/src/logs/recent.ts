// Which patterns were searched for in this browser? The newest first, for writing one again.

const KEY = "walletscope-patterns";
const PATTERNS_MAX = 12;

/** What is kept; what cannot be read is nothing. */
export function readPatterns(storage: Pick<Storage, "getItem">): string[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/** With one more; the same is kept once. */
export function keepPattern(storage: Pick<Storage, "getItem" | "setItem">, pattern: string): void {
  const others = readPatterns(storage).filter((each) => each !== pattern);
  storage.setItem(KEY, JSON.stringify([pattern, ...others].slice(0, PATTERNS_MAX)));
}
