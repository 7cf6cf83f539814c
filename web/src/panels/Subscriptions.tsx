// Where do log events go besides, and do they arrive? A line for each subscription filter.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { askSubscriptionFilters, type SubscriptionFilter } from "../api/logs";
import { Icon, type IconName } from "../shell/icons";
import { count, time } from "../text/format";
import { useAddress } from "../url/useAddress";
import { Panel } from "./Panel";
import { deliveryState, type DeliveryState } from "./subscriptionWords";

const ICONS: Record<DeliveryState["outcome"], IconName> = { SUCCESS: "success", FAILED: "failed", BEHIND: "late", PENDING: "abandoned" };
const LOOK_EVERY_MS = 5_000;

export function Subscriptions(): ReactNode {
  const answer = useQuery({ queryKey: ["/logs/subscription-filters"], queryFn: ({ signal }) => askSubscriptionFilters(signal), refetchInterval: LOOK_EVERY_MS });
  return (
    <Panel name="subscriptions" title="Subscription filters: log events that are sent on" answer={answer} height={100} isNothing={() => false} isTimeless>
      {(filters) => filters.length === 0 ? <Nothing /> : <Lines filters={filters} />}
    </Panel>
  );
}

function Nothing(): ReactNode {
  return (
    <div className="face">
      <strong>No log group is sent on.</strong>
      <span>A subscription filter delivers the lines that match a pattern to an HTTP endpoint, in the form of Data Firehose. An AWS client puts one:</span>
      <code className="mono small">aws logs put-subscription-filter --log-group-name GROUP --filter-name NAME --filter-pattern '' --destination-arn https://…</code>
    </div>
  );
}

function Lines({ filters }: { filters: readonly SubscriptionFilter[] }): ReactNode {
  const { zone } = useAddress();
  const now = Date.now();
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label="Subscription filters">
      <table className="table">
        <thead><tr><th>Name and log group</th><th>State</th><th className="num">Delivered</th><th className="num">Put aside</th><th>Pattern</th><th>Destination</th><th>Made</th></tr></thead>
        <tbody>{filters.map((filter) => <Line key={`${filter.region} ${filter.group} ${filter.name}`} filter={filter} state={deliveryState(filter, zone, now)} zone={zone} />)}</tbody>
      </table>
    </div>
  );
}

function Line({ filter, state, zone }: { filter: SubscriptionFilter; state: DeliveryState; zone: "utc" | "local" }): ReactNode {
  return (
    <tr data-subscription={filter.name}>
      <td style={{ whiteSpace: "normal", overflowWrap: "anywhere", minWidth: 120 }}>{filter.name} <span className="quiet small" style={{ display: "block" }}>{filter.group}</span></td>
      <td style={{ whiteSpace: "normal", minWidth: 180 }}>
        <span className="status" data-outcome={state.outcome}><Icon name={ICONS[state.outcome]} />{state.words}</span> <span className="quiet small">{state.note}</span>
      </td>
      <td className="num">{count(filter.deliveredEvents)}</td>
      <td className="num">{count(filter.putAsideEvents)}</td>
      <td><span className="mono clip" style={{ display: "block", maxWidth: 240 }} title={filter.pattern}>{filter.pattern === "" ? "every line" : filter.pattern}</span></td>
      <td><span className="mono clip" style={{ display: "block", maxWidth: 240 }} title={filter.destination}>{filter.destination}</span></td>
      <td>{time(filter.createdAt, zone, "minute")}</td>
    </tr>
  );
}
