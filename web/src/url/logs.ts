// What does the address ask of the logs? Pure: the parameters of the API's paths, and the line whose surroundings are shown.
import { changed, joined, listOf, rangeOf, type Search } from "./search";

/** What a tail asks: which lines, whenever they come. */
export function tailParameters(search: Search): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const group of listOf(search.group)) parameters.append("group", group);
  for (const stream of listOf(search.stream)) parameters.append("stream", stream);
  if (search.pattern !== undefined) parameters.set("pattern", search.pattern);
  if (search.mode !== undefined) parameters.set("mode", search.mode);
  return parameters;
}

export function logParameters(search: Search): URLSearchParams {
  return new URLSearchParams([...tailParameters(search), ...Object.entries(rangeOf(search))]);
}

/** Which line stands in the middle of its surroundings. */
export interface Middle {
  at: string;
  id: string;
  group: string;
  stream: string;
}

export function middleOf(search: Search): Middle | null {
  const [at, id, group, stream] = listOf(search.around);
  if (!at || !id || !group || !stream || Number.isNaN(Date.parse(at))) return null;
  return { at, id, group, stream };
}

export function around(search: Search, { timestamp, id, group, stream }: { timestamp: string; id: string; group: string; stream: string }): Search {
  return changed(search, { around: joined([timestamp, id, group, stream]) });
}
