// What is known of one log line? The whole message, JSON in lines of its own, all its ids, and what can be done with it.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import type { LogEvent } from "../api/logs";
import { copy } from "../shell/announce";
import { Icon } from "../shell/icons";
import { seconds, time } from "../text/format";
import { elsewhere } from "../url/search";
import { useAddress } from "../url/useAddress";
import { jsonLines, type JsonLine } from "./json";
import { Marked } from "./Lines";
import type { Mark } from "./marks";
import { condition } from "./pattern";
import type { LineActions } from "./useLines";

/** Letters of a message that is no JSON; the rest is copied all the same. */
const LETTERS_MAX = 20_000;
/** A line that came so much later than it happened says so. */
const LATE_MS = 60_000;

const IDS = [
  ["Correlation id", "correlationId"],
  ["Request id", "requestId"],
  ["Trace id", "traceId"],
  ["Token reference", "tokenReferenceId"],
] as const;

export function LineDetail({ line, marks, zone, actions }: { line: LogEvent; marks: readonly Mark[]; zone: "utc" | "local"; actions: LineActions }): ReactNode {
  const { search } = useAddress();
  const json = useMemo(() => jsonLines(line.message), [line.message]);
  const late = Date.parse(line.ingestionTime) - Date.parse(line.timestamp);
  const attempt = line.correlationId ?? line.requestId ?? line.traceId ?? line.tokenReferenceId ?? null;
  return (
    <div className="log-detail">
      <div className="row wrap">
        {attempt !== null && <Button size="compact-sm" variant="light" component={Link} to="/go/$id" params={{ id: attempt } as never} search={elsewhere(search) as never}>Open its request</Button>}
        <Button size="compact-sm" variant="default" onClick={() => actions.around(line)}>Lines around it</Button>
        <Button size="compact-sm" variant="default" onClick={() => actions.stream(line)}>Only this stream</Button>
        <Button size="compact-sm" variant="default" leftSection={<Icon name="copy" size={12} />} onClick={() => copy(line.message)}>Copy line</Button>
        <Button size="compact-sm" variant="default" leftSection={<Icon name="copy" size={12} />} onClick={() => copy(JSON.stringify(line, null, 2))}>Copy with ids</Button>
        {line.guarded && <span className="flag small" data-kind="warn" title="Card numbers are never kept">a card number was cut out</span>}
      </div>
      <dl className="pairs small">
        <div><dt>Time</dt><dd>{time(line.timestamp, zone, "full")}{zone === "utc" ? " UTC" : ""}</dd></div>
        <div><dt>Arrived</dt><dd>{time(line.ingestionTime, zone, "full")}{late > LATE_MS && <span style={{ color: "var(--warn)" }}>, {seconds(late / 1_000)} late</span>}</dd></div>
        <div><dt>Group</dt><dd>{line.group}</dd></div>
        <div><dt>Stream</dt><dd>{line.stream}</dd></div>
        {line.event && <div><dt>Event</dt><dd>{line.event}</dd></div>}
        {IDS.map(([title, name]) => {
          const id = line[name];
          return id && <div key={name}><dt>{title}</dt><dd><Link to="/go/$id" params={{ id }} search={elsewhere(search)} className="mono">{id}</Link></dd></div>;
        })}
        <div><dt>Line</dt><dd className="mono">{line.id}</dd></div>
      </dl>
      {json ? (
        <div className="log-json mono" role="group" aria-label="The message">
          {json.map((each, place) => <JsonRow key={place} row={each} marks={marks} actions={actions} />)}
        </div>
      ) : (
        <div className="log-json log-text mono" role="group" aria-label="The message">
          <Marked text={line.message.slice(0, LETTERS_MAX)} marks={marks} />{line.message.length > LETTERS_MAX && "…"}
        </div>
      )}
    </div>
  );
}

function JsonRow({ row, marks, actions }: { row: JsonLine; marks: readonly Mark[]; actions: LineActions }): ReactNode {
  const { path, value } = row;
  const text = <span style={{ paddingLeft: `${row.depth * 2}ch` }} className="log-json-text"><Marked text={row.text} marks={marks} /></span>;
  if (path === undefined || value === undefined) return <div className="log-json-row"><span />{text}</div>;
  const words = condition(path, value, false);
  return (
    <div className="log-json-row">
      <span className="log-json-pick">
        <button type="button" className="plain" title="Only lines with this value" aria-label={`Only lines with ${words}`} onClick={() => actions.condition(path, value, false)}>=</button>
        <button type="button" className="plain" title="Only lines with another value" aria-label={`No lines with ${words}`} onClick={() => actions.condition(path, value, true)}>≠</button>
      </span>
      {text}
    </div>
  );
}
