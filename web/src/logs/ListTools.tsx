// What may be done with a list of lines as a whole? How it looks, and a file of what is loaded.
import { Button, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import type { LogEvent } from "../api/logs";
import { announce } from "../shell/announce";
import { save } from "../shell/save";
import { useKeys } from "../shell/useKeys";
import { count } from "../text/format";
import { changed } from "../url/search";
import { useAddress } from "../url/useAddress";
import { asCsv, asNdjson } from "./files";

export function LookSwitches(): ReactNode {
  const { search, go } = useAddress();
  const showsSource = search.source !== "off";
  const isWrapped = search.wrap === "1";
  return (
    <>
      <Button size="compact-sm" variant="default" aria-pressed={showsSource} onClick={() => go(changed(search, { source: showsSource ? "off" : undefined }))}>{showsSource ? "Hide source" : "Show source"}</Button>
      <Button size="compact-sm" variant="default" aria-pressed={isWrapped} onClick={() => go(changed(search, { wrap: isWrapped ? undefined : "1" }))}>{isWrapped ? "One line each" : "Wrap lines"}</Button>
    </>
  );
}

export function ExportMenu({ lines }: { lines: readonly LogEvent[] }): ReactNode {
  const take = (form: "ndjson" | "csv"): void => {
    const name = `logs-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${form}`;
    const text = form === "csv" ? asCsv(lines) : asNdjson(lines);
    save(name, new Blob([text], { type: form === "csv" ? "text/csv" : "application/x-ndjson" }));
    announce(`Downloaded ${count(lines.length)} lines as ${name}`);
  };
  useKeys((event) => {
    if (event.key === "e" && lines.length > 0) take("ndjson");
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button size="compact-sm" variant="default" disabled={lines.length === 0}>Export</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>The {count(lines.length)} lines that are loaded</Menu.Label>
        <Menu.Item onClick={() => take("ndjson")}>JSON lines, with all ids</Menu.Item>
        <Menu.Item onClick={() => take("csv")}>CSV, for a spreadsheet</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
