// How is a view kept and shared? Saved under a name, or as a link, relative or frozen.
import { Button, Popover, TextInput, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useRouter, useRouterState } from "@tanstack/react-router";
import { useState, type FormEvent, type ReactNode } from "react";
import { writeSearch } from "../url/codec";
import { frozen } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Icon } from "./icons";
import { NAME_MAX, readViews, VIEWS_MAX, withView, writeViews, type SavedView } from "./savedViews";

export function ViewMenu(): ReactNode {
  const { search } = useAddress();
  const scheme = useMantineColorScheme();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [said, setSaid] = useState<string | null>(null);
  const copy = (text: string, words: string): void => {
    navigator.clipboard.writeText(text).then(
      () => setSaid(words),
      () => setSaid(`Copying is not allowed here: ${text}`),
    );
  };
  return (
    <div className="row" style={{ gap: 4 }}>
      <Popover position="bottom-end" trapFocus width={320} onClose={() => setSaid(null)}>
        <Popover.Target><Button size="compact-md" variant="default">Views</Button></Popover.Target>
        <Popover.Dropdown p={8}><SavedViews path={path} label="Save this view as" nothing="No saved views yet. A view keeps the page, the range and the filters, in this browser." /></Popover.Dropdown>
      </Popover>
      <Popover position="bottom-end" trapFocus width={260} onClose={() => setSaid(null)}>
        <Popover.Target><Button size="compact-md" variant="default" px={8} aria-label="Copy link"><Icon name="link" /></Button></Popover.Target>
        <Popover.Dropdown p={8}>
          <UnstyledButton className="rail-link" style={{ width: "100%" }} onClick={() => copy(`${location.origin}${path}${writeSearch(search)}`, "Copied.")}>Copy link</UnstyledButton>
          <UnstyledButton className="rail-link" style={{ width: "100%" }} onClick={() => copy(`${location.origin}${path}${writeSearch(frozen(search, Date.now()))}`, "Copied with these exact times.")}>Copy link with exact times</UnstyledButton>
          <div role="status" className="quiet small" style={{ padding: "2px 8px", minHeight: 18, overflowWrap: "anywhere" }}>{said}</div>
        </Popover.Dropdown>
      </Popover>
      <Button size="compact-md" variant="default" px={8} aria-label="Dark or light" onClick={() => scheme.toggleColorScheme()}><Icon name="sun" /></Button>
    </div>
  );
}

export interface SavedViewsProps {
  /** The page that is kept. */
  path: string;
  /** Show only what is kept of that page. */
  isOfPage?: boolean;
  label: string;
  /** What is said where there is none. */
  nothing: string;
}

export function SavedViews({ path, isOfPage = false, label, nothing }: SavedViewsProps): ReactNode {
  const { search } = useAddress();
  const router = useRouter();
  const [name, setName] = useState("");
  const [views, setViews] = useState(() => readViews(localStorage));
  const shown = views.filter((view) => !isOfPage || view.path === path);
  const keep = (next: SavedView[]): void => {
    writeViews(localStorage, next);
    setViews(next);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    keep(withView(views, { name: name.trim(), path, search: writeSearch(search) }));
    setName("");
  };
  return (
    <>
      {shown.length === 0 && <div className="quiet small" style={{ padding: 8 }}>{nothing}</div>}
      {shown.map((view) => (
        <div key={view.name} className="row" style={{ gap: 4 }}>
          <UnstyledButton className="rail-link grow" onClick={() => router.history.push(`${view.path}${view.search}`)}>
            <span className="clip">{view.name}</span>
          </UnstyledButton>
          <UnstyledButton aria-label={`Delete the view ${view.name}`} style={{ minWidth: 24, minHeight: 24 }} onClick={() => keep(views.filter((each) => each !== view))}><Icon name="close" size={12} /></UnstyledButton>
        </div>
      ))}
      <form onSubmit={submit} className="row" style={{ marginTop: 8, alignItems: "flex-end" }}>
        <TextInput size="xs" className="grow" label={label} maxLength={NAME_MAX} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Button type="submit" size="compact-sm" disabled={name.trim() === "" || views.length >= VIEWS_MAX}>Save</Button>
      </form>
    </>
  );
}
