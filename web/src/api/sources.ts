// Who sends what? The answer of one path: every source with its counts, and what its developers should mend.
import { ask } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type SourcesAnswer = Schemas["SourcesAnswer"];
export type SourceShown = Schemas["SourceShown"];
export type CountedName = Schemas["CountedName"];
export type SpellingDrift = Schemas["SpellingDrift"];
export type CountedTimeForm = Schemas["CountedTimeForm"];
export type CountedProblem = Schemas["CountedProblem"];
export type CountedRefusal = Schemas["CountedRefusal"];
export type SourceHint = Schemas["SourceHint"];

export function askSources(signal: AbortSignal): Promise<SourcesAnswer> {
  return ask<SourcesAnswer>("/sources", undefined, signal);
}
