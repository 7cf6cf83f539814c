// What happened to one request? Its end and why, its steps, every record with how it was joined, and what resembles it.
import { Button, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { ask, ApiError, type Candidates, type RecordShown, type RequestAnswer, type Requests } from "../api/client";
import type { Neighbours } from "../api/client";
import { useWidth } from "../charts/useWidth";
import { Panel } from "../panels/Panel";
import { REASONS } from "../panels/reasonTable";
import { Status } from "../panels/Status";
import { Icon } from "../shell/icons";
import { useKeys } from "../shell/useKeys";
import { count, seconds, time } from "../text/format";
import { country, JOIN_WORDS, words } from "../text/words";
import { readSearch, withValues, type Search } from "../url/search";
import { UNKNOWN, useAddress } from "../url/useAddress";
import { Go, Unknown } from "./Go";
import { listParameters } from "./Requests";

export function Request(): ReactNode {
  const { id } = useParams({ from: "/requests/$id" });
  const { search } = useAddress();
  const answer = useQuery({
    queryKey: ["/requests/", id],
    queryFn: ({ signal }) => ask<RequestAnswer | Candidates>(`/requests/${encodeURIComponent(id)}`, undefined, signal),
    refetchInterval: (query) => (query.state.data && !("candidates" in query.state.data) && query.state.data.detail.flags.settled ? false : 2_000),
  });
  if (answer.error instanceof ApiError && answer.error.status === 404) return <Unknown id={id} view="request" />;
  if (answer.data && "candidates" in answer.data) return <Go />;
  return (
    <>
      <Around id={id} search={search} />
      <Panel name="request" title="Request" answer={answer} height={500} isNothing={() => false}>
        {(data) => ("candidates" in data ? null : <Shown data={data} />)}
      </Panel>
    </>
  );
}

function Around({ id, search }: { id: string; search: Search }): ReactNode {
  const navigate = useNavigate();
  const around = useQuery({
    queryKey: ["/neighbours", id, listParameters(search).toString()],
    queryFn: ({ signal }) => ask<Neighbours>(`/requests/${encodeURIComponent(id)}/neighbours`, listParameters(search), signal),
  }).data;
  useKeys((event) => {
    const next = event.key === "[" ? around?.previous : event.key === "]" ? around?.next : null;
    if (next) void navigate({ to: "/requests/$id", params: { id: next }, search });
    else if (event.key === "Escape") void navigate({ to: "/requests", search });
  });
  const step = (to: string | null | undefined, icon: "left" | "right", words: string): ReactNode =>
    to ? <Link to="/requests/$id" params={{ id: to }} search={search} aria-label={words} className="row" style={{ padding: 4 }}><Icon name={icon} /></Link>
      : <span className="row quiet" style={{ padding: 4, opacity: 0.4 }} aria-hidden="true"><Icon name={icon} /></span>;
  return (
    <div className="row">
      <Link to="/requests" search={search}>Requests</Link>
      {around && <span className="quiet">{around.position === null ? `not among the ${count(around.total)} of this range` : `${count(around.position)} of ${count(around.total)}`}</span>}
      {step(around?.previous, "left", "Previous request")}
      {step(around?.next, "right", "Next request")}
    </div>
  );
}

/** In the order of their keys, 1 to 4. */
const TABS = ["timeline", "facts", "tokens", "raw"] as const;

function Shown({ data }: { data: RequestAnswer }): ReactNode {
  const { search, zone, go } = useAddress();
  const { detail } = data;
  const tab = search.tab ?? "timeline";
  const show = (next: string): void => {
    const { tab: _, ...rest } = search;
    go(next === "timeline" ? rest : readSearch({ ...rest, tab: next }));
  };
  useKeys((event) => {
    const next = TABS[Number(event.key) - 1];
    if (next) show(next);
  });
  const name = detail.correlationId ?? detail.attemptId;
  const full = (at: string | null | undefined): string => (at ? `${time(at, zone, "full")}${zone === "utc" ? " UTC" : ""}` : "–");
  return (
    <div style={{ display: "flex", flexDirection: "column", gap: 14 }}>
      <div className="row wrap">
        <h1 className="mono" style={{ fontSize: 18 }}>{name}</h1>
        <Copy text={name} />
        <strong style={{ fontSize: 15 }}><Status outcome={detail.outcome} /></strong>
        <span style={{ fontSize: 15 }}>{data.reason}</span>
        <span className="grow" />
        <span style={{ fontSize: 18 }}>{seconds(detail.processingTimeSeconds)}</span>
      </div>
      <Line data={data} full={full} />
      <Why data={data} />
      <ol className="steps" aria-label="Stages">
        {detail.stages.map((stage) => (
          <li key={stage.stage} className="step" data-seen={Boolean(stage.at)} title={stage.at ? full(stage.at) : "not seen"}>
            <Icon name={stage.at ? "success" : "abandoned"} size={14} />{words(stage.stage)}
            {stage.at && <span className="quiet small">+{seconds((Date.parse(stage.at) - Date.parse(detail.startedAt)) / 1_000)}</span>}
          </li>
        ))}
      </ol>
      <Axis records={data.records} from={detail.startedAt} />
      <Tabs value={tab} onChange={(next) => show(next ?? "timeline")} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="timeline">Timeline ({count(data.records.length + data.recordsLeftOut)})</Tabs.Tab>
          <Tabs.Tab value="facts">Facts</Tabs.Tab>
          <Tabs.Tab value="tokens">Tokens ({data.tokens.length})</Tabs.Tab>
          <Tabs.Tab value="raw">Raw</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="timeline" pt="sm"><Timeline data={data} full={full} /></Tabs.Panel>
        <Tabs.Panel value="facts" pt="sm"><Facts data={data} full={full} search={search} /></Tabs.Panel>
        <Tabs.Panel value="tokens" pt="sm"><Tokens data={data} full={full} /></Tabs.Panel>
        <Tabs.Panel value="raw" pt="sm"><pre className="mono message" tabIndex={0} aria-label="The answer as JSON" style={{ margin: 0 }}>{JSON.stringify(data, null, 2)}</pre></Tabs.Panel>
      </Tabs>
    </div>
  );
}

/** Whose request it is, in one line, and what is unusual about it. */
function Line({ data, full }: { data: RequestAnswer; full(at: string | null | undefined): string }): ReactNode {
  const { detail } = data;
  const card = detail.bin ? `BIN ${detail.bin}${detail.lastFour ? ` … ${detail.lastFour}` : ""}` : null;
  const words = [`${detail.wallet ?? "Unknown wallet"} › ${detail.issuer ?? "unknown issuer"}`, card, data.device, detail.country ? country(detail.country) : null, full(detail.startedAt)];
  const flags: [boolean, string, string][] = [
    [detail.tries > 1, "", `${count(detail.tries)} tries`],
    [detail.aliases.requestIds.length > 1, "", `${count(detail.aliases.requestIds.length)} invocations`],
    [detail.flags.steppedUp, "", "stepped up"],
    [!detail.flags.settled, "", "not settled: later records may change it"],
    [detail.flags.stepUpOverdue, "warn", "step-up waiting over 24 h"],
    [detail.flags.conflict, "warn", "two different ends are known"],
    [detail.flags.overflow, "warn", `${count(detail.recordsOverLimit)} records over the limit are not joined`],
  ];
  return (
    <div className="row wrap">
      {words.filter((word) => word !== null).map((word, place) => <span key={word} className={place === 0 ? "" : "quiet"}>{word}</span>)}
      {flags.filter(([is]) => is).map(([, kind, word]) => <span key={word} className="flag small" data-kind={kind}>{word}</span>)}
    </div>
  );
}

/** One sentence: why it ended so, and how many failed alike around it. */
function Why({ data }: { data: RequestAnswer }): ReactNode {
  const { search } = useAddress();
  const { detail } = data;
  const around: Search = readSearch({
    from: new Date(Date.parse(detail.startedAt) - 1_800_000).toISOString(),
    to: new Date(Date.parse(detail.startedAt) + 1_800_000).toISOString(),
    outcome: "FAILED",
    reason: detail.reason ?? "",
    ...withValues({}, "issuer", [{ text: detail.issuer ?? UNKNOWN, refused: false }]),
    ...(search.tz ? { tz: search.tz } : {}),
  });
  const similar = useQuery({
    queryKey: ["/requests similar", JSON.stringify(around)],
    queryFn: ({ signal }) => { const asked = listParameters(around); asked.set("limit", "1"); return ask<Requests>("/requests", asked, signal); },
    enabled: detail.outcome === "FAILED" && Boolean(detail.reason),
  }).data;
  if (detail.outcome === "ABANDONED") return <p style={{ margin: 0 }}>No end came. It was given up at “{words(detail.abandonedAt ?? detail.stage)}” and stands beside the rates, not in them.</p>;
  if (detail.outcome === "PENDING") return <p style={{ margin: 0 }}>It is still open, at “{words(detail.stage)}”{detail.flags.stepUpOverdue ? "; its step-up has been waiting for over 24 hours" : ""}.</p>;
  if (detail.outcome !== "FAILED") return detail.flags.conflict ? <p style={{ margin: 0 }}>A later, different end is known: the first one counts.</p> : null;
  const about = REASONS[detail.reason ?? ""];
  const others = similar ? Math.max(0, similar.total - 1) : null;
  return (
    <p style={{ margin: 0 }}>
      {about ? `A ${about.class} failure; ${about.owner === "ours" ? "the cause is on this side" : `the ${about.owner} can mend it`}.` : ""} {detail.reasonCode && detail.reasonCode !== detail.reason ? `The source wrote ${detail.reasonCode}. ` : ""}
      {others === 0 && "No other failed for this reason at this issuer within the hour around it."}
      {others !== null && others > 0 && <Link to="/requests" search={around} data-testid="similar">{count(others)} other{others === 1 ? "" : "s"} failed for this reason at this issuer within the hour around it</Link>}
    </p>
  );
}

const MARKS: Record<string, string> = { named: "var(--info)", alias: "var(--info)", shared: "var(--neutral)", token: "var(--ok)" };

/** Records as marks on one axis of time. */
function Axis({ records, from }: { records: readonly RecordShown[]; from: string }): ReactNode {
  const { set: setBox, width } = useWidth<HTMLDivElement>();
  const times = records.map((record) => Date.parse(record.time));
  const start = Math.min(Date.parse(from), ...times);
  const length = Math.max(1, Math.max(start, ...times) - start);
  const x = (at: number): number => 12 + ((at - start) / length) * Math.max(0, width - 24);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <div ref={setBox}>
      <svg width="100%" height="54" role="img" aria-label={`${records.length} records over ${seconds(length / 1_000)}`}>
        <line x1="12" x2={width - 12} y1="24" y2="24" stroke="var(--line)" strokeWidth="2" />
        {ticks.map((tick) => <text key={tick} x={12 + tick * Math.max(0, width - 24)} y="48" fontSize="11" fill="var(--quiet)" textAnchor={tick === 0 ? "start" : tick === 1 ? "end" : "middle"}>{tick === 0 ? "0" : `+${seconds((tick * length) / 1_000)}`}</text>)}
        {records.map((record) => (
          <rect key={`${record.offset} ${record.index} ${record.join}`} x={x(Date.parse(record.time)) - 2} y={record.event ? 10 : 16} width="4" height={record.event ? 28 : 16} rx="2" fill={MARKS[record.join] ?? "var(--neutral)"}>
            <title>{`+${seconds((Date.parse(record.time) - start) / 1_000)} ${record.event ?? "record"}`}</title>
          </rect>
        ))}
      </svg>
    </div>
  );
}

