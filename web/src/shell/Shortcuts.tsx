// Which keys do what? One table serves the keyboard, the sheet and the palette.
import { TextInput, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { elsewhere, frozen, isLive, RANGES, ranged, shifted, unfiltered, zoomedOut } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Dialog } from "./Dialog";
import { PAGES } from "./pages";
import { useFind } from "./SearchBox";
import { OFF_KEY, useKeys } from "./useKeys";

interface Command {
  /** One key, or two pressed after each other. */
  keys: string;
  words: string;
  run(): void;
}

/** Two keys belong together within this time. */
const PAIR_MS = 1_200;

/** Keys that pages handle themselves, for the sheet. */
const OF_PAGES: readonly (readonly [string, string])[] = [
  ["p", "Pause or continue the feed or the tail"],
  ["j / k", "Next or previous line of a list"],
  ["Enter", "Open the line"],
  ["y", "Copy the id, or the log line"],
  ["e", "Export the list"],
  ["Ctrl Enter", "Run the SQL query"],
  ["Esc Tab", "Leave the SQL editor"],
  ["1 – 4", "Timeline, facts, tokens, raw form of a request"],
  ["[ / ]", "Previous or next request"],
  ["Esc", "Back to the list, or close"],
];

export function Shortcuts(): ReactNode {
  const { search, go } = useAddress();
  const navigate = useNavigate();
  const scheme = useMantineColorScheme();
  const find = useFind();
  const [shown, setShown] = useState<"sheet" | "palette" | null>(null);
  const [isOff, setOff] = useState(localStorage.getItem(OFF_KEY) === "1");

  const commands = useMemo<Command[]>(() => {
    const { cmp, live, ...plain } = search;
    return [
      ...PAGES.map((page) => ({ keys: `g ${page.key}`, words: `Go to ${page.title}`, run: () => void navigate({ to: page.path, search: elsewhere(search) }) })),
      { keys: "/", words: "Find any id", run: () => document.getElementById("find")?.focus() },
      { keys: "f", words: "Add a filter; in logs, write a pattern", run: () => document.querySelector<HTMLElement>("[data-filter-button]")?.click() },
      { keys: "x", words: "Remove all filters", run: () => go(unfiltered(search)) },
      { keys: "t z", words: "Zoom out", run: () => go(zoomedOut(search, Date.now())) },
      { keys: "t ArrowLeft", words: "Shift to earlier", run: () => go(shifted(search, -1, Date.now())) },
      { keys: "t ArrowRight", words: "Shift to later", run: () => go(shifted(search, 1, Date.now())) },
      { keys: "t a", words: "Make the range absolute", run: () => go(frozen(search, Date.now())) },
      { keys: "c", words: "Compare with the period before", run: () => go(cmp ? { ...plain, ...(live ? { live } : {}) } : { ...search, cmp: "prev" }) },
      { keys: "l", words: "Live on or off", run: () => go(isLive(search) ? { ...search, live: "off" } : { ...plain, ...(cmp ? { cmp } : {}) }) },
      { keys: "d", words: "Dark or light", run: () => scheme.toggleColorScheme() },
      { keys: "?", words: "Show the keys", run: () => setShown("sheet") },
    ];
  }, [search, go, navigate, scheme]);

  const first = useRef<{ key: string; at: number } | null>(null);
  useKeys((event) => {
    const before = first.current && event.timeStamp - first.current.at < PAIR_MS ? first.current.key : null;
    const found =
      commands.find((command) => before !== null && command.keys === `${before} ${event.key}`) ??
      commands.find((command) => before === null && command.keys === event.key);
    const isFirst = before === null && commands.some((command) => command.keys.startsWith(`${event.key} `));
    first.current = !found && isFirst ? { key: event.key, at: event.timeStamp } : null;
    if (!found) return;
    event.preventDefault();
    found.run();
  });
  useEffect(() => {
    // The palette opens from anywhere, also while typing.
    const press = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setShown((now) => (now === "palette" ? null : "palette"));
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);

  return (
    <>
      <UnstyledButton className="rail-link" onClick={() => setShown("palette")}>Commands <kbd>Ctrl K</kbd></UnstyledButton>
      <UnstyledButton className="rail-link" onClick={() => setShown("sheet")}>Keyboard <kbd>?</kbd></UnstyledButton>
      <Dialog title="Keyboard" isOpen={shown === "sheet"} close={() => setShown(null)}>
        <label className="row" style={{ marginBottom: 8 }}>
          <input type="checkbox" checked={!isOff} onChange={(event) => {
            const off = !event.currentTarget.checked;
            setOff(off);
            if (off) localStorage.setItem(OFF_KEY, "1");
            else localStorage.removeItem(OFF_KEY);
          }} />
          Single-key shortcuts
        </label>
        <table className="table">
          <thead><tr><th>Keys</th><th>What they do</th></tr></thead>
          <tbody>
            {[...commands.map((each) => [each.keys, each.words] as const), ["Ctrl K", "Commands"] as const, ...OF_PAGES].map(([keys, words]) => (
              <tr key={keys}><td><kbd>{keys.replace("ArrowLeft", "←").replace("ArrowRight", "→")}</kbd></td><td>{words}</td></tr>
            ))}
          </tbody>
        </table>
      </Dialog>
      <Dialog title="Commands" isOpen={shown === "palette"} close={() => setShown(null)}>
        <Palette
          commands={[
            ...commands,
            ...RANGES.map((range) => ({ keys: "", words: `Range: ${range.label}`, run: () => go(ranged(search, range.from, "now")) })),
          ]}
          find={find}
          close={() => setShown(null)}
        />
      </Dialog>
    </>
  );
}

function Palette({ commands, find, close }: { commands: readonly Command[]; find(id: string): void; close(): void }): ReactNode {
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const found: Command[] = commands.filter((command) => command.words.toLowerCase().includes(text.toLowerCase()));
  if (text.trim() !== "") found.push({ keys: "", words: `Find the request ${text.trim()}`, run: () => find(text.trim()) });
  const run = (command: Command | undefined): void => {
    if (!command) return;
    close();
    command.run();
  };
  return (
    <div onKeyDown={(event) => {
      if (event.key === "ArrowDown") setPlace(Math.min(place + 1, found.length - 1));
      else if (event.key === "ArrowUp") setPlace(Math.max(place - 1, 0));
      else if (event.key === "Enter") run(found[place]);
      else return;
      event.preventDefault();
    }}>
      <TextInput data-autofocus role="combobox" aria-expanded aria-controls="commands" aria-activedescendant={`command-${place}`} aria-label="Command or id" placeholder="A command, or any id" value={text} onChange={(event) => { setText(event.currentTarget.value); setPlace(0); }} />
      <div style={{ maxHeight: 360, overflowY: "auto", marginTop: 8 }} role="listbox" id="commands" aria-label="Commands">
        {found.map((command, index) => (
          <UnstyledButton key={command.words} id={`command-${index}`} tabIndex={-1} role="option" aria-selected={index === place} className="rail-link" style={{ width: "100%", background: index === place ? "var(--hover)" : undefined }} onClick={() => run(command)}>
            <span className="grow clip">{command.words}</span>
            {command.keys && <kbd>{command.keys.replace("ArrowLeft", "←").replace("ArrowRight", "→")}</kbd>}
          </UnstyledButton>
        ))}
      </div>
    </div>
  );
}
