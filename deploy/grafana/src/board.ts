// What do all dashboards have in common? Their tag, range, refresh, links to each other, and what is chosen above them.
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type QueryVariableBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { dataSource, region } from "./variables.js";

const TAG = "walletscope";

/** A dashboard without panels. `variables` come behind data source and region. */
export function board(
  uid: string,
  title: string,
  description: string,
  variables: QueryVariableBuilder[],
): DashboardBuilder {
  return new DashboardBuilder(`Walletscope: ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone("browser")
    .time({ from: "now-3h", to: "now" })
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder("Walletscope")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .variables([dataSource(), region(), ...variables]);
}
