// What was found? When, in which fields, and the lines themselves; and how far the search has come.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";
import { ask } from "../api/client";
import type { LogField, LogFields, LogHistogram } from "../api/logs";
import type { Answer } from "../api/queries";
import { Histogram } from "../charts/Histogram";
import { Panel } from "../panels/Panel";
import { Icon } from "../shell/icons";
import { bytes, count, seconds, time } from "../text/format";
import { changed, instants, listOf, ranged, rangeOf, type Search } from "../url/search";
import { logParameters } from "../url/logs";
import { useAddress } from "../url/useAddress";
import { filled } from "./buckets";
import { FieldList } from "./FieldList";
import { ExportMenu, LookSwitches } from "./ListTools";
import { Lines } from "./Lines";
import { useLineActions, useMarks } from "./useLines";
import { LINES_MAX, PAGE, type LogSearch } from "./useLogSearch";

const BARS_PX = 72;

export function HistogramPanel({ answer }: { answer: Answer<LogHistogram> }): ReactNode {
  const { search, zone, go } = useAddress();
  return (
    <Panel name="logs-histogram" title="Matches over time" answer={answer} height={126} isNothing={() => false} isTimeless>
      {(data) => {
        const range = answer.isPlaceholderData ? null : instants(search, answer.dataUpdatedAt);
        const { startsMs, counts } = filled(data, range);
        return (
          <Histogram title="Matches over time" noun="lines" startsMs={startsMs} counts={counts} lengthSeconds={data.bucketSeconds} range={range} height={BARS_PX} zone={zone}
            narrow={(from, to) => go(changed(ranged(search, new Date(from).toISOString(), new Date(to).toISOString()), { around: undefined }))}
            legend={
              <span className="small">
                <strong>{data.isComplete ? "" : "at least "}{count(data.total)}</strong> lines match
                {!data.isComplete && <span style={{ color: "var(--warn)" }}>; time ran out, so only the newest part of the range is counted: narrow it for the whole</span>}
              </span>
            } />
        );
      }}
    </Panel>
  );
}

export function FieldsPanel({ answer }: { answer: Answer<LogFields> }): ReactNode {
  const { search, go } = useAddress();
  const [isOpen, setOpen] = useState(false);
  const actions = useLineActions(search, go);
  return (
    <Panel name="logs-fields" title="Fields" answer={answer} height={isOpen ? 300 : 28} className={`logs-fields${isOpen ? "" : " is-folded"}`} isNothing={() => false} isTimeless
      actions={<button type="button" className="plain small only-narrow" style={{ minHeight: 24 }} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{isOpen ? "Fold" : "Show"} the fields</button>}>
      {(data) => <FieldList fields={data} actions={actions} />}
    </Panel>
  );
}

export function LinesPanel({ found }: { found: LogSearch }): ReactNode {
  const { search, go } = useAddress();
  const marks = useMarks(search);
  const isOldest = search.first === "oldest";
  const { lines } = found;
  return (
    <Panel name="logs-lines" title={isOldest ? "Lines, oldest first" : "Lines, newest first"} answer={found.answer} height={320} isNothing={() => false} isTimeless
      actions={
        <>
          <Button size="compact-sm" variant="default" onClick={() => go(changed(search, { first: isOldest ? undefined : "oldest" }))}>{isOldest ? "Newest first" : "Oldest first"}</Button>
          <LookSwitches />
          <ExportMenu lines={lines} />
          <Button size="compact-sm" variant="default" disabled={found.isSearching} onClick={found.refresh}>Refresh</Button>
        </>
      }>
      {() => (
        <>
          <Progress found={found} />
          {lines.length > 0 && <Lines lines={lines} marks={marks} label="Lines that match" height="max(420px, calc(100vh - 250px))" end={() => found.hasMore && !found.isSearching && !found.isStopped && found.more()} />}
          {lines.length === 0 && !found.isSearching && !found.hasMore && <NothingFound />}
        </>
      )}
    </Panel>
  );
}

