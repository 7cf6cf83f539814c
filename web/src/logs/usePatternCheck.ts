// Is a pattern right, and what does it make of samples? The server's word on what was written, a moment after it was.
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ApiError } from "../api/client";
import { askPattern, type PatternAnswer, type Transformation } from "../api/logs";
import type { PatternProblem } from "./PatternEditor";

const PAUSE_MS = 250;

export interface Checked {
  /** Null until something was answered; of an older text while the newer one is looked at. */
  answer: PatternAnswer | null;
  /** The samples that the answer is of, in its order. */
  samples: readonly string[];
  isOld: boolean;
  problem: PatternProblem | null;
  error: Error | null;
}

/** What a refusal says of the pattern; null where it says something else. */
export function patternProblem(error: Error | null): PatternProblem | null {
  const isOfPattern = error instanceof ApiError && (error.code === "bad_pattern" || error.place.parameter === "pattern");
  return isOfPattern ? { message: error.message, at: error.place.at ?? null } : null;
}

const NO_SAMPLES: readonly string[] = [];

export function usePatternCheck(pattern: string, samples: readonly string[] = NO_SAMPLES, transformation: Transformation | null = null): Checked {
  const written = JSON.stringify([pattern, samples, transformation]);
  const [asked] = useDebouncedValue(written, PAUSE_MS);
  const answer = useQuery({
    queryKey: ["/logs/pattern", asked],
    queryFn: async ({ signal }) => {
      const [text, lines, into] = JSON.parse(asked) as [string, string[], Transformation | null];
      return { answer: await askPattern(text, lines, into, signal), text, samples: lines };
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    // Nothing is always right.
    enabled: pattern !== "" || samples.length > 0,
  });
  const known = answer.data;
  const isOld = asked !== written || answer.isPlaceholderData;
  const wrong = known?.text === pattern ? known.answer.error : undefined;
  const problem = wrong ?? (isOld ? null : patternProblem(answer.error));
  return { answer: known?.answer ?? null, samples: known?.samples ?? NO_SAMPLES, isOld, problem, error: problem ? null : answer.error };
}
