// How is each source? What is wrong and what to do about it, then its figures; names and counts when it is opened.
import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { CountedName, CountedProblem, CountedRefusal, CountedTimeForm, SourceHint, SourceShown } from "../api/sources";
import { MinuteBars } from "../charts/MinuteBars";
import { Icon } from "../shell/icons";
import { count, rate, time, wholeSeconds } from "../text/format";
import { coverage, delay, isError, kinds, messageDelay, minutesInWords, numbered, period, sentence, timeForm, worstFirst } from "./sourceWords";

/** More are shown when they are asked for. */
const SHOWN_MAX = 50;
/** The server names so many unknown events of a source; the others it only counts. */
const UNKNOWN_MAX = 20;

interface Of {
  source: SourceShown;
  /** Over which time the server counts what can be mended. */
  hours: number;
  zone: "utc" | "local";
  /** The server's time. */
  now: number;
}

export function SourceList({ sources, hours, zone, now }: Omit<Of, "source"> & { sources: readonly SourceShown[] }): ReactNode {
  const [most, setMost] = useState(SHOWN_MAX);
  const sorted = worstFirst(sources);
  return (
    <>
      <ul className="sources">
        {sorted.slice(0, most).map((source) => <Source key={source.name} source={source} hours={hours} zone={zone} now={now} />)}
      </ul>
      {sorted.length > most && (
        <div className="row wrap sources-more">
          <span className="quiet">The first {count(most)} of {numbered(sorted.length, "source")}, the worst first.</span>
          <Button size="compact-sm" variant="default" onClick={() => setMost(sorted.length)}>Show all</Button>
        </div>
      )}
    </>
  );
}

function Source({ source, hours, zone, now }: Of): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const isSilent = source.state === "silent";
  return (
    <li data-source={source.name}>
      <div className="row wrap source-head">
        <h3><button type="button" className="plain source-name" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}><Icon name={isOpen ? "down" : "right"} size={12} /><span className="mono">{source.name}</span></button></h3>
        <span className="status" data-outcome={isSilent ? "FAILED" : "SUCCESS"}><Icon name={isSilent ? "failed" : "success"} />{isSilent ? "Silent" : "Live"}</span>
        <span className="quiet">last seen <Ago at={source.lastSeen} zone={zone} now={now} /></span>
      </div>
      {source.hints.length > 0 && (
        <ul className="source-hints" aria-label={`What to mend in ${source.name}`}>
          {source.hints.map((hint) => <Hint key={hint.code} hint={hint} zone={zone} now={now} />)}
        </ul>
      )}
      <Figures source={source} />
      {isOpen && <More source={source} hours={hours} zone={zone} now={now} />}
    </li>
  );
}

function Ago({ at, zone, now }: { at: string; zone: "utc" | "local"; now: number }): ReactNode {
  return <time dateTime={at} title={time(at, zone, "full")}>{wholeSeconds(now - Date.parse(at))} ago</time>;
}

function Hint({ hint, zone, now }: { hint: SourceHint; zone: "utc" | "local"; now: number }): ReactNode {
  const isWrong = isError(hint);
  return (
    <li data-hint={hint.code} data-severity={isWrong ? "error" : "warning"}>
      <span className="status" data-outcome={isWrong ? "FAILED" : "BEHIND"}><Icon name={isWrong ? "failed" : "notice"} />{isWrong ? "Error" : "Warning"}</span>
      <span><strong>{sentence(hint.text, zone)}</strong> {hint.code !== "silent" && <span className="quiet small">Last <Ago at={hint.lastSeen} zone={zone} now={now} /></span>}</span>
      <span>{sentence(hint.fix, zone).split("`").map((words, place) => (place % 2 === 1 ? <code key={place} className="mono">{words}</code> : words))}</span>
    </li>
  );
}

function Figures({ source }: { source: SourceShown }): ReactNode {
  const joined = coverage(source);
  const brought = kinds(source);
  return (
    <dl className="source-figures">
      <div data-figure="rate">
        <dt>Records a minute</dt>
        <dd><span className="source-value">{rate(source.perMinute)}</span><MinuteBars values={source.minutes} label={minutesInWords(source.minutes)} /></dd>
      </div>
      <div data-figure="coverage"><dt>Join coverage</dt><dd><span className="source-value">{joined.value}</span><span className="quiet small">{joined.note}</span></dd></div>
      <div data-figure="kinds">
        <dt>Brought in all</dt>
        <dd>{brought.length === 0 ? <span className="quiet">nothing yet</span> : brought.map(([kind, amount]) => <span key={kind} className="source-kind">{kind} <span className="quiet">{count(amount)}</span></span>)}</dd>
      </div>
      <div data-figure="guarded"><dt>Card numbers cut</dt><dd><span className="source-value" style={source.guarded > 0 ? { color: "var(--fail)" } : {}}>{count(source.guarded)}</span></dd></div>
      <div data-figure="delay"><dt>Delay</dt><dd><span className="source-value">{delay(source)}</span>{source.logEvents > 0 && <span className="quiet small">of the newest event</span>}</dd></div>
    </dl>
  );
}