function Timeline({ data, full }: { data: RequestAnswer; full(at: string | null | undefined): string }): ReactNode {
  return (
    <div>
      {data.records.map((record, place) => {
        const late = record.arrivedAt ? Date.parse(record.arrivedAt) - Date.parse(record.time) : 0;
        const before = data.records[place - 1];
        const isElsewhere = before?.group !== record.group || before?.stream !== record.stream;
        return (
          <div key={`${record.offset} ${record.index} ${record.join}`} className="record" data-record data-join={record.join}>
            <div className="row wrap" style={{ gap: "0 10px" }}>
              <span className="mono">{full(record.time)}</span>
              <strong>{record.event ?? SIGNAL_WORDS[record.signal ?? ""] ?? "Record"}</strong>
              <span className="quiet small">joined {JOIN_WORDS[record.join] ?? record.join}: {record.joinedBy.kind} <span className="mono">{record.joinedBy.id}</span></span>
              {late > LATE_MS && <span className="flag small" data-kind="warn" title={`Arrived ${full(record.arrivedAt)}`}>{seconds(late / 1_000)} late</span>}
            </div>
            {isElsewhere && <div className="quiet small">{record.group}{record.stream ? ` · ${record.stream}` : ""}</div>}
            {record.expired ? <p className="quiet message">Its text is no longer kept; what it said is counted above.</p> : record.message && <Message text={record.message} />}
          </div>
        );
      })}
      {data.recordsLeftOut > 0 && <p className="quiet">{count(data.recordsLeftOut)} more records are not shown.</p>}
    </div>
  );
}

