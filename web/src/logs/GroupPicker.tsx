// Which log groups are searched? All of them, or those that are ticked.
import { Button, Popover, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { ask } from "../api/client";
import type { LogGroup, LogGroups } from "../api/logs";
import type { Answer } from "../api/queries";
import { Icon } from "../shell/icons";
import { bytes, count, wholeSeconds } from "../text/format";
import { changed, joined, listOf } from "../url/search";
import { useAddress } from "../url/useAddress";

/** From here on, a list needs a field to find something in it. */
const MANY = 8;

export function useLogGroups(): Answer<LogGroups> {
  return useQuery({ queryKey: ["/logs/groups"], queryFn: ({ signal }) => ask<LogGroups>("/logs/groups", undefined, signal), staleTime: 15_000 });
}

export function GroupPicker(): ReactNode {
  const { search, go } = useAddress();
  const answer = useLogGroups();
  const chosen = listOf(search.group);
  const streams = listOf(search.stream);
  const choose = (groups: readonly string[]): void => go(changed(search, { group: joined(groups), stream: groups.length === 0 ? undefined : search.stream }));
  const words = chosen.length === 0 ? "all" : chosen.length === 1 ? chosen[0] : `${chosen.length} groups`;
  return (
    <>
      <Popover position="bottom-start" trapFocus width="min(440px, calc(100vw - 32px))">
        <Popover.Target>
          <Button size="compact-md" variant="default" maw="100%" data-testid="groups"><span className="clip" style={{ lineHeight: "20px" }}><span className="quiet">Log groups:</span> {words}</span></Button>
        </Popover.Target>
        <Popover.Dropdown p={8}><Groups answer={answer} chosen={chosen} choose={choose} /></Popover.Dropdown>
      </Popover>
      {streams.map((stream) => (
        <span key={stream} className="chip">
          <span className="clip"><span className="quiet">Stream</span> {stream}</span>
          <button type="button" className="plain" aria-label={`Every stream, not only ${stream}`} onClick={() => go(changed(search, { stream: joined(streams.filter((each) => each !== stream)) }))}><Icon name="close" size={12} /></button>
        </span>
      ))}
    </>
  );
}

function Groups({ answer, chosen, choose }: { answer: Answer<LogGroups>; chosen: readonly string[]; choose(groups: readonly string[]): void }): ReactNode {
  const [text, setText] = useState("");
  const groups = answer.data?.groups ?? [];
  const found = groups.filter((group) => group.name.toLowerCase().includes(text.trim().toLowerCase()));
  // A link may name a group that is gone.
  const gone = chosen.filter((name) => answer.data && !groups.some((group) => group.name === name));
  const flip = (name: string): void => choose(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  return (
    <>
      {answer.isPending && <div className="quiet small" style={{ padding: 8 }}>Loading the log groups</div>}
      {answer.isError && <div className="small" style={{ padding: 8, color: "var(--fail)" }}>{answer.error.message}</div>}
      {answer.data && groups.length === 0 && <div className="quiet small" style={{ padding: 8 }}>There is no log group yet. A source makes its own when it sends its first lines.</div>}
      {groups.length > MANY && <TextInput size="xs" label="Find a group" value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus mb={4} />}
      <div className="scroll-y" style={{ maxHeight: 320 }} tabIndex={groups.length > MANY ? 0 : -1} role="group" aria-label="Log groups">
        {gone.map((name) => (
          <label key={name} className="group-row"><input type="checkbox" checked onChange={() => flip(name)} /><span className="grow"><span className="group-name">{name}</span><span className="small group-about" style={{ color: "var(--warn)" }}>there is no such group</span></span></label>
        ))}
        {found.map((group) => (
          <label key={`${group.name} ${group.region}`} className="group-row">
            <input type="checkbox" checked={chosen.includes(group.name)} onChange={() => flip(group.name)} />
            <span className="grow">
              <span className="group-name">{group.name}</span>
              <span className="quiet small group-about">{groups.some((each) => each.name === group.name && each.region !== group.region) && `${group.region} · `}{about(group)}</span>
            </span>
          </label>
        ))}
        {groups.length > 0 && found.length === 0 && <div className="quiet small" style={{ padding: 8 }}>No group has this in its name.</div>}
      </div>
      {chosen.length > 0 && <Button size="compact-sm" variant="subtle" mt={4} onClick={() => choose([])}>Search all groups</Button>}
    </>
  );
}

function about(group: LogGroup): string {
  const last = !group.lastIngestionAt ? "nothing came yet" : `newest ${wholeSeconds(Date.now() - Date.parse(group.lastIngestionAt))} ago`;
  const kept = group.retentionDays ? `kept ${count(group.retentionDays)} days` : "kept for ever";
  return `${last} · ${bytes(group.storedBytes)} · ${count(group.streams)} ${group.streams === 1 ? "stream" : "streams"} · ${kept}`;
}