function More({ source, hours, zone, now }: Of): ReactNode {
  const seen: [string, string][] = [
    ["First seen", time(source.firstSeen, zone, "full")],
    ["Last seen", time(source.lastSeen, zone, "full")],
  ];
  const lately: [string, string][] = [
    ["Log events", count(source.logEventsInPeriod)],
    ["Events of the contract", count(source.contractEvents)],
    ["Without any id", count(source.withoutId)],
    ["Without a correlation id", count(source.withoutCorrelationId)],
    ["Late, by more than 15 min", count(source.late)],
    ["Ahead, by more than 1 min", count(source.ahead)],
  ];
  return (
    <div className="source-more">
      <Facts facts={seen} />
      <h4>In {period(hours)}</h4>
      <Facts facts={lately} />
      <div className="source-lists">
        <section aria-label={`Unknown event names of ${source.name}`} data-list="unknown">
          <h4>Event names that the contract does not know</h4>
          {source.unknownEvents.length === 0 ? <p className="quiet">None.</p> : <Counted head="Event" names={source.unknownEvents} />}
          {source.unknownEvents.length >= UNKNOWN_MAX && <p className="quiet small">At most {UNKNOWN_MAX} names are kept; events of others are only counted.</p>}
        </section>
        <section aria-label={`Spellings of ${source.name}`} data-list="drift">
          <h4>Words in several spellings</h4>
          {source.drift.length === 0 ? <p className="quiet">None.</p> : source.drift.map((drift) => (
            // A field has a line for each of its words.
            <Counted key={`${drift.field} ${drift.spellings[0]?.name}`} head={drift.field} isCode names={drift.spellings} />
          ))}
        </section>
        <section aria-label={`Refused of ${source.name}`} data-list="refused">
          <h4>Calls and events that were refused</h4>
          {source.refusals.length === 0 ? <p className="quiet">None since this start of the server.</p> : <Refusals refusals={source.refusals} zone={zone} now={now} />}
        </section>
        <section aria-label={`Times in messages of ${source.name}`} data-list="times">
          <h4>How messages tell their time</h4>
          {source.timeForms.length === 0 ? <p className="quiet">No message tells one.</p> : <TimeForms forms={source.timeForms} />}
          <p className="quiet small">{messageDelay(source)} The first 100 of each minute are looked at.</p>
        </section>
        <section aria-label={`Problems of metrics in messages of ${source.name}`} data-list="emf">
          <h4>Parts of embedded metrics that give no metric</h4>
          {source.emfProblems.length === 0 ? <p className="quiet">{source.emfDocuments === 0 ? "No message in embedded metric format." : `None, in ${numbered(source.emfDocuments, "message")}.`}</p> : <Problems problems={source.emfProblems} zone={zone} now={now} />}
        </section>
      </div>
    </div>
  );
}

function TimeForms({ forms }: { forms: readonly CountedTimeForm[] }): ReactNode {
  return (
    <table className="table">
      <thead><tr><th>Where</th><th>Form</th><th className="num">Events</th></tr></thead>
      <tbody>
        {forms.map(({ member, form, count: amount }) => (
          <tr key={`${member} ${form}`}><td className={member ? "mono" : ""}>{member ?? "start of the line"}</td><td>{timeForm(form)}</td><td className="num">{count(amount)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

function Problems({ problems, zone, now }: { problems: readonly CountedProblem[]; zone: "utc" | "local"; now: number }): ReactNode {
  return (
    <table className="table">
      <thead><tr><th>What is wrong</th><th>Last</th><th className="num">Times</th></tr></thead>
      <tbody>
        {problems.map(({ text, example, lastSeen, count: amount }) => (
          <tr key={text}><td>{sentence(text, zone)}<div className="mono quiet small">{example.replace(`: ${text}`, "")}</div></td><td><Ago at={lastSeen} zone={zone} now={now} /></td><td className="num">{count(amount)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

function Refusals({ refusals, zone, now }: { refusals: readonly CountedRefusal[]; zone: "utc" | "local"; now: number }): ReactNode {
  return (
    <table className="table">
      <thead><tr><th>Where and why</th><th>Last</th><th className="num">Times</th></tr></thead>
      <tbody>
        {refusals.map(({ place, reason, lastSeen, count: amount }) => (
          <tr key={`${place} ${reason}`}><td>{place}<div className="quiet small">{reason}</div></td><td><Ago at={lastSeen} zone={zone} now={now} /></td><td className="num">{count(amount)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ facts }: { facts: readonly [string, string][] }): ReactNode {
  return <dl className="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Counted({ head, names, isCode = false }: { head: string; names: readonly CountedName[]; isCode?: boolean }): ReactNode {
  return (
    <table className="table">
      <thead><tr><th className={isCode ? "mono" : ""}>{head}</th><th className="num">Events</th></tr></thead>
      <tbody>{names.map(({ name, count: amount }) => <tr key={name}><td className="mono">{name}</td><td className="num">{count(amount)}</td></tr>)}</tbody>
    </table>
  );
}
