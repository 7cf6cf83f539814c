// What does a panel ask CloudWatch for? The four ways of Grafana's data source to put a metric query: one series or a
// search made of dimensions (`series`), metric math (`math`), SQL of Metrics Insights (`insights`). Every query carries
// all members that Grafana's own editor writes, so that opening and saving a panel changes nothing.
import {
  type Dimensions,
  MetricEditorMode,
  MetricQueryType,
  MetricsQueryBuilder,
  QueryMode,
} from "@grafana/grafana-foundation-sdk/cloudwatch";

/** Where what follows from attempts is. */
export const TOKENS = "TokenServices";
/** Where what Lambda's own log lines say is. */
export const LAMBDA = "Walletscope/Lambda";
/** Where is told for how long each source has been silent. */
export const SOURCES = "Walletscope/Sources";

/** Values that mean "whatever is chosen above the dashboard". */
export const WALLETS = "$wallet";
export const ISSUERS = "$issuer";
export const COUNTRIES = "$country";
/** Each value that there is. */
export const EACH = "*";

/** The data source chosen above the dashboard. */
export const DATA_SOURCE = { type: "cloudwatch", uid: "${datasource}" };

/** One metric. With a dimension of several values, or of `EACH`, the data source makes a search of it. */
export interface Series {
  refId: string;
  metric: string;
  statistic: string;
  namespace?: string;
  dimensions?: Dimensions;
  /** Replaces the name; may hold dynamic labels such as `${PROP('Dim.Issuer')}`. */
  label?: string;
  /** By which `math` calls it. */
  id?: string;
  /** Only read by `math`. */
  isHidden?: boolean;
  /** Whether metrics with further dimensions are left out, as they are unless this is false. */
  matchExact?: boolean;
}

/** One metric, or a search for several of one name. */
export function series(asked: Series): MetricsQueryBuilder {
  return query(asked.refId, MetricQueryType.Search, MetricEditorMode.Builder)
    .id(asked.id ?? "")
    .namespace(asked.namespace ?? TOKENS)
    .metricName(asked.metric)
    .statistic(asked.statistic)
    .dimensions(asked.dimensions ?? {})
    .matchExact(asked.matchExact ?? true)
    .label(asked.label ?? "")
    .hide(asked.isHidden ?? false);
}

/**
 * A metric under the wallets and issuers that are chosen, for `math` to add up: read only there. Without `matchExact` it
 * is a search even where one wallet and one issuer are chosen, and `SUM` of a search is a series whatever it finds;
 * with it, one metric would be asked for, whose `SUM` is a number.
 */
export function chosen(refId: string, id: string, metric: string, statistic: string): MetricsQueryBuilder {
  const dimensions = { WalletProvider: WALLETS, Issuer: ISSUERS };
  return series({ refId, id, metric, statistic, dimensions, isHidden: true, matchExact: false });
}

/** Metric math over queries of the same panel. */
export function math(refId: string, id: string, expression: string, label: string): MetricsQueryBuilder {
  return query(refId, MetricQueryType.Search, MetricEditorMode.Code).id(id).expression(expression).label(label);
}

/** SQL of Metrics Insights, as text. One of a panel at most. */
export function insights(refId: string, id: string, sql: string): MetricsQueryBuilder {
  return query(refId, MetricQueryType.Insights, MetricEditorMode.Code).id(id).sqlExpression(sql);
}

function query(refId: string, type: MetricQueryType, mode: MetricEditorMode): MetricsQueryBuilder {
  return new MetricsQueryBuilder()
    .datasource(DATA_SOURCE)
    .queryMode(QueryMode.Metrics)
    .metricQueryType(type)
    .metricEditorMode(mode)
    .refId(refId)
    .id("")
    .region("$region")
    .namespace(TOKENS)
    .metricName("")
    .statistic("Sum")
    .dimensions({})
    .matchExact(true)
    .period("")
    .expression("")
    .sqlExpression("")
    .label("")
    .hide(false);
}