const LATE_MS = 60_000;
/** What a record is that is no event of the contract. */
const SIGNAL_WORDS: Record<string, string> = { span: "Span", audit: "Audit event" };
/** Said beside the record already. */
const SAID = new Set(["event", "requestId", "correlationId", "level"]);

/** A JSON object as its fields, anything else as it is. */
function Message({ text }: { text: string }): ReactNode {
  const fields = objectIn(text);
  if (!fields) return <p className="mono message">{text.trim()}</p>;
  const shown = Object.entries(fields).filter(([name]) => !SAID.has(name));
  if (shown.length === 0) return null;
  return (
    <dl className="pairs small">
      {shown.map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd className="mono">{typeof value === "string" ? value : JSON.stringify(value)}</dd></div>
      ))}
    </dl>
  );
}

/** The fields of a text that is a JSON object and says nothing that reading it would change, such as 1.50. */
function objectIn(text: string): Record<string, unknown> | null {
  if (!text.startsWith("{")) return null;
  try {
    const fields = JSON.parse(text) as Record<string, unknown>;
    return JSON.stringify(fields) === text ? fields : null;
  } catch {
    return null;
  }
}

function Facts({ data, full, search }: { data: RequestAnswer; full(at: string | null | undefined): string; search: Search }): ReactNode {
  const { detail } = data;
  const rows: [string, ReactNode][] = [
    ["Started", full(detail.startedAt)], ["Ended", full(detail.endedAt)], ["Activated", full(detail.activatedAt)],
    ["Wallet", detail.wallet], ["Issuer", detail.issuer], ["Network", detail.network], ["Device", detail.device], ["Device type", detail.deviceType], ["Country", detail.country ? country(detail.country) : null], ["Channel", detail.channel],
    ["BIN", detail.bin && detail.lastFour ? <Link to="/requests" search={{ ...search, bin: detail.bin, lastFour: detail.lastFour }}>{detail.bin} … {detail.lastFour}</Link> : detail.bin],
    ["PAR", detail.par], ["Token requestor", detail.tokenRequestorId], ["Token type", detail.tokenType], ["Client IP", detail.clientIp], ["Step-up", [detail.stepUpMethod, detail.stepUpVendor].filter(Boolean).join(", ")], ["Cardholder waited", seconds(detail.cardholderWaitSeconds)],
    ["Wallet recommended", detail.decisions.walletRecommendation], ["Network decided", detail.decisions.networkDecision], ["Issuer decided", detail.decisions.issuerDecision], ["Final decision", detail.decisions.finalDecision], ["Overridden by", detail.decisions.overrideBy],
    ["Tries", count(detail.tries)], ["Records joined", count(detail.recordsJoined)], ["Settled", detail.flags.settled ? "yes" : "no, later records may still change it"],
    ["Request ids", <Ids key="r" ids={detail.aliases.requestIds} />], ["Trace ids", <Ids key="t" ids={detail.aliases.traceIds} />], ["Token references", <Ids key="k" ids={detail.aliases.tokenReferenceIds} />],
  ];
  return <dl className="facts">{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value === null || value === undefined || value === "" ? "–" : value}</dd></div>)}</dl>;
}