/** How far it has come, and a way to stop it or let it go on. */
function Progress({ found }: { found: LogSearch }): ReactNode {
  const { search, zone } = useAddress();
  const { lines, scanned, hasMore, isSearching, isStopped, reached, answer: { dataUpdatedAt: asOf } } = found;
  const form = reached !== null && Date.now() - Date.parse(reached) > 20 * 3_600_000 ? "minute" : "clock";
  const where = reached === null ? "" : `, searched ${search.first === "oldest" ? "on" : "back"} to ${time(reached, zone, form)}`;
  const state = isSearching ? "Searching" : isStopped ? "Stopped" : hasMore || lines.length >= LINES_MAX ? "" : "The whole range";
  return (
    <div className="row wrap log-progress small">
      <span role="status" className="quiet">
        {[state, `${count(lines.length)} ${lines.length === 1 ? "line" : "lines"}${hasMore || isSearching ? where : ""}`].filter(Boolean).join(": ")}
      </span>
      <span className="quiet grow">{scanned.events > 0 && `${count(scanned.events)} events looked at, `}{scanned.bytes > 0 && `${bytes(scanned.bytes)} read, `}in {seconds(scanned.milliseconds / 1_000)}{isSearching || asOf === 0 ? "" : `, as of ${time(asOf, zone, "clock")}`}</span>
      {isSearching && <Button size="compact-sm" variant="default" leftSection={<Icon name="close" size={12} />} onClick={found.stop}>Stop</Button>}
      {!isSearching && hasMore && <Button size="compact-sm" variant="default" onClick={found.more}>{isStopped ? "Search on" : `Show ${PAGE} more`}</Button>}
      {lines.length >= LINES_MAX && <span>No more than {count(LINES_MAX)} lines are shown: narrow the range or the pattern.</span>}
    </div>
  );
}

function NothingFound(): ReactNode {
  const { search, go } = useAddress();
  const isLongest = rangeOf(search).from === "now-30d";
  const hasPlace = listOf(search.group).length > 0 || listOf(search.stream).length > 0;
  return (
    <div className="face" data-testid="logs-nothing">
      <strong>{search.pattern === undefined ? "No line came in this range." : "No line of this range matches the pattern."}</strong>
      <div className="row wrap">
        {search.mode === "strict" && <Button size="compact-sm" variant="default" onClick={() => go(changed(search, { mode: undefined }))}>Read the pattern leniently</Button>}
        {search.pattern !== undefined && <Button size="compact-sm" variant="default" onClick={() => go(changed(search, { pattern: undefined }))}>Remove the pattern</Button>}
        {hasPlace && <Button size="compact-sm" variant="default" onClick={() => go(changed(search, { group: undefined, stream: undefined }))}>Search all groups</Button>}
        {!isLongest && <Button size="compact-sm" variant="default" onClick={() => go(ranged(search, "now-30d", "now"))}>Search the last 30 days</Button>}
      </div>
      <span className="quiet">Everything is case sensitive, and a word is found inside of longer ones, too.</span>
    </div>
  );
}

/** For writing a pattern: fields and values of what came lately, whatever pattern there is, and fields of what was found. */
export function useKnownFields(search: Search, found: readonly LogField[], isTurn: boolean): readonly LogField[] {
  const parameters = logParameters(changed(search, { pattern: undefined, mode: undefined, from: LATELY, to: undefined }));
  const lately = useBeside<LogFields>("/logs/fields", parameters, isTurn).data?.fields;
  return useMemo(() => {
    const fields = new Map(found.map((field) => [field.name, field]));
    // Without a pattern a field has more of its values.
    for (const field of lately ?? []) fields.set(field.name, field);
    return [...fields.values()];
  }, [found, lately]);
}

const LATELY = "now-1h";

/** What hangs on the same question as the lines: asked when the first of them have come. */
export function useBeside<T>(path: string, parameters: URLSearchParams, isTurn: boolean): Answer<T> {
  return useQuery({
    queryKey: [path, parameters.toString()],
    queryFn: ({ signal }) => ask<T>(path, parameters, signal),
    placeholderData: (before) => before,
    enabled: isTurn,
    staleTime: Infinity,
  });
}
