// Which values may a filter take? Those that the range holds, with their counts; others can be typed.
import { Button, Popover, ScrollArea, TextInput, UnstyledButton } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Breakdown } from "../api/client";
import { useAnswer } from "../api/queries";
import { count } from "../text/format";
import { FILTER_WORDS, OUTCOME_WORDS } from "../text/words";
import { FILTERS, toggled, valuesOf, withValues, type FilterName } from "../url/search";
import { UNKNOWN, useAddress } from "../url/useAddress";
import { Icon } from "./icons";

/** Filters with a button of their own. */
const QUICK: readonly FilterName[] = ["wallet", "issuer", "outcome"];

export function FilterMenu(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState<FilterName | null>(null);
  return (
    <>
      {QUICK.map((each) => <QuickFilter key={each} name={each} />)}
      <Popover opened={isOpen} onChange={setOpen} onClose={() => setName(null)} position="bottom-start" trapFocus width={300}>
        <Popover.Target>
          <Button size="compact-md" variant="default" leftSection={<Icon name="plus" size={12} />} data-filter-button onClick={() => setOpen(!isOpen)}>Filter</Button>
        </Popover.Target>
        <Popover.Dropdown p={8}>
          {name === null ? (
            <div style={{ display: "flex", flexDirection: "column" }}>
              {FILTERS.map((each) => (
                <UnstyledButton key={each} className="rail-link" onClick={() => setName(each)}>{FILTER_WORDS[each]}</UnstyledButton>
              ))}
            </div>
          ) : (
            <Values name={name} />
          )}
        </Popover.Dropdown>
      </Popover>
    </>
  );
}

function QuickFilter({ name }: { name: FilterName }): ReactNode {
  const { search } = useAddress();
  const chosen = valuesOf(search, name);
  const first = chosen[0];
  const words = first === undefined ? "All" : chosen.length > 1 ? `${chosen.length} values` : `${first.refused ? "not " : ""}${OUTCOME_WORDS[first.text] ?? first.text}`;
  return (
    <Popover position="bottom-start" trapFocus width={300}>
      <Popover.Target>
        <Button size="compact-md" variant="default" className="only-wide" maw={240}>
          <span className="clip"><span className="quiet">{FILTER_WORDS[name]}:</span> {words}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8}><Values name={name} /></Popover.Dropdown>
    </Popover>
  );
}

function Values({ name }: { name: FilterName }): ReactNode {
  const { search, go } = useAddress();
  const [text, setText] = useState("");
  const hasBreakdown = name !== "lastFour";
  // Every value of the range, whatever this filter itself says.
  const others = withValues(search, name, []);
  const answer = useAnswer<Breakdown>("/breakdown", others, { more: { by: name, limit: "200" }, every: false, enabled: hasBreakdown });
  const chosen = valuesOf(search, name);
  const rows = (answer.data?.rows ?? []).filter((row) => `${row.value ?? UNKNOWN} ${row.words ?? ""}`.toLowerCase().includes(text.toLowerCase()));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // Outcomes are few and written in capitals.
    const typed = name === "outcome" ? text.trim().toUpperCase() : text.trim();
    if (typed !== "") go(toggled(search, name, typed.replace(/^!/, ""), typed.startsWith("!")));
    setText("");
  };
  return (
    <form onSubmit={submit}>
      <TextInput size="xs" label={FILTER_WORDS[name]} placeholder={name === "lastFour" ? "4 digits" : "Search, or type a value and press Enter"} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />
      {hasBreakdown && answer.isPending && <div className="quiet small" style={{ padding: 8 }}>Loading the values of this range</div>}
      {answer.isError && <div className="small" style={{ padding: 8, color: "var(--fail)" }}>{answer.error.message}</div>}
      <ScrollArea.Autosize mah={320} mt={4} viewportProps={{ tabIndex: 0, "aria-label": `Values of ${FILTER_WORDS[name]}` }}>
        {rows.map((row) => {
          const value = row.value ?? UNKNOWN;
          const known = chosen.find((each) => each.text === value);
          return (
            <div key={value} className="row" style={{ gap: 4 }}>
              <UnstyledButton className="rail-link grow" aria-pressed={known?.refused === false} onClick={(event) => go(toggled(search, name, value, event.altKey))} style={known && { fontWeight: 600 }}>
                <span className="grow clip">{known && (known.refused ? "≠ " : "✓ ")}{row.words ?? OUTCOME_WORDS[value] ?? value}</span>
                <span className="quiet">{count(row.counts.requests)}</span>
              </UnstyledButton>
              <UnstyledButton className="quiet small" aria-label={`Everything but ${row.words ?? value}`} title="Everything but this" style={{ padding: "2px 6px", minWidth: 28, minHeight: 24 }} onClick={() => go(toggled(search, name, value, true))}>not</UnstyledButton>
            </div>
          );
        })}
        {answer.data && rows.length === 0 && <div className="quiet small" style={{ padding: 8 }}>No such value in this range. Enter filters by it all the same.</div>}
      </ScrollArea.Autosize>
    </form>
  );
}