function Ids({ ids }: { ids: readonly string[] }): ReactNode {
  if (ids.length === 0) return "–";
  return ids.map((id) => <span key={id} className="row" style={{ gap: 4 }}><span className="mono">{id}</span><Copy text={id} /></span>);
}

function Tokens({ data, full }: { data: RequestAnswer; full(at: string | null | undefined): string }): ReactNode {
  if (data.tokens.length === 0) return <p className="quiet">No token is known of this request.</p>;
  return data.tokens.map((token) => (
    <div key={token.reference} className="scroll-x" tabIndex={0} role="group" aria-label={`Token ${token.reference}`}>
      <div className="row"><strong className="mono">{token.reference}</strong><Copy text={token.reference} /></div>
      <table className="table">
        <thead><tr><th>State</th><th>From</th><th>To</th><th>By</th><th>Reason</th></tr></thead>
        <tbody>
          {token.states.map((state) => (
            <tr key={`${state.validFrom} ${state.state}`}><td>{state.state}{state.disputedBy.length > 0 && <span className="small" style={{ color: "var(--warn)" }}> disputed: {state.disputedBy.join(", ")}</span>}</td><td>{full(state.validFrom)}</td><td>{full(state.validTo)}</td><td>{state.event}</td><td>{state.reason ?? "–"}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  ));
}

function Copy({ text }: { text: string }): ReactNode {
  const [isDone, setDone] = useState(false);
  return (
    <Button size="compact-xs" variant="subtle" px={4} aria-label={isDone ? "Copied" : `Copy ${text}`} onClick={() => void navigator.clipboard.writeText(text).then(() => { setDone(true); setTimeout(() => setDone(false), 1_500); })}>
      <Icon name={isDone ? "success" : "copy"} size={14} />
    </Button>
  );
}
