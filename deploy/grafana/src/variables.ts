// What can be chosen above a dashboard? The data source and its region, and values of dimensions that it lists.
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DATA_SOURCE, EACH, TOKENS } from "./queries.js";

const REFERENCE = "CloudWatchVariableQueryEditor-VariableQuery";

/** Which CloudWatch data source is asked. */
export function dataSource(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder("datasource").label("Data source").type("cloudwatch");
}

/** Which region; `default` is that of the data source. */
export function region(): QueryVariableBuilder {
  return new QueryVariableBuilder("region")
    .label("Region")
    .datasource(DATA_SOURCE)
    .query(variableQuery({ queryType: "regions" }))
    .definition("regions()")
    .refresh(VariableRefresh.OnDashboardLoad)
    .sort(VariableSort.Disabled)
    .current({ text: "default", value: "default" });
}

/** Which values of a dimension of requests: one, several, or all of them. */
export function dimension(name: string, label: string, dimensionKey: string): QueryVariableBuilder {
  const metricName = "TokenProvisioningRequests";
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query(variableQuery({ queryType: "dimensionValues", region: "$region", namespace: TOKENS, metricName, dimensionKey }))
    .definition(`dimension_values($region, ${TOKENS}, ${metricName}, ${dimensionKey})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(EACH)
    .current({ text: ["All"], value: ["$__all"] });
}

/** All members that the data source's own editor writes. */
function variableQuery(asked: Record<string, unknown>): Record<string, unknown> {
  return {
    refId: REFERENCE,
    region: "",
    namespace: "",
    metricName: "",
    dimensionKey: "",
    dimensionFilters: {},
    ec2Filters: {},
    instanceID: "",
    attributeName: "",
    resourceType: "",
    tags: {},
    ...asked,
  };
}
