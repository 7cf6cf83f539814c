import { expect, it } from "vitest";
import { keepPattern, readPatterns } from "./recent";

function storage(first: string | null = null): Storage {
  let kept = first;
  return { getItem: () => kept, setItem: (_: string, value: string) => void (kept = value) } as unknown as Storage;
}

it("keeps the newest patterns, each once", () => {
  const own = storage();
  for (const pattern of ["a", "b", "a"]) keepPattern(own, pattern);
  expect(readPatterns(own)).toEqual(["a", "b"]);
  for (let at = 0; at < 40; at += 1) keepPattern(own, `p${at}`);
  expect([readPatterns(own).length, readPatterns(own)[0]]).toEqual([12, "p39"]);
  for (const bad of ["{", "{}", "[1]"]) expect(readPatterns(storage(bad))).toEqual([]);
});
