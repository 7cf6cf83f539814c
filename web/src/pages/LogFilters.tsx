// Which lines become points of a metric, and which are sent on? The filters of every group, and the form of one of them.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { askMetricFilters, type MetricFilter } from "../api/logs";
import { FilterEditor, METRIC_FILTERS } from "../logs/FilterEditor";
import { useLogGroups } from "../logs/GroupPicker";
import { Panel } from "../panels/Panel";
import { Subscriptions } from "../panels/Subscriptions";
import { Icon } from "../shell/icons";
import { count, time } from "../text/format";
import { changed, type Search } from "../url/search";
import { useAddress } from "../url/useAddress";

export function LogFilters(): ReactNode {
  const { search, go } = useAddress();
  const answer = useQuery({ queryKey: METRIC_FILTERS, queryFn: ({ signal }) => askMetricFilters(signal) });
  const groups = useLogGroups();
  const names = useMemo(() => groups.data?.groups.map((group) => group.name) ?? [], [groups.data]);
  const known = answer.data?.find((filter) => filter.group === search.group && filter.name === search.filter) ?? null;
  const isDraft = search.draft !== undefined;
  // One of a link that is gone.
  const isGone = !isDraft && search.filter !== undefined && answer.data !== undefined && known === null;
  return (
    <>
      <div className="row wrap">
        <h1>Metric filters</h1>
        <span className="quiet grow">{answer.data ? `${count(answer.data.length)} ${answer.data.length === 1 ? "filter" : "filters"}` : ""}</span>
        {!isDraft && <Button size="compact-md" leftSection={<Icon name="plus" size={12} />} onClick={() => go(changed(search, { draft: "1", filter: undefined, group: undefined, pattern: undefined }))}>New filter</Button>}
      </div>
      {isGone && <div className="panel row" role="alert" style={{ padding: "6px 12px", borderColor: "var(--warn)" }}>There is no metric filter {search.filter} of {search.group} any more.</div>}
      {(isDraft || known) && <FilterEditor key={known ? `${known.group} ${known.name}` : "new"} filter={isDraft ? null : known} groups={names} search={search} go={go} />}
      <Panel name="filters" title="Filters by log group" answer={answer} height={160} isNothing={() => false} isTimeless>
        {(filters) => filters.length === 0 ? <Nothing /> : <Filters filters={filters} search={search} />}
      </Panel>
      <Subscriptions />
    </>
  );
}

function Nothing(): ReactNode {
  const { search } = useAddress();
  return (
    <div className="face">
      <strong>There is no metric filter yet.</strong>
      <span>A metric filter turns log lines into points of a metric: it counts the lines that match a pattern, or takes a number out of each.</span>
      <span>Write one here with “New filter”, or begin with a search that finds the lines: <Link to="/logs" search={changed(search, { draft: undefined, filter: undefined })}>search the logs</Link>.</span>
    </div>
  );
}

function Filters({ filters, search }: { filters: readonly MetricFilter[]; search: Search }): ReactNode {
  const { zone } = useAddress();
  const byGroup = useMemo(() => {
    const found = new Map<string, MetricFilter[]>();
    for (const filter of filters) found.set(filter.group, [...(found.get(filter.group) ?? []), filter]);
    return [...found].sort(([left], [right]) => left.localeCompare(right));
  }, [filters]);
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="Metric filters">
      <table className="table">
        <thead><tr><th>Name</th><th>Pattern</th><th>Metric</th><th>Value</th><th>Default</th><th>Unit</th><th>Dimensions</th><th>Made</th></tr></thead>
        {byGroup.map(([group, own]) => (
          <tbody key={group}>
            <tr className="group-head"><th colSpan={8} scope="rowgroup">{group} <span className="quiet small">{count(own.length)}</span></th></tr>
            {own.map((filter) => (
              <tr key={filter.name} data-filter={filter.name}>
                <td><Link to="/logs/filters" search={changed(search, { group: filter.group, filter: filter.name, draft: undefined, pattern: undefined })}>{filter.name}</Link></td>
                <td><span className="mono clip" style={{ display: "block", maxWidth: 320 }} title={filter.pattern}>{filter.pattern === "" ? "every line" : filter.pattern}</span></td>
                <td>{filter.metricNamespace} <strong>{filter.metricName}</strong></td>
                <td className="mono">{filter.metricValue}</td>
                <td>{filter.defaultValue ?? "–"}</td>
                <td>{filter.unit ?? "–"}</td>
                <td className="small" style={{ whiteSpace: "normal", minWidth: 160 }}>{Object.entries(filter.dimensions).map(([name, place]) => `${name} = ${place}`).join(", ") || "–"}</td>
                <td>{time(filter.createdAt, zone, "minute")}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
