// Which lines did the sources write? Searched by a pattern over a range, or followed as they come.
import { Link } from "@tanstack/react-router";
import { Button, Popover } from "@mantine/core";
import type { ReactNode } from "react";
import type { LogField, LogFields, LogHistogram } from "../api/logs";
import { Around } from "../logs/Around";
import { useLogGroups } from "../logs/GroupPicker";
import { QueryPanel } from "../logs/QueryPanel";
import { FieldsPanel, HistogramPanel, LinesPanel, useBeside, useKnownFields } from "../logs/SearchPanels";
import { TailPanel } from "../logs/TailPanel";
import { useLogSearch } from "../logs/useLogSearch";
import { Choice } from "../panels/Choice";
import { Connect } from "../panels/Connect";
import { SavedViews } from "../shell/ViewMenu";
import { logParameters, middleOf } from "../url/logs";
import { changed, elsewhere } from "../url/search";
import { useAddress } from "../url/useAddress";

const WAYS = [{ value: "search", label: "Search" }, { value: "tail", label: "Live tail" }] as const;
const NO_FIELDS: readonly LogField[] = [];

export function Logs(): ReactNode {
  const { search, go } = useAddress();
  const groups = useLogGroups();
  const isTail = search.tail !== undefined;
  const isEmpty = groups.data?.groups.length === 0;
  return (
    <>
      <div className="row wrap">
        <h1>Logs</h1>
        <Choice label="Search or live tail" value={isTail ? "tail" : "search"} options={WAYS} choose={(way) => go(changed(search, { tail: way === "tail" ? "1" : undefined, around: undefined }))} />
        <span className="grow" />
        <Popover position="bottom-end" trapFocus width={320}>
          <Popover.Target><Button size="compact-md" variant="default">Saved searches</Button></Popover.Target>
          <Popover.Dropdown p={8}><SavedViews path="/logs" isOfPage nothing="No saved searches yet. One keeps groups, pattern and range, in this browser." label="Save this search as" /></Popover.Dropdown>
        </Popover>
        <Button size="compact-md" variant="default" component={Link} to="/logs/filters" search={elsewhere(search) as never}>Metric filters</Button>
      </div>
      {isEmpty ? (
        <section className="panel" data-panel="logs-empty" data-face="empty" aria-label="Logs"><div className="panel-body"><Connect /></div></section>
      ) : isTail ? <Tailing /> : <Searching />}
    </>
  );
}

function Searching(): ReactNode {
  const { search } = useAddress();
  const found = useLogSearch(search);
  const isTurn = found.answer.data !== undefined && !found.answer.isPlaceholderData && !found.answer.isError;
  const parameters = logParameters(search);
  const histogram = useBeside<LogHistogram>("/logs/histogram", parameters, isTurn);
  const fields = useBeside<LogFields>("/logs/fields", parameters, isTurn);
  const known = useKnownFields(search, fields.data?.fields ?? NO_FIELDS, fields.data !== undefined || found.answer.isError);
  const middle = middleOf(search);
  // Without lines there is nothing beside them; why, the panel of lines says.
  const isRefused = found.answer.isError && found.answer.data === undefined;
  const again = (): void => {
    found.refresh();
    void histogram.refetch();
    void fields.refetch();
  };
  return (
    <>
      <QueryPanel fields={known} error={found.answer.error} again={again} />
      {middle ? <Around middle={middle} /> : (
        <>
          {!isRefused && <HistogramPanel answer={histogram} />}
          <div className="logs-page">
            {!isRefused && <FieldsPanel answer={fields} />}
            <div className="stack logs-main"><LinesPanel found={found} /></div>
          </div>
        </>
      )}
    </>
  );
}

function Tailing(): ReactNode {
  const { search } = useAddress();
  const known = useKnownFields(search, NO_FIELDS, true);
  const middle = middleOf(search);
  return (
    <>
      <QueryPanel fields={known} error={null} again={() => undefined} />
      {middle ? <Around middle={middle} /> : <TailPanel />}
    </>
  );
}
