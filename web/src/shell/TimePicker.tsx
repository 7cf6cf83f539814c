// Which range of time? Quick ranges, relative or absolute text, shifts and zooming out; the answer is the address.
import { Button, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { time } from "../text/format";
import { frozen, instants, rangeOf, RANGES, ranged, shifted, zoomedOut, type Search } from "../url/search";
import { normal } from "../url/times";
import { useAddress } from "../url/useAddress";
import { Choice } from "../panels/Choice";
import { Icon } from "./icons";

/** The range as a button says it. */
export function rangeWords(search: Search): string {
  const { from, to } = rangeOf(search);
  const quick = to === "now" ? RANGES.find((range) => range.from === from) : undefined;
  if (quick) return quick.label;
  if (to === "now") return `Last ${from.replace("now-", "")}`;
  const zone = search.tz ?? "utc";
  const say = (text: string): string => (text.startsWith("now") ? text : time(/^\d+$/.test(text) ? Number(text) : text, zone, "minute"));
  return `${say(from)} – ${say(to)}`;
}

export function TimePicker(): ReactNode {
  const { search, zone, go } = useAddress();
  const [isOpen, setOpen] = useState(false);
  const choose = (next: Search): void => {
    setOpen(false);
    go(next);
  };
  return (
    <div className="row" style={{ gap: 4 }}>
      <Button.Group>
        <Button size="compact-md" variant="default" px={6} aria-label="Shift to earlier" onClick={() => go(shifted(search, -1, Date.now()))}><Icon name="left" /></Button>
        <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus width={320}>
          <Popover.Target>
            <Button size="compact-md" variant="default" onClick={() => setOpen(!isOpen)} data-testid="range">{rangeWords(search)}</Button>
          </Popover.Target>
          <Popover.Dropdown>
            <div className="row wrap" style={{ marginBottom: 8 }}>
              {RANGES.map((range) => (
                <Button key={range.from} size="compact-sm" variant={rangeOf(search).from === range.from && rangeOf(search).to === "now" ? "filled" : "default"} onClick={() => choose(ranged(search, range.from, "now"))}>{range.label}</Button>
              ))}
            </div>
            <Exact key={JSON.stringify(rangeOf(search))} search={search} choose={choose} />
            <div style={{ marginTop: 8 }}>
              <Choice label="Time zone" value={zone} options={[{ value: "utc", label: "UTC" }, { value: "local", label: "Local time" }]}
                choose={(value) => { const { tz: _, ...rest } = search; go(value === "local" ? { ...rest, tz: "local" } : rest); }} />
            </div>
          </Popover.Dropdown>
        </Popover>
        <Button size="compact-md" variant="default" px={6} aria-label="Shift to later" onClick={() => go(shifted(search, 1, Date.now()))}><Icon name="right" /></Button>
        <Button size="compact-md" variant="default" px={6} aria-label="Zoom out" onClick={() => go(zoomedOut(search, Date.now()))}><Icon name="out" /></Button>
      </Button.Group>
      <ZoneSwitch />
    </div>
  );
}

/** The zone in which times are shown, and a click to the other one. */
export function ZoneSwitch(): ReactNode {
  const { search, zone, go } = useAddress();
  return (
    <UnstyledButton className="quiet small" style={{ padding: "2px 6px", minHeight: 24 }} title="Show times in the other zone" onClick={() => { const { tz, ...rest } = search; go(tz ? rest : { ...rest, tz: "local" }); }}>
      {zone === "utc" ? "UTC" : "local"}
    </UnstyledButton>
  );
}

function Exact({ search, choose }: { search: Search; choose(next: Search): void }): ReactNode {
  const zone = search.tz ?? "utc";
  const zoneWords = zone === "utc" ? "UTC" : "local time";
  const known = rangeOf(search);
  const [from, setFrom] = useState(known.from);
  const [to, setTo] = useState(known.to);
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const next = { from: normal(from, zone), to: normal(to, zone) };
    if (next.from === null || next.to === null) return setError("Write now-6h, or a time such as 2026-11-22T12:00:00Z.");
    if (!instants(next as Search, Date.now())) return setError("The range must begin before it ends.");
    choose(ranged(search, next.from, next.to));
  };
  return (
    <form onSubmit={submit}>
      <TextInput size="xs" label={`From, ${zoneWords}`} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
      <TextInput size="xs" label={`To, ${zoneWords}`} mt={4} value={to} onChange={(event) => setTo(event.currentTarget.value)} error={error} />
      <div className="row" style={{ marginTop: 8 }}>
        <Button type="submit" size="compact-sm">Apply</Button>
        <Button size="compact-sm" variant="default" onClick={() => choose(frozen(search, Date.now()))}>Make absolute</Button>
      </div>
    </form>
  );
}
